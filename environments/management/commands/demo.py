"""Registers the examples and deploys one environment with imports, on the running product."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from django.conf import settings
from django.contrib.auth.models import User

from environments.actions.accounts import open_installation
from environments.actions.applications import register_application
from environments.actions.asking import Actor, Refused, actor_for
from environments.actions.contexts import ContextDraft, proposed_context, save_context
from environments.actions.environments import create_environment
from environments.core.problems import error
from environments.management.drafting import draft_from
from environments.management.operator import OperatorCommand
from environments.management.waiting import wait_for
from environments.models import (
    Application,
    Context,
    DeploymentStatus,
    Environment,
    EnvironmentType,
)
from environments.queries.contexts import connection_of
from environments.queries.environments import links_of
from examples.make_repositories import make_repositories

_OWNER = "demo"
_PASSWORD = "environments for everyone"  # noqa: S105 - of the demo, printed
_ENGINES = {
    "process": ("accounts", "backend", "frontend"),
    "docker": ("store", "accounts", "backend", "frontend"),
    "kubernetes": ("store", "accounts", "backend", "frontend"),
}
"""The applications of each, in the order in which they are registered."""
_ANSWER_SECONDS = 60.0


class Command(OperatorCommand):
    """``demo``: what ``make demo`` runs once all parts are up."""

    help = "Register the examples, deploy an environment with imports, and print its links."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """It makes its own account; the engine is chosen."""
        parser.add_argument(
            "--engine",
            choices=sorted(_ENGINES),
            default="process",
            help="where the environment runs: as processes, in containers with a database, or in "
            "the cluster of RELEASECLONE_KUBECONFIG",
        )
        parser.add_argument(
            "--registry",
            metavar="HOST[/PATH]",
            default="",
            help="engine kubernetes: where the images of the examples are pushed to",
        )
        parser.add_argument(
            "--ingress",
            metavar="ADDRESS[:PORT]",
            default="127.0.0.1",
            help="engine kubernetes: where the cluster's ingress answers (%(default)s)",
        )

    def act(self, **options: Any) -> int:
        """Make what is missing, wait for the answer, print the links."""
        engine = options["engine"]
        actor = self._owner()
        entrance = f"127.0.0.1:{settings.RELEASECLONE.ingress_port}"
        if engine == "docker":
            self._have_docker(actor)
        elif engine == "kubernetes":
            entrance = options["ingress"]
            self._have_cluster(actor, registry=options["registry"], ingress=entrance)
        applications = self._applications(actor, _ENGINES[engine])
        environment = self._environment(actor, applications["frontend"], engine)
        if environment is None:
            return 1
        links = links_of(environment)
        if not self._answers(links[0], entrance):
            return 1
        self._print(actor, environment, links)
        if engine != "process":
            self.stdout.write("  Containers run on after Ctrl-C, until the environment is deleted.")
            self.stdout.flush()
        return 0

    def _owner(self) -> Actor:
        person = User.objects.filter(username=_OWNER).first()
        if person is None:
            person = open_installation(username=_OWNER, password=_PASSWORD, account_name="demo")
        membership = person.memberships.select_related("account").order_by("pk")[0]
        return actor_for(person, membership.account)

    def _have_docker(self, actor: Actor) -> None:
        """The context of the engine docker, as the default; ``Refused`` where none answers."""
        context = actor.account.contexts.filter(engine="docker").first()
        self._have(actor, context, self._draft_of(context) if context else proposed_context())

    def _have_cluster(self, actor: Actor, *, registry: str, ingress: str) -> None:
        """The context of the cluster, as the default; ``Refused`` where it does not answer."""
        if "kubernetes" not in settings.ENGINES:
            raise Refused(error("demo.no-cluster"))
        if not registry:
            raise Refused(error("demo.no-registry"))
        _, _, port = ingress.rpartition(":")
        draft = ContextDraft(
            name="cluster",
            engine="kubernetes",
            domains=(settings.RELEASECLONE.domain,),
            is_default=True,
            pushes_to=registry.rstrip("/"),
            public_port=int(port) if port.isdecimal() else None,
        )
        self._have(actor, actor.account.contexts.filter(engine="kubernetes").first(), draft)

    def _have(self, actor: Actor, context: Context | None, draft: ContextDraft) -> None:
        asked = connection_of(Context(engine=draft.engine, configuration=draft.configuration))
        if asked.error:
            raise Refused(error("demo.away", engine=draft.engine, reason=asked.error))
        save_context(actor, context or Context(), draft)
        self.stdout.write(f"context {draft.name}: {asked.answer}")

    def _draft_of(self, context: Context) -> ContextDraft:
        """The context of an earlier run, as the default; where ``DOCKER_HOST`` leads now."""
        socket = context.configuration["socket"]
        if socket not in settings.RELEASECLONE.container_sockets:
            socket = proposed_context().socket
        return ContextDraft(
            name=context.name,
            engine=context.engine,
            domains=tuple(context.domains),
            is_default=True,
            socket=socket,
            pushes_to=context.pushes_to,
        )

    def _applications(self, actor: Actor, names: Sequence[str]) -> dict[str, Application]:
        if not settings.RELEASECLONE.local_repositories:
            raise Refused(error("demo.local-repositories"))
        folder: Path = settings.RELEASECLONE.data / "examples"
        made = make_repositories(folder)
        known = {application.name: application for application in actor.account.applications.all()}
        for name in names:
            if name not in known:
                source = str(made[name])
                known[name] = register_application(actor, source=source, name=name).application
                self.stdout.write(f"registered {name}")
        return known

    def _environment(self, actor: Actor, frontend: Application, engine: str) -> Environment | None:
        """The environment of an earlier run, else a new one on ``feature-2``."""
        living = frontend.environments.filter(
            removed_at__isnull=True, importer=None, namespace__context__engine=engine
        )
        environment = living.filter(branch="feature-2", status="deployed").first()
        if environment is not None:
            self.stdout.write(f"{environment.name} is deployed already")
            return environment
        asked = {"app": frontend.name, "branch": "feature-2", "type": EnvironmentType.EPHEMERAL}
        database = [] if engine == "process" else ["store"]
        draft = draft_from(actor, **asked, imports=database, without=[], parameters=[])
        if database:  # the others wait for it: it must not come after them
            draft = replace(draft, parallelize=True)
        environment = create_environment(actor, draft)
        self.stdout.write(f"created {environment.name} ({environment.env_id})")
        deployment = wait_for(environment.deployments.latest("pk"), say=self.stdout.write)
        if deployment.status == DeploymentStatus.DEPLOYED:
            return environment
        self.stderr.write(f"the demo's environment {deployment.status}: {deployment.reason}")
        return None

    def _answers(self, url: str, entrance: str) -> bool:
        """Whether the page shows, in time, what the backend answered; asked at this address."""
        until = time.monotonic() + _ANSWER_SECONDS
        host = httpx2.URL(url).netloc.decode()
        address = f"http://{entrance}/"
        said = "no answer"
        while time.monotonic() < until:
            try:
                answer = httpx2.get(address, headers={"Host": host}, timeout=5)
                said = f"status {answer.status_code}"
                if answer.status_code == httpx2.codes.OK and "parcel" in answer.text.lower():
                    return True
            except httpx2.HTTPError as wrong:
                said = f"{type(wrong).__name__}: {wrong}"
            time.sleep(0.5)
        self.stderr.write(f"{url} does not show the backend's answer: {said}")
        return False

    def _print(self, actor: Actor, environment: Environment, links: list[str]) -> None:
        page = settings.RELEASECLONE.public_url
        self.stdout.write("")
        self.stdout.write(f"  The environment   {links[0]}")
        for link in links[1:]:
            self.stdout.write(f"                    {link}")
        path = f"/{actor.account.name}/environments/{environment.env_id}/"
        self.stdout.write(f"  Its page          {page}{path}")
        self.stdout.write(f"  Sign in           {page}/sign-in as {_OWNER}, password: {_PASSWORD}")
        sys.stdout.flush()
