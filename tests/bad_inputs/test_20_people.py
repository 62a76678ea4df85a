"""Group 20: people who try what is not theirs.

Here are the lines of the group themselves; which role may do what is held by the tests of pages.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, reverse

from environments import urls
from environments.actions.accounts import open_account
from environments.actions.asking import Actor
from environments.models import Account, Deployment, Environment, Membership, Role
from tests.world import World

OPEN = {"home", "first-visit", "sign-in", "sign-out", "password"}
"""Addresses that belong to no account."""
PASSWORD = "a long pass phrase"  # noqa: S105 - of the people of tests


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def environment(world: World) -> Environment:
    return world.deployed(world.application("shop"))


@pytest.fixture
def eve(world: World) -> Client:
    """The owner of another account, signed in."""
    person = world.person("eve", Role.OWNER, open_account("other"))
    client = Client()
    assert person.user is not None
    client.force_login(person.user)
    return client


def names() -> list[str]:
    """Every address of an account, so that a new one cannot be forgotten."""
    found = [pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)]
    return [name for name in found if name and name not in OPEN]


def address(name: str, account: str, environment: Environment) -> str:
    """The address of this name with the ids of this environment, in this account."""
    (pattern,) = (one.pattern for one in urls.urlpatterns if one.name == name)
    ids: dict[str, Any] = {
        "account": account,
        "name": environment.application.name,
        "env_id": environment.env_id,
        "pk": environment.deployments.latest("pk").pk,
        "number": 1,
        "kind": "setup",
        "instance": "web-0",
    }
    if name == "member":
        ids["pk"] = Membership.objects.exclude(account__name=account).latest("pk").pk
    converters: dict[str, Any] = pattern.converters
    return reverse(name, kwargs={key: ids[key] for key in converters})


@pytest.mark.parametrize("account", ["acme", "other"])
def test_the_ids_of_another_account_are_not_found_in_any_address(
    world: World, environment: Environment, eve: Client, account: str
) -> None:
    world.person("ana")
    before = _all_there_is()
    for name in names():
        if account == "other" and not _has_ids(name):
            continue  # a page of eve's own account
        where = address(name, account, environment)
        sent = {"act": "save", "name": "shop", "role": "owner"}
        for answer in (eve.get(where), eve.post(where, sent)):
            assert answer.status_code in (404, 405), where
            assert "acme" not in answer.content.decode().replace(where, ""), where
    assert _all_there_is() == before


def _has_ids(name: str) -> bool:
    (pattern,) = (one.pattern for one in urls.urlpatterns if one.name == name)
    return set(pattern.converters) > {"account"}


def _all_there_is() -> dict[str, Any]:
    return {
        "deployments": Deployment.objects.count(),
        "environments": list(Environment.objects.values_list("number", "removed_at")),
        "accounts": list(Account.objects.values_list("name", flat=True)),
        "members": list(Membership.objects.values_list("user", "account", "role")),
    }


@pytest.mark.parametrize("name", ["deploy", "delete-environment", "abort"])
def test_without_the_token_of_its_form_nothing_is_asked(
    environment: Environment, ana: Actor, name: str
) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert ana.user is not None
    strict.force_login(ana.user)
    answer = strict.post(address(name, "acme", environment))
    assert answer.status_code == 403
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_elsewhere(ana: Actor, client: Client, wanted: str) -> None:
    sent = {"username": "ana", "password": PASSWORD, "next": wanted}
    answer = client.post(f"/sign-in?next={wanted}", sent)
    assert answer.status_code == 303
    assert answer["Location"] == "/"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil"])
def test_another_host_name_gets_nothing(ana: Actor, host: str) -> None:
    answer = Client(raise_request_exception=False).get("/sign-in", headers={"host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


def test_the_session_is_another_one_after_signing_in(ana: Actor, client: Client) -> None:
    session = client.session
    session["planted"] = "1"
    session.save()
    planted = session.session_key
    client.cookies["releaseclone_session"] = str(planted)
    client.post("/sign-in", {"username": "ana", "password": PASSWORD})
    assert client.session.session_key != planted
    old = Client()
    old.cookies["releaseclone_session"] = str(planted)
    assert old.get("/acme/").status_code == 302


def test_who_is_removed_sees_nothing_from_then_on(
    world: World, environment: Environment, browser: Client, ana: Actor
) -> None:
    where = address("environment", "acme", environment)
    assert browser.get(where).status_code == 200
    Membership.objects.filter(user=ana.user_id).delete()
    assert browser.get(where).status_code == 404
    assert browser.post(address("delete-environment", "acme", environment)).status_code == 404
    assert Deployment.objects.count() == 1


def test_a_role_that_was_taken_counts_at_once(
    environment: Environment, browser: Client, ana: Actor
) -> None:
    Membership.objects.filter(user=ana.user_id).update(role=Role.MEMBER)
    where = address("delete-environment", "acme", environment)
    assert browser.post(where).status_code == 403
    assert Deployment.objects.count() == 1


def test_a_stranger_who_guesses_elsewhere_locks_nobody_out(ana: Actor, client: Client) -> None:
    for _ in range(20):
        client.post("/sign-in", {"username": "ana", "password": "guess"}, REMOTE_ADDR="203.0.113.9")
    right = client.post("/sign-in", {"username": "ana", "password": PASSWORD})
    assert right.status_code == 303


def test_a_new_password_ends_the_other_sessions(ana: Actor, client: Client) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        browser.post("/sign-in", {"username": "ana", "password": PASSWORD})
    new = "another long pass phrase"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/password", {**sent, "old_password": "guess"}).status_code == 422
    assert client.post("/password", {**sent, "new_password1": "1"}).status_code == 422
    assert client.post("/password", sent).status_code == 303
    assert client.get("/acme/").status_code == 200
    assert elsewhere.get("/acme/").status_code == 302
    assert Client().get("/password").status_code == 302


def test_after_ten_wrong_passwords_the_right_one_must_wait_too(ana: Actor, client: Client) -> None:
    for _ in range(10):
        wrong = client.post("/sign-in", {"username": "ana", "password": "guess"})
        assert wrong.status_code == 422
    right = client.post("/sign-in", {"username": "ANA", "password": PASSWORD})
    assert right.status_code == 422
    assert "Too many tries. Wait five minutes, then try again." in right.content.decode()
    assert "_auth_user_id" not in client.session
