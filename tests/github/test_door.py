"""The webhook's door: what is taken, what is not, and what is said about it."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction

from environments.models import Delivery, GitConnection
from tests.github.conftest import Hub


def refused(hub: Hub) -> str:
    """What the connection remembers of the last one that was not taken."""
    return GitConnection.objects.get().refused_why


@pytest.mark.parametrize("signature", ["", "sha1=abc", "sha256=", "sha256=" + "0" * 64, "é"])
def test_what_is_not_signed_by_the_secret_is_not_taken(hub: Hub, signature: str) -> None:
    answer = hub.tell("ping", {}, signature=signature)
    assert answer.status_code == 401
    assert not Delivery.objects.exists()
    assert "signature" in refused(hub) or "X-Hub-Signature-256" in refused(hub)


def test_the_secret_of_another_connection_is_wrong(hub: Hub) -> None:
    assert hub.tell("ping", {}, secret=hub.secret[::-1]).status_code == 401


def test_an_address_that_nobody_has_is_not_found(hub: Hub) -> None:
    assert hub.tell("ping", {}, key="0" * 32).status_code == 404


def test_the_same_delivery_a_thousand_times_is_one(hub: Hub) -> None:
    hub.application("shop")
    answers = [hub.pushed("shop", id="one").status_code for _ in range(1000)]
    assert answers == [202, *[200] * 999]
    assert Delivery.objects.count() == len(hub.waiting) == 1


def test_a_form_has_its_payload_in_a_field(hub: Hub) -> None:
    payload = {"ref": "refs/heads/main", "repository": {"full_name": "acme/none"}}
    content = urlencode({"payload": json.dumps(payload)}).encode()
    kind = "application/x-www-form-urlencoded"
    assert hub.tell("push", None, content=content, content_type=kind).status_code == 202
    assert Delivery.objects.get().repository == "acme/none"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_payload_is_said_to_be_none(hub: Hub, content: bytes) -> None:
    answer = hub.tell("push", None, content=content or b" ")
    assert answer.status_code == 400
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "payload",
    [
        *({}, {"ref": 1}, {"ref": "refs/heads/x"}, {"ref": "refs/heads/", "repository": []}),
        *({"ref": "refs/tags/v1", "repository": {"full_name": "a/b"}}, {"repository": None}),
        {"ref": "refs/heads/" + "x" * 5000, "repository": {"full_name": "a/b" * 5000}},
        {"ref": "refs/heads/a\0b", "repository": {"full_name": "a/b\0"}},
    ],
)
def test_missing_and_strange_keys_do_nothing(hub: Hub, payload: object) -> None:
    assert hub.tell("push", payload).status_code == 202
    hub.work()
    assert [verdict for verdict, _ in hub.ledger] == ["nothing"]
    assert all(said for _, said in hub.ledger)


@pytest.mark.parametrize("event", ["star", "workflow_run", "no_such_event", "x" * 64])
def test_other_events_are_kept_with_the_reason(hub: Hub, event: str) -> None:
    assert hub.tell(event, {"action": "created"}).status_code == 202
    assert hub.ledger == [("nothing", f"The event {event} is not followed.")]


def test_what_is_too_large_is_not_read(hub: Hub) -> None:
    answer = hub.tell("push", None, content=b" " * (25 * 2**20 + 1))
    assert answer.status_code == 413


def test_a_large_one_is_taken(hub: Hub) -> None:
    payload = {"ref": "refs/heads/main", "repository": {"full_name": "a/b"}, "x": "y" * 24_000_000}
    assert hub.tell("push", payload).status_code == 202


def test_a_look_is_no_delivery(hub: Hub) -> None:
    assert hub.client.get(f"/webhooks/{hub.connection.hook_key}").status_code == 405


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one connection only in tests")
@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_held_it_is_answered_all_the_same(hub: Hub) -> None:
    """The host hangs up after ten seconds. What was not taken is found by the next look."""
    hub.client.raise_request_exception = False
    held = Barrier(2)
    done = Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE environments_delivery IN EXCLUSIVE MODE")
            held.wait()
            done.wait(60)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        held.wait()
        answer = hub.pushed("shop")
        done.set()
        holding.result()
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert hub.ledger == []
    assert hub.pushed("shop").status_code == 202
