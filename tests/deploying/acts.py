"""What the tests of deployments do again and again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F

from environments import tasks
from environments.actions import deployments
from environments.actions.drafts import ImportChoice
from environments.actions.environments import (
    latest_version,
    save_environment_template,
    save_imports,
)
from environments.core.ports import Phase
from environments.engines.memory import Outlook
from environments.models import Deployment, DeploymentKind, Environment, PortClaim, Task
from tests.world import World

SETUP, PATCH, TEARDOWN = DeploymentKind.SETUP, DeploymentKind.PATCH, DeploymentKind.TEARDOWN
STARTS = Outlook(Phase.STARTING, False, "GET /health: refused")
FAILS = Outlook(Phase.FAILED, False, "the process ended with status 3")
RUNS = Outlook(Phase.RUNNING, False)
"""A job that has not ended."""


def ask(world: World, environment: Environment, kind: DeploymentKind) -> Deployment:
    """A deployment in the queue."""
    return deployments.deploy(world.operator, environment, kind)


def run(world: World, environment: Environment, kind: DeploymentKind) -> Deployment:
    """A deployment after its end; the environment's row is read again."""
    deployment = ask(world, environment, kind)
    world.work()
    deployment.refresh_from_db()
    environment.refresh_from_db()
    return deployment


def claim_ports(environment: Environment) -> None:
    """A port of this machine behind each of its hosts, as the engines of one machine claim them."""
    claims = [
        PortClaim(
            namespace=environment.namespace,
            workload=host["workload"],
            replica=0,
            target_port=host["target_port"],
            number=number,
        )
        for number, host in enumerate(environment.running_plan["hosts"], 31000)
    ]
    PortClaim.objects.bulk_create(claims)


def take_up(world: World) -> None:
    """The worker takes up what comes next, until nothing moves."""
    tasks.run_deployment(*world.queue.popleft())


def save(world: World, environment: Environment, text: str) -> None:
    """A new Environment Template; it waits for Deploy Setup."""
    environment.refresh_from_db()
    save_environment_template(world.operator, environment, text=text, opened_on=environment.number)


def text_of(environment: Environment) -> str:
    """The latest Environment Template."""
    environment.refresh_from_db()
    return latest_version(environment).template


def save_with(
    world: World,
    environment: Environment,
    *imports: ImportChoice | str,
    parallelize: bool = False,
) -> None:
    """Save in the App Imports tab."""
    environment.refresh_from_db()
    chosen = (ImportChoice(one) if isinstance(one, str) else one for one in imports)
    save_imports(
        world.operator,
        environment,
        imports=tuple(chosen),
        parallelize=parallelize,
        parameters={},
        opened_on=environment.number,
    )


def share_of(deployment: Deployment, environment: Environment) -> Deployment:
    """The environment's share of this run."""
    return deployment.member_deployments.get(environment=environment)


def states(deployment: Deployment) -> dict[str, str]:
    """How far each task of this share came."""
    return dict(deployment.tasks.order_by("number").values_list("name", "state"))


def reasons(deployment: Deployment) -> dict[str, str]:
    """What each task of this share says."""
    return dict(deployment.tasks.order_by("number").values_list("name", "reason"))


def said(deployment: Deployment) -> list[str]:
    """Everything that this deployment said."""
    return list(deployment.lines.order_by("number").values_list("text", flat=True))


def applied(world: World) -> list[str]:
    """The workloads in the order in which the engine was given them."""
    return [str(step.manifests[-1]["metadata"]["name"]) for step in world.engine.steps]


def members_of(environment: Environment) -> dict[str, Environment]:
    """The living members of the environment's namespace, by application."""
    living = environment.namespace.members.filter(removed_at__isnull=True)
    return {member.application.name: member for member in living}


def variables_of(deployment: Deployment, application: str) -> Mapping[str, str]:
    """The variables of the first service of this member, as the plan has them."""
    plan: Any = (deployment.part_of or deployment).plan
    (member,) = [one for one in plan["members"] if one["application"] == application]
    return {value["name"]: value["text"] for value in member["services"][0]["variables"]}


def long_ago(deployment: Deployment, seconds: float) -> None:
    """Whatever was applied was applied so long ago."""
    shares = [deployment, *deployment.member_deployments.all()]
    Task.objects.filter(deployment__in=shares, applied_at__isnull=False).update(
        applied_at=F("applied_at") - timedelta(seconds=seconds),
        watched=F("watched") + seconds,
    )
