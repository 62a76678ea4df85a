"""A file that one caller at a time may hold, on one machine, across processes and threads."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environments.core.ports import GitHostUnreachable

_PAUSE = 0.05


@contextmanager
def held(path: Path, *, seconds: float) -> Iterator[int]:
    """Hold the lock file; gives its open descriptor, readable and writable.

    The lock belongs to the descriptor: a program that inherits it keeps the lock when this
    process is killed. Raises ``GitHostUnreachable`` when others hold it for ``seconds``.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, time.monotonic() + seconds)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise GitHostUnreachable(
                    "The repository is being read by others for too long. Try again later."
                ) from None
            time.sleep(_PAUSE)
        else:
            return


def write_into(descriptor: int, text: str) -> None:
    """Make ``text`` the content of a held lock file, which is never empty in between."""
    content = text.encode()
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))
