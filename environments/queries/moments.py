"""What deployments do at this moment, or why they ended, in one line each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page
from django.db.models import Max

from environments.models import (
    Deployment,
    DeploymentStatus,
    Environment,
    EnvironmentStatus,
    Task,
    TaskState,
)

_CALM = (EnvironmentStatus.DEPLOYED, EnvironmentStatus.PAUSED, EnvironmentStatus.NEW)
_STAGES = (
    ("resolved_at", "chooses branches and commits"),
    ("written_at", "writes the plan"),
    ("provided_at", "provides the images"),
    ("rendered_at", "checks out the code"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """``task``: what it waits for, "api of backend", or ""; ``since`` None: nothing to tell."""

    deployment: Deployment
    text: str
    task: str = ""
    since: datetime | None = None


def moments_of(deployments: Iterable[Deployment]) -> dict[int, Moment]:
    """The moment of each, by key."""
    rows = list(deployments)
    running = [one.pk for one in rows if one.status == DeploymentStatus.RUNNING]
    applied = _applied(running) if running else {}
    return {one.pk: _moment(one, applied.get(one.pk)) for one in rows}


def _applied(running: list[int]) -> Mapping[int, Task]:
    """The first task of each run, or of a member's share of one, that was started and is open."""
    tasks = Task.objects.filter(state=TaskState.APPLIED).select_related(
        "deployment__environment__application"
    )
    found: dict[int, Task] = {}
    within = tasks.filter(deployment__in=running) | tasks.filter(deployment__part_of__in=running)
    for task in within.order_by("deployment__position", "number"):
        found.setdefault(task.deployment_id, task)
        found.setdefault(task.deployment.part_of_id or task.deployment_id, task)
    return found


def _moment(deployment: Deployment, task: Task | None) -> Moment:
    if deployment.status == DeploymentStatus.QUEUED:
        return Moment(deployment, "waits in the queue", since=deployment.asked_at)
    if deployment.is_over:
        return Moment(deployment, deployment.reason, since=deployment.ended_at)
    if task is not None:
        name = task.name.partition(".")[2]
        where = f"{name} of {task.deployment.environment.application.name}"
        return Moment(deployment, task.reason or "started", where, task.applied_at)
    told = next((text for box, text in _STAGES if getattr(deployment, box) is None), "")
    return Moment(deployment, told or "starts what comes next", since=deployment.started_at)


def with_moments(rows: Page[dict[str, Any]]) -> Page[dict[str, Any]]:
    """The page of environments, each row with its ``moment``: None where it is simply deployed."""
    restless = [row["pk"] for row in rows.object_list if row["status"] not in _CALM]
    for row in rows.object_list:
        row["moment"] = None
    if not restless:
        return rows
    last = Environment.objects.filter(pk__in=restless).annotate(last=Max("deployments__pk"))
    newest = Deployment.objects.filter(pk__in=last.values("last")).defer(
        "manifests", "plan", "pins"
    )
    told = moments_of(newest)
    by_environment = {moment.deployment.environment_id: moment for moment in told.values()}
    for row in rows.object_list:
        row["moment"] = by_environment.get(row["pk"])
    return rows
