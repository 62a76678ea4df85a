"""The one mouth: every line of a deployment or build is masked, and at most 10,000 are kept."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Max
from django.utils import timezone

from environments.core.masking import Masker
from environments.models import Build, BuildStep, Deployment, Task

LINES_KEPT = 10_000


def say(
    whole: Deployment | Build,
    lines: Iterable[str],
    *,
    masker: Masker,
    **part: Task | BuildStep | None,
) -> None:
    """Keep what it says; what goes beyond the limit is counted instead.

    ``part``: the ``task`` of the deployment, or the ``step`` of the build, that says it.
    """
    texts = [masker.line(text) for text in lines]
    if not texts:
        return
    kept: Any = whole.lines
    last = kept.aggregate(last=Max("number"))["last"] or 0
    room = max(LINES_KEPT - last, 0)
    now = timezone.now()
    kept.bulk_create(
        kept.model(**{kept.field.name: whole}, number=number, at=now, text=text, **part)
        for number, text in enumerate(texts[:room], last + 1)
    )
    leave_out(whole, max(len(texts) - room, 0))


def leave_out(whole: Deployment | Build, count: int) -> None:
    """So many lines of it are not kept."""
    if count:
        type(whole)._default_manager.filter(pk=whole.pk).update(
            lines_left_out=F("lines_left_out") + count
        )
