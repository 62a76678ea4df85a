"""The service accounts of a template, for the workloads that name them."""

from collections.abc import Iterator, Mapping
from typing import Any

from environments.core.plan.model import Plan, PlannedMember, PlannedWorkload
from environments.core.ports import LABEL_WORKLOAD
from environments.core.render import marks

_EKS = "eks.amazonaws.com/role-arn"
_GKE = "iam.gke.io/gcp-service-account"
_AZURE = "azure.workload.identity/client-id"


def account_of(
    plan: Plan, member: PlannedMember, workload: PlannedWorkload
) -> Iterator[dict[str, Any]]:
    """The account that the workload names, where its template declares it.

    It belongs to the member, as several workloads may name it, and has no rights in the cluster.
    """
    for account in member.member.template.service_accounts:
        if account.name == workload.service_account_name:
            labels = marks.labels(member, workload.workload)
            del labels[LABEL_WORKLOAD]
            yield {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {
                    "name": account.name,
                    "namespace": plan.namespace,
                    "labels": labels,
                    "annotations": _role(account.cloud_role),
                },
            }


def _role(cloud_role: str) -> Mapping[str, str]:
    """As the cloud's own cluster reads it: a role of AWS, an account of Google, an identity of
    Azure."""
    if not cloud_role:
        return {}
    if cloud_role.startswith("arn:"):
        return {_EKS: cloud_role}
    return {_GKE if "@" in cloud_role else _AZURE: cloud_role}
