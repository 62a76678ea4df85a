"""Objects of a cluster as plain data: read, watched, applied, deleted."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from environments.engines.kubernetes.connection import FIELD_MANAGER, Connection, Missing

Found = dict[str, Any]

_KINDS = {
    "ConfigMap": ("api/v1", "configmaps"),
    "CronJob": ("apis/batch/v1", "cronjobs"),
    "DaemonSet": ("apis/apps/v1", "daemonsets"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "HorizontalPodAutoscaler": ("apis/autoscaling/v2", "horizontalpodautoscalers"),
    "Event": ("api/v1", "events"),
    "Ingress": ("apis/networking.k8s.io/v1", "ingresses"),
    "Job": ("apis/batch/v1", "jobs"),
    "Namespace": ("api/v1", "namespaces"),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies"),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims"),
    "Pod": ("api/v1", "pods"),
    "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "ResourceQuota": ("api/v1", "resourcequotas"),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "Secret": ("api/v1", "secrets"),
    "Service": ("api/v1", "services"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
}
"""Every kind that is spoken of: where its API is, and what it is called there."""
_APPLY = "application/apply-patch+yaml"
_BACKGROUND = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}


class Cluster:
    """The objects of one cluster."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, kind: str, name: str, namespace: str = "") -> Found | None:
        """The object, or None."""
        try:
            found: Found = self._connection.ask("GET", _path(kind, namespace, name))
        except Missing:
            return None
        return found

    def all(
        self,
        kind: str,
        namespace: str = "",
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> list[Found]:
        """All of a kind that these labels and fields find; none where there is no namespace."""
        return self._list(kind, namespace, labels, fields)[1]

    def version(
        self, kind: str, namespace: str, labels: Mapping[str, str]
    ) -> tuple[str, list[Found]]:
        """All of a kind that the labels find, and the version from which a watch goes on."""
        return self._list(kind, namespace, labels, None)

    def _list(
        self,
        kind: str,
        namespace: str,
        labels: Mapping[str, str] | None,
        fields: Mapping[str, str] | None,
    ) -> tuple[str, list[Found]]:
        asked = {}
        if labels:
            asked["labelSelector"] = _selector(labels)
        if fields:
            asked["fieldSelector"] = _selector(fields)
        answer = self._connection.ask("GET", _path(kind, namespace), asked)
        # The objects of a list do not say what they are.
        rows = [{**one, "kind": kind} for one in answer.get("items") or ()]
        return str(answer["metadata"].get("resourceVersion") or ""), rows

    def watch(
        self, kind: str, namespace: str, *, labels: Mapping[str, str], version: str, seconds: int
    ) -> Iterator[tuple[str, Found]]:
        """What changes from a version on, for so long: "ADDED", "MODIFIED", "DELETED"; "ERROR"
        with a ``Status`` where the version is too old."""
        asked = {
            "watch": "true",
            "labelSelector": _selector(labels),
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        for line in self._connection.lines(_path(kind, namespace), asked, seconds=seconds):
            event = json.loads(line)
            yield event["type"], event["object"]

    def apply(self, wanted: Mapping[str, Any]) -> Found:
        """Have the object be like this; what others have set of it is taken over."""
        metadata = wanted["metadata"]
        path = _path(wanted["kind"], metadata.get("namespace", ""), metadata["name"])
        asked = {"fieldManager": FIELD_MANAGER, "force": "true"}
        made: Found = self._connection.ask("PATCH", path, asked, content=wanted, kind=_APPLY)
        return made

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Let it go, and what it owns after it; nothing happens where it is gone."""
        try:
            self._connection.ask("DELETE", _path(kind, namespace, name), content=_BACKGROUND)
        except Missing:
            return

    def delete_all(self, kind: str, namespace: str, labels: Mapping[str, str]) -> None:
        """Let all of a kind go that the labels find."""
        assert labels
        asked = {"labelSelector": _selector(labels)}
        self._connection.ask("DELETE", _path(kind, namespace), asked, content=_BACKGROUND)


def _selector(wanted: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in wanted.items())


def _path(kind: str, namespace: str, name: str = "") -> str:
    root, plural = _KINDS[kind]
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/{root}{within}/{plural}{f'/{name}' if name else ''}"
