"""The manifests of each service, job and cron job, and those of a whole plan."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from environments.core.plan.model import Plan, PlannedMember, PlannedWorkload
from environments.core.ports import (
    ANNOTATION_COMMIT,
    ANNOTATION_FOLDER,
    ANNOTATION_REVISION,
    ANNOTATION_TIMEOUT,
    LABEL_KIND,
    LABEL_WORKLOAD,
    Manifest,
)
from environments.core.render import marks, network, volumes
from environments.core.render.accounts import account_of
from environments.core.render.charts import chart_manifest
from environments.core.render.ground import ground_manifests
from environments.core.template.model import Probe, ProbeKind, Resources

_CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
"""What decides where a template does not say it: as the autoscaler itself would."""
_TAKEN_OVER = ("HorizontalPodAutoscaler", "Ingress", "Service", "PersistentVolumeClaim")
"""Kinds that change what runs without a new start of it."""
KEPT_RUNS = 3
"""How many ended runs of a cron job can still be looked at."""


def service_manifests(
    plan: Plan, member: PlannedMember, service: PlannedWorkload
) -> tuple[Manifest, ...]:
    """Secret, ConfigMap, Service, Deployment and Ingress of one service, as far as it has them."""
    name = service.workload
    made: list[dict[str, Any]] = [_secret(plan, member, service, name)]
    made += _config_map(plan, member, service, name)
    made += _claims(plan, member, service)
    made += account_of(plan, member, service)
    if service.ports:
        made.append(network.service_of(plan, member, service))
    made.append(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": marks.metadata(plan, member, name, **_code(member, service)),
            "spec": {
                "replicas": service.replicas,
                "selector": {"matchLabels": marks.selector(name)},
                "template": _pod(member, service, name),
            },
        }
    )
    made += _autoscaler(plan, member, service)
    made += network.ingress_of(plan, member, service)
    return _with_revision(made)


def _autoscaler(
    plan: Plan, member: PlannedMember, service: PlannedWorkload
) -> Iterator[dict[str, Any]]:
    scale = service.autoscale
    if scale is None:
        return
    yield {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": marks.metadata(plan, member, service.workload),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": service.workload,
            },
            "minReplicas": scale.min_replicas,
            "maxReplicas": scale.max_replicas,
            "metrics": [dict(one) for one in scale.metrics] or [_CPU],
        },
    }


def job_manifests(
    plan: Plan, member: PlannedMember, job: PlannedWorkload, *, name: str
) -> tuple[Manifest, ...]:
    """Secret, ConfigMap and Job of one run of a job; ``name`` is that of the run."""
    made = [
        *_beside_job(plan, member, job, name),
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": marks.metadata(plan, member, name, **_of_job(member, job)),
            "spec": _job_spec(member, job, name),
        },
    ]
    return _with_revision(made)


def _of_job(member: PlannedMember, job: PlannedWorkload) -> dict[str, str]:
    return {**_code(member, job), ANNOTATION_TIMEOUT: str(job.completed_timeout)}


def _job_spec(member: PlannedMember, job: PlannedWorkload, name: str) -> dict[str, Any]:
    pod = _pod(member, job, name)
    pod["spec"]["restartPolicy"] = "Never"
    return {"backoffLimit": 0, "activeDeadlineSeconds": job.completed_timeout, "template": pod}


def _beside_job(
    plan: Plan, member: PlannedMember, job: PlannedWorkload, name: str
) -> Iterator[dict[str, Any]]:
    yield _secret(plan, member, job, name)
    yield from _config_map(plan, member, job, name)
    yield from _claims(plan, member, job)
    yield from account_of(plan, member, job)


def cron_job_manifests(
    plan: Plan, member: PlannedMember, job: PlannedWorkload
) -> tuple[Manifest, ...]:
    """Secret, ConfigMap and CronJob: what each of its runs is made from."""
    name = job.workload
    annotations = _of_job(member, job)
    run = {
        "metadata": {"labels": marks.labels(member, name), "annotations": annotations},
        "spec": _job_spec(member, job, name),
    }
    schedule = {
        "schedule": job.schedule,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "successfulJobsHistoryLimit": KEPT_RUNS,
        "failedJobsHistoryLimit": KEPT_RUNS,
    }
    made = [
        *_beside_job(plan, member, job, name),
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": marks.metadata(plan, member, name, **annotations),
            "spec": {**schedule, "jobTemplate": run},
        },
    ]
    return _with_revision(made)


def run_of(manifests: Sequence[Manifest], *, name: str) -> tuple[Manifest, ...]:
    """The manifests of one run of a cron job, under this name."""
    made: list[Manifest] = []
    for manifest in manifests:
        if manifest["kind"] != "CronJob":
            made.append(manifest)
            continue
        of_all, run = manifest["metadata"], manifest["spec"]["jobTemplate"]
        labels = {**of_all["labels"], LABEL_WORKLOAD: name}
        made.append(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {**of_all, "name": name, "labels": labels},
                "spec": run["spec"],
            }
        )
    return tuple(made)


def render(plan: Plan, *, account: str) -> tuple[Manifest, ...]:
    """All manifests of a plan: its ground, then member by member: jobs, services, cron jobs."""
    made: list[Manifest] = list(ground_manifests(plan, account=account))
    for member in plan.members:
        for job in member.jobs:
            made += job_manifests(plan, member, job, name=job.workload)
        for service in member.services:
            made += service_manifests(plan, member, service)
        for cron_job in member.cron_jobs:
            made += cron_job_manifests(plan, member, cron_job)
        made += [chart_manifest(plan, member, chart) for chart in member.charts]
    return tuple(made)


def _code(member: PlannedMember, workload: PlannedWorkload) -> dict[str, str]:
    """Which code it is: only where it comes from the repository does a new commit matter."""
    if not workload.has_repo:
        return {}
    return {
        ANNOTATION_COMMIT: member.member.choice.commit or "",
        ANNOTATION_FOLDER: workload.folder,
    }


def _secret(
    plan: Plan, member: PlannedMember, workload: PlannedWorkload, name: str
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": marks.metadata(plan, member, name, marks.beside(workload, name, "environment")),
        "type": "Opaque",
        "stringData": {value.name: value.text for value in workload.variables},
    }


def _config_map(
    plan: Plan, member: PlannedMember, workload: PlannedWorkload, name: str
) -> Iterator[dict[str, Any]]:
    if workload.files:
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": marks.metadata(plan, member, name, marks.beside(workload, name, "files")),
            "data": {f"file-{number}": text for number, (_, text) in enumerate(workload.files)},
        }


def _claims(
    plan: Plan, member: PlannedMember, workload: PlannedWorkload
) -> Iterator[dict[str, Any]]:
    """What keeps data: it belongs to the member, not to one revision of a workload."""
    for name, size in volumes.claims(workload):
        labels = marks.labels(member, name)
        del labels[LABEL_WORKLOAD]
        yield {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": plan.namespace, "labels": labels},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": size}},
            },
        }


def _pod(member: PlannedMember, workload: PlannedWorkload, name: str) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": name,
        "image": workload.image,
        "command": list(workload.command),
        "args": list(workload.args),
        "envFrom": [{"secretRef": {"name": marks.beside(workload, name, "environment")}}],
        "ports": [
            {"containerPort": port.target_port, "protocol": "TCP"}
            for port in {port.target_port: port for port in workload.ports}.values()
        ],
        "resources": _resources(workload.resources),
    }
    for key, probe in (
        ("readinessProbe", workload.readiness_probe),
        ("livenessProbe", workload.liveness_probe),
    ):
        if probe is not None:
            container[key] = _probe(probe)
    spec: dict[str, Any] = {"containers": [container], "enableServiceLinks": False}
    mounts, mounted = volumes.mounted(workload)
    if workload.files:
        mounts += [
            {"name": "files", "mountPath": path, "subPath": f"file-{number}"}
            for number, (path, _) in enumerate(workload.files)
        ]
        mounted.append(
            {"name": "files", "configMap": {"name": marks.beside(workload, name, "files")}}
        )
    if mounts:
        container["volumeMounts"], spec["volumes"] = mounts, mounted
    if workload.node_selector:
        spec["nodeSelector"] = dict(workload.node_selector)
    if workload.service_account_name:
        spec["serviceAccountName"] = workload.service_account_name
    labels = {**marks.labels(member, name), LABEL_KIND: str(marks.kind(workload))}
    return {"metadata": {"labels": labels}, "spec": spec}


def _resources(resources: Resources) -> dict[str, Any]:
    return {
        "limits": {"cpu": resources.cpu_limits, "memory": resources.memory_limits},
        "requests": {"cpu": resources.cpu_requests, "memory": resources.memory_requests},
    }


def _probe(probe: Probe) -> dict[str, Any]:
    asked: Mapping[ProbeKind, dict[str, Any]] = {
        ProbeKind.EXEC: {"exec": {"command": list(probe.command)}},
        ProbeKind.HTTP_GET: {"httpGet": {"path": probe.path, "port": probe.port}},
        ProbeKind.TCP_SOCKET: {"tcpSocket": {"port": probe.port}},
    }
    return {
        **asked[probe.kind],
        "initialDelaySeconds": probe.initial_delay_seconds,
        "periodSeconds": probe.period_seconds,
        "timeoutSeconds": probe.timeout_seconds,
        "failureThreshold": probe.failure_threshold,
    }


def _with_revision(manifests: list[dict[str, Any]]) -> tuple[Manifest, ...]:
    """The same manifests, the workload marked with a digest of all that decides how it runs.

    What rises with every run, and only with the run, is left out of it: a service whose code,
    settings and variables are the same keeps running untouched. To a service without code of the
    repository a new commit is such a thing.
    """
    passing = {"RELEASE_BUILD_ID"}
    if not any(ANNOTATION_COMMIT in one["metadata"].get("annotations", {}) for one in manifests):
        passing |= {"RELEASE_COMMIT_SHA", "RELEASE_COMMIT_SHORT"}
    revision = marks.revision(_lasting(manifests, passing))
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job", "CronJob"):
            manifest["metadata"]["annotations"][ANNOTATION_REVISION] = revision
    return tuple(manifests)


def _lasting(manifests: list[dict[str, Any]], passing: set[str]) -> list[dict[str, Any]]:
    return [
        {
            **manifest,
            "stringData": {
                name: text for name, text in manifest["stringData"].items() if name not in passing
            },
        }
        if "stringData" in manifest
        else manifest
        for manifest in manifests
        if manifest["kind"] not in _TAKEN_OVER
    ]
