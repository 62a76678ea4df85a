"""A small world for tests: an account with people, real git repositories, an engine in memory."""

import os
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from environments import tasks, wiring
from environments.actions.accounts import open_account
from environments.actions.applications import register_application
from environments.actions.asking import Actor, operator
from environments.actions.drafts import EnvironmentDraft, ImportChoice
from environments.actions.environments import create_environment
from environments.engines.memory import MemoryEngine
from environments.models import (
    Account,
    Application,
    Deployment,
    Environment,
    Membership,
    Role,
    Task,
    TaskState,
)

TEMPLATE = ".release/application_template.yaml"
VARIABLES = ".release/environment_variables.yaml"
_GIT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


class Repository:
    """A real git repository in a folder."""

    def __init__(self, folder: Path, default: str = "main") -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", default)

    def git(self, *arguments: str) -> str:
        """What this git command prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=_GIT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str], message: str = "change") -> str:
        """Write the files and commit them; the commit."""
        for path, text in files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, *names: str) -> None:
        """Branches at the head of the current one, each with a commit of its own."""
        current = self.git("symbolic-ref", "--short", "HEAD")
        for name in names:
            self.git("checkout", "-q", "-b", name, current)
            self.commit({"branch.txt": name}, f"begin {name}")
        self.git("checkout", "-q", current)


class World:
    """What most tests begin with. The queue is a list; ``work`` is the worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.account: Account = open_account("acme")
        self.account.contexts.update(engine="memory")
        self.operator: Actor = operator(self.account)
        self.queue: deque[tuple[int, int]] = deque()
        self.repositories: dict[str, Repository] = {}

    @property
    def engine(self) -> MemoryEngine:
        """The engine of the account's context."""
        engine = wiring.engine("memory", "{}")
        assert isinstance(engine, MemoryEngine)
        return engine

    def person(self, name: str, role: Role = Role.OWNER, account: Account | None = None) -> Actor:
        """A member of the account (or of another)."""
        user = User.objects.create_user(name, password="a long pass phrase")  # noqa: S106
        account = account or self.account
        Membership.objects.create(user=user, account=account, role=role)
        return Actor(user, name, account, role)

    def application(
        self,
        name: str,
        template: str = "",
        *,
        default: str = "main",
        branches: Sequence[str] = (),
        variables: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Application:
        """A registered application with a repository of its own."""
        repository = Repository(self.folder / name, default)
        self.repositories[name] = repository
        repository.commit(
            {
                TEMPLATE: template or services("web" if name == "frontend" else name),
                VARIABLES: variables,
                **(files or {}),
            }
        )
        repository.branch(*branches)
        return register_application(
            self.operator, source=str(repository.folder), name=name
        ).application

    def create(
        self,
        application: Application,
        branch: str = "",
        *,
        actor: Actor | None = None,
        imports: Sequence[ImportChoice] | None = None,
        **more: Any,
    ) -> Environment:
        """An environment whose first setup waits in the queue."""
        draft = EnvironmentDraft(
            application,
            branch=branch,
            imports=None if imports is None else tuple(imports),
            **more,
        )
        return create_environment(actor or self.operator, draft)

    def work(self, *, steps: int = 100) -> None:
        """Do what is in the queue, and what comes into it meanwhile."""
        for _ in range(steps):
            if not self.queue:
                return
            tasks.run_deployment(*self.queue.popleft())
        waiting = Task.objects.filter(state=TaskState.APPLIED).values_list("name", "reason")
        raise AssertionError(f"the queue does not become empty; it waits for {list(waiting)}")

    def deployed(self, application: Application, branch: str = "", **more: Any) -> Environment:
        """An environment after its first setup."""
        environment = self.create(application, branch, **more)
        self.work()
        environment.refresh_from_db()
        return environment

    def last(self, environment: Environment) -> Deployment:
        """The environment's newest deployment."""
        return environment.deployments.order_by("-pk")[0]

    def running(self, environment: Environment) -> set[str]:
        """Names of the workloads in the environment's namespace, services only."""
        instances = self.engine.observe(environment.namespace.name)
        return {one.workload for one in instances if one.kind == "Deployment"}


def services(*names: str, imports: Sequence[str] = (), more: str = "") -> str:
    """A template of these services, each with a port."""
    lines = ["services:"]
    for name in names:
        lines += [
            f"- name: {name}",
            "  image: example/image:1",
            "  ports:",
            "  - type: node_port",
            "    target_port: 8080",
            "    port: 80",
        ]
    if imports:
        lines += ["app_imports:", *(f"- name: {name}" for name in imports)]
    return "\n".join(lines) + "\n" + more
