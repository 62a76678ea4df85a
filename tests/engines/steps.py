"""Steps for engines under test, as ``core.render`` writes them."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from environments.core.ports import Engine, Instance, LocalPort, Manifest, Step

NAMESPACE = "ted1-app-main"


def manifests(
    name: str,
    *command: str,
    kind: str = "Deployment",
    revision: str = "1",
    replicas: int = 1,
    variables: dict[str, str] | None = None,
    environment: str = "ted1",
    timeout: int = 0,
    **container: Any,
) -> tuple[Manifest, ...]:
    """The Secret and the workload."""
    labels = {
        "releaseclone/application": "app",
        "releaseclone/environment": environment,
        "releaseclone/workload": name,
    }
    annotations = {"releaseclone/revision": revision, "releaseclone/folder": "."}
    if timeout:
        annotations["releaseclone/completed-timeout"] = str(timeout)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"{'job.' if kind == 'Job' else ''}{name}-environment",
            "labels": labels,
        },
        "stringData": variables or {},
    }
    selector = {"releaseclone/workload": name, "releaseclone/kind": kind}
    spec: dict[str, Any] = {
        **_of_kind(kind, replicas, selector),
        "template": {
            "metadata": {"labels": {**labels, **selector}},
            "spec": {
                **({"restartPolicy": "Never"} if kind == "Job" else {}),
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {
                        "name": name,
                        "command": list(command),
                        "envFrom": [{"secretRef": {"name": secret["metadata"]["name"]}}],
                        **container,
                    }
                ],
            },
        },
    }
    workload = {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "spec": spec,
    }
    return secret, workload


def _of_kind(kind: str, replicas: int, selector: dict[str, str]) -> dict[str, Any]:
    if kind == "Job":
        return {"backoffLimit": 0}
    return {"replicas": replicas, "selector": {"matchLabels": selector}}


def volume(name: str, *, environment: str = "ted1") -> Manifest:
    """A claim of a member."""
    labels = {"releaseclone/application": "app", "releaseclone/environment": environment}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Mi"}},
        },
    }


def step(
    folder: Path, made: Sequence[Manifest], *ports: LocalPort, namespace: str = NAMESPACE
) -> Step:
    """The step that applies them in the folder."""
    return Step(namespace, tuple(made), folder, ports)


def wait(
    engine: Engine,
    until: Callable[[tuple[Instance, ...]], bool],
    *,
    seconds: float = 60,
    namespace: str = NAMESPACE,
) -> tuple[Instance, ...]:
    """The instances once they are as wanted."""
    give_up = time.monotonic() + seconds
    while True:
        found = engine.observe(namespace)
        if until(found):
            return found
        assert time.monotonic() < give_up, found
        time.sleep(0.05)


def wait_for_the_end(engine: Engine) -> None:
    """Until nothing remains, for as long as the engine says that this may take."""
    until = time.monotonic() + engine.traits().ending_seconds
    while engine.remains(NAMESPACE) and time.monotonic() < until:
        time.sleep(0.2)


def all_ready(found: tuple[Instance, ...]) -> bool:
    """Whether there are instances and each is ready."""
    return bool(found) and all(one.ready for one in found)


def ended(found: tuple[Instance, ...]) -> bool:
    """Whether each has ended for good."""
    return bool(found) and all(one.phase in ("succeeded", "failed") for one in found)


def alive(pid: int) -> bool:
    """Whether there is such a process, and not only its zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pids_in(path: Path, count: int = 1) -> list[int]:
    """The numbers in the file, once there are so many."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if path.exists() and len(path.read_text().split()) >= count:
            return [int(pid) for pid in path.read_text().split()]
        time.sleep(0.05)
    raise AssertionError(f"{path} has no {count} numbers")
