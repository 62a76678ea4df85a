"""One question to a server: a whole answer in time and of a size, or none."""

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

from environments.core.addresses import leads_to_this_machine

LARGEST = 25 * 1024 * 1024
"""Bytes of an answer that is read."""
_TURNS = 5
"""How often one question may be led elsewhere."""
_PIECE = 64 * 1024


class NoAnswer(Exception):
    """The server did not give a whole answer; the text ends a sentence about it."""


class _Nobody(AuthBase):
    """Keeps what a file of this machine says out of it."""

    def __call__(self, request: Any) -> Any:
        return request


class Response:
    """What came, as the library reads it."""

    def __init__(self, answer: requests.Response, text: str) -> None:
        self.status = answer.status_code
        self._answer, self._text = answer, text

    def getheaders(self) -> Any:
        """By their names."""
        return self._answer.headers.items()

    def read(self) -> str:
        """All of it."""
        return self._text


class Line:
    """Takes the place of the library's own connection, whose body may come for ever."""

    def __init__(self, origin: str, *, seconds: float, here_allowed: bool) -> None:
        self._origin, self._seconds, self._here_allowed = origin, seconds, here_allowed
        self._until = time.monotonic() + seconds
        self._turns = 0
        self._asked: tuple[str, str, Any, dict[str, str]] = ("", "", None, {})

    def request(
        self, verb: str, url: str, content: Any, headers: dict[str, str], stream: bool = False
    ) -> None:
        """What to ask; called again where the answer leads elsewhere."""
        del stream
        self._turns += 1
        if self._turns > _TURNS:
            raise NoAnswer("leads from one address to the next and never to an answer")
        self._asked = verb, url, content, headers

    def getresponse(self) -> Response:
        """The whole answer; ``NoAnswer``."""
        verb, url, content, headers = self._asked
        if not self._here_allowed:
            self._check_where()
        with requests.Session() as session:
            session.auth = _Nobody()
            try:
                with session.request(
                    verb,
                    f"{self._origin}{url}",
                    data=content,
                    headers=headers,
                    timeout=(min(5.0, self._seconds), self._left()),
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    return Response(answer, self._body(answer))
            except (requests.Timeout, ReadTimeoutError) as late:
                raise self._too_late() from late
            except (requests.RequestException, HTTPError) as away:
                raise NoAnswer(f"does not answer ({_reason(away)})") from away

    def _check_where(self) -> None:
        """Nobody may have the product ask its own machine, or what only that reaches."""
        host = urlsplit(self._origin).hostname or ""
        try:
            found = {str(row[4][0]) for row in socket.getaddrinfo(host, None)}
        except OSError as unknown:
            raise NoAnswer("does not answer (its name is not known)") from unknown
        if any(map(leads_to_this_machine, (host, *found))):
            raise NoAnswer("leads to the machine of the product, and is not asked")

    def _body(self, answer: requests.Response) -> str:
        pieces, size = [], 0
        # As it comes: a whole piece of a body that drips is not waited for.
        while piece := answer.raw.read1(_PIECE, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise NoAnswer(f"answers with more than {LARGEST // 1024**2} MiB")
            self._left()
        return b"".join(pieces).decode("utf-8", "replace")

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise self._too_late()
        return left

    def _too_late(self) -> NoAnswer:
        return NoAnswer(f"did not give its whole answer within {self._seconds:.0f} s")

    def close(self) -> None:
        """Nothing is kept open."""


def _reason(away: Exception) -> str:
    text = str(away)
    if isinstance(away, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if "NameResolutionError" in text or "getaddrinfo" in text:
        return "its name is not known"
    if "refused" in text:
        return "nobody listens there"
    return type(away).__name__
