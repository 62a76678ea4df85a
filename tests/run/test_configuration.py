"""What an operator may set: bad values, folders and files get a sentence at every door."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from releaseclone import configuration, kept
from releaseclone.given import ConfigurationError
from tests.run.product import CHECKOUT, free_port

DOORS = (
    ("-m", "releaseclone.run"),
    ("-m", "releaseclone.run.health", "web"),
    ("manage.py", "check"),
)
BAD = {
    "RELEASECLONE_BIND": ("pages.example.org", "127.0.0.1:8000", "0.0.0.0/8", "999.1.1.1"),
    "RELEASECLONE_PORT": ("0", "65536", "-1", "web", "\u0663"),
    "RELEASECLONE_INGRESS_PORT": ("eighty",),
    "RELEASECLONE_DOMAIN": ("*.example.org", "http://x", "a b", "x:80", "-x", "x.", "x" * 64),
    "RELEASECLONE_URL": (
        *("pages.example.org", "ftp://x", "https://", "https://x/releases", "https://x?y"),
        *("https://x:port", "https://[::1", "https://a b", "https://u:pass@x"),
    ),
    "RELEASECLONE_ALLOWED_HOSTS": ("https://x", "x:8000", "x,y", "*.x"),
    "RELEASECLONE_INGRESS_SCHEME": ("ftp", "HTTP"),
    "RELEASECLONE_LOCAL_REPOSITORIES": ("yes",),
    "RELEASECLONE_PROCESS_ENGINE": ("on",),
    "RELEASECLONE_PROCESS_LIMIT": ("0", "many"),
    "RELEASECLONE_INSTALLATION": ("Ours", "-ours", "o" * 64),
    "RELEASECLONE_DEBUG": ("true",),
    "RELEASECLONE_SECRET_KEY": ("pass",),
    "RELEASECLONE_VAULT_KEYS": ("pass", " ", "g" * 64, "a" * 64 + " pass"),
    "RELEASECLONE_MAIL": ("pass", "https://x", "smtp://", "smtp://u:pass@x:port", "smtp://x/y"),
    "RELEASECLONE_MAIL_FROM": ("nobody", "a@b\nc"),
    "DATABASE_URL": ("pass", "mysql://u:pass@x/y", "postgresql://u:pass@x:port/y"),
    "REDIS_URL": ("pass", "amqp://u:pass@x"),
}


def read(folder: Path, **environ: str) -> configuration.Configuration:
    return configuration.read({"RELEASECLONE_DATA": str(folder), **environ})


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_value_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as refused:
        read(tmp_path, **{name: value})
    assert str(refused.value).endswith(".")
    assert "pass" not in str(refused.value).replace("PASSWORD@", "").replace("the password", "")


def test_values_in_their_many_good_forms_are_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        RELEASECLONE_BIND="::",
        RELEASECLONE_DOMAIN="Env.Example.org",
        RELEASECLONE_URL="https://pages.example.org:8443/",
        DATABASE_URL="postgresql://u:p%40ss@[::1]:5432/name",
        REDIS_URL="rediss://x:6379/0",
        RELEASECLONE_VAULT_KEYS=f"{'a' * 64}  {'B' * 64}",
    )
    assert (found.bind, found.domain) == ("::", "env.example.org")
    assert found.public_url == "https://pages.example.org:8443"
    assert found.vault_keys == ("a" * 64, "B" * 64)
    given = read(tmp_path, RELEASECLONE_ALLOWED_HOSTS=".example.org 10.0.0.7 [fd00::7] *")
    assert given.allowed_hosts == (".example.org", "10.0.0.7", "[fd00::7]", "*")


def test_the_pages_may_be_asked_for_by_their_own_address(tmp_path: Path) -> None:
    found = read(tmp_path, RELEASECLONE_BIND="fd00::7", RELEASECLONE_URL="http://pages.example.org")
    assert set(found.allowed_hosts) > {"localhost", "127.0.0.1", "[fd00::7]", "pages.example.org"}


def test_pages_and_environments_need_two_ports(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot share port 8080"):
        read(tmp_path, RELEASECLONE_PORT="8080")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"web": "x"}', '{"web": true}'])
def test_a_spoilt_file_of_ports_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"ports\.json does not hold the ports"):
        read(tmp_path)


def test_a_data_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigurationError, match=f"the data folder {folder} cannot be used"):
            read(folder)


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = read(tmp_path)
    assert (first.secret_key, first.vault_keys) == (
        read(tmp_path).secret_key,
        read(tmp_path).vault_keys,
    )
    for name in ("secret-key", "vault-keys"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_secret_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    def full() -> str:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        kept.read_or_make(tmp_path / "secret", full)
    assert list(tmp_path.iterdir()) == []
    assert kept.read_or_make(tmp_path / "secret", lambda: "made") == "made"
    assert kept.read_or_make(tmp_path / "secret", full) == "made"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door[-1])
def test_every_door_says_it_in_one_line(tmp_path: Path, door: tuple[str, ...]) -> None:
    status, said = ask(tmp_path, *door, RELEASECLONE_PORT="x")
    assert status != 0
    assert said.count("\n") == 1
    assert "RELEASECLONE_PORT is 'x'; it must be a number from 1 to 65535." in said


def test_an_address_of_another_machine_is_not_taken_for_a_taken_port(tmp_path: Path) -> None:
    status, said = ask(tmp_path, "-m", "releaseclone.run", RELEASECLONE_BIND="203.0.113.9")
    assert status == 1
    assert "203.0.113.9 is no address of this machine." in said


def test_a_database_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://u:p4ss@127.0.0.1:{free_port()}/x?connect_timeout=1"
    status, said = ask(tmp_path, "manage.py", "migrate", DATABASE_URL=url)
    assert status == 1
    assert "releaseclone cannot use its database" in said
    assert "Traceback" not in said and "p4ss" not in said


def ask(folder: Path, *words: str, **environ: str) -> tuple[int, str]:
    """The exit status of a program of the product, and all that it said."""
    kept_names = {k: v for k, v in os.environ.items() if not k.startswith("RELEASECLONE_")}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=CHECKOUT,
        env={**kept_names, "RELEASECLONE_DATA": str(folder), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout
