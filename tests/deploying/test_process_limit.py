"""How many processes a machine is asked to run."""

from dataclasses import replace

import pytest
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions import pausing
from environments.actions.asking import Refused
from environments.actions.environments import delete_environment
from tests.deploying.deaths import LIKE_PROCESSES
from tests.world import World


def test_services_without_ports_count_as_long_as_they_run(world: World, settings: Settings) -> None:
    traits = {"traits": LIKE_PROCESSES}
    settings.ENGINES = {"memory": ("environments.engines.memory.MemoryEngine", traits)}
    wiring.engine.cache_clear()
    settings.RELEASECLONE = replace(settings.RELEASECLONE, process_limit=3)
    two = "services:\n- {name: web, command: [serve]}\n- {name: api, command: [serve]}\n"
    shop = world.application("shop", two)
    environment = world.deployed(shop)
    with pytest.raises(Refused, match="runs 2 processes, and 2 run already: more than the limit"):
        world.create(shop)
    pausing.pause(world.operator, environment)
    world.work()
    other = world.deployed(shop)
    assert other.status == "deployed"
    for one in (environment, other):
        delete_environment(world.operator, one)
        world.work()
    assert world.deployed(shop).status == "deployed"
