"""An environment for each change, from its first pull request to the last one's end."""

from typing import Any

import pytest

from environments.actions.environments import delete_environment
from environments.automation import deliveries, pull_requests, reconciling
from environments.models import (
    Delivery,
    Deployment,
    DeploymentKind,
    Environment,
    PullRequest,
    PullRequestPolicy,
)
from tests.github.conftest import Hub
from tests.github.server import failing
from tests.world import TEMPLATE, services


def living() -> list[Environment]:
    """Environments of pull requests that there are."""
    rows = Environment.objects.filter(removed_at=None, importer=None).exclude(change_branch="")
    return list(rows.order_by("pk"))


def told(hub: Hub) -> str:
    """What the ledger says of the newest delivery."""
    return hub.ledger[-1][1]


def test_opened_gets_one_with_the_matching_branch_and_closed_ends_it(shop: Hub) -> None:
    number = shop.opens("frontend", "login")
    shop.work()
    (environment,) = living()
    assert (environment.application.name, environment.branch) == ("frontend", "login")
    assert (environment.type, environment.status) == ("ephemeral", "deployed")
    assert environment.imported.get().branch == "login"
    assert f"is set up for frontend#{number}" in told(shop)
    shop.closes("frontend", number)
    shop.work()
    assert living() == []
    assert "is removed: frontend#1: it is closed" in told(shop)
    assert shop.world.engine.remains(environment.namespace.name) == ()


def test_a_delivery_that_comes_after_the_look_from_time_to_time_says_what_stands(
    shop: Hub,
) -> None:
    number = shop.server.opens("acme/frontend", "login")
    reconciling.reconcile()
    shop.work()
    (environment,) = living()
    shop.about("frontend", number, "opened")
    shop.work()
    assert shop.ledger[-1] == (
        "nothing",
        f"{environment.name} of frontend stands for frontend#{number} as it is.",
    )


def test_a_new_commit_is_deployed(shop: Hub) -> None:
    number = shop.opens("frontend", "login")
    shop.work()
    head = shop.push("frontend", "login")
    shop.about("frontend", number, "synchronize")
    shop.pushed("frontend", "login")
    shop.work()
    (environment,) = living()
    assert environment.running is not None
    assert environment.running.commit == head
    assert Deployment.objects.filter(kind=DeploymentKind.PATCH).count() == 1


def test_two_of_one_branch_share_one(shop: Hub) -> None:
    one = shop.opens("frontend", "login")
    shop.work()
    (environment,) = living()
    two = shop.opens("backend", "login")
    shop.work()
    assert living() == [environment]
    rows = PullRequest.objects.values_list("environment", flat=True)
    assert set(rows) == {environment.pk}
    shop.closes("frontend", one)
    shop.work()
    assert living() == [environment]
    shop.closes("backend", two, merged=True)
    shop.work()
    assert living() == []


def test_a_later_one_that_imports_the_others_takes_over(shop: Hub) -> None:
    shop.opens("backend", "login")
    shop.work()
    (first,) = living()
    assert first.application.name == "backend"
    shop.opens("frontend", "login")
    while shop.waiting:
        deliveries.take(shop.waiting.popleft())
    assert [one.application.name for one in living()] == ["backend", "frontend"]
    list(pull_requests.end_replaced())
    assert len(living()) == 2  # until the new one is ready
    shop.work()
    list(pull_requests.end_replaced())
    shop.work()
    (last,) = living()
    assert last.application.name == "frontend"
    assert last.imported.get().branch == "login"


def test_another_branch_is_another_change(shop: Hub) -> None:
    shop.opens("frontend", "login")
    shop.opens("backend", "other")
    shop.work()
    assert [one.branch for one in living()] == ["login", "other"]


ORDERS = ("0123", "0321", "1230", "1032", "2301", "2103", "3012", "3210")
"""Each of the four comes first twice and last twice, and each two in both orders."""


@pytest.mark.parametrize("order", ORDERS)
def test_four_repositories_in_any_order_have_one_that_ends_once(hub: Hub, order: str) -> None:
    hub.application("auth", branches=["login"])
    hub.application("backend", services("backend", imports=["auth"]), branches=["login"])
    every = services("web", imports=["auth", "backend"])
    hub.application("frontend", every, branches=["login"])
    hub.application("portal", services("portal", imports=["frontend"]), branches=["login"])
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    numbers: dict[str, int] = {}
    names = ("auth", "backend", "frontend", "portal")
    came = [names[int(place)] for place in order]
    for name in came:
        numbers[name] = hub.opens(name, "login")
        settle(hub)
    (environment,) = living()
    assert environment.application.name == "frontend"
    assert PullRequest.objects.filter(environment=environment).count() == 4
    for name in reversed(came):
        assert living() == [environment]
        hub.closes(name, numbers[name])
        settle(hub)
    assert living() == []
    teardowns = Deployment.objects.filter(
        kind=DeploymentKind.TEARDOWN, environment=environment, part_of=None
    )
    assert teardowns.count() == 1
    again = hub.server.pulls["acme/frontend"][numbers["frontend"]]
    again.update(state="open")
    hub.about("frontend", numbers["frontend"], "reopened")
    settle(hub)
    (new,) = living()
    assert new.pk != environment.pk


def settle(hub: Hub) -> None:
    """Do all that waits, until nothing does."""
    for _ in range(10):
        hub.work()
        list(pull_requests.end_replaced())
        Delivery.objects.filter(verdict="waiting").update(due_at="2026-01-01T00:00:00Z")
        hub.waiting.extend(deliveries.due())
        if not hub.waiting and not hub.world.queue:
            return
    raise AssertionError("it does not come to rest")


def test_closed_before_opened_is_nothing(shop: Hub) -> None:
    number = shop.server.opens("acme/frontend", "login", state="closed")
    shop.about("frontend", number, "closed")
    shop.about("frontend", number, "opened")
    shop.work()
    assert living() == []
    assert told(shop) == "frontend#1 has no environment: it is closed."


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"draft": True}, "it is a draft"),
        ({"head": {"ref": "login", "sha": "", "repo": {"full_name": "eve/frontend"}}}, "outside"),
        ({"head": {"ref": "login", "sha": "0" * 40, "repo": None}}, "outside"),
        ({"head": {"ref": "main", "sha": "", "repo": {"full_name": "acme/frontend"}}}, "default"),
    ],
    ids=["draft", "fork", "fork that is gone", "default branch"],
)
def test_some_get_none(shop: Hub, changed: dict[str, Any], why: str) -> None:
    number = shop.server.opens("acme/frontend", "login", **changed)
    shop.about("frontend", number, "opened")
    shop.work()
    assert living() == []
    assert why in told(shop)
    assert why in PullRequest.objects.get().why_none


def test_a_draft_gets_one_when_it_is_ready(shop: Hub) -> None:
    number = shop.opens("frontend", "login", draft=True)
    shop.work()
    shop.about("frontend", number, "ready_for_review", draft=False)
    shop.work()
    assert len(living()) == 1
    shop.about("frontend", number, "converted_to_draft", draft=True)
    shop.work()
    assert len(living()) == 1


def test_by_label(shop: Hub) -> None:
    shop.world.account.applications.update(pull_requests_get=PullRequestPolicy.LABELLED)
    number = shop.opens("frontend", "login")
    shop.work()
    assert living() == []
    assert "has not the label environment" in told(shop)
    shop.about("frontend", number, "labeled", labels=[{"name": "environment"}])
    shop.work()
    assert len(living()) == 1
    shop.about("frontend", number, "unlabeled", labels=[])
    shop.work()
    assert living() == []


def test_an_import_may_ask_for_a_label(hub: Hub) -> None:
    hub.application("backend", branches=["login"])
    template = services("web") + (
        "app_imports:\n- name: backend\n  pull_request_labels: [full-stack]\n"
    )
    web = hub.application("frontend", template, branches=["login"])
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    assert hub.world.deployed(web, "login").imported.count() == 1  # of no pull request
    number = hub.opens("frontend", "login")
    hub.work()
    (environment,) = living()
    assert environment.imported.filter(removed_at=None).count() == 0
    hub.about("frontend", number, "labeled", labels=[{"name": "full-stack"}])
    hub.work()
    assert environment.imported.filter(removed_at=None).count() == 1
    hub.about("frontend", number, "unlabeled", labels=[])
    hub.work()
    assert environment.imported.filter(removed_at=None).count() == 0


def test_retargeted_and_stacked_change_nothing(shop: Hub) -> None:
    number = shop.opens("frontend", "login")
    shop.opens("frontend", "other", base={"ref": "login", "repo": {"full_name": "acme/frontend"}})
    shop.work()
    before = Deployment.objects.count()
    base = {"ref": "other", "repo": {"full_name": "acme/frontend"}}
    shop.about("frontend", number, "edited", base=base)
    shop.work()
    assert [one.branch for one in living()] == ["login", "other"]
    assert Deployment.objects.count() == before


def test_closed_while_it_is_set_up(shop: Hub) -> None:
    number = shop.opens("frontend", "login")
    while shop.waiting:
        deliveries.take(shop.waiting.popleft())
    shop.closes("frontend", number)
    shop.work()
    settle(shop)
    assert living() == []


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_no_answer_ends_nothing(shop: Hub, status: int) -> None:
    number = shop.opens("frontend", "login")
    shop.work()
    shop.server.changes("acme/frontend", number, state="closed")
    page = "<html>no</html>" if status == 404 else None
    shop.server.answers("/pulls", failing(status, text=page), times=99)
    shop.about("frontend", number, "closed")
    shop.work()
    reconciling.reconcile()
    shop.work()
    assert len(living()) == 1
    assert shop.ledger[-1][0] == "waiting"


def test_a_list_without_it_ends_nothing_until_the_host_confirms(shop: Hub) -> None:
    shop.opens("frontend", "login")
    shop.work()
    shop.server.answers("/pulls?", lambda handler: handler.tell([]), times=99)
    reconciling.reconcile()
    shop.work()
    assert len(living()) == 1


def test_what_no_delivery_told_is_found(shop: Hub) -> None:
    number = shop.opens("frontend", "login", tell=False)
    reconciling.reconcile()
    shop.work()
    assert len(living()) == 1
    shop.server.changes("acme/frontend", number, state="closed")
    reconciling.reconcile()
    shop.work()
    assert living() == []


def test_more_than_five_at_once_wait_for_a_person(hub: Hub) -> None:
    branches = [f"b{number}" for number in range(7)]
    hub.application("shop", branches=branches)
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    numbers = [hub.opens("shop", branch) for branch in branches]
    hub.work()
    assert len(living()) == 7
    for number in numbers[:6]:
        hub.server.changes("acme/shop", number, state="closed")
    for _ in range(2):
        reconciling.reconcile()
        hub.work()
    assert len(living()) == 7
    hub.connection.refresh_from_db()
    assert len(hub.connection.held) == 6
    assert reconciling.let_end(hub.world.operator, hub.connection) == 6
    hub.work()
    assert [one.branch for one in living()] == ["b6"]


def test_one_that_a_person_removed_does_not_come_again_by_itself(shop: Hub) -> None:
    number = shop.opens("frontend", "login")
    shop.work()
    (environment,) = living()
    delete_environment(shop.world.operator, environment)
    shop.work()
    reconciling.reconcile()
    shop.work()
    assert living() == []
    assert "its environment was removed" in PullRequest.objects.get().why_none
    shop.closes("frontend", number)
    shop.about("frontend", number, "reopened", state="open")
    shop.work()
    assert living() == []  # nobody saw it closed
    shop.push("frontend", "login")
    shop.about("frontend", number, "synchronize")
    shop.work()
    assert len(living()) == 1


def test_one_that_edits_the_template_runs_with_the_registered_one(shop: Hub) -> None:
    """A template is changed by who may change the application, never by a commit alone."""
    repository = shop.world.repositories["frontend"]
    repository.git("checkout", "-q", "login")
    repository.commit({TEMPLATE: services("web", "miner", imports=["backend"])})
    repository.git("checkout", "-q", "main")
    shop.opens("frontend", "login")
    shop.work()
    (environment,) = living()
    assert environment.status == "deployed"
    assert shop.world.running(environment) == {"web", "backend"}


def test_a_default_branch_that_is_renamed_ends_nothing(shop: Hub) -> None:
    shop.opens("frontend", "login")
    shop.work()
    (environment,) = living()
    for name in ("frontend", "backend"):
        repository = shop.world.repositories[name]
        repository.git("branch", "-m", "main", "trunk")
    reconciling.reconcile()
    shop.work()
    environment.refresh_from_db()
    assert environment.status == "deployed"
    application = environment.application
    assert shop.world.deployed(application).branch == "trunk"
    assert application.default_branch == "trunk"
