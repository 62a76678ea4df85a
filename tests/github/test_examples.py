"""Every payload that GitHub published as an example is taken, and looked at without a fault."""

import pytest

from environments.automation import deliveries
from environments.core.hooks import hint_of
from environments.models import Delivery
from tests.github.conftest import Hub
from tests.github.examples import payloads


def test_every_example_is_taken(hub: Hub) -> None:
    hub.application("shop")
    count = 0
    for event, payload in payloads():
        answer = hub.tell(event, payload)
        assert answer.status_code == 202, (event, answer.content)
        count += 1
    if not count:
        pytest.skip("GITHUB'S EXAMPLES ARE NOT TESTED: npm is not there, or reaches nothing")
    assert count > 200
    while hub.waiting:
        deliveries.take(hub.waiting.popleft())
    rows = Delivery.objects.all()
    assert {one.verdict for one in rows} == {"nothing"}
    assert all(one.said for one in rows)
    assert rows.filter(event="pull_request").exclude(number=None).exists()


def test_the_hints_name_what_they_are_about() -> None:
    found = [hint_of(event, payload) for event, payload in payloads() if event == "push"]
    if not found:
        pytest.skip("GITHUB'S EXAMPLES ARE NOT TESTED: npm is not there, or reaches nothing")
    assert any(one.ref and one.repository for one in found)
