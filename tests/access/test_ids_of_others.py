"""Ids of another account, in every place of every address: answered as what does not exist."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, reverse

from environments.actions.accounts import open_account
from environments.actions.applications import register_application
from environments.actions.asking import Actor, operator
from environments.models import Application, Context, Deployment, Environment, Membership, Role
from tests.access.test_every_address import (
    BUILD_ADDRESSES,
    CONNECTION_ADDRESSES,
    CONTEXT_ADDRESSES,
    build_for,
    delivery_for,
    patterns,
)
from tests.world import World, services

OF_NOBODY: dict[str, Any] = {
    "name": "nothing-of-it",
    "env_id": "ted0000",
    "pk": 999_999,
    "number": 999_999,
    "instance": "nothing-0",
    "delivery": 999_999,
}
METHODS = ("get", "head", "post")


@pytest.fixture
def theirs(world: World) -> Environment:
    """An environment of the account that eve is not in."""
    ana = world.person("ana")
    return world.deployed(world.application("theirs"), actor=ana)


@pytest.fixture
def own(world: World, theirs: Environment) -> Environment:
    """One of eve's own account, whose ids are others."""
    other = open_account("other")
    other.contexts.update(engine="memory")
    eve = world.person("eve", Role.OWNER, other)
    source = Application.objects.get(name="theirs").repository_url
    made = register_application(
        operator(other), source=source, name="mine", template=services("mine")
    ).application
    assert eve.user is not None
    return world.deployed(made, actor=Actor(eve.user, "eve", other, Role.OWNER))


@pytest.fixture
def eve(own: Environment) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="eve"))
    return client


def ids_of(environment: Environment, pattern: URLPattern) -> dict[str, Any]:
    account = environment.application.account
    ids: dict[str, Any] = {
        "account": account.name,
        "name": environment.application.name,
        "env_id": environment.env_id,
        "pk": Deployment.objects.get(environment=environment).pk,
        "number": 1,
        "kind": "setup",
        "instance": f"{environment.application.name}-0",
    }
    if pattern.name == "member":
        ids["pk"] = Membership.objects.get(account=account).pk
    if pattern.name in BUILD_ADDRESSES:
        ids["pk"] = build_for(environment).pk
    if pattern.name in CONTEXT_ADDRESSES:
        ids["name"] = Context.objects.get(account=account).name
    if pattern.name in CONNECTION_ADDRESSES:
        delivery = delivery_for(account)
        ids |= {"pk": delivery.connection_id, "delivery": delivery.pk}
    return {key: ids[key] for key in pattern.pattern.converters}


def body(answer: Any, where: str) -> str:
    """What an answer shows, without the address itself and the tokens of forms."""
    text = answer.content.decode().replace(where, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_what_belongs_to_others_looks_like_what_is_not_there(
    own: Environment, theirs: Environment, eve: Client, headers: dict[str, str]
) -> None:
    Context.objects.filter(account__name="acme").update(name="elsewhere")
    theirs.namespace.context.refresh_from_db()
    told_apart = []
    for pattern in patterns():
        ids, others = ids_of(own, pattern), ids_of(theirs, pattern)
        for place in set(ids) - {"kind", "number"}:
            nothing = {**ids, place: OF_NOBODY.get(place, "nobody")}
            foreign = {**ids, place: others[place]}
            for method in METHODS:
                answers = []
                for chosen in (nothing, foreign):
                    where = reverse(str(pattern.name), kwargs=chosen)
                    answer = getattr(eve, method)(where, headers=headers)
                    answers.append((answer.status_code, body(answer, where)))
                if answers[0] != answers[1] or answers[1][0] not in (404, 405):
                    told_apart.append((pattern.name, place, method, answers[1][0]))
    assert not told_apart


def test_every_form_needs_the_token_of_its_page(own: Environment) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(User.objects.get(username="eve"))
    before = (Deployment.objects.count(), Membership.objects.count(), own.number)
    taken = []
    for pattern in patterns():
        where = reverse(str(pattern.name), kwargs=ids_of(own, pattern))
        for headers in ({}, {"HX-Request": "true"}):
            answer = strict.post(where, {"act": "remove", "name": "mine"}, headers=headers)
            if answer.status_code != 403 or "nothing was changed" not in answer.content.decode():
                taken.append((pattern.name, answer.status_code))
    own.refresh_from_db()
    assert not taken
    assert (Deployment.objects.count(), Membership.objects.count(), own.number) == before
