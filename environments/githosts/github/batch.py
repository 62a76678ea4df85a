"""The refs of many repositories in one question."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from environments.core.ports import GitHostError, GitHostRefused, GitHostUnreachable, Refs
from environments.githosts.github.asking import Asking
from environments.githosts.github.place import Place

_AT_ONCE = 20
"""Repositories of one question: GitHub counts what a question may return."""
_ROWS = """{ pageInfo { hasNextPage } nodes { name target { __typename oid
  ... on Tag { target { __typename oid } } } } }"""
_ONE = f"""{{ nameWithOwner isEmpty defaultBranchRef {{ name }}
  branches: refs(refPrefix: "refs/heads/", first: 100) {_ROWS}
  tags: refs(refPrefix: "refs/tags/", first: 100) {_ROWS} }}"""


def asked(asking: Asking, names: Sequence[str]) -> Mapping[str, Refs | GitHostError | None]:
    """By owner and name; None for what has more refs than one answer holds."""
    found: dict[str, Refs | GitHostError | None] = {}
    for begin in range(0, len(names), _AT_ONCE):
        some = names[begin : begin + _AT_ONCE]
        try:
            found.update(_some(asking, some))
        except GitHostError as wrong:
            found.update(dict.fromkeys(some, wrong))
    return found


def _some(asking: Asking, names: Sequence[str]) -> Iterator[tuple[str, Refs | GitHostError | None]]:
    declared, fields, variables = [], [], {}
    for number, name in enumerate(names):
        owner, _, own = name.partition("/")
        declared.append(f"$o{number}: String!, $n{number}: String!")
        fields.append(f"r{number}: repository(owner: $o{number}, name: $n{number}) {_ONE}")
        variables.update({f"o{number}": owner, f"n{number}": own})
    answer = asking.graphql(f"query({', '.join(declared)}) {{ {' '.join(fields)} }}", variables)
    errors = {str((row.get("path") or [""])[0]): row for row in answer.get("errors") or ()}
    for number, name in enumerate(names):
        key = f"r{number}"
        yield name, _one(asking.place, name, answer["data"].get(key), errors.get(key))


def _one(
    place: Place, name: str, row: Any, error: Mapping[str, Any] | None
) -> Refs | GitHostError | None:
    if row is None and error is not None and error.get("type") == "NOT_FOUND":
        return GitHostRefused(
            f"{place.name} has no repository {name}, or this connection may not read it. Correct "
            "its name, or give the connection access to it."
        )
    if row is None or error is not None:
        said = str((error or {}).get("message") or "it does not say why")[:300]
        return GitHostUnreachable(f"{place.name} does not tell what {name} has: {said}")
    try:
        if any(row[kind]["pageInfo"]["hasNextPage"] for kind in ("branches", "tags")):
            return None
        branches, tags = (dict(_commits(row[kind]["nodes"])) for kind in ("branches", "tags"))
        default = (row["defaultBranchRef"] or {}).get("name")
    except (KeyError, TypeError):
        return GitHostUnreachable(f"{place.name} gave an answer about {name} that cannot be read.")
    try:
        return checked(place, name, default, branches, tags)
    except GitHostError as wrong:
        return wrong


def _commits(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        target = row["target"]
        while target["__typename"] == "Tag" and "target" in target:
            target = target["target"]
        if target["__typename"] == "Commit":  # a tag may be of a file
            yield str(row["name"]), str(target["oid"])


def checked(
    place: Place,
    name: str,
    default: object,
    branches: Mapping[str, str],
    tags: Mapping[str, str],
) -> Refs:
    """Refs in which the default branch is; ``GitHostError`` otherwise."""
    if not branches:
        raise GitHostRefused(
            f"The repository {name} of {place.name} is empty. Push a first commit."
        )
    if default not in branches:
        raise GitHostRefused(
            f"The default branch {default} of {name} is not among its branches. Choose another one "
            f"in its settings on {place.name}."
        )
    return Refs(default_branch=str(default), branches=branches, tags=tags)
