"""The door of terminals: a websocket at the address of the terminal's page."""

import asyncio
import json
import logging
import time
from collections import Counter
from contextlib import suppress

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, WebSocketScope
from django.conf import settings
from django.db import DatabaseError, connections

from environments.actions import terminals as acts
from environments.actions.asking import Actor
from environments.core.ports import EngineError, Terminal
from environments.models import Environment
from environments.sockets import visits
from environments.sockets.attending import Attendance, Ending
from environments.sockets.visits import Refusal, Visit

_open: Counter[int | None] = Counter()
"""How many terminals each person has open in this process."""
_log = logging.getLogger(__name__)


async def door(scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer one websocket: refuse the handshake, or attend its terminal until the end."""
    await receive()
    try:
        visit = visits.read(scope)
        actor, environment = await asyncio.to_thread(visits.admit, visit)
    except Refusal as refused:
        await _refuse(send, refused)
        return
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    most = settings.RELEASECLONE.terminals
    if _open[actor.user_id] >= most:
        await _say_end(send, Ending(None, f"You have {most} terminals open: close one of them."))
        return
    _open[actor.user_id] += 1
    try:
        ending = await _attend(visit, actor, environment, receive, send)
    finally:
        _open[actor.user_id] -= 1
    await _say_end(send, ending)


async def _refuse(send: ASGISendCallable, refused: Refusal) -> None:
    body = refused.sentence.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send(
        {"type": "websocket.http.response.start", "status": refused.status, "headers": headers}
    )
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


async def _say_end(send: ASGISendCallable, ending: Ending) -> None:
    form = json.dumps({"code": ending.code, "why": ending.why})
    with suppress(OSError):  # nobody is there any more
        await send({"type": "websocket.send", "text": form, "bytes": None})
        await send({"type": "websocket.close", "code": 1000, "reason": None})


async def _attend(
    visit: Visit,
    actor: Actor,
    environment: Environment,
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
) -> Ending:
    began = time.monotonic()
    ending = Ending(None)
    try:
        terminal = await asyncio.to_thread(_opened, visit, actor, environment)
    except EngineError as wrong:
        return Ending(None, str(wrong))
    attendance = Attendance(
        terminal,
        look=lambda: visits.admit(visit),
        idle_minutes=settings.RELEASECLONE.terminal_minutes,
        receive=receive,
        send=send,
    )
    try:
        ending = await attendance.until_end()
    finally:
        seconds = time.monotonic() - began
        await asyncio.to_thread(_closed, visit, actor, environment, seconds, ending.code)
    return ending


def _opened(visit: Visit, actor: Actor, environment: Environment) -> Terminal:
    try:
        return acts.open_terminal(
            actor,
            environment,
            visit.instance,
            shell=visit.shell,
            rows=visit.rows,
            columns=visit.columns,
        )
    finally:
        connections.close_all()


def _closed(
    visit: Visit, actor: Actor, environment: Environment, seconds: float, code: int | None
) -> None:
    try:
        acts.note_closed(actor, environment, visit.instance, seconds=seconds, code=code)
    except DatabaseError:
        _log.exception("the end of a terminal in %s could not be kept", visit.instance)
    finally:
        connections.close_all()
