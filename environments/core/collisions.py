"""Names that only one may have in a namespace: found before anything runs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from environments.core.names import label, variable_prefix
from environments.core.problems import Fix, Place, Problem, error


@dataclass(frozen=True, slots=True)
class Owner:
    """What one member brings into the namespace: names with their lines in its template."""

    application: str
    file: str
    imported: bool
    services: tuple[tuple[str, int], ...] = ()
    jobs: tuple[tuple[str, int], ...] = ()
    volumes: tuple[tuple[str, int], ...] = ()
    accounts: tuple[tuple[str, int], ...] = ()
    hosts: tuple[tuple[str, str, int], ...] = ()
    """(host, path, line)"""
    addressed: tuple[tuple[str, int], ...] = ()
    """Services that give variables: every one with a port, exposed or not."""


@dataclass(frozen=True, slots=True)
class _Claim:
    key: str
    name: str
    line: int
    owner: Owner


def collisions(owners: Sequence[Owner]) -> tuple[Problem, ...]:
    """One error for each pair that meets, with what would solve it."""
    problems: list[Problem] = []
    for what, claims in _claims(owners):
        for first, second in _meeting(claims):
            if what == "variable" and label(first.name) == label(second.name):
                continue  # said already: the services themselves meet
            problems.append(_problem(what, first, second))
    return tuple(problems)


def _claims(owners: Sequence[Owner]) -> Iterator[tuple[str, list[_Claim]]]:
    def named(kind: str) -> list[_Claim]:
        return [
            _Claim(label(name), name, line, owner)
            for owner in owners
            for name, line in getattr(owner, kind)
        ]

    yield "service", named("services")
    yield "job", named("jobs")
    yield "volume", named("volumes")
    yield "account", named("accounts")
    yield (
        "host",
        [
            _Claim(f"{host}{path.rstrip('/')}", f"{host}{path.rstrip('/')}", line, owner)
            for owner in owners
            for host, path, line in owner.hosts
        ],
    )
    yield (
        "variable",
        [
            _Claim(variable_prefix(name), name, line, owner)
            for owner in owners
            for name, line in owner.addressed
        ],
    )


def _meeting(claims: Sequence[_Claim]) -> Iterator[tuple[_Claim, _Claim]]:
    """Each later claim with the first one of its key."""
    by_key: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        by_key[claim.key].append(claim)
    for group in by_key.values():
        for other in group[1:]:
            if other != group[0]:
                yield group[0], other


def _problem(what: str, first: _Claim, second: _Claim) -> Problem:
    return error(
        f"collision.{what}",
        place=Place(second.owner.file, second.line),
        application=second.owner.application,
        fixes=tuple(_fixes(what, first, second)),
        name=second.name,
        line=second.line,
        other_name=first.name,
        other=first.owner.application,
        other_line=first.line,
        prefix=variable_prefix(second.name),
    )


def _fixes(what: str, first: _Claim, second: _Claim) -> Iterator[Fix]:
    """Exclude or drop what was imported; rename either."""
    for claim in (second, first):
        application = claim.owner.application
        if claim.owner.imported:
            if what in ("service", "variable"):
                yield Fix("exclude", application, claim.name)
            yield Fix("drop", application)
        if what in ("service", "variable"):
            yield Fix("rename", application, claim.name, f"{application}-{claim.name}")
