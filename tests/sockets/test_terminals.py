"""What goes over the websocket of a terminal, and how it ends."""

import asyncio
import re
import time
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django.fixtures import Settings

from environments.engines.memory import MemoryTerminal
from environments.models import Event
from environments.sockets import attending, terminals
from tests.sockets.conftest import Socket
from tests.world import World


def notes() -> list[str]:
    """What the events say of terminals, oldest first."""
    rows = Event.objects.filter(what__contains="terminal").order_by("pk")
    return [f"{event.actor_name} {event.what}" for event in rows]


async def opened(path: str, browser: Client, **asked: Any) -> Socket:
    """A terminal that has told the size of its screen, and so is noted already."""
    socket = Socket(path, browser, **asked)
    assert await socket.open() == 101
    await socket.until(b"[24x80]")
    return socket


def test_bytes_go_both_ways_and_the_exit_code_comes_back(
    people: dict[str, Client], path: str
) -> None:
    async def session() -> dict[str, Any]:
        socket = Socket(path, people["owner"], rows=30, columns=90)
        assert await socket.open() == 101
        await socket.until(b"[30x90]")
        await socket.type(b"\xff\x00\xc3\xa9")
        await socket.until(b"\xff\x00\xc3\xa9")
        await socket.tell({"rows": 41, "columns": 132})
        await socket.until(b"[41x132]")
        await socket.type(b"\rexit 3\r")
        return await socket.end()

    assert asyncio.run(session()) == {"code": 3, "why": ""}
    opening, closing = notes()
    assert opening == "olga opened a terminal in web-0"
    assert re.fullmatch(r"olga closed the terminal in web-0 after \d+ s, exit code 3", closing)


def test_nothing_that_was_typed_is_kept(people: dict[str, Client], path: str) -> None:
    async def session() -> None:
        socket = await opened(path, people["owner"])
        await socket.type(b"hunter2-secret\r")
        await socket.until(b"hunter2-secret")
        await socket.leave()

    asyncio.run(session())
    assert len(notes()) == 2
    assert "hunter2" not in " ".join(notes())


def test_leaving_the_page_ends_the_shell(
    world: World, people: dict[str, Client], path: str
) -> None:
    async def session() -> None:
        socket = await opened(path, people["owner"])
        await socket.leave()

    asyncio.run(session())
    assert world.engine.terminals[-1].is_closed
    assert notes()[-1].endswith("cut off")


def test_a_megabyte_is_typed_to_the_last_byte(people: dict[str, Client], path: str) -> None:
    async def session() -> int:
        socket = await opened(path, people["owner"])
        for _ in range(64):
            await socket.type(b"x" * 16_384)
        await socket.type(b"end")
        return len(await socket.until(b"end"))

    assert asyncio.run(session()) == 64 * 16_384 + 3


def test_what_is_printed_waits_for_the_page_and_what_is_typed_does_not(
    people: dict[str, Client], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C reaches a command that prints without end, and its output stops soon after."""
    monkeypatch.setattr(attending, "AHEAD_BYTES", 1_000)
    sent = []

    async def session() -> None:
        socket = await opened(path, people["owner"])
        for _ in range(10):
            await socket.type(b"y" * 600)
        while not await socket._other.receive_nothing(0.2, 0.01):
            sent.append(await socket._next())
        await socket.tell({"seen": 1_200})
        sent.append(await socket._next())
        await socket.leave()

    asyncio.run(session())
    assert len(sent) == 3


def test_more_than_a_command_reads_ends_the_terminal(
    people: dict[str, Client], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "TYPED_BYTES", 10_000)
    monkeypatch.setattr(MemoryTerminal, "write", lambda self, typed: time.sleep(0.3))

    async def session() -> dict[str, Any]:
        socket = await opened(path, people["owner"])
        for _ in range(4):
            await socket.type(b"x" * 4_000)
        return await socket.end()

    assert asyncio.run(session()) == {"code": None, "why": "More was typed than the command reads."}


@pytest.mark.parametrize(
    "note",
    [
        "",
        "resize",
        "[]",
        '{"rows": 0, "columns": 80}',
        '{"rows": 24, "columns": 100000}',
        '{"rows": "24", "columns": 80}',
        '{"rows": 24}',
        '{"seen": -1}',
        '{"seen": 999999999}',
        '{"seen": 1.5}',
        '{"seen": ' + "1" * 5_000 + "}",
        "[" * 150,
    ],
)
def test_a_note_that_is_none_ends_the_terminal(
    people: dict[str, Client], path: str, note: str
) -> None:
    async def session() -> dict[str, Any]:
        socket = await opened(path, people["owner"])
        await socket.tell(note)
        return await socket.end()

    assert asyncio.run(session())["why"] == "The page sent what a terminal does not understand."


@pytest.mark.parametrize(
    ("rows", "columns"), [("0", "99999"), ("x", ""), ("-1", "²"), ("1" * 99, "8")]
)
def test_an_odd_size_is_made_a_size(
    people: dict[str, Client], path: str, rows: str, columns: str
) -> None:
    async def session() -> bytes:
        socket = Socket(path, people["owner"], rows=rows, columns=columns)
        assert await socket.open() == 101
        printed = await socket.until(b"]")
        await socket.leave()
        return printed

    found = re.fullmatch(rb"\[(\d+)x(\d+)\]", asyncio.run(session()))
    assert found
    assert all(0 < int(side) <= 1000 for side in found.groups())


def test_where_nothing_is_typed_for_long_the_terminal_ends(
    people: dict[str, Client], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(attending, "_MINUTE", 0.001)

    async def session() -> dict[str, Any]:
        socket = Socket(path, people["owner"])
        assert await socket.open() == 101
        return await socket.end()

    assert asyncio.run(session()) == {"code": None, "why": "Nothing was typed for 60 minutes."}


def test_a_person_has_so_many_terminals_and_not_one_more(
    people: dict[str, Client], path: str, settings: Settings
) -> None:
    most = settings.RELEASECLONE.terminals

    async def session() -> dict[str, Any]:
        sockets = [await opened(path, people["owner"]) for _ in range(most)]
        others = await opened(path, people["accessor"])
        one_more = Socket(path, people["owner"])
        assert await one_more.open() == 101
        refused = await one_more.end()
        await sockets.pop().leave()
        sockets.append(await opened(path, people["owner"]))
        for socket in (*sockets, others):
            await socket.leave()
        return refused

    why = f"You have {most} terminals open: close one of them."
    assert asyncio.run(session()) == {"code": None, "why": why}
    assert not +terminals._open


def test_a_database_that_is_away_ends_it_as_nobody_knows_who_may(
    people: dict[str, Client], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "LOOK_SECONDS", 0.02)

    def away(*given: object) -> None:
        raise OperationalError("away")

    async def session() -> dict[str, Any]:
        socket = await opened(path, people["owner"])
        monkeypatch.setattr("environments.sockets.visits.account_for", away)
        return await socket.end()

    assert "could not be looked up" in asyncio.run(session())["why"]


def test_a_shell_that_is_not_offered_is_the_first_one(people: dict[str, Client], path: str) -> None:
    async def session() -> None:
        asked = {"shell": "rm -rf /"}
        await (await opened(path, people["owner"], **asked)).leave()

    asyncio.run(session())
    page = people["owner"].get(path, {"shell": "rm -rf /"}).content.decode()
    assert 'data-shell="bash"' in page
    assert 'data-shell="sh"' in people["owner"].get(path, {"shell": "sh"}).content.decode()
