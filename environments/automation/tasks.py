"""The queue's doors to this room."""

from django.utils import timezone

from environments.automation import (
    deliveries,
    expiring,
    hours,
    pull_requests,
    reconciling,
    telling,
)
from environments.models import Delivery
from environments.tasks import BROKER_ERRORS
from releaseclone.celery import queue


@queue.task
def take_delivery(pk: int) -> None:
    """Do what a delivery asks for."""
    deliveries.take(pk)


def send_delivery(pk: int) -> None:
    """Put it into the queue; where the broker is away, the sweep does it later."""
    try:
        take_delivery.delay(pk)
    except BROKER_ERRORS:
        Delivery.objects.filter(pk=pk).update(due_at=timezone.now())


@queue.task
def sweep_deliveries() -> None:
    """Look at what is due: after a pause, a killed worker, a lost message."""
    for pk in deliveries.due():
        take_delivery.delay(pk)


@queue.task
def tend_pull_requests() -> None:
    """End what another environment stands for, and tell the host how environments are."""
    list(pull_requests.end_replaced())  # carried out as it is read
    telling.tell_all()


@queue.task
def expire() -> None:
    """End what has come to its time, and tell whose time comes."""
    expiring.expire()
    expiring.tell_owners()


@queue.task
def keep_hours() -> None:
    """Pause and resume by schedule."""
    hours.keep_hours()


@queue.task
def reconcile() -> None:
    """Find what no delivery told."""
    reconciling.reconcile()
    deliveries.forget_old()
