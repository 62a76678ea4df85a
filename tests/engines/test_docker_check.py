"""What somebody is told who connects to a container engine: each diagnosis by a real socket."""

import json
import os
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from environments.core.ports import EngineError
from environments.engines.docker import connection
from environments.engines.docker.engine import DockerEngine

ALIVE = {"Version": "19.03.0", "MinAPIVersion": "1.24", "Components": [{"Name": "Engine"}]}


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a socket may be: short, as its path has a limit, and open to everybody."""
    with tempfile.TemporaryDirectory(prefix="rc-check-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "engine.sock"


class Answering(BaseHTTPRequestHandler):
    """Answers everything with what the server is to say."""

    def do_GET(self) -> None:
        """As an engine, or as something else."""
        said = self.server.says  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def address_string(self) -> str:
        """A unix socket has none."""
        return "nobody"

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


class Listener(socketserver.ThreadingUnixStreamServer):
    """Listens at the place."""

    daemon_threads = True

    def __init__(self, place: Path, says: bytes, handler: type = Answering) -> None:
        super().__init__(str(place), handler)
        self.says = says
        threading.Thread(target=self.serve_forever, daemon=True).start()


def told(place: Path) -> str:
    """Why there is no connection."""
    with pytest.raises(EngineError) as wrong:
        DockerEngine(f"unix://{place}", installation="0badcafe").check()
    return str(wrong.value)


def test_a_socket_that_is_not_there_is_said_with_what_to_start(place: Path) -> None:
    assert told(place).startswith(f"There is no container engine at {place}. Start Docker")


def test_a_socket_that_nobody_listens_at_any_more_is_said(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(place))
    said = told(place)
    assert said.startswith(f"Nobody listens at unix://{place}. ")
    assert "systemctl start docker" in said


def test_a_file_in_its_place_is_no_engine(place: Path) -> None:
    place.write_text("not a socket")
    assert told(place).startswith(f"{place} is not a socket.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_socket_that_this_user_may_not_open_is_said_with_the_group(place: Path) -> None:
    with Listener(place, b"{}"):
        place.parent.chmod(0o700)
        os.seteuid(65_534)
        try:
            said = told(place)
        finally:
            os.seteuid(0)
    assert said.startswith(f"This user may not open {place}.")
    assert "the group" in said


def test_an_engine_that_is_too_old_is_said_with_both_versions(place: Path) -> None:
    with Listener(place, json.dumps({**ALIVE, "ApiVersion": "1.39"}).encode()):
        said = told(place)
    assert "speaks API 1.39; at least 1.40 is needed" in said
    assert "Update it." in said


@pytest.mark.parametrize(
    "says",
    [b"<html>hello</html>", b'"hello"', b'{"hello": 1}', b"[]", b'{"ApiVersion": "new"}'],
)
def test_another_server_is_no_engine(place: Path, says: bytes) -> None:
    with Listener(place, says):
        said = told(place)
    assert said.startswith(f"What answers at unix://{place} is not a container engine")


def test_another_protocol_is_no_engine(place: Path) -> None:
    class Banner(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"* OK mail server ready\r\n")

    with Listener(place, b"", Banner):
        said = told(place)
    assert said.startswith(f"What answers at unix://{place} is not a container engine")


def test_who_hangs_up_is_no_engine(place: Path) -> None:
    class Silent(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1)

    with Listener(place, b"", Silent):
        said = told(place)
    assert f"unix://{place}" in said
    assert "docker.errors" not in said
    assert "Traceback" not in said


def test_who_never_answers_is_said_in_time(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_CHECK_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(place))
        deaf.listen(5)
        assert told(place).startswith(f"The container engine at unix://{place} does not answer in")
