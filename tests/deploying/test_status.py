"""The status of an environment: its newest deployment that began, and the worst of its members."""

import pytest

from environments.engines.memory import READY
from environments.models import Application, Environment
from tests.deploying.acts import FAILS, PATCH, SETUP, STARTS, ask, members_of, run, take_up
from tests.world import World, services

CODE = "  has_repo: true\n  image: example/image:1\n"


@pytest.fixture
def shop(world: World) -> Application:
    def code(text: str) -> str:
        return text.replace("  image: example/image:1\n", CODE)

    world.application("backend", code(services("api")))
    return world.application("shop", code(services("web", imports=["backend"])))


def statuses(environment: Environment) -> dict[str, tuple[str, str]]:
    """By application: the environment's own, and what is shown."""
    return {
        name: (str(member.own_status), str(member.status))
        for name, member in members_of(environment).items()
    }


def test_it_goes_from_new_to_deployed(world: World, shop: Application) -> None:
    world.engine.expect("api", STARTS)
    environment = world.create(shop)
    assert statuses(environment) == {"shop": ("waiting", "waiting")}
    take_up(world)
    assert statuses(environment) == {
        "backend": ("deploying", "deploying"),
        "shop": ("deploying", "deploying"),
    }
    world.engine.expect("api", READY)
    world.work()
    assert statuses(environment) == {
        "backend": ("deployed", "deployed"),
        "shop": ("deployed", "deployed"),
    }


def test_the_importers_is_the_worst_of_its_members(world: World, shop: Application) -> None:
    environment = world.deployed(shop)
    world.repositories["backend"].commit({"x": "1"})
    world.engine.expect("api", FAILS)
    run(world, members_of(environment)["backend"], PATCH)
    assert statuses(environment) == {
        "backend": ("failed", "failed"),
        "shop": ("deployed", "failed"),
    }


def test_a_run_in_progress_is_shown_before_an_older_failure(
    world: World, shop: Application
) -> None:
    environment = world.deployed(shop)
    imported = members_of(environment)["backend"]
    world.repositories["backend"].commit({"x": "1"})
    world.engine.expect("api", FAILS)
    run(world, imported, PATCH)
    ask(world, environment, PATCH)
    assert statuses(environment)["shop"] == ("waiting", "waiting")
    world.repositories["shop"].commit({"x": "1"})
    world.engine.expect("web", STARTS)
    take_up(world)
    assert statuses(environment) == {
        "backend": ("failed", "failed"),
        "shop": ("deploying", "deploying"),
    }
    world.engine.expect("web", READY)
    world.work()
    assert statuses(environment)["shop"] == ("deployed", "failed")
    world.engine.expect("api", READY)
    run(world, imported, PATCH)
    assert statuses(environment)["shop"] == ("deployed", "deployed")


def test_what_is_deployed_again_is_deployed_whatever_failed_before(
    world: World, shop: Application
) -> None:
    world.engine.expect("api", FAILS)
    environment = world.deployed(shop)
    assert statuses(environment) == {
        "backend": ("failed", "failed"),
        "shop": ("failed", "failed"),
    }
    world.engine.expect("api", READY)
    run(world, environment, SETUP)
    assert statuses(environment)["shop"] == ("deployed", "deployed")


def test_an_import_that_no_run_has_reached_yet_is_new_and_so_is_its_importer(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(shop)
    world.application("late", services("web"))  # meets the importer's own service
    text = environment.versions.get().template
    version = environment.versions.get()
    environment.versions.create(
        number=2,
        template=text.replace("- name: backend", "- name: backend\n- name: late"),
        variables=version.variables,
        change="by test",
    )
    Environment.objects.filter(pk=environment.pk).update(number=2)
    environment.refresh_from_db()
    setup = run(world, environment, SETUP)
    assert setup.status == "failed"
    assert "The service web is in" in setup.reason
    assert statuses(environment)["late"] == ("new", "new")
    assert world.running(environment) == {"api", "web"}
    run(world, environment, PATCH)
    assert statuses(environment)["shop"] == ("deployed", "new")
