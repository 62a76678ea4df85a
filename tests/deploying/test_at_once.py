"""Several workers and several people at the very same moment, on a database that lets them."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import close_old_connections, connection

from environments.actions.asking import Refused
from environments.models import Application, Deployment, Environment
from environments.services.lease import claim
from tests.deploying.acts import PATCH, SETUP, TEARDOWN, ask
from tests.world import World, services

pytestmark = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time, and one connection in tests"
)
MANY = 8
Answer = TypeVar("Answer")


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api"))
    return world.application("shop", services("web", imports=["backend"]))


@pytest.fixture
def environment(world: World, shop: Application) -> Environment:
    return world.deployed(shop)


def at_once(*acts: Callable[[], Answer]) -> list[Answer | Refused]:
    """What each act gives, all begun together, each on a connection of its own."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer | Refused:
        try:
            start.wait(20)
            return act()
        except Refused as refused:
            return refused
        finally:
            connection.close()
            close_old_connections()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def still_waiting() -> Iterator[Deployment]:
    yield from Deployment.objects.filter(status="queued", part_of=None)


def test_of_many_workers_one_gets_a_deployment(world: World, environment: Environment) -> None:
    waits = ask(world, environment, SETUP)
    leases = at_once(*[lambda: claim(waits.pk, fence=0)] * MANY)
    assert Counter(lease is not None for lease in leases) == {True: 1, False: MANY - 1}
    waits.refresh_from_db()
    assert (waits.status, waits.fence) == ("running", 1)


def test_of_two_that_wait_the_older_one_is_given_out(
    world: World, environment: Environment
) -> None:
    older, newer = ask(world, environment, SETUP), ask(world, environment, PATCH)
    acts = [
        lambda pk=one.pk: claim(pk, fence=0) for one in (newer, older) for _ in range(MANY // 2)
    ]
    leases = [lease for lease in at_once(*acts) if lease is not None]
    assert [getattr(lease, "pk", lease) for lease in leases] == [older.pk]


@pytest.mark.parametrize("kind", [SETUP, PATCH, TEARDOWN])
def test_of_many_who_ask_at_once_one_waits_and_the_rest_is_superseded(
    world: World, environment: Environment, kind: str
) -> None:
    asked = at_once(*[lambda: ask(world, environment, TEARDOWN.__class__(kind))] * MANY)
    made = [one for one in asked if isinstance(one, Deployment)]
    (left,) = still_waiting()
    assert left.pk == max(one.pk for one in made)
    world.work(steps=300)
    left.refresh_from_db()
    assert left.status == ("removed" if kind == TEARDOWN else "deployed")
    ended = Counter(
        Deployment.objects.filter(pk__in=[one.pk for one in made]).values_list("status")
    )
    assert ended[("superseded",)] == len(made) - 1


def test_deleting_and_deploying_at_once_end_with_nothing_left(
    world: World, environment: Environment
) -> None:
    kinds = [SETUP, TEARDOWN, PATCH, SETUP]
    at_once(*[lambda kind=kind: ask(world, environment, kind) for kind in kinds])
    world.work(steps=300)
    environment.refresh_from_db()
    assert environment.status == "removed"
    assert not list(still_waiting())
    assert not world.engine.remains(environment.namespace.name)


def test_many_environments_of_one_name_are_made_at_once_with_numbers(
    world: World, shop: Application
) -> None:
    made = at_once(*[lambda: world.create(shop)] * 4)
    assert {getattr(one, "name", one) for one in made} == {
        "operator-main",
        *(f"operator-main-{number}" for number in (2, 3, 4)),
    }
    world.work(steps=300)
    statuses = set(Environment.objects.values_list("status", flat=True))
    assert (statuses, Environment.objects.count()) == ({"deployed"}, 8)
