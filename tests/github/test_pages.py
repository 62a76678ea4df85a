"""Connecting a GitHub in the browser, the ledger, and what a member may not do."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments import wiring
from environments.actions.accounts import open_account
from environments.automation.reconciling import reconcile
from environments.models import Application, GitConnection, Role
from tests.github.conftest import Hub
from tests.github.server import TOKEN, failing

OTHER = "ghp_another"


@pytest.fixture
def owner(hub: Hub, client: Client) -> Client:
    user = hub.world.person("ann", Role.OWNER).user
    assert isinstance(user, User)
    client.force_login(user)
    return client


@pytest.fixture
def member(hub: Hub) -> Client:
    user = hub.world.person("mia", Role.MEMBER).user
    assert isinstance(user, User)
    client = Client()
    client.force_login(user)
    return client


def address(hub: Hub, more: str = "") -> str:
    return f"/acme/connections/{hub.connection.pk}{more}"


def test_a_connection_is_checked_before_it_is_kept(hub: Hub, owner: Client) -> None:
    hub.connection.delete()
    wrong = owner.post("/acme/new-connection", {"web": hub.server.web, "token": "ghp_wrong"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "does not accept the credentials" in page
    assert "ghp_wrong" not in page
    assert not GitConnection.objects.exists()
    right = owner.post("/acme/new-connection", {"web": hub.server.web, "token": TOKEN})
    assert right.status_code == 303
    page = owner.get(right.url).content.decode()
    assert "as octocat" in page
    assert TOKEN not in page


@pytest.mark.parametrize(
    "web", ["", "github", "ftp://x", "https://github.com/acme", "https://a:b@x.org", "https://["]
)
def test_where_no_github_is(hub: Hub, owner: Client, web: str) -> None:
    answer = owner.post("/acme/new-connection", {"web": web, "token": TOKEN})
    assert answer.status_code == 422
    assert GitConnection.objects.count() == 1


def test_what_is_stored_stays_where_nothing_is_given(hub: Hub, owner: Client) -> None:
    answer = owner.post(address(hub), {"web": hub.server.web})
    assert answer.status_code == 303
    hub.server.tokens.add(OTHER)
    owner.post(address(hub), {"web": hub.server.web, "token": OTHER})
    kept = GitConnection.objects.get()
    assert OTHER in wiring.unseal(kept.credentials, belongs_to=kept.seal_name)
    assert OTHER.encode() not in bytes(kept.credentials)


def test_applications_that_are_there_are_read_through_it(hub: Hub, owner: Client) -> None:
    shop = hub.application("shop")
    assert shop.connection == hub.connection
    owner.post(address(hub, "/delete"))
    assert Application.objects.get().connection is None
    owner.post("/acme/new-connection", {"web": hub.server.web, "token": TOKEN})
    assert Application.objects.get().connection == GitConnection.objects.get()


def test_the_check_tells_the_limit(hub: Hub, owner: Client) -> None:
    page = owner.get(address(hub, "/check")).content.decode()
    assert "as octocat" in page
    assert "5000 of 5000 questions" in page
    hub.server.answers("/user", failing(500))
    assert "an error of its own (HTTP 500)" in owner.get(address(hub, "/check")).content.decode()


def test_the_ledger_says_what_came_of_it_and_looks_again(hub: Hub, owner: Client) -> None:
    shop = hub.application("shop")
    hub.pushed("shop")
    hub.work()
    page = owner.get(address(hub, "/told")).content.decode()
    assert "No environment of shop tracks main." in page
    hub.world.deployed(shop)
    hub.push("shop")
    (replay,) = re.findall(r'action="([^"]+/replay)"', page)
    assert owner.post(replay).status_code == 303
    hub.work()
    ((verdict, said),) = hub.ledger
    assert (verdict, "gets main @" in said) == ("done", True)
    assert "Nothing yet" in owner.get(address(hub, "/told?verdict=failed")).content.decode()


def test_a_delivery_that_was_not_taken_is_told(hub: Hub, owner: Client) -> None:
    hub.tell("push", {}, signature="sha256=00")
    assert "compare the secrets" in owner.get(address(hub)).content.decode()


def test_the_secret_is_renewed(hub: Hub, owner: Client) -> None:
    before = hub.secret
    owner.post(address(hub, "/secret"))
    assert hub.tell("ping", {}, secret=before).status_code == 401
    hub.connection.refresh_from_db()
    assert hub.tell("ping", {}).status_code == 202


def test_repositories_are_proposed_for_registration(hub: Hub, owner: Client) -> None:
    hub.application("shop")
    hub.server.add("acme/next", hub.world.repositories["shop"].folder, is_private=True)
    assert 'hx-get="/acme/repositories"' in owner.get("/acme/register").content.decode()
    page = owner.get("/acme/repositories").content.decode()
    assert "acme/next (private)" in page
    assert "acme/shop" not in page
    hub.server.answers("/user/repos", failing(500))
    assert "HTTP 500" in owner.get("/acme/repositories").content.decode()


@pytest.mark.parametrize("more", ["", "/check", "/secret", "/delete", "/told/1/replay"])
def test_a_member_changes_nothing(hub: Hub, member: Client, more: str) -> None:
    get = more in ("", "/check")
    answer = member.get(address(hub, more)) if get else member.post(address(hub, more))
    assert answer.status_code == 403
    assert member.get("/acme/settings").status_code == 200
    assert member.get(address(hub, "/told")).status_code == 200
    assert GitConnection.objects.count() == 1


def test_another_account_sees_nothing_of_it(hub: Hub, owner: Client) -> None:
    other = open_account("other")
    hub.world.person("oda", Role.OWNER, other)
    owner.force_login(User.objects.get(username="oda"))
    assert owner.get(f"/other/connections/{hub.connection.pk}").status_code == 404
    assert owner.get(address(hub)).status_code in (403, 404)


def test_pull_requests_are_chosen_on_the_applications_page(hub: Hub, owner: Client) -> None:
    shop = hub.application("shop")
    page = "/acme/applications/shop/settings"
    assert "These get an environment" in owner.get(page).content.decode()
    there = "/acme/applications/shop/pull-requests"
    assert owner.post(there, {"get": "labelled", "label": "preview"}).status_code == 303
    shop.refresh_from_db()
    assert (shop.pull_requests_get, shop.pull_request_label) == ("labelled", "preview")
    assert owner.post(there, {"get": "some", "label": ""}).status_code == 422
    assert owner.post(there, {"get": "labelled", "label": " "}).status_code == 422
    shop.refresh_from_db()
    assert shop.pull_requests_get == "labelled"


def test_an_environment_shows_its_pull_requests(hub: Hub, owner: Client) -> None:
    shop = hub.application("shop", branches=["login"])
    Application.objects.filter(pk=shop.pk).update(pull_requests_get="all")
    number = hub.opens("shop", "login", title="<b>Log in</b>")
    hub.work()
    environment = shop.environments.get()
    page = owner.get(f"/acme/environments/{environment.env_id}/").content.decode()
    assert f'href="{hub.server.web}/acme/shop/pull/{number}"' in page
    assert "&lt;b&gt;Log in&lt;/b&gt;" in page


def test_what_waits_for_a_person_is_shown_and_ended(hub: Hub, owner: Client) -> None:
    branches = [f"b{number}" for number in range(6)]
    shop = hub.application("shop", branches=branches)
    Application.objects.filter(pk=shop.pk).update(pull_requests_get="all")
    numbers = [hub.opens("shop", branch) for branch in branches]
    hub.work()
    for number in numbers:
        hub.server.changes("acme/shop", number, state="closed")
    reconcile()
    assert "6 environments wait for you" in owner.get(address(hub)).content.decode()
    assert owner.post(address(hub, "/end")).status_code == 303
    hub.work()
    assert not shop.environments.filter(removed_at=None).exists()
    assert "wait for you" not in owner.get(address(hub)).content.decode()
