"""The whole product as `make run` starts it, in a folder and on ports of the test."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import psutil
from redis import Redis

from releaseclone.configuration import sockets_of

Seen = TypeVar("Seen")
CHECKOUT = Path(__file__).resolve().parents[2]
MARKS = {
    "broker": "broker.sock",
    "engine": "supervisor.supervisord",
    "caddy": "caddy.json",
    "web": "uvicorn",
    "worker": "worker",
    "beat": "beat",
}
"""A word of the command by which each part is known, in the order in which they start."""


def until(look: Callable[[], Seen], *, seconds: float = 120) -> Seen:
    """What was seen once it is true; an assertion where that does not come."""
    give_up = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < give_up, "it did not come"
        time.sleep(0.05)
    return seen


def free_port() -> int:
    """One that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listened_on(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def lives(process: psutil.Process) -> bool:
    """Whether it has not ended; a zombie has."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_alive(pid: int) -> bool:
    """Whether there is a process of this number that has not ended."""
    return psutil.pid_exists(pid) and lives(psutil.Process(pid))


class Product:
    """One installation. It is started and ended as often as the test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web_port, self.ingress_port = free_port(), free_port()
        self.lines: list[str] = []
        self._runner: subprocess.Popen[str] | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What every process of the installation is started with."""
        own = {
            "RELEASECLONE_DATA": str(self.folder),
            "RELEASECLONE_LOCAL_REPOSITORIES": "1",
            "RELEASECLONE_PORT": str(self.web_port),
            "RELEASECLONE_INGRESS_PORT": str(self.ingress_port),
        }
        other = ("DATABASE_URL", "REDIS_URL", "RELEASECLONE_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(other)}
        return {**kept, **own}

    @property
    def is_up(self) -> bool:
        """Whether the runner runs."""
        return self._runner is not None and self._runner.poll() is None

    @property
    def runner(self) -> subprocess.Popen[str]:
        """The process that a person started."""
        assert self._runner is not None
        return self._runner

    def start(self) -> None:
        """Start all parts and wait until they are up."""
        self.lines = []
        self._runner = subprocess.Popen(
            [sys.executable, "-m", "releaseclone.run"],
            cwd=CHECKOUT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self._runner,), daemon=True).start()
        self.until_said("the product is up")
        self.until_said("environments are reached")

    def _listen(self, runner: "subprocess.Popen[str]") -> None:
        assert runner.stdout is not None
        for line in runner.stdout:
            self.lines.append(line.rstrip())

    def until_said(self, text: str) -> None:
        """Until a line has this text."""

        def look() -> bool:
            assert self.is_up, "\n".join(self.lines[-30:])
            return any(text in line for line in self.lines)

        until(look, seconds=180)

    def stop(self) -> int:
        """End it as Ctrl-C does; the exit status."""
        self.runner.send_signal(signal.SIGINT)
        return self.runner.wait(120)

    def processes(self) -> list[psutil.Process]:
        """All that runs below the runner now: the parts, what they started, and services."""
        return psutil.Process(self.runner.pid).children(recursive=True)

    def part(self, name: str) -> psutil.Process:
        """The process of one part; waits for it where it is just being started again."""
        found = until(lambda: self._parts().get(name))
        assert found is not None
        return found

    def _parts(self) -> dict[str, psutil.Process]:
        found = {}
        for process in filter(lives, psutil.Process(self.runner.pid).children()):
            try:
                words = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            found.update({name: process for name, mark in MARKS.items() if mark in words})
        return found

    def kill_part(self, name: str) -> None:
        """``kill -9``, then wait until the runner has started it again."""
        killed = self.part(name)
        killed.kill()
        until(lambda: self._parts().get(name) not in (None, killed))

    def flush_broker(self) -> None:
        """Let the broker forget everything."""
        with Redis(unix_socket_path=str(sockets_of(self.folder) / "broker.sock")) as broker:
            broker.flushall()

    def rows(self, sql: str, *given: object, patience: float = 60) -> list[tuple[Any, ...]]:
        """What the database of the installation has now; ``patience``: seconds for a lock."""
        place = f"file:{self.folder / 'database.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=patience)) as database:
            return database.execute(sql, given).fetchall()

    def command(self, *words: str) -> "subprocess.Popen[str]":
        """An operator's command on this installation, just started."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=CHECKOUT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
