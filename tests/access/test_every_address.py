"""Who may do what at which address: every address and method, for each kind of person.

The addresses come from the URL configuration: one that the table below does not know fails.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, reverse

from environments import urls, wiring
from environments.actions.accounts import open_account
from environments.actions.asking import Actor
from environments.models import (
    Account,
    Build,
    Delivery,
    Environment,
    GitConnection,
    Membership,
    Role,
)
from tests.world import World, services

METHODS = ("get", "head", "post", "put", "patch", "delete")
EVERYBODY = frozenset({"owner", "own member", "other member", "accessor"})
OWNER = frozenset({"owner"})
EDITORS = frozenset({"owner", "own member"})
LOG_READERS = EDITORS | {"accessor"}
STRANGERS = ("anonymous", "stranger")
INSIDE = ("accessor", "other member", "own member", "owner")
"""From those who may least to those who may most: what one does is seen by the next."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may read a page and who may act there; None: there is nothing to read, or to do."""

    read: frozenset[str] | None
    act: frozenset[str] | None = None


READ = Rule(EVERYBODY)
BUILD_ADDRESSES = ("build", "build-log", "cancel-build", "rebuild", "deploy-build")
"""Their key is a build's."""
CONTEXT_ADDRESSES = (
    *("context", "delete-context", "context-connection"),
    *("add-login", "remove-login"),
)
"""Their name is a context's."""
CONNECTION_ADDRESSES = (
    *("connection", "connection-check", "renew-secret", "delete-connection", "ledger"),
    *("let-end", "replay"),
)
"""Their key is a connection's."""
RULES: Mapping[str, Rule] = {
    "applications": READ,
    "graph": READ,
    "members": Rule(EVERYBODY, OWNER),
    "member": Rule(None, OWNER),
    "account-settings": Rule(EVERYBODY, OWNER),
    "new-context": Rule(OWNER, OWNER),
    "context": Rule(OWNER, OWNER),
    "delete-context": Rule(None, OWNER),
    "context-connection": Rule(OWNER, None),
    "add-login": Rule(None, OWNER),
    "remove-login": Rule(None, OWNER),
    "ephemeral-days": Rule(None, OWNER),
    "account-hours": Rule(None, OWNER),
    "new-connection": Rule(OWNER, OWNER),
    "connection": Rule(OWNER, OWNER),
    "connection-check": Rule(OWNER, None),
    "renew-secret": Rule(None, OWNER),
    "delete-connection": Rule(None, OWNER),
    "let-end": Rule(None, OWNER),
    "ledger": READ,
    "replay": Rule(None, OWNER),
    "new-app": Rule(None, OWNER),
    "app-made": Rule(OWNER, None),
    "app-installed": Rule(OWNER, None),
    "repositories": READ,
    "register": Rule(EVERYBODY, EVERYBODY),
    "environments": READ,
    "create-environment": Rule(EVERYBODY, EVERYBODY),
    "application-builds": Rule(EVERYBODY, EVERYBODY),
    "application-build-arguments": Rule(EVERYBODY, OWNER),
    "account-build-arguments": Rule(EVERYBODY, OWNER),
    "build": READ,
    "build-log": READ,
    "cancel-build": Rule(None, EVERYBODY),
    "rebuild": Rule(None, EVERYBODY),
    "deploy-build": Rule(None, EVERYBODY),
    "application-deploys": READ,
    "application-settings": Rule(EVERYBODY, EVERYBODY),
    "application-pull-requests": Rule(None, OWNER),
    "approve": Rule(None, EVERYBODY - {"accessor"}),
    "public-addresses": Rule(EVERYBODY, OWNER),
    "lead-public": Rule(None, OWNER),
    "remove-public-address": Rule(None, OWNER),
    "read-again": Rule(None, EVERYBODY),
    "delete-application": Rule(OWNER, OWNER),
    "application-version": READ,
    "environment": READ,
    "environment-imports": Rule(EVERYBODY, EDITORS),
    "environment-settings": Rule(EVERYBODY, EDITORS),
    "environment-version": READ,
    "environment-builds": Rule(EVERYBODY, EVERYBODY),
    "environment-deploys": READ,
    "deploy": Rule(EVERYBODY, EVERYBODY),
    "extend": Rule(None, EDITORS),
    "pause": Rule(None, EDITORS),
    "resume": Rule(None, EDITORS),
    "environment-hours": Rule(None, EDITORS),
    "delete-environment": Rule(EVERYBODY, EDITORS),
    "instance-log": Rule(LOG_READERS),
    "terminal": Rule(LOG_READERS),
    "deployment": READ,
    "abort": Rule(None, EVERYBODY),
    "deployment-log": READ,
}
OPEN = {"home", "first-visit", "sign-in", "sign-out", "password", "you", "webhook"}
"""Addresses of no account; the tests of people walk them, and those of webhooks the last."""


def patterns() -> list[URLPattern]:
    return [one for one in urls.urlpatterns if one.name not in OPEN]


@pytest.fixture
def people(world: World) -> dict[str, Client]:
    """A browser of each kind of person."""
    actors = {
        "owner": world.person("olga", Role.OWNER),
        "own member": world.person("mia", Role.MEMBER),
        "other member": world.person("max", Role.MEMBER),
        "accessor": world.person("ivo", Role.INSTANCE_ACCESSOR),
        "stranger": world.person("eve", Role.OWNER, open_account("other")),
    }
    browsers = {"anonymous": Client()}
    for name, actor in actors.items():
        browsers[name] = Client(raise_request_exception=False)
        browsers[name].force_login(_user(actor))
    return browsers


def _user(actor: Actor) -> User:
    assert actor.user is not None
    return actor.user


@pytest.fixture
def environment(world: World, people: dict[str, Client]) -> Environment:
    """Mia's."""
    mia = User.objects.get(username="mia")
    world.application("backend", services("api"))
    frontend = world.application("frontend", services("web", imports=["backend"]))
    return world.deployed(frontend, actor=Actor(mia, "mia", world.account, Role.MEMBER))


def address(pattern: URLPattern, environment: Environment) -> str:
    ids: dict[str, Any] = {
        "account": environment.application.account.name,
        "name": environment.application.name,
        "env_id": environment.env_id,
        "pk": environment.deployments.latest("pk").pk,
        "number": 1,
        "kind": "setup",
        "instance": "web-0",
    }
    if pattern.name == "approve":
        environment.application.pull_requests.get_or_create(number=1)
    if pattern.name == "member":
        ids["pk"] = Membership.objects.get(user__username="max").pk
    if pattern.name in BUILD_ADDRESSES:
        ids["pk"] = build_for(environment).pk
    if pattern.name in CONTEXT_ADDRESSES:
        ids["name"] = environment.namespace.context.name
    if pattern.name in CONNECTION_ADDRESSES:
        delivery = delivery_for(environment.application.account)
        ids |= {"pk": delivery.connection_id, "delivery": delivery.pk}
    converters: dict[str, Any] = pattern.pattern.converters
    return reverse(str(pattern.name), kwargs={key: ids[key] for key in converters})


def build_for(environment: Environment) -> Build:
    """A build that was made for the environment."""
    build, _ = Build.objects.get_or_create(
        application=environment.application,
        context=environment.namespace.context,
        environment=environment,
        branch="main",
        defaults={"commit": "1" * 40, "asked_by_name": "mia", "state": "done"},
    )
    return build


def delivery_for(account: Account) -> Delivery:
    """One of a connection of the account, whose host nobody is at."""
    connection = account.git_connections.first()
    if connection is None:
        connection = GitConnection(account=account, web="http://127.0.0.1:9")
        credentials = json.dumps({"token": "ghp_nobody"})
        connection.credentials = wiring.seal(credentials, belongs_to=connection.seal_name)
        connection.hook_secret = wiring.seal("x" * 64, belongs_to=connection.hook_seal_name)
        connection.save()
    made, _ = Delivery.objects.get_or_create(
        connection=connection, delivery_id="one", defaults={"event": "ping", "verdict": "nothing"}
    )
    return made


def verdict(answer: HttpResponseBase) -> str:
    """What an answer says about the person."""
    if answer.status_code in (302, 303) and answer["Location"].startswith("/sign-in"):
        return "sign in first"
    return {403: "forbidden", 404: "not found", 405: "no such method"}.get(
        answer.status_code, "allowed" if answer.status_code < 500 else "broken"
    )


def expected(rule: Rule, method: str, person: str) -> str:
    who = {"get": rule.read, "head": rule.read, "post": rule.act}.get(method)
    if who is None:
        return "no such method"
    if person in STRANGERS:
        return {"anonymous": "sign in first", "stranger": "not found"}[person]
    return "allowed" if person in who else "forbidden"


def test_every_address_has_its_rule() -> None:
    assert {one.name for one in patterns()} == set(RULES)


@pytest.mark.parametrize("pattern", patterns(), ids=lambda one: str(one.name))
def test_the_address_is_for_whom_the_table_says(
    world: World, people: dict[str, Client], environment: Environment, pattern: URLPattern
) -> None:
    rule = RULES[str(pattern.name)]
    where = address(pattern, environment)
    wrong = []
    for method in METHODS:
        for person in (*STRANGERS, *INSIDE):
            answer = getattr(people[person], method)(where)
            if verdict(answer) != expected(rule, method, person):
                wrong.append((method, person, answer.status_code, expected(rule, method, person)))
    world.queue.clear()
    assert not wrong


READABLE = [one for one in patterns() if RULES[str(one.name)].read is not None]


@pytest.mark.parametrize("pattern", READABLE, ids=lambda one: str(one.name))
def test_a_part_of_a_page_is_for_the_same_people(
    people: dict[str, Client], environment: Environment, pattern: URLPattern
) -> None:
    rule = RULES[str(pattern.name)]
    where = address(pattern, environment)
    for person in INSIDE:
        answer = people[person].get(where, headers={"HX-Request": "true"})
        assert verdict(answer) == expected(rule, "get", person), person
    assert people["stranger"].get(where, headers={"HX-Request": "true"}).status_code == 404
    sent_away = people["anonymous"].get(where, headers={"HX-Request": "true"})
    assert sent_away["HX-Redirect"].startswith("/sign-in")


def test_an_imported_environment_belongs_to_the_owner_of_its_importer(
    people: dict[str, Client], environment: Environment
) -> None:
    imported = environment.imported.get()
    assert imported.owner_name == "mia"
    page = reverse("environment-settings", args=["acme", imported.env_id])
    sent = {"what": "template", "text": services("api") + "# more\n", "opened_on": 1}
    assert people["other member"].post(page, sent).status_code == 403
    assert people["own member"].post(page, sent).status_code == 303


def test_an_instance_accessor_edits_and_deletes_what_is_their_own(
    world: World, people: dict[str, Client]
) -> None:
    ivo = User.objects.get(username="ivo")
    accessor = Actor(ivo, "ivo", world.account, Role.INSTANCE_ACCESSOR)
    environment = world.deployed(world.application("shop"), actor=accessor)
    page = reverse("environment-settings", args=["acme", environment.env_id])
    sent = {"what": "template", "text": services("shop") + "# more\n", "opened_on": 1}
    end = reverse("delete-environment", args=["acme", environment.env_id])
    for person in ("own member", "other member"):
        assert people[person].post(page, sent).status_code == 403
        assert people[person].post(end).status_code == 403
    assert people["accessor"].post(page, sent).status_code == 303
    assert people["accessor"].post(end).status_code == 303
    assert world.last(environment).kind == "teardown"
    world.work()


def test_only_owners_edit_what_a_command_made(world: World, people: dict[str, Client]) -> None:
    environment = world.deployed(world.application("shop"))
    page = reverse("environment-settings", args=["acme", environment.env_id])
    sent = {"what": "template", "text": services("shop") + "# more\n", "opened_on": 1}
    for person in ("own member", "other member", "accessor"):
        assert people[person].post(page, sent).status_code == 403
    assert people["owner"].post(page, sent).status_code == 303


def test_a_role_that_is_taken_away_counts_at_the_next_request(
    people: dict[str, Client], environment: Environment
) -> None:
    page = reverse("environment", args=["acme", environment.env_id])
    live = {"HX-Request": "true"}
    assert people["own member"].get(page, headers=live).status_code == 200
    Membership.objects.get(user__username="mia").delete()
    assert people["own member"].get(page, headers=live).status_code == 404
