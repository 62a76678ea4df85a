"""Pull requests with code from outside: somebody looks first, and no secret is there to see."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions.applications import save_default_variables
from environments.actions.asking import NotAllowed, Refused
from environments.actions.drafts import EnvironmentDraft, think_through
from environments.automation import reconciling, telling
from environments.automation.approving import approve
from environments.models import Environment, PullRequest, PullRequestPolicy, Role
from tests.deploying.acts import SETUP, run, variables_of
from tests.deploying.deaths import LIKE_PROCESSES
from tests.github.conftest import Hub
from tests.world import services

SECRETS = """defaults:
- {key: TOKEN, value: letmein, secret: true}
- {key: GREETING, value: hello}
mapping:
  FULL_TOKEN: pre-${TOKEN}
"""


@pytest.fixture
def shop(hub: Hub) -> Hub:
    """frontend imports backend, which has a branch of the stranger's name."""
    hub.application("backend", branches=["patch-1"])
    application = hub.application(
        "frontend", services("web", imports=["backend"]), branches=["patch-1"]
    )
    save_default_variables(
        hub.world.operator, application, text=SECRETS, opened_on=application.number
    )
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    return hub


def commit_of_eve(hub: Hub, text: str) -> str:
    """A commit that the host has, and that none of its branches leads to."""
    repository = hub.world.repositories["frontend"]
    repository.git("checkout", "-q", "-b", "away", "main")
    commit = repository.commit({"eve.txt": text}, text)
    repository.git("update-ref", "refs/pull/1/head", commit)
    repository.git("checkout", "-q", "main")
    repository.git("branch", "-q", "-D", "away")
    return commit


def head(commit: str) -> dict[str, Any]:
    # The server gives a branch of its own the head that it has: this one is elsewhere.
    return {"ref": "eve-patch-1", "sha": commit, "repo": {"full_name": "eve/frontend"}}


def opened(hub: Hub) -> PullRequest:
    """Eve's pull request, after the host has told of it."""
    commit = commit_of_eve(hub, "one")
    hub.opens("frontend", "patch-1", head=head(commit))
    hub.work()
    return PullRequest.objects.get()


def living() -> list[Environment]:
    return list(Environment.objects.filter(removed_at=None, importer=None))


def comment(hub: Hub) -> str:
    telling.tell_all()
    (text,) = hub.server.comments_of("acme/frontend", 1)
    return text


def test_it_waits_for_a_member_and_says_so(shop: Hub) -> None:
    row = opened(shop)
    assert living() == []
    assert f"{row.commit[:7]} waits for an approval" in shop.ledger[-1][1]
    assert "waits for an approval" in comment(shop)
    status = shop.server.statuses[-1]
    assert (status["state"], status["description"]) == ("pending", "waits for an approval")


def test_what_is_approved_runs_on_a_branch_of_its_own_without_secrets(
    shop: Hub, client: Client
) -> None:
    row = opened(shop)
    mia = shop.world.person("mia", Role.MEMBER).user
    assert mia is not None
    client.force_login(mia)
    here = "/acme/applications/frontend/"
    assert "Pull requests from outside" in client.get(here).content.decode()
    answer = client.post(f"{here}pull-requests/1/approve", {"commit": row.commit}, follow=True)
    assert "Approved: it is set up." in answer.content.decode()
    assert "Pull requests from outside" not in answer.content.decode()
    shop.work()
    (environment,) = living()
    assert (environment.status, environment.branch) == ("deployed", "pull/1/head")
    assert environment.running is not None
    assert environment.running.commit == row.commit
    # The stranger chose a name that backend has, too.
    assert environment.imported.get().branch == "main"
    given = variables_of(environment.running, "frontend")
    assert (given["TOKEN"], given["FULL_TOKEN"], given["GREETING"]) == ("", "pre-", "hello")
    assert "letmein" not in str(environment.running.plan)
    assert run(shop.world, environment, SETUP).commit == row.commit
    assert "Deployed" in comment(shop)


def test_a_new_commit_waits_again_while_the_one_before_runs(shop: Hub) -> None:
    row = opened(shop)
    approve(shop.world.operator, row, commit=row.commit)
    shop.work()
    second = commit_of_eve(shop, "two")
    shop.about("frontend", 1, "synchronize", head=head(second))
    shop.work()
    reconciling.reconcile()
    shop.work()
    (environment,) = living()
    assert environment.running is not None
    assert environment.running.commit == row.commit
    comment(shop)
    assert shop.server.statuses[-1]["state"] == "pending"
    with pytest.raises(Refused, match="has moved to"):
        approve(shop.world.operator, PullRequest.objects.get(), commit=row.commit)
    approve(shop.world.operator, PullRequest.objects.get(), commit=second)
    shop.work()
    environment.refresh_from_db()
    assert environment.running is not None
    assert environment.running.commit == second
    assert shop.world.last(environment).kind == "patch"
    with pytest.raises(Refused, match="does not wait for an approval"):
        approve(shop.world.operator, PullRequest.objects.get(), commit=second)


def test_it_joins_no_change_of_ours(shop: Hub) -> None:
    shop.opens("backend", "patch-1")
    shop.work()
    commit = commit_of_eve(shop, "one")
    shop.opens("frontend", "patch-1", head=head(commit))
    shop.work()
    row = PullRequest.objects.get(application__name="frontend")
    approve(shop.world.operator, row, commit=row.commit)
    shop.work()
    owners = sorted(one.application.name for one in living())
    assert owners == ["backend", "frontend"]


def test_closed_it_ends_like_others(shop: Hub) -> None:
    row = opened(shop)
    approve(shop.world.operator, row, commit=row.commit)
    shop.work()
    comment(shop)
    shop.closes("frontend", 1)
    shop.work()
    assert living() == []
    assert "removed" in comment(shop)


def test_closed_before_anybody_looked_it_says_so(shop: Hub) -> None:
    opened(shop)
    comment(shop)
    shop.closes("frontend", 1)
    shop.work()
    assert "it is closed" in comment(shop)
    asked = len(shop.server.asked)
    telling.tell_all()
    assert len(shop.server.asked) == asked


def test_where_it_would_run_without_a_wall_it_does_not(shop: Hub, settings: Settings) -> None:
    traits = {"traits": LIKE_PROCESSES}
    settings.ENGINES = {"memory": ("environments.engines.memory.MemoryEngine", traits)}
    wiring.engine.cache_clear()
    row = opened(shop)
    with pytest.raises(Refused, match="as the user who runs releaseclone"):
        approve(shop.world.operator, row, commit=row.commit)
    assert living() == []
    row.refresh_from_db()
    assert row.waits_for_approval


def test_who_only_reads_logs_may_not(shop: Hub) -> None:
    row = opened(shop)
    reader = shop.world.person("max", Role.INSTANCE_ACCESSOR)
    with pytest.raises(NotAllowed, match="Only members and owners"):
        approve(reader, row, commit=row.commit)


def test_a_plan_with_errors_is_told_where_the_request_is(shop: Hub) -> None:
    application = shop.world.account.applications.get(name="frontend")
    shop.world.account.applications.filter(name="backend").update(name="gone")
    shop.opens("frontend", "patch-1")
    shop.work()
    assert living() == []
    assert "backend" in PullRequest.objects.get().refused
    assert "No environment" in comment(shop)
    assert shop.server.statuses[-1]["state"] == "failure"
    shop.world.account.applications.filter(name="gone").update(name="backend")
    shop.about("frontend", 1, "reopened")
    shop.work()
    assert "Deployed" in comment(shop)
    assert PullRequest.objects.get(application=application).refused == ""


def test_a_draft_from_outside_asks_nobody_yet(shop: Hub) -> None:
    commit = commit_of_eve(shop, "one")
    shop.opens("frontend", "patch-1", head=head(commit), draft=True)
    shop.work()
    telling.tell_all()
    assert shop.server.comments_of("acme/frontend", 1) == []
    shop.about("frontend", 1, "ready_for_review", draft=False)
    shop.work()
    assert "waits for an approval" in comment(shop)
    asked = len(shop.server.statuses)
    shop.about("frontend", 1, "converted_to_draft", draft=True)
    shop.work()
    assert "it is a draft" in comment(shop)
    assert len(shop.server.statuses) == asked


def test_nothing_secret_is_in_the_plan_that_it_begins_with(shop: Hub) -> None:
    row = opened(shop)
    draft = EnvironmentDraft(row.application, branch=row.branch, approved_commit=row.commit)
    plan = think_through(shop.world.operator, draft).plan
    texts = [
        one.text for member in plan.members for each in member.workloads for one in each.variables
    ]
    assert "hello" in texts
    assert not any("letmein" in text for text in texts)
