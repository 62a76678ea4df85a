"""What runs in a namespace: its pods, as instances of the workloads that own them."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from environments.core.health.pods import PodHealth, of_pod
from environments.core.health.rollouts import of_rollout
from environments.core.moments import moment
from environments.core.ports import (
    ANNOTATION_REVISION,
    LABEL_APPLICATION,
    LABEL_ENVIRONMENT,
    LABEL_KIND,
    LABEL_WORKLOAD,
    Instance,
    Phase,
    WorkloadKind,
)
from environments.engines.kubernetes.metrics import Measured, Use

Object = Mapping[str, Any]

WATCHED = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Pod")
_OWNING = ("Deployment", "StatefulSet", "DaemonSet", "Job")
_REFUSED_SECONDS = 15.0
"""So long the cluster may refuse to make a pod before that is taken for good."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The objects of a namespace, by kind; ``warnings`` by the name of what they are about."""

    objects: Mapping[str, Sequence[Object]]
    warnings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    use: Measured = field(default_factory=Measured)

    def living(self, kind: str) -> Iterator[Object]:
        """Those of a kind that are not being deleted."""
        found = self.objects.get(kind, ())
        return (one for one in found if not one["metadata"].get("deletionTimestamp"))


def instances(seen: Seen, *, now: float | None = None) -> tuple[Instance, ...]:
    """Every pod of a living workload, in order of their names, and a stand-in for a workload that
    has none and says why."""
    now = time.time() if now is None else now
    owners = _owners(seen)
    found: list[Instance] = []
    with_pods: set[str] = set()
    for pod in seen.living("Pod"):
        owner = owners.get(_owner(pod))
        if owner is None or _was_evicted(pod, owner):
            continue
        with_pods.add(owner["metadata"]["uid"])
        name = pod["metadata"]["name"]
        health = of_pod(pod, now=now, warnings=seen.warnings.get(name, ()))
        found.append(_instance(name, pod, owner, health, seen.use.of(name)))
    for owner in (one for kind in _OWNING for one in seen.living(kind)):
        if owner["metadata"]["uid"] not in with_pods:
            found += _without_pods(owner, seen, now)
        found += _rolling_out(owner)
    return tuple(sorted(found, key=lambda one: one.name))


def not_ready(found: Sequence[Instance]) -> bool:
    """Whether something is waited for, whose reason may be told by events."""
    return any(one.phase is Phase.STARTING for one in found)


def _owners(seen: Seen) -> dict[str, Object]:
    """The workload that a pod belongs to, by the identity of what owns it directly."""
    workloads = {
        one["metadata"]["uid"]: one
        for kind in _OWNING
        for one in seen.living(kind)
        if LABEL_WORKLOAD in one["metadata"].get("labels", {})
    }
    between = {
        one["metadata"]["uid"]: workloads[_owner(one)]
        for one in seen.living("ReplicaSet")
        if _owner(one) in workloads
    }
    return {**workloads, **between}


def _owner(one: Object) -> str:
    owners = one["metadata"].get("ownerReferences") or ()
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), "")


def _was_evicted(pod: Object, owner: Object) -> bool:
    """Whether another pod takes the place of this one."""
    return owner["kind"] != WorkloadKind.JOB and pod.get("status", {}).get("phase") in (
        "Failed",
        "Succeeded",
    )


def _instance(name: str, pod: Object, owner: Object, health: PodHealth, use: Use) -> Instance:
    labels = owner["metadata"]["labels"]
    annotations = (pod["metadata"] if pod else owner["metadata"]).get("annotations") or {}
    return Instance(
        name=name,
        workload=owner["metadata"]["name"] if is_run(owner) else labels[LABEL_WORKLOAD],
        kind=WorkloadKind.CHART if _is_of_chart(owner) else WorkloadKind(owner["kind"]),
        application=labels.get(LABEL_APPLICATION, ""),
        environment=labels.get(LABEL_ENVIRONMENT, ""),
        phase=health.phase,
        ready=health.ready,
        restarts=health.restarts,
        revision=annotations.get(ANNOTATION_REVISION, ""),
        image=_image(pod),
        started_at=health.started_at,
        exit_status=health.exit_status,
        memory_bytes=use.memory_bytes,
        cpu_percent=use.cpu_percent,
        unmeasured=use.unknown if health.phase is Phase.RUNNING else "",
        message=health.message,
    )


def is_run(job: Object) -> bool:
    """Whether it is a run that the cluster began of one of our cron jobs."""
    owners = job["metadata"].get("ownerReferences") or ()
    return not _is_of_chart(job) and any(one["kind"] == WorkloadKind.CRON_JOB for one in owners)


def _is_of_chart(owner: Object) -> bool:
    labels = owner["metadata"].get("labels") or {}
    return bool(LABEL_WORKLOAD in labels and labels.get(LABEL_KIND) == WorkloadKind.CHART)


def _rolling_out(owner: Object) -> Iterator[Instance]:
    """What is still missing of a chart: of a service its replicas are counted elsewhere."""
    if _is_of_chart(owner) and owner["kind"] != WorkloadKind.JOB and (waits := of_rollout(owner)):
        name = f"{owner['kind'].lower()}/{owner['metadata']['name']}"
        yield _instance(name, {}, owner, PodHealth(Phase.STARTING, message=waits), Use())


def _image(pod: Object) -> str:
    """By digest, as soon as the node knows it."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    known = next((str(one.get("imageID") or "") for one in statuses), "")
    containers = (pod.get("spec") or {}).get("containers") or ()
    return known or next((str(one.get("image") or "") for one in containers), "")


def _without_pods(owner: Object, seen: Seen, now: float) -> Iterator[Instance]:
    """What a workload says that has no pod: that none may be made, or that its time was over."""
    name = owner["metadata"]["name"]
    for condition in (owner.get("status") or {}).get("conditions") or ():
        if condition.get("status") != "True":
            continue
        since = moment(condition.get("lastTransitionTime")) or now
        message = str(condition.get("message") or condition.get("reason") or "")
        if condition["type"] == "ReplicaFailure":
            phase = Phase.FAILED if now - since > _REFUSED_SECONDS else Phase.STARTING
            health = PodHealth(phase, message=f"no pod may be made: {message}")
            yield _instance(name, {}, owner, health, Use())
        elif condition["type"] == "Failed":
            yield _instance(name, {}, owner, PodHealth(Phase.FAILED, message=message), Use())
        else:
            continue
        return
    if owner["kind"] == WorkloadKind.JOB and (told := seen.warnings.get(name)):
        yield _instance(name, {}, owner, PodHealth(Phase.STARTING, message=told[-1]), Use())


def warnings(events: Sequence[Object]) -> dict[str, list[str]]:
    """The messages of events, by the name of what they are about, the newest last."""

    def at(event: Object) -> str:
        series = event.get("series") or {}
        return str(
            series.get("lastObservedTime")
            or event.get("lastTimestamp")
            or event.get("eventTime")
            or event["metadata"].get("creationTimestamp")
            or ""
        )

    made: dict[str, list[str]] = defaultdict(list)
    for event in sorted(events, key=at):
        made[str((event.get("involvedObject") or {}).get("name") or "")].append(
            str(event.get("message") or "")
        )
    return made
