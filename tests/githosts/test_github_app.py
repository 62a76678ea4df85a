"""A GitHub that is asked as the installation of an App."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from environments.core.ports import GitHostError, GitHostRefused, GitHostUnreachable
from environments.githosts.git import GitRepositories
from environments.githosts.github import GitHubRepositories
from tests.githosts.repository import Repository
from tests.githosts.test_github import BAD, SOON
from tests.github.server import Answer, GitHubServer, failing


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """Of an App."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def as_app(
    server: GitHubServer, key: rsa.RSAPrivateKey, cache: Path, app_id: str = "17"
) -> GitHubRepositories:
    server.app_key = key.public_key()
    server.tokens = set()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return GitHubRepositories(
        server.web,
        credentials={"app_id": app_id, "private_key": pem, "installation_id": "5"},
        transfers=lambda given: GitRepositories(cache, local_allowed=True, variables=given),
        seconds=SOON,
        here_allowed=True,
    )


def test_an_app_is_asked_as_its_installation(
    server: GitHubServer, shop: Repository, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    app = as_app(server, key, tmp_path / "cache")
    assert app.check().endswith("as an App with 1 repositories")
    url = server.url("acme/shop")
    head = app.refs(url).branches["main"]
    app.checkout(url, commit=head, folder=tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == "x"
    assert len(server.paths("access_tokens")) == 1


def test_the_token_of_an_app_is_renewed_before_it_ends(
    server: GitHubServer, shop: Repository, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    app = as_app(server, key, tmp_path / "cache")
    server.token_seconds = 1.0
    url = server.url("acme/shop")
    app.refs(url)
    for name in ("one", "two"):
        head = app.refs(url).branches["main"]
        app.checkout(url, commit=head, folder=tmp_path / name)
        shop.commit(name)
    assert len(server.paths("access_tokens")) > 2


def test_an_app_that_is_not_known_is_told(
    server: GitHubServer, shop: Repository, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    app = as_app(server, key, tmp_path / "cache", app_id="18")
    with pytest.raises(GitHostUnreachable) as told:
        app.refs(server.url("acme/shop"))
    assert "PRIVATE KEY" not in str(told.value)
    with pytest.raises(GitHostUnreachable, match="does not accept the credentials"):
        app.checkout(server.url("acme/shop"), commit="0" * 40, folder=tmp_path / "out")


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_answer_to_the_question_for_a_token_is_told(
    server: GitHubServer, shop: Repository, key: rsa.RSAPrivateKey, tmp_path: Path, bad: Answer
) -> None:
    app = as_app(server, key, tmp_path / "cache")
    server.answers("access_tokens", bad, times=99)
    with pytest.raises(GitHostError) as told:
        app.refs(server.url("acme/shop"))
    assert not isinstance(told.value, GitHostRefused)
    with pytest.raises(GitHostError):
        app.checkout(server.url("acme/shop"), commit="0" * 40, folder=tmp_path / "out")


def test_an_installation_that_is_gone_is_told(
    server: GitHubServer, shop: Repository, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    app = as_app(server, key, tmp_path / "cache")
    server.answers("access_tokens", failing(404), times=9)
    with pytest.raises(GitHostUnreachable, match="has no installation 5"):
        app.refs(server.url("acme/shop"))


def test_a_key_that_is_none_is_told(server: GitHubServer, tmp_path: Path) -> None:
    app = GitHubRepositories(
        server.web,
        credentials={"app_id": "17", "private_key": "secret", "installation_id": "5"},
        transfers=lambda given: GitRepositories(tmp_path, variables=given),
    )
    with pytest.raises(GitHostUnreachable) as told:
        app.check()
    assert "secret" not in str(told.value)


def test_the_machine_of_the_product_is_not_asked_for_a_token(
    server: GitHubServer, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    strict = GitHubRepositories(
        server.web,
        credentials={"app_id": "17", "private_key": pem, "installation_id": "5"},
        transfers=lambda given: GitRepositories(tmp_path, variables=given),
    )
    with pytest.raises(GitHostUnreachable, match="leads to the machine of the product"):
        strict.check()
    assert server.asked == []
