"""Group 20: people who try what is not theirs.

Which role may do what, ids of others and the tokens of forms are held for every address in
``tests/access``.
"""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from environments.actions.asking import Actor
from environments.models import Deployment, Environment, Membership, Role
from tests.world import World

PASSWORD = "a long pass phrase"  # noqa: S105 - of the people of tests


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def environment(world: World) -> Environment:
    return world.deployed(world.application("shop"))


def address(name: str, environment: Environment) -> str:
    return reverse(name, args=["acme", environment.env_id])


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
    where = address("environment", environment)
    assert browser.get(where).status_code == 200
    Membership.objects.filter(user=ana.user_id).delete()
    assert browser.get(where).status_code == 404
    assert browser.post(address("delete-environment", environment)).status_code == 404
    assert Deployment.objects.count() == 1


def test_a_role_that_was_taken_counts_at_once(
    environment: Environment, browser: Client, ana: Actor
) -> None:
    Membership.objects.filter(user=ana.user_id).update(role=Role.MEMBER)
    where = address("delete-environment", environment)
    assert browser.post(where).status_code == 403
    assert Deployment.objects.count() == 1


def guess(client: Client, times: int, name: str = "ana", **more: str) -> None:
    for _ in range(times):
        client.post("/sign-in", {"username": name, "password": "guess"}, **more)


def sign_in(client: Client, name: str = "ana", **more: str) -> int:
    sent = {"username": name, "password": PASSWORD}
    return int(client.post("/sign-in", sent, **more).status_code)


def test_a_stranger_who_guesses_elsewhere_locks_nobody_out(ana: Actor, client: Client) -> None:
    guess(client, 20, REMOTE_ADDR="203.0.113.9")
    assert sign_in(client) == 303


def test_who_guesses_many_names_from_one_place_must_wait(ana: Actor, client: Client) -> None:
    for number in range(50):
        guess(client, 1, name=f"person-{number}", REMOTE_ADDR="203.0.113.9")
    assert sign_in(Client(), REMOTE_ADDR="203.0.113.9") == 422
    assert sign_in(Client(), REMOTE_ADDR="203.0.113.10") == 303


def test_many_places_that_guess_one_name_must_wait(ana: Actor, client: Client) -> None:
    for number in range(100):
        guess(client, 1, REMOTE_ADDR=f"203.0.113.{number}")
    assert sign_in(Client(), REMOTE_ADDR="198.51.100.1") == 422


def test_the_browser_of_somebody_who_was_let_in_before_is_never_locked_out_by_others(
    ana: Actor, client: Client
) -> None:
    assert sign_in(client) == 303
    client.post("/sign-out")
    for number in range(100):
        guess(Client(), 1, REMOTE_ADDR=f"203.0.113.{number}")
    guess(Client(), 10)
    assert sign_in(Client()) == 422
    assert sign_in(client) == 303


def test_the_mark_of_a_browser_is_no_free_pass(world: World, ana: Actor, client: Client) -> None:
    world.person("ben")
    assert sign_in(client) == 303
    client.post("/sign-out")
    guess(client, 10)
    assert sign_in(client) == 422
    for number in range(100):  # the mark is ana's: at ben's name it counts as any other browser
        guess(client, 1, name="ben", REMOTE_ADDR=f"203.0.113.{number}")
    assert sign_in(client, "ben") == 422
    forged = Client()
    forged.cookies["releaseclone_browser"] = client.cookies["releaseclone_browser"].value + "x"
    assert sign_in(forged, "ben", REMOTE_ADDR="198.51.100.1") == 422


def test_somebody_who_is_switched_off_is_out_at_the_next_request(
    browser: Client, ana: Actor
) -> None:
    assert browser.get("/acme/").status_code == 200
    User.objects.filter(pk=ana.user_id).update(is_active=False)
    assert browser.get("/acme/").status_code == 302
    assert sign_in(Client()) == 422


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
    live = elsewhere.get("/acme/", headers={"HX-Request": "true"})
    assert live["HX-Redirect"].startswith("/sign-in")  # a part of an open page asks anew, too
    assert Client().get("/password").status_code == 302


def test_after_ten_wrong_passwords_the_right_one_must_wait_too(ana: Actor, client: Client) -> None:
    guess(client, 10)
    right = client.post("/sign-in", {"username": "ANA", "password": PASSWORD})
    assert right.status_code == 422
    assert "Too many tries. Wait five minutes, then try again." in right.content.decode()
    assert "_auth_user_id" not in client.session
