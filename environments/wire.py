"""A descriptor that one thread reads and another writes, until a third one closes it."""

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_READ_BYTES = 64 * 1024


class Wire:
    """A socket, a pipe or the screen of a terminal. It owns the descriptor from now on."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._woken, self._wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._holding, self._closing = threading.Lock(), threading.Lock()
        self._is_closed = False

    def read(self) -> bytes:
        """What comes next; b"" when nothing will come any more, and once it is closed."""
        with self._reading:
            while self._wait_for(select.POLLIN):
                try:
                    return os.read(self._descriptor, _READ_BYTES)
                except BlockingIOError:
                    continue
                except OSError:  # nobody is at the other end
                    break
        return b""

    def write(self, content: bytes) -> None:
        """All of it, piece by piece where the other end is slow; nothing where nobody is there."""
        with self._writing:
            while content and self._wait_for(select.POLLOUT):
                try:
                    content = content[os.write(self._descriptor, content) :]
                except BlockingIOError:
                    continue
                except OSError:
                    return

    def _wait_for(self, event: int) -> bool:
        if self._is_closed:
            return False
        poll = select.poll()
        poll.register(self._descriptor, event)
        poll.register(self._woken, select.POLLIN)
        return self._woken not in {descriptor for descriptor, _ in poll.poll()}

    def close(self) -> None:
        """Let whoever reads or writes go, and give the descriptor back."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            os.write(self._wakes, b"x")
            with self._reading, self._writing, self._holding:
                for descriptor in (self._descriptor, self._woken, self._wakes):
                    os.close(descriptor)

    @contextmanager
    def held(self) -> Iterator[int | None]:
        """The descriptor, which is not given back meanwhile; None once it has been."""
        with self._holding:
            yield None if self._is_closed else self._descriptor
