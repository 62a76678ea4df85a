"""Repositories behind the server, and the rows in which GitHub's API tells of them."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(slots=True)
class Repository:
    """A repository on disk under the name that GitHub has for it."""

    full_name: str
    folder: Path
    is_private: bool = False
    is_archived: bool = False
    moved_to: str = ""

    def git(self, *arguments: str) -> str:
        """What git prints there."""
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], capture_output=True, check=True
        )
        return done.stdout.decode().strip()


def repository_row(web: str, one: Repository) -> Row:
    """A repository, as lists and its own page have it."""
    return {
        "id": int(hashlib.sha256(one.full_name.encode()).hexdigest()[:8], 16),
        "full_name": one.full_name,
        "name": one.full_name.partition("/")[2],
        "private": one.is_private,
        "archived": one.is_archived,
        "clone_url": f"{web}/{one.full_name}.git",
        "default_branch": one.git("symbolic-ref", "--short", "HEAD"),
    }


def with_head(one: Repository, row: Row) -> Row:
    """The pull request, with the head that its branch has now."""
    sha = heads(one, "refs/heads").get(row["head"]["ref"], row["head"]["sha"] or "0" * 40)
    row["head"]["sha"] = sha
    return row


def heads(one: Repository, below: str) -> dict[str, str]:
    """The commits of branches or tags, by their names."""
    form = "--format=%(refname)%00%(objectname)%00%(*objectname)"
    found = {}
    for line in one.git("for-each-ref", form, below).splitlines():
        name, own, behind = line.split("\0")
        found[name.removeprefix(f"{below}/")] = behind or own
    return found


def named(name: str, sha: str) -> Row:
    """A branch or a tag of a list."""
    return {"name": name, "commit": {"sha": sha, "url": ""}, "protected": False}


def nodes(found: dict[str, str], size: int) -> Row:
    """The same as a question in GraphQL gets them."""
    rows = [
        {"name": name, "target": {"__typename": "Commit", "oid": sha}}
        for name, sha in found.items()
    ]
    return {"pageInfo": {"hasNextPage": len(rows) > size}, "nodes": rows[:size]}


def bytes_of(one: Repository, sha: str) -> bytes:
    done = subprocess.run(
        ["git", "-C", str(one.folder), "cat-file", "blob", sha], capture_output=True, check=True
    )
    return done.stdout
