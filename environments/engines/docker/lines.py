"""The log of a container, each line with the moment at which it was printed."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from docker.errors import APIError

from environments.core.ports import Output
from environments.engines.docker.connection import Connection, is_missing
from environments.engines.docker.looking import moment
from environments.engines.docker.printed import text_of


@dataclass(frozen=True, slots=True)
class _Line:
    """``at`` as the engine writes it; several lines may have been printed at one moment."""

    at: str
    text: str


class _Printed:
    """The last of many lines, their number, and where they end: ``same`` lines at ``at``."""

    def __init__(self, keep: int, at: str, same: int) -> None:
        self._last: deque[str] = deque(maxlen=keep)
        self._count, self._at, self._same = 0, at, same

    def add(self, line: _Line) -> None:
        """One more."""
        self._last.append(line.text)
        self._count += 1
        self._same = self._same + 1 if line.at == self._at else 1
        self._at = line.at

    def output(self) -> Output:
        """All of it; the position is "" where there was never a line."""
        at = f"{self._at}/{self._same}" if self._at else ""
        return Output(tuple(self._last), self._count - len(self._last), at)


def before_last_start(connection: Connection, container: str, lines: int) -> list[str]:
    """The last lines that it printed before it was started the last time."""
    start = _last_start(connection, container)
    if start is None or lines <= 0:
        return []
    # The engine tells lines apart more finely than it writes their moments.
    found = _lines(connection, container, until=start)
    return list(deque((line.text for line in found), lines))


def after(connection: Connection, container: str, position: str, lines: int) -> Output:
    """The last of its whole lines after a position: a moment, and how many lines of it are known
    (``2026-01-01T00:00:00Z/2``)."""
    at, known = _placed(position)
    if not at:
        return _last_lines(connection, container, lines)
    printed = _Printed(lines, at, known)
    for line in _lines_from(connection, container, at):
        if line.at == at and known:
            known -= 1
        else:
            printed.add(line)
    return printed.output()


def _last_lines(connection: Connection, container: str, lines: int) -> Output:
    printed = _Printed(lines, "", 0)
    found = list(_lines(connection, container, tail=lines))
    if found:
        # All of the last moment: where they end is only known by counting from its beginning.
        end = found[-1].at
        for line in found:
            if line.at != end:
                printed.add(line)
        for line in _lines_from(connection, container, end):
            printed.add(line)
    return replace(printed.output(), left_out=0)


def _lines_from(connection: Connection, container: str, at: str) -> Iterator[_Line]:
    """The lines of this moment and all after them; the engine is asked for whole seconds."""
    begin = moment(at) or 0.0
    for line in _lines(connection, container, since=int(begin)):
        if (moment(line.at) or 0.0, line.at) >= (begin, at):
            yield line


def _placed(position: str) -> tuple[str, int]:
    at, _, count = position.partition("/")
    try:
        is_place = moment(at) is not None and count.isascii() and count.isdecimal()
        return (at, int(count)) if is_place else ("", 0)
    except ValueError:
        return "", 0


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


def _lines(connection: Connection, container: str, **asked: Any) -> Iterator[_Line]:
    """Whole lines, oldest first; none of a container that is not there."""
    begun = b""
    with connection.telling():
        try:
            chunks = connection.api.logs(
                container, stream=True, follow=False, timestamps=True, **asked
            )
            for chunk in chunks:
                *whole, begun = (begun + chunk).split(b"\n")
                for line in whole:
                    at, _, text = line.partition(b" ")
                    yield _Line(at.decode("ascii", "replace"), text_of(text))
        except APIError as wrong:
            if not is_missing(wrong):
                raise
