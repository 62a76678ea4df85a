"""What is known of the engines that contexts name."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from environments import wiring
from environments.core.ports import EngineError
from environments.core.sockets import is_address
from environments.models import Context


@dataclass(frozen=True, slots=True)
class Connection:
    """What came of asking an engine who it is; ``error``: why it could not be asked."""

    answer: str
    error: str = ""


def connection_of(context: Context) -> Connection:
    """Ask the engine of the context now."""
    try:
        return Connection(wiring.engine_of(context).check())
    except EngineError as away:
        return Connection("", str(away))


def found_sockets() -> list[str]:
    """Addresses of container engines that there are on this machine, the likeliest first."""
    if "docker" not in settings.ENGINES:
        return []
    return [one for one in settings.RELEASECLONE.container_sockets if _is_there(one)]


def known_clusters() -> list[str]:
    """The names that a context may give to the clusters of this installation."""
    return wiring.clusters()


def _is_there(address: str) -> bool:
    if not is_address(address):
        return False
    path = address.removeprefix("unix://")
    try:
        return path == address or Path(path).is_socket()
    except PermissionError:  # in a folder of somebody else
        return False
