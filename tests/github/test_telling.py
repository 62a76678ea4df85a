"""What is written to the host about the environments of its pull requests."""

from environments.actions import pausing
from environments.automation import deliveries, telling
from environments.models import PullRequest
from tests.github.conftest import Hub
from tests.github.server import failing
from tests.github.test_pull_requests import living


def test_one_comment_is_kept_and_changed(shop: Hub) -> None:
    number = shop.opens("frontend", "login")
    while shop.waiting:
        deliveries.take(shop.waiting.popleft())
    telling.tell_all()
    (first,) = shop.server.comments_of("acme/frontend", number)
    assert "Waiting" in first
    shop.work()
    telling.tell_all()
    (second,) = shop.server.comments_of("acme/frontend", number)
    (environment,) = living()
    assert "Deployed" in second
    assert f"/acme/environments/{environment.env_id}/" in second
    assert "| backend | login |" in second
    last = shop.server.statuses[-1]
    assert (last["state"], last["context"]) == ("success", "releaseclone")
    ((begun, *states),) = shop.server.deployments.values()
    assert (begun["environment"], begun["required_contexts"]) == (environment.name, [])
    assert [one["state"] for one in states] == ["in_progress", "success"]
    count = len(shop.server.asked)
    telling.tell_all()
    assert len(shop.server.asked) == count
    shop.closes("frontend", number)
    shop.work()
    telling.tell_all()
    (third,) = shop.server.comments_of("acme/frontend", number)
    assert "removed" in third
    ((*_, last),) = shop.server.deployments.values()
    assert last["state"] == "inactive"


def test_a_comment_that_somebody_deleted_is_made_again(shop: Hub) -> None:
    number = shop.opens("frontend", "login")
    shop.work()
    telling.tell_all()
    shop.server.comments.clear()
    shop.push("frontend", "login")
    shop.pushed("frontend", "login")
    shop.work()
    telling.tell_all()
    assert len(shop.server.comments_of("acme/frontend", number)) == 1


def test_a_host_that_cannot_be_told_fails_nothing(shop: Hub) -> None:
    shop.opens("frontend", "login")
    shop.server.answers("/issues/", failing(403), times=99)
    shop.work()
    telling.tell_all()
    (environment,) = living()
    assert environment.status == "deployed"
    row = PullRequest.objects.get()
    assert "does not let this connection do that" in row.told_wrong
    count = len(shop.server.asked)
    telling.tell_all()
    assert len(shop.server.asked) == count  # not before its time


def test_a_paused_one_says_so_and_is_woken_by_one_that_joins(shop: Hub) -> None:
    shop.opens("frontend", "login")
    shop.work()
    (environment,) = living()
    telling.tell_all()
    pausing.pause(shop.world.operator, environment)
    shop.work()
    telling.tell_all()
    (comment,) = shop.server.comments_of("acme/frontend", 1)
    assert "**Paused**" in comment
    assert shop.server.statuses[-1]["description"] == f"{environment.name} is paused"
    (states,) = shop.server.deployments.values()
    assert states[-1]["state"] == "inactive"
    shop.opens("backend", "login")
    shop.work()
    environment.refresh_from_db()
    assert environment.status == "deployed"
    assert shop.world.last(environment).kind == "setup"
    telling.tell_all()
    assert {rows[-1]["state"] for rows in shop.server.deployments.values()} == {"success"}
