"""Fulfils ``core.ports.Forge`` for a GitHub, asked as a person or an installation of an App."""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from environments.core.ports import (
    LARGEST_FILE,
    Announced,
    Commit,
    CommitStatus,
    GitHost,
    GitHostError,
    GitHostRefused,
    GitHostUnreachable,
    PullRequestState,
    Quota,
    Refs,
    RepositoryName,
    checked_path,
)
from environments.githosts.github import batch, pulls
from environments.githosts.github.asking import Answer, Asking
from environments.githosts.github.installations import auth_of
from environments.githosts.github.place import Place

Transfers = Callable[[Mapping[str, str]], GitHost]
"""Makes the git host that fetches commits, with what its program gets in its environment."""
Credentials = Mapping[str, str]
"""``token``; or ``app_id``, ``private_key`` and ``installation_id`` of an App."""


class GitHubRepositories:
    """Reads repositories of the GitHub at ``web``, such as ``https://github.com``.

    ``seconds`` limits each question; ``here_allowed``: whether it may be on this machine. What is
    asked again is asked with the mark of the answer that is known, which does not count towards
    GitHub's limits while it holds.
    """

    def __init__(
        self,
        web: str,
        *,
        credentials: Credentials,
        transfers: Transfers,
        seconds: float = 15.0,
        here_allowed: bool = False,
    ) -> None:
        self._place = Place(web)
        self._here_allowed = here_allowed
        self._credentials, self._transfers, self._seconds = dict(credentials), transfers, seconds
        self._lock = threading.Lock()
        self._made: tuple[Any, Asking] | None = None
        self._fetching: tuple[str, GitHost] | None = None

    @property
    def _asking(self) -> Asking:
        return self._connected()[1]

    def _connected(self) -> tuple[Any, Asking]:
        with self._lock:
            if self._made is None:
                auth = auth_of(
                    self._credentials,
                    self._place,
                    seconds=self._seconds,
                    here=self._here_allowed,
                )
                self._made = (
                    auth,
                    Asking(
                        self._place, auth, seconds=self._seconds, here_allowed=self._here_allowed
                    ),
                )
            return self._made

    def check(self) -> str:
        """Who answers, and whom it takes the caller for."""
        if "app_id" in self._credentials:
            count = len(self.repositories())
            return f"{self._place.name}, as an App with {count} repositories"
        user = self._asking.get("/user").data
        if not isinstance(user, dict) or "login" not in user:
            raise GitHostUnreachable(f"{self._place.name} does not say who asks. Correct the URL.")
        return f"{self._place.name}, as {user['login']}"

    def name_of(self, url: str) -> str:
        """Owner and name; ``GitHostRefused`` for a repository that is elsewhere."""
        return self._place.repository(url)

    def quota(self) -> Quota:
        """What is left, asked without using any of it."""
        self._asking.get("/rate_limit")
        found = self._asking.quota
        # An installation of GitHub Enterprise may have no limit.
        return found or Quota(limit=0, remaining=0, renewed_at=0.0)

    def repositories(self) -> Sequence[RepositoryName]:
        """What the caller may read, in order of their names."""
        if "app_id" in self._credentials:
            rows = self._asking.rows("/installation/repositories", "repositories")
        else:
            rows = self._asking.rows("/user/repos")
        found = [
            RepositoryName(
                full_name=str(row["full_name"]),
                url=self._place.clone_url(str(row["full_name"])),
                is_private=bool(row.get("private")),
                is_archived=bool(row.get("archived")),
            )
            for row in rows
            if row.get("full_name")
        ]
        return sorted(found, key=lambda one: one.full_name.lower())

    def refs(self, url: str) -> Refs:
        """Branches, tags and default branch as GitHub has them now."""
        name = self._place.repository(url)
        repository = self._there(name, self._asking.get(f"/repos/{name}"))
        branches = dict(self._named(f"/repos/{name}/branches"))
        tags = dict(self._named(f"/repos/{name}/tags"))
        return batch.checked(self._place, name, repository.get("default_branch"), branches, tags)

    def _named(self, path: str) -> Iterator[tuple[str, str]]:
        for row in self._asking.rows(path):
            try:
                yield str(row["name"]), str(row["commit"]["sha"])
            except (KeyError, TypeError):
                raise GitHostUnreachable(
                    f"{self._place.name} gave a list that cannot be read. Try again later."
                ) from None

    def refs_of(self, urls: Sequence[str]) -> Mapping[str, Refs | GitHostError]:
        """The refs of several repositories in one question; what has too many to fit, alone."""
        found: dict[str, Refs | GitHostError] = {}
        names: dict[str, str] = {}
        for url in urls:
            try:
                names[url] = self._place.repository(url)
            except GitHostError as wrong:
                found[url] = wrong
        whole = batch.asked(self._asking, sorted(set(names.values())))
        for url, name in names.items():
            answer = whole[name]
            found[url] = self._alone(url) if answer is None else answer
        return found

    def _alone(self, url: str) -> Refs | GitHostError:
        try:
            return self.refs(url)
        except GitHostError as wrong:
            return wrong

    def read_file(self, url: str, *, commit: str, path: str) -> bytes | None:
        """The file's content at the commit, or None where the commit has no such file.

        A symbolic link and a file over 5 MiB are refused.
        """
        name, inside = self._place.repository(url), checked_path(path)
        address = f"/repos/{name}/contents/{quote(inside)}"
        row = self._asking.get(address, {"ref": commit}).data
        if row is None:
            self.commit(url, commit)  # of a commit that is not there, nothing is missing
            return None
        if isinstance(row, list):
            return None
        kind, size = row.get("type"), int(row.get("size") or 0)
        if kind in ("symlink", "submodule"):
            raise GitHostRefused(
                f"{inside} of the repository {url} is a {kind}. Name the file that it leads to."
            )
        if size > LARGEST_FILE:
            raise GitHostRefused(
                f"{inside} of the repository {url} is larger than {LARGEST_FILE // 1024**2} MiB. "
                "Make it smaller."
            )
        if not row.get("content") and size:  # of a megabyte and more it stands elsewhere
            blob = self._asking.get(f"/repos/{name}/git/blobs/{row.get('sha')}").data
            row = self._there(name, Answer(blob))
        try:
            if kind != "file":
                raise ValueError(kind)
            return base64.b64decode(row["content"])
        except (KeyError, ValueError, TypeError):
            raise GitHostUnreachable(
                f"{self._place.name} gave {inside} in a form that cannot be read. Try again later."
            ) from None

    def commit(self, url: str, sha: str) -> Commit:
        """Subject, author and time of one commit."""
        name = self._place.repository(url)
        try:
            row = self._asking.get(f"/repos/{name}/commits/{quote(sha, safe='')}").data
        except GitHostRefused:  # 422: no commit of this name
            row = None
        if row is None:
            self._there(name, self._asking.get(f"/repos/{name}"))
            raise GitHostRefused(
                f"The repository {url} has no commit {sha[:12]} any more. It may have been pushed "
                "over: try again."
            )
        try:
            own = row["commit"]
            committed = datetime.fromisoformat(own["committer"]["date"])
            return Commit(
                sha=str(row["sha"]),
                subject=str(own["message"]).partition("\n")[0],
                author=str(own["author"]["name"]),
                committed_at=int(committed.timestamp()),
            )
        except (KeyError, TypeError, ValueError):
            raise GitHostUnreachable(
                f"{self._place.name} gave a commit that cannot be read. Try again later."
            ) from None

    def pull_request(self, url: str, number: int) -> PullRequestState:
        """One, as GitHub has it now."""
        name = self._place.repository(url)
        answer = self._asking.get(f"/repos/{name}/pulls/{number}")
        if answer.data is None:
            self._there(name, self._asking.get(f"/repos/{name}"))
            raise GitHostRefused(f"{self._place.name} has no pull request {number} of {name}.")
        return pulls.state_of(self._place, name, answer.data)

    def open_pull_requests(self, url: str) -> Sequence[PullRequestState]:
        """All that are open."""
        name = self._place.repository(url)
        rows = self._asking.rows(f"/repos/{name}/pulls")
        return [pulls.state_of(self._place, name, row) for row in rows]

    def comment(self, url: str, number: int, text: str, *, known: int | None) -> int:
        """Write our comment anew; where somebody deleted it, another one."""
        name = self._place.repository(url)
        content = {"body": text}
        row = None
        if known is not None:
            row = self._asking.send("PATCH", f"/repos/{name}/issues/comments/{known}", content)
        if row is None:
            row = self._asking.send("POST", f"/repos/{name}/issues/{number}/comments", content)
        return int(self._there(name, Answer(row))["id"])

    def announce(self, url: str, commit: str, announced: Announced, *, known: int | None) -> int:
        """A deployment of GitHub's own pages: one for each commit, with its newest state."""
        name = self._place.repository(url)
        text = announced.text[:140]
        if known is None:
            made = {
                "ref": commit,
                "environment": announced.environment,
                "description": text,
                "auto_merge": False,
                "required_contexts": [],
                "transient_environment": True,
            }
            row = self._asking.send("POST", f"/repos/{name}/deployments", made)
            known = int(self._there(name, Answer(row))["id"])
        state = {
            "state": announced.state,
            "description": text,
            "log_url": announced.log,
            "auto_inactive": True,
            **({"environment_url": announced.address} if announced.address else {}),
        }
        row = self._asking.send("POST", f"/repos/{name}/deployments/{known}/statuses", state)
        self._there(name, Answer(row))
        return known

    def set_status(self, url: str, commit: str, status: CommitStatus) -> None:
        """What stands beside the commit on GitHub's pages."""
        name = self._place.repository(url)
        content = {
            "state": status.state,
            "description": status.text[:140],
            "target_url": status.address,
            "context": "releaseclone",
        }
        row = self._asking.send("POST", f"/repos/{name}/statuses/{commit}", content)
        self._there(name, Answer(row))

    def checkout(self, url: str, *, commit: str, folder: Path) -> None:
        """Make ``folder`` hold the tree of ``commit``; git fetches it, with the same rights."""
        clone = self._place.clone_url(self._place.repository(url))
        self._transfer().checkout(clone, commit=commit, folder=folder)

    def _transfer(self) -> GitHost:
        token = self._token()
        with self._lock:
            if self._fetching is None or self._fetching[0] != token:
                sealed = base64.b64encode(f"x-access-token:{token}".encode()).decode()
                # In its environment, and for this GitHub alone: other users of the machine see
                # arguments, and a redirect or a submodule leads to others.
                variables = {
                    "GIT_CONFIG_COUNT": "1",
                    "GIT_CONFIG_KEY_0": f"http.{self._place.web}/.extraHeader",
                    "GIT_CONFIG_VALUE_0": f"Authorization: Basic {sealed}",
                }
                self._fetching = token, self._transfers(variables)
            return self._fetching[1]

    def _token(self) -> str:
        auth, _ = self._connected()
        return str(auth.token)  # of an App renewed there, where it is about to end

    def _there(self, name: str, answer: Answer) -> Mapping[str, Any]:
        if answer.data is None:
            raise GitHostRefused(
                f"{self._place.name} has no repository {name}, or this connection may not read it. "
                "Correct its name, or give the connection access to it."
            )
        if not isinstance(answer.data, dict):
            raise GitHostUnreachable(
                f"{self._place.name} gave an answer that cannot be read. Try again later."
            )
        return answer.data
