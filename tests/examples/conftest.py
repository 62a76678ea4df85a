"""The examples as repositories, and their services as processes on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx2
import pytest

from examples.make_repositories import make_repositories

Start = Callable[..., str]


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The repositories, by name."""
    return make_repositories(tmp_path_factory.mktemp("repositories"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a program of an example in a working folder; gives its address once it answers.

    Its environment is what engine ``process`` gives: PATH, HOME, PORT and the variables.
    """
    running: list[subprocess.Popen[bytes]] = []

    def begin(folder: Path, program: str, **variables: str) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        process = subprocess.Popen(
            [sys.executable, "-u", program],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "PORT": str(port),
                "DATABASE": str(tmp_path / "parcels.sqlite3"),
                "PYTHONDONTWRITEBYTECODE": "1",
                **variables,
            },
        )
        running.append(process)
        return _answering(process, f"http://127.0.0.1:{port}")

    yield begin
    for process in running:
        process.kill()
        process.wait()


def _answering(process: subprocess.Popen[bytes], url: str) -> str:
    for _ in range(400):
        if process.poll() is not None:
            raise AssertionError(f"it ended with status {process.returncode}")
        try:
            httpx2.get(f"{url}/health", timeout=5)
        except httpx2.TransportError:
            time.sleep(0.025)
        else:
            return url
    raise AssertionError(f"{url} did not answer")
