"""Commands as an operator types them: what they print, on which stream, and their exit status."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from environments.models import Application
from tests.world import World, services


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def form(self) -> Any:
        """Standard output as JSON; an error where anything else stands there."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run() -> Run:
    """Run a command by its name with the words of its command line."""

    def run(name: str, *words: str) -> Said:
        out, err = StringIO(), StringIO()
        status = 0
        try:
            call_command(name, *words, stdout=out, stderr=err, no_color=True)
        except SystemExit as end:
            status = int(end.code or 0)
        return Said(status, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def pair(world: World) -> Application:
    """``frontend``, which imports ``backend``."""
    world.application("backend", services("api", "cache"), branches=["x", "y"])
    return world.application(
        "frontend", services("web", imports=["backend"]), branches=["x", "feature-1"]
    )
