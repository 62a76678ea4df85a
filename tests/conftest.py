"""Fixtures that all tests share, and which worker runs which test."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as property_settings
from pytest_django.fixtures import Settings
from xdist.scheduler import LoadScopeScheduling

from environments import tasks, wiring
from environments.services import refs
from tests.containers import podman
from tests.world import World

__all__ = ["podman"]

# How long one example takes says more about the machine than about the code.
property_settings.register_profile("house", deadline=None)
property_settings.load_profile("house")

_DATABASE = {"db", "transactional_db"}
_ENGINE = re.compile(r"\[(docker|kubernetes)\b")


class SharingProducts(LoadScopeScheduling):
    """Gives the tests out one by one, those of one running product to one worker.

    Two workers would bring it up twice, and both would have less of the machine.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith("tests/browser/"):
            engine = _ENGINE.search(nodeid)
            return f"browser, {engine[1] if engine else 'process'}"
        return file if file.startswith("tests/run/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharingProducts:
    """In place of pieces of neighbours, of which the slow ones fall to one worker."""
    # As they are collected: what asks the database comes first, and a browser after that, as the
    # database is not to be asked beside the browser's event loop.
    config.option.loadscopereorder = False
    return SharingProducts(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks the database: ``-m database`` runs it alone, on another one."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & _DATABASE or item.get_closest_marker("django_db"):
            item.add_marker("database")


class SilentIngress:
    """Fulfils ``core.ports.Ingress`` by remembering what it was given."""

    def __init__(self) -> None:
        self.routes: list[Any] = []

    def publish(self, routes: Any, *, doors: Any = ()) -> None:
        """Remember the routes."""
        self.routes = list(routes)


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Settings) -> None:
    """A person is made in a moment, not in a third of a second."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def fresh_wiring(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Adapters made anew: the engine in memory, git with local repositories, no ingress."""
    settings.ENGINES = {"memory": ("environments.engines.memory.MemoryEngine", {})}
    settings.BUILDERS = {}
    settings.GIT_HOSTS = {
        "git": (
            "environments.githosts.git.GitRepositories",
            {"cache": tmp_path / "git-cache", "local_allowed": True},
        )
    }
    settings.INGRESS = ("tests.conftest.SilentIngress", {})
    caches: list[Callable[[], None]] = [
        wiring.engine.cache_clear,
        wiring._builder.cache_clear,
        wiring.git_host.cache_clear,
        wiring._forge.cache_clear,
        wiring.ingress.cache_clear,
        refs.forget,
    ]
    for clear in caches:
        clear()
    yield
    for clear in caches:
        clear()


@pytest.fixture
def world(
    transactional_db: None,
    fresh_wiring: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """An account on the engine in memory; nothing reaches a broker."""
    world = World(tmp_path / "repositories")
    monkeypatch.setattr(
        tasks.run_deployment, "delay", lambda pk, fence: world.queue.append((pk, fence))
    )
    monkeypatch.setattr("environments.services.running._LOOK_SECONDS", 0.0)
    return world
