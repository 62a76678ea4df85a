"""A branch that comes late in an imported repository, or goes: offered, and never just done."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.automation.reconciling import reconcile
from environments.models import Application, DeploymentKind, Environment, Role
from tests.deploying.acts import run
from tests.github.conftest import Hub
from tests.github.server import failing
from tests.world import services


@pytest.fixture
def shop(hub: Hub) -> Environment:
    """On ``login``, which backend has not."""
    hub.application("backend")
    frontend = hub.application("frontend", services("web", imports=["backend"]), branches=["login"])
    return hub.world.deployed(frontend, "login")


def page_of(hub: Hub, client: Client, environment: Environment) -> str:
    user, _ = User.objects.get_or_create(username="ann")
    hub.world.account.memberships.get_or_create(user=user, defaults={"role": Role.OWNER})
    client.force_login(user)
    return client.get(f"/acme/environments/{environment.env_id}/").content.decode()


def bound(environment: Environment) -> str:
    return environment.imported.get(removed_at=None).branch


def test_it_is_offered_and_bound_by_a_setup(hub: Hub, shop: Environment, client: Client) -> None:
    assert bound(shop) == "main"
    reconcile()
    assert "would now be" not in page_of(hub, client, shop)
    hub.world.repositories["backend"].branch("login")
    reconcile()
    hub.world.work()
    assert bound(shop) == "main"
    page = page_of(hub, client, shop)
    assert 'would now be <span class="mono">login</span>' in page
    assert run(hub.world, shop, DeploymentKind.SETUP).status == "deployed"
    assert bound(shop) == "login"
    assert "would now be" not in page_of(hub, client, shop)


def test_one_that_goes_is_offered_too(hub: Hub, shop: Environment, client: Client) -> None:
    hub.world.repositories["backend"].branch("login")
    run(hub.world, shop, DeploymentKind.SETUP)
    hub.world.repositories["backend"].git("branch", "-D", "login")
    reconcile()
    hub.world.work()
    assert bound(shop) == "login"
    assert 'would now be <span class="mono">main</span>' in page_of(hub, client, shop)


def test_it_is_bound_by_itself_where_the_application_says_so(hub: Hub, shop: Environment) -> None:
    Application.objects.filter(name="frontend").update(rebinds_itself=True)
    hub.world.repositories["backend"].branch("login")
    reconcile()
    hub.world.work()
    assert bound(shop) == "login"
    assert hub.world.last(shop).asked_by_name == "a late branch"
    count = shop.deployments.count()
    reconcile()
    hub.world.work()
    assert shop.deployments.count() == count


@pytest.mark.parametrize("status", [401, 429, 500])
def test_without_an_answer_nothing_is_offered(
    hub: Hub, shop: Environment, client: Client, status: int
) -> None:
    Application.objects.filter(name="frontend").update(rebinds_itself=True)
    hub.server.answers("/", failing(status), times=99)
    reconcile()
    hub.world.work()
    assert bound(shop) == "main"
    assert "would now be" not in page_of(hub, client, shop)
