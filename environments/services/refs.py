"""What repositories have: asked side by side, remembered for a short while for pages."""

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from environments import wiring
from environments.core.ports import GitHostError, GitHostUnreachable, Refs
from environments.models import Application

FRESH_SECONDS = 30.0
PATIENCE_SECONDS = 5.0
_POOL = ThreadPoolExecutor(max_workers=16, thread_name_prefix="refs")
Key = tuple[str, str]
"""The kind of a git host, and a repository's URL."""
_ANSWERS: dict[Key, "Answer"] = {}
_ASKED: dict[Key, "Future[None]"] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a repository: ``refs`` None and an ``error`` where nothing is.

    ``asked_at`` (monotonic seconds) is of the refs; with both refs and error, the refs are an
    older answer that the host could not renew.
    """

    refs: Refs | None
    error: str
    asked_at: float

    @property
    def age(self) -> float:
        """Seconds since the refs were read."""
        return time.monotonic() - self.asked_at


def known_refs(applications: Iterable[Application]) -> Mapping[int, Answer]:
    """Refs by application key, at most 30 s old where the host answers within 5 s in all."""
    wanted = {app.pk: _key(app) for app in applications}
    stale = {key for key in wanted.values() if not _is_fresh(key)}
    futures = {key: _asking(key) for key in stale}
    wait(futures.values(), timeout=PATIENCE_SECONDS)
    for key, future in futures.items():
        if not future.done():
            _remember(key, _without_answer(key, "it did not answer within 5 s"))
    with _LOCK:
        return {pk: _ANSWERS[key] for pk, key in wanted.items()}


def _asking(key: Key) -> "Future[None]":
    """The question to this repository: one at a time, or a silent one would use up the pool."""
    with _LOCK:
        asked = _ASKED.get(key)
        if asked is None or asked.done():
            asked = _ASKED[key] = _POOL.submit(_ask, key)
        return asked


def fresh_refs(application: Application) -> Refs:
    """What the repository has now; raises ``GitHostError``."""
    refs = wiring.git_host(application.git_host).refs(application.repository_url)
    _remember(_key(application), Answer(refs, "", time.monotonic()))
    return refs


def _key(application: Application) -> Key:
    return application.git_host, application.repository_url


def _is_fresh(key: Key) -> bool:
    with _LOCK:
        answer = _ANSWERS.get(key)
    return answer is not None and not answer.error and answer.age < FRESH_SECONDS


def _ask(key: Key) -> None:
    kind, url = key
    try:
        answer = Answer(wiring.git_host(kind).refs(url), "", time.monotonic())
    except GitHostUnreachable as silent:
        answer = _without_answer(key, str(silent))
    except GitHostError as refused:
        answer = Answer(None, str(refused), time.monotonic())
    _remember(key, answer)


def _without_answer(key: Key, error: str) -> Answer:
    with _LOCK:
        earlier = _ANSWERS.get(key)
    if earlier is not None and earlier.refs is not None:
        return Answer(earlier.refs, error, earlier.asked_at)
    return Answer(None, error, time.monotonic())


def _remember(key: Key, answer: Answer) -> None:
    with _LOCK:
        _ANSWERS[key] = answer


def forget() -> None:
    """Know nothing of any repository."""
    with _LOCK:
        _ANSWERS.clear()
        _ASKED.clear()
