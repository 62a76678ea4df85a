"""What two might take at the same moment: names, handles, host names, ports."""

import re
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions.asking import Refused
from environments.actions.environments import delete_environment
from environments.core.ports import EngineTraits, LocalPorts
from environments.loopback import free_ports
from environments.models import Application, Environment, HostClaim, PortClaim
from environments.services import handles, running, writing
from tests.deploying.acts import SETUP, run, save
from tests.world import World, services

HOSTED = services("web", more="hostnames:\n- web: shop.localhost\n")


@pytest.fixture
def shop(world: World) -> Application:
    return world.application("shop", services("web"))


def test_a_handle_is_ted_and_four_digits_that_nobody_living_has(
    world: World, shop: Application
) -> None:
    first = world.create(shop, name="one")
    assert re.fullmatch("ted[0-9a-f]{4}", first.env_id)
    drawn = iter([f"{first.env_id[3:]}00", "123456"])
    assert handles.new_env_id(random_hex=lambda size: next(drawn)) == "ted1234"


def test_when_a_quarter_is_taken_a_handle_has_five_digits(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handles, "_CROWDED", 2)
    world.create(shop, name="one")
    assert re.fullmatch("ted[0-9a-f]{4}", world.create(shop, name="two").env_id)
    assert re.fullmatch("ted[0-9a-f]{5}", world.create(shop, name="three").env_id)


def test_a_generated_name_that_is_taken_gets_a_number(world: World, shop: Application) -> None:
    names = [world.create(shop).name for _ in range(3)]
    assert names == ["operator-main", "operator-main-2", "operator-main-3"]


def test_a_number_fits_behind_the_longest_name(world: World, shop: Application) -> None:
    longest = "x" * 63
    assert handles.free_name(shop, longest) == longest
    world.create(shop, name=longest)
    assert handles.free_name(shop, longest) == "x" * 61 + "-2"


def test_two_runs_that_name_their_imports_alike_at_once_both_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = world.application("backend", services("api"))
    world.deployed(backend, name="one")
    application = world.application("a", services("a", imports=["backend"]))
    environment = world.create(application, name="one")
    named: list[str] = []

    def free_name(application: Application, wanted: str) -> str:
        """The first answer is from before the other's commit."""
        named.append(wanted if not named else handles.free_name(application, wanted))
        return named[-1]

    monkeypatch.setattr(writing, "free_name", free_name)
    world.work()
    environment.refresh_from_db()
    assert environment.status == "deployed"
    assert named == ["one", "one-2"]
    assert environment.imported.get().name == "one-2"


def test_a_host_that_another_run_took_meanwhile_is_named_with_its_holder(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = world.deployed(world.application("other", services("web")), name="other")
    environment = world.create(world.application("shop", HOSTED), name="mine")
    claim = running._claim_names

    def too_late(*given: Any) -> bool:
        HostClaim.objects.create(host="shop.localhost", namespace=other.namespace)
        return claim(*given)

    monkeypatch.setattr(running, "_claim_names", too_late)
    world.work()
    deployment = world.last(environment)
    assert deployment.status == "failed"
    assert deployment.reason == (
        f"The host shop.localhost of shop is taken: it leads to {other.namespace.name}. "
        "Use ${env_id} in the pattern, or remove the other one."
    )
    assert not world.running(environment)


def test_a_host_is_free_again_when_its_holder_has_gone(world: World) -> None:
    application = world.application("shop", HOSTED)
    first = world.deployed(application, name="one")
    with pytest.raises(Refused, match=r"shop\.localhost of shop is taken"):
        world.create(application, name="two")
    delete_environment(world.operator, first)
    world.work()
    assert world.deployed(application, name="two").status == "deployed"


def test_a_host_that_the_template_names_no_more_is_free_at_once(world: World) -> None:
    application = world.application("shop", HOSTED)
    environment = world.deployed(application, name="one")
    save(world, environment, services("web"))
    assert run(world, environment, SETUP).status == "deployed"
    assert world.deployed(application, name="two").status == "deployed"


def test_a_port_that_another_run_took_meanwhile_is_replaced(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    traits = EngineTraits("memory", True, LocalPorts.EVERY, True, True)
    settings.ENGINES = {"memory": ("environments.engines.memory.MemoryEngine", {"traits": traits})}
    wiring.engine.cache_clear()
    application = world.application("shop", services("web"))
    first = world.deployed(application, name="one")
    taken = PortClaim.objects.get().number
    asked: list[int] = []

    def found(count: int, *, taken: frozenset[int], near: str) -> tuple[int, ...]:
        asked.append(count)
        return (first_number,) if len(asked) == 1 else free_ports(count, taken=taken, near=near)

    first_number = taken
    monkeypatch.setattr("environments.services.writing.free_ports", found)
    second = world.deployed(application, name="two")
    assert (first.status, second.status) == ("deployed", "deployed")
    assert asked == [1, 1]
    assert PortClaim.objects.values("number").distinct().count() == 2


def test_a_name_that_was_given_and_is_taken_meanwhile_is_refused(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create(shop, name="one")
    answers = iter([False, True])
    monkeypatch.setattr("environments.actions.drafts._is_taken", lambda draft: next(answers))
    with pytest.raises(Refused, match=r"shop has an environment one already\."):
        world.create(shop, name="one")
    assert Environment.objects.count() == 1


def test_a_handle_that_is_taken_meanwhile_is_drawn_again(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.create(shop, name="one")
    drawn = iter([first.env_id, "ted7777"])
    monkeypatch.setattr("environments.actions.environments.new_env_id", lambda: next(drawn))
    assert world.create(shop, name="two").env_id == "ted7777"
