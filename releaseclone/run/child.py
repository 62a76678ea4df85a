"""One started part: a process in a group of its own that ends with the runner."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from releaseclone.run.parts import Part

_SET_PDEATHSIG = 1
_LONGEST_LINE = 64 * 1024


class Child:
    """A part that was started. What it says on stdout and stderr is read by ``take``."""

    def __init__(self, part: Part, folder: Path, environ: Mapping[str, str]) -> None:
        runner = os.getpid()
        self.part = part
        self.is_silent = False
        """Whether it has closed its output: there will be nothing more to take."""
        self._rest = b""
        self._process = subprocess.Popen(
            part.command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _end_with(runner),
            env={**environ, **part.environ, "PYTHONUNBUFFERED": "1"},
        )
        os.set_blocking(self.pipe, False)

    @property
    def pipe(self) -> int:
        """The descriptor that becomes readable when it says something, or ends."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def status(self) -> int | None:
        """Its exit status; None while it runs. Negative: ended by that signal."""
        return self._process.poll()

    def take(self) -> list[str]:
        """The lines that it has said since the last look, without waiting."""
        try:
            content = os.read(self.pipe, _LONGEST_LINE)
        except BlockingIOError:
            return []
        self.is_silent = not content
        *lines, self._rest = (self._rest + content).split(b"\n")
        if self._rest and (self.is_silent or len(self._rest) > _LONGEST_LINE):
            # It ended in the middle of a line, or the line would never end.
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace") for line in lines]

    def stop(self, seconds: float, meanwhile: Callable[[float], None]) -> None:
        """SIGTERM; SIGKILL to its whole group after ``seconds``, or when it has ended.

        ``meanwhile`` is called again and again with the seconds that it may take.
        """
        if self.status() is None:
            self.part.farewell()
            self._process.terminate()
        until = time.monotonic() + seconds
        while self.status() is None and time.monotonic() < until:
            meanwhile(0.05)
        self.end_group()
        self._process.wait()

    def end_group(self) -> None:
        """SIGKILL to what it leaves behind: what a part started must not stay either."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Give the pipe back."""
        assert self._process.stdout is not None
        self._process.stdout.close()


def _end_with(runner: int) -> None:
    """Runs in the child: the kernel ends it when the runner ends, even by ``kill -9``."""
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != runner:
        # The runner ended before the kernel was asked.
        os._exit(1)
