"""Probes: asks a process whether it is well, on the port that it was given."""

import http.client
import socket
import subprocess
from collections.abc import Mapping
from typing import Any

LOOPBACK = "127.0.0.1"


def ask(
    probe: Mapping[str, Any],
    *,
    ports: Mapping[str, int],
    folder: str,
    variables: Mapping[str, str],
) -> str:
    """ "" when the probe is answered, else what was asked and what came instead.

    ``probe`` as Kubernetes writes it; ``ports``: the given port by declared target port.
    """
    seconds = max(float(probe.get("timeoutSeconds") or 1), 0.1)
    if "httpGet" in probe:
        port, path = probe["httpGet"]["port"], probe["httpGet"].get("path") or "/"
        return _http(ports.get(str(port), int(port)), path, seconds)
    if "tcpSocket" in probe:
        port = probe["tcpSocket"]["port"]
        return _tcp(ports.get(str(port), int(port)), seconds)
    return _exec(list(probe["exec"]["command"]), folder, variables, seconds)


def _http(port: int, path: str, seconds: float) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Host": "localhost", "Connection": "close"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as wrong:
        return f"GET {path} on port {port}: {_reason(wrong)}"
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"GET {path} on port {port}: status {status}"


def _tcp(port: int, seconds: float) -> str:
    try:
        socket.create_connection((LOOPBACK, port), timeout=seconds).close()
    except OSError as wrong:
        return f"port {port}: {_reason(wrong)}"
    return ""


def _exec(command: list[str], folder: str, variables: Mapping[str, str], seconds: float) -> str:
    shown = " ".join(command)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=dict(variables),
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"{shown}: no end within {seconds:g} s"
    except OSError as wrong:
        return f"{shown}: {_reason(wrong)}"
    return "" if done.returncode == 0 else f"{shown}: status {done.returncode}"


def _reason(wrong: Exception) -> str:
    if isinstance(wrong, ConnectionRefusedError):
        return "nothing listens there (listen on $PORT)"
    if isinstance(wrong, TimeoutError):
        return "no answer in time"
    return (wrong.strerror if isinstance(wrong, OSError) else "") or type(wrong).__name__
