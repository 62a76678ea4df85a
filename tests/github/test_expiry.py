"""Ephemeral environments end some days after their last deployment."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from environments.automation.expiring import expire
from environments.models import Account, DeploymentKind, Environment, PullRequestPolicy, Role
from tests.deploying.acts import run
from tests.github.conftest import Hub
from tests.world import World, services


def days_left(environment: Environment) -> float:
    """Until it ends."""
    environment.refresh_from_db()
    assert environment.expires_at is not None
    return (environment.expires_at - timezone.now()) / timedelta(days=1)


def let_time_pass(environment: Environment, days: int) -> None:
    """It would end so much sooner."""
    environment.refresh_from_db()
    assert environment.expires_at is not None
    until = environment.expires_at - timedelta(days=days)
    Environment.objects.filter(pk=environment.pk).update(expires_at=until)


def test_it_ends_a_week_after_its_last_deployment(world: World) -> None:
    world.application("backend")
    shop = world.deployed(world.application("shop", services("web", imports=["backend"])))
    assert days_left(shop) == pytest.approx(7, abs=0.01)
    assert shop.imported.get().expires_at is None
    let_time_pass(shop, 6)
    run(world, shop, DeploymentKind.SETUP)
    assert days_left(shop) == pytest.approx(7, abs=0.01)
    let_time_pass(shop, 6)
    expire()
    assert not world.queue
    let_time_pass(shop, 1)
    expire()
    expire()
    world.work()
    shop.refresh_from_db()
    assert shop.status == "removed"
    assert shop.deployments.filter(kind=DeploymentKind.TEARDOWN).count() == 1
    assert world.last(shop).asked_by_name == "expiry"


def test_a_permanent_one_does_not_end(world: World) -> None:
    shop = world.deployed(world.application("shop"), type="permanent")
    assert shop.expires_at is None
    expire()
    assert not world.queue


def test_an_account_may_choose_how_long(world: World, client: Client) -> None:
    owner = world.person("ann", Role.OWNER).user
    assert isinstance(owner, User)
    client.force_login(owner)
    assert client.post("/acme/ephemeral", {"days": "-1"}).status_code == 422
    assert client.post("/acme/ephemeral", {"days": "30"}).status_code == 303
    assert Account.objects.get().ephemeral_days == 30
    shop = world.deployed(world.application("shop"))
    assert days_left(shop) == pytest.approx(30, abs=0.01)
    client.post("/acme/ephemeral", {"days": "0"})
    assert world.deployed(world.application("docs")).expires_at is None
    mia = world.person("mia", Role.MEMBER).user
    assert isinstance(mia, User)
    client.force_login(mia)
    assert client.post("/acme/ephemeral", {"days": "1"}).status_code == 403


def test_who_may_change_it_extends_it(world: World, client: Client) -> None:
    owner, other = world.person("mia", Role.MEMBER), world.person("ivo", Role.MEMBER)
    shop = world.create(world.application("shop"), actor=owner)
    let_time_pass(shop, 5)
    page = f"/acme/environments/{shop.env_id}/"
    for person, status, left in ((other, 403, 2), (owner, 303, 7)):
        assert isinstance(person.user, User)
        client.force_login(person.user)
        text = client.get(page).content.decode()
        assert "expires" in text
        assert ("Extend" in text) == (person is owner)
        assert client.post(f"{page}extend").status_code == status
        assert days_left(shop) == pytest.approx(left, abs=0.01)


def test_a_pull_request_whose_environment_expired_gets_one_with_a_new_commit(hub: Hub) -> None:
    hub.application("shop", branches=["login"])
    hub.world.account.applications.update(pull_requests_get=PullRequestPolicy.ALL)
    number = hub.opens("shop", "login")
    hub.work()
    first = Environment.objects.get()
    let_time_pass(first, 7)
    expire()
    hub.work()
    hub.about("shop", number, "labeled")
    hub.work()
    assert not Environment.objects.filter(removed_at=None).exists()
    assert "its environment was removed" in hub.ledger[-1][1]
    hub.push("shop", "login")
    hub.about("shop", number, "synchronize")
    hub.work()
    assert Environment.objects.filter(removed_at=None).count() == 1
