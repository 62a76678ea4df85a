"""Starts the parts in order, shows what they say, restarts what dies, stops all in reverse."""

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from releaseclone.run.child import Child
from releaseclone.run.errors import CannotRun
from releaseclone.run.output import Output
from releaseclone.run.parts import Part

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NAME = "runner"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the runner waits, in seconds, and how often a part may die."""

    start: float = 60.0
    stop: float = 15.0
    deaths: int = 5
    window: float = 60.0
    """More than ``deaths`` within so long, and the runner gives up."""
    pause: float = 0.5
    """Before the second restart in a row; doubled with each further one."""


@dataclass(slots=True)
class _Health:
    """When a part died lately, and when it is to be started again."""

    deaths: deque[float] = field(default_factory=deque)
    due: float | None = None


class Runner:
    """One run of the given parts."""

    def __init__(
        self,
        folder: Path,
        parts: Sequence[Part],
        output: Output,
        *,
        patience: Patience = Patience(),
    ) -> None:
        self._folder = folder
        self._parts = tuple(parts)
        self._output = output
        self._patience = patience
        self._children: list[Child] = []
        self._healths = {part.name: _Health() for part in parts}
        self._pipes = selectors.DefaultSelector()
        self._asked_to_stop = False

    def run(self, command: Sequence[str], *, greeting: Sequence[str]) -> int:
        """Until Ctrl-C, SIGTERM, or the failure of ``command``, which is run once all are up.

        Where no part stays, until all have ended. Returns the exit status; raises ``CannotRun``.
        Nothing runs any more in either case.
        """
        for number in _SIGNALS:
            signal.signal(number, self._ask_to_stop)
        try:
            for part in self._parts:
                self._start(part)
            if not self._asked_to_stop:
                for line in greeting:
                    self._output.say(_NAME, line)
            return self._watch(command)
        finally:
            self._stop_all()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _watch(self, command: Sequence[str]) -> int:
        """See that all stay up; the exit status at the end."""
        asked = None
        lasts = not all(part.once for part in self._parts)
        if command and not self._asked_to_stop:
            asked = self._spawn(Part("", tuple(command), once=True))
        while not self._asked_to_stop and (lasts or asked is not None):
            self._read(0.2)
            if asked is not None and (status := asked.status()) is not None:
                self._bury(asked)
                if status:
                    return status if status > 0 else 128 - status
                asked = None
                if lasts:
                    self._output.say(_NAME, "stays up until Ctrl-C")
            self._restart_dead()
        return 0

    def _start(self, part: Part) -> None:
        """Start a part and wait until it is up; ``CannotRun`` when it does not come."""
        if self._asked_to_stop:
            return
        child = self._spawn(part)
        until = time.monotonic() + self._patience.start
        while not self._asked_to_stop:
            self._read(0.05)
            status = child.status()
            if status is not None:
                self._bury(child)
                if part.once and status == 0:
                    return
                raise CannotRun(f"{part.name} {_ended(status)}; its last lines say why.")
            if not part.once and part.is_up():
                return
            if time.monotonic() > until:
                raise CannotRun(
                    f"{part.name} does not answer after {self._patience.start:.0f} s; "
                    "its lines above may say why."
                )

    def _restart_dead(self) -> None:
        for child in list(self._children):
            status = child.status()
            if status is None or not child.part.name:
                continue
            self._bury(child)
            if not child.part.once:
                self._plan_restart(child.part, status)
        now = time.monotonic()
        for part in self._parts:
            health = self._healths[part.name]
            if health.due is not None and health.due <= now:
                health.due = None
                self._spawn(part)
                self._run_again(part.then)

    def _plan_restart(self, part: Part, status: int) -> None:
        now, health = time.monotonic(), self._healths[part.name]
        health.deaths.append(now)
        while now - health.deaths[0] > self._patience.window:
            health.deaths.popleft()
        count = len(health.deaths)
        if count > self._patience.deaths:
            raise CannotRun(f"{part.name} {_ended(status)}, and so did {count - 1} before it.")
        pause = self._patience.pause * (2 ** (count - 1) - 1)
        self._output.say(_NAME, f"{part.name} {_ended(status)}: starting it again")
        health.due = now + pause

    def _run_again(self, name: str) -> None:
        """What must follow the restart of another part, without waiting for it."""
        for part in self._parts:
            if part.name == name:
                self._spawn(part)

    def _spawn(self, part: Part) -> Child:
        child = Child(part, self._folder, os.environ)
        self._pipes.register(child.pipe, selectors.EVENT_READ, child)
        self._children.append(child)
        return child

    def _read(self, seconds: float) -> None:
        """Show what was said; wait at most so long for it."""
        for key, _ in self._pipes.select(seconds):
            self._show(key.data)

    def _show(self, child: Child) -> None:
        for line in child.take():
            self._output.say(child.part.name, line)
        if child.is_silent:
            self._pipes.unregister(child.pipe)

    def _bury(self, child: Child) -> None:
        """End what a part left behind when it ended, and show its last words."""
        child.end_group()
        while not child.is_silent:
            self._show(child)
        child.close()
        self._children.remove(child)

    def _stop_all(self) -> None:
        """One part after the other in the reverse of their order, whichever was started again."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        order = [part.name for part in self._parts]
        known = [child for child in self._children if child.part.name in order]
        others = [child for child in self._children if child.part.name not in order]
        known.sort(key=lambda child: order.index(child.part.name), reverse=True)
        for child in (*others, *known):
            child.stop(self._patience.stop, self._read)
            self._bury(child)


def _ended(status: int) -> str:
    if status < 0:
        return f"was ended by signal {-status}"
    return f"ended with status {status}"
