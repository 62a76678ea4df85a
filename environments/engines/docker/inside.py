"""What a container says, and what is typed inside it: the half of the engine that looks inside."""

from collections.abc import Mapping, Sequence
from typing import Any

from docker.errors import APIError

from environments import printing
from environments.core.ports import EngineError, Output, Terminal
from environments.engines.docker import lines as log_lines
from environments.engines.docker.connection import Connection, is_missing
from environments.engines.docker.looking import NEVER_STARTED
from environments.engines.docker.marks import Marks
from environments.engines.docker.terminal import in_container
from environments.guarded import GuardedTerminal


class Inside:
    """Logs, output and terminals of containers, by the names of their instances."""

    def __init__(self, connection: Connection, marked: Marks) -> None:
        self._connection, self._marks = connection, marked

    def read_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """The last lines of what its container printed."""
        service, job = (
            self._marks.container(namespace, instance),
            self._marks.job(namespace, instance),
        )
        return printing.last(log_lines.of(self._connection, service), lines) or printing.last(
            log_lines.of(self._connection, job), lines
        )

    def read_output(self, namespace: str, job: str, *, position: str) -> Output:
        """The next lines of a job."""
        name = self._marks.job(namespace, job)
        source = log_lines.of(self._connection, name)
        return printing.piece(source, position, ended=self._has_ended(name))

    def _has_ended(self, name: str) -> bool:
        with self._connection.telling():
            try:
                state = self._connection.api.inspect_container(name)["State"]
            except APIError as wrong:
                if is_missing(wrong):
                    return True
                raise
        return not state.get("Running") and state["Status"] not in NEVER_STARTED

    def _found(self, namespace: str, instance: str) -> tuple[str, Mapping[str, Any]]:
        """The container of an instance of a service or a job, and its state: {} where it is not
        there."""
        names = (self._marks.container(namespace, instance), self._marks.job(namespace, instance))
        with self._connection.telling():
            for name in names:
                try:
                    return name, self._connection.api.inspect_container(name)["State"]
                except APIError as wrong:
                    if not is_missing(wrong):
                        raise
        return names[0], {}

    def read_previous_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """What it printed before its last start; a container that replaces one begins anew."""
        name = self._marks.container(namespace, instance)
        return log_lines.before_last_start(self._connection, name, lines)

    def follow_log(self, namespace: str, instance: str, *, position: str, lines: int) -> Output:
        """The lines of its container after those that are known."""
        name, _ = self._found(namespace, instance)
        return printing.after(log_lines.of(self._connection, name), position, lines)

    def open_terminal(
        self, namespace: str, instance: str, *, command: Sequence[str], rows: int, columns: int
    ) -> Terminal:
        """A command in its container."""
        name, state = self._found(namespace, instance)
        if not state.get("Running"):
            raise EngineError(
                f"{instance} does not run now: a terminal is in a running instance. Look at its "
                "log for the reason."
            )
        run = in_container(self._connection, name)
        return GuardedTerminal(run, command, rows=rows, columns=columns)
