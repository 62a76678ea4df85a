"""The status of environments, derived from their deployments and written beside them."""

from django.db import transaction
from django.db.models import Q

from environments.core import health
from environments.models import (
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    Environment,
    EnvironmentStatus,
    Namespace,
)
from environments.models.deployment import LIVE

_ENDING = {
    DeploymentStatus.DEPLOYED: EnvironmentStatus.DEPLOYED,
    DeploymentStatus.PAUSED: EnvironmentStatus.PAUSED,
    DeploymentStatus.FAILED: EnvironmentStatus.FAILED,
    DeploymentStatus.ABORTED: EnvironmentStatus.ABORTED,
    DeploymentStatus.REMOVED: EnvironmentStatus.REMOVED,
}
_NEVER_BEGAN = Q(started_at__isnull=True) & ~Q(status__in=LIVE)
"""Superseded, aborted while it waited, or ignored: it leaves the status as it was."""


@transaction.atomic
def refresh(namespace: Namespace) -> None:
    """Derive and keep the status of every living environment of the namespace.

    One at a time for each namespace: what was read first must not be written last.
    """
    Namespace.objects.select_for_update(no_key=True).get(pk=namespace.pk)
    living = list(Environment.objects.filter(namespace=namespace, removed_at__isnull=True))
    for environment in living:
        environment.own_status = own_status(environment)
    for environment in living:
        environment.status = environment.own_status
        if environment.importer_id is None:
            environment.status = _worst(environment, living)
    Environment.objects.bulk_update(living, ["own_status", "status"])


def own_status(environment: Environment) -> EnvironmentStatus:
    """What the environment's own deployments say, the newest that matters first."""
    rows = Deployment.objects.filter(environment=environment)
    running = rows.filter(status=DeploymentStatus.RUNNING).order_by("-pk").first()
    if running is not None:
        removing = running.kind == DeploymentKind.TEARDOWN
        return EnvironmentStatus.REMOVING if removing else EnvironmentStatus.DEPLOYING
    if rows.filter(status=DeploymentStatus.QUEUED).exists():
        return EnvironmentStatus.WAITING
    last = rows.exclude(_NEVER_BEGAN).order_by("-pk").first()
    return _ENDING[DeploymentStatus(last.status)] if last else EnvironmentStatus.NEW


def _worst(importer: Environment, living: list[Environment]) -> EnvironmentStatus:
    """The worst of the members, those that its newest run ignored aside."""
    statuses = [
        str(environment.own_status)
        for environment in living
        if environment == importer or not _is_ignored(environment)
    ]
    return EnvironmentStatus(health.worst_status(statuses))


def _is_ignored(environment: Environment) -> bool:
    rows = Deployment.objects.filter(environment=environment).order_by("-pk")
    counted = rows.exclude(_NEVER_BEGAN & Q(ignored_by=""))
    return bool(counted.values_list("ignored_by", flat=True).first())
