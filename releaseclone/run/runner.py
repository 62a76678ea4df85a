"""Starts the parts in order, shows what they say, restarts what dies, stops all in reverse."""

import contextlib
import ctypes
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from releaseclone import configuration, setup_token
from releaseclone.run import ports
from releaseclone.run.parts import Part, parts

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_DEATHS = 5
_DEATH_WINDOW = 60.0
_SET_PDEATHSIG = 1


class CannotRun(Exception):
    """The product cannot be started; the text says why and what to do."""


@dataclass(slots=True)
class _Child:
    """A part that was started, or the command that was asked for."""

    part: Part
    process: subprocess.Popen[bytes]
    deaths: deque[float] = field(default_factory=deque)
    rest: bytes = b""


class Runner:
    """One run of the whole product. ``command`` is run once everything is up."""

    def __init__(self, checkout: Path, command: Sequence[str]) -> None:
        self._checkout = checkout
        self._command = tuple(command)
        self._children: list[_Child] = []
        self._pipes = selectors.DefaultSelector()
        self._asked_to_stop = False

    def run(self) -> int:
        """Until Ctrl-C, SIGTERM, or the command's failure; the exit status."""
        data = configuration.read().data
        lock = _lock(data)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            for sentence in ports.choose(data, configuration.read().bind):
                _say("runner", sentence)
            return self._run(configuration.read())
        finally:
            self._stop_all()
            lock.close()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _run(self, settings: configuration.Configuration) -> int:
        for part in parts(settings):
            if self._asked_to_stop:
                return 0
            self._start(part)
        _say("runner", f"the product is up: {settings.public_url}")
        _say("runner", f"environments are reached on port {settings.ingress_port}")
        token = setup_token.read_or_make(settings.data)
        _say("runner", f"set-up token, for a first visit from another machine: {token}")
        command = self._begin_command()
        while not self._asked_to_stop:
            self._read(0.2)
            if command is not None and command.process.poll() is not None:
                self._drain(command)
                if command.process.returncode != 0:
                    return command.process.returncode
                command = None
                _say("runner", "stays up until Ctrl-C")
            self._restart_dead()
        return 0

    def _begin_command(self) -> _Child | None:
        if not self._command:
            return None
        part = Part("", self._command, lambda: True, once=True)
        return self._spawn(part)

    def _start(self, part: Part) -> None:
        """Start a part and wait until it is up; ``CannotRun`` when it does not come."""
        child = self._spawn(part)
        until = time.monotonic() + _START_SECONDS
        while not self._asked_to_stop:
            self._read(0.05)
            status = child.process.poll()
            if status is not None:
                self._drain(child)
                if part.once and status == 0:
                    return
                raise CannotRun(f"{part.name} ended with status {status}; its last lines say why.")
            if part.is_up():
                return
            if time.monotonic() > until:
                raise CannotRun(f"{part.name} does not answer after {_START_SECONDS:.0f} s.")

    def _spawn(self, part: Part) -> _Child:
        process = subprocess.Popen(
            part.command,
            cwd=self._checkout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                # Where Caddy keeps its own files.
                "XDG_DATA_HOME": str(configuration.read().data),
            },
        )
        child = _Child(part, process)
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._pipes.register(process.stdout, selectors.EVENT_READ, child)
        self._children.append(child)
        return child

    def _read(self, seconds: float) -> None:
        for key, _ in self._pipes.select(seconds):
            self._take(key.data)

    def _take(self, child: _Child) -> bool:
        """Show what it said; False when there is no more for now."""
        pipe = child.process.stdout
        assert pipe is not None
        try:
            content = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        if not content:
            self._pipes.unregister(pipe)
            return False
        *lines, child.rest = (child.rest + content).split(b"\n")
        for line in lines:
            _say(child.part.name, line.decode(errors="replace"))
        return True

    def _drain(self, child: _Child) -> None:
        """Everything that an ended part has said."""
        pipe = child.process.stdout
        assert pipe is not None
        while pipe in {key.fileobj for key in self._pipes.get_map().values()}:
            if not self._take(child):
                break
        if child.rest:
            _say(child.part.name, child.rest.decode(errors="replace"))
            child.rest = b""
        if pipe in {key.fileobj for key in self._pipes.get_map().values()}:
            self._pipes.unregister(pipe)
        pipe.close()
        self._children.remove(child)

    def _restart_dead(self) -> None:
        for child in list(self._children):
            status = child.process.poll()
            if status is None or child.part.once:
                continue
            self._drain(child)
            now = time.monotonic()
            recent = deque(at for at in child.deaths if now - at < _DEATH_WINDOW)
            recent.append(now)
            if len(recent) > _DEATHS:
                raise CannotRun(f"{child.part.name} ends again and again (status {status}).")
            _say("runner", f"{child.part.name} ended with status {status}: starting it again")
            again = self._spawn(child.part)
            again.deaths = recent

    def _stop_all(self) -> None:
        """One SIGTERM each, last started first; SIGKILL to what does not end in time."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(list(self._children)):
            self._stop(child)

    def _stop(self, child: _Child) -> None:
        process = child.process
        if process.poll() is None:
            process.terminate()
        until = time.monotonic() + _STOP_SECONDS
        while process.poll() is None and time.monotonic() < until:
            self._read(0.05)
        with contextlib.suppress(ProcessLookupError):
            # The group, since what a part started must not stay either.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._drain(child)


def _lock(data: Path) -> IO[str]:
    """Hold the data folder; it is free again whenever this process ends, in whatever way."""
    file = (data / "runner.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        file.seek(0)
        raise CannotRun(
            f"it runs already, as process {file.read().strip()}. Stop that one, or give this "
            "one another RELEASECLONE_DATA."
        ) from held
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _end_with_parent() -> None:
    """Runs in the child: the kernel ends it when the runner ends, even by ``kill -9``."""
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _say(part: str, line: str) -> None:
    prefix = f"{part:>8} | " if part else ""
    sys.stdout.write(f"{prefix}{line}\n")
    sys.stdout.flush()
