"""Which repository addresses may be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.ports import GitHostRefused, GitHostUnreachable
from environments.githosts.git import check_url
from environments.githosts.git.address import ask_resolver, read_address, resolved, with_host


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.test/team/backend",
        "https://git.example.test:8443/team/backend.git",
        "http://10.1.2.3/team/backend.git",
        "https://192.168.0.7/x",
        "https://[fd00::7]/x",
        "ssh://git@git.example.test:2222/team/backend.git",
        "git@git.example.test:team/backend.git",
        "git.example.test:team/backend.git",
        "git://git.example.test/backend.git",
    ],
)
def test_it_accepts_addresses_that_other_machines_can_reach(url: str) -> None:
    assert check_url(url, local_allowed=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "backend",
        "./backend",
        "../backend",
        "--upload-pack=touch /tmp/x",
        "-oProxyCommand=x",
        "ext::sh -c x",
        "fd::17/foo",
        "ftp://git.example.test/x",
        "javascript://x/y",
        "https://",
        "https:///path",
        "https://git.example.test",
        "https://git.example.test/",
        "https://git.example.test/a b",
        "https://git.example.test/x?private_token=tok",
        "https://-oProxyCommand=x/y",
        "https://git.example.test:99999/x",
        "https://git.example.test:/x",
        "https://exa$(id)mple.test/x",
        "ssh://-oProxyCommand=x/y",
        "ssh://git@-oProxyCommand=x/y",
        "git@-oProxyCommand=x",
        "git@-oProxyCommand=x:y",
        "-git@git.example.test:y",
        "git@git.example.test:-oProxyCommand=x",
        "git@git.example.test:",
        "https://git.example.test/x\n",
        "https://git.example.test/\x00x",
        "https://git.example.test/\u202egro",
        "https://bücher.example.test/x",
        "https://git.example.test/" + "x" * 1000,
        "file:///",
        "file://server/share",
    ],
)
@pytest.mark.parametrize("local_allowed", [True, False])
def test_it_refuses_what_is_no_address_of_a_repository(url: str, local_allowed: bool) -> None:
    problem = check_url(url, local_allowed=local_allowed)
    assert problem is not None
    assert problem.endswith(".")


@pytest.mark.parametrize(
    "url",
    [
        "/etc",
        "file:///etc",
        "file://localhost/etc",
        "http://localhost:6443/x",
        "http://LocalHost./x",
        "http://api.localhost/x",
        "http://127.0.0.1/x",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/x",
        "http://[::1]/x",
        "http://[fe80::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://[2002:7f00:1::]/x",
        "git@127.0.0.1:x",
        "git@localhost:x",
        "ssh://[::1]/x",
        "git://127.0.0.1/x",
    ],
)
def test_this_machine_is_refused_unless_local_repositories_are_allowed(url: str) -> None:
    problem = check_url(url, local_allowed=False)
    assert problem is not None
    assert "RELEASECLONE_LOCAL_REPOSITORIES=1" in problem
    assert check_url(url, local_allowed=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://user:tok-en@git.example.test/x",
        "https://tok-en@git.example.test/x",
        "https://user:tok-/en@git.example.test/x",
        "https://user:a@tok-en@git.example.test/x",
        "ssh://git:tok-en@git.example.test/x",
        "user:tok-en@git.example.test/x",
        "https://git.example.test/x?token=tok-en",
        "https://git.example.test/x#tok-en",
        "nonsense://user:tok-en@git.example.test/x",
    ],
)
def test_a_secret_in_an_address_is_refused_and_never_repeated(url: str) -> None:
    problem = check_url(url, local_allowed=True)
    assert problem is not None
    assert "tok" not in problem
    assert "en@" not in problem


@given(st.text(max_size=80), st.booleans())
def test_any_text_gets_a_sentence_or_an_address(url: str, local_allowed: bool) -> None:
    problem = check_url(url, local_allowed=local_allowed)
    assert problem is None or problem.isprintable()
    if problem is None:
        assert not url.startswith("-")
        assert read_address(url, local_allowed=local_allowed).url == url


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["203.0.113.7", "127.0.0.1"], ["169.254.169.254"], ["::1"], ["fe80::1%eth0"]],
)
def test_a_name_that_resolves_to_this_machine_is_refused(answers: list[str]) -> None:
    address = read_address("https://git.example.test/x", local_allowed=False)
    with pytest.raises(GitHostRefused, match="leads to the machine"):
        resolved(address, lambda host, port: answers)


def test_a_number_that_the_resolver_reads_as_loopback_is_refused() -> None:
    for host in ("127.1", "2130706433", "0x7f000001"):
        address = read_address(f"http://{host}/x", local_allowed=False)
        with pytest.raises((GitHostRefused, GitHostUnreachable)):
            resolved(address, ask_resolver)


def test_private_addresses_are_allowed() -> None:
    address = read_address("https://git.example.test/x", local_allowed=False)
    assert resolved(address, lambda host, port: ["10.0.0.7"]) == ("10.0.0.7",)


def test_a_name_without_an_address_is_unreachable() -> None:
    address = read_address("https://git.example.test/x", local_allowed=False)
    with pytest.raises(GitHostUnreachable, match=r"git\.example\.test"):
        resolved(address, lambda host, port: [])


def test_the_host_is_replaced_by_its_address() -> None:
    address = read_address("git://git.example.test/team/x.git", local_allowed=False)
    assert with_host(address, "10.0.0.7") == "git://10.0.0.7:9418/team/x.git"
    assert with_host(address, "fd00::7") == "git://[fd00::7]:9418/team/x.git"
