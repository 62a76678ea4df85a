"""The ground that containers stand on: the network and the volumes of a namespace."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from docker.errors import APIError

from environments.core.ports import Manifest
from environments.engines.docker.connection import Connection, is_missing
from environments.engines.docker.marks import Marks

Made = Mapping[str, Any]


class Ground:
    """Makes what is missing of it, each once: an engine may take two networks of one name."""

    def __init__(self, connection: Connection, marked: Marks) -> None:
        self._connection, self._marks = connection, marked
        self._lock = threading.Lock()

    def network(self, namespace: str) -> str:
        """The namespace's network; what this machine is called inside it."""
        name = self._marks.network(namespace)
        made = self._had(
            lambda: self._connection.api.inspect_network(name),
            lambda: self._connection.api.create_network(
                name, driver="bridge", check_duplicate=True, labels=self._marks.labels(namespace)
            ),
        )
        return gateway_of(made)

    def volume(self, namespace: str, claim: Manifest) -> None:
        """The volume of this claim."""
        name = self._marks.volume(namespace, claim["metadata"]["name"])
        own = {key: str(value) for key, value in claim["metadata"].get("labels", {}).items()}
        labels = {**own, **self._marks.labels(namespace)}
        self._had(
            lambda: self._connection.api.inspect_volume(name),
            lambda: self._connection.api.create_volume(name, labels=labels),
        )

    def forget_volume(self, name: str) -> None:
        """Remove it with its data; it may be gone already."""
        with self._connection.telling():
            try:
                self._connection.api.remove_volume(name, force=True)
            except APIError as wrong:
                if not is_missing(wrong):
                    raise

    def _had(self, inspect: Callable[[], Made], create: Callable[[], object]) -> Made:
        with self._lock, self._connection.telling():
            try:
                return inspect()
            except APIError as wrong:
                if not is_missing(wrong):
                    raise
            try:
                create()
            except APIError as refused:
                # Another worker may have been faster: then it is there.
                return _or_raise(inspect, refused)
            return inspect()


def _or_raise(inspect: Callable[[], Made], refused: APIError) -> Made:
    try:
        return inspect()
    except APIError:
        raise refused from None


def gateway_of(network: Made) -> str:
    """What this machine is called in a network, "" where it has no name there."""
    pools = (network.get("IPAM") or {}).get("Config") or ()
    return next((pool["Gateway"] for pool in pools if pool.get("Gateway")), "")
