"""What a git host has that also knows repositories by name, pull requests, and limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from environments.core.ports.githosts import GitHost, GitHostError, Refs


@dataclass(frozen=True, slots=True)
class RepositoryName:
    """One repository that may be registered; ``full_name``: owner and name."""

    full_name: str
    url: str
    is_private: bool
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """How many more questions the host answers until ``renewed_at`` (seconds since 1970)."""

    limit: int
    remaining: int
    renewed_at: float


@dataclass(frozen=True, slots=True)
class PullRequestState:
    """A pull request as the host has it now."""

    number: int
    title: str
    address: str
    author: str
    branch: str
    base: str
    commit: str
    is_open: bool
    is_merged: bool = False
    is_draft: bool = False
    is_fork: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What stands beside a commit. ``state``: "pending", "success" or "failure"."""

    state: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class MadeApp:
    """An App that the host made, with what only it and we know; ``page``: of the App there."""

    app_id: str
    private_key: str
    hook_secret: str
    page: str


@dataclass(frozen=True, slots=True)
class Announced:
    """A deployment as the host shows it. ``state``: "in_progress", "success", "failure" or
    "inactive"; ``address``: where it runs, "" where it does not; ``log``: what tells of it."""

    environment: str
    state: str
    text: str
    address: str
    log: str


@runtime_checkable
class Forge(GitHost, Protocol):
    """Raises only ``GitHostError``, and fewer things than a git host can ask it one by one."""

    def check(self) -> str:
        """Who answers, and whom it takes the caller for: "GitHub, as octocat"."""

    def quota(self) -> Quota: ...

    def name_of(self, url: str) -> str:
        """Owner and name of the repository; ``GitHostRefused`` for one that is elsewhere."""

    def repositories(self) -> Sequence[RepositoryName]:
        """What the caller may read, in order of their names."""

    def refs_of(self, urls: Sequence[str]) -> Mapping[str, "Refs | GitHostError"]:
        """The refs of several repositories at once; for each its own answer."""

    def pull_request(self, url: str, number: int) -> PullRequestState: ...

    def open_pull_requests(self, url: str) -> Sequence[PullRequestState]:
        """All of them; ``GitHostError`` where the list did not come whole."""

    def comment(self, url: str, number: int, text: str, *, known: int | None) -> int:
        """Write the comment of this key anew, or make one where there is none any more; its key."""

    def announce(self, url: str, commit: str, announced: Announced, *, known: int | None) -> int:
        """Tell of the deployment of this key, or of a new one of the commit; its key."""

    def set_status(self, url: str, commit: str, status: CommitStatus) -> None: ...
