"""An engine that was switched off: everywhere a sentence, nowhere a page that breaks."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions import deployments as asks
from environments.actions.asking import Refused
from environments.actions.environments import delete_environment
from environments.core.ports import EngineError, Phase
from environments.engines.memory import READY, Outlook
from environments.models import Application, Deployment, DeploymentKind
from environments.services import rendering
from tests.deploying.acts import take_up
from tests.world import World

OFF = "The engine memory is not available here"


@pytest.fixture
def shop(world: World) -> Application:
    return world.application("shop")


def switch_off(settings: Settings) -> None:
    """As a start with other settings does."""
    settings.ENGINES = {}
    wiring.engine.cache_clear()


def test_pages_and_acts_say_that_the_engine_is_off(
    world: World, shop: Application, settings: Settings
) -> None:
    ana = world.person("ana")
    environment = world.deployed(shop)
    browser = Client(raise_request_exception=False)
    assert ana.user is not None
    browser.force_login(ana.user)
    switch_off(settings)
    at = f"/acme/environments/{environment.env_id}/"
    for address in (at, f"{at}instances/shop-0", f"{at}deploy/setup"):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert OFF in answer.content.decode(), address
    with pytest.raises(Refused, match=OFF):
        world.create(shop)
    for act in (DeploymentKind.SETUP, DeploymentKind.TEARDOWN):
        asks.deploy(world.operator, environment, act)
        world.work()
        last = world.last(environment)
        assert last.status == "failed"
        assert OFF in last.reason


def test_an_engine_that_is_switched_off_while_it_deploys_is_waited_for(
    world: World, shop: Application, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.engine.expect("shop", Outlook(Phase.STARTING, False, "starts"))
    environment = world.create(shop)
    take_up(world)
    engine = world.engine
    switch_off(settings)
    take_up(world)
    assert world.last(environment).status == "running"
    monkeypatch.setattr(wiring, "engine_of", lambda context: engine)
    engine.expect("shop", READY)
    world.work()
    assert world.last(environment).status == "deployed"


def test_what_ran_is_removed_once_the_engine_is_on_again(
    world: World, shop: Application, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(shop)
    engine = world.engine
    switch_off(settings)
    delete_environment(world.operator, environment)
    world.work()
    assert world.last(environment).status == "failed"
    monkeypatch.setattr(wiring, "engine_of", lambda context: engine)
    delete_environment(world.operator, environment)
    world.work()
    assert world.last(environment).status == "removed"
    assert engine.remains(environment.namespace.name) == ()


def test_an_engine_that_goes_before_the_code_is_checked_out_ends_the_run_with_a_sentence(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(deployment: Deployment, pins: object) -> dict[int, str]:
        raise EngineError("no socket at /run/engine.sock.")

    monkeypatch.setattr(rendering, "check_out", away)
    environment = world.deployed(shop)
    deployment = world.last(environment)
    assert deployment.status == "failed"
    assert deployment.reason == "The engine does not answer: no socket at /run/engine.sock."
