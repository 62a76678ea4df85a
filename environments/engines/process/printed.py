"""What programs print: the end of an instance's log, and the beginning of a job's output."""

import contextlib
import os
import threading
import time
from pathlib import Path

from environments.engines.process.places import write_private

_TAIL_BYTES = 2 * 1024 * 1024
_READ_BYTES = 1024 * 1024
KEPT_LINES = 10_000
_LONGEST_LINE = 64 * 1024
_WRITE_SECONDS = 1.0


def tail(log: Path, lines: int) -> list[str]:
    """The last lines, from the current file and the one before it, without line ends."""
    content = b""
    for path in (older_part(log), log):
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - _TAIL_BYTES, 0))
                content += file.read()
        except FileNotFoundError:
            continue
    return _rows(content)[-lines:] if lines > 0 else []


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
    rows = content.decode(errors="replace").replace("\x00", "\ufffd").split("\n")
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
