"""What an environment may not ask of a cluster, whoever wrote it: found in rendered objects."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_NAMESPACED = frozenset(
    (
        *("ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim", "Pod"),
        *("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"),
        *("Ingress", "NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
        *("Role", "RoleBinding", "Endpoints", "EndpointSlice"),
    )
)
"""Kinds that belong to a namespace alone, and give nobody anything outside of it."""
OWN_ACCOUNTS = "releaseclone"
"""How the names of the product's own service accounts begin."""
_HOST_KEYS = ("hostNetwork", "hostPID", "hostIPC")


def refusals(objects: Sequence[Mapping[str, Any]], *, namespace: str) -> list[str]:
    """A sentence for each thing that is not allowed, with the object that asks for it."""
    return list(dict.fromkeys(said for one in objects for said in _of(one, namespace)))


def _of(one: Mapping[str, Any], namespace: str) -> Iterator[str]:
    kind, metadata = str(one.get("kind")), one.get("metadata") or {}
    called = f"{kind} {metadata.get('name')}"
    if kind not in _NAMESPACED:
        yield f"{called} does not belong to a namespace alone"
        return
    elsewhere = metadata.get("namespace") or namespace
    if elsewhere != namespace:
        yield f"{called} is for the namespace {elsewhere}"
    for subject in one.get("subjects") or ():
        other = subject.get("namespace") or namespace
        if other != namespace:
            yield f"{called} gives rights to the namespace {other}"
    if (one.get("roleRef") or {}).get("kind") == "ClusterRole":
        yield f"{called} gives rights of the whole cluster"
    pod = _pod_of(one)
    if pod is not None:
        for why in _of_pod(pod):
            yield f"{called} {why}"


def _pod_of(one: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What its pods are made from, where it makes some."""
    spec: Mapping[str, Any] = one.get("spec") or {}
    if one["kind"] == "Pod":
        return spec
    if one["kind"] == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template: Mapping[str, Any] = spec.get("template") or {}
    return template.get("spec")


def _of_pod(pod: Mapping[str, Any]) -> Iterator[str]:
    for key in _HOST_KEYS:
        if pod.get(key):
            yield f"asks for {key}"
    if str(pod.get("serviceAccountName") or "").startswith(OWN_ACCOUNTS):
        yield f"asks for the product's own service account {pod['serviceAccountName']}"
    for volume in pod.get("volumes") or ():
        if "hostPath" in volume:
            yield f"mounts {volume['hostPath'].get('path')} of the node (hostPath)"
    containers = [
        container
        for key in ("initContainers", "containers", "ephemeralContainers")
        for container in pod.get(key) or ()
    ]
    for container in containers:
        if (container.get("securityContext") or {}).get("privileged"):
            yield f"asks for a privileged container ({container.get('name')})"
        if any(port.get("hostPort") for port in container.get("ports") or ()):
            yield f"asks for a port of the node ({container.get('name')})"
