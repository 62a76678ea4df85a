"""What an instance is doing, from the daemon, the launcher's records, and its probe."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from environments.core.ports import Instance, Phase, WorkloadKind
from environments.engines.process import asking, linux
from environments.engines.process.places import Places, Program
from environments.engines.process.printed import tail
from environments.engines.process.supervision import Daemon, Supervised

_WITHOUT_PROBE_SECONDS = 2.0
_INTERRUPTED = "interrupted, not run again: Deploy Setup runs it anew"
_NOT_BEGUN = "its engine ended before it began: Deploy Setup runs it"
_ALIVE = ("STARTING", "RUNNING", "STOPPING")
_LAST_WORDS = 20
_FALLS, _FALLS_SECONDS = 5, 120.0
"""A service that was started so often within so long and has ended again will not come up: the
daemon gives up only on one that ends within its first second, which a slow start outlives."""
_IN_USE = re.compile(r"address (is )?(already )?in use|EADDRINUSE", re.IGNORECASE)


@dataclass(slots=True)
class _Asked:
    """The last answer of a readiness probe, and the process that gave it."""

    pid: int
    at: float
    answer: str


@dataclass(slots=True)
class _Used:
    """CPU seconds used until a moment, to tell the share since then."""

    pid: int
    at: float
    seconds: float
    percent: float


class Look:
    """Looks at instances; remembers the last answers so that nothing is asked too often."""

    def __init__(self, places: Places, daemon: Daemon) -> None:
        self._places = places
        self._daemon = daemon
        self._asked: dict[str, _Asked] = {}
        self._used: dict[str, _Used] = {}

    def at(self, namespace: str) -> tuple[Instance, ...]:
        """All instances of the namespace."""
        programs = list(self._places.programs(namespace))
        if not programs:
            return ()
        supervised, moment = self._daemon.programs(), linux.Moment()
        return tuple(self._instance(one, supervised.get(one.group), moment) for one in programs)

    def _instance(
        self, program: Program, seen: Supervised | None, moment: linux.Moment
    ) -> Instance:
        ended = self._record(program)
        starts = len(self._starts(program))
        phase, message = (
            self._job(program, seen, ended)
            if program.is_job
            else self._service(program, seen, ended)
        )
        ready = phase is Phase.SUCCEEDED
        if phase is Phase.RUNNING and seen is not None and not program.is_job:
            message = self._not_ready(program, seen, moment)
            ready = not message
            phase = Phase.RUNNING if ready else Phase.STARTING
        memory, percent = self._use(program, seen, moment)
        return Instance(
            name=program.name,
            workload=program.workload,
            kind=WorkloadKind(program.kind),
            application=program.application,
            environment=program.environment,
            phase=phase,
            ready=ready,
            restarts=max(starts - 1, 0),
            revision=program.revision,
            folder=Path(program.folder),
            started_at=float(seen.started_at) if seen and seen.pid else None,
            exit_status=ended.get("status"),
            memory_bytes=memory,
            cpu_percent=percent,
            message=message,
        )

    def _service(
        self, program: Program, seen: Supervised | None, ended: dict[str, Any]
    ) -> tuple[Phase, str]:
        if seen is None:
            return Phase.STOPPED, "not known to the daemon; Deploy Setup starts it again"
        if seen.state in ("STOPPED", "STOPPING"):
            return Phase.STOPPED, "stopped"
        if seen.state in _ALIVE:
            return Phase.RUNNING, ""
        why, starts = _why(ended), self._starts(program)
        lately = sum(at > time.time() - _FALLS_SECONDS for at in starts)
        if seen.state == "FATAL" or lately >= _FALLS:
            count = (
                f"{len(starts)} starts, given up" if seen.state == "FATAL" else f"{lately} starts"
            )
            return Phase.FAILED, f"{why}{self._port_hint(program)} ({count})"
        return Phase.STARTING, f"{why}, is started again"

    def _job(
        self, program: Program, seen: Supervised | None, ended: dict[str, Any]
    ) -> tuple[Phase, str]:
        if seen is not None and seen.state in _ALIVE:
            # Its launcher may still be ending what it left and copying what it printed.
            return Phase.RUNNING, ""
        # The launcher writes how the job ended before it ends itself: look once more.
        if ended := ended or self._record(program):
            if ended["status"] == 0 and not ended["why"]:
                return Phase.SUCCEEDED, ""
            return Phase.FAILED, _why(ended)
        if self._places.record(program.namespace, program.name, "started").exists():
            return Phase.FAILED, _INTERRUPTED
        if seen is None:
            return Phase.STARTING, "waits to start"
        if seen.state == "STOPPED":
            return Phase.STOPPED, _NOT_BEGUN
        said = tail(self._places.log(program.namespace, program.name), 1)
        return Phase.FAILED, said[0] if said else "could not be started"

    def _port_hint(self, program: Program) -> str:
        """What to do where it gave up because its port was taken."""
        last = tail(self._places.log(program.namespace, program.name), _LAST_WORDS)
        if not any(map(_IN_USE.search, last)):
            return ""
        return (
            "; the port that it wants is taken: one that listens on a fixed port, and not on "
            "$PORT, runs once a machine"
        )

    def _not_ready(self, program: Program, seen: Supervised, moment: linux.Moment) -> str:
        """ "" when it is ready, else what it waits for."""
        probe = program.readiness
        # Of the program itself: on a busy machine its launcher may have lived for seconds already.
        age = linux.age_of(moment.below(seen.pid))
        if probe is None:
            return "starts" if age < _WITHOUT_PROBE_SECONDS else _taken(program, seen, moment)
        delay = float(probe.get("initialDelaySeconds") or 0)
        if age < delay:
            return f"its probe is asked after {delay:g} s"
        last = self._asked.get(program.group)
        period = float(probe.get("periodSeconds") or 10)
        # Until it is ready nobody wants to wait a whole period for the next question.
        patience = period if last is not None and not last.answer else min(period, 0.5)
        now = time.monotonic()
        if last is not None and last.pid == seen.pid and now - last.at < patience:
            return last.answer
        answer = asking.ask(
            probe, ports=program.ports, folder=program.folder, variables=program.variables
        ) or _taken(program, seen, moment)
        self._asked[program.group] = _Asked(seen.pid, now, answer)
        return answer

    def _use(
        self, program: Program, seen: Supervised | None, moment: linux.Moment
    ) -> tuple[int | None, float | None]:
        """Memory in bytes and CPU in percent of one core, of everything below the launcher."""
        if seen is None or not seen.pid:
            return None, None
        memory, seconds = 0, 0.0
        for one in moment.below(seen.pid):
            try:
                process = psutil.Process(one.pid)
                memory += process.memory_info().rss
                times = process.cpu_times()
                seconds += times.user + times.system
            except psutil.NoSuchProcess:
                continue
        now = time.monotonic()
        last = self._used.get(program.group)
        if last is None or last.pid != seen.pid:
            self._used[program.group] = _Used(seen.pid, now, seconds, 0.0)
            return memory, 0.0
        if now - last.at >= 1.0:
            percent = max(seconds - last.seconds, 0.0) / (now - last.at) * 100
            self._used[program.group] = _Used(seen.pid, now, seconds, percent)
        return memory, self._used[program.group].percent

    def _record(self, program: Program) -> dict[str, Any]:
        try:
            text = self._places.record(program.namespace, program.name, "ended").read_text()
        except FileNotFoundError:
            return {}
        form: dict[str, Any] = json.loads(text)
        return form

    def _starts(self, program: Program) -> list[float]:
        """When it was started, as seconds since the epoch."""
        try:
            text = self._places.record(program.namespace, program.name, "starts").read_text()
        except FileNotFoundError:
            return []
        return [float(line) for line in text.splitlines()]


def _taken(program: Program, seen: Supervised, moment: linux.Moment) -> str:
    """ "" unless a port of the program is another's: then whatever answers there is not it."""
    own: frozenset[str] | None = None
    for number in program.ports.values():
        if there := moment.listeners.get(number):
            if own is None:
                own = linux.sockets_of(moment.below(seen.pid))
            if not there & own:
                return f"another program of this machine holds its port {number}: end that one"
    return ""


def _why(ended: dict[str, Any]) -> str:
    if not ended:
        return "the process ended"
    if ended["why"]:
        return str(ended["why"])
    status = int(ended["status"])
    if status < 0:
        return f"the process was ended by signal {-status}"
    hint = " (a service must stay in the foreground)" if status == 0 else ""
    return f"the process ended with status {status}{hint}"
