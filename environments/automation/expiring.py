"""Ephemeral environments end some days after the last deployment that was asked of them."""

import logging

from django.utils import timezone

from environments.actions.asking import Refused, operator
from environments.actions.environments import delete_environment
from environments.models import Deployment, DeploymentKind, Environment
from environments.models.deployment import LIVE

logger = logging.getLogger(__name__)
ACTOR = "expiry"


def expire() -> None:
    """Remove those whose time is over."""
    ending = Deployment.objects.filter(kind=DeploymentKind.TEARDOWN, status__in=LIVE)
    rows = Environment.objects.filter(
        expires_at__lte=timezone.now(), removed_at=None, importer=None
    ).exclude(pk__in=ending.values("environment"))
    for environment in rows.select_related("application__account", "namespace"):
        try:
            actor = operator(environment.application.account, name=ACTOR)
            delete_environment(actor, environment)
        except Refused as refused:
            logger.warning("%s was not removed at its end: %s", environment, refused)
