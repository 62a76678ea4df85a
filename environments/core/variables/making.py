"""The mappings of one container, made in the order in which they need each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from environments.core.problems import Place, Problem, error, warning
from environments.core.variables import mapping
from environments.core.variables.generated import is_reserved, reason_of
from environments.core.variables.model import Generated, MappingEntry, Value
from environments.core.variables.ordering import in_order

LONGEST = 2**22
"""Characters that the mappings of one container may make together."""


@dataclass(frozen=True, slots=True)
class Around:
    """Whose mappings they are, and what they meet.

    ``excused``: names whose absence is no mistake of the application's own.
    """

    application: str
    file: str
    imported: bool
    ingress: Mapping[str, Generated]
    excused: frozenset[str]


def mapped_values(
    entries: Sequence[MappingEntry], values: Mapping[str, Value], around: Around
) -> tuple[dict[str, Value], list[Problem]]:
    """What the mappings give a container that has these values, and what is wrong with them."""
    making = _Making(around, dict(values))
    parsed: dict[str, tuple[MappingEntry, tuple[mapping.Part, ...]]] = {}
    for entry in entries:
        parts = making.parsed(entry)
        if parts is not None:
            parsed[entry.name] = (entry, parts)
    order, circular = in_order(
        {
            name: {part.name for part in mapping.references(parts) if part.name in parsed}
            for name, (_, parts) in parsed.items()
        }
    )
    for name in circular:
        making.refuse("mapping.cycle", parsed[name][0])
    for name in order:
        making.make(*parsed[name])
    return making.made, making.problems


@dataclass(slots=True)
class _Making:
    """The values so far, those that mappings made, and the characters that are left to them."""

    around: Around
    known: dict[str, Value]
    made: dict[str, Value] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    room: int = LONGEST

    def parsed(self, entry: MappingEntry) -> tuple[mapping.Part, ...] | None:
        """The parts of a mapping that may be made; None where it may not, which is told."""
        if is_reserved(entry.name) or entry.name in self.around.ingress:
            reason = reason_of(entry.name, self.around.ingress)
            self.refuse("variable.reserved", entry, reason=reason)
            return None
        try:
            return mapping.parse(entry.expression)
        except mapping.MappingError as wrong:
            self.refuse("mapping.unread", entry, reason=str(wrong))
            return None

    def make(self, entry: MappingEntry, parts: tuple[mapping.Part, ...]) -> None:
        """Add its value, or tell what it lacks."""
        texts = mapping.evaluate(parts, self._text_of)
        if texts is None:
            self._lacks(entry, parts)
            return
        length = sum(map(len, texts))
        if length > self.room:
            self.refuse("mapping.too-long", entry, limit=LONGEST)
            return
        self.room -= length
        needed = [part.name for part in mapping.references(parts)]
        secret = any(self.known[name].secret for name in needed if name in self.known)
        value = Value(entry.name, "".join(texts), secret, f"mapping {entry.expression}")
        self.made[entry.name] = self.known[entry.name] = value

    def refuse(self, problem_id: str, entry: MappingEntry, **fields: Any) -> None:
        """Tell the error, with the mapping's line."""
        self.problems.append(error(problem_id, **self._about(entry), **fields))

    def _lacks(self, entry: MappingEntry, parts: tuple[mapping.Part, ...]) -> None:
        missing = [
            part.name
            for part in mapping.references(parts)
            if part.default is None and part.name not in self.known
        ]
        names = ", ".join(missing)
        if self.around.imported or all(name in self.around.excused for name in missing):
            told = warning("mapping.left-out", **self._about(entry), missing=names)
            self.problems.append(told)
        else:
            self.refuse("mapping.missing", entry, missing=names)

    def _about(self, entry: MappingEntry) -> dict[str, Any]:
        place = Place(self.around.file, entry.line)
        return {"place": place, "application": self.around.application, "name": entry.name}

    def _text_of(self, name: str) -> str | None:
        return self.known[name].text if name in self.known else None
