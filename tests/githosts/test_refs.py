"""What a repository has, read by the ``git`` host."""

import os
import subprocess
from pathlib import Path

import pytest

from environments.core.ports import GitHost, GitHostRefused
from environments.githosts.git import GitRepositories
from tests.githosts.repository import Repository

ODD_BRANCHES = (
    "feature/ÄÖ",
    "$(touch${IFS}hacked)",
    "`id`",
    "b" * 240,
    "🚀",
    "a\u202eb",
    "-minus",
    "x/--upload-pack=x",
)


def test_it_is_a_git_host(host: GitRepositories) -> None:
    as_port: GitHost = host
    assert as_port is host


def test_it_gives_branches_tags_and_the_default_branch(
    host: GitRepositories, repository: Repository
) -> None:
    first = repository.commit("First")
    repository.git("tag", "light")
    repository.git("tag", "-a", "-m", "Said", "annotated")
    repository.git("switch", "--quiet", "-c", "feature/x")
    second = repository.commit("Second")
    repository.git("switch", "--quiet", "main")
    refs = host.refs(str(repository.folder))
    assert refs.default_branch == "main"
    assert refs.branches == {"main": first, "feature/x": second}
    assert refs.tags == {"light": first, "annotated": first}


def test_a_branch_and_a_tag_of_one_name_stay_apart(
    host: GitRepositories, repository: Repository
) -> None:
    first = repository.commit("First")
    repository.git("tag", "main")
    second = repository.commit("Second")
    refs = host.refs(f"file://{repository.folder}")
    assert refs.branches["main"] == second
    assert refs.tags["main"] == first


@pytest.mark.parametrize("name", ODD_BRANCHES)
def test_odd_branch_names_are_only_names(
    host: GitRepositories, repository: Repository, name: str
) -> None:
    sha = repository.commit("First")
    repository.git("update-ref", f"refs/heads/{name}", sha)
    assert host.refs(str(repository.folder)).branches == {"main": sha, name: sha}


def test_a_name_that_is_not_utf8_is_kept_apart(
    host: GitRepositories, repository: Repository
) -> None:
    sha = repository.commit("First")
    heads = os.fsencode(repository.folder) + b"/.git/refs/heads/"
    for name in (b"caf\xe9", b"caf\xe8"):
        Path(os.fsdecode(heads + name)).write_text(f"{sha}\n")
    assert set(host.refs(str(repository.folder)).branches) == {"main", "caf\\xe9", "caf\\xe8"}


def test_refs_of_other_kinds_are_no_branches(host: GitRepositories, repository: Repository) -> None:
    sha = repository.commit("First")
    repository.git("update-ref", "refs/pull/7/head", sha)
    repository.git("update-ref", "refs/odd/refs/heads/trap", sha)
    assert host.refs(str(repository.folder)).branches == {"main": sha}


def test_an_empty_repository_is_said_to_be_empty(
    host: GitRepositories, repository: Repository
) -> None:
    with pytest.raises(GitHostRefused, match=r"is empty\. Push a first commit"):
        host.refs(str(repository.folder))


def test_a_detached_head_leads_to_the_branch_of_its_commit(
    host: GitRepositories, repository: Repository
) -> None:
    sha = repository.commit("First")
    repository.git("branch", "aside")
    repository.git("switch", "--quiet", "--detach", sha)
    assert host.refs(str(repository.folder)).default_branch == "main"


def test_a_default_branch_that_is_gone_is_an_error(
    host: GitRepositories, repository: Repository
) -> None:
    repository.commit("First")
    repository.git("branch", "aside")
    repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(GitHostRefused, match="default branch"):
        host.refs(str(repository.folder))


def test_a_folder_without_a_repository_is_refused(host: GitRepositories, tmp_path: Path) -> None:
    with pytest.raises(GitHostRefused, match="There is no git repository"):
        host.refs(str(tmp_path))
    with pytest.raises(GitHostRefused, match="There is no git repository"):
        host.refs(str(tmp_path / "missing"))


def test_local_repositories_are_refused_where_they_are_not_allowed(
    tmp_path: Path, repository: Repository
) -> None:
    sha = repository.commit("First", file="x")
    strict = GitRepositories(tmp_path / "cache")
    for url in (str(repository.folder), f"file://{repository.folder}"):
        with pytest.raises(GitHostRefused, match="RELEASECLONE_LOCAL_REPOSITORIES"):
            strict.refs(url)
        with pytest.raises(GitHostRefused, match="RELEASECLONE_LOCAL_REPOSITORIES"):
            strict.read_file(url, commit=sha, path="file")


def test_settings_of_a_person_or_a_folder_around_are_not_read(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repository.commit("First")
    around = tmp_path / "around"
    subprocess.run(["git", "init", "--quiet", str(around)], check=True)
    trap = f'[url "/nowhere"]\n\tinsteadOf = {repository.folder}\n'
    (around / ".git" / "config").write_text(trap)
    (tmp_path / ".gitconfig").write_text(trap)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(around / ".git"))
    host = GitRepositories(around / "cache", local_allowed=True)
    assert host.refs(str(repository.folder)).branches == {"main": sha}
