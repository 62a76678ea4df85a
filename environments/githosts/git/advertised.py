"""What ``git ls-remote --symref`` prints, as refs."""

import re

from environments.core.ports import GitHostRefused, Refs
from environments.githosts.git.program import COMMIT

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_PEELED = "^{}"
_SYMREF = re.compile(r"ref: refs/heads/(.+)\tHEAD")


def read_refs(printed: bytes, what: str) -> Refs:
    """Branches, tags (each with the commit that it leads to) and the default branch.

    Names that are not UTF-8 are written with backslashes, which no ref name holds. Raises
    ``GitHostRefused`` for a repository without branches or without a default one; ``what``
    names the repository in it.
    """
    symref, found = _read_lines(printed, what)
    branches = {
        name.removeprefix(_HEADS): sha for name, sha in found.items() if name.startswith(_HEADS)
    }
    if not branches:
        raise GitHostRefused(
            f"The repository {what} has no branches: it is empty. Push a first commit."
        )
    return Refs(
        default_branch=_default(symref, found.get("HEAD", ""), branches, what),
        branches=branches,
        tags=_tags(found),
    )


def _read_lines(printed: bytes, what: str) -> tuple[str, dict[str, str]]:
    symref = ""
    found: dict[str, str] = {}
    for line in printed.decode("utf-8", "backslashreplace").split("\n"):
        if match := _SYMREF.fullmatch(line):
            symref = match[1]
            continue
        sha, _, name = line.partition("\t")
        if len(sha) == 64:
            raise GitHostRefused(
                f"The repository {what} names its commits by SHA-256, which is not supported yet. "
                "Use a repository in git's standard SHA-1 format."
            )
        if COMMIT.fullmatch(sha) and (name == "HEAD" or name.startswith((_HEADS, _TAGS))):
            found[name] = sha
    return symref, found


def _tags(found: dict[str, str]) -> dict[str, str]:
    """An annotated tag comes twice: as itself, and peeled to what it leads to."""
    return {
        name.removeprefix(_TAGS): found.get(name + _PEELED, sha)
        for name, sha in found.items()
        if name.startswith(_TAGS) and not name.endswith(_PEELED)
    }


def _default(symref: str, head: str, branches: dict[str, str], what: str) -> str:
    """What HEAD names; of an old or detached one, the likeliest branch with the same commit."""
    if symref in branches:
        return symref
    same = [name for name, sha in branches.items() if sha == head]
    candidates = [name for name in ("main", "master") if name in same] + sorted(same)
    if not candidates and len(branches) == 1:
        candidates = list(branches)
    if not candidates:
        raise GitHostRefused(
            f"The default branch of the repository {what} does not exist. Set it to one of its "
            f"{len(branches)} branches on the git host."
        )
    return candidates[0]
