"""Reading the log of a deployment or a build."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from environments.models import BuildLine, LogLine

LINES_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Log:
    """A part of a log. ``matching``: how many lines hold the text that is looked for; ``line``:
    the one that a link leads to, 0 for none."""

    lines: Sequence[LogLine | BuildLine]
    total: int
    matching: int
    text: str
    line: int

    @property
    def follows(self) -> bool:
        """Whether it is the end of the log, which moves on."""
        return not self.line


def part_of(
    lines: QuerySet[LogLine] | QuerySet[BuildLine], *, text: str = "", line: int = 0
) -> Log:
    """The last lines, those that hold the text, or those around one."""
    matching = lines.filter(text__icontains=text) if text else lines
    shown: Sequence[LogLine | BuildLine]
    if line and not text:
        first = max(line - LINES_SHOWN // 2, 1)
        shown = list(lines.filter(number__gte=first).order_by("number")[:LINES_SHOWN])
    else:
        shown = list(reversed(matching.order_by("-number")[:LINES_SHOWN]))
    return Log(shown, lines.count(), matching.count() if text else 0, text, line)
