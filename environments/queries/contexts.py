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


def _is_there(address: str) -> bool:
    path = address.removeprefix("unix://")
    return is_address(address) and (path == address or Path(path).is_socket())
