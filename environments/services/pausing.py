"""Pause and resume: what runs in a namespace, with no instance, and then again as it was.

Nothing is resolved, planned, built or rendered anew: each service is applied as it was last, and
so is each cron job, where the engine keeps the schedules.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Max, Q
from django.utils import timezone

from environments import wiring
from environments.core.masking import Masker
from environments.core.ports import Manifest
from environments.core.render import without_instances
from environments.models import (
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    Environment,
    Namespace,
    Task,
)
from environments.models.deployment import SCALING
from environments.services import rendering, status
from environments.services.lease import Lease
from environments.services.rendering import Box
from environments.services.say import say

_BOXES = (
    "pins",
    "plan",
    "images",
    "manifests",
    "resolved_at",
    "written_at",
    "provided_at",
    "rendered_at",
)


@dataclass(frozen=True, slots=True)
class _Lasting:
    """A service or cron job of a member: the task that applied it last, and its place in the
    order of the last setup."""

    applied: Task
    step: int
    step_name: str


def prepare(deployment: Deployment, lease: Lease) -> bool:
    """Fill all boxes at once, from those of the deployments that made what runs; whether there
    is anything to do."""
    members = _members(deployment.namespace)
    if not members:
        return False
    keeps_schedules = wiring.engine_of(deployment.namespace.context).traits().keeps_schedules
    kinds = {"service": "services"} | ({"cron_job": "cron_jobs"} if keeps_schedules else {})
    newest = max((_root(one.running) for one in members if one.running), key=lambda one: one.pk)
    boxes: dict[int, Box] = {newest.pk: rendering.opened(newest)}
    tasks: dict[str, list[Manifest]] = {}
    commits: dict[str, str] = {}
    with lease.writing():
        now = timezone.now()
        is_pause = deployment.kind == DeploymentKind.PAUSE
        deployment.pins, deployment.images = newest.pins, {}
        deployment.plan = (newest.plan or {}) | ({"parallel": True} if is_pause else {})
        deployment.resolved_at = deployment.written_at = deployment.provided_at = now
        for position, member in enumerate(members):
            share = _share(deployment, member, position)
            for number, lasting in enumerate(_lasting_of(member, kinds), 1):
                task = _task(share, number, lasting)
                root = _root(lasting.applied.deployment)
                if root.pk not in boxes:
                    boxes[root.pk] = rendering.opened(root)
                manifests = rendering.manifests_for(boxes[root.pk], lasting.applied)
                tasks[str(task.pk)] = list(without_instances(manifests) if is_pause else manifests)
                commits[str(task.pk)] = lasting.applied.deployment.commit
        form = {
            "tasks": tasks,
            "secrets": sorted({text for box in boxes.values() for text in box.secrets}),
            "ground": boxes[newest.pk].ground,
            "commits": commits,
        }
        belongs_to = deployment.seal_name
        deployment.manifests = wiring.seal(json.dumps(form), belongs_to=belongs_to)
        deployment.rendered_at = now
        deployment.save(update_fields=_BOXES)
        if not is_pause:
            note_paused(deployment.namespace, is_paused=False)
        say(deployment, _kept(newest.plan or {}), masker=Masker(()))
        status.refresh(deployment.namespace)
    return True


def note_paused(namespace: Namespace, *, is_paused: bool) -> None:
    """Whether nothing of it runs, by somebody's wish."""
    paused_at = timezone.now() if is_paused else None
    Namespace.objects.filter(pk=namespace.pk).update(paused_at=paused_at)


def _members(namespace: Namespace) -> list[Environment]:
    """Those that run something, imports in their order, the importer last."""
    rows = namespace.members.filter(removed_at__isnull=True, running__isnull=False)
    found = rows.select_related("running__part_of", "running__version", "importer", "last_setup")
    return sorted(found, key=lambda one: (one.importer_id is None, one.position, one.pk))


def _root(deployment: Deployment) -> Deployment:
    return deployment.part_of or deployment


def _share(deployment: Deployment, member: Environment, position: int) -> Deployment:
    """The member's share of the run, that says what runs there."""
    running = member.running
    assert running is not None
    shown = {
        "position": position,
        "version": running.version,
        "application_number": running.application_number,
        "branch": running.branch,
        "commit": running.commit,
        "commit_subject": running.commit_subject,
        "rule": running.rule,
    }
    if member.pk == deployment.environment_id:
        for name, value in shown.items():
            setattr(deployment, name, value)
        deployment.save(update_fields=list(shown))
        return deployment
    return Deployment.objects.create(
        part_of=deployment,
        environment=member,
        namespace=deployment.namespace,
        kind=deployment.kind,
        status=DeploymentStatus.RUNNING,
        asked_by=deployment.asked_by,
        asked_by_name=deployment.asked_by_name,
        started_at=deployment.started_at,
        **shown,
    )


def _lasting_of(member: Environment, kinds: Mapping[str, str]) -> list[_Lasting]:
    """What the member has of these kinds of tasks, in the order of its last setup."""
    form = rendering.member_form(member.running_plan, member.env_id)
    there = Q()
    for kind, key in kinds.items():
        there |= Q(kind=kind, workload__in=[one["workload"] for one in form.get(key, ())])
    applied = Task.objects.filter(
        there, deployment__environment=member, applied_at__isnull=False
    ).exclude(deployment__kind__in=SCALING)
    last = applied.order_by().values("kind", "workload").annotate(last=Max("pk")).values("last")
    tasks = Task.objects.filter(pk__in=last).select_related("deployment__part_of")
    places = {
        (task.kind, task.workload): (task.step, task.step_name)
        for task in (member.last_setup.tasks.all() if member.last_setup else ())
    }
    found = [
        _Lasting(task, *places.get((task.kind, task.workload), (task.step, task.step_name)))
        for task in tasks
    ]
    return sorted(found, key=lambda one: (one.step, one.applied.number))


def _task(share: Deployment, number: int, lasting: _Lasting) -> Task:
    is_pause = share.kind == DeploymentKind.PAUSE
    return Task.objects.create(
        deployment=share,
        number=number,
        step=0 if is_pause else lasting.step,
        step_name="" if is_pause else lasting.step_name,
        name=lasting.applied.name,
        kind=lasting.applied.kind,
        workload=lasting.applied.workload,
        schedule=lasting.applied.schedule,
        halts=False,
    )


def _kept(plan: Mapping[str, object]) -> list[str]:
    """What a pause does not end."""
    members = plan.get("members", ())
    assert isinstance(members, list | tuple)
    charts = [chart["name"] for member in members for chart in member.get("charts", ())]
    return [f"charts stay as they are: {', '.join(charts)}"] if charts else []
