"""Probes: asks a container whether it is well, as Kubernetes would."""

import http.client
import os
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from environments.engines.docker.connection import Connection

_LOOPBACK = "127.0.0.1"
_EXEC_LOOKS, _EXEC_LOOK_SECONDS = 50, 0.02
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Target:
    """A container and where its ports are reached: published ones here, others on its network."""

    container: str
    address: str
    published: Mapping[str, int]

    def endpoint(self, port: object) -> tuple[str, int]:
        """Host and port to connect to."""
        number = self.published.get(str(port))
        return (_LOOPBACK, number) if number else (self.address, int(str(port)))


def ask(connection: Connection, probe: Mapping[str, Any], target: Target) -> str:
    """ "" when the probe is answered, else what was asked and what came instead."""
    seconds = max(float(probe.get("timeoutSeconds") or 1), 0.1)
    if "httpGet" in probe:
        port, path = probe["httpGet"]["port"], probe["httpGet"].get("path") or "/"
        return _http(target.endpoint(port), port, path, seconds)
    if "tcpSocket" in probe:
        port = probe["tcpSocket"]["port"]
        return _tcp(target.endpoint(port), port, seconds)
    return _exec(connection, target.container, list(probe["exec"]["command"]), seconds)


def _http(endpoint: tuple[str, int], port: object, path: str, seconds: float) -> str:
    connection = http.client.HTTPConnection(*endpoint, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Host": "localhost", "Connection": "close"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as wrong:
        return f"GET {path} on port {port}: {_reason(wrong)}"
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"GET {path} on port {port}: status {status}"


def _tcp(endpoint: tuple[str, int], port: object, seconds: float) -> str:
    try:
        with socket.create_connection(endpoint, timeout=seconds) as there:
            # A port that is published accepts before anybody listens behind it.
            there.settimeout(min(seconds, 0.2))
            return "" if _stays_open(there) else f"port {port}: nothing listens there"
    except OSError as wrong:
        return f"port {port}: {_reason(wrong)}"


def _stays_open(there: socket.socket) -> bool:
    try:
        return there.recv(1, socket.MSG_PEEK) != b""
    except TimeoutError:
        return True


def _exec(connection: Connection, container: str, command: list[str], seconds: float) -> str:
    """Its status is known when its output has ended: of one that runs apart, Podman never tells."""
    shown = " ".join(command)
    with connection.telling():
        api = connection.api
        made = api.exec_create(container, command)["Id"]
        line = api.exec_start(made, socket=True)
        try:
            if not _ends(line.fileno(), time.monotonic() + seconds):
                return f"{shown}: no end within {seconds:g} s"
        finally:
            line._response.close()
            line.close()
        for _ in range(_EXEC_LOOKS):
            if not (seen := api.exec_inspect(made))["Running"]:
                break
            time.sleep(_EXEC_LOOK_SECONDS)
    return "" if seen["ExitCode"] == 0 else f"{shown}: status {seen['ExitCode']}"


def _ends(line: int, give_up: float) -> bool:
    """Whether what is printed there comes to its end in time."""
    while (left := give_up - time.monotonic()) > 0:
        readable, _, _ = select.select([line], [], [], left)
        if readable and not os.read(line, _PIECE):
            return True
    return False


def _reason(wrong: Exception) -> str:
    if isinstance(wrong, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(wrong, TimeoutError):
        return "no answer in time"
    if isinstance(wrong, ConnectionResetError | http.client.RemoteDisconnected):
        return "nothing answers there"
    return (wrong.strerror if isinstance(wrong, OSError) else "") or type(wrong).__name__
