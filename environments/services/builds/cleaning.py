"""Lets go of images that nobody runs and that are not among the newest of their application."""

import logging
from collections.abc import Iterator

from django.conf import settings

from environments import wiring
from environments.core.ports import BuildError
from environments.models import Build, Context, Environment, Image
from environments.models.build import LIVE_BUILDS

logger = logging.getLogger(__name__)


def clean(context: Context) -> int:
    """Remove what the policy does not keep from the store of the context; how many images.

    Kept are those that run, and for each application the newest ``RELEASECLONE_IMAGES_KEPT``.
    While something is being built there, nothing is removed.
    """
    builder = wiring.builder_of(context)
    if builder is None or Build.objects.filter(context=context, state__in=LIVE_BUILDS).exists():
        return 0
    kept = {*_running(context), *_newest(context)}
    removed: set[str] = set()
    for image in Image.objects.filter(context=context).exclude(digest__in=kept):
        try:
            if image.digest not in removed:
                builder.remove(image.digest)
        except BuildError as wrong:
            logger.warning("The image %s of %s stays: %s", image.digest, context.name, wrong)
            continue
        removed.add(image.digest)
        image.delete()
    return len(removed)


def _running(context: Context) -> Iterator[str]:
    """What living environments run there, and what their deployments are about to."""
    living = Environment.objects.filter(removed_at__isnull=True, namespace__context=context)
    for environment in living.select_related("running__part_of", "namespace"):
        deployments = environment.namespace.deployments.filter(
            part_of__isnull=True, status__in=("queued", "running")
        )
        roots = [environment.running and (environment.running.part_of or environment.running)]
        for root in (*roots, *deployments):
            if root is not None and root.images:
                yield from root.images.get(environment.env_id, {}).values()


def _newest(context: Context) -> Iterator[str]:
    for application in context.account.applications.all():
        rows = Image.objects.filter(context=context, application=application).order_by("-used_at")
        digests = dict.fromkeys(rows.values_list("digest", flat=True))
        yield from list(digests)[: settings.RELEASECLONE.images_kept]
