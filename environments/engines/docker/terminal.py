"""A terminal in a container: a command run there, its screen here, and a guard that ends it.

A container engine lets a command run on when whoever sees it is gone. So a second command waits
beside the first one in the container, for the end of its input: that comes when the terminal is
closed, and when this process dies. Then it ends all that the first one has started.
"""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from environments.core.ports import EngineError
from environments.engines.docker.connection import Connection
from environments.wire import Wire

_SHELL = 'echo "$$"; exec "$@"'
_GUARD = """
read -r leader
while read -r rest; do :; done
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


class ContainerTerminal:
    """Fulfils ``core.ports.Terminal``. The command ends with this process, however that ends.

    ``EngineError`` where the container has no ``sh``.
    """

    def __init__(
        self,
        connection: Connection,
        container: str,
        command: Sequence[str],
        *,
        rows: int,
        columns: int,
    ) -> None:
        self._connection = connection
        self._was_cut = False
        _, self._guard = self._run(container, ("sh", "-c", _GUARD), tty=False)
        try:
            shell = ("sh", "-c", _SHELL, "sh", *command)
            self._command, self._screen = self._run(container, shell, tty=True)
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

    def _run(self, container: str, command: Sequence[str], *, tty: bool) -> tuple[str, Wire]:
        """Start it; its id and its end of the line."""
        with self._connection.telling():
            api = self._connection.api
            made: Mapping[str, Any] = api.exec_create(
                container,
                list(command),
                stdin=True,
                tty=tty,
                environment={"TERM": "xterm-256color"},
            )
            line = api.exec_start(made["Id"], tty=tty, socket=True)
            # The line outlives the response that it came with, and nobody else keeps it open:
            # its end is what the guard waits for.
            wire = Wire(os.dup(line.fileno()))
            line._response.close()
            line.close()
        return str(made["Id"]), wire

    def _first_line(self) -> tuple[bytes, bytes]:
        """The number of the first process, and what was printed after it."""
        printed = b""
        while b"\n" not in printed and (piece := self._screen.read()):
            printed += piece
        line, _, after = printed.partition(b"\n")
        return line.strip(), after

    def read(self) -> bytes:
        """What it prints next; b"" at its end."""
        printed, self._printed = self._printed, b""
        return printed or self._screen.read()

    def write(self, typed: bytes) -> None:
        """Type it."""
        self._screen.write(typed)

    def resize(self, *, rows: int, columns: int) -> None:
        """The engine tells the command, as soon as it has started it."""
        for _ in range(_TRIES):
            with suppress(EngineError), self._connection.telling():
                self._connection.api.exec_resize(self._command, height=rows, width=columns)
                return
            if not self._is_running():
                return
            time.sleep(_TRY_SECONDS)

    def exit_code(self) -> int | None:
        """As the engine tells it, a moment after the last word."""
        if self._was_cut:
            return None
        for _ in range(_TRIES):
            try:
                state = self._state()
            except EngineError:  # the container has gone
                return None
            if not state.get("Running"):
                code = state.get("ExitCode")
                return None if code is None or code < 0 else int(code)
            time.sleep(_TRY_SECONDS)
        return None

    def close(self) -> None:
        """Let the guard end it, and see that it has ended."""
        if self._is_running():
            self._was_cut = True
        self._guard.close()
        for _ in range(_TRIES):
            if not self._is_running():
                break
            time.sleep(_TRY_SECONDS)
        self._screen.close()

    def _is_running(self) -> bool:
        try:
            return bool(self._state().get("Running"))
        except EngineError:
            return False

    def _state(self) -> Mapping[str, Any]:
        with self._connection.telling():
            state: Mapping[str, Any] = self._connection.api.exec_inspect(self._command)
        return state
