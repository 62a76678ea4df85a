"""What repositories have: asked side by side, remembered for a short while for pages."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from environments import wiring
from environments.core.ports import Forge, GitHost, GitHostError, GitHostUnreachable, Refs
from environments.models import Application

FRESH_SECONDS = 30.0
PATIENCE_SECONDS = 5.0
_POOL = ThreadPoolExecutor(max_workers=16, thread_name_prefix="refs")
Key = tuple[str, str]
"""The kind of a git host or the key of a connection, and a repository's URL."""
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


def known_refs(applications: Collection[Application]) -> Mapping[int, Answer]:
    """Refs by application key, at most 30 s old where the host answers within 5 s in all."""
    wanted = {app.pk: _key(app) for app in applications}
    hosts = {_key(app): app for app in applications if not _is_fresh(_key(app))}
    futures = _asking({key: wiring.repositories_of(app) for key, app in hosts.items()})
    wait(futures.values(), timeout=PATIENCE_SECONDS)
    for key, future in futures.items():
        if not future.done():
            _remember(key, _without_answer(key, "it did not answer within 5 s"))
    with _LOCK:
        return {pk: _ANSWERS[key] for pk, key in wanted.items()}


def _asking(hosts: Mapping[Key, GitHost]) -> Mapping[Key, "Future[None]"]:
    """The questions to these repositories: one at a time for each, or a silent one would use up
    the pool. What one forge is to be asked is one question."""
    found: dict[Key, Future[None]] = {}
    together: dict[int, tuple[Forge, list[Key]]] = {}
    with _LOCK:
        for key, host in hosts.items():
            asked = _ASKED.get(key)
            if asked is not None and not asked.done():
                found[key] = asked
            elif isinstance(host, Forge):
                together.setdefault(id(host), (host, []))[1].append(key)
            else:
                found[key] = _ASKED[key] = _POOL.submit(_ask, host, key)
        for forge, keys in together.values():
            asked = _POOL.submit(_ask_all, forge, keys)
            found.update(dict.fromkeys(keys, asked))
            _ASKED.update(dict.fromkeys(keys, asked))
    return found


def fresh_refs(application: Application) -> Refs:
    """What the repository has now; raises ``GitHostError``."""
    refs = wiring.repositories_of(application).refs(application.repository_url)
    _remember(_key(application), Answer(refs, "", time.monotonic()))
    return refs


def _key(application: Application) -> Key:
    connection = application.connection_id
    kind = application.git_host if connection is None else f"connection {connection}"
    return kind, application.repository_url


def _is_fresh(key: Key) -> bool:
    with _LOCK:
        answer = _ANSWERS.get(key)
    return answer is not None and not answer.error and answer.age < FRESH_SECONDS


def _ask(host: GitHost, key: Key) -> None:
    try:
        told: Refs | GitHostError = host.refs(key[1])
    except GitHostError as wrong:
        told = wrong
    _remember(key, _answer(key, told))


def _ask_all(forge: Forge, keys: Sequence[Key]) -> None:
    for url, told in forge.refs_of([url for _, url in keys]).items():
        for key in keys:
            if key[1] == url:
                _remember(key, _answer(key, told))


def _answer(key: Key, told: Refs | GitHostError) -> Answer:
    if isinstance(told, GitHostUnreachable):
        return _without_answer(key, str(told))
    if isinstance(told, GitHostError):
        return Answer(None, str(told), time.monotonic())
    return Answer(told, "", time.monotonic())


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
