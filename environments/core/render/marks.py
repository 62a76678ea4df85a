"""How objects are named and labelled, so that engines find them again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from environments.core.names import label
from environments.core.plan.model import Plan, PlannedMember, PlannedWorkload
from environments.core.ports import (
    LABEL_APPLICATION,
    LABEL_ENVIRONMENT,
    LABEL_KIND,
    LABEL_MANAGED,
    LABEL_WORKLOAD,
    MANAGED_BY,
    WorkloadKind,
)


def labels(member: PlannedMember, name: str) -> dict[str, str]:
    """On everything that is made for this workload of the member."""
    return {
        LABEL_MANAGED: MANAGED_BY,
        LABEL_APPLICATION: label(member.member.application),
        LABEL_ENVIRONMENT: member.member.env_id,
        LABEL_WORKLOAD: name,
    }


def revision(manifests: Sequence[Mapping[str, Any]]) -> str:
    """Sixteen hexadecimal digits that change with anything in them."""
    canonical = json.dumps(manifests, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def selector(service: str) -> dict[str, str]:
    """What finds the instances of a service, and not those of a job of the same name."""
    return {LABEL_WORKLOAD: service, LABEL_KIND: str(WorkloadKind.SERVICE)}


def kind(workload: PlannedWorkload) -> WorkloadKind:
    """What its instances are copies of; a cron job's runs are jobs."""
    return WorkloadKind.SERVICE if workload.kind == "service" else WorkloadKind.JOB


def beside(workload: PlannedWorkload, name: str, what: str) -> str:
    """The name of what stands beside a workload: a dot keeps that of a job apart."""
    prefix = "" if kind(workload) is WorkloadKind.SERVICE else "job."
    return f"{prefix}{name}-{what}"


def metadata(
    plan: Plan, member: PlannedMember, workload: str, named: str = "", /, **annotations: str
) -> dict[str, Any]:
    """``named``: the name of an object that stands beside the workload."""
    return {
        "name": named or workload,
        "namespace": plan.namespace,
        "labels": labels(member, workload),
        "annotations": annotations,
    }
