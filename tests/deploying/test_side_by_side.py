"""Engines that like several workloads applied at once."""

import threading

import pytest
from pytest_django.fixtures import Settings

from environments import wiring
from environments.core.ports import EngineError, EngineRefused, EngineTraits, LocalPorts, Step
from environments.models import Task
from tests.world import World, services

NAMES = ("first", "second", "third")


@pytest.fixture
def traits(settings: Settings) -> EngineTraits:
    traits = EngineTraits("memory", True, LocalPorts.NONE, True, True, applies_at_once=3)
    settings.ENGINES = {"memory": ("environments.engines.memory.MemoryEngine", {"traits": traits})}
    wiring.engine.cache_clear()
    return traits


def states(world: World) -> dict[str, str]:
    return dict(Task.objects.values_list("workload", "state"))


def test_all_services_of_one_step_are_on_their_way_together(
    world: World, traits: EngineTraits, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(len(NAMES), timeout=30)
    original = world.engine.apply

    def apply(step: Step) -> None:
        together.wait()
        original(step)

    monkeypatch.setattr(world.engine, "apply", apply)
    assert world.deployed(world.application("shop", services(*NAMES))).status == "deployed"
    assert states(world) == dict.fromkeys(NAMES, "ready")


def test_one_that_is_refused_is_named_and_one_that_is_away_is_asked_again(
    world: World, traits: EngineTraits, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = world.engine.apply
    away = [EngineError("away")]

    def apply(step: Step) -> None:
        name = step.manifests[-1]["metadata"]["name"]
        if name == "second":
            raise EngineRefused("no such image")
        if name == "third" and away:
            raise away.pop()
        original(step)

    monkeypatch.setattr(world.engine, "apply", apply)
    monkeypatch.setattr("environments.services.steps.time.sleep", lambda _: None)
    environment = world.deployed(world.application("shop", services(*NAMES)))
    deployment = world.last(environment)
    assert deployment.status == "failed"
    assert deployment.failure is not None
    assert deployment.failure["task"] == "services.second"
    assert deployment.failure["message"] == "no such image"
    assert states(world) == {"first": "ready", "second": "failed", "third": "ready"}
    assert not away
