"""The nearest of the names that may be meant."""

import difflib
from collections.abc import Iterable

_SUGGESTIONS = 100
_NAMES = 1000


class Known:
    """Names that exist in one place, and suggestions for those that do not.

    A comparison costs time: after a hundred suggestions, and among more than a thousand
    names, none is given. The problem itself is said all the same.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._by_spelling = {_spelling(name): name for name in sorted(self._names)}
        self._by_last_part = {_last_part(name): name for name in sorted(self._names, reverse=True)}
        self._left = _SUGGESTIONS if len(self._names) <= _NAMES else 0

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def nearest(self, name: str, otherwise: str = "") -> str:
        """A question with the nearest name; ``otherwise`` where none is like it."""
        if self._left <= 0:
            return otherwise
        self._left -= 1
        same = self._by_spelling.get(_last_part(name)) or self._by_last_part.get(_spelling(name))
        if same is not None:
            return f"Did you mean {same}?"
        found = difflib.get_close_matches(_spelling(name), self._by_spelling, n=1)
        return f"Did you mean {self._by_spelling[found[0]]}?" if found else otherwise


def _spelling(name: str) -> str:
    """How names are compared: a capital letter or a hyphen is a small slip."""
    return name.lower().replace("-", "_")


def _last_part(name: str) -> str:
    """What stands behind the kind in a task: ``services.api`` is about ``api``."""
    return _spelling(name.rpartition(".")[2])
