"""What engines do from time to time, each time by one worker alone."""

import logging
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from environments import wiring
from environments.core.ports import EngineError
from environments.models import Context, Namespace

logger = logging.getLogger(__name__)
_EVERY = timedelta(seconds=4)


def tend() -> None:
    """Tend to the engine of every context in which something may run."""
    used = Namespace.objects.filter(ended_at__isnull=True).values("context")
    for context in Context.objects.filter(pk__in=used):
        try:
            _tend(context)
        except EngineError as away:
            logger.warning("The context %s could not be tended to: %s", context.name, away)


def _tend(context: Context) -> None:
    engine = wiring.engine_of(context)
    if engine.traits().is_tended and _claim(context):
        notes = engine.tend(context.notes)
        Context.objects.filter(pk=context.pk).update(notes=notes)


def _claim(context: Context) -> bool:
    """Whether it is this worker's turn; a clock that was put back keeps nobody waiting."""
    due = Q(tended_at__isnull=True) | Q(tended_at__lt=Now() - _EVERY) | Q(tended_at__gt=Now())
    return bool(Context.objects.filter(due, pk=context.pk).update(tended_at=Now()))
