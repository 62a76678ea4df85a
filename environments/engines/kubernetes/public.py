"""Public hosts: Ingresses beside those of the services, that come and go while these stay."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from environments.core.ports import LABEL_ENVIRONMENT, EngineRefused, PublicHost
from environments.engines.kubernetes.cluster import Cluster
from environments.engines.kubernetes.marks import Marks
from environments.engines.kubernetes.objects import Object, Place, to_place

_PUBLIC = "releaseclone/public"
"""Label of what is made here."""


class PublicIngresses:
    """Those of one cluster."""

    def __init__(self, cluster: Cluster, marked: Marks, place: Place) -> None:
        self._cluster, self._marks, self._place = cluster, marked, place

    def lead(self, hosts: Sequence[PublicHost]) -> None:
        """Have exactly those Ingresses that these hosts need, in all namespaces."""
        labels = {**self._marks.labels, _PUBLIC: "true"}
        there = {_key(one): one for one in self._cluster.all("Ingress", labels=labels)}
        wanted = {_key(one): one for one in self._wanted(hosts, labels)}
        stale = [key for key in there if key not in wanted]
        for key, one in wanted.items():
            if key in there and _says(there[key]) == _says(one):
                continue
            try:
                self._cluster.apply(one)
            except EngineRefused:
                # Some controllers let no two namespaces have a host, not even for a moment.
                self._forget(stale)
                self._cluster.apply(one)
        self._forget(stale)

    def _forget(self, stale: list[tuple[str, str]]) -> None:
        while stale:
            namespace, name = stale.pop()
            self._cluster.delete("Ingress", name, namespace)

    def _wanted(self, hosts: Sequence[PublicHost], labels: Mapping[str, str]) -> Iterator[Object]:
        by_namespace: dict[str, list[PublicHost]] = defaultdict(list)
        for host in hosts:
            by_namespace[host.namespace].append(host)
        for namespace, led in by_namespace.items():
            for own in self._cluster.all("Ingress", namespace, labels=self._marks.labels):
                if _PUBLIC in own["metadata"]["labels"]:
                    continue
                if rules := list(_rules(own, led)):
                    yield self._beside(own, rules, labels)

    def _beside(
        self, own: Mapping[str, Any], rules: list[dict[str, Any]], labels: Mapping[str, str]
    ) -> Object:
        of_own = own["metadata"]
        environment = {LABEL_ENVIRONMENT: of_own["labels"].get(LABEL_ENVIRONMENT, "")}
        made: Object = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {
                "name": f"public.{of_own['name']}",
                "namespace": of_own["namespace"],
                "labels": {**labels, **environment},
                "annotations": dict(of_own.get("annotations") or {}),
            },
            "spec": {"rules": rules},
        }
        to_place(made, self._place)
        return made


def _rules(own: Mapping[str, Any], led: Sequence[PublicHost]) -> Iterator[dict[str, Any]]:
    """Those of the service's Ingress, for each public host that is like one of its hosts."""
    for host in led:
        for rule in own["spec"].get("rules") or ():
            if rule.get("host") == host.like:
                yield {**rule, "host": host.host}


def _key(ingress: Mapping[str, Any]) -> tuple[str, str]:
    return ingress["metadata"]["namespace"], ingress["metadata"]["name"]


def _says(ingress: Mapping[str, Any]) -> tuple[Any, ...]:
    metadata, spec = ingress["metadata"], ingress["spec"]
    return (
        metadata.get("annotations") or {},
        [spec.get(name) for name in ("ingressClassName", "rules", "tls")],
    )
