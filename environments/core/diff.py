"""The difference between two texts, line by line, as values for pages."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line. ``act``: ``added``, ``removed``, ``same`` or ``gap`` (lines left out).

    ``old`` and ``new`` are line numbers from 1, 0 where the text does not have the line.
    """

    act: str
    text: str
    old: int = 0
    new: int = 0


def text_difference(before: str, after: str) -> tuple[DiffLine, ...]:
    """What changes, each change with three lines around it; empty when nothing does."""
    return tuple(_lines(before.splitlines(), after.splitlines()))


def _lines(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        if number or group[0][1] > 0:
            yield DiffLine("gap", "")
        for act, old, old_end, new, new_end in group:
            if act == "equal":
                for step in range(old_end - old):
                    yield DiffLine("same", before[old + step], old + step + 1, new + step + 1)
                continue
            for line in range(old, old_end):
                yield DiffLine("removed", before[line], line + 1, 0)
            for line in range(new, new_end):
                yield DiffLine("added", after[line], 0, line + 1)
