"""Cron jobs, where the engine keeps no schedules: each run is a job that is applied."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from environments import wiring
from environments.core import schedules
from environments.core.ports import (
    Engine,
    EngineError,
    EngineRefused,
    Instance,
    ObjectName,
    Phase,
    Step,
    WorkloadKind,
)
from environments.core.render import KEPT_RUNS, run_of
from environments.models import Deployment, DeploymentKind, DeploymentStatus, Task, TaskState
from environments.models.deployment import LIVE, SCALING
from environments.services import rendering
from environments.services.taking_back import take_back

logger = logging.getLogger(__name__)
_AT_ONCE = 50
_ENDED = (Phase.SUCCEEDED, Phase.FAILED, Phase.STOPPED)


def begin(task: Task) -> None:
    """From now on the task's cron job is run, once its deployment has succeeded."""
    if wiring.engine_of(task.deployment.namespace.context).traits().keeps_schedules:
        # What was run from here before the engine kept its schedule is run twice no more.
        own = Task.objects.filter(kind="cron_job", workload=task.workload)
        own.filter(deployment__environment=task.deployment.environment).update(next_run_at=None)
        return
    now = timezone.now()
    Task.objects.filter(pk=task.pk).update(next_run_at=schedules.next_after(task.schedule, now))


def run_due() -> None:
    """Start every run whose time has come. Called by several workers it is started once: its
    name tells its minute, and the engine runs a job of one name once."""
    now = timezone.now()
    rows = Task.objects.filter(next_run_at__lte=now, state=TaskState.READY)
    shared = rows.select_related(
        "deployment__part_of", "deployment__namespace__context", "deployment__environment"
    )
    for task in shared.order_by("next_run_at")[:_AT_ONCE]:
        if _is_over(task.deployment):
            _note(task, None)
        elif _may_run(task.deployment):
            _run(task, now)


def _is_over(share: Deployment) -> bool:
    """Whether what it deployed has been replaced or removed."""
    if share.environment.removed_at is not None:
        return True
    if share.status not in (*LIVE, DeploymentStatus.DEPLOYED):
        return True
    newer = Deployment.objects.filter(environment=share.environment, pk__gt=share.pk)
    newer = newer.exclude(kind__in=SCALING)
    return newer.filter(status=DeploymentStatus.DEPLOYED).exists()


def _may_run(share: Deployment) -> bool:
    going = Deployment.objects.filter(
        environment=share.environment, kind=DeploymentKind.TEARDOWN, status__in=LIVE
    )
    is_paused = share.namespace.paused_at is not None
    return share.status == DeploymentStatus.DEPLOYED and not is_paused and not going.exists()


def _run(task: Task, now: datetime) -> None:
    """Its latest run, however many were missed; where the engine is away it is tried again."""
    engine = wiring.engine_of(task.deployment.namespace.context)
    try:
        _start(engine, task, schedules.last_until(task.schedule, now))
    except EngineRefused as wrong:
        logger.warning("%s of %s did not run: %s", task.name, task.deployment.environment, wrong)
    except EngineError as away:
        logger.warning("%s of %s waits: %s", task.name, task.deployment.environment, away)
        return
    _note(task, schedules.next_after(task.schedule, now))


def _start(engine: Engine, task: Task, at: datetime) -> None:
    """Unless the run before it still goes on."""
    share = task.deployment
    root = share.part_of or share
    namespace = share.namespace
    earlier = _runs(engine, task)
    ended = [run for run in earlier if run.phase in _ENDED]
    if len(ended) == len(earlier):
        manifests = rendering.manifests_for(rendering.opened(root), task)
        run = run_of(manifests, name=schedules.run_name(task.workload, at))
        hosts = tuple(rendering.hosts_of(root))
        engine.apply(Step(namespace=namespace.name, manifests=run, hosts=hosts))
        take_back(namespace)
    gone = [ObjectName(str(run.kind), run.workload) for run in ended[:-KEPT_RUNS]]
    if gone:
        engine.remove(namespace.name, gone)


def _runs(engine: Engine, task: Task) -> Sequence[Instance]:
    """The runs of the cron job that there are, oldest first."""
    share = task.deployment
    found = [
        one
        for one in engine.observe(share.namespace.name)
        if one.environment == share.environment.env_id
        and one.kind is WorkloadKind.JOB
        and schedules.cron_job_of(one.workload) == task.workload
    ]
    return sorted(found, key=lambda one: one.workload)


def _note(task: Task, next_run_at: datetime | None) -> None:
    """Unless another worker has."""
    rows = Task.objects.filter(pk=task.pk, next_run_at=task.next_run_at)
    rows.update(next_run_at=next_run_at)
