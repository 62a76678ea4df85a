"""The first visit: once, by somebody at this machine or with its token."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from pytest_django.fixtures import Settings

from environments.actions.accounts import open_account, open_installation
from environments.actions.asking import Refused
from environments.models import Account, Event, Membership
from releaseclone import setup_token

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long pass phrase"  # noqa: S105 - of a person of the tests
SENT = {"account": "acme", "username": "ana", "password": PASSWORD}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def token(settings: Settings, tmp_path: Path) -> str:
    """What `make run` prints."""
    data = tmp_path / "data"
    data.mkdir()
    settings.RELEASECLONE = type(settings.RELEASECLONE)(
        **{**vars_of(settings.RELEASECLONE), "data": data}
    )
    return setup_token.read_or_make(data)


def vars_of(configuration: object) -> dict[str, object]:
    return {name: getattr(configuration, name) for name in configuration.__dataclass_fields__}  # type: ignore[attr-defined]


def test_every_door_leads_to_it_while_nobody_is_here(client: Client) -> None:
    for page in ("/", "/sign-in", "/acme/", "/admin/"):
        assert client.get(page, follow=True).redirect_chain[-1][0] == "/first-visit", page


def test_it_makes_an_owner_who_is_a_superuser_and_the_account(client: Client) -> None:
    answer = client.post("/first-visit", SENT)
    assert answer.status_code == 303
    membership = Membership.objects.get()
    assert (membership.account.name, membership.user.username) == ("acme", "ana")
    assert membership.role == "owner" and membership.user.is_superuser
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/acme/"
    assert client.get("/admin/").status_code == 200
    assert Event.objects.filter(what="opened the account", actor_name="ana").exists()


def test_it_is_there_once(client: Client) -> None:
    client.post("/first-visit", SENT)
    late = Client()
    assert late.get("/first-visit")["Location"] == "/sign-in"
    answer = late.post("/first-visit", {**SENT, "username": "eve", "account": "evil"})
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in")
    assert User.objects.count() == Account.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", ""), ("username", "a b"), ("password", "short"), ("account", "Not a name")],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    client: Client, field: str, value: str
) -> None:
    answer = client.post("/first-visit", {**SENT, field: value})
    assert answer.status_code == 422
    assert not User.objects.exists() and not Account.objects.exists()


@pytest.mark.parametrize(
    "brought",
    [ELSEWHERE, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {"HTTP_FORWARDED": "for=127.0.0.1"}],
    ids=["another machine", "a proxy", "a newer proxy"],
)
def test_who_comes_from_elsewhere_needs_the_token(
    client: Client, token: str, brought: dict[str, str]
) -> None:
    assert "Set-up token" in client.get("/first-visit", **brought).content.decode()
    for given in ("", "guess", token[:-1]):
        answer = client.post("/first-visit", {**SENT, "given_token": given}, **brought)
        assert answer.status_code == 422
        assert token not in answer.content.decode()
    assert not User.objects.exists()
    answer = client.post("/first-visit", {**SENT, "given_token": token}, **brought)
    assert answer.status_code == 303
    assert User.objects.get().is_superuser


def test_it_joins_the_account_that_commands_made_and_may_rename_it(client: Client) -> None:
    made = open_account("default")
    assert 'value="default"' in client.get("/first-visit").content.decode()
    assert client.post("/first-visit", SENT).status_code == 303
    assert [account.pk for account in Account.objects.all()] == [made.pk]
    assert Account.objects.get().name == "acme"
    assert Membership.objects.get().account_id == made.pk


def test_where_commands_made_several_it_joins_the_one_that_is_named(client: Client) -> None:
    for name in ("acme", "beta"):
        open_account(name)
    wrong = client.post("/first-visit", {**SENT, "account": "gamma"})
    assert wrong.status_code == 422
    assert "acme, beta" in wrong.content.decode()
    assert client.post("/first-visit", {**SENT, "account": "beta"}).status_code == 303
    assert Membership.objects.get().account.name == "beta"
    assert Account.objects.count() == 2


def test_of_two_first_visits_at_once_one_makes_the_owner() -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():  # type: ignore[attr-defined]
        pytest.skip("one connection only: the others are tried on PostgreSQL")
    together = threading.Barrier(4)

    def visit(name: str) -> str:
        together.wait(30)
        try:
            open_installation(username=name, password=PASSWORD, account_name=f"of-{name}")
        except Refused as refused:
            return refused.problems[0].id
        finally:
            connections.close_all()
        return "made"

    with ThreadPoolExecutor(4) as pool:
        ends = sorted(pool.map(visit, ["ana", "ben", "cid", "dot"]))
    assert ends == ["account.opened"] * 3 + ["made"]
    assert User.objects.count() == Account.objects.count() == Membership.objects.count() == 1
