"""Which branch: the rules of App Imports with their trace, and the patterns that ignore refs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from environments.core.ports import Refs
from environments.core.problems import Place, Problem, error, nearest, warning
from environments.core.template.model import AppTemplate, ImportEntry

LONGEST_REF = 250
"""Characters that a branch or tag may have."""


class Rule(StrEnum):
    """Why a branch was chosen, in the order in which the rules are tried."""

    CHOSEN = "chosen"
    FIXED = "fixed"
    SAME_NAME = "same-name"
    TRACKING = "tracking"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One rule that was tried: what it looked for, and whether the repository has it."""

    rule: Rule
    looked_for: str
    found: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class BranchChoice:
    """The branch or tag of one member; ``commit`` None: it could not be resolved."""

    ref: str
    is_tag: bool
    commit: str | None
    rule: Rule
    trace: tuple[Attempt, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wish:
    """One rule with what it would choose. ``must_exist``: a miss is an error, not the end.

    ``place``: the line that says so.
    """

    rule: Rule
    name: str
    place: Place | None = None
    tags_too: bool = False
    tags_only: bool = False
    must_exist: bool = False


def choose_import_branch(
    *,
    application: str,
    entry: ImportEntry,
    importing_branch: str,
    given: str,
    template: AppTemplate,
    refs: Refs,
    importer_file: str = "app_imports",
) -> BranchChoice:
    """The branch of an import: fixed, else of the same name, else tracked, else the default.

    ``given``: a branch that a person gives now, "" for none; it goes before the entry's.
    ``importer_file``: the text in which the entry stands.
    """
    place = Place(importer_file, entry.line) if entry.line else None
    wishes = [
        _Wish(Rule.CHOSEN, given, tags_too=True, must_exist=True),
        _Wish(Rule.FIXED, entry.branch, place, tags_too=True, must_exist=True),
        _Wish(Rule.SAME_NAME, importing_branch),
        *_tracking(template),
        _Wish(Rule.DEFAULT, refs.default_branch, must_exist=True),
    ]
    return _first(application, wishes, refs)


def choose_own_branch(
    *, application: str, given: str, template: AppTemplate, refs: Refs
) -> BranchChoice:
    """The environment's own branch: what was given, else what is tracked, else the default."""
    wishes = [
        _Wish(Rule.CHOSEN, given, tags_too=True, must_exist=True),
        *_tracking(template),
        _Wish(Rule.DEFAULT, refs.default_branch, must_exist=True),
    ]
    return _first(application, wishes, refs)


def _tracking(template: AppTemplate) -> Iterator[_Wish]:
    if template.tracking_branch:
        place = template.place_of("tracking_branch")
        yield _Wish(Rule.TRACKING, template.tracking_branch, place)
    if template.tracking_tag:
        place = template.place_of("tracking_tag")
        yield _Wish(Rule.TRACKING, template.tracking_tag, place, tags_only=True)


def _first(application: str, wishes: Sequence[_Wish], refs: Refs) -> BranchChoice:
    trace: list[Attempt] = []
    problems: list[Problem] = []
    for wish in wishes:
        if not wish.name:
            continue
        commit, is_tag = _find(wish, refs)
        trace.append(Attempt(wish.rule, wish.name, commit is not None, _note(wish, is_tag)))
        if commit is not None and len(wish.name) > LONGEST_REF:
            long = error(
                "branch.too-long",
                application=application,
                branch=wish.name[:40],
                length=len(wish.name),
                limit=LONGEST_REF,
            )
            return BranchChoice(wish.name, is_tag, None, wish.rule, tuple(trace), (*problems, long))
        if commit is not None:
            return BranchChoice(wish.name, is_tag, commit, wish.rule, tuple(trace), tuple(problems))
        if wish.must_exist:
            known = nearest(wish.name, (*refs.branches, *refs.tags)) or _some(refs)
            problems.append(
                error(
                    "branch.missing",
                    place=wish.place,
                    application=application,
                    branch=wish.name,
                    known=known,
                )
            )
            return BranchChoice(wish.name, False, None, wish.rule, tuple(trace), tuple(problems))
        if wish.rule is Rule.TRACKING:
            problems.append(
                warning(
                    "branch.tracking-gone",
                    place=wish.place,
                    application=application,
                    branch=wish.name,
                )
            )
    # A repository always has a default branch, so the last wish decides.
    raise AssertionError("no rule named a branch")


def _find(wish: _Wish, refs: Refs) -> tuple[str | None, bool]:
    """The commit, and whether it is a tag's. A branch goes before a tag of the same name."""
    if not wish.tags_only and wish.name in refs.branches:
        return refs.branches[wish.name], False
    if (wish.tags_too or wish.tags_only) and wish.name in refs.tags:
        return refs.tags[wish.name], True
    return None, False


def _note(wish: _Wish, is_tag: bool) -> str:
    if is_tag:
        return "a tag"
    return "looked among the tags" if wish.tags_only else ""


def _some(refs: Refs) -> str:
    names = sorted(refs.branches)
    shown = ", ".join(names[:8])
    return f"Branches: {shown}{', …' if len(names) > 8 else ''}."


def ignoring_pattern(patterns: Sequence[str], ref: str) -> str | None:
    """The first pattern that makes deployments of this ref be ignored; None: it deploys.

    ``p`` ignores the refs that match the glob ``p``, ``!p`` those that do not.
    """
    for pattern in patterns:
        negated = pattern.startswith("!")
        glob = pattern[1:] if negated else pattern
        if matches(glob, ref) is not negated:
            return pattern
    return None


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a glob: what it takes, and whether it may stand for a run of it or for nothing.

    ``ranges``: the first and the last character of each; ``negated``: all others instead.
    """

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False
    crosses: bool = False
    repeats: bool = False

    def takes(self, character: str) -> bool:
        """Whether this character may stand here. Only ``**`` and a written ``/`` take a ``/``."""
        if character == "/" and not self.crosses:
            return False
        return any(first <= character <= last for first, last in self.ranges) is not self.negated


_ANY = _Part((), negated=True)
_STAR = replace(_ANY, repeats=True)
_STARS = replace(_STAR, crosses=True)


def matches(glob: str, ref: str) -> bool:
    """Whether the whole ref matches. ``*``: any run without ``/``; ``**``: any run; ``?``: one
    character but ``/``; ``[a-z0]``: one of these, ``[!a-z]``: one but these and ``/``; all else
    is itself, an unclosed ``[`` too.

    Linear in ``len(glob) * len(ref)``: it keeps the set of places in the glob that the text so
    far can lead to, so no glob makes it slow.
    """
    parts = tuple(_parts(glob))
    places = _closed({0}, parts)
    for character in ref:
        reached = {
            place if parts[place].repeats else place + 1
            for place in places
            if place < len(parts) and parts[place].takes(character)
        }
        if not reached:
            return False
        places = _closed(reached, parts)
    return len(parts) in places


_PARTS = re.compile(r"\*+|\[(?P<negated>[!^]?)(?P<members>\]?[^][]*)\]|.", re.DOTALL)


def _parts(glob: str) -> Iterator[_Part]:
    """A run of stars is one part, since more of them match no more."""
    for found in _PARTS.finditer(glob):
        text = found[0]
        if text.startswith("*"):
            yield _STAR if len(text) == 1 else _STARS
        elif found["members"]:
            yield _Part(_ranges(found["members"]), negated=bool(found["negated"]))
        elif text == "?":
            yield _ANY
        else:
            yield from (_Part(((one, one),), crosses=True) for one in text)


def _ranges(members: str) -> tuple[tuple[str, str], ...]:
    """``a-z0`` as ``(a, z), (0, 0)``; a hyphen at either end is itself."""
    return tuple(
        (found[1], found[2]) if found[2] else (found[0], found[0])
        for found in re.finditer(r"(.)-(.)|.", members, re.DOTALL)
    )


def _closed(places: set[int], parts: Sequence[_Part]) -> set[int]:
    """The places and those behind stars, since a star may stand for nothing."""
    closed = set(places)
    for place in places:
        at = place
        while at < len(parts) and parts[at].repeats:
            at += 1
            closed.add(at)
    return closed
