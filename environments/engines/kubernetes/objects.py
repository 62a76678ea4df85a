"""From the manifests of a step to the objects that are applied."""

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from environments.core.health.pods import STEADY_SECONDS
from environments.core.ports import (
    ANNOTATION_REVISION,
    ANNOTATION_TIMEOUT,
    LABEL_WORKLOAD,
    EngineRefused,
    Manifest,
    Step,
    WorkloadKind,
)
from environments.engines.kubernetes.marks import INVENTORY, Marks

STOP_SECONDS = 10
_KEPT_REVISIONS = 2

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The objects of one workload: what stands beside it, in the order to apply, then itself."""

    before: tuple[Object, ...]
    workload: Object
    after: tuple[Object, ...]

    @property
    def beside(self) -> tuple[Object, ...]:
        """All but the workload."""
        return (*self.before, *self.after)


@dataclass(frozen=True, slots=True)
class Place:
    """What a context says of its cluster: "" is the cluster's own default."""

    ingress_class: str = ""
    tls: bool = False
    tls_secret: str = ""


def wanted(step: Step, marked: Marks, place: Place) -> Wanted:
    """What applying the step asks for. ``EngineRefused`` for what cannot be asked."""
    made = [_object(one, step.namespace, marked, place) for one in step.manifests]
    at = next(n for n, one in enumerate(made) if one["kind"] in tuple(WorkloadKind))
    workload, others = made[at], [*made[:at], *made[at + 1 :]]
    _complete(workload, marked)
    workload["metadata"].setdefault("annotations", {})[INVENTORY] = written(
        others, workload["metadata"]["labels"].get(LABEL_WORKLOAD, "")
    )
    return Wanted(tuple(made[:at]), workload, tuple(made[at + 1 :]))


def _object(manifest: Manifest, namespace: str, marked: Marks, place: Place) -> Object:
    made: Object = copy.deepcopy(dict(manifest))
    metadata = made["metadata"]
    metadata["namespace"] = namespace
    metadata["labels"] = {**metadata.get("labels", {}), **marked.labels}
    if made["kind"] == "Secret":
        # What is written as text is not taken back when it is left out later.
        texts = made.pop("stringData", {})
        made["data"] = {
            name: base64.b64encode(text.encode()).decode() for name, text in texts.items()
        }
    elif made["kind"] == "Ingress":
        to_place(made, place)
    return made


def to_place(ingress: Object, place: Place) -> None:
    """Say what the cluster's ingress is to do with it."""
    if place.ingress_class:
        ingress["spec"]["ingressClassName"] = place.ingress_class
    if place.tls:
        hosts = list(dict.fromkeys(rule["host"] for rule in ingress["spec"]["rules"]))
        secret = {"secretName": place.tls_secret} if place.tls_secret else {}
        ingress["spec"]["tls"] = [{"hosts": hosts, **secret}]


def _complete(workload: Object, marked: Marks) -> None:
    """What the API wants beyond the template, and a revision that lets pods be replaced."""
    annotations = workload["metadata"].get("annotations", {})
    spec = workload["spec"]
    if workload["kind"] == WorkloadKind.CRON_JOB:
        run = spec["jobTemplate"]
        run["metadata"]["labels"] = {**run["metadata"]["labels"], **marked.labels}
        spec = run["spec"]
    template = spec["template"]
    pod = template["spec"]
    revision = annotations.get(ANNOTATION_REVISION, "")
    metadata = template.setdefault("metadata", {})
    metadata["labels"] = {**metadata.get("labels", {}), **marked.labels}
    metadata["annotations"] = {**metadata.get("annotations", {}), ANNOTATION_REVISION: revision}
    pod.setdefault("terminationGracePeriodSeconds", STOP_SECONDS)
    # What runs has no business with the cluster's API, unless its template names an account.
    pod.setdefault("automountServiceAccountToken", "serviceAccountName" in pod)
    for container in pod["containers"]:
        if not container.get("image"):
            raise EngineRefused(f"{workload['metadata']['name']} has no image.")
    if workload["kind"] != WorkloadKind.SERVICE:
        seconds = spec.pop("activeDeadlineSeconds", None) or annotations.get(ANNOTATION_TIMEOUT)
        if seconds:  # of the pod: the job's own would take the pod away, and its log with it
            pod["activeDeadlineSeconds"] = int(seconds)
        return
    spec["revisionHistoryLimit"] = _KEPT_REVISIONS
    if not any("readinessProbe" in container for container in pod["containers"]):
        spec["minReadySeconds"] = int(STEADY_SECONDS)


def keep_scale(wanted: Wanted, there: Mapping[str, Any]) -> None:
    """Where an autoscaler decides how many copies there are, leave as many as there are now."""
    for one in wanted.beside:
        if one["kind"] == "HorizontalPodAutoscaler":
            least, most = one["spec"]["minReplicas"], one["spec"]["maxReplicas"]
            now = int(there["spec"].get("replicas") or 0)
            wanted.workload["spec"]["replicas"] = min(max(now, least), most)


def written(beside: Sequence[Mapping[str, Any]], workload: str) -> str:
    """What stands beside a workload and belongs to it alone, as text."""
    names = [
        [one["kind"], one["metadata"]["name"]]
        for one in beside
        if one["metadata"]["labels"].get(LABEL_WORKLOAD) == workload
    ]
    return json.dumps(sorted(names))


def read(annotations: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """What an inventory names: kind and name."""
    try:
        rows = json.loads((annotations or {}).get(INVENTORY) or "[]")
        return [(str(kind), str(name)) for kind, name in rows]
    except (ValueError, TypeError):
        return []
