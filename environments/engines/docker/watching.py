"""What changes, from the engine's own stream of events."""

import os
import threading
import time
from collections import defaultdict
from contextlib import suppress

from environments.core.ports import EngineError
from environments.engines.docker import marks
from environments.engines.docker.connection import CancellableStream, Connection
from environments.engines.docker.marks import Marks

_AGAIN_SECONDS = 1.0
_IDLE_SECONDS = 60.0
"""The stream is closed when nobody has asked for so long."""


class Watch:
    """Counts the events of each namespace; one stream for each process, opened when needed."""

    def __init__(self, connection: Connection, marked: Marks) -> None:
        self._connection, self._marks = connection, marked
        self._changed = threading.Condition()
        self._counts: dict[str, int] = defaultdict(int)
        self._seen: dict[str, int] = {}
        self._process = 0
        self._asked_at = 0.0
        self._stream: CancellableStream | None = None

    def look_begins(self, namespace: str) -> None:
        """What happens from now on is new to whoever looks."""
        self._ensure_open()
        with self._changed:
            self._seen[namespace] = self._counts[namespace]

    def wait(self, namespace: str, seconds: float) -> None:
        """Until something happened since the last look, at most so long."""
        with self._changed:
            seen = self._seen.get(namespace, 0)
            self._changed.wait_for(lambda: self._counts[namespace] != seen, timeout=seconds)

    def _ensure_open(self) -> None:
        self._asked_at = time.monotonic()
        with self._changed:
            if self._process == os.getpid():
                return
            self._process = os.getpid()
        threading.Thread(target=self._follow, daemon=True, name="docker-events").start()

    def _follow(self) -> None:
        while time.monotonic() - self._asked_at < _IDLE_SECONDS:
            with suppress(EngineError, ValueError):
                self._read()
            # What was missed meanwhile may be anything.
            self._notify(None)
            time.sleep(_AGAIN_SECONDS)
        with self._changed:
            self._process = 0

    def _read(self) -> None:
        with self._connection.telling():
            since = int(time.time())
            stream = self._connection.api.events(
                since=since, filters=self._marks.of_installation(), decode=True
            )
            for event in stream:
                attributes = event.get("Actor", {}).get("Attributes", {})
                self._notify(attributes.get(marks.NAMESPACE))
                if time.monotonic() - self._asked_at > _IDLE_SECONDS:
                    stream.close()
                    return

    def _notify(self, namespace: str | None) -> None:
        with self._changed:
            for name in [namespace] if namespace is not None else list(self._counts):
                self._counts[name] += 1
            self._changed.notify_all()
