"""A server on loopback that speaks GitHub's API about real git repositories on disk.

What it answers has the shape of GitHub's published examples. It keeps what is written to it
(comments, statuses, deployments), and answers badly where a test says so.
"""

import base64
import hashlib
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import jwt

from tests.github.rows import (
    Asked,
    Repository,
    Row,
    bytes_of,
    commit_row,
    git_answer,
    heads,
    named,
    pull_row,
    refs_answer,
    repository_row,
    with_head,
)

TOKEN = "ghp_letmein"  # noqa: S105 - of this server
Answer = Callable[["Handler"], None]


@dataclass(slots=True)
class Bad:
    """Requests whose path has this text are answered so, this often."""

    text: str
    answer: Answer
    times: int = 1


class GitHubServer(ThreadingHTTPServer):
    """``web``: the address that a connection is given."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.web = f"http://127.0.0.1:{self.server_port}"
        self.repositories: dict[str, Repository] = {}
        self.asked: list[Asked] = []
        self.bad: list[Bad] = []
        self.page_size = 100
        self.remaining = 5000
        self.lock = threading.Lock()
        self.tokens = {TOKEN}
        self.app_key: Any = None
        """Public, of the App 17."""
        self.token_seconds = 3600.0
        self.manifests: dict[str, Row] = {}
        """What it made of manifests, by the code that it sends back."""
        self.pulls: dict[str, dict[int, Row]] = {}
        self.comments: dict[int, Row] = {}
        self.statuses: list[Row] = []
        self.deployments: dict[int, list[Row]] = {}

    def add(self, full_name: str, folder: Path, **more: Any) -> Repository:
        """A repository; what clones it needs."""
        made = Repository(full_name, folder, **more)
        made.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.repositories[full_name] = made
        return made

    def url(self, full_name: str) -> str:
        """Where git finds it."""
        return f"{self.web}/{full_name}.git"

    def answers(self, text: str, answer: Answer, *, times: int = 1) -> None:
        """Answer the next requests whose path has this text so."""
        self.bad.append(Bad(text, answer, times))

    def opens(self, name: str, branch: str, **more: Any) -> int:
        """A pull request of a branch; its number."""
        rows = self.pulls.setdefault(name, {})
        number = len(rows) + 1
        rows[number] = {**pull_row(self.web, name, number, branch), **more}
        return number

    def changes(self, name: str, number: int, **more: Any) -> None:
        """Something of a pull request is otherwise from now on."""
        self.pulls[name][number].update(more)

    def comments_of(self, name: str, number: int) -> list[str]:
        """What stands in a pull request."""
        rows = self.comments.values()
        return [row["body"] for row in rows if row["of"] == f"{name}#{number}"]

    def bad_answer(self, path: str) -> Answer | None:
        """What this request is answered with instead."""
        with self.lock:
            for bad in self.bad:
                if bad.text in path and bad.times > 0:
                    bad.times -= 1
                    return bad.answer
        return None

    def paths(self, text: str = "") -> list[str]:
        """What was asked, with this in its path."""
        return [f"{one.verb} {one.path}" for one in self.asked if text in one.path]


@contextmanager
def github() -> Iterator[GitHubServer]:
    """A running server."""
    server = GitHubServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def failing(
    status: int, *, headers: dict[str, str] | None = None, text: str | None = None
) -> Answer:
    """An error as GitHub tells it, or this text."""

    def answer(handler: "Handler") -> None:
        told = json.dumps({"message": "Something went wrong", "status": str(status)})
        kind = "application/json; charset=utf-8" if text is None else "text/html"
        handler.respond(status, (told if text is None else text).encode(), kind, headers or {})

    return answer


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: GitHubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Be silent."""

    def respond(
        self,
        status: int,
        content: bytes,
        kind: str = "application/json; charset=utf-8",
        headers: dict[str, str] | None = None,
    ) -> None:
        """An answer with its length."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        given = headers or {}
        if "x-ratelimit-limit" not in given:
            self.send_header("x-ratelimit-limit", "5000")
            self.send_header("x-ratelimit-remaining", str(self.server.remaining))
            self.send_header("x-ratelimit-reset", str(int(time.time()) + 1800))
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def tell(self, data: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """JSON; nothing where the asker knows it by its mark."""
        content = json.dumps(data).encode()
        mark = f'"{hashlib.sha256(content).hexdigest()}"'
        if self.command == "GET" and self.headers.get("If-None-Match") == mark:
            self.send_response(304)
            self.send_header("ETag", mark)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.respond(status, content, headers={"ETag": mark, **(headers or {})})

    def missing(self) -> None:
        """What GitHub says of all that is not there, or not for the asker."""
        self.respond(404, json.dumps({"message": "Not Found", "status": "404"}).encode())

    def take(self) -> None:
        """Any request."""
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        heads = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(self.command, self.path, heads, self.content))
        if (bad := self.server.bad_answer(self.path)) is not None:
            bad(self)
            return
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if found := re.match(r"/([^/]+/[^/]+?)\.git(/.*)", parts.path):
            self.clone(found[1], found[2], parts.query)
            return
        if parts.path.endswith("/conversions"):
            made = self.server.manifests.pop(parts.path.split("/")[-2], None)
            self.tell(made, 201) if made else self.missing()
            return
        if parts.path.endswith("/access_tokens"):
            self.app_token()
            return
        if not self.is_known():
            self.respond(401, json.dumps({"message": "Bad credentials"}).encode())
            return
        self.route(parts, query)

    def route(self, parts: SplitResult, query: dict[str, str]) -> None:
        """What somebody asks who is known."""
        path = parts.path.removeprefix("/api/v3").removeprefix("/api")
        self.api(unquote(path), query)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = take  # noqa: N815 - how the library asks

    def app_token(self) -> None:
        """A token of an installation, for an App that signs with its key."""
        given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(
                given, self.server.app_key, algorithms=["RS256"], options={"verify_iat": False}
            )
        except jwt.InvalidTokenError:
            claims = {}
        if str(claims.get("iss")) != "17":
            self.respond(
                401, json.dumps({"message": "A JSON web token could not be decoded"}).encode()
            )
            return
        token = f"ghs_{len(self.server.tokens)}"
        self.server.tokens = {token, TOKEN}
        ends = datetime.now(UTC) + timedelta(seconds=self.server.token_seconds)
        told = {"token": token, "expires_at": ends.isoformat().replace("+00:00", "Z")}
        self.tell({**told, "permissions": {}, "repository_selection": "all"}, 201)

    def is_known(self) -> bool:
        """Whether the asker has a token."""
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        if kind.lower() == "basic":
            token = base64.b64decode(token).decode().partition(":")[2]
        return token in self.server.tokens

    def api(self, path: str, query: dict[str, str]) -> None:
        """What is only read."""
        if path == "/user":
            self.tell({"login": "octocat", "id": 1})
        elif path == "/rate_limit":
            self.tell({"resources": {}})
        elif path in ("/user/repos", "/installation/repositories"):
            rows = [
                repository_row(self.server.web, one) for one in self.server.repositories.values()
            ]
            if path == "/user/repos":
                self.list(rows, query)
            else:
                self.tell({"total_count": len(rows), "repositories": rows})
        elif path == "/graphql":
            self.graphql(json.loads(self.content))
        elif found := re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path):
            self.repository(found[1], found[2] or "", query)
        else:
            self.missing()

    def list(self, rows: list[Row], query: dict[str, str]) -> None:
        """A page of a list, with where it goes on."""
        page = int(query.get("page", 1))
        size = min(int(query.get("per_page", 30)), self.server.page_size)
        some = rows[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(rows):
            address = f"{self.server.web}{urlsplit(self.path).path}?per_page={size}&page={page + 1}"
            headers["Link"] = f'<{address}>; rel="next"'
        self.tell(some, headers=headers)

    def repository(self, name: str, path: str, query: dict[str, str]) -> None:
        """Something of a repository."""
        one = self.server.repositories.get(name)
        if one is None:
            self.missing()
        elif one.moved_to:
            address = self.path.replace(f"/repos/{name}", f"/repos/{one.moved_to}", 1)
            headers = {"Location": f"{self.server.web}{address}"}
            self.respond(301, b'{"message": "Moved Permanently"}', headers=headers)
        elif not path:
            self.tell(repository_row(self.server.web, one))
        elif path == "/branches":
            self.list([named(*pair) for pair in heads(one, "refs/heads").items()], query)
        elif path == "/tags":
            self.list([named(*pair) for pair in heads(one, "refs/tags").items()], query)
        elif path.startswith(("/pulls", "/issues/", "/statuses/", "/deployments")):
            self.conversation(one, path, query)
        elif path.startswith("/contents/"):
            self.file(one, path.removeprefix("/contents/"), query.get("ref", "HEAD"))
        elif path.startswith("/git/blobs/"):
            self.blob(one, path.removeprefix("/git/blobs/"))
        elif path.startswith("/commits/"):
            self.commit(one, path.removeprefix("/commits/"))
        else:
            self.missing()

    def conversation(self, one: Repository, path: str, query: dict[str, str]) -> None:
        """Pull requests, what is written into them, and what stands beside commits."""
        rows = self.server.pulls.get(one.full_name, {})
        told = json.loads(self.content) if self.content else {}
        if path == "/pulls":
            found = [row for row in rows.values() if row["state"] == "open"]
            self.list([with_head(one, row) for row in found], query)
        elif found := re.fullmatch(r"/pulls/(\d+)", path):
            row = rows.get(int(found[1]))
            self.tell(with_head(one, row)) if row else self.missing()
        elif found := re.fullmatch(r"/issues/(\d+)/comments", path):
            key = 1000 + len(self.server.comments)
            of = f"{one.full_name}#{found[1]}"
            self.server.comments[key] = {"id": key, "body": told["body"], "of": of}
            self.tell(self.server.comments[key], 201)
        elif found := re.fullmatch(r"/issues/comments/(\d+)", path):
            row = self.server.comments.get(int(found[1]))
            if row is None:
                self.missing()
                return
            row["body"] = told["body"]
            self.tell(row)
        elif found := re.fullmatch(r"/statuses/([0-9a-f]{40})", path):
            self.server.statuses.append({"sha": found[1], **told})
            self.tell({"id": 1, **told}, 201)
        elif path == "/deployments":
            key = 500 + len(self.server.deployments)
            self.server.deployments[key] = [told]
            self.tell({"id": key}, 201)
        elif found := re.fullmatch(r"/deployments/(\d+)/statuses", path):
            self.server.deployments[int(found[1])].append(told)
            self.tell({"id": 1}, 201)
        else:
            self.missing()

    def file(self, one: Repository, path: str, ref: str) -> None:
        """A file, with its content up to a megabyte."""
        try:
            row = one.git("ls-tree", "-l", ref, "--", path)
        except subprocess.CalledProcessError:
            row = ""
        if not row:
            self.missing()
            return
        mode, kind, sha, size = row.split("\t")[0].split()
        if kind == "tree":
            self.tell([{"type": "file", "path": path}])
            return
        content = bytes_of(one, sha) if int(size) <= 2**20 else b""
        told = {
            "type": "symlink" if mode == "120000" else "file",
            "encoding": "base64" if content else "none",
            "size": int(size),
            "path": path,
            "sha": sha,
            "content": base64.encodebytes(content).decode(),
        }
        self.tell(told)

    def blob(self, one: Repository, sha: str) -> None:
        """The content of any size."""
        content = base64.b64encode(bytes_of(one, sha)).decode()
        self.tell({"sha": sha, "encoding": "base64", "content": content})

    def commit(self, one: Repository, sha: str) -> None:
        """Who made it, and when."""
        row = commit_row(one, sha)
        if row is None:
            self.respond(422, json.dumps({"message": f"No commit found for SHA: {sha}"}).encode())
        else:
            self.tell(row)

    def graphql(self, asked: Row) -> None:
        """The one question that the product asks: refs of some repositories."""
        self.tell(refs_answer(self.server.repositories, self.server.page_size, asked))

    def clone(self, name: str, path: str, query: str) -> None:
        """What git asks, by git's own program for web servers."""
        one = self.server.repositories.get(name)
        if one is None or (one.is_private and not self.is_known()):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.respond(*git_answer(one.folder / ".git", self, path, query))
