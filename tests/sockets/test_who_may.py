"""Whom the door of terminals lets in, from where, and for how long."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from threading import Lock

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.fixtures import Settings

from environments.models import Environment, Event, Membership, Role
from environments.sockets import attending, visits
from tests.sockets.conftest import Socket
from tests.world import World

REVOKED_WITHIN = 10
STATUSES = {
    "anonymous": 401,
    "stranger": 404,
    "other member": 403,
    "accessor": 101,
    "own member": 101,
    "owner": 101,
}


@pytest.mark.parametrize("person", STATUSES)
def test_each_person_gets_what_the_table_says(
    people: dict[str, Client], path: str, person: str
) -> None:
    async def knock() -> int:
        socket = Socket(path, people[person])
        status = await socket.open()
        if status == 101:
            await socket.leave()
        return status

    assert asyncio.run(knock()) == STATUSES[person]
    opened = Event.objects.filter(what__startswith="opened a terminal").count()
    assert opened == (STATUSES[person] == 101)


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "status"),
    [
        ("http://localhost", "localhost", "ws", 101),
        ("HTTP://LOCALHOST", "localhost", "ws", 101),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "ws", 101),
        ("https://localhost", "localhost", "wss", 101),
        ("https://releaseclone.example.org", "localhost:8000", "ws", 101),
        ("https://localhost", "localhost", "ws", 403),
        ("http://localhost:9000", "localhost", "ws", 403),
        ("http://localhost.evil.example", "localhost", "ws", 403),
        ("http://evil.example", "localhost", "ws", 403),
        ("http://evil.example", "evil.example", "ws", 403),
        ("http://shop.localhost:8080", "localhost:8000", "ws", 403),
        ("null", "localhost", "ws", 403),
        (None, "localhost", "ws", 403),
        ("http://localhost", "", "ws", 403),
        ("http://", "", "ws", 403),
        ("http://local host", "local host", "ws", 403),
    ],
)
def test_only_pages_of_this_installation_may_knock(
    people: dict[str, Client],
    path: str,
    settings: Settings,
    origin: str | None,
    host: str,
    scheme: str,
    status: int,
) -> None:
    public_url = "https://releaseclone.example.org"
    settings.RELEASECLONE = replace(settings.RELEASECLONE, public_url=public_url)
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

    async def knock() -> int:
        socket = Socket(path, people["owner"], origin=origin, host=host, scheme=scheme)
        found = await socket.open()
        if found == 101:
            await socket.leave()
        return found

    assert asyncio.run(knock()) == status


@pytest.mark.parametrize(
    "wrong",
    ["/", "/acme/", "/nothing/at/all", "/static/app.js", "/acme/environments/{}/instances/web-0"],
)
def test_other_addresses_have_no_websocket(
    people: dict[str, Client], environment: Environment, wrong: str
) -> None:
    socket = Socket(wrong.format(environment.env_id), people["owner"])
    assert asyncio.run(socket.open()) == 404


def test_of_a_removed_environment_there_is_none(
    world: World, people: dict[str, Client], environment: Environment, path: str
) -> None:
    assert people["owner"].post(path.partition("instances")[0] + "delete").status_code == 303
    world.work()
    assert asyncio.run(Socket(path, people["owner"]).open()) == 404
    assert people["owner"].get(path).status_code == 404


def test_an_instance_that_is_not_there_is_told(people: dict[str, Client], path: str) -> None:
    async def ask() -> dict[str, object]:
        socket = Socket(path.replace("web-0", "web-9"), people["owner"])
        assert await socket.open() == 101
        return await socket.end()

    assert asyncio.run(ask()) == {"code": None, "why": "web-9 does not run now."}
    assert not Event.objects.filter(what__contains="terminal").exists()


def test_a_session_of_another_key_or_a_broken_cookie_is_nobody(
    people: dict[str, Client], path: str
) -> None:
    for cookie in ("releaseclone_session=abc", "releaseclone_session", "=;;\x01", ""):
        browser = Client()
        browser.cookies["x"] = "y"
        browser.cookies.output = lambda cookie=cookie, **how: cookie  # type: ignore[method-assign]
        assert asyncio.run(Socket(path, browser).open()) == 401


def _revoke_role() -> None:
    Membership.objects.filter(user__username="ivo").update(role=Role.MEMBER)


def _remove_member() -> None:
    Membership.objects.filter(user__username="ivo").delete()


def _sign_out() -> None:
    Session.objects.all().delete()


def _new_password() -> None:
    user = User.objects.get(username="ivo")
    user.set_password("quite another pass phrase")
    user.save()


def _deactivate() -> None:
    User.objects.filter(username="ivo").update(is_active=False)


def often(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], object]:
    """Have it looked up all the time, but never while what is returned acts: the database of
    tests, in memory, refuses to be read by one and written by another at once."""
    monkeypatch.setattr(attending, "LOOK_SECONDS", 0.02)
    admit, turn = visits.admit, Lock()

    def looks(visit: visits.Visit) -> object:
        with turn:
            return admit(visit)

    def acts(act: Callable[[], object]) -> object:
        with turn:
            return act()

    monkeypatch.setattr(visits, "admit", looks)
    return acts


@pytest.mark.parametrize(
    ("revoke", "why"),
    [
        (_revoke_role, "members open terminals in their own environments"),
        (_remove_member, "not there for you any more"),
        (_sign_out, "not signed in any more"),
        (_new_password, "not signed in any more"),
        (_deactivate, "not signed in any more"),
    ],
)
def test_what_is_revoked_ends_an_open_terminal(
    world: World,
    people: dict[str, Client],
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    revoke: Callable[[], None],
    why: str,
) -> None:
    assert attending.LOOK_SECONDS + attending.LOOK_LIMIT < REVOKED_WITHIN
    turns = often(monkeypatch)

    async def session() -> dict[str, object]:
        socket = Socket(path, people["accessor"])
        assert await socket.open() == 101
        await socket.type(b"hello")
        await socket.until(b"hello")
        await asyncio.to_thread(turns, revoke)
        return await socket.end()

    ending = asyncio.run(session())
    assert ending["code"] is None
    assert why in str(ending["why"])
    assert world.engine.terminals[-1].is_closed
    assert Event.objects.filter(what__startswith="closed the terminal in web-0").exists()


def test_an_account_that_loses_the_person_keeps_who_it_was(
    people: dict[str, Client], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = often(monkeypatch)

    async def session() -> None:
        socket = Socket(path, people["accessor"])
        assert await socket.open() == 101
        await socket.until(b"[24x80]")
        await asyncio.to_thread(turns, User.objects.filter(username="ivo").delete)
        await socket.end()

    asyncio.run(session())
    event = Event.objects.get(what__startswith="closed the terminal")
    assert (event.actor, event.actor_name) == (None, "ivo")
