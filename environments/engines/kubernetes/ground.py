"""The namespace that an environment stands on."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from environments.core.ports import EngineError, EngineRefused, Manifest
from environments.core.render import QUOTA, revision
from environments.engines.kubernetes.cluster import Cluster
from environments.engines.kubernetes.marks import GROUND, INSTALLATION, Marks

_PATIENCE_SECONDS = 4.0
_LOOK_SECONDS = 0.2
_TELLING = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletion")


class Ground:
    """Makes namespaces, and lets them go."""

    def __init__(self, cluster: Cluster, marked: Marks) -> None:
        self._cluster, self._marks = cluster, marked
        self._lock = threading.Lock()

    def have(self, namespace: str, ground: Sequence[Manifest]) -> None:
        """Make it where it is not there, and let it be as ``ground`` says, where that says
        something; ``EngineRefused`` where it is somebody else's."""
        digest = revision(ground)
        if self._is_there(namespace, ground, digest):
            return
        with self._lock:  # several workloads are applied side by side, and one makes it
            if not self._is_there(namespace, ground, digest):
                self._make(namespace, ground, digest)

    def _is_there(self, namespace: str, ground: Sequence[Manifest], digest: str) -> bool:
        found = self._cluster.get("Namespace", namespace)
        self._must_be_usable(found, namespace)
        return found is not None and (not ground or _annotation(found) == digest)

    def _make(self, namespace: str, ground: Sequence[Manifest], digest: str) -> None:
        marked = self._marks.labels
        given = {one["kind"]: one for one in ground}
        own = given.pop("Namespace", {"apiVersion": "v1", "kind": "Namespace", "metadata": {}})
        labels = {**own["metadata"].get("labels", {}), **marked}
        metadata = {"name": namespace, "labels": labels}
        self._cluster.apply({**own, "metadata": metadata})
        self._cluster.apply(_apart(namespace, marked))
        for one in given.values():
            of_it = one["metadata"]
            of_it = {**of_it, "namespace": namespace, "labels": {**of_it["labels"], **marked}}
            self._cluster.apply({**one, "metadata": of_it})
        if "ResourceQuota" not in given:
            self._cluster.delete("ResourceQuota", QUOTA, namespace)
        # Last: who was interrupted before does it all again.
        self._cluster.apply({**own, "metadata": {**metadata, "annotations": {GROUND: digest}}})

    def _must_be_usable(self, found: Mapping[str, Any] | None, namespace: str) -> None:
        if found is None:
            return
        if not self._marks.are_on(found["metadata"]):
            raise EngineRefused(
                f"The cluster has a namespace {namespace} that was not made by this installation. "
                "It is left as it is: rename the environment, or remove the namespace."
            )
        if _is_ending(found):
            raise EngineError(
                f"The namespace {namespace} is just being deleted. {_why_it_stays(found)}"
            )

    def is_ours(self, namespace: str) -> bool:
        """Whether it is there, and this installation made it."""
        found = self._cluster.get("Namespace", namespace)
        return found is not None and self._marks.are_on(found["metadata"])

    def end(self, namespace: str) -> None:
        """Delete it with all that is in it, and wait a little for its end."""
        if not self.is_ours(namespace):
            return
        self._cluster.delete("Namespace", namespace)
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < give_up and self.is_ours(namespace):
            time.sleep(_LOOK_SECONDS)

    def left(self, namespace: str) -> str:
        """What keeps it, for a person; "" where it is gone, or never was ours."""
        found = self._cluster.get("Namespace", namespace)
        if found is None or not self._marks.are_on(found["metadata"]):
            return ""
        why = _why_it_stays(found) if _is_ending(found) else ""
        return f"namespace {namespace}{f' ({why})' if why else ''}"


def _annotation(namespace: Mapping[str, Any]) -> str:
    return str((namespace["metadata"].get("annotations") or {}).get(GROUND) or "")


def _apart(namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Other environments do not reach what runs in this one; everybody else does, such as the
    ingress controller."""
    elsewhere = {"matchExpressions": [{"key": INSTALLATION, "operator": "DoesNotExist"}]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "apart", "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}, {"namespaceSelector": elsewhere}]}],
        },
    }


def _is_ending(namespace: Mapping[str, Any]) -> bool:
    return bool(namespace["metadata"].get("deletionTimestamp"))


def _why_it_stays(namespace: Mapping[str, Any]) -> str:
    conditions = (namespace.get("status") or {}).get("conditions") or ()
    told = [
        " ".join(str(one.get("message") or "").split())
        for one in conditions
        if one.get("status") == "True" and str(one.get("type", "")).startswith(_TELLING)
    ]
    return "; ".join(told)
