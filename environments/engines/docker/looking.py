"""What an instance is doing, from the engine's records and its probe."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from docker.errors import APIError

from environments import printing
from environments.core.health import endings
from environments.core.moments import moment
from environments.core.ports import (
    LABEL_APPLICATION,
    LABEL_ENVIRONMENT,
    LABEL_WORKLOAD,
    Instance,
    Phase,
    WorkloadKind,
)
from environments.engines.docker import lines as log_lines
from environments.engines.docker import marks, probing
from environments.engines.docker.connection import Connection, is_missing
from environments.engines.docker.marks import Marks, bears
from environments.engines.docker.probing import Target

NEVER_STARTED = ("created", "configured", "initialized")
"""What the engine calls a container that is made and has not run yet."""
_WITHOUT_PROBE_SECONDS = 2.0
_USE_SECONDS = 2.0
_KEPT_SECONDS = 600.0
_AT_ONCE = 8
_MAYBE_NOT_BEGUN = (1, endings.COMMAND_MISSING, endings.NOT_EXECUTABLE)
_NOT_BEGUN = re.compile(r"exec.*(No such file|not found|Permission denied)")


@dataclass(slots=True)
class _Remembered:
    """The last answers of one container, so that nothing is asked too often."""

    asked_at: float = field(default_factory=time.monotonic)
    answer: str | None = None
    used_at: float = 0.0
    cpu: float = 0.0
    memory: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One container as the engine tells of it."""

    row: Mapping[str, Any]
    about: Mapping[str, Any]
    """Its inspection."""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Mapping[str, Any]:
        """Status, exit code, times."""
        state: Mapping[str, Any] = self.about["State"]
        return state

    @property
    def is_job(self) -> bool:
        """Whether it ends by itself."""
        return self.labels[marks.KIND] == WorkloadKind.JOB

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        started = moment(self.state.get("StartedAt"))
        return max(time.time() - started, 0.0) if started else 0.0

    @property
    def status(self) -> int:
        """How it ended."""
        return int(self.state.get("ExitCode") or 0)

    @property
    def limit(self) -> float:
        """Seconds that a job may take; 0 where nothing says so."""
        return float(self.labels.get(marks.SECONDS) or 0)

    @property
    def is_overdue(self) -> bool:
        """Whether it runs for longer than it may."""
        return bool(self.state.get("Running") and self.limit and self.age > self.limit)

    @property
    def took(self) -> float:
        """Seconds from its start to its end."""
        started, ended = (moment(self.state.get(at)) for at in ("StartedAt", "FinishedAt"))
        return max(ended - started, 0.0) if started and ended else 0.0

    def target(self) -> Target:
        """Where its probe is asked."""
        networks = self.about["NetworkSettings"]["Networks"] or {}
        address = next((one["IPAddress"] for one in networks.values() if one["IPAddress"]), "")
        return Target(self.about["Id"], address, json.loads(self.labels[marks.PUBLISHED]))


class Look:
    """Looks at the containers of a namespace."""

    def __init__(self, connection: Connection, marked: Marks) -> None:
        self._connection, self._marks = connection, marked
        self._remembered: dict[str, _Remembered] = {}

    def instances(self, seen: Sequence[Seen]) -> tuple[Instance, ...]:
        """What these containers are doing."""
        self._forget_old()
        if not seen:
            return ()
        with ThreadPoolExecutor(min(len(seen), _AT_ONCE)) as pool:
            return tuple(pool.map(self._instance, seen))

    def _forget_old(self) -> None:
        """Nobody has asked for so long: they are gone, or will be asked anew."""
        limit = time.monotonic() - _KEPT_SECONDS
        for key, kept in list(self._remembered.items()):
            if max(kept.asked_at, kept.used_at) < limit:
                self._remembered.pop(key, None)

    def containers(self, filters: Mapping[str, Sequence[str]]) -> list[Seen]:
        """The containers that these filters find, each inspected."""
        found: list[Seen] = []
        with self._connection.telling():
            api = self._connection.api
            for row in api.containers(all=True, filters=dict(filters)):
                if not bears(row["Labels"], filters):
                    continue
                try:
                    about = api.inspect_container(row["Id"])
                except APIError as wrong:
                    if is_missing(wrong):  # removed since
                        continue
                    raise
                found.append(Seen(row, about, about["Config"]["Labels"] or {}))
        return sorted(found, key=lambda one: one.labels[marks.INSTANCE])

    def _instance(self, seen: Seen) -> Instance:
        phase, message = _job(seen) if seen.is_job else _service(seen)
        ready = phase is Phase.SUCCEEDED
        if phase is Phase.RUNNING and not seen.is_job:
            message = self._not_ready(seen)
            ready = not message
            phase = Phase.RUNNING if ready else Phase.STARTING
        if phase is Phase.FAILED and seen.status in _MAYBE_NOT_BEGUN:
            message = self._not_begun(seen) or message
        memory, percent = self._use(seen)
        labels = seen.labels
        return Instance(
            name=labels[marks.INSTANCE],
            workload=labels[LABEL_WORKLOAD],
            kind=WorkloadKind(labels[marks.KIND]),
            application=labels[LABEL_APPLICATION],
            environment=labels[LABEL_ENVIRONMENT],
            phase=phase,
            ready=ready,
            restarts=int(seen.about.get("RestartCount") or 0),
            revision=labels[marks.REVISION],
            image=str(seen.about.get("Image") or ""),
            started_at=moment(seen.state.get("StartedAt")),
            exit_status=seen.status if phase in (Phase.SUCCEEDED, Phase.FAILED) else None,
            memory_bytes=memory,
            cpu_percent=percent,
            message=message,
        )

    def _not_ready(self, seen: Seen) -> str:
        """ "" when it is ready, else what it waits for."""
        probe = json.loads(seen.labels[marks.READINESS])
        if probe is None:
            return "starts" if seen.age < _WITHOUT_PROBE_SECONDS else ""
        delay = float(probe.get("initialDelaySeconds") or 0)
        if seen.age < delay:
            return f"its probe is asked after {delay:g} s"
        kept = self._remembered.setdefault(_key(seen), _Remembered())
        period = float(probe.get("periodSeconds") or 10)
        patience = period if kept.answer == "" else min(period, _impatience(seen.age))
        now = time.monotonic()
        if kept.answer is None or now - kept.asked_at >= patience:
            kept.answer = probing.ask(self._connection, probe, seen.target())
            kept.asked_at = now
        return kept.answer

    def _not_begun(self, seen: Seen) -> str:
        """What to say of a command that could not even be begun: its init tells it in the log."""
        last = printing.last(log_lines.of(self._connection, seen.about["Id"]), 1)
        if not last or not _NOT_BEGUN.search(last[0]):
            return ""
        command = " ".join(seen.about["Config"].get("Entrypoint") or ())
        return f"the command {command or 'of its image'} was not found in its image"

    def _use(self, seen: Seen) -> tuple[int | None, float | None]:
        """Memory in bytes and CPU in percent of one core."""
        if not seen.state.get("Running"):
            return None, None
        kept = self._remembered.setdefault(_key(seen), _Remembered())
        now = time.monotonic()
        if kept.used_at and now - kept.used_at < _USE_SECONDS:
            return kept.memory, kept.percent
        with self._connection.telling():
            try:
                stats = self._connection.api.stats(seen.about["Id"], stream=False, one_shot=True)
            except (APIError, ValueError):  # it has just ended: Podman's answer is empty then
                return None, None
        cpu = float(stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage") or 0) / 1e9
        if kept.used_at:
            kept.percent = max(cpu - kept.cpu, 0.0) / (now - kept.used_at) * 100
        kept.used_at, kept.cpu, kept.memory = now, cpu, _memory(stats.get("memory_stats", {}))
        return kept.memory, kept.percent


def _key(seen: Seen) -> str:
    """A container since its last start: a new start asks anew."""
    return f"{seen.about['Id']}/{seen.state.get('StartedAt')}"


def _impatience(age: float) -> float:
    """Until it is ready nobody wants to wait a whole period for the next question, least of all
    when it has just been started."""
    return min(max(age / 5, 0.1), 0.5)


def _memory(stats: Mapping[str, Any]) -> int | None:
    """Without what is only a cache of files."""
    if not (used := stats.get("usage")):
        return None
    cached = (stats.get("stats") or {}).get("inactive_file") or 0
    return max(int(used) - int(cached), 0)


def _service(seen: Seen) -> tuple[Phase, str]:
    status = seen.state["Status"]
    if status == "running":
        return Phase.RUNNING, ""
    if status in NEVER_STARTED:
        return Phase.STARTING, seen.state.get("Error") or "is about to start"
    if status == "paused":
        return Phase.STOPPED, "paused outside of this product"
    why = _why(seen)
    if status in ("restarting", "stopping"):
        return Phase.STARTING, f"{why}, is started again"
    restarts = int(seen.about.get("RestartCount") or 0)
    return Phase.FAILED, f"{why} ({restarts + 1} starts)" if restarts else why


def _job(seen: Seen) -> tuple[Phase, str]:
    status = seen.state["Status"]
    if status in ("running", "stopping", "paused"):
        return Phase.RUNNING, ""
    if status in NEVER_STARTED:
        return Phase.STARTING, seen.state.get("Error") or "waits to start"
    if seen.limit and seen.took > seen.limit:
        return Phase.FAILED, f"not ended after {seen.limit:g} s"
    if seen.status == 0:
        return Phase.SUCCEEDED, ""
    return Phase.FAILED, _why(seen)


def _why(seen: Seen) -> str:
    """How it ended, and the likely reason where there is one."""
    limit = int(seen.about["HostConfig"].get("Memory") or 0)
    killed = bool(seen.state.get("OOMKilled"))
    shown = _mebibytes(limit) if limit or killed else ""
    return endings.told(seen.status, limit=shown, out_of_memory=killed)


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"
