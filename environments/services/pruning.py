"""After a run that succeeded: what its members had before and have no more goes."""

from environments import wiring
from environments.core.ports import AppliedObject, EngineError, WorkloadKind
from environments.core.schedules import cron_job_of
from environments.models import (
    Deployment,
    DeploymentStatus,
    HostClaim,
    Namespace,
    PortClaim,
    Task,
)
from environments.services import rendering
from environments.services.lease import Lease


def prune(deployment: Deployment, lease: Lease) -> None:
    """What left a member's template, records of earlier jobs, unused ports and hosts; not data.

    Called before the deployment itself ends, and once more by whoever takes a dead worker's place.
    An engine that does not answer keeps them until the next run.
    """
    namespace = deployment.namespace
    wanted = _wanted(deployment)
    try:
        engine = wiring.engine_of(namespace.context)
        accounts, keeps_schedules = _accounts(namespace), engine.traits().keeps_schedules
        gone = [
            one.object_name
            for one in engine.applied(namespace.name)
            if one.kind != "PersistentVolumeClaim" and one.environment in wanted
            if one.name not in accounts or one.kind != "ServiceAccount"
            if not wanted[one.environment] & {one.name, _whose_run(one, keeps_schedules)}
        ]
        if gone:
            lease.require()
            engine.remove(namespace.name, gone)
    except EngineError:
        return
    with lease.writing():
        services = {one.name for one in gone if one.kind == "Deployment"}
        PortClaim.objects.filter(namespace=namespace, workload__in=services).delete()
        _free_hosts(namespace)


def _whose_run(one: AppliedObject, keeps_schedules: bool) -> str:
    """The cron job that it may be a run of, where runs are applied one by one; else ""."""
    if one.kind != WorkloadKind.JOB or keeps_schedules:
        return ""
    return cron_job_of(one.name)


def _accounts(namespace: Namespace) -> set[str]:
    """The service accounts that anything of the namespace names: members may share one."""
    living = namespace.members.filter(removed_at__isnull=True, running__isnull=False)
    forms = [
        rendering.member_form(one.running_plan, one.env_id)
        for one in living.select_related("running__part_of")
    ]
    named = [
        workload.get("service_account", "")
        for form in forms
        for kind in ("services", "jobs", "cron_jobs")
        for workload in form.get(kind, ())
    ]
    return set(named)


def _free_hosts(namespace: Namespace) -> None:
    living = namespace.members.filter(removed_at__isnull=True).select_related("running__part_of")
    hosts = {
        host["host"]
        for member in living
        for host in member.running_plan.get("hosts", ())
        if host["env_id"] == member.env_id
    }
    HostClaim.objects.filter(namespace=namespace).exclude(host__in=hosts).delete()


def _wanted(deployment: Deployment) -> dict[str, set[str]]:
    """What each member that this run applied has now: its services, cron jobs and charts,
    and this run's jobs."""
    wanted: dict[str, set[str]] = {}
    shares = [deployment, *deployment.member_deployments.select_related("environment")]
    for share in shares:
        if share.pk != deployment.pk and share.status != DeploymentStatus.DEPLOYED:
            continue
        form = rendering.member_form(deployment.plan or {}, share.environment.env_id)
        jobs = Task.objects.filter(deployment=share, kind="job").values_list("workload", flat=True)
        lasting = [
            one for kind in ("services", "cron_jobs", "charts") for one in form.get(kind, ())
        ]
        wanted[share.environment.env_id] = {one["workload"] for one in lasting} | set(jobs)
    return wanted
