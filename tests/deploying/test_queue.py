"""The visible queue of a namespace: one at a time, in order, the newer before the older."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from environments import tasks
from environments.actions import deployments
from environments.actions.environments import delete_environment
from environments.engines.memory import READY
from environments.models import Application, Deployment, DeploymentStatus, Environment, Event
from environments.queries.deployments import place_of
from tests.deploying.acts import PATCH, SETUP, STARTS, TEARDOWN, ask, run, take_up
from tests.world import World, services

CODE = "  has_repo: true\n  image: example/image:1\n"


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api").replace("  image: example/image:1\n", CODE))
    own = services("web", imports=["backend"]).replace("  image: example/image:1\n", CODE)
    return world.application("shop", own)


@pytest.fixture
def environment(world: World, shop: Application) -> Environment:
    return world.deployed(shop)


@pytest.fixture
def busy(world: World, environment: Environment) -> Deployment:
    """A setup that runs and waits for its first service."""
    world.engine.expect("api", STARTS)
    world.repositories["backend"].commit({"x": "1"})
    deployment = ask(world, environment, SETUP)
    take_up(world)
    deployment.refresh_from_db()
    assert deployment.status == "running"
    return deployment


def statuses(*asked: Deployment) -> list[str]:
    for one in asked:
        one.refresh_from_db()
    return [str(one.status) for one in asked]


def ended(world: World) -> None:
    """What hindered the one that runs is over; the queue is worked off."""
    world.engine.expect("api", READY)
    world.work(steps=400)


def test_one_runs_and_the_others_wait_with_their_places(
    world: World, environment: Environment, busy: Deployment
) -> None:
    imported = environment.imported.get()
    first, second = ask(world, environment, PATCH), ask(world, imported, PATCH)
    for _ in range(4):
        take_up(world)
    assert statuses(busy, first, second) == ["running", "queued", "queued"]
    places = [place_of(one) for one in (first, second)]
    assert [place and place.number for place in places] == [2, 3]
    assert places[1] is not None and list(places[1].ahead) == [busy, first]
    assert place_of(busy) is None
    ended(world)
    assert statuses(busy, first, second) == ["deployed"] * 3
    assert first.started_at is not None and second.started_at is not None
    assert first.started_at < second.started_at


def test_another_namespace_waits_for_nobody(world: World, shop: Application) -> None:
    world.engine.expect("api", STARTS)
    first = world.create(shop, name="one")
    take_up(world)
    world.engine.expect("api", READY)
    second = world.create(shop, name="two")
    while world.last(second).status != "deployed":
        take_up(world)
    assert world.last(first).status in ("running", "deployed")


def test_the_database_holds_one_that_runs_in_a_namespace(
    world: World, environment: Environment, busy: Deployment
) -> None:
    waiting = ask(world, environment, PATCH)
    with pytest.raises(IntegrityError), transaction.atomic():
        Deployment.objects.filter(pk=waiting.pk).update(status=DeploymentStatus.RUNNING)


def test_an_older_one_goes_first_whatever_message_arrives_first(
    world: World, environment: Environment
) -> None:
    older, newer = ask(world, environment, SETUP), ask(world, environment, PATCH)
    world.queue.reverse()
    take_up(world)
    assert statuses(older, newer) == ["queued", "queued"]
    world.work()
    assert statuses(older, newer) == ["deployed", "deployed"]


@pytest.mark.parametrize("kind", [SETUP, PATCH])
def test_a_newer_one_of_its_kind_supersedes_one_that_waits(
    world: World, environment: Environment, busy: Deployment, kind: deployments.DeploymentKind
) -> None:
    older, newer = ask(world, environment, kind), ask(world, environment, kind)
    assert statuses(busy, older, newer) == ["running", "superseded", "queued"]
    assert older.reason == f"superseded by {kind} {newer.pk}"
    assert older.started_at is None and older.ended_at is not None
    ended(world)
    assert statuses(newer) == ["deployed"]


def test_what_is_of_another_kind_or_environment_is_not_superseded(
    world: World, environment: Environment, busy: Deployment
) -> None:
    imported = environment.imported.get()
    asked = [ask(world, one, kind) for kind in (SETUP, PATCH) for one in (environment, imported)]
    assert statuses(*asked) == ["queued"] * 4


def test_a_setup_of_the_importer_supersedes_what_its_members_wait_for(
    world: World, environment: Environment, busy: Deployment
) -> None:
    imported = environment.imported.get()
    own = ask(world, environment, PATCH)
    overtaken = [ask(world, imported, kind) for kind in (SETUP, PATCH)]
    setup = ask(world, environment, SETUP)
    assert statuses(*overtaken) == ["superseded"] * 2
    assert {one.reason for one in overtaken} == {f"superseded by setup {setup.pk}"}
    assert statuses(own, setup) == ["queued", "queued"]
    ended(world)
    assert statuses(own, setup) == ["deployed", "deployed"]


def test_a_setup_of_an_import_supersedes_nothing_of_its_importer(
    world: World, environment: Environment, busy: Deployment
) -> None:
    setup = ask(world, environment, SETUP)
    alone = ask(world, environment.imported.get(), SETUP)
    assert statuses(setup, alone) == ["queued", "queued"]


def test_a_teardown_supersedes_all_that_waits_and_aborts_what_runs(
    world: World, environment: Environment, busy: Deployment
) -> None:
    imported = environment.imported.get()
    waiting = [ask(world, one, kind) for one in (environment, imported) for kind in (PATCH, SETUP)]
    teardown = delete_environment(world.person("ana"), environment)
    assert statuses(*waiting) == ["superseded"] * 4
    assert {one.reason for one in waiting} == {f"superseded by teardown {teardown.pk}"}
    world.work(steps=400)
    assert statuses(busy, teardown) == ["aborted", "removed"]
    assert busy.reason == "aborted: the environment is being removed (ana)"


def test_the_status_is_what_it_was_when_nothing_ever_began(
    world: World, environment: Environment
) -> None:
    imported = environment.imported.get()
    for one in (environment, imported):
        waits = ask(world, one, SETUP)
        one.refresh_from_db()
        assert one.own_status == "waiting"
        deployments.abort(world.operator, waits)
        one.refresh_from_db()
        assert (one.own_status, one.status) == ("deployed", "deployed")
        assert statuses(waits) == ["aborted"]
        assert waits.reason == "aborted by operator while it waited"


def test_before_anything_began_it_is_new(world: World, shop: Application) -> None:
    environment = world.create(shop)
    environment.refresh_from_db()
    assert environment.status == "waiting"
    deployments.abort(world.operator, world.last(environment))
    environment.refresh_from_db()
    assert environment.status == "new"
    assert run(world, environment, SETUP).status == "deployed"


def test_what_was_aborted_while_it_waited_does_not_hold_up_the_next(
    world: World, environment: Environment, busy: Deployment
) -> None:
    first, second = ask(world, environment, PATCH), ask(world, environment.imported.get(), PATCH)
    deployments.abort(world.operator, first)
    ended(world)
    assert statuses(first, second) == ["aborted", "deployed"]


def test_what_waited_behind_one_that_was_aborted_needs_no_other_message(
    world: World, environment: Environment
) -> None:
    first, second = ask(world, environment, SETUP), ask(world, environment, PATCH)
    world.queue.reverse()
    take_up(world)  # it is not its turn
    world.queue.clear()  # and the message of the first is lost
    deployments.abort(world.operator, first)
    world.work()
    assert statuses(first, second) == ["aborted", "deployed"]


def test_an_import_that_went_while_its_deployment_waited_says_so(
    world: World, environment: Environment
) -> None:
    imported = environment.imported.get()
    waits = ask(world, imported, PATCH)
    Environment.objects.filter(pk=imported.pk).update(removed_at=timezone.now())
    world.work()
    assert statuses(waits) == ["failed"]
    assert waits.reason == f"{imported.name} was removed while this waited."


def test_a_lost_message_is_sent_again(world: World, environment: Environment) -> None:
    lost = ask(world, environment, SETUP)
    world.queue.clear()
    tasks.sweep()
    assert not world.queue  # a worker may still take it
    Deployment.objects.filter(pk=lost.pk).update(sent_at=timezone.now() - timedelta(seconds=11))
    tasks.sweep()
    world.work()
    assert statuses(lost) == ["deployed"]


def test_an_old_message_and_a_second_one_do_nothing(world: World, environment: Environment) -> None:
    setup = ask(world, environment, SETUP)
    again = list(world.queue)
    world.work()
    steps = len(world.engine.steps)
    world.queue.extend(again * 2)
    world.work()
    assert statuses(setup) == ["deployed"]
    assert len(world.engine.steps) == steps


def test_asking_is_kept_as_an_event(world: World, environment: Environment) -> None:
    ana = world.person("ana")
    setup = deployments.deploy(ana, environment, SETUP)
    deployments.abort(ana, setup)
    told = Event.objects.filter(deployment=setup).order_by("pk").values_list("actor_name", "what")
    assert list(told) == [
        ("ana", f"asked for Deploy Setup of {environment.name}"),
        ("ana", f"aborted setup {setup.pk}"),
    ]


def test_of_two_who_delete_at_once_one_is_superseded(
    world: World, environment: Environment
) -> None:
    first = delete_environment(world.operator, environment)
    with transaction.atomic():  # as one whose check passed just before
        second = deployments.queue(world.operator, environment, TEARDOWN, shown=None)
    world.work()
    assert statuses(first, second) == ["superseded", "removed"]
