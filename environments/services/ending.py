"""How a deployment ends: every share gets its status and its reason, and what left is let go."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from environments import wiring
from environments.core.masking import Masker
from environments.core.ports import EngineError, IngressError
from environments.models import (
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    Environment,
    EnvironmentStatus,
    HostClaim,
    PortClaim,
    Task,
    TaskState,
)
from environments.models.deployment import LIVE, OPEN, SCALING
from environments.services import folders, pausing, pruning, rendering, routes, status
from environments.services.lease import Lease
from environments.services.say import say


def fail(
    deployment: Deployment,
    lease: Lease,
    reason: str,
    *,
    told: Sequence[str] = (),
    cause: Mapping[str, Any] | None = None,
) -> None:
    """End the run before its tasks: everything that is open is skipped.

    ``told``: what is said before; ``cause``: what the page shows as the first cause.
    """
    with lease.writing():
        if cause is not None:
            Deployment.objects.filter(pk=deployment.pk, failure__isnull=True).update(failure=cause)
        now = timezone.now()
        members = _settled(deployment, now)
        _skip_open(deployment, reason, now)
        say(deployment, [*told, f"failed: {reason}"], masker=Masker(()))
        for share in members:
            _close(share, DeploymentStatus.ABORTED, f"not started: {reason}", now)
        _close(deployment, DeploymentStatus.FAILED, reason, now)
        status.refresh(deployment.namespace)


def ignore(deployment: Deployment, lease: Lease, *, ref: str, pattern: str) -> None:
    """End the run of an imported environment whose branch its importer ignores: as if it had
    never begun, so that the environment's status stays as it was."""
    reason = f"ignored: {ref} matches {pattern}"
    with lease.writing():
        deployment.branch = ref
        deployment.ignored_by = pattern[:300]
        deployment.started_at = None
        deployment.save(update_fields=["branch", "ignored_by", "started_at"])
        say(deployment, [reason], masker=Masker(()))
        _close(deployment, DeploymentStatus.ABORTED, reason, timezone.now())
        status.refresh(deployment.namespace)


def abort(deployment: Deployment, lease: Lease) -> None:
    """End the run where it is; nothing is undone, and the page lists what was done."""
    deployment.refresh_from_db(fields=["abort_asked_by", "abort_reason"])
    reason = deployment.abort_reason or f"aborted by {deployment.abort_asked_by}"
    with lease.writing():
        now = timezone.now()
        members = _settled(deployment, now)
        _skip_open(deployment, reason, now)
        say(deployment, [reason], masker=Masker(()))
        for share in (*members, deployment):
            _close(share, DeploymentStatus.ABORTED, reason, now)
        status.refresh(deployment.namespace)


def finish(deployment: Deployment, lease: Lease) -> bool:
    """Every task has ended: judge each share, tidy up, and only then end the run itself.

    Whether that is done: what is removed may need a while, in which others get their turn.
    Whoever takes the place of a worker that died in between finds it running and ends it alike.
    """
    if deployment.kind == DeploymentKind.TEARDOWN:
        return _finish_teardown(deployment, lease)
    if deployment.kind in SCALING:
        _finish_scaling(deployment, lease)
        return True
    with lease.writing():
        for share in _open_members(deployment):
            _judge(share, timezone.now())
        deployment.refresh_from_db(fields=["failure"])
        if not deployment.failure:
            _remember(deployment, deployment)
    if not deployment.failure:
        pruning.prune(deployment, lease)
    _publish(deployment, lease)
    lease.require()
    folders.tidy(deployment)
    with lease.writing():
        _close_by_cause(deployment, timezone.now())
        say(deployment, [f"ended: {deployment.status}"], masker=Masker(()))
        status.refresh(deployment.namespace)
    return True


def _finish_scaling(deployment: Deployment, lease: Lease) -> None:
    """What runs is as before, in another number: nothing is to be remembered or tidied up.

    As after a setup, the run ends when its addresses lead where they should: who reads "Paused"
    and opens one finds the page of the pause.
    """
    with lease.writing():
        for share in _open_members(deployment):
            _judge(share, timezone.now())
        deployment.refresh_from_db(fields=["failure"])
        if deployment.kind == DeploymentKind.PAUSE and not deployment.failure:
            pausing.note_paused(deployment.namespace, is_paused=True)
    _publish(deployment, lease)
    with lease.writing():
        _close_by_cause(deployment, timezone.now())
        say(deployment, [f"ended: {deployment.status}"], masker=Masker(()))
        status.refresh(deployment.namespace)


def _success_of(share: Deployment) -> DeploymentStatus:
    is_pause = share.kind == DeploymentKind.PAUSE
    return DeploymentStatus.PAUSED if is_pause else DeploymentStatus.DEPLOYED


def _close_by_cause(deployment: Deployment, now: datetime) -> None:
    cause = deployment.failure
    if not cause:
        _close(deployment, _success_of(deployment), "", now)
        return
    name = cause["task"].partition(".")[2]
    reason = f"{name} of {cause['application']} failed: {cause['message']}"
    _close(deployment, DeploymentStatus.FAILED, reason, now)


def _judge(share: Deployment, now: datetime) -> None:
    """One member's share, by its tasks."""
    tasks = list(share.tasks.all())
    if share.kind == DeploymentKind.TEARDOWN:
        _judge_leaving(share, tasks, now)
        return
    failed = next((task for task in tasks if task.state == TaskState.FAILED), None)
    unreached = next(
        (
            task
            for task in tasks
            if task.state == TaskState.SKIPPED and task.reason.startswith("not started")
        ),
        None,
    )
    if failed is not None:
        name = failed.name.partition(".")[2]
        _close(share, DeploymentStatus.FAILED, f"{name} failed: {failed.reason}", now)
    elif unreached is not None:
        _close(share, DeploymentStatus.ABORTED, unreached.reason, now)
    else:
        _close(share, _success_of(share), "", now)
        if share.kind not in SCALING:
            _remember(share, share.part_of or share)


def _judge_leaving(share: Deployment, tasks: Sequence[Task], now: datetime) -> None:
    """A member that leaves is gone when its removal is; other errors are noted."""
    removal = next((task for task in tasks if task.kind == "removal"), None)
    if removal is not None and removal.state == TaskState.FAILED:
        _close(share, DeploymentStatus.FAILED, f"The removal failed: {removal.reason}", now)
    elif removal is not None and removal.state == TaskState.SKIPPED:
        _close(share, DeploymentStatus.ABORTED, removal.reason, now)
    else:
        _remove_environment(share.environment, now)
        left = share.part_of is not None and share.part_of.kind != DeploymentKind.TEARDOWN
        reasons = ["left the imports"] if left else []
        _close(share, DeploymentStatus.REMOVED, "; ".join((*reasons, *_errors_of(tasks))), now)


def _errors_of(tasks: Sequence[Task]) -> list[str]:
    failed = (task for task in tasks if task.state == TaskState.FAILED)
    return [f"{task.name.partition('.')[2]} failed: {task.reason}" for task in failed]


def _remember(share: Deployment, root: Deployment) -> None:
    """What succeeded is what a patch repeats and what the page calls deployed."""
    changes: dict[str, Deployment] = {"running": share}
    if root.kind == DeploymentKind.SETUP:
        changes["last_setup"] = share
    Environment.objects.filter(pk=share.environment_id).update(**changes)


def _finish_teardown(deployment: Deployment, lease: Lease) -> bool:
    """Remove what is left, prove it by looking, and only then end the rows."""
    whole = deployment.environment.importer_id is None
    if whole:
        lease.require()
        patience = 0.0
        try:
            engine = wiring.engine_of(deployment.namespace.context)
            patience = engine.traits().ending_seconds
            engine.destroy(deployment.namespace.name)
            remains = engine.remains(deployment.namespace.name)
        except EngineError as wrong:
            remains = (str(wrong),)
        if remains and _waited(deployment, lease) < patience:
            return False
        if remains:
            fail(deployment, lease, f"Something is left: {', '.join(remains)}. Delete again.")
            return True
        lease.require()
        folders.remove_all(deployment)
    with lease.writing():
        now = timezone.now()
        for share in _open_shares(deployment):
            _remove_environment(share.environment, now)
            _close(
                share, DeploymentStatus.REMOVED, "; ".join(_errors_of(list(share.tasks.all()))), now
            )
        if whole:
            _end_namespace(deployment, now)
        say(deployment, ["removed"], masker=Masker(()))
        status.refresh(deployment.namespace)
    _publish(deployment, lease)
    return True


def _waited(deployment: Deployment, lease: Lease) -> float:
    """Seconds since it was first seen that something remains."""
    now = timezone.now()
    if deployment.ending_since is None:
        with lease.writing():
            deployment.ending_since = now
            deployment.save(update_fields=["ending_since"])
    return (now - (deployment.ending_since or now)).total_seconds()


def _end_namespace(deployment: Deployment, now: datetime) -> None:
    namespace = deployment.namespace
    for member in namespace.members.filter(removed_at__isnull=True):
        _remove_environment(member, now)
    HostClaim.objects.filter(namespace=namespace).delete()
    PortClaim.objects.filter(namespace=namespace).delete()
    namespace.ended_at = now
    namespace.save(update_fields=["ended_at"])


def _remove_environment(environment: Environment, now: datetime) -> None:
    """Its name and handle are free again; the row stays as history."""
    hosts = {host["host"] for host in _hosts_of(environment)}
    others = environment.namespace.members.filter(removed_at__isnull=True).exclude(
        pk=environment.pk
    )
    used = {workload for other in others for workload in _workloads_of(other)}
    workloads = set(_workloads_of(environment)) - used
    PortClaim.objects.filter(namespace=environment.namespace, workload__in=workloads).delete()
    shared = {host["host"] for other in others for host in _hosts_of(other)}
    HostClaim.objects.filter(namespace=environment.namespace, host__in=hosts - shared).delete()
    environment.removed_at = now
    environment.own_status = environment.status = EnvironmentStatus.REMOVED
    environment.save(update_fields=["removed_at", "own_status", "status"])


def _hosts_of(environment: Environment) -> list[dict[str, str]]:
    hosts = environment.running_plan.get("hosts", ())
    return [host for host in hosts if host["env_id"] == environment.env_id]


def _workloads_of(environment: Environment) -> list[str]:
    share = rendering.member_form(environment.running_plan, environment.env_id)
    return [service["workload"] for service in share.get("services", ())]


def _open_members(deployment: Deployment) -> list[Deployment]:
    rows = deployment.member_deployments.filter(status__in=LIVE)
    return list(rows.select_related("environment__namespace", "part_of"))


def _open_shares(deployment: Deployment) -> list[Deployment]:
    return [*_open_members(deployment), deployment]


def _settled(deployment: Deployment, now: datetime) -> list[Deployment]:
    """Judge the members whose tasks have all ended; the others, which the run's end ends."""
    unfinished: list[Deployment] = []
    for share in _open_members(deployment):
        states = set(share.tasks.values_list("state", flat=True))
        if states and states.isdisjoint(OPEN):
            _judge(share, now)
        else:
            unfinished.append(share)
    if deployment.tasks.filter(kind="removal", state=TaskState.READY).exists():
        # A teardown that does not come to its end: what it removed does not run any more.
        Environment.objects.filter(pk=deployment.environment_id).update(
            running=None, last_setup=None
        )
    return unfinished


def _close(share: Deployment, ending: DeploymentStatus, reason: str, now: datetime) -> None:
    share.status = ending
    share.reason = reason
    share.ended_at = now
    share.lease_until = None
    share.save(update_fields=["status", "reason", "ended_at", "lease_until"])


def _skip_open(deployment: Deployment, reason: str, now: datetime) -> None:
    """The tasks say what was done: what had started stays as it is, the rest never started."""
    shares = [share.pk for share in _open_shares(deployment)]
    tasks = Task.objects.filter(deployment__in=shares)
    for state, what in ((TaskState.WAITING, "not started"), (TaskState.APPLIED, "started, then")):
        tasks.filter(state=state).update(
            state=TaskState.SKIPPED, reason=f"{what}: {reason}", ended_at=now
        )


def _publish(deployment: Deployment, lease: Lease) -> None:
    try:
        routes.publish_into(deployment.namespace.context)
    except IngressError as wrong:
        if deployment.is_over:
            say(deployment, [f"warning: {wrong}"], masker=Masker(()))
            return
        with lease.writing():
            say(deployment, [f"warning: {wrong}"], masker=Masker(()))
