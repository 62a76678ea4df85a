"""Deleting removes all that was made, and nothing else."""

from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest
from django.utils import timezone
from time_machine import TimeMachineFixture

from environments import wiring
from environments.actions.applications import delete_application
from environments.actions.asking import Refused
from environments.actions.environments import delete_environment
from environments.core.ports import EngineError, ObjectName, Route
from environments.models import Application, Environment, HostClaim, PortClaim
from environments.services import routes, running
from tests.deploying.acts import (
    FAILS,
    SETUP,
    TEARDOWN,
    claim_ports,
    long_ago,
    run,
    save_with,
    share_of,
    states,
    take_up,
)
from tests.world import World, services

GOODBYE = (
    "jobs:\n- {{name: {0}-bye, image: x}}\n"
    "workflows:\n- {{name: setup, order_from: [services.all]}}\n"
    "- {{name: teardown, order_from: [jobs.{0}-bye, release.remove_environment]}}\n"
)


@pytest.fixture
def shop(world: World) -> Application:
    for name in ("b", "c"):
        world.application(name, services(name, more=GOODBYE.format(name)))
    return world.application("a", services("a", imports=["b", "c"], more=GOODBYE.format("a")))


def test_members_go_in_reverse_the_importer_first_each_with_its_own_teardown(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(shop)
    done: list[str] = []
    apply, remove = world.engine.apply, world.engine.remove

    def applying(step: object) -> None:
        name: str = step.manifests[-1]["metadata"]["name"]  # type: ignore[attr-defined]
        done.append(name[:5])
        apply(step)  # type: ignore[arg-type]

    def removing(namespace: str, names: list[ObjectName]) -> None:
        done.append("-" + "".join(one.name for one in names if one.kind == "Deployment"))
        remove(namespace, names)

    monkeypatch.setattr(world.engine, "apply", applying)
    monkeypatch.setattr(world.engine, "remove", removing)
    teardown = delete_environment(world.operator, environment)
    world.work()
    teardown.refresh_from_db()
    assert teardown.status == "removed"
    assert done == ["a-bye", "-a", "c-bye", "-c", "b-bye", "-b"]


def test_errors_on_the_way_out_are_noted_and_the_removal_comes_in_any_case(
    world: World, shop: Application
) -> None:
    environment = world.deployed(shop)
    imported = environment.imported.get(application__name="c")
    for name in ("a-bye", "c-bye"):
        world.engine.expect(name, FAILS)
    teardown = delete_environment(world.operator, environment)
    world.work()
    teardown.refresh_from_db()
    failed = "failed: the process ended with status 3"
    assert (teardown.status, teardown.reason) == ("removed", f"a-bye {failed}")
    share = share_of(teardown, imported)
    assert (share.status, share.reason) == ("removed", f"c-bye {failed}")
    assert states(teardown) == {"jobs.a-bye": "failed", "release.remove_environment": "ready"}
    assert not Environment.objects.filter(removed_at=None).exists()
    assert not world.engine.remains(environment.namespace.name)


def test_exactly_what_it_made_goes(world: World, shop: Application) -> None:
    kept, gone = world.deployed(shop, name="kept"), world.deployed(shop, name="gone")
    before = world.engine.observe(kept.namespace.name)
    routed = [route for route in routes.routes() if route.namespace == kept.namespace.name]
    delete_environment(world.operator, gone)
    world.work()
    assert world.engine.observe(kept.namespace.name) == before
    assert not world.engine.remains(gone.namespace.name)
    assert routes.routes() == routed
    assert set(HostClaim.objects.values_list("namespace", flat=True)) == {kept.namespace.pk}
    assert not PortClaim.objects.filter(namespace=gone.namespace).exists()
    kept.refresh_from_db()
    assert kept.status == "deployed"


def test_no_address_leads_to_a_port_that_is_given_back(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another environment may take the port at once: its service is not to answer here."""
    gone = world.deployed(shop, name="gone")
    claim_ports(gone)
    assert len(routes.routes()) == 3
    held: list[tuple[int, int]] = []

    def publish(found: list[Route], **_: object) -> None:
        held.append((len(found), PortClaim.objects.count()))

    monkeypatch.setattr(wiring.ingress(), "publish", publish)
    delete_environment(world.operator, gone)
    world.work()
    assert held == [(2, 3), (1, 3), (0, 3), (0, 0)]


def test_a_removed_one_stays_as_history_and_its_name_is_free(
    world: World, shop: Application
) -> None:
    first = world.deployed(shop, name="one")
    delete_environment(world.operator, first)
    world.work()
    first.refresh_from_db()
    assert (first.status, first.own_status) == ("removed", "removed")
    assert first.namespace.ended_at is not None
    assert [one.kind for one in first.deployments.order_by("pk")] == ["setup", "teardown"]
    second = world.deployed(shop, name="one")
    assert (second.name, second.status) == ("one", "deployed")


def test_a_first_setup_that_failed_can_be_deleted(world: World, shop: Application) -> None:
    world.engine.expect("b", FAILS)
    environment = world.deployed(shop)
    assert environment.status == "failed"
    teardown = delete_environment(world.operator, environment)
    world.work()
    teardown.refresh_from_db()
    assert teardown.status == "removed"
    assert not Environment.objects.filter(removed_at=None).exists()
    assert not world.engine.remains(environment.namespace.name)


def test_one_that_never_began_can_be_deleted(world: World, shop: Application) -> None:
    environment = world.create(shop)
    delete_environment(world.operator, environment)
    world.work()
    environment.refresh_from_db()
    assert environment.status == "removed"
    assert not world.engine.steps


def test_what_single_removals_leave_goes_with_the_whole_namespace(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(shop)
    monkeypatch.setattr(world.engine, "remove", lambda namespace, names: None)
    teardown = delete_environment(world.operator, environment)
    take_up(world)
    environment.refresh_from_db()
    assert environment.status == "removing"
    long_ago(teardown, 601)
    world.work()
    teardown.refresh_from_db()
    assert teardown.status == "removed"
    assert "release.remove_environment" in states(teardown)
    assert "still there after 600 s: a-0" in teardown.reason
    assert not world.engine.remains(environment.namespace.name)
    assert not Environment.objects.filter(removed_at=None).exists()


def test_what_cannot_be_removed_keeps_its_row_until_it_is_gone(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(shop)

    def stuck(namespace: str) -> None:
        raise EngineError("the daemon does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(world.engine, "destroy", stuck)
        teardown = delete_environment(world.operator, environment)
        world.work()
    teardown.refresh_from_db()
    environment.refresh_from_db()
    assert teardown.reason == "Something is left: the daemon does not answer. Delete again."
    assert (environment.status, environment.removed_at) == ("failed", None)
    assert run(world, environment, SETUP).status == "deployed"
    delete_environment(world.operator, environment)
    world.work()
    environment.refresh_from_db()
    assert environment.status == "removed"


def test_neither_repository_nor_its_copy_is_needed_to_delete(world: World, tmp_path: Path) -> None:
    mounting = services("web").replace(
        "  ports:",
        "  configmap: [{name: c, repo_path: conf.txt, mount_path: /conf.txt}]\n  ports:",
    )
    world.application("backend", mounting.replace("web", "api"), files={"conf.txt": "x"})
    template = f"{mounting}app_imports:\n- name: backend\n"
    shop = world.application("shop", template, files={"conf.txt": "x"})
    environment, other = world.deployed(shop, name="one"), world.deployed(shop, name="two")
    save_with(world, other)
    rmtree(world.repositories["backend"].folder)
    rmtree(tmp_path / "git-cache")
    setup = run(world, other, SETUP)
    assert setup.status == "deployed"
    assert world.running(other) == {"web"}
    rmtree(world.repositories["shop"].folder)
    rmtree(tmp_path / "git-cache")
    delete_environment(world.operator, environment)
    world.work()
    environment.refresh_from_db()
    assert environment.status == "removed"


def test_an_application_goes_once_nothing_of_it_lives(world: World, shop: Application) -> None:
    environment = world.deployed(shop)
    with pytest.raises(Refused, match="a has 1 living environments"):
        delete_application(world.operator, shop)
    delete_environment(world.operator, environment)
    world.work()
    delete_application(world.operator, shop)
    assert set(Application.objects.values_list("name", flat=True)) == {"b", "c"}
    assert not Environment.objects.filter(application__name="a").exists()


def test_what_needs_a_while_to_go_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.deployed(world.application("shop"))
    left = [("namespace x",), ("namespace x",), ()]
    monkeypatch.setattr(world.engine, "_traits", replace(world.engine.traits(), ending_seconds=60))
    monkeypatch.setattr(world.engine, "remains", lambda namespace: left.pop(0))
    monkeypatch.setattr(running, "_AGAIN_SECONDS", 0)
    assert run(world, environment, TEARDOWN).status == "removed"
    assert left == []


def test_what_does_not_go_in_its_time_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, time_machine: TimeMachineFixture
) -> None:
    environment = world.deployed(world.application("shop"))
    time_machine.move_to(timezone.now(), tick=False)
    looks: list[str] = []

    def remains(namespace: str) -> tuple[str, ...]:
        looks.append(namespace)
        time_machine.shift(20)
        return ("namespace x (finalizers)",)

    monkeypatch.setattr(world.engine, "_traits", replace(world.engine.traits(), ending_seconds=60))
    monkeypatch.setattr(world.engine, "remains", remains)
    monkeypatch.setattr(running, "_AGAIN_SECONDS", 0)
    ended = run(world, environment, TEARDOWN)
    assert ended.status == "failed"
    assert "Something is left: namespace x (finalizers). Delete again." in ended.reason
    assert len(looks) == 4
