"""A browser's side of a websocket, and somebody with an environment to open terminals in."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from environments.actions.accounts import open_account
from environments.actions.asking import Actor
from environments.models import Environment, Role
from releaseclone.asgi import application
from tests.world import World, services

HOST = "localhost"
ORIGIN = f"http://{HOST}"
_PATIENCE = 30


class Socket:
    """One websocket to the product. ``open`` gives the status of the handshake: 101 is a yes."""

    def __init__(
        self,
        path: str,
        client: Client,
        *,
        origin: str | None = ORIGIN,
        host: str = HOST,
        scheme: str = "ws",
        **asked: Any,
    ) -> None:
        cookie = client.cookies.output(attrs=[], header="", sep=";").strip()
        headers = {"host": host, "origin": origin, "cookie": cookie or None}
        scope = {
            "type": "websocket",
            "scheme": scheme,
            "path": path,
            "query_string": urlencode(asked).encode(),
            "headers": [(name.encode(), text.encode()) for name, text in headers.items() if text],
        }
        self._other: Any = ApplicationCommunicator(application, scope)

    async def open(self) -> int:
        """Knock, and hear the answer."""
        await self._other.send_input({"type": "websocket.connect"})
        answer = await self._next()
        if answer["type"] == "websocket.accept":
            return 101
        await self._next()
        await self._other.wait(_PATIENCE)
        return int(answer["status"])

    async def _next(self) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await self._other.receive_output(_PATIENCE)
        return answer

    async def type(self, typed: bytes) -> None:
        """A frame of what is typed."""
        await self._other.send_input({"type": "websocket.receive", "bytes": typed})

    async def tell(self, note: object) -> None:
        """A note of the page: as JSON, or this text."""
        text = note if isinstance(note, str) else json.dumps(note)
        await self._other.send_input({"type": "websocket.receive", "text": text})

    async def until(self, wanted: bytes) -> bytes:
        """What is printed, as far as this; told as seen."""
        printed = b""
        while wanted not in printed:
            answer = await self._next()
            assert answer.get("bytes"), (answer, printed[-200:])
            printed += answer["bytes"]
            await self.tell({"seen": len(answer["bytes"])})
        return printed

    async def end(self) -> dict[str, Any]:
        """How the product says that it ended, once it has done all that belongs to the end."""
        while not (answer := await self._next()).get("text"):
            assert answer["type"] == "websocket.send", answer
        assert (await self._next())["type"] == "websocket.close"
        await self._other.wait(_PATIENCE)
        said: dict[str, Any] = json.loads(answer["text"])
        return said

    async def leave(self) -> None:
        """Close the page."""
        await self._other.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._other.wait(_PATIENCE)


@pytest.fixture
def people(world: World) -> dict[str, Client]:
    """A browser of each kind of person."""
    actors = {
        "owner": world.person("olga", Role.OWNER),
        "own member": world.person("mia", Role.MEMBER),
        "other member": world.person("max", Role.MEMBER),
        "accessor": world.person("ivo", Role.INSTANCE_ACCESSOR),
        "stranger": world.person("eve", Role.OWNER, open_account("other")),
    }
    browsers = {"anonymous": Client()}
    for name, actor in actors.items():
        assert actor.user is not None
        browsers[name] = Client()
        browsers[name].force_login(actor.user)
    assert settings.SESSION_COOKIE_NAME in browsers["owner"].cookies
    return browsers


@pytest.fixture
def environment(world: World, people: dict[str, Client]) -> Environment:
    """Mia's, with one instance: web-0."""
    mia = User.objects.get(username="mia")
    shop = world.application("shop", services("web"))
    return world.deployed(shop, actor=Actor(mia, "mia", world.account, Role.MEMBER))


@pytest.fixture
def path(environment: Environment) -> str:
    """Where terminals in web-0 are opened."""
    return f"/acme/environments/{environment.env_id}/instances/web-0/terminal"
