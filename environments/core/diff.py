"""The difference between two texts, line by line, as values for pages."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

_CONTEXT = 3
_COMPARED = 4_000_000
"""Lines times lines that are compared one by one: what repeats a line costs their product."""


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


class _Matcher(difflib.SequenceMatcher[str]):
    """Of texts beyond the limit, the head and the tail that they share and nothing between."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        super().__init__(None, before, after, autojunk=False)
        self._texts = before, after

    def get_matching_blocks(self) -> list[difflib.Match]:
        """As the library's, which this bounds."""
        old, new = self._texts
        if len(old) * len(new) <= _COMPARED:
            return super().get_matching_blocks()
        head = _shared(zip(old, new, strict=False))
        most = min(len(old), len(new)) - head
        tail = min(_shared(zip(reversed(old), reversed(new), strict=False)), most)
        blocks = ((0, 0, head), (len(old) - tail, len(new) - tail, tail))
        end = difflib.Match(len(old), len(new), 0)
        return [*(difflib.Match(*block) for block in blocks if block[2]), end]


def _shared(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs are equal before the first that is not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _lines(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    matcher = _Matcher(before, after)
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
