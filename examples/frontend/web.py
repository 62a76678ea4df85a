"""The shop window: one page that says what it is, and shows what its neighbours answered."""

import html
import http.client
import http.server
import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
LOOK = json.loads((HERE / "look.json").read_text())
PAGE = Template((HERE / "page.html").read_text())
FILES = {
    "/page.css": ("text/css", (HERE / "static/page.css").read_bytes()),
    "/page.js": ("text/javascript", (HERE / "static/page.js").read_bytes()),
    "/look.css": ("text/css", f":root {{ --accent: {LOOK['colour']}; }}".encode()),
}
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src *"
SECONDS = 3


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A service that this page asks, and the variables that say where it is."""

    title: str
    path: str
    list_name: str
    columns: tuple[str, ...]
    url_variable: str
    service_prefix: str

    @property
    def url(self) -> str:
        """Its public address, which browsers use; empty where this environment lacks it."""
        base = os.environ.get(self.url_variable, "")
        return f"{base.rstrip('/')}{self.path}" if base else ""


BACKEND = Neighbour(
    "backend",
    "/parcels",
    "parcels",
    ("number", "what", "owner", "state"),
    "REACT_APP_BACKEND_API",
    "API",
)
ACCOUNTS = Neighbour(
    "accounts", "/accounts", "accounts", ("name", "town"), "ACCOUNTS_API", "ACCOUNTS"
)


class NoAnswer(Exception):
    """A neighbour gave nothing to show; the text says why."""


def ask(neighbour: Neighbour) -> tuple[dict[str, Any], str]:
    """What the neighbour answered, and the way by which it was reached.

    By its public address; where that name does not resolve on this machine, by the service
    variables, which lead to it from inside.
    """
    parts = urlsplit(neighbour.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if parts.hostname and resolves(parts.hostname, port):
        kind = {"https": http.client.HTTPSConnection}.get(parts.scheme, http.client.HTTPConnection)
        return read(kind(parts.hostname, port, timeout=SECONDS), parts.path), neighbour.url_variable
    host = os.environ.get(f"{neighbour.service_prefix}_SERVICE_HOST")
    inner_port = os.environ.get(f"{neighbour.service_prefix}_SERVICE_PORT")
    if not host or not inner_port:
        raise NoAnswer("it is not part of this environment")
    inside = http.client.HTTPConnection(host, int(inner_port), timeout=SECONDS)
    return read(inside, neighbour.path), f"{neighbour.service_prefix}_SERVICE_HOST"


def resolves(host: str, port: int) -> bool:
    """Whether this machine knows an address for the name."""
    try:
        socket.getaddrinfo(host, port)
    except socket.gaierror:
        return False
    return True


def read(connection: http.client.HTTPConnection, path: str) -> dict[str, Any]:
    """The JSON object at the path; ``NoAnswer`` where there is none."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise NoAnswer(f"it answered with status {response.status}")
        told = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"it did not answer: {error}") from error
    finally:
        connection.close()
    if not isinstance(told, dict):
        raise NoAnswer("it answered something else")
    return told


def page() -> str:
    """The whole page, with what the neighbours say now."""
    return PAGE.substitute(
        title=html.escape(LOOK["title"]),
        greeting=html.escape(os.environ.get("GREETING", "Hello")),
        branch=html.escape(os.environ.get("RELEASE_BRANCH_NAME", "none")),
        commit=html.escape(os.environ.get("RELEASE_COMMIT_SHORT", "none")),
        environment=html.escape(os.environ.get("RELEASE_ENV_ID", "none")),
        cards="\n".join(card(neighbour) for neighbour in (BACKEND, ACCOUNTS)),
        browser_url=html.escape(BACKEND.url),
    )


def card(neighbour: Neighbour) -> str:
    """One neighbour: what it said, or why it said nothing."""
    try:
        told, way = ask(neighbour)
    except NoAnswer as reason:
        return (
            f'<section class="missing"><h2>{neighbour.title}</h2>'
            f"<p>No answer from {neighbour.title}: {html.escape(str(reason))}.</p></section>"
        )
    return (
        f"<section><h2>{neighbour.title}</h2>"
        f"<p>“{html.escape(str(told.get('greeting')))}” says branch "
        f"<strong>{html.escape(str(told.get('branch')))}</strong>, reached by "
        f"<code>{way}</code>.</p>"
        f"{table(neighbour.columns, told.get(neighbour.list_name, []))}</section>"
    )


def table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a table."""
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(str(row.get(name, '')))}</td>" for name in columns)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Desk(http.server.BaseHTTPRequestHandler):
    """Answers browsers and the readiness probe."""

    def do_GET(self) -> None:
        """The page, its files, or 404."""
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200, "text/html", page().encode())
        elif path == "/health":
            self.answer(200, "text/plain", b"well")
        elif path in FILES:
            self.answer(200, *FILES[path])
        else:
            self.answer(404, "text/plain", b"There is no such page.")

    def answer(self, status: int, kind: str, body: bytes) -> None:
        """Send one answer."""
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a request; the probe asks every second, and is left out."""
        if self.path != "/health":
            super().log_request(code, size)


def main() -> None:
    """Serve until ended, at the address that the environment gives."""
    address = (os.environ.get("BIND", "127.0.0.1"), int(os.environ.get("PORT", "3000")))
    print(f"frontend listens on {address[0]}:{address[1]}")
    http.server.ThreadingHTTPServer(address, Desk).serve_forever()


if __name__ == "__main__":
    main()
