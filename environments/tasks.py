"""The queue's doors: what comes next, and when. A task carries an id and calls one service."""

import logging

from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from environments.core.ports import EngineError, IngressError
from environments.models import Build, Context, Deployment, DeploymentStatus
from environments.models.build import LIVE_BUILDS
from environments.models.deployment import LIVE
from environments.services import public_hosts, routes, running, schedules, tending
from environments.services.builds import cleaning
from environments.services.builds import running as building
from environments.services.lease import unheld, untaken
from environments.services.running import Outcome
from releaseclone.celery import queue

logger = logging.getLogger(__name__)
BROKER_ERRORS = (OperationalError, ConnectionError, TimeoutError)
"""What publishing raises when the broker is gone or mute."""


def send(pk: int) -> None:
    """Put the deployment into the queue, with the number that makes older messages void."""
    deployment = Deployment.objects.only("fence").get(pk=pk)
    Deployment.objects.filter(pk=pk).update(sent_at=Now())
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


def send_build(pk: int) -> None:
    """Put the build into the queue, with the number that makes older messages void."""
    build = Build.objects.only("fence").get(pk=pk)
    Build.objects.filter(pk=pk).update(sent_at=Now())
    run_build.delay(pk, build.fence)


@queue.task
def run_build(pk: int, fence: int) -> None:
    """Take one build to its end."""
    building.advance(pk, fence=fence)


@queue.task
def sweep() -> None:
    """Send again what no worker holds: after a killed worker, a lost message, a silent broker."""
    rows = Deployment.objects.filter(unheld(), untaken(), status__in=LIVE, part_of__isnull=True)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        send(pk)
    builds = Build.objects.filter(
        unheld(), untaken(), state__in=LIVE_BUILDS, deployment__isnull=True
    )
    for pk in builds.order_by("pk").values_list("pk", flat=True):
        send_build(pk)


@queue.task
def tend() -> None:
    """Let each engine do what it does from time to time."""
    tending.tend()


@queue.task
def run_cron_jobs() -> None:
    """Start the runs whose time has come."""
    schedules.run_due()


@queue.task
def clean_images() -> None:
    """Let go of the images that no policy keeps."""
    for context in Context.objects.filter(images__isnull=False).distinct():
        cleaning.clean(context)


@queue.task
def publish_routes() -> None:
    """Bring the ingress to what is kept; while it is away the next call does it."""
    try:
        routes.publish()
    except IngressError as away:
        logger.warning("The routes were not written: %s", away)
    for context in routes.contexts_in_use():
        try:
            public_hosts.lead(context)
        except EngineError as wrong:
            logger.warning("Public addresses may not lead into %s: %s", context.name, wrong)
