"""Speaking to the container engine: one client for each process, and its errors in words."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.types import CancellableStream

from environments.core.ports import EngineError, EngineRefused
from environments.core.sentences import one_line

_SECONDS = 60.0
_CHECK_SECONDS = 5.0
_POOL = 16
_OLDEST = (1, 40)
_START = "Start Docker (systemctl start docker) or Podman's service (systemctl start podman.socket)"
_NO_NETWORK_LEFT = ("non-overlapping", "fully subnetted", "free subnet", "available ip")
_UNAUTHORISED, _CONFLICT, _NOT_FOUND = 401, 409, 404


class Connection:
    """The engine behind a socket. ``socket`` as docker writes it: ``unix:///run/docker.sock``."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._lock = threading.Lock()
        self._made: tuple[int, docker.DockerClient] | None = None

    @property
    def api(self) -> docker.APIClient:
        """The client of this process; raises ``EngineError`` where nobody answers."""
        with self._lock:
            # A worker is forked: its parent's connections are not its own.
            if self._made is None or self._made[0] != os.getpid():
                self._made = os.getpid(), self._connected(_SECONDS)
            return self._made[1].api

    def _connected(self, seconds: float) -> docker.DockerClient:
        with self.telling():
            return docker.DockerClient(
                base_url=self.socket, version="auto", timeout=seconds, max_pool_size=_POOL
            )

    def check(self) -> str:
        """Who answers: "Docker Engine 27.1.1, API 1.46, 8 CPUs, 31 GiB"."""
        try:
            with self.telling():
                client = self._connected(_CHECK_SECONDS)
                try:
                    version, about = client.api.version(), client.api.info()
                finally:
                    client.close()
            return self._described(version, about)
        except (ValueError, TypeError, AttributeError) as strange:
            raise EngineError(self._no_engine()) from strange

    def _described(self, version: dict[str, Any], about: dict[str, Any]) -> str:
        api = str(version.get("ApiVersion", "0"))
        if tuple(int(part) for part in api.split(".")) < _OLDEST:
            least = ".".join(map(str, _OLDEST))
            raise EngineError(
                f"The container engine at {self.socket} speaks API {api}; at least {least} is "
                "needed. Update it."
            )
        parts = {part.get("Name", "") for part in version.get("Components") or ()}
        name = "Podman" if any("Podman" in part for part in parts) else "Docker Engine"
        memory = int(about.get("MemTotal") or 0) / 2**30
        count = about.get("NCPU")
        rootless = ", rootless" if _is_rootless(about) else ""
        return (
            f"{name} {version.get('Version')}, API {api}, {count} CPUs, {memory:.0f} GiB{rootless}"
        )

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What the engine refuses is told as engines tell things."""
        try:
            yield
        except ImageNotFound as missing:
            raise EngineRefused(_sentence(missing)) from missing
        except APIError as wrong:
            raise self._told(wrong) from wrong
        except (DockerException, requests.RequestException, OSError) as away:
            raise EngineError(self._away(away)) from away

    def _told(self, wrong: APIError) -> EngineError:
        text = _sentence(wrong)
        if "no space left" in text.lower():
            return EngineError(f"The container engine's disk is full: {text}. Free some space.")
        if "address already in use" in text or "port is already allocated" in text:
            return EngineError(f"A port is taken: {text}. End what listens there.")
        if any(words in text.lower() for words in _NO_NETWORK_LEFT):
            return EngineError(
                f"The container engine has no network left: {text}. Remove networks that nothing "
                "uses, or give it more addresses."
            )
        if wrong.response is not None and wrong.response.status_code < 500:
            return EngineRefused(f"The container engine refused: {text}")
        return EngineError(f"The container engine failed: {text}")

    def _away(self, away: Exception) -> str:
        text = str(away)
        path = Path(self.socket.removeprefix("unix://"))
        if "PermissionError" in text or "Permission denied" in text:
            return (
                f"This user may not open {path}. Add the user to the group that owns it (often "
                "docker) and start the product again, or use a rootless engine."
            )
        if self.socket.startswith("unix://") and not path.is_socket():
            there = (
                f"{path} is not a socket"
                if path.exists()
                else f"There is no container engine at {path}"
            )
            return f"{there}. {_START}, or correct the socket of the context."
        if "Connection refused" in text:
            return (
                f"Nobody listens at {self.socket}. {_START}, or correct the socket of the context."
            )
        if "timed out" in text.lower() or isinstance(away, requests.Timeout):
            return (
                f"The container engine at {self.socket} does not answer in time. Look at its log."
            )
        if _is_strange(away):
            return self._no_engine()
        return (
            f"The container engine at {self.socket} does not answer ({one_line(text)}). Look "
            "whether it runs, and at the socket of the context."
        )

    def _no_engine(self) -> str:
        return (
            f"What answers at {self.socket} is not a container engine. Correct the socket of the "
            "context."
        )


def _is_strange(away: Exception) -> bool:
    """Whether somebody answered, as no engine does."""
    if "BadStatusLine" in str(away):
        return True
    if not isinstance(away, DockerException):
        return False
    cause = away.__cause__
    if isinstance(cause, APIError):
        return is_missing(cause)
    return not isinstance(cause, requests.ConnectionError | requests.Timeout)


def is_conflict(wrong: APIError) -> bool:
    """Whether the name is taken, or something else was faster."""
    return _status(wrong) == _CONFLICT or "already in use" in _sentence(wrong)


def is_missing(wrong: APIError) -> bool:
    """Whether what was asked for is not there."""
    return _status(wrong) == _NOT_FOUND


def _status(wrong: APIError) -> int:
    return int(wrong.response.status_code) if wrong.response is not None else 0


def _is_rootless(about: dict[str, Any]) -> bool:
    return any("rootless" in str(option) for option in about.get("SecurityOptions") or ())


def _sentence(wrong: APIError) -> str:
    return one_line(str(wrong.explanation or wrong))


__all__ = ["CancellableStream", "Connection", "is_conflict", "is_missing"]
