"""What is done from time to time: liveness probes, time limits of jobs, fallen services."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from docker.errors import APIError

from environments.core.moments import moment
from environments.core.ports import EngineError
from environments.engines.docker import marks, probing
from environments.engines.docker.connection import Connection
from environments.engines.docker.looking import Look, Seen
from environments.engines.docker.marks import Marks

_STOP_SECONDS = 10
_FALLEN_SECONDS = 60.0
"""A service that fell is started again after this, at once where it had run for as long."""
_AT_ONCE = 8


class Tending:
    """Looks after the containers of the installation.

    What it notes of a container, by its id and start: when its probe was last asked (seconds
    since 1970), and how often in a row it was not answered.
    """

    def __init__(self, connection: Connection, marked: Marks, look: Look) -> None:
        self._connection, self._marks, self._look = connection, marked, look

    def all(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """Every container once; one that makes trouble does not keep the others from it."""
        there = self._look.containers(self._marks.of_installation())
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(lambda seen: self._noted(seen, notes.get(_key(seen))), there))
        return {_key(seen): note for seen, note in zip(there, found, strict=True) if note}

    def end_overdue(self, there: Sequence[Seen]) -> bool:
        """End the jobs among these that have run for longer than they may; whether there were
        any."""
        overdue = [seen for seen in there if seen.is_job and seen.is_overdue]
        for seen in overdue:
            self._act("stop", seen, timeout=_STOP_SECONDS)
        return bool(overdue)

    def _noted(self, seen: Seen, note: Any) -> Any:
        try:
            return self._one(seen, note)
        except EngineError:
            return None

    def _one(self, seen: Seen, note: Any) -> Any:
        if seen.is_job:
            self.end_overdue([seen])
        elif seen.state["Status"] == "exited":
            self._start_again(seen)
        elif seen.state["Status"] == "running":
            return self._ask(seen, note or [0.0, 0])
        return None

    def _start_again(self, seen: Seen) -> None:
        ended = moment(seen.state.get("FinishedAt")) or 0.0
        ran = ended - (moment(seen.state.get("StartedAt")) or ended)
        if ran >= _FALLEN_SECONDS or time.time() - ended >= _FALLEN_SECONDS:
            self._act("start", seen)

    def _ask(self, seen: Seen, note: list[float]) -> Any:
        """Ask its liveness probe when it is due; what is to be noted of it."""
        probe = json.loads(seen.labels[marks.LIVENESS])
        if probe is None or seen.age < float(probe.get("initialDelaySeconds") or 0):
            return None
        asked_at, failures = note
        if 0 <= time.time() - asked_at < float(probe.get("periodSeconds") or 10):
            return note
        if not probing.ask(self._connection, probe, seen.target()):
            return [time.time(), 0]
        if failures + 1 >= int(probe.get("failureThreshold") or 3):
            self._act("restart", seen, timeout=_STOP_SECONDS)
            return None
        return [time.time(), failures + 1]

    def _act(self, act: str, seen: Seen, **how: int) -> None:
        with self._connection.telling(), suppress(APIError):
            getattr(self._connection.api, act)(seen.about["Id"], **how)


def _key(seen: Seen) -> str:
    return f"{seen.about['Id']}/{seen.state.get('StartedAt')}"
