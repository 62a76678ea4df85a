"""GitHub on bad days, its limits, and what only it has."""

import subprocess
import time
from pathlib import Path

import pytest

from environments.core.ports import (
    Forge,
    GitHostError,
    GitHostLimited,
    GitHostRefused,
    GitHostUnreachable,
    Refs,
)
from environments.githosts.git import GitRepositories
from environments.githosts.github import GitHubRepositories
from environments.githosts.github.place import Place
from tests.githosts.repository import Repository
from tests.github.server import TOKEN, Answer, GitHubServer, Handler, failing

SOON = 2.0


def host(server: GitHubServer, cache: Path, token: str = TOKEN) -> GitHubRepositories:
    return GitHubRepositories(
        server.web,
        credentials={"token": token},
        transfers=lambda given: GitRepositories(cache, local_allowed=True, variables=given),
        seconds=SOON,
        here_allowed=True,
    )


@pytest.fixture
def asked(server: GitHubServer, shop: Repository, tmp_path: Path) -> GitHubRepositories:
    return host(server, tmp_path / "cache")


def test_it_is_a_forge(asked: GitHubRepositories) -> None:
    as_port: Forge = asked
    assert as_port.check().endswith(", as octocat")


def drip(handler: Handler) -> None:
    """A body that comes for longer than anybody waits, and never stands still."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def silent(_: Handler) -> None:
    time.sleep(SOON + 1)


def truncated(handler: Handler) -> None:
    handler.respond(200, b'[{"name": "main", "commit"')


def cut_off(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"[")
    handler.close_connection = True


def loops(handler: Handler) -> None:
    there = "/api/v3/repos/acme/other" if "shop" in handler.path else "/api/v3/repos/acme/shop"
    headers = {"Location": f"{handler.server.web}{there}"}
    handler.respond(301, b"{}", headers=headers)


def elsewhere(handler: Handler) -> None:
    handler.respond(301, b"{}", headers={"Location": "https://example.org/x"})


def others(handler: Handler) -> None:
    handler.respond(200, b'{"something": "else"}')


def spent(handler: Handler) -> None:
    """The limit is reached, for a quarter of an hour from now."""
    headers = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(time.time()) + 900),
    }
    failing(403, headers=headers)(handler)


BAD: dict[str, Answer] = {
    "401": failing(401),
    "403": failing(403),
    "primary limit": spent,
    "secondary limit": failing(403, headers={"retry-after": "30"}),
    "429": failing(429, headers={"retry-after": "30"}),
    "500": failing(500),
    "502 as a page": failing(502, text="<html>Bad Gateway</html>"),
    "404 as a page": failing(404, text="<html>a proxy's own</html>"),
    "HTML": failing(200, text="<html>sign in to the network</html>"),
    "truncated": truncated,
    "cut off": cut_off,
    "silent": silent,
    "drips": drip,
    "redirect loop": loops,
    "redirect elsewhere": elsewhere,
    "other JSON": others,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", ["/branches", "/tags", "/repos/acme/shop"])
def test_a_bad_answer_says_nothing_of_branches(
    asked: GitHubRepositories, server: GitHubServer, bad: Answer, place: str
) -> None:
    server.answers(place, bad, times=99)
    server.answers("/repos/acme/other", bad, times=99)
    with pytest.raises(GitHostUnreachable) as told:
        asked.refs(server.url("acme/shop"))
    assert TOKEN not in str(told.value)
    assert str(told.value).endswith(".")


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_answer_says_nothing_of_a_file(
    asked: GitHubRepositories, server: GitHubServer, shop: Repository, bad: Answer
) -> None:
    server.answers("/contents/", bad, times=99)
    server.answers("/acme/other", bad, times=99)
    with pytest.raises(GitHostUnreachable):
        asked.read_file(server.url("acme/shop"), commit=shop.git("rev-parse", "HEAD"), path="file")


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_answer_to_the_batch_says_nothing_of_any(
    asked: GitHubRepositories, server: GitHubServer, bad: Answer
) -> None:
    if bad in (loops, elsewhere):
        pytest.skip("what is sent is not led elsewhere")
    server.answers("/graphql", bad, times=99)
    (found,) = asked.refs_of([server.url("acme/shop")]).values()
    assert isinstance(found, GitHostUnreachable)


def test_an_answer_that_drips_is_left_before_its_end(
    asked: GitHubRepositories, server: GitHubServer
) -> None:
    ended = []

    def to_its_end(handler: Handler) -> None:
        drip(handler)
        ended.append(handler.path)

    server.answers("/branches", to_its_end, times=99)
    with pytest.raises(GitHostUnreachable, match="within 2 s"):
        asked.refs(server.url("acme/shop"))
    assert ended == []


def test_a_promised_page_that_is_empty_is_no_end(
    asked: GitHubRepositories, server: GitHubServer, shop: Repository
) -> None:
    for number in range(150):
        shop.git("branch", f"b{number}")
    server.answers("page=2", lambda handler: handler.tell([]))
    with pytest.raises(GitHostUnreachable, match="whole list"):
        asked.refs(server.url("acme/shop"))
    assert len(asked.refs(server.url("acme/shop")).branches) == 151


def test_a_limit_is_told_and_kept(asked: GitHubRepositories, server: GitHubServer) -> None:
    server.answers("/branches", spent)
    with pytest.raises(GitHostLimited, match="asked again at") as told:
        asked.refs(server.url("acme/shop"))
    assert told.value.until == pytest.approx(time.time() + 900, abs=60)
    before = len(server.asked)
    with pytest.raises(GitHostLimited):
        asked.refs(server.url("acme/shop"))
    assert len(server.asked) == before


def test_a_short_limit_ends(asked: GitHubRepositories, server: GitHubServer) -> None:
    server.answers("/branches", failing(429, headers={"retry-after": "1"}))
    with pytest.raises(GitHostLimited):
        asked.refs(server.url("acme/shop"))
    time.sleep(1.1)
    assert asked.refs(server.url("acme/shop")).default_branch == "main"


def test_what_is_known_is_asked_for_by_its_mark(
    asked: GitHubRepositories, server: GitHubServer, shop: Repository
) -> None:
    first = asked.refs(server.url("acme/shop"))
    server.asked.clear()
    assert asked.refs(server.url("acme/shop")) == first
    assert all("if-none-match" in one.headers for one in server.asked)
    shop.git("branch", "later")
    assert "later" in asked.refs(server.url("acme/shop")).branches


def test_many_repositories_are_one_question(
    asked: GitHubRepositories, server: GitHubServer, tmp_path: Path
) -> None:
    for name in ("one", "two", "three"):
        repository = Repository(tmp_path / name)
        repository.commit("First")
        repository.git("tag", "v1")
        server.add(f"acme/{name}", repository.folder)
    urls = [server.url(f"acme/{name}") for name in ("one", "two", "three", "none")]
    server.asked.clear()
    found = asked.refs_of([*urls, "https://elsewhere.org/a/b"])
    assert server.paths() == ["POST /api/graphql"]
    for url in urls[:3]:
        refs = found[url]
        assert isinstance(refs, Refs)
        assert (set(refs.branches), set(refs.tags)) == ({"main"}, {"v1"})
        assert refs == asked.refs(url)
    assert isinstance(found[urls[3]], GitHostRefused)
    assert "no repository acme/none" in str(found[urls[3]])
    assert isinstance(found["https://elsewhere.org/a/b"], GitHostRefused)


def test_a_repository_with_many_branches_is_asked_alone(
    asked: GitHubRepositories, server: GitHubServer, shop: Repository
) -> None:
    for number in range(150):
        shop.git("branch", f"b{number}")
    (found,) = asked.refs_of([server.url("acme/shop")]).values()
    assert isinstance(found, Refs)
    assert len(found.branches) == 151


def test_a_repository_that_has_moved_is_followed(
    asked: GitHubRepositories, server: GitHubServer, shop: Repository
) -> None:
    server.add("acme/old", shop.folder, moved_to="acme/shop")
    assert asked.refs(server.url("acme/old")).default_branch == "main"


def test_wrong_credentials_are_told_without_them(
    server: GitHubServer, shop: Repository, tmp_path: Path
) -> None:
    wrong = host(server, tmp_path / "cache", "ghp_wrong")
    with pytest.raises(GitHostUnreachable, match="does not accept the credentials") as told:
        wrong.check()
    assert "ghp_wrong" not in str(told.value)
    with pytest.raises(GitHostError) as told:
        wrong.checkout(
            server.url("acme/shop"), commit=shop.git("rev-parse", "HEAD"), folder=tmp_path / "out"
        )
    assert "ghp_wrong" not in str(told.value)


def test_repositories_are_listed_page_by_page(
    asked: GitHubRepositories, server: GitHubServer, shop: Repository
) -> None:
    server.page_size = 2
    for name in ("Zoo", "api", "web"):
        server.add(f"acme/{name}", shop.folder, is_archived=name == "web")
    found = asked.repositories()
    assert [one.full_name for one in found] == ["acme/api", "acme/shop", "acme/web", "acme/Zoo"]
    assert [one.full_name for one in found if one.is_archived] == ["acme/web"]
    assert [one.full_name for one in found if one.is_private] == ["acme/shop"]


def test_nobody_sees_the_token_among_the_arguments(
    asked: GitHubRepositories, server: GitHubServer, shop: Repository, tmp_path: Path
) -> None:
    seen: list[list[str]] = []
    original = subprocess.Popen.__init__

    def watched(self: object, arguments: list[str], *more: object, **named: object) -> None:
        seen.append(list(map(str, arguments)))
        original(self, arguments, *more, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", watched)
        asked.checkout(
            server.url("acme/shop"), commit=shop.git("rev-parse", "HEAD"), folder=tmp_path / "out"
        )
    assert any("fetch" in words for words in seen)
    assert TOKEN not in str(seen)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/shop", "acme/shop"),
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("https://github.com/acme/shop.js/", "acme/shop.js"),
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "acme/shop"),
        ("https://user@github.com/acme/shop", "acme/shop"),
    ],
)
def test_a_url_names_a_repository(url: str, name: str) -> None:
    assert Place("https://github.com").repository(url) == name


@pytest.mark.parametrize(
    "url",
    [
        *("https://gitlab.com/acme/shop", "https://github.com/acme", "https://github.com.x.de/a"),
        *("https://github.com/a/b/c", "https://github.com/../x", "https://github.com/a/..", "//"),
        "",
        *("https://[::1", "https://github.com:x/a/b", "git@elsewhere.org:acme/shop", "acme/shop"),
    ],
)  # fmt: skip
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(GitHostRefused, match="is no repository of GitHub"):
        Place("https://github.com").repository(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
def test_the_machine_of_the_product_is_not_asked(tmp_path: Path, host: str) -> None:
    strict = GitHubRepositories(
        f"http://{host}:9",
        credentials={"token": TOKEN},
        transfers=lambda given: GitRepositories(tmp_path, variables=given),
    )
    with pytest.raises(GitHostUnreachable, match="leads to the machine of the product"):
        strict.check()
