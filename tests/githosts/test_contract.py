"""What every git host promises, asked of each with a real repository behind it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from environments.core.ports import GitHost, GitHostRefused
from environments.githosts.git import GitRepositories
from environments.githosts.github import GitHubRepositories
from tests.githosts.repository import Repository
from tests.github.server import TOKEN, github

ODD = ("feature/ÄÖ", "$(touch${IFS}hacked)", "b" * 240, "🚀", "-minus", "a%2Fb", "x#w&y=z+1")


@dataclass(frozen=True, slots=True)
class Asked:
    """A git host, the repository behind it, and by what URL the host knows it."""

    host: GitHost
    repository: Repository
    url: str
    missing: str


@pytest.fixture(params=["git", "github"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    repository = Repository(tmp_path / "origin")
    if request.param == "git":
        host = GitRepositories(tmp_path / "cache", local_allowed=True)
        yield Asked(host, repository, str(repository.folder), str(tmp_path / "none"))
        return
    with github() as server:
        server.add("acme/shop", repository.folder, is_private=True)
        made: Callable[..., GitHost] = lambda variables: GitRepositories(  # noqa: E731
            tmp_path / "cache", local_allowed=True, variables=variables
        )
        host = GitHubRepositories(
            server.web, credentials={"token": TOKEN}, transfers=made, here_allowed=True
        )
        yield Asked(host, repository, server.url("acme/shop"), server.url("acme/none"))


def test_branches_tags_and_the_default_branch(asked: Asked) -> None:
    first = asked.repository.commit("First")
    asked.repository.git("tag", "light")
    asked.repository.git("tag", "-a", "-m", "Said", "annotated")
    asked.repository.git("switch", "--quiet", "-c", "feature/x")
    second = asked.repository.commit("Second")
    asked.repository.git("switch", "--quiet", "main")
    refs = asked.host.refs(asked.url)
    assert refs.default_branch == "main"
    assert refs.branches == {"main": first, "feature/x": second}
    assert refs.tags == {"light": first, "annotated": first}


@pytest.mark.parametrize("name", ODD)
def test_odd_branch_names_are_only_names(asked: Asked, name: str) -> None:
    sha = asked.repository.commit("First")
    asked.repository.git("update-ref", f"refs/heads/{name}", sha)
    assert asked.host.refs(asked.url).branches == {"main": sha, name: sha}


def test_two_hundred_and_more_branches_are_all_told(asked: Asked) -> None:
    sha = asked.repository.commit("First")
    for number in range(230):
        asked.repository.git("update-ref", f"refs/heads/b{number}", sha)
    assert len(asked.host.refs(asked.url).branches) == 231


def test_a_repository_that_is_not_there_is_refused(asked: Asked) -> None:
    with pytest.raises(GitHostRefused, match="no "):
        asked.host.refs(asked.missing)


def test_an_empty_repository_is_said_to_be_empty(asked: Asked) -> None:
    with pytest.raises(GitHostRefused, match=r"is empty\. Push a first commit"):
        asked.host.refs(asked.url)


def test_a_default_branch_that_is_gone_is_an_error(asked: Asked) -> None:
    asked.repository.commit("First")
    asked.repository.git("branch", "aside")
    asked.repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(GitHostRefused, match="default branch"):
        asked.host.refs(asked.url)


def test_a_file_is_read_at_each_commit(asked: Asked) -> None:
    first = asked.repository.commit("First", a__b="one\r\n", empty="")
    second = asked.repository.commit("Second", a__b="two")
    read = asked.host.read_file
    assert read(asked.url, commit=first, path="a/b") == b"one\r\n"
    assert read(asked.url, commit=second, path="a/b") == b"two"
    assert read(asked.url, commit=second, path="empty") == b""
    assert read(asked.url, commit=second, path="a/none") is None


def test_a_large_file_is_read_and_a_huge_one_refused(asked: Asked) -> None:
    sha = asked.repository.commit("First", large="x" * 2**21, huge="x" * (6 * 2**20))
    assert asked.host.read_file(asked.url, commit=sha, path="large") == b"x" * 2**21
    with pytest.raises(GitHostRefused, match="larger than 5 MiB"):
        asked.host.read_file(asked.url, commit=sha, path="huge")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "", "a/../../x", "a\nb"])
def test_a_path_stays_inside_the_repository(asked: Asked, path: str) -> None:
    sha = asked.repository.commit("First")
    with pytest.raises(GitHostRefused, match="not a path inside a repository"):
        asked.host.read_file(asked.url, commit=sha, path=path)


def test_a_commit_that_is_gone_is_said_to_be_gone(asked: Asked) -> None:
    asked.repository.commit("First", file="x")
    with pytest.raises(GitHostRefused, match="0000000"):
        asked.host.read_file(asked.url, commit="0" * 40, path="file")
    with pytest.raises(GitHostRefused, match="0000000"):
        asked.host.commit(asked.url, "0" * 40)


def test_a_commit_is_told(asked: Asked) -> None:
    sha = asked.repository.commit("First line\n\nAnd more")
    told = asked.host.commit(asked.url, sha)
    assert (told.sha, told.subject, told.author) == (sha, "First line", "Ada")
    assert told.committed_at == 1_700_000_000


def test_a_checkout_has_the_files_of_the_commit(asked: Asked, tmp_path: Path) -> None:
    first = asked.repository.commit("First", a__b="one", script="x")
    asked.repository.commit("Second", a__b="two")
    folder = tmp_path / "deep" / "out"
    for _ in range(2):
        asked.host.checkout(asked.url, commit=first, folder=folder)
        assert (folder / "a" / "b").read_text() == "one"
    assert sorted(path.name for path in folder.iterdir()) == ["a", "script"]
