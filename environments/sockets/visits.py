"""Who comes by a websocket, from where and to what: looked up at the door, and again and again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from asgiref.typing import WebSocketScope
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.urls import Resolver404, resolve

from environments.actions.asking import (
    Actor,
    NotAllowed,
    actor_for,
    require_terminal_opener,
)
from environments.models import Environment
from environments.queries.accounts import Unseen, account_for
from environments.queries.environments import environment_of

ADDRESS = "terminal"
"""Name of the address of the page; its websocket has the same."""
_LONGEST_SIDE = 1000


class Refusal(Exception):
    """Not for this visitor: ``status`` as pages would answer, ``sentence`` for a person."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@dataclass(frozen=True, slots=True)
class Visit:
    """What a handshake asks for: whose session, which instance, on what screen."""

    session_key: str
    account: str
    env_id: str
    instance: str
    shell: str
    rows: int
    columns: int


def read(scope: WebSocketScope) -> Visit:
    """The visit that a handshake announces; ``Refusal`` for one from another site."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if not _is_from_here(headers, scope["scheme"]):
        raise Refusal(403, "A terminal opens from a page of this installation alone.")
    try:
        found = resolve(scope["path"])
    except Resolver404:
        found = None
    if found is None or found.url_name != ADDRESS:
        raise Refusal(404, "There is no terminal at this address.")
    asked = parse_qs(scope["query_string"].decode("latin-1"))
    return Visit(
        session_key=_session_key(headers),
        shell=asked.get("shell", [""])[0],
        rows=_side(asked, "rows", 24),
        columns=_side(asked, "columns", 80),
        **found.kwargs,
    )


def _is_from_here(headers: Mapping[bytes, bytes], scheme: str) -> bool:
    """Whether a page of this site asks, under a name that this site answers to."""
    host = headers.get(b"host", b"").decode("latin-1")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    own = f"{'https' if scheme == 'wss' else 'http'}://{host}"
    origin = headers.get(b"origin", b"").decode("latin-1")
    return origin.lower() in (own.lower(), settings.RELEASECLONE.public_url.lower())


def _session_key(headers: Mapping[bytes, bytes]) -> str:
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""


def _side(asked: Mapping[str, list[str]], name: str, default: int) -> int:
    text = asked.get(name, [""])[0]
    size = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else default
    return min(max(size, 1), _LONGEST_SIDE)


def admit(visit: Visit) -> tuple[Actor, Environment]:
    """The person and the environment of the visit, as they are now; else ``Refusal``."""
    with _own_connection():
        request = HttpRequest()
        request.session = SessionStore(visit.session_key)
        user = get_user(request)
        if isinstance(user, AnonymousUser):
            raise Refusal(401, "You are not signed in any more.")
        try:
            actor = actor_for(user, account_for(user, visit.account))
            environment = environment_of(actor.account, visit.env_id)
        except (Unseen, NotAllowed) as unseen:
            raise Refusal(404, "This environment is not there for you any more.") from unseen
        if environment.removed_at is not None:
            raise Refusal(404, f"{environment.name} has been removed.")
        try:
            require_terminal_opener(actor, environment)
        except NotAllowed as forbidden:
            raise Refusal(403, str(forbidden)) from forbidden
        return actor, environment


@contextmanager
def _own_connection() -> Iterator[None]:
    """These threads live for one terminal: none keeps a connection to the database."""
    try:
        yield
    finally:
        connections.close_all()
