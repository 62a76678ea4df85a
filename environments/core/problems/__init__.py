"""Problems: what is wrong, where, and what to do next; every text of a failure in one catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from environments.core.problems import asking, compose, deploying, members, planning, template
from environments.core.problems.entry import Entry

CATALOGUE: dict[str, Entry] = {
    **template.CATALOGUE,
    **compose.CATALOGUE,
    **asking.CATALOGUE,
    **planning.CATALOGUE,
    **members.CATALOGUE,
    **deploying.CATALOGUE,
}


class Level(StrEnum):
    """An error stops what was asked; a warning stands beside it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a text: line and column count from 1."""

    file: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Fix:
    """One click that would solve a problem.

    ``act``: ``exclude`` (service of application), ``drop`` (the import of application),
    ``rename`` (service of application to ``to``).
    """

    act: str
    application: str
    service: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, ready to be shown."""

    id: str
    level: Level
    message: str
    place: Place | None = None
    application: str = ""
    fixes: tuple[Fix, ...] = ()


def error(
    problem_id: str,
    /,
    *,
    place: Place | None = None,
    application: str = "",
    fixes: tuple[Fix, ...] = (),
    **fields: object,
) -> Problem:
    """The error of this id, its text from the catalogue filled with ``fields``.

    ``KeyError`` where the catalogue lacks the id or the text names a field not given.
    """
    message = CATALOGUE[problem_id].text(application=application, **fields)
    return Problem(problem_id, Level.ERROR, message, place, application, fixes)


def warning(
    problem_id: str,
    /,
    *,
    place: Place | None = None,
    application: str = "",
    fixes: tuple[Fix, ...] = (),
    **fields: object,
) -> Problem:
    """As ``error``, for what does not block."""
    message = CATALOGUE[problem_id].text(application=application, **fields)
    return Problem(problem_id, Level.WARNING, message, place, application, fixes)


def has_errors(problems: tuple[Problem, ...] | list[Problem]) -> bool:
    """Whether any of them blocks."""
    return any(problem.level is Level.ERROR for problem in problems)


def nearest(name: str, known: Iterable[str]) -> str:
    """ "Did you mean …?" for the closest of the known names, "" where none is close."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""
