"""The one mouth: every line of a deployment is masked here, and at most 10,000 are kept."""

from collections.abc import Iterable

from django.db.models import F, Max
from django.utils import timezone

from environments.core.masking import Masker
from environments.models import Deployment, LogLine, Task

LINES_KEPT = 10_000


def say(
    deployment: Deployment, lines: Iterable[str], *, masker: Masker, task: Task | None = None
) -> None:
    """Keep what a deployment says; what goes beyond the limit is counted instead."""
    texts = [masker.line(text) for text in lines]
    if not texts:
        return
    last = deployment.lines.aggregate(last=Max("number"))["last"] or 0
    room = max(LINES_KEPT - last, 0)
    now = timezone.now()
    LogLine.objects.bulk_create(
        LogLine(deployment=deployment, number=number, task=task, at=now, text=text)
        for number, text in enumerate(texts[:room], last + 1)
    )
    leave_out(deployment, max(len(texts) - room, 0))


def leave_out(deployment: Deployment, count: int) -> None:
    """So many lines of the deployment are not kept."""
    if count:
        Deployment.objects.filter(pk=deployment.pk).update(
            lines_left_out=F("lines_left_out") + count
        )
