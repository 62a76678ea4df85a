"""What is in a namespace while something is deployed there, kept by watches instead of asking."""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from environments.core.ports import EngineError
from environments.engines.kubernetes.cluster import Cluster
from environments.engines.kubernetes.looking import WATCHED

Objects = Mapping[str, Sequence[Mapping[str, Any]]]

_WATCH_SECONDS = 60
_IDLE_SECONDS = 30.0
"""Watches end when nobody has waited for so long."""
_AGAIN_SECONDS = 0.5


class _Watched:
    """One namespace: a thread for each kind, its objects by name."""

    def __init__(self, cluster: Cluster, namespace: str, labels: Mapping[str, str]) -> None:
        self.process = os.getpid()
        self.asked_at = time.monotonic()
        self._cluster, self._namespace, self._labels = cluster, namespace, labels
        self._changed = threading.Condition()
        self._objects: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._count = self._seen = 0
        for kind in WATCHED:
            threading.Thread(
                target=self._follow, args=(kind,), daemon=True, name=f"watch-{kind}"
            ).start()

    @property
    def is_over(self) -> bool:
        """Whether its threads have been let go."""
        return self.process != os.getpid() or time.monotonic() - self.asked_at > _IDLE_SECONDS

    def objects(self) -> Objects | None:
        """All that is there; None as long as a kind is not known."""
        with self._changed:
            self._seen = self._count
            if len(self._objects) < len(WATCHED):
                return None
            return {kind: list(found.values()) for kind, found in self._objects.items()}

    def wait(self, seconds: float) -> None:
        """Until something changed since the last look, at most so long."""
        self.asked_at = time.monotonic()
        with self._changed:
            self._changed.wait_for(lambda: self._count != self._seen, timeout=seconds)

    def _follow(self, kind: str) -> None:
        while not self.is_over:
            try:
                version, found = self._cluster.version(kind, self._namespace, self._labels)
                self._keep(kind, {one["metadata"]["name"]: one for one in found})
                self._read(kind, version)
            except EngineError:
                # What is kept may be old: it is asked for anew.
                with self._changed:
                    self._objects.pop(kind, None)
                time.sleep(_AGAIN_SECONDS)

    def _keep(self, kind: str, found: dict[str, Mapping[str, Any]]) -> None:
        with self._changed:
            self._objects[kind] = found
            self._count += 1
            self._changed.notify_all()

    def _read(self, kind: str, version: str) -> None:
        """Until the watch ends, or its version is too old for the server."""
        events = self._cluster.watch(
            kind,
            self._namespace,
            labels=self._labels,
            version=version,
            seconds=_WATCH_SECONDS,
        )
        for change, one in events:
            if change == "ERROR" or self.is_over:
                return
            with self._changed:
                found = dict(self._objects.get(kind, {}))
                if change == "DELETED":
                    found.pop(one["metadata"]["name"], None)
                else:
                    found[one["metadata"]["name"]] = one
                self._objects[kind] = found
                self._count += 1
                self._changed.notify_all()


class Watch:
    """The namespaces that somebody waits for."""

    def __init__(self, cluster: Cluster, labels: Mapping[str, str]) -> None:
        self._cluster, self._labels = cluster, labels
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {}

    def wait(self, namespace: str, seconds: float) -> None:
        """Until something changed there since the last look, at most so long."""
        with self._lock:
            self._watched = {name: kept for name, kept in self._watched.items() if not kept.is_over}
            watched = self._watched.get(namespace)
            if watched is None:
                watched = _Watched(self._cluster, namespace, self._labels)
                self._watched[namespace] = watched
        watched.wait(seconds)

    def objects(self, namespace: str) -> Objects | None:
        """What is known without asking; None where nobody waits, or it is not known yet."""
        with self._lock:
            watched = self._watched.get(namespace)
        return None if watched is None or watched.is_over else watched.objects()
