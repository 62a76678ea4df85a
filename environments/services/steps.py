"""One look at the tasks of a run: apply what may start, observe what runs, note what ended."""

import time
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from django.db.models import F
from django.utils import timezone

from environments import wiring
from environments.core import health
from environments.core.masking import Masker
from environments.core.ports import (
    ANNOTATION_REVISION,
    ANNOTATION_TIMEOUT,
    EngineError,
    EngineRefused,
    IngressError,
    Instance,
    Phase,
    workloads,
)
from environments.models import Deployment, DeploymentKind, Environment, Task, TaskState
from environments.models.deployment import CHANGING
from environments.services import deciding, rendering, routes, schedules, sending
from environments.services.lease import Lease, LeaseLost
from environments.services.rendering import Box
from environments.services.say import leave_out, say
from environments.services.taking_back import take_back

SERVICE_LIMIT = timedelta(seconds=600)
EVIDENCE_LINES = 20
_ENGINE_PATIENCE = 20.0
_JOB_GRACE = 10.0
"""Seconds beyond its limit in which the engine itself should have ended a job."""


class Look(StrEnum):
    """What one look at the tasks saw."""

    MOVED = "moved"
    """Something was applied or ended: more may be possible at once."""
    STILL = "still"
    ENDED = "ended"
    """Nothing of the run is open any more."""


def look_once(
    deployment: Deployment, lease: Lease, *, box: Box, masker: Masker, watched: float
) -> Look:
    """Do what can be done now. ``watched``: seconds since this worker began to look."""
    tasks = rendering.tasks_of(deployment)
    before = [task.state for task in tasks]
    by_pk = {task.pk: task for task in tasks}
    now = deciding.decide(deployment, tasks)
    for pk, reason in now.skip:
        _end(lease, by_pk[pk], TaskState.SKIPPED, reason)
    for together in sending.portions(deployment, [by_pk[pk] for pk in now.apply]):
        _apply(deployment, lease, together, box=box, masker=masker)
    observed = [by_pk[pk] for pk in now.observe]
    if observed:
        for task in observed:
            task.watched += watched
        _observe(deployment, lease, observed, box=box, masker=masker)
    if now.ended:
        return Look.ENDED
    return Look.STILL if before == [task.state for task in tasks] else Look.MOVED


def note_watched(deployment: Deployment, lease: Lease, seconds: float) -> None:
    """For so long this worker has looked: the limits of what goes on count it."""
    shares = [deployment.pk, *deployment.member_deployments.values_list("pk", flat=True)]
    with lease.writing():
        tasks = Task.objects.filter(deployment__in=shares, state=TaskState.APPLIED)
        tasks.update(watched=F("watched") + seconds)


def _end(lease: Lease, task: Task, state: TaskState, reason: str) -> None:
    with lease.writing():
        task.state = state
        task.reason = reason
        task.ended_at = timezone.now()
        task.save(update_fields=["state", "reason", "ended_at"])


def _apply(
    deployment: Deployment, lease: Lease, tasks: Sequence[Task], *, box: Box, masker: Masker
) -> None:
    """Send what the tasks ask to the engine; one that is away for a moment is waited for."""
    give_up = time.monotonic() + _ENGINE_PATIENCE
    while tasks:
        lease.require()
        outcomes = sending.send(deployment, tasks, box)
        late, again = time.monotonic() > give_up, []
        for task, wrong in zip(tasks, outcomes, strict=True):
            if wrong is None:
                _note_applied(deployment, lease, task, masker=masker)
            elif isinstance(wrong, EngineRefused) or late:
                _fail(deployment, lease, task, str(wrong), (), masker=masker)
            else:
                again.append(task)
        if tasks := again:
            time.sleep(0.5)


def _note_applied(deployment: Deployment, lease: Lease, task: Task, *, masker: Masker) -> None:
    try:
        with lease.writing():
            task.state = TaskState.APPLIED
            task.applied_at = timezone.now()
            task.save(update_fields=["state", "applied_at"])
            if task.kind != "cron_job":
                say(task.deployment, [f"{task.name}: started"], masker=masker, task=task)
            if task.kind != "removal" and task.deployment.kind in CHANGING:
                _runs_now(task.deployment.environment, task.deployment)
    except LeaseLost:
        # Whoever took over may have removed everything meanwhile.
        take_back(deployment.namespace)
        raise


def _runs_now(member: Environment, share: Deployment) -> None:
    """From the first thing applied on, this deployment is what the member runs."""
    if member.running_id != share.pk:
        Environment.objects.filter(pk=member.pk).update(running=share)


def _observe(
    deployment: Deployment, lease: Lease, tasks: Sequence[Task], *, box: Box, masker: Masker
) -> None:
    try:
        engine = wiring.engine_of(deployment.namespace.context)
        instances = engine.observe(deployment.namespace.name)
    except EngineError as away:
        for task in tasks:
            _wait_unseen(deployment, lease, task, str(away), box=box, masker=masker)
        return
    unfinished: list[Task] = []
    for task in tasks:
        own = [
            instance
            for instance in instances
            if instance.environment == task.deployment.environment.env_id
            and (task.kind == "removal" or instance.workload == task.workload)
        ]
        if task.kind == "job":
            _say_output(deployment, lease, task, own, masker=masker)
        waits = _judge(deployment, lease, task, own, box=box, masker=masker)
        if waits and task.kind == "service" and _lacks_something(task, own, box):
            unfinished.append(task)
    _go_on(deployment, lease, unfinished, box=box, masker=masker)


def _wait_unseen(
    deployment: Deployment, lease: Lease, task: Task, away: str, *, box: Box, masker: Masker
) -> None:
    """The engine does not tell: it is asked again until the task's own time is over."""
    limit = _limit(task, box)
    if task.watched > limit:
        message = f"not seen for {limit:.0f} s: {away}"
        _fail(deployment, lease, task, message, (), masker=masker)
    else:
        _tell_wait(lease, task, away, masker=masker)


def _tell_wait(lease: Lease, task: Task, waits_for: str, *, masker: Masker) -> None:
    waits_for = masker.line(waits_for)
    if waits_for != task.reason:
        with lease.writing():
            Task.objects.filter(pk=task.pk).update(reason=waits_for)


def _elapsed(task: Task) -> float:
    """Seconds since it was applied, by a clock that may have jumped: to be told, not to judge."""
    now = timezone.now()
    return max((now - (task.applied_at or now)).total_seconds(), 0.0)


def _limit(task: Task, box: Box) -> float:
    """Seconds after which it has failed."""
    if task.kind != "job":
        return SERVICE_LIMIT.total_seconds()
    (workload,) = workloads(rendering.manifests_for(box, task))
    return float(workload["metadata"]["annotations"][ANNOTATION_TIMEOUT])


def _judge(
    deployment: Deployment,
    lease: Lease,
    task: Task,
    instances: Sequence[Instance],
    *,
    box: Box,
    masker: Masker,
) -> bool:
    """Note how it ended; whether it is still waited for."""
    limit = _limit(task, box)
    if task.kind == "removal":
        if not instances:
            _finish(lease, task, "removed", masker=masker)
        elif task.watched > limit:
            left = ", ".join(instance.name for instance in instances)
            message = f"still there after {limit:.0f} s: {left}"
            _fail(deployment, lease, task, message, (), masker=masker)
        return False
    if task.kind == "cron_job":
        is_pause = task.deployment.kind == DeploymentKind.PAUSE
        told = "rests" if is_pause else f"runs at {task.schedule} (UTC)"
        _finish(lease, task, told, masker=masker)
        return False
    own, instances = instances, _current(task, instances, box)
    found = _health(task, instances, limit, box)
    if found.state is health.State.READY and len(own) > len(instances):
        found = health.Health(health.State.WAITING, "what ran before is being ended")
    if found.state == "ready":
        end = "ended" if task.deployment.kind == DeploymentKind.PAUSE else "ready"
        _finish(lease, task, f"{end} after {_elapsed(task):.1f} s", masker=masker)
    elif found.state == "failed":
        _fail(deployment, lease, task, found.message, instances, masker=masker)
    else:
        _tell_wait(lease, task, found.message, masker=masker)
    return found.state is health.State.WAITING


def _lacks_something(task: Task, instances: Sequence[Instance], box: Box) -> bool:
    """Whether an instance is missing, was never started, or is of another revision."""
    current = _current(task, instances, box)
    (workload,) = workloads(rendering.manifests_for(box, task))
    return (
        len(current) != len(instances)
        or len(current) < workload["spec"]["replicas"]
        or any(one.started_at is None for one in current)
    )


def _go_on(
    deployment: Deployment, lease: Lease, tasks: Sequence[Task], *, box: Box, masker: Masker
) -> None:
    """The next step of changes, on engines that make them in several."""
    if not tasks or not wiring.engine_of(deployment.namespace.context).traits().converges:
        return
    lease.require()
    for task, wrong in zip(tasks, sending.send(deployment, tasks, box), strict=True):
        # One that is away for a moment is asked again by the next look.
        if isinstance(wrong, EngineRefused):
            _fail(deployment, lease, task, str(wrong), (), masker=masker)


def _current(task: Task, instances: Sequence[Instance], box: Box) -> list[Instance]:
    """Those of what was applied, not of what ran before."""
    (workload,) = workloads(rendering.manifests_for(box, task))
    revision = workload["metadata"]["annotations"][ANNOTATION_REVISION]
    return [one for one in instances if task.kind != "service" or one.revision == revision]


def _health(task: Task, current: Sequence[Instance], limit: float, box: Box) -> health.Health:
    if task.kind == "job":
        return health.of_job(current, elapsed=task.watched - _JOB_GRACE, limit=limit)
    if task.kind == "chart":
        return health.of_chart(current, elapsed=task.watched, limit=limit)
    (workload,) = workloads(rendering.manifests_for(box, task))
    replicas = workload["spec"]["replicas"]
    return health.of_service(current, replicas=replicas, elapsed=task.watched, limit=limit)


def _finish(lease: Lease, task: Task, line: str, *, masker: Masker) -> None:
    with lease.writing():
        _end(lease, task, TaskState.READY, line)
        if task.kind == "cron_job":
            schedules.begin(task)
        say(task.deployment, [f"{task.name}: {line}"], masker=masker, task=task)
    # What was removed gives its ports back when its share is closed: no address may lead there.
    is_led = any(host["workload"] == task.workload for host in task.deployment.hosts)
    if is_led or task.kind == "removal":
        _lead(task.deployment, lease, masker=masker)


def _lead(share: Deployment, lease: Lease, *, masker: Masker) -> None:
    """Let the ingress follow; the services run, whatever it answers."""
    try:
        routes.publish_into(share.namespace.context)
    except IngressError as wrong:
        with lease.writing():
            say(share, [f"warning: {wrong}"], masker=masker)


def _fail(
    deployment: Deployment,
    lease: Lease,
    task: Task,
    message: str,
    instances: Sequence[Instance],
    *,
    masker: Masker,
) -> None:
    """Note the failure; the first of the run becomes its cause, with the lines around it."""
    culprit = _culprit(instances)
    message = masker.line(message)
    cause = {
        "application": task.deployment.environment.application.name,
        "env_id": task.deployment.environment.env_id,
        "task": task.name,
        "kind": task.kind,
        "instance": culprit.name if culprit else "",
        "message": message,
        "lines": [masker.line(line) for line in _evidence(deployment, culprit)],
    }
    blamed = {task.deployment_id}
    if not _is_noted_only(deployment, task):
        blamed.add(deployment.pk)
    with lease.writing():
        _end(lease, task, TaskState.FAILED, message)
        say(task.deployment, [f"{task.name}: failed: {message}"], masker=masker, task=task)
        Deployment.objects.filter(pk__in=blamed, failure__isnull=True).update(failure=cause)


def _culprit(instances: Sequence[Instance]) -> Instance | None:
    """The instance that failed; where none has, the first that is not ready."""
    failed = (one for one in instances if one.phase is Phase.FAILED)
    return next(failed, None) or next((one for one in instances if not one.ready), None)


def _is_noted_only(deployment: Deployment, task: Task) -> bool:
    """Whether this is an error on the way out of a member that leaves."""
    return deciding.leaves(deployment, [task]) and task.kind != "removal"


def _evidence(deployment: Deployment, instance: Instance | None) -> list[str]:
    if instance is None:
        return []
    try:
        engine = wiring.engine_of(deployment.namespace.context)
        return engine.read_log(deployment.namespace.name, instance.name, lines=EVIDENCE_LINES)
    except EngineError as wrong:
        return [f"(the log could not be read: {wrong})"]


def _say_output(
    deployment: Deployment,
    lease: Lease,
    task: Task,
    instances: Sequence[Instance],
    *,
    masker: Masker,
) -> None:
    """What a job printed since the last look."""
    engine = wiring.engine_of(deployment.namespace.context)
    namespace = deployment.namespace.name
    for instance in instances:
        while True:
            try:
                printed = engine.read_output(
                    namespace, instance.name, position=task.output_position
                )
            except EngineError:
                return
            if not printed.lines and not printed.left_out:
                break
            with lease.writing():
                say(task.deployment, printed.lines, masker=masker, task=task)
                leave_out(task.deployment, printed.left_out)
                task.output_position = printed.position
                task.save(update_fields=["output_position"])
