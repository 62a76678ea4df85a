"""Group 16: engines that refuse, forget, and answer too late; processes that misbehave.

Held elsewhere, on the real daemon, in tests/engines/test_process.py: a command that is not found, a
process that exits at once, ignores SIGTERM, forks away or prints without a line end, a daemon that
was killed. What concerns clusters alone has its place with their engine.
"""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments import wiring
from environments.actions import deployments as asks
from environments.actions.environments import delete_environment
from environments.core.ports import EngineError, IngressError, LocalPort, Step
from environments.engines.process.engine import ProcessEngine
from environments.models import DeploymentKind, Environment
from tests.engines.steps import NAMESPACE, manifests, step, wait
from tests.world import World, services

SETUP = DeploymentKind.SETUP
NAMES = [f"s{number:02}" for number in range(1, 13)]
JOB = (
    "jobs:\n- name: migrate\n  image: x\n"
    "workflows:\n- name: setup\n  order_from: [jobs.migrate, services.all]\n"
)
LISTENS = """
import os, socket
with socket.socket() as server:
    server.bind(("127.0.0.1", int(os.environ["PORT"])))
"""


@pytest.fixture(autouse=True)
def _without_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("environments.services.steps._ENGINE_PATIENCE", 0.0)


def applying(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    apply: Callable[[Callable[[Step], None], Step], None],
) -> None:
    """The engine's ``apply`` is this function; it is given the engine's own."""
    original = world.engine.apply
    monkeypatch.setattr(world.engine, "apply", lambda given: apply(original, given))


def workload_of(given: Step) -> str:
    return str(given.manifests[-1]["metadata"]["name"])


def test_when_the_seventh_of_twelve_is_refused_the_rest_is_not_started(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ", ".join(f"services.{name}" for name in NAMES)
    more = f"workflows:\n- name: setup\n  order_from: [{order}]\n"
    application = world.application("shop", services(*NAMES, more=more))
    refused = True

    def apply(original: Callable[[Step], None], given: Step) -> None:
        if refused and workload_of(given) == "s07":
            raise EngineError("s07 was refused: the quota is exceeded")
        original(given)

    applying(world, monkeypatch, apply)
    environment = world.deployed(application)
    deployment = world.last(environment)
    assert (environment.status, deployment.status) == ("failed", "failed")
    assert deployment.reason == ("s07 of shop failed: s07 was refused: the quota is exceeded")
    assert world.running(environment) == set(NAMES[:6])
    states = list(deployment.tasks.order_by("number").values_list("state", flat=True))
    assert states == [*["ready"] * 6, "failed", *["skipped"] * 5]
    refused = False
    asks.deploy(world.operator, environment, SETUP)
    world.work()
    environment.refresh_from_db()
    assert environment.status == "deployed"
    assert world.running(environment) == set(NAMES)


def test_an_error_after_success_does_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environments.services.steps._ENGINE_PATIENCE", 20.0)
    failed: set[str] = set()

    def apply(original: Callable[[Step], None], given: Step) -> None:
        original(given)
        if workload_of(given) not in failed:
            failed.add(workload_of(given))
            raise EngineError("no answer")

    applying(world, monkeypatch, apply)
    environment = world.deployed(world.application("shop", services("web", more=JOB)))
    assert environment.status == "deployed"
    assert len(failed) == 2
    instances = world.engine.observe(environment.namespace.name)
    assert sorted((str(one.kind), one.restarts) for one in instances) == [
        ("Deployment", 0),
        ("Job", 0),
    ]


def test_what_was_deleted_by_hand_comes_back_with_a_setup(world: World) -> None:
    environment = world.deployed(world.application("shop", services("web", "api")))
    world.engine.destroy(environment.namespace.name)
    asks.deploy(world.operator, environment, SETUP)
    world.work()
    environment.refresh_from_db()
    assert environment.status == "deployed"
    assert world.running(environment) == {"api", "web"}


def test_what_was_deleted_by_hand_can_be_deleted(world: World) -> None:
    environment = world.deployed(world.application("shop"))
    world.engine.destroy(environment.namespace.name)
    delete_environment(world.operator, environment)
    world.work()
    environment.refresh_from_db()
    assert environment.removed_at is not None


def test_an_engine_that_cannot_remove_leaves_the_environment_to_be_deleted_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(world.application("shop"))

    def stuck(namespace: str) -> None:
        raise EngineError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(world.engine, "destroy", stuck)
        deployment = delete_environment(world.operator, environment)
        world.work()
    deployment.refresh_from_db()
    environment.refresh_from_db()
    assert deployment.status == "failed"
    assert deployment.reason == "Something is left: the disk is full. Delete again."
    assert environment.removed_at is None
    delete_environment(world.operator, environment)
    world.work()
    environment.refresh_from_db()
    assert environment.removed_at is not None


def test_something_that_is_left_is_named_and_the_environment_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(world.application("shop"))
    with monkeypatch.context() as patched:
        patched.setattr(world.engine, "remains", lambda namespace: ("web-0",))
        deployment = delete_environment(world.operator, environment)
        world.work()
    deployment.refresh_from_db()
    assert deployment.reason == "Something is left: web-0. Delete again."
    assert Environment.objects.filter(removed_at__isnull=True).count() == 1


def test_an_ingress_that_is_away_is_a_warning(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(routes: Any, *, doors: object) -> None:
        raise IngressError("Caddy does not answer.")

    monkeypatch.setattr(wiring.ingress(), "publish", away)
    environment = world.deployed(world.application("shop"))
    assert environment.status == "deployed"
    lines = world.last(environment).lines.values_list("text", flat=True)
    assert "warning: Caddy does not answer." in lines


def test_a_port_that_somebody_else_took_is_told_by_the_process(
    processes: ProcessEngine, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = int(taken.getsockname()[1])
        made = manifests("web", sys.executable, "-c", LISTENS)
        processes.apply(step(tmp_path, made, LocalPort("web", 0, 8080, number)))
        (found,) = wait(processes, lambda seen: bool(seen) and seen[0].phase == "failed")
    assert "status 1" in found.message
    assert "Address already in use" in "\n".join(processes.read_log(NAMESPACE, "web-0", lines=20))
    processes.destroy(NAMESPACE)
    assert not processes.remains(NAMESPACE)
