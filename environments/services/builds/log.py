"""What a build says: masked, numbered, and at most 10,000 lines of it."""

from collections.abc import Iterable

from django.db.models import F, Max
from django.utils import timezone

from environments.core.masking import Masker
from environments.models import Build, BuildLine, BuildStep

LINES_KEPT = 10_000


def say(
    build: Build, lines: Iterable[str], *, masker: Masker, step: BuildStep | None = None
) -> None:
    """Keep what is said; what goes beyond the limit is counted instead."""
    texts = [masker.line(text) for text in lines]
    if not texts:
        return
    last = build.lines.aggregate(last=Max("number"))["last"] or 0
    room = max(LINES_KEPT - last, 0)
    now = timezone.now()
    BuildLine.objects.bulk_create(
        BuildLine(build=build, number=number, step=step, at=now, text=text)
        for number, text in enumerate(texts[:room], last + 1)
    )
    if beyond := max(len(texts) - room, 0):
        Build.objects.filter(pk=build.pk).update(lines_left_out=F("lines_left_out") + beyond)
