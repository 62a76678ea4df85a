"""Group 15: deleting, deploying and aborting at the same time, and asking far too often."""

from collections.abc import Callable
from typing import Any

import pytest

from environments import tasks
from environments.actions import deployments as asks
from environments.actions.asking import Refused
from environments.actions.environments import delete_environment, save_environment_template
from environments.core.ports import Phase
from environments.engines.memory import READY, Outlook
from environments.models import Application, Deployment, DeploymentKind, Environment
from environments.services import rendering, resolving, writing
from tests.world import World, services

STARTS = Outlook(Phase.STARTING, False, "not ready yet")
SETUP, PATCH = DeploymentKind.SETUP, DeploymentKind.PATCH


@pytest.fixture
def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> Application:
    monkeypatch.setattr("environments.services.running.SLICE_SECONDS", 0.05)
    world.application("backend", services("api"))
    return world.application("shop", services("web", imports=["backend"]))


def slice_of(world: World) -> None:
    """The worker takes up what comes next, for a moment."""
    tasks.run_deployment(*world.queue.popleft())


def test_deleting_while_it_deploys_aborts_first_and_leaves_nothing(
    world: World, shop: Application
) -> None:
    world.engine.expect("api", STARTS)
    environment = world.create(shop)
    slice_of(world)
    setup = world.last(environment)
    assert setup.status == "running"
    teardown = delete_environment(world.operator, environment)
    world.work()
    setup.refresh_from_db()
    teardown.refresh_from_db()
    assert setup.status == "aborted"
    assert setup.reason == "aborted: the environment is being removed (operator)"
    assert teardown.status == "removed"
    assert not Environment.objects.filter(removed_at__isnull=True).exists()
    assert not world.engine.remains(environment.namespace.name)


def test_deleting_what_only_waits_supersedes_it(world: World, shop: Application) -> None:
    environment = world.create(shop)
    waits = world.last(environment)
    delete_environment(world.operator, environment)
    waits.refresh_from_db()
    assert waits.status == "superseded"
    assert waits.reason.startswith("superseded by teardown ")
    world.work()
    environment.refresh_from_db()
    assert environment.removed_at is not None
    assert not world.engine.steps


@pytest.mark.parametrize("kind", [SETUP, PATCH, DeploymentKind.TEARDOWN])
def test_deploying_while_it_is_deleted_is_refused(
    world: World, shop: Application, kind: DeploymentKind
) -> None:
    environment = world.deployed(shop)
    delete_environment(world.operator, environment)
    for one in (environment, environment.imported.get()):
        with pytest.raises(Refused, match=r"operator-main is being removed\. Wait for it to end"):
            asks.deploy(world.operator, one, kind)
    world.work()
    for one in Environment.objects.all():
        with pytest.raises(Refused, match=r"has been removed\. Create a new environment instead\."):
            asks.deploy(world.operator, one, kind)
    assert Deployment.objects.filter(part_of=None).count() == 2


def test_nothing_is_saved_into_what_has_ended(world: World, shop: Application) -> None:
    environment = world.deployed(shop)
    delete_environment(world.operator, environment)
    world.work()
    with pytest.raises(Refused, match="has been removed"):
        save_environment_template(
            world.operator, environment, text=services("web", "more"), opened_on=1
        )
    assert environment.versions.count() == 1


def test_of_a_hundred_pushes_the_last_commit_wins(world: World, shop: Application) -> None:
    environment = world.deployed(shop)
    repository = world.repositories["shop"]
    asked = []
    for number in range(100):
        repository.git("commit", "-q", "--allow-empty", "-m", f"push {number}")
        asked.append(asks.deploy(world.operator, environment, PATCH))
    world.work(steps=300)
    for deployment in asked:
        deployment.refresh_from_db()
    assert {one.status for one in asked[:-1]} == {"superseded"}
    assert [one.reason for one in asked[:-1]] == [
        f"superseded by patch {later.pk}" for later in asked[1:]
    ]
    last = asked[-1]
    assert (last.status, last.commit) == ("deployed", repository.git("rev-parse", "main"))


def test_of_ten_clicks_while_one_runs_one_follows(world: World, shop: Application) -> None:
    world.engine.expect("api", STARTS)
    environment = world.create(shop)
    slice_of(world)
    clicks = [asks.deploy(world.operator, environment, SETUP) for _ in range(10)]
    assert world.last(environment).status == "queued"
    world.engine.expect("api", READY)
    world.work(steps=300)
    statuses = Deployment.objects.filter(pk__in=[click.pk for click in clicks])
    assert list(statuses.order_by("pk").values_list("status", flat=True)) == [
        *["superseded"] * 9,
        "deployed",
    ]
    assert environment.deployments.filter(status="deployed").count() == 2
    assert environment.imported.count() == 1


def test_an_abort_while_it_waits_ends_it_at_once(world: World, shop: Application) -> None:
    environment = world.create(shop)
    deployment = world.last(environment)
    asks.abort(world.operator, deployment)
    deployment.refresh_from_db()
    assert (deployment.status, deployment.reason) == (
        "aborted",
        "aborted by operator while it waited",
    )
    world.work()
    assert not world.engine.steps
    with pytest.raises(Refused, match="has ended already: aborted"):
        asks.abort(world.operator, deployment)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (resolving, "resolve_for"),
        (writing, "create_members"),
        (rendering, "render"),
        (None, "apply"),
        (None, "observe"),
    ],
)
def test_an_abort_at_every_step_undoes_nothing_and_can_be_followed_by_another_setup(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    environment = world.create(shop)
    deployment = world.last(environment)
    _aborting(world, monkeypatch, place or world.engine, name, deployment)
    world.work()
    deployment.refresh_from_db()
    assert (deployment.status, deployment.reason) == ("aborted", "aborted by operator")
    shares = deployment.member_deployments.values_list("status", flat=True)
    assert set(shares) <= {"aborted", "deployed"}
    assert not deployment.tasks.filter(state__in=("waiting", "applied")).exists()
    asks.deploy(world.operator, environment, SETUP)
    world.work()
    environment.refresh_from_db()
    assert environment.status == "deployed"
    assert world.running(environment) == {"api", "web"}
    assert environment.imported.count() == 1


def _aborting(
    world: World, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, deployment: Deployment
) -> None:
    """The first call of this function finds that somebody has clicked Abort meanwhile."""
    original: Callable[..., Any] = getattr(place, name)

    def called(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(place, name, original)
        asks.abort(world.operator, deployment)
        return original(*given, **more)

    monkeypatch.setattr(place, name, called)
