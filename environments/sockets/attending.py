"""One open terminal: what is typed goes in, what is printed comes out, until one side ends."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable
from django.db import DatabaseError

from environments.core.ports import Terminal
from environments.sockets.visits import Refusal

LOOK_SECONDS, LOOK_LIMIT = 4.0, 5.0
"""How often, and for how long, it is looked up whether the person still may: 10 s in all."""
AHEAD_BYTES = 512 * 1024
"""How much may be printed that the page has not shown yet: Ctrl-C shall not come minutes late."""
TYPED_BYTES = 8 * 1024 * 1024
"""How much may be typed that the command has not read yet."""
_LONGEST_NOTE, _LONGEST_SIDE = 200, 1000
_LEFT = "The page was left."
_MINUTE = 60

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: the command's exit code, or why it was cut off."""

    code: int | None
    why: str = ""


class Attendance:
    """Carries bytes between a terminal and a websocket that has been accepted.

    ``look``: raises ``Refusal`` once the person may no more. ``idle_minutes``: how long nothing
    may be typed.
    """

    def __init__(
        self,
        terminal: Terminal,
        *,
        look: Callable[[], object],
        idle_minutes: int,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        self._terminal, self._look, self._idle_minutes = terminal, look, idle_minutes
        self._receive, self._send = receive, send
        self._threads = ThreadPoolExecutor(4, "terminal")
        self._typed: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting = 0
        self._ahead = 0
        self._seen = asyncio.Event()
        self._touched_at = asyncio.get_running_loop().time()

    async def until_end(self) -> Ending:
        """Until the command ends, the page is left, or the person may no more."""
        parts = (self._print(), self._hear(), self._type(), self._watch())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(task for task in tasks if task.done()).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self._terminal.close)
            self._threads.shutdown(wait=False)

    async def _in_thread(self, act: Callable[..., Result], *given: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act, *given)

    async def _print(self) -> Ending:
        while printed := await self._in_thread(self._terminal.read):
            self._ahead += len(printed)
            try:
                await self._send({"type": "websocket.send", "bytes": printed, "text": None})
            except OSError:
                return Ending(None, _LEFT)
            while self._ahead > AHEAD_BYTES:
                self._seen.clear()
                await self._seen.wait()
        code = await self._in_thread(self._terminal.exit_code)
        if code is None:
            return Ending(None, "The instance has ended or was replaced, and the shell with it.")
        return Ending(code)

    async def _hear(self) -> Ending:
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return Ending(None, _LEFT)
            if typed := message.get("bytes"):
                self._waiting += len(typed)
                self._typed.put_nowait(typed)
            elif not await self._obey(message.get("text") or ""):
                return Ending(None, "The page sent what a terminal does not understand.")
            if self._waiting > TYPED_BYTES:
                return Ending(None, "More was typed than the command reads.")
            if typed:
                self._touched_at = asyncio.get_running_loop().time()

    async def _obey(self, note: str) -> bool:
        """A note of the page: ``{"seen": bytes}`` or ``{"rows": …, "columns": …}``."""
        match _parsed(note):
            case {"seen": int(seen)} if 0 <= seen <= self._ahead:
                self._ahead -= seen
                self._seen.set()
            case {"rows": int(rows), "columns": int(columns)} if all(
                0 < side <= _LONGEST_SIDE for side in (rows, columns)
            ):
                await asyncio.to_thread(self._terminal.resize, rows=rows, columns=columns)
            case _:
                return False
        return True

    async def _type(self) -> Ending:
        while True:
            typed = await self._typed.get()
            await self._in_thread(self._terminal.write, typed)
            self._waiting -= len(typed)

    async def _watch(self) -> Ending:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            idle = asyncio.get_running_loop().time() - self._touched_at
            if idle > self._idle_minutes * _MINUTE:
                return Ending(None, f"Nothing was typed for {self._idle_minutes} minutes.")
            try:
                await asyncio.wait_for(self._in_thread(self._look), LOOK_LIMIT)
            except Refusal as refused:
                return Ending(None, refused.sentence)
            except (TimeoutError, DatabaseError):
                return Ending(None, "It could not be looked up whether you still may use it.")


def _parsed(note: str) -> object:
    try:
        return json.loads(note) if len(note) <= _LONGEST_NOTE else None
    except ValueError:
        return None
