"""Repositories behind the server, and the rows in which GitHub's API tells of them."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    verb: str
    path: str
    headers: dict[str, str]
    content: bytes = b""


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


def pull_row(web: str, name: str, number: int, branch: str) -> Row:
    """A pull request as it is opened."""
    return {
        "number": number,
        "title": f"Change {branch}",
        "state": "open",
        "draft": False,
        "merged_at": None,
        "html_url": f"{web}/{name}/pull/{number}",
        "user": {"login": "octocat"},
        "labels": [],
        "head": {"ref": branch, "sha": "", "repo": {"full_name": name}},
        "base": {"ref": "main", "repo": {"full_name": name}},
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


def commit_row(one: Repository, sha: str) -> Row | None:
    """A commit; None where there is none."""
    try:
        row = one.git("log", "-1", "--format=%H%x00%an%x00%cI%x00%B", sha, "--")
    except subprocess.CalledProcessError:
        return None
    full, author, date, message = row.split("\0", 3)
    own = {"author": {"name": author}, "committer": {"date": date}, "message": message}
    return {"sha": full, "commit": own}


def refs_answer(repositories: Mapping[str, Repository], size: int, asked: Row) -> Row:
    """The one question in GraphQL that the product asks: refs of some repositories."""
    data: Row = {}
    errors: list[Row] = []
    variables = asked["variables"]
    for number in range(len(variables) // 2):
        name = f"{variables[f'o{number}']}/{variables[f'n{number}']}"
        one = repositories.get(name)
        if one is None:
            said = f"Could not resolve to a Repository with the name '{name}'."
            errors.append({"type": "NOT_FOUND", "path": [f"r{number}"], "message": said})
            data[f"r{number}"] = None
            continue
        default = one.git("symbolic-ref", "--short", "HEAD")
        has = default in heads(one, "refs/heads")
        data[f"r{number}"] = {
            "nameWithOwner": name,
            "defaultBranchRef": {"name": default} if has else None,
            "branches": nodes(heads(one, "refs/heads"), size),
            "tags": nodes(heads(one, "refs/tags"), size),
        }
    return {"data": data, **({"errors": errors} if errors else {})}


def git_answer(
    folder: Path, asked: Any, path: str, query: str
) -> tuple[int, bytes, str, dict[str, str]]:
    """What git asks, by its own program for web servers: status, content, kind, headers."""
    environment = {
        **os.environ,
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": asked.command,
        "CONTENT_TYPE": asked.headers.get("Content-Type") or "",
        "CONTENT_LENGTH": str(len(asked.content)),
        "HTTP_CONTENT_ENCODING": asked.headers.get("Content-Encoding") or "",
        "GIT_PROTOCOL": asked.headers.get("Git-Protocol") or "",
    }
    command = ["git", "http-backend"]
    done = subprocess.run(
        command, input=asked.content, env=environment, capture_output=True, check=True
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(headers.pop("Status", "200").split()[0])
    return status, content, headers.pop("Content-Type"), headers
