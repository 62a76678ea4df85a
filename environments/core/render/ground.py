"""What a namespace itself is: its labels, and how much may run in it."""

import math
from collections.abc import Iterator
from decimal import Decimal

from environments.core.names import label
from environments.core.plan.model import Plan, PlannedWorkload
from environments.core.ports import (
    LABEL_ACCOUNT,
    LABEL_APPLICATION,
    LABEL_DEPLOYMENT,
    LABEL_ENVIRONMENT,
    LABEL_MANAGED,
    MANAGED_BY,
    Manifest,
)
from environments.core.template.workloads import amount

QUOTA = "environment"
_COPIES = 3
"""Of each replica: one that runs, one that takes its place, one that ends meanwhile."""
_SAFE = {"pod-security.kubernetes.io/enforce": "baseline"}
"""The cluster itself refuses pods that reach for their node, whoever asks for them."""


def ground_manifests(plan: Plan, *, account: str) -> tuple[Manifest, ...]:
    """The Namespace, as its owner's; and the ResourceQuota, where something runs in it."""
    own = plan.members[-1].member
    labels = {
        LABEL_MANAGED: MANAGED_BY,
        LABEL_ACCOUNT: label(account),
        LABEL_APPLICATION: label(own.application),
        LABEL_ENVIRONMENT: own.env_id,
        LABEL_DEPLOYMENT: own.deployment_id,
        **_SAFE,
    }
    namespace: Manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": plan.namespace, "labels": labels},
    }
    return (namespace, *_quota(plan))


def _quota(plan: Plan) -> Iterator[Manifest]:
    """Room for all that the plan has, and for a change of it: whatever else is made there by
    mistake cannot take the cluster's."""
    if any(member.charts for member in plan.members):
        return  # what charts bring is not known here
    counted = [
        (workload, _copies(workload)) for member in plan.members for workload in member.workloads
    ]
    if not counted:
        return
    sums = {
        f"{what}.{of}": sum(
            (amount(getattr(one.resources, f"{of}_{what}")) * copies for one, copies in counted),
            Decimal(0),
        )
        for what in ("requests", "limits")
        for of in ("cpu", "memory")
    }
    yield {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {
            "name": QUOTA,
            "namespace": plan.namespace,
            "labels": {LABEL_MANAGED: MANAGED_BY},
        },
        "spec": {"hard": {name: _written(name, total) for name, total in sums.items()}},
    }


def _copies(workload: PlannedWorkload) -> int:
    if workload.kind != "service":
        return 1
    most = workload.autoscale.max_replicas if workload.autoscale else workload.replicas
    return _COPIES * max(most, 1)


def _written(name: str, total: Decimal) -> str:
    return f"{math.ceil(total * 1000)}m" if name.endswith("cpu") else str(math.ceil(total))
