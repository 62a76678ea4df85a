"""The ASGI door: Django's pages run in a pool of threads, several times faster than as ASGI."""

from typing import Any

from a2wsgi import WSGIMiddleware
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from releaseclone.wsgi import application as pages

# isort: split
# Django is set up by now, as models need it.
from environments.sockets.terminals import door

_pages: Any = WSGIMiddleware(pages, workers=10)  # type: ignore[arg-type]


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Pages by HTTP, terminals by websocket."""
    if scope["type"] == "websocket":
        await door(scope, receive, send)
    else:
        await _pages(scope, receive, send)
