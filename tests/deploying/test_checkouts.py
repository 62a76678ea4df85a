"""Working folders and loopback ports, on an engine that runs the repositories' code."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions import deployments
from environments.actions.environments import delete_environment
from environments.core.ports import EngineTraits, GitHostError, LocalPorts
from environments.engines.memory import READY
from environments.models import Application, Environment, PortClaim
from tests.deploying.acts import FAILS, PATCH, SETUP, STARTS, run, save, save_with, take_up, text_of
from tests.world import World

TRAITS = EngineTraits("memory", False, LocalPorts.EVERY, True, True)
ENGINE = ("environments.engines.memory.MemoryEngine", {"traits": TRAITS})


def code(*names: str, more: str = "") -> str:
    """A template of services that run the code of their repository."""
    each = (
        "- name: {0}\n  has_repo: true\n  command: [run]\n"
        "  ports: [{{type: node_port, target_port: 80}}]\n"
    )
    return "services:\n" + "".join(each.format(name) for name in names) + more


ORDER = "workflows:\n- {name: setup, order_from: [services.a, services.b]}\n"
PATCH_ONE = f"{ORDER}- {{name: patch, order_from: [services.a]}}\n"


@pytest.fixture
def on_code(settings: Settings, world: World) -> World:
    settings.ENGINES = {"memory": ENGINE}
    wiring.engine.cache_clear()
    return world


@pytest.fixture
def shop(on_code: World) -> Application:
    return on_code.application("shop", code("a", "b", more=ORDER))


def folders(environment: Environment, settings: Settings) -> set[str]:
    """The commits of which the environment has a working folder."""
    root: Path = settings.RELEASECLONE.data / "checkouts" / environment.namespace.name
    own = root / environment.env_id
    notes = {f".{folder.name}.checkout" for folder in own.glob("[!.]*")}
    found = {one.name for one in own.iterdir()} if own.exists() else set()
    assert notes <= found
    return found - notes


def used(world: World, environment: Environment) -> dict[str, str]:
    """The commit that each service of the namespace runs from."""
    seen = world.engine.observe(environment.namespace.name)
    return {one.workload: one.folder.name for one in seen if one.folder}


def test_each_deployment_has_its_own_and_the_old_one_goes_after_the_switch(
    on_code: World, shop: Application, settings: Settings
) -> None:
    environment = on_code.deployed(shop)
    first = on_code.last(environment).commit
    assert folders(environment, settings) == {first}
    second = on_code.repositories["shop"].commit({"x": "1"})
    on_code.engine.expect("a", STARTS)
    deployments.deploy(on_code.operator, environment, PATCH)
    take_up(on_code)
    assert folders(environment, settings) == {first, second}
    on_code.engine.expect("a", READY)
    on_code.work()
    assert folders(environment, settings) == {second}
    assert used(on_code, environment) == {"a": second, "b": second}


def test_a_setup_that_failed_halfway_takes_no_code_from_what_runs(
    on_code: World, shop: Application, settings: Settings
) -> None:
    environment = on_code.deployed(shop)
    first = on_code.last(environment).commit
    second = on_code.repositories["shop"].commit({"x": "1"})
    on_code.engine.expect("a", FAILS)
    assert run(on_code, environment, SETUP).status == "failed"
    assert used(on_code, environment) == {"a": second, "b": first}
    assert folders(environment, settings) == {first, second}
    on_code.engine.expect("a", READY)
    third = on_code.repositories["shop"].commit({"x": "2"})
    assert run(on_code, environment, SETUP).status == "deployed"
    assert folders(environment, settings) == {third}


def test_a_patch_of_some_takes_no_code_from_the_others(on_code: World, settings: Settings) -> None:
    environment = on_code.deployed(on_code.application("shop", code("a", "b", more=PATCH_ONE)))
    first = on_code.last(environment).commit
    second = on_code.repositories["shop"].commit({"x": "1"})
    assert run(on_code, environment, PATCH).status == "deployed"
    assert used(on_code, environment) == {"a": second, "b": first}
    assert folders(environment, settings) == {first, second}


def test_an_ignored_import_keeps_its_code_and_ports(on_code: World, settings: Settings) -> None:
    on_code.application("backend", code("api"))
    importing = code("web", more="app_imports:\n- name: backend\n")
    environment = on_code.deployed(on_code.application("frontend", importing))
    imported = environment.imported.get()
    before = folders(imported, settings)
    ports = set(PortClaim.objects.filter(workload="api").values_list("number", flat=True))
    ignoring = text_of(environment).rstrip() + "\n  ignore_deployment_refs: [main]\n"
    save(on_code, environment, ignoring)
    for repository in on_code.repositories.values():
        repository.commit({"x": "1"})
    assert run(on_code, environment, SETUP).status == "deployed"
    assert folders(imported, settings) == before == {used(on_code, environment)["api"]}
    assert len(ports) == 1
    assert set(PortClaim.objects.filter(workload="api").values_list("number", flat=True)) == ports


def test_what_left_leaves_neither_folder_nor_port(on_code: World, settings: Settings) -> None:
    on_code.application("backend", code("api"))
    importing = code("web", more="app_imports:\n- name: backend\n")
    environment = on_code.deployed(on_code.application("frontend", importing))
    imported = environment.imported.get()
    save_with(on_code, environment)
    assert run(on_code, environment, SETUP).status == "deployed"
    assert folders(imported, settings) == set()
    assert set(PortClaim.objects.values_list("workload", flat=True)) == {"web"}
    delete_environment(on_code.operator, environment)
    on_code.work()
    assert not PortClaim.objects.exists()
    assert not (settings.RELEASECLONE.data / "checkouts" / environment.namespace.name).exists()


def test_a_port_is_kept_over_deployments_and_given_back_with_its_service(
    on_code: World, shop: Application
) -> None:
    environment = on_code.deployed(shop)
    before = dict(PortClaim.objects.values_list("workload", "number"))
    assert set(before) == {"a", "b"}
    on_code.repositories["shop"].commit({"x": "1"})
    run(on_code, environment, SETUP)
    assert dict(PortClaim.objects.values_list("workload", "number")) == before
    save(on_code, environment, code("a"))
    run(on_code, environment, SETUP)
    assert dict(PortClaim.objects.values_list("workload", "number")) == {"a": before["a"]}


def test_code_that_cannot_be_checked_out_fails_the_run_before_anything_is_applied(
    on_code: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = on_code.deployed(shop)
    before = list(on_code.engine.steps)
    on_code.repositories["shop"].commit({"x": "1"})
    host = wiring.git_host("git")

    def full(*given: object, **more: object) -> None:
        raise GitHostError("the disk is full")

    monkeypatch.setattr(host, "checkout", full)
    setup = run(on_code, environment, SETUP)
    assert (setup.status, setup.reason) == (
        "failed",
        "The code could not be checked out: the disk is full",
    )
    assert on_code.engine.steps == before
    assert not setup.tasks.filter(state__in=("waiting", "applied")).exists()
