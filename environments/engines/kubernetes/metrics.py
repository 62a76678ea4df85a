"""What pods use, where the cluster measures it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from environments.core.ports import EngineError
from environments.core.template.workloads import amount
from environments.engines.kubernetes.connection import Connection, Missing

_KEPT_SECONDS = 10.0
_AWAY_SECONDS = 60.0
_FINE = {"n": Decimal("1e-9"), "u": Decimal("1e-6")}
"""What no template says, and a measurement does."""


@dataclass(frozen=True, slots=True)
class Use:
    """Of one pod; CPU in percent of one core."""

    memory_bytes: int | None = None
    cpu_percent: float | None = None
    unknown: str = ""
    """Why the cluster does not say."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of the pods of a namespace, by their names."""

    pods: Mapping[str, Use] = field(default_factory=dict)
    otherwise: str = ""
    """Why nothing is known of the others."""

    def of(self, pod: str) -> Use:
        """Of this one."""
        return self.pods.get(pod) or Use(unknown=self.otherwise)


class Metrics:
    """The metrics API: measured every some seconds there, so not asked more often."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: dict[str, tuple[float, dict[str, Use]]] = {}
        self._away_until = 0.0
        self._reason = ""

    def of(self, namespace: str) -> Measured:
        """What is measured of the pods of a namespace."""
        pods = self._pods(namespace)
        return Measured(pods, self._reason or "the cluster has not measured it yet")

    def _pods(self, namespace: str) -> Mapping[str, Use]:
        now = time.monotonic()
        at, known = self._kept.get(namespace, (0.0, {}))
        if (at and now - at < _KEPT_SECONDS) or now < self._away_until:
            return known
        try:
            answer = self._connection.ask(
                "GET", f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
            )
        except Missing:
            self._away_for("the cluster has no metrics API (metrics-server)")
            return {}
        except EngineError as away:
            self._away_for(str(away))
            return {}
        self._reason = ""
        found = {one["metadata"]["name"]: _use(one) for one in answer.get("items", ())}
        self._kept = {
            name: kept for name, kept in self._kept.items() if now - kept[0] < _KEPT_SECONDS
        }
        self._kept[namespace] = (now, found)
        return found

    def _away_for(self, reason: str) -> None:
        self._away_until = time.monotonic() + _AWAY_SECONDS
        self._reason = reason


def _use(pod: Mapping[str, Any]) -> Use:
    used = [container.get("usage") or {} for container in pod.get("containers", ())]
    memory = sum((number(one.get("memory")) for one in used), Decimal())
    cpu = sum((number(one.get("cpu")) for one in used), Decimal())
    return Use(int(memory), float(cpu * 100))


def number(quantity: object) -> Decimal:
    """A quantity as Kubernetes writes it, in its basic unit; 0 for none."""
    text = str(quantity or "0")
    scale = _FINE.get(text[-1])
    return amount(text) if scale is None else amount(text[:-1]) * scale
