"""What a git host gives, and how it says that it does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol


class GitHostError(Exception):
    """A git host did not give what was asked; the text may be read by a person."""


class GitHostUnreachable(GitHostError):
    """The host did not answer: says nothing about what it holds."""


class GitHostLimited(GitHostUnreachable):
    """The host answers no more questions until ``until`` (seconds since 1970)."""

    def __init__(self, text: str, *, until: float) -> None:
        super().__init__(text)
        self.until = until


class GitHostRefused(GitHostError):
    """The request itself is not allowed or not possible: bad URL, bad name, not found."""


@dataclass(frozen=True, slots=True)
class Refs:
    """What a repository has, each ref with its commit (40 hexadecimal digits)."""

    default_branch: str
    branches: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``committed_at`` in seconds since 1970."""

    sha: str
    subject: str
    author: str
    committed_at: int


class GitHost(Protocol):
    """Reads repositories. Every method raises only ``GitHostError``."""

    def refs(self, url: str) -> Refs: ...

    def read_file(self, url: str, *, commit: str, path: str) -> bytes | None:
        """The file's content at the commit, or None where the commit has no such file."""

    def commit(self, url: str, sha: str) -> Commit: ...

    def checkout(self, url: str, *, commit: str, folder: Path) -> None:
        """Make ``folder`` hold the tree of ``commit``; nothing happens if it does already."""


LARGEST_FILE = 5 * 1024 * 1024
"""Bytes of the largest file that ``read_file`` gives."""


def checked_path(path: str) -> str:
    """The path as a repository has it; ``GitHostRefused`` for one that leads out of it."""
    name = PurePosixPath(path)
    if not path.isprintable() or name.is_absolute() or ".." in name.parts or not name.parts:
        raise GitHostRefused(
            f"{path[:100]!r} is not a path inside a repository. Write it from the repository's "
            "root, without .. in it."
        )
    return str(name)
