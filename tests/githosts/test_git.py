"""The ``git`` host: real repositories, and hosts that misbehave."""

import contextlib
import http.server
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import pytest

from environments.core.ports import GitHost, GitHostError, GitHostRefused, GitHostUnreachable
from environments.githosts.git import GitRepositories
from environments.githosts.git.address import ask_resolver

Handler = http.server.BaseHTTPRequestHandler
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


class Repository(Protocol):
    folder: Path

    def git(self, *arguments: str) -> str: ...
    def commit(self, subject: str = ..., **files: str) -> str: ...


def answering(status: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    def answer(request: Handler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_it_is_a_git_host(host: GitRepositories) -> None:
    as_port: GitHost = host
    assert as_port is host


class TestRefs:
    def test_it_gives_branches_tags_and_the_default_branch(
        self, host: GitRepositories, repository: Repository
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
        self, host: GitRepositories, repository: Repository
    ) -> None:
        first = repository.commit("First")
        repository.git("tag", "main")
        second = repository.commit("Second")
        refs = host.refs(f"file://{repository.folder}")
        assert refs.branches["main"] == second
        assert refs.tags["main"] == first

    @pytest.mark.parametrize("name", ODD_BRANCHES)
    def test_odd_branch_names_are_only_names(
        self, host: GitRepositories, repository: Repository, name: str
    ) -> None:
        sha = repository.commit("First")
        repository.git("update-ref", f"refs/heads/{name}", sha)
        assert host.refs(str(repository.folder)).branches == {"main": sha, name: sha}

    def test_a_name_that_is_not_utf8_is_kept_apart(
        self, host: GitRepositories, repository: Repository
    ) -> None:
        sha = repository.commit("First")
        heads = os.fsencode(repository.folder) + b"/.git/refs/heads/"
        for name in (b"caf\xe9", b"caf\xe8"):
            Path(os.fsdecode(heads + name)).write_text(f"{sha}\n")
        assert set(host.refs(str(repository.folder)).branches) == {"main", "caf\\xe9", "caf\\xe8"}

    def test_refs_of_other_kinds_are_no_branches(
        self, host: GitRepositories, repository: Repository
    ) -> None:
        sha = repository.commit("First")
        repository.git("update-ref", "refs/pull/7/head", sha)
        repository.git("update-ref", "refs/odd/refs/heads/trap", sha)
        assert host.refs(str(repository.folder)).branches == {"main": sha}

    def test_an_empty_repository_is_said_to_be_empty(
        self, host: GitRepositories, repository: Repository
    ) -> None:
        with pytest.raises(GitHostRefused, match=r"is empty\. Push a first commit"):
            host.refs(str(repository.folder))

    def test_a_detached_head_leads_to_the_branch_of_its_commit(
        self, host: GitRepositories, repository: Repository
    ) -> None:
        sha = repository.commit("First")
        repository.git("branch", "aside")
        repository.git("switch", "--quiet", "--detach", sha)
        assert host.refs(str(repository.folder)).default_branch == "main"

    def test_a_default_branch_that_is_gone_is_an_error(
        self, host: GitRepositories, repository: Repository
    ) -> None:
        repository.commit("First")
        repository.git("branch", "aside")
        repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
        with pytest.raises(GitHostRefused, match="default branch"):
            host.refs(str(repository.folder))

    def test_a_folder_without_a_repository_is_refused(
        self, host: GitRepositories, tmp_path: Path
    ) -> None:
        with pytest.raises(GitHostRefused, match="There is no git repository"):
            host.refs(str(tmp_path))
        with pytest.raises(GitHostRefused, match="There is no git repository"):
            host.refs(str(tmp_path / "missing"))

    def test_local_repositories_are_refused_where_they_are_not_allowed(
        self, tmp_path: Path, repository: Repository
    ) -> None:
        sha = repository.commit("First", file="x")
        strict = GitRepositories(tmp_path / "cache")
        for url in (str(repository.folder), f"file://{repository.folder}"):
            with pytest.raises(GitHostRefused, match="RELEASECLONE_LOCAL_REPOSITORIES"):
                strict.refs(url)
            with pytest.raises(GitHostRefused, match="RELEASECLONE_LOCAL_REPOSITORIES"):
                strict.read_file(url, commit=sha, path="file")

    def test_settings_of_a_person_or_a_folder_around_are_not_read(
        self, tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
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


class TestBadDays:
    def test_a_dead_port_is_unreachable(self, host: GitRepositories, dead_port: int) -> None:
        with pytest.raises(GitHostUnreachable, match="gave no answer"):
            host.refs(f"http://127.0.0.1:{dead_port}/x.git")

    @pytest.mark.parametrize("scheme", ["http", "git"])
    def test_a_mute_host_is_left_after_the_time_limit(
        self, tmp_path: Path, mute_port: int, scheme: str
    ) -> None:
        host = GitRepositories(tmp_path / "cache", local_allowed=True, answer_seconds=0.5)
        with pytest.raises(GitHostUnreachable, match=r"did not answer within 0\.5 s"):
            host.refs(f"{scheme}://127.0.0.1:{mute_port}/x.git")

    @pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
    def test_a_host_in_trouble_is_unreachable(
        self, host: GitRepositories, serve: Callable[..., str], status: int
    ) -> None:
        with pytest.raises(GitHostUnreachable):
            host.refs(f"{serve(answering(status))}/x.git")

    @pytest.mark.parametrize(("status", "reason"), [(401, "sign-in"), (404, "no git repository")])
    def test_a_repository_that_may_not_be_read_is_refused(
        self, host: GitRepositories, serve: Callable[..., str], status: int, reason: str
    ) -> None:
        with pytest.raises(GitHostRefused, match=reason):
            host.refs(f"{serve(answering(status))}/x.git")

    @pytest.mark.parametrize(
        "body", [b"<html>Sign in</html>", b"", b"001e# service=git-upload-pack\n0000"]
    )
    def test_an_answer_that_is_not_git_is_never_an_empty_list(
        self, host: GitRepositories, serve: Callable[..., str], body: bytes
    ) -> None:
        kind = {"Content-Type": "application/x-git-upload-pack-advertisement"}
        for headers in ({}, kind):
            with pytest.raises(GitHostError):
                host.refs(f"{serve(answering(200, body, **headers))}/x.git")

    def test_a_truncated_answer_is_an_error(
        self, host: GitRepositories, serve: Callable[..., str]
    ) -> None:
        line = f"{'a' * 40}\trefs/heads/main\n".encode()
        answer = answering(200, line, **{"Content-Length": "5000"})
        with pytest.raises(GitHostUnreachable):
            host.refs(f"{serve(answer)}/x.git")

    def test_a_redirect_is_not_followed(
        self, host: GitRepositories, serve: Callable[..., str]
    ) -> None:
        asked: list[str] = []
        inner = serve(lambda request: asked.append(request.path))
        outer = serve(answering(302, Location=f"{inner}/secret/info/refs"))
        with pytest.raises(GitHostRefused, match="redirect, which is not followed"):
            host.refs(f"{outer}/x.git")
        assert asked == []

    def test_a_name_that_leads_to_this_machine_is_never_asked(
        self, tmp_path: Path, serve: Callable[..., str]
    ) -> None:
        asked: list[str] = []
        port = serve(lambda request: asked.append(request.path)).rpartition(":")[2]
        host = GitRepositories(tmp_path / "cache", resolve=lambda name, port: ["127.0.0.1"])
        with pytest.raises(GitHostRefused, match="leads to the machine"):
            host.refs(f"http://git.example.test:{port}/x.git")
        assert asked == []

    def test_a_checked_name_is_held_to_its_checked_address(
        self, tmp_path: Path, serve: Callable[..., str]
    ) -> None:
        """This machine's own name leads to it, for git too; what was checked leads away."""
        name = socket.gethostname()
        if "127.0.0.1" not in ask_resolver(name, 80):
            pytest.skip(f"{name} does not resolve to loopback on this machine")
        asked: list[str] = []
        port = serve(lambda request: asked.append(request.path)).rpartition(":")[2]
        host = GitRepositories(
            tmp_path / "cache", answer_seconds=1, resolve=lambda name, port: ["192.0.2.1"]
        )
        with pytest.raises(GitHostUnreachable):
            host.refs(f"http://{name}:{port}/x.git")
        assert asked == []

    def test_a_secret_reaches_no_error_and_no_host(
        self, host: GitRepositories, serve: Callable[..., str]
    ) -> None:
        asked: list[str] = []
        url = serve(lambda request: asked.append(request.path))
        with pytest.raises(GitHostRefused) as refused:
            host.refs(url.replace("http://", "http://ada:tok-en@") + "/x.git")
        assert "tok-en" not in str(refused.value)
        assert asked == []

    def test_the_oldest_kind_of_host_works_too(
        self,
        host: GitRepositories,
        repository: Repository,
        serve_folder: Callable[[Path], str],
        tmp_path: Path,
    ) -> None:
        first = repository.commit("First", file="one")
        repository.commit("Second", file="two")
        repository.git("update-server-info")
        url = f"{serve_folder(repository.folder)}/.git"
        assert host.refs(url).default_branch == "main"
        assert host.read_file(url, commit=first, path="file") == b"one"
        with pytest.raises(GitHostRefused, match="does not have the commit"):
            host.read_file(url, commit="1" * 40, path="file")

    def test_without_git_it_says_to_install_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Repository
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        host = GitRepositories(tmp_path / "cache", local_allowed=True)
        with pytest.raises(GitHostRefused, match="Install git"):
            host.refs(str(repository.folder))


class TestFiles:
    def test_it_reads_a_file_at_each_commit(
        self, host: GitRepositories, repository: Repository
    ) -> None:
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
        self, host: GitRepositories, repository: Repository
    ) -> None:
        url = str(repository.folder)
        sha = repository.commit("First", file="one")
        assert host.read_file(url, commit=sha, path="file") == b"one"
        repository.folder.rename(repository.folder.with_name("moved"))
        assert host.read_file(url, commit=sha, path="file") == b"one"
        with pytest.raises(GitHostRefused):
            host.refs(url)

    def test_a_commit_that_no_branch_has_any_more_can_be_read(
        self, host: GitRepositories, repository: Repository
    ) -> None:
        repository.commit("First", file="one")
        lost = repository.commit("Second", file="two")
        repository.git("reset", "--quiet", "--hard", "HEAD~1")
        assert host.read_file(str(repository.folder), commit=lost, path="file") == b"two"

    def test_a_commit_that_is_gone_is_said_to_be_gone(
        self, host: GitRepositories, repository: Repository
    ) -> None:
        repository.commit("First", file="one")
        with pytest.raises(GitHostRefused, match="does not have the commit 111111111111"):
            host.read_file(str(repository.folder), commit="1" * 40, path="file")

    @pytest.mark.parametrize(
        "commit", ["main", "HEAD", "", "--output=x", "1" * 39, "1" * 41, "A" * 40, "1" * 39 + "\n"]
    )
    def test_only_a_whole_commit_is_a_commit(
        self, host: GitRepositories, repository: Repository, commit: str, tmp_path: Path
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
        self, host: GitRepositories, repository: Repository, path: str
    ) -> None:
        sha = repository.commit("First", file="one")
        with pytest.raises(GitHostRefused, match="not a path inside a repository"):
            host.read_file(str(repository.folder), commit=sha, path=path)

    def test_a_link_is_not_followed(self, host: GitRepositories, repository: Repository) -> None:
        (repository.folder / "file").symlink_to("/etc/passwd")
        sha = repository.commit("First")
        with pytest.raises(GitHostRefused, match="symbolic link"):
            host.read_file(str(repository.folder), commit=sha, path="file")

    def test_a_huge_file_is_refused(self, host: GitRepositories, repository: Repository) -> None:
        sha = repository.commit("First", file="x" * (5 * 1024 * 1024 + 1))
        with pytest.raises(GitHostRefused, match="larger than 5 MiB"):
            host.read_file(str(repository.folder), commit=sha, path="file")

    def test_it_tells_of_a_commit(self, host: GitRepositories, repository: Repository) -> None:
        sha = repository.commit("Größer\n\nand more")
        told = host.commit(str(repository.folder), sha)
        assert (told.sha, told.subject, told.author) == (sha, "Größer", "Ada")
        assert told.committed_at == 1700000000


class TestCheckout:
    def test_it_writes_the_files_of_the_commit(
        self, host: GitRepositories, repository: Repository, tmp_path: Path
    ) -> None:
        first = repository.commit("First", a__b="one", script="x")
        repository.commit("Second", a__b="two")
        folder = tmp_path / "deep" / "er" / "out"
        host.checkout(str(repository.folder), commit=first, folder=folder)
        assert (folder / "a" / "b").read_text() == "one"
        assert sorted(path.name for path in folder.iterdir()) == ["a", "script"]
        assert sorted(path.name for path in folder.parent.iterdir()) == [".out.checkout", "out"]

    def test_a_second_call_leaves_what_was_written_since(
        self, host: GitRepositories, repository: Repository, tmp_path: Path
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
        self, host: GitRepositories, repository: Repository, tmp_path: Path
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
        self, host: GitRepositories, repository: Repository, tmp_path: Path
    ) -> None:
        sha = repository.commit("First", file="one")
        folder = tmp_path / "out"
        host.checkout(str(repository.folder), commit=sha, folder=folder)
        folder.rename(tmp_path / "elsewhere")
        host.checkout(str(repository.folder), commit=sha, folder=folder)
        assert (folder / "file").read_text() == "one"

    def test_what_a_killed_worker_left_is_cleared(
        self, host: GitRepositories, repository: Repository, tmp_path: Path
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
        self, host: GitRepositories, repository: Repository, tmp_path: Path
    ) -> None:
        sha = repository.commit("First", file="one")
        folder = tmp_path / "out"
        folder.mkdir()
        (folder / "precious").write_text("x")
        with pytest.raises(GitHostRefused, match="is no checkout"):
            host.checkout(str(repository.folder), commit=sha, folder=folder)
        assert (folder / "precious").exists()

    def test_an_empty_commit_gives_an_empty_folder(
        self, host: GitRepositories, repository: Repository, tmp_path: Path
    ) -> None:
        sha = repository.commit("Nothing")
        host.checkout(str(repository.folder), commit=sha, folder=tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    def test_no_filter_and_no_hook_runs(
        self, host: GitRepositories, repository: Repository, tmp_path: Path
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
        self, host: GitRepositories, repository: Repository, tmp_path: Path, name: str
    ) -> None:
        repository.commit("First", file="one")
        inner = _tree(repository, b"100644 config", repository.git("rev-parse", "HEAD:file"))
        outer = _tree(repository, b"40000 " + name.encode(), inner)
        sha = repository.git("commit-tree", "-m", "Trap", outer)
        with pytest.raises(GitHostRefused, match="refuses to write to disk"):
            host.checkout(str(repository.folder), commit=sha, folder=tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_nothing_is_written_through_a_link(
        self, host: GitRepositories, repository: Repository, tmp_path: Path
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

    def test_many_callers_at_once_get_one_whole_folder(
        self, repository: Repository, tmp_path: Path
    ) -> None:
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
        self, repository: Repository, tmp_path: Path, mute_port: int
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


def test_a_host_that_drips_is_left_after_the_time_limit(tmp_path: Path) -> None:
    """One byte now and then keeps a connection alive; it does not keep the caller."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not ended.wait(0.05):
                    try:
                        connection.sendall(b"0")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        host = GitRepositories(tmp_path / "cache", local_allowed=True, answer_seconds=0.7)
        try:
            with pytest.raises(GitHostUnreachable):
                host.refs(f"http://127.0.0.1:{server.getsockname()[1]}/x")
        finally:
            ended.set()
            thread.join()
