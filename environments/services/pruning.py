"""After a run that succeeded: what its members had before and have no more goes."""

from environments import wiring
from environments.core.ports import EngineError, ObjectName
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
    """Services that left a member's template, records of earlier jobs, unused ports and hosts.

    Called before the deployment itself ends, and once more by whoever takes a dead worker's place.
    An engine that does not answer keeps them until the next run.
    """
    namespace = deployment.namespace
    wanted = _wanted(deployment)
    try:
        engine = wiring.engine_of(namespace.context)
        seen = engine.observe(namespace.name)
        gone = {
            ObjectName(str(one.kind), one.workload)
            for one in seen
            if one.environment in wanted
            and not wanted[one.environment] & {one.workload, cron_job_of(one.workload)}
        }
        if gone:
            lease.require()
            engine.remove(namespace.name, sorted(gone, key=lambda one: (one.kind, one.name)))
    except EngineError:
        return
    with lease.writing():
        services = {one.name for one in gone if one.kind == "Deployment"}
        PortClaim.objects.filter(namespace=namespace, workload__in=services).delete()
        _free_hosts(namespace)


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
    """What each member that this run applied has now: its services and cron jobs, and this run's
    jobs."""
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
