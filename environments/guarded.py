"""A terminal in a container: a command run there, its screen here, and a guard that ends it.

A container engine lets a command run on when whoever sees it is gone. So a second command waits
beside the first one in the container, for the end of its input: that comes when the terminal is
closed, and when this process dies. Then it ends all that the first one has started. Its number the
guard is told; where this process died before that, the guard finds it by a mark of the terminal.
"""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from environments.core.ports import EngineError

_SHELL = 'echo "$$"; export TERM=xterm-256color RELEASECLONE_TERMINAL="$0"; exec "$@"'
_GUARD = """
read -r leader || leader=
while read -r rest; do :; done
find() {
  for process in /proc/[0-9]*; do
    while read -r line || [ "$line" ]; do
      case $line in *"RELEASECLONE_TERMINAL=$0"*) ;; *) continue ;; esac
      read -r line <"$process/stat" || continue
      set -- ${line##*) }
      leader=$4
      return
    done <"$process/environ"
  done
} 2>/dev/null
for try in 1 2 3 4 5; do
  [ "$leader" ] && break
  find
  sleep 1
done
each() {
  for stat in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null <"$stat" || continue
    set -- ${line##*) }
    [ "$4" = "$leader" ] && kill -"$signal" "${line%% *}" 2>/dev/null && left=1
  done
}
for signal in HUP KILL; do
  left=
  each
  [ "$left" ] || exit 0
  sleep 1
done
"""
_TRIES, _TRY_SECONDS = 50, 0.1


class Command(Protocol):
    """A command that an engine runs in a container, and both ends of its line."""

    def read(self) -> bytes:
        """What it prints next; b"" at its end, and once it is closed."""

    def write(self, typed: bytes) -> None:
        """Its input; nothing where nobody is there."""

    def resize(self, *, rows: int, columns: int) -> None:
        """Of its screen."""

    def is_running(self) -> bool:
        """As far as the engine tells."""

    def ended_with(self) -> int | None:
        """Its status, where the engine knows one."""

    def close(self) -> None:
        """Let the line go: its input ends."""


Run = Callable[[Sequence[str], bool], Command]
"""Starts a command in the container, with a screen or without one."""


class GuardedTerminal:
    """Fulfils ``core.ports.Terminal``. The command ends with this process, however that ends.

    ``EngineError`` where the container has no ``sh``.
    """

    def __init__(self, run: Run, command: Sequence[str], *, rows: int, columns: int) -> None:
        self._was_cut = False
        mark = secrets.token_hex(16)
        self._guard = run(("sh", "-c", _GUARD, mark), False)
        try:
            self._command = run(("sh", "-c", _SHELL, mark, *command), True)
        except EngineError:
            self._guard.close()
            raise
        self.resize(rows=rows, columns=columns)
        leader, self._printed = self._first_line()
        if not leader.isdigit():
            self.close()
            raise EngineError(
                "A terminal needs the program sh in the instance's image, which has none."
            )
        self._guard.write(leader + b"\n")

    def _first_line(self) -> tuple[bytes, bytes]:
        """The number of the first process, and what was printed after it."""
        printed = b""
        while b"\n" not in printed and (piece := self._command.read()):
            printed += piece
        line, _, after = printed.partition(b"\n")
        return line.strip(), after

    def read(self) -> bytes:
        """What it prints next; b"" at its end."""
        printed, self._printed = self._printed, b""
        return printed or self._command.read()

    def write(self, typed: bytes) -> None:
        """Type it."""
        self._command.write(typed)

    def resize(self, *, rows: int, columns: int) -> None:
        """The engine tells the command."""
        self._command.resize(rows=rows, columns=columns)

    def exit_code(self) -> int | None:
        """As the engine tells it, a moment after the last word."""
        if self._was_cut:
            return None
        for _ in range(_TRIES):
            if not self._command.is_running():
                return self._command.ended_with()
            time.sleep(_TRY_SECONDS)
        return None

    def close(self) -> None:
        """Let the guard end it, and see that it has ended."""
        if self._command.is_running():
            self._was_cut = True
        self._guard.close()
        # Some engines tell its end behind the last of what it prints, which nobody may read now.
        threading.Thread(target=self._drain, daemon=True).start()
        for _ in range(_TRIES):
            if not self._command.is_running():
                break
            time.sleep(_TRY_SECONDS)
        self._command.close()

    def _drain(self) -> None:
        while self._command.read():
            pass
