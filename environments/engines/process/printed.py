"""What programs print: the end of an instance's log, and the beginning of a job's output."""

import contextlib
import os
import re
import threading
import time
from pathlib import Path

from environments.engines.process.places import write_private

_TAIL_BYTES = 2 * 1024 * 1024
_LONGEST_NUMBER = 15
_KEPT_BYTES = 8 * 1024 * 1024
_READ_BYTES = 1024 * 1024
KEPT_LINES = 10_000
_LONGEST_LINE = 64 * 1024
_WRITE_SECONDS = 1.0
RUN_BEGINS = b"\x1ereleaseclone: a run begins\x1e\n"
"""What a launcher prints before its service prints anything; shown to nobody."""
_BEGINNINGS = re.compile(rb"(^|\n)(?:" + re.escape(RUN_BEGINS) + rb")+")


def tail(log: Path, lines: int) -> list[str]:
    """The last lines, from the current file and the one before it, without line ends."""
    content = b"".join(_end_of(path, _TAIL_BYTES) for path in (older_part(log), log))
    return _last(_rows(content), lines)


def tail_before(log: Path, lines: int) -> list[str]:
    """The last lines that were printed before the last run, as far as they were kept."""
    content = b"".join(_end_of(path, _KEPT_BYTES) for path in (older_part(log), log))
    return _last(_rows(content.rpartition(RUN_BEGINS)[0][-_TAIL_BYTES:]), lines)


def after(log: Path, position: str, lines: int) -> tuple[list[str], int, str]:
    """The last of the whole lines from this position (``inode/byte``) on, how many more there
    were, and where the next ones begin."""
    known, byte = _placed(position)
    content, size, inode = b"", 0, ""
    for path in (older_part(log), log):
        try:
            with path.open("rb") as file:
                inode = str(os.fstat(file.fileno()).st_ino)
                size = file.seek(0, os.SEEK_END)
                if inode == known:
                    content = b""
                file.seek(byte if inode == known else max(size - _KEPT_BYTES, 0))
                content += file.read(size - file.tell())
        except FileNotFoundError:
            continue
    whole = content[: content.rfind(b"\n") + 1]
    rows = _rows(whole)
    at = f"{inode}/{size - len(content) + len(whole)}" if inode else position
    return _last(rows, lines), max(len(rows) - lines, 0) if known else 0, at


def _placed(position: str) -> tuple[str, int]:
    inode, _, byte = position.partition("/")
    is_place = byte.isascii() and byte.isdecimal() and len(byte) <= _LONGEST_NUMBER
    return (inode, int(byte)) if is_place else ("", 0)


def _end_of(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - limit, 0))
            return file.read()
    except FileNotFoundError:
        return b""


def _last(rows: list[str], lines: int) -> list[str]:
    return rows[-lines:] if lines > 0 else []


def older_part(log: Path) -> Path:
    """Where the daemon puts what it rotates."""
    return log.with_name(f"{log.name}.1")


def piece(kept: Path, position: int) -> tuple[list[str], int]:
    """The next whole lines of a job's output from this byte on, and where the next ones begin."""
    try:
        with kept.open("rb") as file:
            file.seek(position)
            content = file.read(_READ_BYTES)
    except FileNotFoundError:
        return [], position
    whole = content[: content.rfind(b"\n") + 1]
    return _rows(whole), position + len(whole)


def _rows(content: bytes) -> list[str]:
    shown = _BEGINNINGS.sub(rb"\1", content).replace(RUN_BEGINS, b"\n")
    rows = shown.decode(errors="replace").replace("\x00", "\ufffd").split("\n")
    return rows if rows[-1] else rows[:-1]


class Copy(threading.Thread):
    """Copies a job's output to the launcher's own, which the daemon keeps in rotated files, and
    its first lines, each whole, to the file ``kept``. ``left``: how many lines went beyond."""

    def __init__(self, source: int, kept: Path, left: Path) -> None:
        super().__init__(daemon=True)
        self._source, self._kept, self._left = source, kept, left
        self._line = bytearray()
        self._lines = self._beyond = self._written = 0
        self._told_at = time.monotonic()

    def run(self) -> None:
        """Until everything that could write has ended."""
        kept = os.open(self._kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(kept, "wb", buffering=0) as file:
            while content := os.read(self._source, _LONGEST_LINE):
                with contextlib.suppress(OSError):  # the daemon is gone, or its disk is full
                    _write_all(content)
                self._take(content, file.fileno())
            if self._line:
                self._take(b"\n", file.fileno())
        self._tell()

    def _take(self, content: bytes, file: int) -> None:
        begun, *others = content.split(b"\n")
        self._begin(begun)
        whole: list[bytes] = []
        for other in others:
            if self._lines + len(whole) < KEPT_LINES:
                whole.append(bytes(self._line))
            else:
                self._beyond += 1
            self._line.clear()
            self._begin(other)
        self._keep(whole, file)
        if time.monotonic() - self._told_at > _WRITE_SECONDS:
            self._tell()

    def _begin(self, part: bytes) -> None:
        self._line += part[: _LONGEST_LINE - len(self._line)]

    def _keep(self, whole: list[bytes], file: int) -> None:
        text = b"".join(line + b"\n" for line in whole)
        with contextlib.suppress(OSError):
            if os.write(file, text) == len(text):
                self._lines += len(whole)
                return
        # The disk is full: the job itself goes on.
        self._lines, self._beyond = KEPT_LINES, self._beyond + len(whole)

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        if self._beyond != self._written:
            with contextlib.suppress(OSError):
                write_private(self._left, str(self._beyond))
            self._written = self._beyond


def _write_all(content: bytes) -> None:
    while content:
        content = content[os.write(1, content) :]
