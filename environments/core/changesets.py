"""Which pull requests are one change: the same branch name in applications that import each other.

A pull request is told here by the name of its application.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

Imports = Mapping[str, Collection[str]]
"""By application: the applications that it imports."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Applications whose pull requests share an environment, which is one of ``owner``."""

    applications: frozenset[str]
    owner: str


def change_sets(
    applications: Collection[str],
    imports: Imports,
    *,
    kept: Collection[Collection[str]] = (),
) -> list[ChangeSet]:
    """The sets that these applications fall into, in order of their owners.

    ``kept``: applications that share an environment now; they stay together, whatever joined them.
    """
    parts = _parts(applications, imports, kept)
    found = (ChangeSet(part, owner_of(part, imports)) for part in parts)
    return sorted(found, key=lambda one: one.owner)


def owner_of(applications: Collection[str], imports: Imports) -> str:
    """The one that imports the most others of the set; of several the first by name."""
    members = set(applications)

    def rank(name: str) -> tuple[int, str]:
        return -len((members - {name}) & set(imports.get(name, ()))), name

    return min(applications, key=rank)


def _parts(
    applications: Collection[str], imports: Imports, kept: Collection[Collection[str]]
) -> Iterator[frozenset[str]]:
    """Applications that import each other or are kept together, directly or through others."""

    def are_joined(one: str, other: str) -> bool:
        imported = other in imports.get(one, ()) or one in imports.get(other, ())
        return imported or any(one in group and other in group for group in kept)

    left = set(applications)
    while left:
        part: set[str] = set()
        reached = {min(left)}
        while reached:
            part |= reached
            reached = {
                other for other in left - part if any(are_joined(one, other) for one in part)
            }
        left -= part
        yield frozenset(part)
