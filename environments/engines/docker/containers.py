"""From a manifest to what the container engine is asked for."""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from environments.core.ports import (
    ANNOTATION_REVISION,
    ANNOTATION_TIMEOUT,
    LABEL_APPLICATION,
    LABEL_ENVIRONMENT,
    LABEL_MANAGED,
    LABEL_WORKLOAD,
    EngineRefused,
    Manifest,
    Step,
    WorkloadKind,
    expanded,
    variables_of,
)
from environments.engines.docker import marks
from environments.engines.docker.marks import Marks
from environments.engines.docker.quantities import bytes_of, nano_cpus_of

_LOOPBACK = "127.0.0.1"
_KEPT_LABELS = (LABEL_MANAGED, LABEL_APPLICATION, LABEL_ENVIRONMENT, LABEL_WORKLOAD)
_QUICK_RESTARTS = 5
"""How often the engine itself starts a service again that ends; then it is tended to."""
_NANO = 10**9
_LOG, _LOG_OF_A_JOB = "20m", "200m"
"""What is kept of what is printed; of a job it is all wanted, within reason."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One container: ``files`` are put into it by path before it starts."""

    name: str
    instance: str
    revision: str
    published: Mapping[str, int]
    """Loopback port by target port."""
    image: str
    settings: Mapping[str, Any]
    host: Mapping[str, Any]
    alias: str
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What a container needs to know of the machine: ``gateway`` is this machine, seen from the
    namespace's network; ``cpus`` how many there are."""

    gateway: str
    cpus: float


def wanted(step: Step, manifest: Manifest, *, marked: Marks, place: Place) -> list[Wanted]:
    """One container for each replica of a service, or the one of a job."""
    is_job = manifest["kind"] == WorkloadKind.JOB
    count = 1 if is_job else manifest["spec"].get("replicas", 1)
    return [_one(step, manifest, replica, marked, place) for replica in range(count)]


def _one(step: Step, manifest: Manifest, replica: int, marked: Marks, place: Place) -> Wanted:
    metadata, pod = manifest["metadata"], manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    is_job = manifest["kind"] == WorkloadKind.JOB
    instance = metadata["name"] if is_job else f"{metadata['name']}-{replica}"
    ports = {str(one.target_port): one.number for one in step.ports if one.replica == replica}
    variables = variables_of(container, step.manifests)
    annotations = metadata.get("annotations", {})
    labels = {
        **{name: metadata["labels"][name] for name in _KEPT_LABELS if name in metadata["labels"]},
        **marked.labels(step.namespace),
        marks.KIND: str(manifest["kind"]),
        marks.INSTANCE: instance,
        marks.REVISION: annotations.get(ANNOTATION_REVISION, ""),
        marks.READINESS: json.dumps(container.get("readinessProbe")),
        marks.LIVENESS: json.dumps(container.get("livenessProbe")),
        marks.PUBLISHED: json.dumps(ports, sort_keys=True),
        marks.SECONDS: str(annotations.get(ANNOTATION_TIMEOUT) or ""),
    }
    settings: dict[str, Any] = {
        "labels": labels,
        "environment": variables,
        "hostname": instance[:63].rstrip("-"),
        "ports": [int(port) for port in _declared(container, ports)],
    }
    if command := container.get("command"):
        settings["entrypoint"] = [expanded(word, variables) for word in command]
    if args := container.get("args"):
        settings["command"] = [expanded(word, variables) for word in args]
    elif command:
        settings["command"] = []
    return Wanted(
        name=(marked.job if is_job else marked.container)(step.namespace, instance),
        instance=instance,
        revision=labels[marks.REVISION],
        published=ports,
        image=container.get("image") or "",
        settings=settings,
        host=_host(step, container, pod, ports, marked, place, is_job=is_job),
        alias=metadata["name"],
        files=tuple(_files(step, pod, container)),
    )


def _declared(container: Mapping[str, Any], published: Mapping[str, int]) -> list[str]:
    own = [str(port["containerPort"]) for port in container.get("ports", ())]
    return list(dict.fromkeys((*own, *published)))


def _host(
    step: Step,
    container: Mapping[str, Any],
    pod: Mapping[str, Any],
    ports: Mapping[str, int],
    marked: Marks,
    place: Place,
    *,
    is_job: bool,
) -> dict[str, Any]:
    """How the machine treats it: limits, ports, mounts, restarts."""
    limits = container.get("resources", {}).get("limits", {})
    memory = bytes_of(limits.get("memory") or "")
    cpus = min(nano_cpus_of(limits.get("cpu") or ""), int(place.cpus * _NANO))
    restart = {"Name": "on-failure", "MaximumRetryCount": _QUICK_RESTARTS}
    host: dict[str, Any] = {
        "init": True,
        "log_config": {
            "type": "json-file",
            "config": {"max-size": _LOG_OF_A_JOB if is_job else _LOG},
        },
        "restart_policy": {"Name": "no"} if is_job else restart,
        "port_bindings": {port: (_LOOPBACK, number) for port, number in ports.items()},
        "extra_hosts": dict.fromkeys(step.hosts, place.gateway) if place.gateway else {},
        "mounts": list(_mounts(step, container, pod, marked)),
    }
    tmpfs = dict(_memory_mounts(container, pod))
    if tmpfs:
        host["tmpfs"] = tmpfs
    if memory:
        host["mem_limit"] = host["memswap_limit"] = memory
    if cpus:
        host["nano_cpus"] = cpus
    return host


def _mounts(
    step: Step, container: Mapping[str, Any], pod: Mapping[str, Any], marked: Marks
) -> Iterator[dict[str, Any]]:
    """The volumes that keep data, where they are mounted."""
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in pod.get("volumes", ())
        if "persistentVolumeClaim" in volume
    }
    for mount in container.get("volumeMounts", ()):
        if mount["name"] in claims:
            yield {
                "Type": "volume",
                "Source": marked.volume(step.namespace, claims[mount["name"]]),
                "Target": mount["mountPath"],
            }


def _memory_mounts(
    container: Mapping[str, Any], pod: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    held = {one["name"]: one["emptyDir"] for one in pod.get("volumes", ()) if "emptyDir" in one}
    for mount in container.get("volumeMounts", ()):
        if mount["name"] in held:
            size = bytes_of(held[mount["name"]].get("sizeLimit") or "")
            yield mount["mountPath"], f"size={size}" if size else ""


def claims_of(manifests: Sequence[Manifest]) -> list[Manifest]:
    """The volumes that a step names."""
    return [one for one in manifests if one["kind"] == "PersistentVolumeClaim"]


def _files(
    step: Step, pod: Mapping[str, Any], container: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """The files of ConfigMaps: where they are mounted, and their text."""
    maps = {
        manifest["metadata"]["name"]: manifest["data"]
        for manifest in step.manifests
        if manifest["kind"] == "ConfigMap"
    }
    texts = {
        volume["name"]: maps.get(volume["configMap"]["name"], {})
        for volume in pod.get("volumes", ())
        if "configMap" in volume
    }
    for mount in container.get("volumeMounts", ()):
        files = texts.get(mount["name"], {})
        if mount.get("subPath") in files:
            yield mount["mountPath"], files[mount["subPath"]]


def packed(files: Sequence[tuple[str, str]], *, folder: str) -> bytes:
    """The files as a tar to be unpacked at the root; ``folder``: where relative paths begin."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, text in files:
            place = path if path.startswith("/") else f"{folder.rstrip('/')}/{path}"
            content = text.encode()
            file = tarfile.TarInfo(place.lstrip("/"))
            file.size, file.mode = len(content), 0o644
            tar.addfile(file, io.BytesIO(content))
    return archive.getvalue()


def require_image(one: Wanted) -> None:
    """``EngineRefused`` where nothing says what to run."""
    if not one.image:
        raise EngineRefused(f"{one.instance} has no image.")
