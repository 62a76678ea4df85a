"""A command run in a pod, over a websocket to the API server."""

import json
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import httpx2
from lightkube import SingleConfig
from lightkube.config import client_adapter
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from environments.core.ports import EngineError
from environments.engines.kubernetes import tunnel
from environments.engines.kubernetes.connection import Connection
from environments.guarded import Run

_PROTOCOLS = [Subprotocol("v5.channel.k8s.io"), Subprotocol("v4.channel.k8s.io")]
"""Only the fifth can end the input alone, which nobody needs here: the whole line is ended."""
_INPUT, _OUTPUT, _ERRORS, _STATUS, _SIZE = b"\x00", 1, 2, 3, b"\x04"
_SECONDS = 15.0


def in_pod(connection: Connection, namespace: str, pod: str) -> Run:
    """Starts commands in the container of this pod."""

    def run(command: Sequence[str], has_screen: bool) -> PodCommand:
        asked = {
            "command": list(command),
            "stdin": "true",
            "stdout": "true",
            "stderr": str(not has_screen).lower(),
            "tty": str(has_screen).lower(),
        }
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        return PodCommand(opened(connection, path, asked))

    return run


def opened(connection: Connection, path: str, asked: Mapping[str, Any]) -> ClientConnection:
    """A websocket to the API server; ``EngineError`` where it lets nobody in."""
    config = connection.config()
    address = httpx2.URL(f"{config.cluster.server.rstrip('/')}{path}").copy_with(
        query=urlencode(asked, doseq=True).encode()
    )
    request = httpx2.Request("GET", address)
    if auth := client_adapter.user_auth(config.user):
        request = next(auth.sync_auth_flow(request))
    headers = {
        name: request.headers[name] for name in ("Authorization",) if name in request.headers
    }
    try:
        return connect(
            str(address.copy_with(scheme="ws")),
            sock=_connected(config, address),
            legacy=True,
            subprotocols=_PROTOCOLS,
            additional_headers=headers,
            compression=None,
            max_size=None,
            open_timeout=_SECONDS,
            close_timeout=1,
            proxy=None,
        )
    except InvalidStatus as refused:
        raise EngineError(f"The cluster opens no terminal: {_told(refused)}.") from refused
    except (InvalidHandshake, OSError, TimeoutError) as away:
        raise EngineError(f"The cluster opens no terminal: {away}.") from away


def _connected(config: SingleConfig, address: httpx2.URL) -> socket.socket:
    if address.scheme != "https":
        return socket.create_connection((address.host, address.port or 80), timeout=_SECONDS)
    assert config.user is not None
    secure = client_adapter.verify_cluster(config.cluster, config.user, config.abs_file)
    return tunnel.opened(address.host, address.port or 443, secure, seconds=_SECONDS)


def _told(refused: InvalidStatus) -> str:
    with suppress(ValueError, AttributeError, TypeError):
        return str(json.loads(refused.response.body or b"")["message"])
    return f"HTTP {refused.response.status_code}"


class PodCommand:
    """Fulfils ``guarded.Command``."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._ended = threading.Event()
        self._status: Mapping[str, Any] = {}
        self._reading = threading.Lock()

    def read(self) -> bytes:
        """What comes on the channels of its output."""
        with self._reading:
            while True:
                try:
                    message = self._line.recv()
                except (ConnectionClosed, OSError):
                    self._ended.set()
                    return b""
                frame = message.encode() if isinstance(message, str) else message
                channel, content = frame[0] if frame else -1, frame[1:]
                if channel == _STATUS:
                    with suppress(ValueError):
                        self._status = json.loads(content)
                    self._ended.set()
                elif channel in (_OUTPUT, _ERRORS) and content:
                    return content

    def write(self, typed: bytes) -> None:
        """Its input."""
        self._send(_INPUT + typed)

    def _send(self, frame: bytes) -> None:
        with suppress(ConnectionClosed, OSError):
            self._line.send(frame)

    def resize(self, *, rows: int, columns: int) -> None:
        """Of its screen."""
        self._send(_SIZE + json.dumps({"Width": columns, "Height": rows}).encode())

    def is_running(self) -> bool:
        """Until its status has come, or the line has ended."""
        return not self._ended.is_set()

    def ended_with(self) -> int | None:
        """What its status says."""
        if self._status.get("status") == "Success":
            return 0
        causes = (self._status.get("details") or {}).get("causes") or ()
        for cause in causes:
            if cause.get("reason") == "ExitCode":
                return int(cause.get("message") or 1)
        return None

    def close(self) -> None:
        """End the line, and with it the input; let whoever reads or writes go."""
        self._ended.set()
        with suppress(OSError):  # whoever is in the middle of sending would keep a close waiting
            self._line.socket.shutdown(socket.SHUT_RDWR)
        with suppress(ConnectionClosed, OSError):
            self._line.close()
