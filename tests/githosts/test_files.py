"""Files and commits, read by the ``git`` host."""

from pathlib import Path

import pytest

from environments.core.ports import GitHostRefused
from environments.githosts.git import GitRepositories
from tests.githosts.repository import Repository


def test_it_reads_a_file_at_each_commit(host: GitRepositories, repository: Repository) -> None:
    url = str(repository.folder)
    first = repository.commit("First", _dot_release__app_dot_yaml="one\r\n")
    second = repository.commit("Second", _dot_release__app_dot_yaml="two")
    path = ".release/app.yaml"
    assert host.read_file(url, commit=first, path=path) == b"one\r\n"
    assert host.read_file(url, commit=second, path=f"./{path}") == b"two"
    assert host.read_file(url, commit=second, path=".release") is None
    assert host.read_file(url, commit=second, path=".release/other.yaml") is None
    assert host.read_file(url, commit=second, path="*") is None


def test_a_commit_that_was_read_once_is_read_without_the_host(
    host: GitRepositories, repository: Repository
) -> None:
    url = str(repository.folder)
    sha = repository.commit("First", file="one")
    assert host.read_file(url, commit=sha, path="file") == b"one"
    repository.folder.rename(repository.folder.with_name("moved"))
    assert host.read_file(url, commit=sha, path="file") == b"one"
    with pytest.raises(GitHostRefused):
        host.refs(url)


def test_a_commit_that_no_branch_has_any_more_can_be_read(
    host: GitRepositories, repository: Repository
) -> None:
    repository.commit("First", file="one")
    lost = repository.commit("Second", file="two")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    assert host.read_file(str(repository.folder), commit=lost, path="file") == b"two"


def test_a_commit_that_is_gone_is_said_to_be_gone(
    host: GitRepositories, repository: Repository
) -> None:
    repository.commit("First", file="one")
    with pytest.raises(GitHostRefused, match="does not have the commit 111111111111"):
        host.read_file(str(repository.folder), commit="1" * 40, path="file")


@pytest.mark.parametrize(
    "commit", ["main", "HEAD", "", "--output=x", "1" * 39, "1" * 41, "A" * 40, "1" * 39 + "\n"]
)
def test_only_a_whole_commit_is_a_commit(
    host: GitRepositories, repository: Repository, commit: str, tmp_path: Path
) -> None:
    url = str(repository.folder)
    with pytest.raises(GitHostRefused, match="40 hexadecimal digits"):
        host.read_file(url, commit=commit, path="file")
    with pytest.raises(GitHostRefused, match="40 hexadecimal digits"):
        host.commit(url, commit)
    with pytest.raises(GitHostRefused, match="40 hexadecimal digits"):
        host.checkout(url, commit=commit, folder=tmp_path / "out")


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../x", "a/../../x", "a\nb", "a\0b"])
def test_a_path_stays_inside_the_repository(
    host: GitRepositories, repository: Repository, path: str
) -> None:
    sha = repository.commit("First", file="one")
    with pytest.raises(GitHostRefused, match="not a path inside a repository"):
        host.read_file(str(repository.folder), commit=sha, path=path)


def test_a_link_is_not_followed(host: GitRepositories, repository: Repository) -> None:
    (repository.folder / "file").symlink_to("/etc/passwd")
    sha = repository.commit("First")
    with pytest.raises(GitHostRefused, match="symbolic link"):
        host.read_file(str(repository.folder), commit=sha, path="file")


def test_a_huge_file_is_refused(host: GitRepositories, repository: Repository) -> None:
    sha = repository.commit("First", file="x" * (5 * 1024 * 1024 + 1))
    with pytest.raises(GitHostRefused, match="larger than 5 MiB"):
        host.read_file(str(repository.folder), commit=sha, path="file")


def test_it_tells_of_a_commit(host: GitRepositories, repository: Repository) -> None:
    sha = repository.commit("Größer\n\nand more")
    told = host.commit(str(repository.folder), sha)
    assert (told.sha, told.subject, told.author) == (sha, "Größer", "Ada")
    assert told.committed_at == 1700000000
