"""Checkouts by the ``git`` host."""

import contextlib
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from environments.core.ports import GitHostRefused, GitHostUnreachable
from environments.githosts.git import GitRepositories
from tests.githosts.repository import Repository


def test_it_writes_the_files_of_the_commit(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit("First", a__b="one", script="x")
    repository.commit("Second", a__b="two")
    folder = tmp_path / "deep" / "er" / "out"
    host.checkout(str(repository.folder), commit=first, folder=folder)
    assert (folder / "a" / "b").read_text() == "one"
    assert sorted(path.name for path in folder.iterdir()) == ["a", "script"]
    assert sorted(path.name for path in folder.parent.iterdir()) == [".out.checkout", "out"]


def test_a_second_call_leaves_what_was_written_since(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    sha = repository.commit("First", file="one")
    folder = tmp_path / "out"
    for _ in range(2):
        host.checkout(str(repository.folder), commit=sha, folder=folder)
        (folder / "file").write_text("changed")
        (folder / "new").write_text("kept")
    assert (folder / "file").read_text() == "changed"
    assert (folder / "new").exists()


def test_another_commit_replaces_the_folder(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit("First", file="one", old="x")
    repository.git("rm", "--quiet", "old")
    second = repository.commit("Second", file="two")
    folder = tmp_path / "out"
    host.checkout(str(repository.folder), commit=first, folder=folder)
    host.checkout(str(repository.folder), commit=second, folder=folder)
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert (folder / "file").read_text() == "two"


def test_a_folder_that_was_removed_is_made_again(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    sha = repository.commit("First", file="one")
    folder = tmp_path / "out"
    host.checkout(str(repository.folder), commit=sha, folder=folder)
    folder.rename(tmp_path / "elsewhere")
    host.checkout(str(repository.folder), commit=sha, folder=folder)
    assert (folder / "file").read_text() == "one"


def test_what_a_killed_worker_left_is_cleared(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit("First", file="one")
    second = repository.commit("Second", file="two")
    url, folder = str(repository.folder), tmp_path / "out"
    host.checkout(url, commit=first, folder=folder)
    half = tmp_path / ".out.building" / "tree"
    half.mkdir(parents=True)
    (half / "half").write_text("x")
    (half.parent / "index.lock").write_text("")
    (bare,) = (tmp_path / "cache").glob("*/repository.git")
    (bare / "shallow.lock").write_text("")
    host.checkout(url, commit=second, folder=folder)
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert not half.parent.exists()


def test_a_folder_of_somebody_else_is_not_touched(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    sha = repository.commit("First", file="one")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "precious").write_text("x")
    with pytest.raises(GitHostRefused, match="is no checkout"):
        host.checkout(str(repository.folder), commit=sha, folder=folder)
    assert (folder / "precious").exists()


def test_an_empty_commit_gives_an_empty_folder(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    sha = repository.commit("Nothing")
    host.checkout(str(repository.folder), commit=sha, folder=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_no_filter_and_no_hook_runs(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    repository.git("config", "filter.trap.smudge", f"touch {mark}")
    hook = repository.folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    sha = repository.commit("First", _dot_gitattributes="* filter=trap\n", file="one")
    host.checkout(str(repository.folder), commit=sha, folder=tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == "one"
    assert not mark.exists()


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".."])
def test_a_tree_that_would_write_gits_own_files_is_refused(
    host: GitRepositories, repository: Repository, tmp_path: Path, name: str
) -> None:
    repository.commit("First", file="one")
    inner = _tree(repository, b"100644 config", repository.git("rev-parse", "HEAD:file"))
    outer = _tree(repository, b"40000 " + name.encode(), inner)
    sha = repository.git("commit-tree", "-m", "Trap", outer)
    with pytest.raises(GitHostRefused, match="refuses to write to disk"):
        host.checkout(str(repository.folder), commit=sha, folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_through_a_link(
    host: GitRepositories, repository: Repository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository.folder / "target").symlink_to(outside)
    repository.commit("First", file="one")
    link = repository.git("rev-parse", "HEAD:target")
    blob = repository.git("rev-parse", "HEAD:file")
    inner = _tree(repository, b"100644 written", blob)
    both = _tree(repository, b"120000 a", link, b"40000 a", inner)
    sha = repository.git("commit-tree", "-m", "Trap", both)
    with contextlib.suppress(GitHostRefused):
        host.checkout(str(repository.folder), commit=sha, folder=tmp_path / "out")
    assert list(outside.iterdir()) == []


def test_many_callers_at_once_get_one_whole_folder(repository: Repository, tmp_path: Path) -> None:
    files = {f"f{number}": "x" * 1000 for number in range(200)}
    sha = repository.commit("First", **files)
    ready = threading.Barrier(6)

    def check_out(number: int) -> int:
        host = GitRepositories(tmp_path / "cache", local_allowed=True)
        ready.wait()
        folder = tmp_path / f"out{number % 2}"
        host.checkout(str(repository.folder), commit=sha, folder=folder)
        return len(list(folder.iterdir()))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(check_out, range(6))) == [200] * 6


def test_a_busy_repository_is_not_waited_for_for_ever(
    repository: Repository, tmp_path: Path, mute_port: int
) -> None:
    url = f"git://127.0.0.1:{mute_port}/x"
    slow = GitRepositories(tmp_path / "cache", local_allowed=True, transfer_seconds=3)
    brief = GitRepositories(tmp_path / "cache", local_allowed=True, transfer_seconds=0.2)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(slow.commit, url, "1" * 40)
        while not list((tmp_path / "cache").glob("*/repository.git/HEAD")):
            assert not first.done()
        with pytest.raises(GitHostUnreachable, match="read by others"):
            brief.commit(url, "1" * 40)
        with pytest.raises(GitHostUnreachable, match="did not answer within 3 s"):
            first.result()


def _tree(repository: Repository, *parts: Any) -> str:
    """A tree object written byte by byte, as no git would: mode and name, object, …"""
    content = b"".join(
        entry + b"\0" + bytes.fromhex(object_id)
        for entry, object_id in zip(parts[::2], parts[1::2], strict=True)
    )
    written = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        cwd=repository.folder,
        input=content,
        check=True,
        capture_output=True,
    )
    return written.stdout.decode().strip()
