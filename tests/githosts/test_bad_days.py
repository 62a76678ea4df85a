"""Hosts that are gone, mute, in trouble or up to something."""

import http.server
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.core.ports import GitHostError, GitHostRefused, GitHostUnreachable
from environments.githosts.git import GitRepositories
from environments.githosts.git.address import ask_resolver
from tests.githosts.repository import Repository

Handler = http.server.BaseHTTPRequestHandler


def answering(status: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    def answer(request: Handler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_a_dead_port_is_unreachable(host: GitRepositories, dead_port: int) -> None:
    with pytest.raises(GitHostUnreachable, match="gave no answer"):
        host.refs(f"http://127.0.0.1:{dead_port}/x.git")


@pytest.mark.parametrize("scheme", ["http", "git"])
def test_a_mute_host_is_left_after_the_time_limit(
    tmp_path: Path, mute_port: int, scheme: str
) -> None:
    host = GitRepositories(tmp_path / "cache", local_allowed=True, answer_seconds=0.5)
    with pytest.raises(GitHostUnreachable, match=r"did not answer within 0\.5 s"):
        host.refs(f"{scheme}://127.0.0.1:{mute_port}/x.git")


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
def test_a_host_in_trouble_is_unreachable(
    host: GitRepositories, serve: Callable[..., str], status: int
) -> None:
    with pytest.raises(GitHostUnreachable):
        host.refs(f"{serve(answering(status))}/x.git")


@pytest.mark.parametrize(("status", "reason"), [(401, "sign-in"), (404, "no git repository")])
def test_a_repository_that_may_not_be_read_is_refused(
    host: GitRepositories, serve: Callable[..., str], status: int, reason: str
) -> None:
    with pytest.raises(GitHostRefused, match=reason):
        host.refs(f"{serve(answering(status))}/x.git")


@pytest.mark.parametrize(
    "body", [b"<html>Sign in</html>", b"", b"001e# service=git-upload-pack\n0000"]
)
def test_an_answer_that_is_not_git_is_never_an_empty_list(
    host: GitRepositories, serve: Callable[..., str], body: bytes
) -> None:
    kind = {"Content-Type": "application/x-git-upload-pack-advertisement"}
    for headers in ({}, kind):
        with pytest.raises(GitHostError):
            host.refs(f"{serve(answering(200, body, **headers))}/x.git")


def test_a_truncated_answer_is_an_error(host: GitRepositories, serve: Callable[..., str]) -> None:
    line = f"{'a' * 40}\trefs/heads/main\n".encode()
    answer = answering(200, line, **{"Content-Length": "5000"})
    with pytest.raises(GitHostUnreachable):
        host.refs(f"{serve(answer)}/x.git")


def test_a_redirect_is_not_followed(host: GitRepositories, serve: Callable[..., str]) -> None:
    asked: list[str] = []
    inner = serve(lambda request: asked.append(request.path))
    outer = serve(answering(302, Location=f"{inner}/secret/info/refs"))
    with pytest.raises(GitHostRefused, match="redirect, which is not followed"):
        host.refs(f"{outer}/x.git")
    assert asked == []


def test_a_name_that_leads_to_this_machine_is_never_asked(
    tmp_path: Path, serve: Callable[..., str]
) -> None:
    asked: list[str] = []
    port = serve(lambda request: asked.append(request.path)).rpartition(":")[2]
    host = GitRepositories(tmp_path / "cache", resolve=lambda name, port: ["127.0.0.1"])
    with pytest.raises(GitHostRefused, match="leads to the machine"):
        host.refs(f"http://git.example.test:{port}/x.git")
    assert asked == []


def test_a_checked_name_is_held_to_its_checked_address(
    tmp_path: Path, serve: Callable[..., str]
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


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("git@git.example.test:team/x", "git.example.test"),
        ("ssh://git@git.example.test:2222/x", "[git.example.test]:2222"),
    ],
)
def test_ssh_is_held_to_the_checked_address_and_to_the_key_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, key: str
) -> None:
    ssh, words = tmp_path / "bin" / "ssh", tmp_path / "words"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {words}\nexit 1\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}{os.pathsep}{os.environ['PATH']}")
    host = GitRepositories(tmp_path / "cache", resolve=lambda name, port: ["10.0.0.7", "10.0.0.8"])
    with pytest.raises(GitHostUnreachable):
        host.refs(url)
    said = words.read_text().splitlines()
    assert {"-oHostName=10.0.0.7", f"-oHostKeyAlias={key}", "-oBatchMode=yes"} <= set(said)
    assert "git@git.example.test" in said


def test_an_address_in_numbers_needs_no_resolver(tmp_path: Path) -> None:
    host = GitRepositories(
        tmp_path / "cache", answer_seconds=1, resolve=lambda name, port: ["2001:db8::7"]
    )
    with pytest.raises(GitHostUnreachable) as told:
        host.refs("http://[2001:db8::7]/x.git")
    assert "CURLOPT" not in str(told.value)


def test_a_secret_reaches_no_error_and_no_host(
    host: GitRepositories, serve: Callable[..., str]
) -> None:
    asked: list[str] = []
    url = serve(lambda request: asked.append(request.path))
    with pytest.raises(GitHostRefused) as refused:
        host.refs(url.replace("http://", "http://ada:tok-en@") + "/x.git")
    assert "tok-en" not in str(refused.value)
    assert asked == []


def test_the_oldest_kind_of_host_works_too(
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Repository
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    host = GitRepositories(tmp_path / "cache", local_allowed=True)
    with pytest.raises(GitHostRefused, match="Install git"):
        host.refs(str(repository.folder))


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
