"""What containers print: the end of a log, and a job's output from the beginning."""

from collections.abc import Iterator

from docker.errors import APIError

from environments.core.ports import Output
from environments.engines.docker.connection import Connection, is_missing

_KEPT_LINES = 10_000
_LINES_A_LOOK = 2_000
_LONGEST_LINE = 64 * 1024


def tail(connection: Connection, container: str, lines: int) -> list[str]:
    """The last lines, without line ends; none of a container that is not there."""
    if lines <= 0:
        return []
    with connection.telling():
        try:
            content = connection.api.logs(container, tail=lines)
        except APIError as wrong:
            if is_missing(wrong):
                return []
            raise
    return _rows(content)[-lines:]


def piece(connection: Connection, container: str, position: str, *, ended: bool) -> Output:
    """The next whole lines after those that were read; ``position``: how many those were."""
    read = int(position or 0)
    if read > _KEPT_LINES:
        return Output((), 0, position)
    lines: list[str] = []
    beyond = 0
    with connection.telling():
        try:
            for number, line in enumerate(_lines(connection, container, ended)):
                if number < read:
                    continue
                if number < _KEPT_LINES and len(lines) < _LINES_A_LOOK:
                    lines.append(line)
                elif lines or not ended:
                    break
                else:  # all that are kept have been read: the rest is counted, once
                    beyond += 1
        except APIError as wrong:
            if not is_missing(wrong):
                raise
    after = read + len(lines)
    # One beyond the limit says that the rest was counted.
    return Output(tuple(lines), beyond, str(_KEPT_LINES + 1 if beyond else after))


def _lines(connection: Connection, container: str, ended: bool) -> Iterator[str]:
    """Whole lines; the last one without its end only of a container that has ended."""
    begun = b""
    for chunk in connection.api.logs(container, stream=True, follow=False):
        *whole, begun = (begun + chunk).split(b"\n")
        for line in whole:
            yield text_of(line)
    if begun and ended:
        yield text_of(begun)


def _rows(content: bytes) -> list[str]:
    rows = content.split(b"\n")
    return [text_of(row) for row in (rows if rows[-1] else rows[:-1])]


def text_of(line: bytes) -> str:
    """A line as it can be shown."""
    return line[:_LONGEST_LINE].decode(errors="replace").replace("\x00", "�").rstrip("\r")
