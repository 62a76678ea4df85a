"""Asking GitHub's API: each answer sorted into what it says of the repository, and what not."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import github

from environments.core.ports import (
    GitHostError,
    GitHostLimited,
    GitHostRefused,
    GitHostUnreachable,
    Quota,
)
from environments.core.sentences import one_line
from environments.githosts.github.line import Line, NoAnswer
from environments.githosts.github.place import Place

_PAGES = 100
"""Of one list; each has up to a hundred rows."""
_REMEMBERED, _LARGEST_REMEMBERED = 500, 100_000
"""Answers, and characters of each."""
_SECONDARY_SECONDS = 60.0
"""How long to be silent where a secondary limit names no time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``data`` is None where there is nothing of the name."""

    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def next_page(self) -> str:
        """Where the list goes on, or ""."""
        for part in self.headers.get("link", "").split(","):
            address, _, relation = part.partition(";")
            if 'rel="next"' in relation:
                return address.strip().strip("<>")
        return ""


@dataclass(slots=True)
class _Known:
    """An answer, and by what mark to ask whether it still holds."""

    mark: str
    answer: Answer


class Asking:
    """A GitHub, asked as one person, as one installation of an App, or (None) as nobody."""

    def __init__(self, place: Place, auth: Any, *, seconds: float, here_allowed: bool) -> None:
        self.place = place
        self._seconds, self._here_allowed = seconds, here_allowed
        client = github.Github(
            auth=auth,
            base_url=place.api,
            timeout=int(seconds),
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        # Any: what it asks by is a line of our own.
        self._requester: Any = client.requester
        parts = urlsplit(place.api)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()
        self._silent_until = 0.0
        self.quota: Quota | None = None

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """What is there; asked with the mark of what is known, which costs nothing if it holds."""
        key = f"{path}?{json.dumps(dict(parameters or {}), sort_keys=True)}"
        known = self._known.get(key)
        headers = {"If-None-Match": known.mark} if known else {}
        status, received, text = self._asked("GET", path, parameters, headers)
        if status == HTTPStatus.NOT_MODIFIED and known:
            return known.answer
        answer = Answer(self._data(status, received, text), received)
        is_small = len(text) <= _LARGEST_REMEMBERED
        if is_small and (mark := received.get("etag")) and answer.data is not None:
            with self._lock:
                while len(self._known) >= _REMEMBERED:
                    self._known.pop(next(iter(self._known)))
                self._known[key] = _Known(mark, answer)
        return answer

    def rows(self, path: str, key: str = "") -> Iterator[Mapping[str, Any]]:
        """Every row of a list, page by page. A page that was promised and is empty is no answer."""
        answer = self.get(path, {"per_page": 100})
        for _ in range(_PAGES):
            rows = answer.data.get(key) if key and isinstance(answer.data, dict) else answer.data
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise self._strange()
            yield from rows
            if not answer.next_page:
                return
            answer = self.get(answer.next_page)
            if not (answer.data.get(key) if key and answer.data else answer.data):
                raise GitHostUnreachable(
                    f"{self.place.name} did not give the whole list that it began. Try again."
                )
        raise GitHostUnreachable(
            f"{self.place.name} gives more than {_PAGES * 100} rows of {path}. "
            "Nothing is taken from a list that was not read to its end."
        )

    def graphql(self, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The whole answer: data, and errors beside it."""
        asked = {"query": query, "variables": dict(variables)}
        found = self._asked("POST", self._requester.graphql_url, None, {}, asked)
        data = self._data(*found)
        if not isinstance(data, dict) or not isinstance(data.get("data"), dict):
            kinds = [row.get("type") for row in data.get("errors", [])] if data else []
            if "RATE_LIMITED" in kinds:
                raise self._limited(found[1])
            raise self._strange()
        return cast(Mapping[str, Any], data)

    def send(self, verb: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """Make, change or remove something; what GitHub says of it."""
        return self._data(*self._asked(verb, path, None, {}, content))

    def _asked(
        self,
        verb: str,
        path: str,
        parameters: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        content: Mapping[str, Any] | None = None,
    ) -> tuple[int, Mapping[str, str], str]:
        if time.time() < self._silent_until:
            raise self._told_limit()
        line = Line(self._origin, seconds=self._seconds, here_allowed=self._here_allowed)
        try:
            status, received, text = self._requester.requestJson(
                verb, path, dict(parameters or {}), dict(headers), content, cnx=line
            )
        except NoAnswer as away:
            raise GitHostUnreachable(
                f"{self.place.name} {away}. What is known of its repositories is kept."
            ) from away
        except GitHostError:
            raise
        except Exception as wrong:  # of the library: many kinds, such as for a redirect elsewhere
            raise GitHostUnreachable(
                f"{self.place.name} cannot be asked: {one_line(str(wrong))[:300]}."
            ) from wrong
        self._count(received)
        return status, received, text

    def _count(self, headers: Mapping[str, str]) -> None:
        try:
            self.quota = Quota(
                limit=int(headers["x-ratelimit-limit"]),
                remaining=int(headers["x-ratelimit-remaining"]),
                renewed_at=float(headers["x-ratelimit-reset"]),
            )
        except (KeyError, ValueError):
            return

    def _data(self, status: int, headers: Mapping[str, str], text: str) -> Any:
        """What it says; None for what is not there."""
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) and _is_json(headers):
            return None
        if status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(status, headers, text)
        if not text.strip() and status == HTTPStatus.NO_CONTENT:
            return {}
        try:
            return json.loads(text)
        except ValueError:
            raise self._strange() from None

    def _refusal(self, status: int, headers: Mapping[str, str], text: str) -> GitHostError:
        said = _message(text)
        name = self.place.name
        if status == HTTPStatus.UNAUTHORIZED:
            return GitHostUnreachable(
                f"{name} does not accept the credentials of this connection ({said}): they are "
                "wrong, or have expired or been taken back. Renew them in the account's settings."
            )
        is_limit = headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()
        if status == HTTPStatus.TOO_MANY_REQUESTS or (
            status == HTTPStatus.FORBIDDEN and (is_limit or "retry-after" in headers)
        ):
            return self._limited(headers)
        if status == HTTPStatus.FORBIDDEN:
            return GitHostUnreachable(
                f"{name} does not let this connection do that: {said}. Give it the rights that the "
                "documentation names."
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not _is_json(headers):
            return GitHostUnreachable(
                f"{name} answers with an error of its own (HTTP {status}). Try again later."
            )
        return GitHostRefused(f"{name} refuses it: {said}.")

    def _limited(self, headers: Mapping[str, str]) -> GitHostError:
        """From now on nothing is asked until then."""
        now = time.time()
        until = now + _SECONDARY_SECONDS
        try:
            if "retry-after" in headers:
                until = now + float(headers["retry-after"])
            elif headers.get("x-ratelimit-remaining") == "0":
                until = float(headers["x-ratelimit-reset"])
        except (KeyError, ValueError):
            pass
        self._silent_until = max(self._silent_until, min(until, now + 3600.0))
        return self._told_limit()

    def _told_limit(self) -> GitHostError:
        then = datetime.fromtimestamp(self._silent_until, UTC)
        return GitHostLimited(
            f"{self.place.name} has answered as often as it does for this connection. It is asked "
            f"again at {then:%H:%M:%S} UTC.",
            until=self._silent_until,
        )

    def _strange(self) -> GitHostError:
        return GitHostUnreachable(
            f"{self.place.name} gave an answer that cannot be read. Something between here and "
            "there may have written it; try again later."
        )


def _is_json(headers: Mapping[str, str]) -> bool:
    return "json" in headers.get("content-type", "")


def _message(text: str) -> str:
    try:
        return one_line(str(json.loads(text)["message"]))[:300].rstrip(".")
    except (ValueError, KeyError, TypeError):
        return "it does not say why"
