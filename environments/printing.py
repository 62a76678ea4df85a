"""What containers print: its end, what came since an earlier look, and a job's from the beginning.

Every engine whose log has a moment with each line reads it by these.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from environments.core.moments import moment
from environments.core.ports import Output

_KEPT_LINES = 10_000
_LINES_A_LOOK = 2_000
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """``at`` as the engine writes it; several lines may have been printed at one moment."""

    at: str
    text: str


class Source(Protocol):
    """Reads one log: whole lines, oldest first, and after them an ``unfinished`` one."""

    def __call__(
        self, *, since: int | None = None, tail: int | None = None, unfinished: bool = False
    ) -> Iterator[Line]:
        """Those since a second (since 1970), or about the last ``tail`` ones."""


class _Printed:
    """The last of many lines, their number, and where they end: ``same`` lines at ``at``."""

    def __init__(self, keep: int, at: str, same: int) -> None:
        self._last: deque[str] = deque(maxlen=keep)
        self._count, self._at, self._same = 0, at, same

    def add(self, line: Line) -> None:
        """One more."""
        self._last.append(line.text)
        self._count += 1
        self._same = self._same + 1 if line.at == self._at else 1
        self._at = line.at

    def output(self) -> Output:
        """All of it; the position is "" where there was never a line."""
        at = f"{self._at}/{self._same}" if self._at else ""
        return Output(tuple(self._last), self._count - len(self._last), at)


def last(source: Source, lines: int) -> list[str]:
    """The last lines, one that has not ended among them."""
    return list(_last_lines(source, lines, unfinished=True).lines) if lines > 0 else []


def after(source: Source, position: str, lines: int) -> Output:
    """The last of its whole lines after a position: a moment, and how many lines of it are known
    (``2026-01-01T00:00:00Z/2``)."""
    at, known = _placed(position)
    if not at:
        return _last_lines(source, lines)
    printed = _Printed(lines, at, known)
    for line in _lines_from(source, at):
        if line.at == at and known:
            known -= 1
        else:
            printed.add(line)
    return printed.output()


def piece(source: Source, position: str, *, ended: bool) -> Output:
    """The next of all lines after those that were read; ``position``: how many those were.

    ``ended``: there will be no more lines than these.
    """
    read = int(position or 0)
    if read > _KEPT_LINES or (read == _KEPT_LINES and not ended):
        return Output((), 0, position)
    found: list[str] = []
    beyond = 0
    for number, line in enumerate(source(unfinished=ended)):
        if number < read:
            continue
        if number < _KEPT_LINES and len(found) < _LINES_A_LOOK:
            found.append(line.text)
        elif found or not ended:
            break
        else:  # all that are kept have been read: the rest is counted, once
            beyond += 1
    # One beyond the limit says that the rest was counted.
    return Output(tuple(found), beyond, str(_KEPT_LINES + 1 if beyond else read + len(found)))


def text_of(line: bytes) -> str:
    """A line as it can be shown."""
    return line[:_LONGEST_LINE].decode(errors="replace").replace("\x00", "�").rstrip("\r")


def stamped(line: bytes) -> Line:
    """A line that begins with its moment."""
    at, _, text = line.partition(b" ")
    return Line(at.decode("ascii", "replace"), text_of(text))


def _last_lines(source: Source, lines: int, *, unfinished: bool = False) -> Output:
    printed = _Printed(lines, "", 0)
    # Only where to begin: Podman tells lines that were printed in pieces wrongly from the end, and
    # where they end is only known by counting from the beginning of a moment. The one line more
    # may lack the pieces of moments before: it falls off.
    ends = list(source(tail=lines + 1))
    begin = ends[0].at if len(ends) > lines else ""
    for line in _lines_from(source, begin, unfinished=unfinished):
        printed.add(line)
    return replace(printed.output(), left_out=0)


def _lines_from(source: Source, at: str, *, unfinished: bool = False) -> Iterator[Line]:
    """The lines of this moment and all after them, all of them for ""; a log is asked for whole
    seconds."""
    begin = moment(at) or 0.0
    for line in source(since=int(begin) if at else None, unfinished=unfinished):
        if (moment(line.at) or 0.0, line.at) >= (begin, at):
            yield line


def _placed(position: str) -> tuple[str, int]:
    at, _, count = position.partition("/")
    try:
        is_place = moment(at) is not None and count.isascii() and count.isdecimal()
        return (at, int(count)) if is_place else ("", 0)
    except ValueError:
        return "", 0
