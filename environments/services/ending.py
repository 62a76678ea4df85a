"""How a deployment ends: every share gets its status and its reason, and what left is let go."""

import shutil
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
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
from environments.models.deployment import LIVE, OPEN
from environments.services import pruning, rendering, routes, status
from environments.services.lease import Lease
from environments.services.say import say


def fail(deployment: Deployment, lease: Lease, reason: str) -> None:
    """End the run before its tasks: everything that is open is skipped."""
    with lease.writing():
        now = timezone.now()
        _skip_open(deployment, f"not started: {reason}", now)
        say(deployment, [f"failed: {reason}"], masker=Masker(()))
        for share in _open_shares(deployment):
            began = "failed" if share.pk == deployment.pk else "aborted"
            _close(share, DeploymentStatus(began), reason, now)
    status.refresh(deployment.namespace)


def abort(deployment: Deployment, lease: Lease) -> None:
    """End the run where it is; nothing is undone, and the page lists what was done."""
    deployment.refresh_from_db(fields=["abort_asked_by", "abort_reason"])
    reason = deployment.abort_reason or f"aborted by {deployment.abort_asked_by}"
    with lease.writing():
        now = timezone.now()
        _skip_open(deployment, reason, now)
        say(deployment, [reason], masker=Masker(()))
        for share in _open_shares(deployment):
            _close(share, DeploymentStatus.ABORTED, reason, now)
    status.refresh(deployment.namespace)


def finish(deployment: Deployment, lease: Lease) -> None:
    """Every task has ended: judge each share, the run by the worst of them, and tidy up."""
    if deployment.kind == DeploymentKind.TEARDOWN:
        _finish_teardown(deployment, lease)
        return
    now = timezone.now()
    with lease.writing():
        shares = _open_shares(deployment)
        for share in shares:
            if share.pk != deployment.pk:
                _judge(share, now)
        cause = Deployment.objects.get(pk=deployment.pk).failure
        if cause:
            name = cause["task"].partition(".")[2]
            reason = f"{name} of {cause['application']} failed: {cause['message']}"
            _close(deployment, DeploymentStatus.FAILED, reason, now)
        else:
            _close(deployment, DeploymentStatus.DEPLOYED, "", now)
            _remember(deployment, deployment)
        say(deployment, [f"ended: {deployment.status}"], masker=Masker(()))
    if deployment.status == DeploymentStatus.DEPLOYED:
        pruning.prune(deployment)
    _publish(deployment, lease)
    _tidy(deployment)
    status.refresh(deployment.namespace)


def _judge(share: Deployment, now: datetime) -> None:
    """One member's share, by its tasks."""
    tasks = list(share.tasks.all())
    failed = next((task for task in tasks if task.state == TaskState.FAILED), None)
    unreached = next(
        (
            task
            for task in tasks
            if task.state == TaskState.SKIPPED and task.reason.startswith("not started")
        ),
        None,
    )
    if share.kind == DeploymentKind.TEARDOWN:
        if unreached is None:
            _remove_environment(share.environment, now)
            _close(share, DeploymentStatus.REMOVED, "left the imports", now)
        else:
            _close(share, DeploymentStatus.ABORTED, unreached.reason, now)
    elif failed is not None:
        name = failed.name.partition(".")[2]
        _close(share, DeploymentStatus.FAILED, f"{name} failed: {failed.reason}", now)
    elif unreached is not None:
        _close(share, DeploymentStatus.ABORTED, unreached.reason, now)
    else:
        _close(share, DeploymentStatus.DEPLOYED, "", now)
        _remember(share, share.part_of or share)


def _remember(share: Deployment, root: Deployment) -> None:
    """What succeeded is what a patch repeats and what the page calls deployed."""
    changes: dict[str, Deployment] = {"running": share}
    if root.kind == DeploymentKind.SETUP:
        changes["last_setup"] = share
    Environment.objects.filter(pk=share.environment_id).update(**changes)


def _finish_teardown(deployment: Deployment, lease: Lease) -> None:
    """Remove what is left, prove it by looking, and only then end the rows."""
    engine = wiring.engine(deployment.namespace.context.engine)
    whole = deployment.environment.importer_id is None
    if whole:
        try:
            engine.destroy(deployment.namespace.name)
            remains = engine.remains(deployment.namespace.name)
        except EngineError as wrong:
            remains = (str(wrong),)
        if remains:
            fail(deployment, lease, f"Something is left: {', '.join(remains)}. Delete again.")
            return
    with lease.writing():
        now = timezone.now()
        for share in _open_shares(deployment):
            _remove_environment(share.environment, now)
            _close(share, DeploymentStatus.REMOVED, "", now)
        if whole:
            _end_namespace(deployment, now)
        say(deployment, ["removed"], masker=Masker(()))
    _publish(deployment, lease)
    _tidy(deployment)
    status.refresh(deployment.namespace)


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
    workloads = _workloads_of(environment)
    PortClaim.objects.filter(namespace=environment.namespace, workload__in=workloads).delete()
    others = environment.namespace.members.filter(removed_at__isnull=True).exclude(
        pk=environment.pk
    )
    shared = {host["host"] for other in others for host in _hosts_of(other)}
    HostClaim.objects.filter(namespace=environment.namespace, host__in=hosts - shared).delete()
    environment.removed_at = now
    environment.own_status = environment.status = EnvironmentStatus.REMOVED
    environment.save(update_fields=["removed_at", "own_status", "status"])


def _hosts_of(environment: Environment) -> list[dict[str, str]]:
    hosts = routes.plan_of(environment).get("hosts", ())
    return [host for host in hosts if host["env_id"] == environment.env_id]


def _workloads_of(environment: Environment) -> list[str]:
    share = rendering.member_form(routes.plan_of(environment), environment.env_id)
    return [service["workload"] for service in share.get("services", ())]


def _open_shares(deployment: Deployment) -> Sequence[Deployment]:
    members = deployment.member_deployments.filter(status__in=LIVE).select_related(
        "environment__namespace", "part_of"
    )
    return [*members, deployment]


def _close(share: Deployment, ending: DeploymentStatus, reason: str, now: datetime) -> None:
    share.status = ending
    share.reason = reason
    share.ended_at = now
    share.lease_until = None
    share.save(update_fields=["status", "reason", "ended_at", "lease_until"])


def _skip_open(deployment: Deployment, reason: str, now: datetime) -> None:
    shares = [share.pk for share in _open_shares(deployment)]
    Task.objects.filter(deployment__in=shares, state__in=OPEN).update(
        state=TaskState.SKIPPED, reason=reason, ended_at=now
    )


def _publish(deployment: Deployment, lease: Lease) -> None:
    try:
        routes.publish()
    except IngressError as wrong:
        say(deployment, [f"warning: {wrong}"], masker=Masker(()))


def _tidy(deployment: Deployment) -> None:
    """Remove the working folders that nothing of the namespace runs from any more."""
    root = settings.RELEASECLONE.data / "checkouts" / deployment.namespace.name
    if not root.exists():
        return
    kept = {
        rendering.folder_of(member, member.running.commit)
        for member in deployment.namespace.members.filter(removed_at__isnull=True)
        .exclude(running=None)
        .select_related("running", "namespace")
        if member.running is not None
    }
    if not kept:
        shutil.rmtree(root, ignore_errors=True)
        return
    for member in root.iterdir():
        for folder in member.iterdir():
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)
