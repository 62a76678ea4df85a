"""Real repositories on disk, and servers on loopback that behave as git hosts do on bad days."""

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from environments.githosts.git import GitRepositories
from tests.githosts.repository import Repository
from tests.github.server import GitHubServer, github

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "origin")


@pytest.fixture
def host(tmp_path: Path) -> GitRepositories:
    return GitRepositories(
        tmp_path / "cache", local_allowed=True, answer_seconds=20, transfer_seconds=30
    )


@pytest.fixture
def dead_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Start HTTP servers that answer every GET with a function; gives the URL of each."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        handler = type(
            "Handler",
            (http.server.BaseHTTPRequestHandler,),
            {"do_GET": lambda self: answer(self), "log_message": lambda *_: None},
        )
        return _started(servers, handler)

    yield start
    _stop(servers)


@pytest.fixture
def serve_folder() -> Iterator[Callable[[Path], str]]:
    """Serve a folder's files over HTTP, as the oldest kind of git host does."""
    servers: list[http.server.ThreadingHTTPServer] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    yield lambda folder: _started(servers, partial(Handler, directory=str(folder)))
    _stop(servers)


def _started(servers: list[http.server.ThreadingHTTPServer], handler: Callable[..., object]) -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    servers.append(server)
    return f"http://127.0.0.1:{server.server_port}"


def _stop(servers: list[http.server.ThreadingHTTPServer]) -> None:
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with github() as server:
        yield server


@pytest.fixture
def shop(server: GitHubServer, tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "shop")
    repository.commit("First", file="x")
    server.add("acme/shop", repository.folder, is_private=True)
    return repository
