"""Reading deployments."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber

from environments.models import (
    Account,
    Application,
    Deployment,
    DeploymentStatus,
    Environment,
    LogLine,
    Task,
)
from environments.models.deployment import LIVE
from environments.queries.accounts import Unseen

PAGE = 25
TASK_LINES = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting deployment stands; ``ahead``: what runs or waits before it."""

    number: int
    ahead: Sequence[Deployment]


def deployment_of(account: Account, pk: int) -> Deployment:
    """One deployment of the account with everything its page shows; raises ``Unseen``."""
    rows = Deployment.objects.filter(pk=pk, environment__application__account=account)
    found = rows.select_related(
        "environment__application__account",
        "environment__importer__application",
        "part_of__environment__application",
        "namespace__context",
        "version",
    ).first()
    if found is None:
        raise Unseen
    return found


def shares_of(deployment: Deployment) -> list[Deployment]:
    """The deployment and those of its members, in the order of the run, with their tasks."""
    rows = Deployment.objects.filter(pk=deployment.pk) | Deployment.objects.filter(
        part_of=deployment
    )
    tasks = Prefetch("tasks", Task.objects.order_by("number"))
    return list(
        rows.select_related("environment__application", "build")
        .prefetch_related(tasks)
        .order_by("position", "pk")
    )


def with_last_lines(shares: Sequence[Deployment]) -> Sequence[Deployment]:
    """The shares, each of their tasks with ``last_lines``: what was said about it last."""
    tasks = [task for share in shares for task in share.tasks.all()]
    rank = Window(RowNumber(), partition_by=F("task"), order_by=F("number").desc())
    lines = LogLine.objects.filter(task__in=tasks).annotate(rank=rank).filter(rank__lte=TASK_LINES)
    said: dict[int, list[LogLine]] = {}
    for one in lines.order_by("number"):
        said.setdefault(one.task_id or 0, []).append(one)
    for task in tasks:
        task.last_lines = said.get(task.pk, [])  # type: ignore[attr-defined]
    return shares


def place_of(deployment: Deployment) -> Place | None:
    """Its place in the queue of its namespace; None when it does not wait."""
    if deployment.status != DeploymentStatus.QUEUED:
        return None
    before = Deployment.objects.filter(
        namespace=deployment.namespace,
        part_of__isnull=True,
        status__in=LIVE,
        pk__lt=deployment.pk,
    )
    ahead = list(before.select_related("environment").order_by("pk"))
    return Place(len(ahead) + 1, ahead)


def deployments_of(environment: Environment) -> QuerySet[Deployment]:
    """The environment's deployments, newest first."""
    return _shown(Deployment.objects.filter(environment=environment))


def deployments_in(application: Application) -> QuerySet[Deployment]:
    """Those of all environments of the application, newest first."""
    return _shown(Deployment.objects.filter(environment__application=application))


def _shown(rows: QuerySet[Deployment]) -> QuerySet[Deployment]:
    return (
        rows.select_related("environment__application", "part_of", "version")
        .defer("manifests", "plan", "pins")
        .order_by("-pk")
    )


def latest_of(environment: Environment) -> Deployment | None:
    """The newest deployment that concerns the environment."""
    return deployments_of(environment).first()
