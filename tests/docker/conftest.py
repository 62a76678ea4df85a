"""An account whose environments run in containers of a real engine."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from environments import wiring
from environments.engines.docker.engine import DockerEngine
from tests.containers import Podman
from tests.world import World


@pytest.fixture
def installation() -> str:
    """Tells what one test makes from what others make."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def engine(podman: Podman, installation: str) -> Iterator[DockerEngine]:
    """The engine of the account, to look at; nothing of it is left afterwards."""
    engine = DockerEngine(podman.socket, installation=installation)
    yield engine
    engine.destroy_all()


@pytest.fixture
def yard(
    world: World, podman: Podman, installation: str, settings: Settings, tmp_path: Path
) -> World:
    """The world, with a context on the engine and a data folder of its own."""
    settings.RELEASECLONE = replace(settings.RELEASECLONE, data=tmp_path / "data")
    made_with = {"installation": installation}
    settings.ENGINES = {
        "docker": ("environments.engines.docker.engine.DockerEngine", made_with),
    }
    settings.BUILDERS = {
        "docker": ("environments.builders.docker.builder.DockerBuilder", made_with, ("socket",)),
    }
    wiring.engine.cache_clear()
    wiring._builder.cache_clear()
    world.account.contexts.update(engine="docker", configuration={"socket": podman.socket})
    return world
