"""The queue's doors: what comes next, and when. A task carries an id and calls one service."""

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from environments.core.ports import IngressError
from environments.models import Deployment, DeploymentStatus
from environments.services import routes, running
from environments.services.running import Outcome
from releaseclone.celery import queue

logger = logging.getLogger(__name__)
BROKER_ERRORS = (OperationalError, ConnectionError, TimeoutError)
"""What publishing raises when the broker is gone or mute."""
_UNTAKEN = timedelta(seconds=10)
"""A message that nobody took for so long is taken for lost."""


def send(pk: int) -> None:
    """Put the deployment into the queue, with the number that makes older messages void."""
    deployment = Deployment.objects.only("fence").get(pk=pk)
    Deployment.objects.filter(pk=pk).update(sent_at=timezone.now())
    run_deployment.delay(pk, deployment.fence)


@queue.task
def run_deployment(pk: int, fence: int) -> None:
    """Take one deployment a slice further, then behind the others, or on to the next one."""
    outcome = running.advance(pk, fence=fence)
    if outcome is Outcome.AGAIN:
        send(pk)
    elif outcome is Outcome.ENDED:
        send_next(pk)


def send_next(pk: int) -> None:
    """Send the oldest deployment that waits for the same namespace."""
    namespace = Deployment.objects.values_list("namespace", flat=True).get(pk=pk)
    waiting = Deployment.objects.filter(
        namespace=namespace, status=DeploymentStatus.QUEUED, part_of__isnull=True
    )
    first = waiting.order_by("pk").values_list("pk", flat=True).first()
    if first is not None:
        send(first)


@queue.task
def sweep() -> None:
    """Send again what no worker holds: after a killed worker, a lost message, a silent broker."""
    now = timezone.now()
    unheld = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    untaken = Q(sent_at__isnull=True) | Q(sent_at__lt=now - _UNTAKEN)
    live = Q(status__in=(DeploymentStatus.QUEUED, DeploymentStatus.RUNNING))
    rows = Deployment.objects.filter(live, unheld, untaken, part_of__isnull=True)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        send(pk)


@queue.task
def publish_routes() -> None:
    """Bring the ingress to what is kept; while it is away the next call does it."""
    try:
        routes.publish()
    except IngressError as away:
        logger.warning("The routes were not written: %s", away)
