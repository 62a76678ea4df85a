"""Abort: it ends the run where it is, undoes nothing, and tells what was done and what not."""

import pytest
from django.test import Client

from environments.actions import deployments
from environments.actions.asking import Refused
from environments.actions.environments import delete_environment
from environments.engines.memory import READY
from environments.models import Application, Deployment, Environment
from tests.deploying.acts import (
    PATCH,
    SETUP,
    STARTS,
    ask,
    members_of,
    reasons,
    run,
    said,
    save_with,
    share_of,
    states,
    take_up,
)
from tests.world import World, services


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api"))
    world.application("other", services("cache"))
    return world.application("shop", services("web", imports=["backend", "other"]))


@pytest.fixture
def halfway(world: World, shop: Application) -> Deployment:
    """A first setup whose first import is ready and whose second one starts."""
    world.engine.expect("cache", STARTS)
    environment = world.create(shop)
    take_up(world)
    return world.last(environment)


def aborted(world: World, deployment: Deployment) -> None:
    deployments.abort(world.person("ana"), deployment)
    world.work()
    deployment.refresh_from_db()


def test_what_was_done_stays_and_what_was_not_is_told(world: World, halfway: Deployment) -> None:
    environment = halfway.environment
    aborted(world, halfway)
    assert (halfway.status, halfway.reason) == ("aborted", "aborted by ana")
    members = members_of(environment)
    done = share_of(halfway, members["backend"])
    assert (done.status, states(done)) == ("deployed", {"services.api": "ready"})
    begun = share_of(halfway, members["other"])
    assert (begun.status, begun.reason) == ("aborted", "aborted by ana")
    assert reasons(begun) == {"services.cache": "started, then: aborted by ana"}
    assert reasons(halfway) == {"services.web": "not started: aborted by ana"}
    assert world.running(environment) == {"api", "cache"}
    statuses = {name: member.status for name, member in members.items()}
    assert statuses == {"backend": "deployed", "other": "aborted", "shop": "aborted"}
    assert said(halfway)[-1] == "aborted by ana"


def test_the_page_lists_both(world: World, halfway: Deployment) -> None:
    aborted(world, halfway)
    client = Client()
    ana = world.account.memberships.get().user
    client.force_login(ana)
    page = client.get(f"/acme/deployments/{halfway.pk}/").content.decode()
    for text in (
        "aborted by ana",
        "services.api",
        "started, then: aborted by ana",
        "not started: aborted by ana",
    ):
        assert text in page


def test_the_share_of_a_member_aborts_the_run_of_its_importer(
    world: World, halfway: Deployment
) -> None:
    imported = members_of(halfway.environment)["backend"]
    aborted(world, share_of(halfway, imported))
    halfway.refresh_from_db()
    assert halfway.status == "aborted"


def test_the_next_setup_goes_on_from_there(world: World, halfway: Deployment) -> None:
    aborted(world, halfway)
    world.engine.expect("cache", READY)
    environment = halfway.environment
    assert run(world, environment, SETUP).status == "deployed"
    assert world.running(environment) == {"api", "cache", "web"}
    assert environment.imported.count() == 2


def test_a_patch_is_refused_where_the_setup_did_not_come_through(
    world: World, halfway: Deployment
) -> None:
    aborted(world, halfway)
    with pytest.raises(Refused, match="has never been set up"):
        ask(world, halfway.environment, PATCH)
    # Its first import had come through.
    assert run(world, members_of(halfway.environment)["backend"], PATCH).status == "deployed"


def test_a_leaving_member_that_was_not_reached_stays(world: World, shop: Application) -> None:
    environment = world.deployed(shop)
    world.application("third", services("third"))
    world.engine.expect("third", STARTS)
    save_with(world, environment, "third")
    setup = ask(world, environment, SETUP)
    take_up(world)
    aborted(world, setup)
    assert set(members_of(environment)) == {"backend", "other", "shop", "third"}
    assert world.running(environment) == {"api", "cache", "third", "web"}
    world.engine.expect("third", READY)
    run(world, environment, SETUP)
    assert set(members_of(environment)) == {"shop", "third"}


def test_it_takes_the_next_that_waits(world: World, halfway: Deployment) -> None:
    waits = ask(world, halfway.environment, SETUP)
    world.engine.expect("cache", READY)
    aborted(world, halfway)
    waits.refresh_from_db()
    assert waits.status == "deployed"


def test_what_has_ended_cannot_be_aborted(world: World, shop: Application) -> None:
    environment = world.deployed(shop)
    deployment = world.last(environment)
    for one in (deployment, *deployment.member_deployments.all()):
        with pytest.raises(Refused, match=r"has ended already: deployed\."):
            deployments.abort(world.operator, one)


def test_a_teardown_that_was_aborted_knows_that_nothing_runs_and_can_go_on(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(shop)
    original = world.engine.remove

    def remove(namespace: str, names: list[object]) -> None:
        if any(getattr(name, "name", "") == "web" for name in names):
            original(namespace, names)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(world.engine, "remove", remove)
        teardown = delete_environment(world.operator, environment)
        take_up(world)
        aborted(world, teardown)
    environment.refresh_from_db()
    assert (environment.status, environment.removed_at) == ("aborted", None)
    assert world.running(environment) == {"api", "cache"}
    with pytest.raises(Refused, match="has never been set up"):
        ask(world, environment, PATCH)
    assert run(world, environment, SETUP).status == "deployed"
    assert world.running(environment) == {"api", "cache", "web"}
    delete_environment(world.operator, environment)
    world.work()
    assert not Environment.objects.filter(removed_at=None).exists()
