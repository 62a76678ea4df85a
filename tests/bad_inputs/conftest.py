"""What the groups of bad inputs share."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from environments.actions.asking import Actor
from environments.actions.drafts import EnvironmentDraft, think_through
from environments.core.plan import Plan
from environments.core.problems import Problem
from environments.engines.process.engine import ProcessEngine
from environments.models import Application, Role
from tests.engines.conftest import DaemonProcess
from tests.world import World

Drafted = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def problems_of(world: World) -> Drafted:
    """The problems of the plan of an environment to be."""

    def problems_of(application: Application, **more: object) -> tuple[Problem, ...]:
        draft = EnvironmentDraft(application, **more)  # type: ignore[arg-type]
        return think_through(world.operator, draft).plan.problems

    return problems_of


@pytest.fixture
def plan_of(world: World) -> Callable[..., Plan]:
    """The plan of an environment to be."""

    def plan_of(application: Application, **more: object) -> Plan:
        draft = EnvironmentDraft(application, **more)  # type: ignore[arg-type]
        plan = think_through(world.operator, draft).plan
        assert plan is not None
        return plan

    return plan_of


@pytest.fixture
def ana(world: World) -> Actor:
    """An owner of the account."""
    return world.person("ana", Role.OWNER)


@pytest.fixture
def browser(ana: Actor) -> Client:
    """The owner's browser; a page that breaks is an answer of 500 there, as for a person."""
    client = Client(raise_request_exception=False)
    assert ana.user is not None
    client.force_login(ana.user)
    return client


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[ProcessEngine]:
    """The engine that runs processes, on a daemon of its own."""
    daemon = DaemonProcess(tmp_path / "process")
    daemon.start()
    yield ProcessEngine(daemon.folder, path=os.environ["PATH"])
    daemon.stop()
