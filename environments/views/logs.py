"""What an address asks of a log: a text that is looked for, or a line that a link leads to."""

from django.db.models import QuerySet
from django.http import HttpRequest

from environments.models import BuildLine, LogLine
from environments.queries.logs import Log, part_of

_LONGEST_NUMBER = 10
"""Digits: more are no line, and too much for a database."""


def asked_part(request: HttpRequest, lines: QuerySet[LogLine] | QuerySet[BuildLine]) -> Log:
    """The part of the log that ``?q=`` or ``?line=`` asks for, else its end."""
    line = request.GET.get("line", "")
    number = int(line) if line.isdecimal() and len(line) < _LONGEST_NUMBER else 0
    return part_of(lines, text=request.GET.get("q", "").strip(), line=number)
