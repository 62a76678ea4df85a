"""A screen and a keyboard here, and a command behind them in the folder of an instance."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

from environments.engines.process import leftovers
from environments.engines.process.places import Places, Program
from environments.wire import Wire

_END_SECONDS = 5.0
_UTF8 = 0o40000
"""IUTF8: backspace takes a whole character. The standard library does not name it."""
_PROJECT = Path(__file__).resolve().parents[3]


class ShellTerminal:
    """Fulfils ``core.ports.Terminal``; the command ends with this process, whatever ends it."""

    def __init__(
        self,
        places: Places,
        program: Program,
        command: Sequence[str],
        *,
        rows: int,
        columns: int,
    ) -> None:
        screen, behind = pty.openpty()
        self._screen = Wire(screen)
        self._was_cut = False
        self.resize(rows=rows, columns=columns)
        try:
            attributes = termios.tcgetattr(behind)
            attributes[0] |= _UTF8
            termios.tcsetattr(behind, termios.TCSANOW, attributes)
            self._attendant = subprocess.Popen(
                [
                    *(sys.executable, "-S", "-m", leftovers.ATTENDANT, str(places.folder)),
                    *(program.namespace, program.name, *command),
                ],
                env={"PYTHONPATH": str(_PROJECT), "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.PIPE,
                stdout=behind,
                stderr=behind,
                start_new_session=True,
            )
        except OSError:
            self._screen.close()
            raise
        finally:
            os.close(behind)

    def read(self) -> bytes:
        """What it prints next; b"" at its end."""
        return self._screen.read()

    def write(self, typed: bytes) -> None:
        """Type it."""
        self._screen.write(typed)

    def resize(self, *, rows: int, columns: int) -> None:
        """The kernel tells the command."""
        with self._screen.held() as screen:
            if screen is not None:
                size = struct.pack("HHHH", rows, columns, 0, 0)
                fcntl.ioctl(screen, termios.TIOCSWINSZ, size)

    def exit_code(self) -> int | None:
        """That of the attendant, which is the command's; it ends at once after its last word."""
        try:
            status = self._attendant.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        return None if self._was_cut or status < 0 else status

    def close(self) -> None:
        """End everything behind the screen, and see that it has ended."""
        if self._attendant.poll() is None:
            self._was_cut = True
        self._screen.close()
        assert self._attendant.stdin is not None
        self._attendant.stdin.close()
        try:
            self._attendant.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._attendant.kill()
            self._attendant.wait()
