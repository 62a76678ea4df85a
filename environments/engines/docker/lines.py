"""The log of a container, each line with the moment at which it was printed."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from docker.errors import APIError

from environments.core.moments import moment
from environments.engines.docker.connection import Connection, is_missing
from environments.printing import Line, Source, stamped


def of(connection: Connection, container: str) -> Source:
    """Reads the log of this container; a container that is not there has no lines."""

    def read(
        *, since: int | None = None, tail: int | None = None, unfinished: bool = False
    ) -> Iterator[Line]:
        asked = {"since": since, "tail": tail}
        given = {key: value for key, value in asked.items() if value is not None}
        return _lines(connection, container, unfinished=unfinished, **given)

    return read


def before_last_start(connection: Connection, container: str, lines: int) -> list[str]:
    """The last lines that it printed before it was started the last time."""
    start = _last_start(connection, container)
    if start is None or lines <= 0:
        return []
    # The engine tells lines apart more finely than it writes their moments.
    found = _lines(connection, container, until=start)
    return list(deque((line.text for line in found), lines))


def _last_start(connection: Connection, container: str) -> float | None:
    """Between the end of the run before and the beginning of this one; None where there was none
    before."""
    with connection.telling():
        try:
            state = connection.api.inspect_container(container)["State"]
        except APIError as wrong:
            if is_missing(wrong):
                return None
            raise
    started, finished = moment(state.get("StartedAt")), moment(state.get("FinishedAt"))
    if started is None or finished is None:
        return None
    return (started + finished) / 2 if finished < started else started


def _lines(
    connection: Connection, container: str, *, unfinished: bool = False, **asked: Any
) -> Iterator[Line]:
    begun = b""
    with connection.telling():
        try:
            chunks = connection.api.logs(
                container, stream=True, follow=False, timestamps=True, **asked
            )
            for chunk in chunks:
                if begun:  # a line that was printed in pieces: each has a moment of its own
                    chunk = chunk.partition(b" ")[2]
                *whole, begun = (begun + chunk).split(b"\n")
                yield from map(stamped, whole)
            if begun and unfinished:
                yield stamped(begun)
        except APIError as wrong:
            if not is_missing(wrong):
                raise
