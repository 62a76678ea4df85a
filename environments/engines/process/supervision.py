"""Talks to the daemon: XML-RPC over its unix socket, a new connection for each call."""

import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from environments.core.ports import EngineError

_GONE = (Faults.BAD_NAME, Faults.NOT_RUNNING)


@dataclass(frozen=True, slots=True)
class Supervised:
    """One program as the daemon sees it. ``state``: RUNNING, BACKOFF, FATAL, …"""

    group: str
    state: str
    pid: int
    started_at: int
    now: int
    message: str


class Daemon:
    """The daemon behind one socket. Every method raises only ``EngineError``."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self._socket}")
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

    def _tolerant(self, tolerated: tuple[int, ...], method: str, *arguments: Any) -> Any:
        """A call where some answers mean that there is nothing to do."""
        try:
            return self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in tolerated:
                return None
            raise EngineError(f"The daemon of the engine process: {fault.faultString}") from fault

    def programs(self) -> dict[str, Supervised]:
        """All programs, by group."""
        rows: list[Mapping[str, Any]] = self._tolerant((), "getAllProcessInfo") or []
        return {
            row["group"]: Supervised(
                group=row["group"],
                state=row["statename"],
                pid=row["pid"],
                started_at=row["start"],
                now=row["now"],
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
        self._tolerant(_GONE, "stopProcess", f"{group}:{group}", True)

    def forget(self, group: str) -> None:
        """Remove a group that is stopped."""
        self._tolerant(_GONE, "removeProcessGroup", group)
