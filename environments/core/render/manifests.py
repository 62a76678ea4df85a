"""The manifests of each service and job, and those of a whole plan."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from environments.core.names import label
from environments.core.plan.model import Plan, PlannedMember, PlannedWorkload
from environments.core.ports import (
    ANNOTATION_COMMIT,
    ANNOTATION_FOLDER,
    ANNOTATION_REVISION,
    ANNOTATION_TIMEOUT,
    LABEL_APPLICATION,
    LABEL_ENVIRONMENT,
    LABEL_MANAGED,
    LABEL_WORKLOAD,
    MANAGED_BY,
    Manifest,
)
from environments.core.render import volumes
from environments.core.template.model import Port, Probe, ProbeKind, Resources


def service_manifests(
    plan: Plan, member: PlannedMember, service: PlannedWorkload
) -> tuple[Manifest, ...]:
    """Secret, ConfigMap, Service, Deployment and Ingress of one service, as far as it has them."""
    name = service.workload
    made: list[dict[str, Any]] = [_secret(plan, member, service, name)]
    made += _config_map(plan, member, service, name)
    made += _claims(plan, member, service)
    if service.ports:
        made.append(_service(plan, member, service))
    made.append(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": _metadata(plan, member, name, **_code(member, service)),
            "spec": {
                "replicas": service.replicas,
                "selector": {"matchLabels": {LABEL_WORKLOAD: name}},
                "template": _pod(member, service, name),
            },
        }
    )
    made += _ingress(plan, member, service)
    return _with_revision(made)


def job_manifests(
    plan: Plan, member: PlannedMember, job: PlannedWorkload, *, name: str
) -> tuple[Manifest, ...]:
    """Secret, ConfigMap and Job of one run of a job; ``name`` is that of the run."""
    pod = _pod(member, job, name)
    pod["spec"]["restartPolicy"] = "Never"
    annotations = {**_code(member, job), ANNOTATION_TIMEOUT: str(job.completed_timeout)}
    made = [
        _secret(plan, member, job, name),
        *_config_map(plan, member, job, name),
        *_claims(plan, member, job),
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": _metadata(plan, member, name, **annotations),
            "spec": {
                "backoffLimit": 0,
                "activeDeadlineSeconds": job.completed_timeout,
                "template": pod,
            },
        },
    ]
    return _with_revision(made)


def render(plan: Plan) -> tuple[Manifest, ...]:
    """All manifests of a plan: the namespace, then member by member, jobs before services."""
    namespace: Manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": plan.namespace, "labels": {LABEL_MANAGED: MANAGED_BY}},
    }
    made: list[Manifest] = [namespace]
    for member in plan.members:
        for job in member.jobs:
            made += job_manifests(plan, member, job, name=job.workload)
        for service in member.services:
            made += service_manifests(plan, member, service)
    return tuple(made)


def _labels(member: PlannedMember, name: str) -> dict[str, str]:
    return {
        LABEL_MANAGED: MANAGED_BY,
        LABEL_APPLICATION: label(member.member.application),
        LABEL_ENVIRONMENT: member.member.env_id,
        LABEL_WORKLOAD: name,
    }


def _metadata(
    plan: Plan, member: PlannedMember, workload: str, suffix: str = "", /, **annotations: str
) -> dict[str, Any]:
    """``suffix``: what stands behind the workload's name in the name of this object."""
    return {
        "name": f"{workload}{suffix}",
        "namespace": plan.namespace,
        "labels": _labels(member, workload),
        "annotations": annotations,
    }


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
        "metadata": _metadata(plan, member, name, "-environment"),
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
            "metadata": _metadata(plan, member, name, "-files"),
            "data": {f"file-{number}": text for number, (_, text) in enumerate(workload.files)},
        }


def _claims(
    plan: Plan, member: PlannedMember, workload: PlannedWorkload
) -> Iterator[dict[str, Any]]:
    """What keeps data: it belongs to the member, not to one revision of a workload."""
    for name, size in volumes.claims(workload):
        labels = _labels(member, name)
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


def _service(plan: Plan, member: PlannedMember, service: PlannedWorkload) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(plan, member, service.workload),
        "spec": {
            "selector": {LABEL_WORKLOAD: service.workload},
            "ports": [
                {
                    "name": f"port-{port.port}",
                    "port": port.port,
                    "targetPort": port.target_port,
                    "protocol": "TCP",
                }
                for port in _distinct(service.ports)
            ],
        },
    }


def _distinct(ports: tuple[Port, ...]) -> list[Port]:
    """Each number once: Kubernetes refuses the same one twice."""
    return list({port.port: port for port in ports}.values())


def _pod(member: PlannedMember, workload: PlannedWorkload, name: str) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": name,
        "image": workload.image,
        "command": list(workload.command),
        "args": list(workload.args),
        "envFrom": [{"secretRef": {"name": f"{name}-environment"}}],
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
        mounted.append({"name": "files", "configMap": {"name": f"{name}-files"}})
    if mounts:
        container["volumeMounts"], spec["volumes"] = mounts, mounted
    if workload.node_selector:
        spec["nodeSelector"] = dict(workload.node_selector)
    if workload.service_account_name:
        spec["serviceAccountName"] = workload.service_account_name
    return {"metadata": {"labels": _labels(member, name)}, "spec": spec}


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


def _ingress(
    plan: Plan, member: PlannedMember, service: PlannedWorkload
) -> Iterator[dict[str, Any]]:
    hosts = [
        host
        for host in plan.hosts
        if host.env_id == member.member.env_id and host.service == service.name
    ]
    if not hosts:
        return
    ports = {port.target_port: port.port for port in reversed(service.ports)}
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": _metadata(plan, member, service.workload),
        "spec": {
            "rules": [
                {
                    "host": host.host,
                    "http": {
                        "paths": [
                            {
                                "path": host.path,
                                "pathType": "Prefix",
                                "backend": {
                                    "service": {
                                        "name": service.workload,
                                        "port": {"number": ports[host.target_port]},
                                    }
                                },
                            }
                        ]
                    },
                }
                for host in hosts
            ]
        },
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
    canonical = json.dumps(_lasting(manifests, passing), sort_keys=True, ensure_ascii=False)
    revision = hashlib.sha256(canonical.encode()).hexdigest()[:16]
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
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
        if manifest["kind"] not in ("Ingress", "Service", "PersistentVolumeClaim")
    ]
