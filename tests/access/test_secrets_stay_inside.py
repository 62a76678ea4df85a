"""A secret is written and never read: no address shows one, to nobody, in no kind of answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from environments.core.ports import Phase
from environments.engines.memory import Outlook
from environments.models import Deployment, Environment, Membership, Role
from tests.access import test_admin_site as admin_site
from tests.access import test_every_address as pages
from tests.world import World, services

SECRET = "hush-hush-nobody-knows"  # noqa: S105 - of the tests
OUTPUT = "what the service printed"
VARIABLES = f"""\
mapping: {{DATABASE: "db://${{TOKEN}}@host"}}
defaults:
- {{key: TOKEN, secret: true, value: {SECRET}}}
- {{key: SIZE, value: "4"}}
"""


@pytest.fixture
def environment(world: World) -> Environment:
    """One that was deployed, and then failed with a service that printed its secret."""
    shop = world.application("shop", services("shop"), variables=VARIABLES)
    environment = world.deployed(shop)
    lines = (f"{OUTPUT}: {SECRET}",)
    world.engine.expect("shop", Outlook(Phase.FAILED, False, f"it said {SECRET}", lines))
    page = reverse("deploy", args=["acme", environment.env_id, "setup"])
    olga = world.person("olga").user
    client = Client()
    client.force_login(olga)  # type: ignore[arg-type]
    assert client.post(page).status_code == 303
    world.work()
    assert world.last(environment).status == "failed"
    return environment


@pytest.fixture
def root(environment: Environment) -> Client:
    """Who sees everything: an owner of the account who is a superuser."""
    user = User.objects.create_superuser("root")
    account = environment.application.account
    Membership.objects.create(account=account, user=user, role=Role.OWNER)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    whole = answer.getvalue() if answer.streaming else answer.content
    return str(whole.decode())


def addresses(environment: Environment) -> Iterator[str]:
    """Every page of the product and of the admin site, for each row that has one."""
    world_pages = [one for one in pages.patterns() if pages.RULES[str(one.name)].read is not None]
    for pattern in world_pages:
        yield pages.address(pattern, environment)
    for deployment in Deployment.objects.all():
        for name in ("deployment", "deployment-log"):
            yield reverse(name, args=["acme", deployment.pk])
    for pattern in admin_site.ADDRESSES:
        yield admin_site.address(pattern, environment)


def test_no_address_shows_a_secret(environment: Environment, root: Client) -> None:
    shown = []
    for where in addresses(environment):
        for headers in ({}, {"HX-Request": "true"}):
            if SECRET in text(root.get(where, headers=headers)):
                shown.append(where)
    assert not shown


def forms_of(environment: Environment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Both editors of variables, on the pages and in the admin site."""
    application = environment.application
    yield reverse("environment-settings", args=["acme", environment.env_id]), {"what": "variables"}
    yield reverse("application-settings", args=["acme", application.name]), {"what": "variables"}
    for model, row in (("environment", environment), ("application", application)):
        where = reverse(f"admin:environments_{model}_change", args=[row.pk])
        yield where, {"section": "variables"}


def test_what_is_refused_shows_what_was_typed_and_no_stored_secret(
    environment: Environment, root: Client
) -> None:
    for where, fields in forms_of(environment):
        kept = "defaults:\n- {key: TOKEN, secret: true}\n- {key: SIZE, value: 'n'}\n"
        saved = root.post(where, {**fields, "text": kept.replace("n", "5"), "opened_on": 1})
        if saved.status_code not in (302, 303):  # the other door saved this one just before
            assert saved.status_code == 409, where
        late = root.post(where, {**fields, "text": kept.replace("'n'", "'6'"), "opened_on": 1})
        assert late.status_code == 409, where
        assert SECRET not in text(late)
        assert "- {key: SIZE, value: &#x27;6&#x27;}" in text(late)
        assert 'class="added"' in text(late), "the difference"
        wrong = root.post(where, {**fields, "text": "defaults: 5\n", "opened_on": 2})
        assert wrong.status_code == 422, where
        assert SECRET not in text(wrong)
    kept_one = environment.versions.get(number=2)
    assert SECRET.encode() not in bytes(kept_one.variables)


def test_the_output_of_a_service_is_in_nothing_that_a_member_may_read(
    world: World, environment: Environment
) -> None:
    mia = world.person("mia", Role.MEMBER).user
    client = Client()
    client.force_login(mia)  # type: ignore[arg-type]
    told = []
    for pattern in pages.patterns():
        if pages.RULES[str(pattern.name)].read is None:
            continue
        where = pages.address(pattern, environment)
        for headers in ({}, {"HX-Request": "true"}):
            if OUTPUT in text(client.get(where, headers=headers)):
                told.append(where)
    assert not told
    assert "Its output is shown to those" in text(
        client.get(reverse("deployment", args=["acme", world.last(environment).pk]))
    )
