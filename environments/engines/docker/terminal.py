"""A command run in a container, by the engine's own record of it."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from environments.core.ports import EngineError
from environments.engines.docker.connection import Connection
from environments.guarded import Run
from environments.wire import Wire

_TRIES, _TRY_SECONDS = 50, 0.1


def in_container(connection: Connection, container: str) -> Run:
    """Starts commands in this container."""

    def run(command: Sequence[str], has_screen: bool) -> ContainerCommand:
        return ContainerCommand(connection, container, command, has_screen=has_screen)

    return run


class ContainerCommand:
    """Fulfils ``guarded.Command``."""

    def __init__(
        self, connection: Connection, container: str, command: Sequence[str], *, has_screen: bool
    ) -> None:
        self._connection = connection
        with connection.telling():
            made: Mapping[str, Any] = connection.api.exec_create(
                container, list(command), stdin=True, tty=has_screen
            )
            line = connection.api.exec_start(made["Id"], tty=has_screen, socket=True)
            # The line outlives the response that it came with, and nobody else keeps it open:
            # its end is what a guard waits for.
            self._wire = Wire(os.dup(line.fileno()))
            line._response.close()
            line.close()
        self._identifier = str(made["Id"])

    def read(self) -> bytes:
        """What it prints next."""
        return self._wire.read()

    def write(self, typed: bytes) -> None:
        """Its input."""
        self._wire.write(typed)

    def resize(self, *, rows: int, columns: int) -> None:
        """The engine tells the command, as soon as it has started it."""
        for _ in range(_TRIES):
            with suppress(EngineError), self._connection.telling():
                self._connection.api.exec_resize(self._identifier, height=rows, width=columns)
                return
            if not self.is_running():
                return
            time.sleep(_TRY_SECONDS)

    def is_running(self) -> bool:
        """As the engine tells it."""
        return bool(self._state().get("Running"))

    def ended_with(self) -> int | None:
        """As the engine tells it."""
        code = self._state().get("ExitCode")
        return None if code is None or code < 0 else int(code)

    def close(self) -> None:
        """Give the line back."""
        self._wire.close()

    def _state(self) -> Mapping[str, Any]:
        """Nothing once the container has gone."""
        try:
            with self._connection.telling():
                state: Mapping[str, Any] = self._connection.api.exec_inspect(self._identifier)
        except EngineError:
            return {}
        return state
