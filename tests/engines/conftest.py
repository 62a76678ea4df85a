"""Engines under test: each with the steps that it can carry out."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.engines.process.engine import ProcessEngine, wait_until_up


class DaemonProcess:
    """The real daemon, in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "environments.engines.process.daemon", str(self.folder)],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "CANARY_OF_THE_PRODUCT": "secret"},
        )
        wait_until_up(self.folder, seconds=20)

    def kill(self) -> None:
        """As ``kill -9`` does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """As the product's own end does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonProcess]:
    """A running daemon."""
    daemon = DaemonProcess(tmp_path / "process")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture
def engine(daemon: DaemonProcess) -> ProcessEngine:
    """The engine on the running daemon."""
    return ProcessEngine(daemon.folder, path=os.environ["PATH"])
