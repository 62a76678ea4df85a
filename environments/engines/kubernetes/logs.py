"""What a pod prints, also before the last start of its container."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from environments.core.ports import EngineRefused
from environments.engines.kubernetes.connection import Connection
from environments.printing import Line, Source, stamped

_NOTHING_YET = re.compile(
    r"not found|is waiting to start|previous terminated container|ContainerCreating"
    r"|PodInitializing|does not have a host assigned|container not found"
)


def of(connection: Connection, namespace: str, pod: str, *, restarted: bool = False) -> Source:
    """Reads the log of the pod's container; of one that was started again, that of the run before
    as well. A pod that is not there, or has not begun, has no lines."""
    return _source(connection, namespace, pod, ({"previous": "true"}, {}) if restarted else ({},))


def of_run_before(connection: Connection, namespace: str, pod: str) -> Source:
    """Reads what it printed before its last start."""
    return _source(connection, namespace, pod, ({"previous": "true"},))


def _source(
    connection: Connection, namespace: str, pod: str, runs: Sequence[Mapping[str, str]]
) -> Source:
    def read(
        *,
        since: int | None = None,
        tail: int | None = None,
        unfinished: bool = False,  # a node tells a line once it has ended, or its container has
    ) -> Iterator[Line]:
        asked = {"timestamps": "true"}
        if since is not None:
            asked["sinceTime"] = _written(since)
        if tail is not None:
            asked["tailLines"] = str(tail)
        for run in runs:
            yield from _lines(connection, namespace, pod, {**asked, **run})

    return read


def _written(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")


def _lines(
    connection: Connection, namespace: str, pod: str, asked: Mapping[str, str]
) -> Iterator[Line]:
    try:
        for line in connection.lines(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", asked):
            if line:
                yield stamped(line)
    except EngineRefused as none_there:
        if not _NOTHING_YET.search(str(none_there)):
            raise
