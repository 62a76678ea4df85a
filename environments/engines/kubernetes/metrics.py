"""What pods use, where the cluster measures it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from environments.core.ports import EngineError
from environments.core.template.workloads import amount
from environments.engines.kubernetes.connection import Connection

_KEPT_SECONDS = 10.0
_AWAY_SECONDS = 60.0
_FINE = {"n": Decimal("1e-9"), "u": Decimal("1e-6")}
"""What no template says, and a measurement does."""


@dataclass(frozen=True, slots=True)
class Use:
    """Of one pod; CPU in percent of one core."""

    memory_bytes: int | None = None
    cpu_percent: float | None = None


class Metrics:
    """The metrics API: measured every some seconds there, so not asked more often."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: dict[str, tuple[float, dict[str, Use]]] = {}
        self._away_until = 0.0

    def of(self, namespace: str) -> Mapping[str, Use]:
        """By the names of the pods; nothing where the cluster does not measure."""
        now = time.monotonic()
        at, known = self._kept.get(namespace, (0.0, {}))
        if (at and now - at < _KEPT_SECONDS) or now < self._away_until:
            return known
        try:
            answer = self._connection.ask(
                "GET", f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
            )
        except EngineError:
            self._away_until = now + _AWAY_SECONDS
            return {}
        found = {one["metadata"]["name"]: _use(one) for one in answer.get("items", ())}
        self._kept = {
            name: kept for name, kept in self._kept.items() if now - kept[0] < _KEPT_SECONDS
        }
        self._kept[namespace] = (now, found)
        return found


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
