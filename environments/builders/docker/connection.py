"""Speaking to the engine that builds, and its streams of progress."""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import docker
import requests
from docker.errors import APIError, DockerException

from environments.core.ports import BuildError, Stopped, Unwanted

_SECONDS = 60.0
_SILENCE_SECONDS = 0.5
"""How often it is asked whether a stream is still wanted."""


class Connection:
    """The engine behind a socket, one client for each process."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._lock = threading.Lock()
        self._made: tuple[int, docker.DockerClient] | None = None

    @property
    def api(self) -> docker.APIClient:
        """The client of this process; raises ``BuildError`` where nobody answers."""
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                with self.telling():
                    client = docker.DockerClient(
                        base_url=self.socket, version="auto", timeout=_SECONDS
                    )
                self._made = os.getpid(), client
            return self._made[1].api

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What the engine refuses is told as builders tell things."""
        try:
            yield
        except APIError as wrong:
            raise BuildError(sentence(str(wrong.explanation or wrong))) from wrong
        except (DockerException, requests.RequestException, OSError) as away:
            raise BuildError(
                f"The container engine at {self.socket} does not answer "
                f"({sentence(str(away))}). Look whether it runs."
            ) from away

    def stream(
        self,
        path: str,
        *,
        unwanted: Unwanted,
        params: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        sent: IO[bytes] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """What the engine tells while it works, piece by piece; ``Stopped`` as soon as it is not
        wanted any more: the connection is closed then, which ends the work on Docker Engine, and
        on Podman at the latest after the step that it is at."""
        api = self.api
        with self.telling():
            answer = api.post(
                f"{api.base_url}/v{api.api_version}{path}",
                params=dict(params),
                headers=dict(headers or {}),
                data=sent,
                stream=True,
                timeout=(_SECONDS, None),
            )
        pieces = _Pieces(answer)
        try:
            if not answer.ok:
                raise BuildError(sentence(answer.text))
            while True:
                if unwanted():
                    raise Stopped
                piece = pieces.next(_SILENCE_SECONDS)
                if piece is _END:
                    return
                if isinstance(piece, Exception):
                    with self.telling():
                        raise piece
                if piece is not None:
                    yield json.loads(piece)
        finally:
            answer.close()


_END = object()


class _Pieces:
    """Reads a stream beside whoever waits for it, so that waiting can end at any time."""

    def __init__(self, answer: requests.Response) -> None:
        self._answer = answer
        self._here = threading.Condition()
        self._read: list[Any] = []
        threading.Thread(target=self._follow, daemon=True, name="builder-stream").start()

    def _follow(self) -> None:
        try:
            for line in self._answer.iter_lines(chunk_size=1):
                if line.strip():
                    self._add(line)
            self._add(_END)
        except Exception as broken:  # noqa: BLE001 - told to whoever waits
            self._add(broken)

    def _add(self, piece: Any) -> None:
        with self._here:
            self._read.append(piece)
            self._here.notify_all()

    def next(self, seconds: float) -> Any:
        """The next piece; None where none came in this time."""
        with self._here:
            if self._here.wait_for(lambda: self._read, timeout=seconds):
                return self._read.pop(0)
        return None


def sentence(text: str) -> str:
    """The first thing that an engine says, in one line."""
    try:
        form = json.loads(text)
        text = str(form.get("message") or form.get("cause") or text)
    except (ValueError, AttributeError):
        pass
    line = " ".join(text.split()).strip()
    return line if len(line) <= 600 else f"{line[:600]}…"
