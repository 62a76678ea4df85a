"""An account that is connected to a GitHub on loopback, which tells it what happens there."""

import hmac
import json
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions.applications import register_application
from environments.actions.connections import ConnectionDraft, save_connection
from environments.automation import deliveries
from environments.automation import tasks as automation
from environments.models import Application, Delivery, GitConnection, PullRequestPolicy
from environments.services import refs
from tests.github.server import TOKEN, GitHubServer, github
from tests.world import TEMPLATE, VARIABLES, Repository, World, services


class Hub:
    """The world, the server, and the connection between them."""

    def __init__(self, world: World, server: GitHubServer) -> None:
        self.world, self.server = world, server
        self.waiting: deque[int] = deque()
        self.connection = GitConnection()
        draft = ConnectionDraft(web=server.web, token=TOKEN)
        self.said = save_connection(world.operator, self.connection, draft)
        self.client = Client()

    @property
    def secret(self) -> str:
        """What the server signs with."""
        return wiring.unseal(self.connection.hook_secret, belongs_to=self.connection.hook_seal_name)

    def application(self, name: str, template: str = "", **more: Any) -> Application:
        """A registered application whose repository the server has."""
        repository = Repository(self.world.folder / name)
        self.world.repositories[name] = repository
        repository.commit({TEMPLATE: template or services(name), VARIABLES: ""})
        repository.branch(*more.pop("branches", ()))
        self.server.add(f"acme/{name}", repository.folder)
        return register_application(
            self.world.operator, source=self.server.url(f"acme/{name}"), name=name
        ).application

    def push(self, name: str, branch: str = "main", *, commit: bool = True) -> str:
        """A commit on a branch of the server's repository; nobody is told."""
        repository = self.world.repositories[name]
        repository.git("checkout", "-q", branch)
        if commit:
            repository.commit({"pushed.txt": uuid.uuid4().hex}, "pushed")
        head = repository.git("rev-parse", "HEAD")
        repository.git("checkout", "-q", "main")
        return head

    def tell(self, event: str, payload: Any, **more: Any) -> HttpResponse:
        """A delivery as GitHub sends it; its answer."""
        content = more.pop("content", None) or json.dumps(payload).encode()
        kind = more.pop("content_type", "application/json")
        secret = more.pop("secret", None) or self.secret
        mark = f"sha256={hmac.new(secret.encode(), content, sha256).hexdigest()}"
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": more.pop("id", None) or str(uuid.uuid4()),
            "X-Hub-Signature-256": more.pop("signature", mark),
        }
        answer: HttpResponse = self.client.post(  # type: ignore[assignment]
            f"/webhooks/{more.pop('key', self.connection.hook_key)}",
            content,
            content_type=kind,
            headers={name: value for name, value in headers.items() if value},
        )
        return answer

    def pushed(self, name: str, branch: str = "main", **more: Any) -> HttpResponse:
        """The server tells of a push."""
        payload = {
            "ref": f"refs/heads/{branch}",
            "repository": {"full_name": f"acme/{name}"},
            "sender": {"login": "octocat"},
        }
        return self.tell("push", payload, **more)

    def opens(self, name: str, branch: str, *, tell: bool = True, **more: Any) -> int:
        """Somebody opens a pull request, and the server tells of it."""
        number = self.server.opens(f"acme/{name}", branch, **more)
        if tell:
            self.about(name, number, "opened")
        return number

    def about(self, name: str, number: int, action: str, **more: Any) -> None:
        """The pull request is otherwise now, and the server tells of it."""
        self.server.changes(f"acme/{name}", number, **more)
        payload = {
            "action": action,
            "number": number,
            "repository": {"full_name": f"acme/{name}"},
            "pull_request": {
                "head": {"ref": self.server.pulls[f"acme/{name}"][number]["head"]["ref"]}
            },
            "sender": {"login": "octocat"},
        }
        self.tell("pull_request", payload)

    def closes(self, name: str, number: int, *, merged: bool = False) -> None:
        """It is closed."""
        at = "2026-01-01T00:00:00Z" if merged else None
        self.about(name, number, "closed", state="closed", merged_at=at)

    def work(self) -> None:
        """Look at all deliveries that came, then deploy what they ask for."""
        while self.waiting:
            deliveries.take(self.waiting.popleft())
        self.world.work()

    @property
    def ledger(self) -> list[tuple[str, str]]:
        """Verdict and sentences of each delivery, oldest first."""
        rows = Delivery.objects.order_by("pk")
        return [(one.verdict, one.said) for one in rows]


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with github() as server:
        yield server


@pytest.fixture
def hub(
    world: World, server: GitHubServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Hub:
    """Deliveries wait until ``work``."""
    settings.RELEASECLONE = replace(settings.RELEASECLONE, local_repositories=True)
    monkeypatch.setattr(refs, "FRESH_SECONDS", 0.0)
    hub = Hub(world, server)
    monkeypatch.setattr(automation.take_delivery, "delay", hub.waiting.append)
    return hub


@pytest.fixture
def shop(hub: Hub) -> Hub:
    """frontend imports backend; both give all pull requests an environment."""
    hub.application("backend", branches=["login", "other"])
    hub.application("frontend", services("web", imports=["backend"]), branches=["login", "other"])
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    return hub
