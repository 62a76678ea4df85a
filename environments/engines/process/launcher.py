"""Runs one instance and is its ``init``: nothing that it starts outlives it.

Started by the daemon with the path of the engine's folder, the namespace and the instance. It
adopts every orphan below it, so a program that forks away, calls ``setsid`` or empties its
environment stays in its tree; it ends with the daemon, and its tree with it.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from environments.engines.process import asking, leftovers, linux
from environments.engines.process.places import Places, Program, read_program, write_private
from environments.engines.process.printed import RUN_BEGINS, Copy

_GRACE_SECONDS = 5.0
_LEFT_SECONDS = 1.0
_TICK_SECONDS = 1.0
NOT_FOUND = 127


class _Stop(Exception):
    """The daemon asked for the end, or has ended itself."""


def main(arguments: Sequence[str]) -> int:
    """The exit status of the program, which becomes that of the launcher."""
    folder, namespace, name = arguments
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    linux.adopt_orphans()
    linux.end_with_parent(signal.SIGTERM)
    if leftovers.DAEMON not in linux.words_of(os.getppid()):
        return 0  # the daemon ended before the kernel was asked to tell of it
    places = Places(Path(folder))
    program = read_program(places.program(namespace, name))
    if program is None:
        return 0
    _end_leftovers(places, program)
    try:
        if program.is_job and not _may_run(places, program):
            return 0
        return _Run(places, program).until_end()
    except OSError as wrong:  # the disk is full, most likely
        return _said(f"cannot be started: {wrong.strerror}: {wrong.filename}")


def _said(why: str) -> int:
    """Tell it in the instance's log; the status of what did not start."""
    sys.stdout.write(f"{why}\n")
    sys.stdout.flush()
    return NOT_FOUND


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stop


def _may_run(places: Places, program: Program) -> bool:
    """Whether this job has never been started: a job is never run twice."""
    started = places.record(program.namespace, program.name, "started")
    started.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(started, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def _end_leftovers(places: Places, program: Program) -> None:
    """What an earlier launcher left behind when it was killed itself."""
    earlier = leftovers.of_program(places, program.namespace, program.name)
    others = [one for one in earlier if one.pid != os.getpid()]
    linux.end((*others, *leftovers.orphans_of(os.getppid())), grace=_LEFT_SECONDS)


def end_with(parent: int) -> None:
    """Runs in the program's process before it is one: nobody is left to watch it without this."""
    linux.end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class _Bell:
    """Rings when a child ends, so that nobody has to look often."""

    def __init__(self) -> None:
        self._hears, rings = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(rings, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def wait(self, seconds: float) -> None:
        """Until it rings, at most this long."""
        if select.select([self._hears], [], [], seconds)[0]:
            os.read(self._hears, 4096)


class _Run:
    """One run of the program."""

    def __init__(self, places: Places, program: Program) -> None:
        self._places = places
        self._program = program
        self._began = time.monotonic()
        self._asked = self._began
        self._misses = 0
        self._tree: list[tuple[int, int]] = []
        self._bell = _Bell()
        self._copy: Copy | None = None

    def until_end(self) -> int:
        """Start it, watch it, and end all of it when its first process ends."""
        self._count()
        try:
            try:
                child = self._start()
            except OSError as wrong:
                return self._not_started(wrong)
            status, why = self._watch(child)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._record_end(status, why)
        except _Stop:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._end_all(_GRACE_SECONDS)
            return 0
        self._end_all(_LEFT_SECONDS)
        return status if status >= 0 else 128 - status

    def _start(self) -> subprocess.Popen[bytes]:
        program = self._program
        launcher = os.getpid()
        if not program.is_job:
            os.write(1, RUN_BEGINS)
        child = subprocess.Popen(
            program.argv,
            cwd=program.folder,
            env=program.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program.is_job else None,
            stderr=subprocess.STDOUT if program.is_job else None,
            start_new_session=True,
            preexec_fn=lambda: end_with(launcher),
        )
        if child.stdout is not None:
            self._copy = Copy(child.stdout.fileno(), self._place("output"), self._place("left"))
            self._copy.start()
        return child

    def _not_started(self, wrong: OSError) -> int:
        missing = isinstance(wrong, FileNotFoundError)
        reason = "command not found" if missing else (wrong.strerror or "cannot be started")
        why = f"{reason}: {self._program.argv[0]}"
        self._record_end(NOT_FOUND, why)
        return _said(why)

    def _watch(self, child: subprocess.Popen[bytes]) -> tuple[int, str]:
        """Status and, where it was ended from here, why."""
        while True:
            self._record_tree(linux.glimpse_below(os.getpid()))
            self._bell.wait(_TICK_SECONDS)
            if (status := child.poll()) is not None:
                return status, ""
            if why := self._too_long() or self._not_well():
                self._end_all(_GRACE_SECONDS)
                return child.wait(), why
            self._reap(child.pid)

    def _reap(self, own: int) -> None:
        """Take the exit status of adopted orphans, so that no zombies stay."""
        for pid in linux.children_of(os.getpid()):
            if pid != own:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    continue

    def _too_long(self) -> str:
        limit = self._program.timeout
        if limit and time.monotonic() - self._began > limit:
            return f"not ended after {limit} s"
        return ""

    def _not_well(self) -> str:
        """Ask the liveness probe when it is due; why the process must end, or ""."""
        probe = self._program.liveness
        now = time.monotonic()
        if probe is None or now - self._began < float(probe.get("initialDelaySeconds") or 0):
            return ""
        if now - self._asked < float(probe.get("periodSeconds") or 10):
            return ""
        self._asked = now
        answer = asking.ask(
            probe,
            ports=self._program.ports,
            folder=self._program.folder,
            variables=self._program.variables,
        )
        self._misses = self._misses + 1 if answer else 0
        if self._misses < int(probe.get("failureThreshold") or 3):
            return ""
        return f"its liveness probe failed {self._misses} times: {answer}"

    def _end_all(self, grace: float) -> None:
        below = linux.descendants(os.getpid())
        linux.end(below, grace=grace)
        self._record_tree(linux.descendants(os.getpid()))
        if self._copy is not None:
            self._copy.join(_GRACE_SECONDS)

    def _record_tree(self, below: Sequence[linux.Running]) -> None:
        tree = [(one.pid, one.born) for one in below]
        if tree != self._tree:
            self._tree = tree
            rows = [[one.pid, one.parent, one.state, one.born] for one in below]
            with contextlib.suppress(OSError):  # no full disk may end what runs
                write_private(self._place("tree"), json.dumps(rows))

    def _record_end(self, status: int, why: str) -> None:
        form = {"status": status, "why": why, "at": time.time()}
        write_private(self._place("ended"), json.dumps(form))

    def _count(self) -> None:
        place = self._place("starts")
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(OSError), place.open("a") as file:
            file.write(f"{time.time()}\n")

    def _place(self, what: str) -> Path:
        return self._places.record(self._program.namespace, self._program.name, what)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
