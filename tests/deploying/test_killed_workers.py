"""A worker that is killed, or loses its lease, at any point of a deployment: another finishes it.

Here the points are counted: before every write to the database, and around every call of the
engine. With real processes, signals and a real broker: tests/run/test_killed_workers.py.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from environments import tasks, wiring
from environments.actions import deployments as asks
from environments.actions.drafts import ImportChoice
from environments.actions.environments import delete_environment, save_imports
from environments.models import (
    Application,
    Deployment,
    DeploymentKind,
    Environment,
    HostClaim,
    LogLine,
    PortClaim,
    Task,
)
from tests.deploying.deaths import (
    CountingEngine,
    Killed,
    Points,
    at_each_step,
    at_each_write,
    taken_over,
)
from tests.world import World

TEMPLATE = """
services:
- name: {name}
  command: [serve]
  ports: [{{type: node_port, target_port: 8080, port: 80}}]
jobs:
- name: move-{name}
  from_services: {name}
  command: [move]
workflows:
- name: setup
  order_from: [jobs.all, services.all]
- name: teardown
  order_from: [jobs.all, release.remove_environment]
"""
Prepared = Callable[[], Environment]


def killed() -> None:
    raise Killed


@pytest.fixture
def engine(world: World, settings: Settings, tmp_path: Path) -> CountingEngine:
    """The engine of the account: it needs ports and working folders, as processes do."""
    settings.RELEASECLONE = replace(settings.RELEASECLONE, data=tmp_path, process_limit=60_000)
    settings.ENGINES = {"memory": ("tests.deploying.deaths.CountingEngine", {})}
    wiring.engine.cache_clear()
    engine = wiring.engine("memory", "{}")
    assert isinstance(engine, CountingEngine)
    return engine


@pytest.fixture
def shop(world: World, engine: CountingEngine) -> Application:
    for name in ("api", "other"):
        world.application(name, TEMPLATE.format(name=name))
    imports = "app_imports:\n- name: api\n"
    return world.application("web", TEMPLATE.format(name="web") + imports)


@pytest.fixture(params=["first setup", "setup with other imports", "teardown"])
def asked(request: pytest.FixtureRequest, world: World, shop: Application) -> Prepared:
    """Asks for a deployment that nobody has begun; each time in an environment of its own."""

    def first() -> Environment:
        return world.create(shop)

    def other() -> Environment:
        environment = world.deployed(shop)
        save_imports(
            world.operator,
            environment,
            imports=(ImportChoice("other"),),
            parallelize=False,
            parameters={},
            opened_on=1,
        )
        asks.deploy(world.operator, environment, DeploymentKind.SETUP)
        return environment

    def gone() -> Environment:
        environment = world.deployed(shop)
        delete_environment(world.operator, environment)
        return environment

    return {"first setup": first, "setup with other imports": other, "teardown": gone}[
        request.param
    ]


def all_points(world: World, engine: CountingEngine, asked: Prepared) -> Iterator[Environment]:
    """The same deployment again and again, a worker killed one point later each time."""
    number = 0
    while True:
        environment = asked()
        with engine.points.at(number, killed):
            try:
                world.work()
            except Killed:
                pass
            else:
                break
        taken_over(world)
        yield environment
        number += 1
    assert number > 20


def lines_of(environment: Environment) -> Counter[tuple[int, str]]:
    rows = LogLine.objects.filter(deployment__namespace=environment.namespace)
    return Counter(rows.values_list("deployment", "text"))


def has_ended_well(world: World, engine: CountingEngine, environment: Environment) -> None:
    """What holds after any deployment, whoever died in it."""
    last = world.last(environment)
    shares = Deployment.objects.filter(namespace=environment.namespace)
    assert {share.status for share in shares} <= {"deployed", "removed"}, last.reason
    assert set(Task.objects.filter(deployment__in=shares).values_list("state", flat=True)) == {
        "ready"
    }
    assert set(engine.started(environment.namespace.name).values()) == {1}
    assert max(lines_of(environment).values()) == 1
    runs = {"web", *(member.application.name for member in living(environment) if member.importer)}
    if last.kind == "teardown":
        runs = set()
        assert not engine.remains(environment.namespace.name)
    assert world.running(environment) == runs
    ports = PortClaim.objects.filter(namespace=environment.namespace)
    assert set(ports.values_list("workload", flat=True)) == runs
    assert HostClaim.objects.filter(namespace=environment.namespace).count() == len(runs)


def living(environment: Environment) -> list[Environment]:
    members = environment.namespace.members.filter(removed_at__isnull=True)
    return list(members.select_related("application"))


def test_a_worker_that_is_killed_before_any_write_is_replaced_and_nothing_is_done_twice(
    world: World, engine: CountingEngine, asked: Prepared
) -> None:
    with at_each_write(engine.points):
        for environment in all_points(world, engine, asked):
            has_ended_well(world, engine, environment)


def everything(environment: Environment, engine: CountingEngine) -> tuple[object, ...]:
    """All that is kept of an environment and all that runs of it."""
    shares = Deployment.objects.filter(namespace=environment.namespace).order_by("pk")
    rows = Environment.objects.filter(namespace=environment.namespace).order_by("pk")
    return (
        list(shares.values()),
        list(Task.objects.filter(deployment__in=shares).order_by("pk").values()),
        lines_of(environment),
        list(rows.values()),
        list(PortClaim.objects.filter(namespace=environment.namespace).order_by("pk").values()),
        engine.observe(environment.namespace.name),
        engine.started(environment.namespace.name),
    )


def test_a_worker_that_lost_its_lease_writes_nothing_any_more(
    world: World, engine: CountingEngine, asked: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = Points()
    at_each_step(points, monkeypatch)
    number, stood_still = 0, True
    while stood_still:
        environment = asked()
        stood_still, before = False, ()

        def stand_still(environment: Environment = environment) -> None:
            """Another worker takes over and finishes meanwhile."""
            nonlocal stood_still, before
            stood_still = True
            taken_over(world)
            before = everything(environment, engine)

        with points.at(number, stand_still):
            tasks.run_deployment(*world.queue.popleft())
        assert not world.queue
        has_ended_well(world, engine, environment)
        if stood_still:
            assert everything(environment, engine) == before
        number += 1
    assert number > 10


def test_what_is_started_where_all_was_removed_meanwhile_is_removed_again(
    world: World, engine: CountingEngine, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(shop)
    delete_environment(world.operator, environment)
    with engine.points.at(0, lambda: taken_over(world)):
        tasks.run_deployment(*world.queue.popleft())
    assert max(engine.started(environment.namespace.name).values()) == 2
    assert engine.remains(environment.namespace.name) == ()
    assert world.last(environment).status == "removed"
