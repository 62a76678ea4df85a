"""Talks to the daemon: XML-RPC over its unix socket, a new connection for each call."""

import socket
import time
import xmlrpc.client
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport, UnixStreamHTTPConnection

from environments.core.ports import EngineError

_GONE = (Faults.BAD_NAME, Faults.NOT_RUNNING)
_ANSWER_SECONDS = 10.0
_LOOK_SECONDS = 0.1
STOP_SECONDS = 10
"""How long the daemon lets a launcher end its program before it kills the launcher."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """One program as the daemon sees it. ``state``: RUNNING, BACKOFF, FATAL, …"""

    group: str
    state: str
    pid: int
    started_at: int
    message: str


class _Connection(UnixStreamHTTPConnection):  # type: ignore[misc]
    """Like its base, but it does not wait for ever for a daemon that is mute."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.socketfile)


class Daemon:
    """The daemon behind one socket. Every method raises only ``EngineError``.

    ``seconds``: how long it may take to answer.
    """

    def __init__(self, socket: Path, *, seconds: float = _ANSWER_SECONDS) -> None:
        self._socket = socket
        self._seconds = seconds

    def _connection(self, seconds: float) -> _Connection:
        connection = _Connection("localhost", timeout=seconds)
        connection.socketfile = str(self._socket)
        return connection

    def _call(self, method: str, *arguments: Any, more_seconds: float = 0.0) -> Any:
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self._socket}")
        transport._get_connection = lambda: self._connection(self._seconds + more_seconds)
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, HTTPException, xmlrpc.client.ProtocolError) as silent:
            raise EngineError(
                "The daemon of the engine process does not answer; is the product running "
                "(make run)?"
            ) from silent
        finally:
            transport.close()

    def _tolerant(
        self, tolerated: tuple[int, ...], method: str, *arguments: Any, more_seconds: float = 0.0
    ) -> Any:
        """A call where some answers mean that there is nothing to do."""
        try:
            return self._call(method, *arguments, more_seconds=more_seconds)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in tolerated:
                return None
            raise EngineError(f"The daemon of the engine process: {fault.faultString}") from fault

    def pid(self) -> int:
        """The number of its process."""
        return int(self._tolerant((), "getPID"))

    def programs(self) -> dict[str, Supervised]:
        """All programs, by group."""
        rows: list[Mapping[str, Any]] = self._tolerant((), "getAllProcessInfo") or []
        return {
            row["group"]: Supervised(
                group=row["group"],
                state=row["statename"],
                pid=row["pid"],
                started_at=row["start"],
                message=row["spawnerr"],
            )
            for row in rows
        }

    def add(self, group: str) -> None:
        """Take up what the folder of configurations says of this group."""
        self._tolerant((), "reloadConfig")
        self._tolerant((Faults.ALREADY_ADDED,), "addProcessGroup", group)

    def start(self, group: str) -> None:
        """Start its program, without waiting."""
        self._tolerant((Faults.ALREADY_STARTED,), "startProcess", f"{group}:{group}", False)

    def stop(self, group: str) -> None:
        """Stop its program and wait for its end."""
        self._tolerant(
            _GONE, "stopProcess", f"{group}:{group}", True, more_seconds=2.0 * STOP_SECONDS
        )

    def stop_together(self, groups: Collection[str]) -> None:
        """Stop these at once, each with the time that it may take, and wait for their end."""
        for group in groups:
            self._tolerant(_GONE, "stopProcess", f"{group}:{group}", False)
        until = time.monotonic() + 2.0 * STOP_SECONDS
        while time.monotonic() < until:
            states = {name: one.state for name, one in self.programs().items()}
            if not any(states.get(group) == "STOPPING" for group in groups):
                return
            time.sleep(_LOOK_SECONDS)

    def stop_all(self) -> None:
        """Begin to stop every program at once. The daemon's own end stops one after another."""
        self._tolerant((), "stopAllProcesses", False)

    def forget(self, group: str) -> None:
        """Remove a group that is stopped."""
        self._tolerant(_GONE, "removeProcessGroup", group)
