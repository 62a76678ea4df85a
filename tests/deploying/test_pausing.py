"""Pause and resume: no instance of any service, and then the same ones again."""

from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import TimeMachineFixture

from environments import tasks, wiring
from environments.actions import pausing
from environments.actions.asking import NotAllowed, Refused
from environments.core.ports import ObjectName, Route, Step
from environments.engines.memory import READY
from environments.models import Deployment, Environment, Role
from environments.services import routes
from tests.deploying.acts import (
    FAILS,
    PATCH,
    SETUP,
    TEARDOWN,
    applied,
    ask,
    claim_ports,
    members_of,
    run,
    save,
    share_of,
    states,
    text_of,
)
from tests.world import World, services

CRON = "cron_jobs:\n- {name: report, image: x, command: [report], schedule: '*/5 * * * *'}\n"


@pytest.fixture
def shop(world: World) -> Environment:
    world.application("backend", services("api", "db"))
    application = world.application("shop", services("web", imports=["backend"], more=CRON))
    return world.deployed(application)


def pause(world: World, environment: Environment) -> Deployment:
    deployment = pausing.pause(world.operator, environment)
    world.work()
    return fresh(deployment, environment)


def resume(world: World, environment: Environment) -> Deployment:
    deployment = pausing.resume(world.operator, environment)
    world.work()
    return fresh(deployment, environment)


def fresh(deployment: Deployment, environment: Environment) -> Deployment:
    deployment.refresh_from_db()
    environment.refresh_from_db()
    environment.namespace.refresh_from_db()
    return deployment


def test_no_service_runs_until_it_is_resumed_and_then_the_same(
    world: World, shop: Environment
) -> None:
    before = {one.name: one.revision for one in world.engine.observe(shop.namespace.name)}
    running = shop.running
    paused = pause(world, shop)
    assert (paused.status, shop.status, shop.own_status) == ("paused", "paused", "paused")
    assert members_of(shop)["backend"].status == "paused"
    assert states(paused) == {"services.web": "ready"}
    assert states(share_of(paused, members_of(shop)["backend"])) == {
        "services.api": "ready",
        "services.db": "ready",
    }
    assert world.running(shop) == set()
    assert shop.running == running
    assert shop.namespace.paused_at is not None

    resumed = resume(world, shop)
    assert (resumed.status, shop.status) == ("deployed", "deployed")
    after = {one.name: one.revision for one in world.engine.observe(shop.namespace.name)}
    assert after == before
    assert shop.running == running
    assert shop.namespace.paused_at is None


@pytest.fixture
def claimed(shop: Environment) -> Environment:
    claim_ports(shop)
    return shop


def test_its_addresses_lead_to_where_it_is_resumed(world: World, claimed: Environment) -> None:
    pause(world, claimed)
    assert {route.paused for route in routes.routes()} == {claimed.page}
    resume(world, claimed)
    assert {route.paused for route in routes.routes()} == {""}


def test_it_is_called_paused_when_its_addresses_lead_there(
    world: World, claimed: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads "Paused" and opens the address at once must find the page that says so."""
    written: list[tuple[str, set[str]]] = []

    def publish(found: list[Route], **_: object) -> None:
        claimed.refresh_from_db()
        written.append((claimed.status, {route.paused for route in found}))

    monkeypatch.setattr(wiring.ingress(), "publish", publish)
    pause(world, claimed)
    assert claimed.status == "paused"
    assert written[-1] == ("deploying", {claimed.page})


def test_services_come_back_in_the_order_of_the_setup(world: World, shop: Environment) -> None:
    pause(world, shop)
    world.engine.steps.clear()
    resume(world, shop)
    assert applied(world)[-1] == "web"


def test_what_is_resumed_is_what_was_applied_last_service_by_service(
    world: World, shop: Environment
) -> None:
    backend = members_of(shop)["backend"]
    commit = world.repositories["backend"].commit({"a.txt": "2"})
    assert run(world, backend, PATCH).commit == commit
    pause(world, shop)
    resumed = resume(world, shop)
    assert share_of(resumed, backend).commit == commit
    backend.refresh_from_db()
    assert backend.running is not None
    assert backend.running.commit == commit


def test_what_is_saved_meanwhile_waits_for_a_setup(world: World, shop: Environment) -> None:
    pause(world, shop)
    save(world, shop, text_of(shop).replace("image:1", "image:2"))
    resume(world, shop)
    pods = [
        one["spec"]["template"]["spec"]
        for step in world.engine.steps
        for one in step.manifests
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "web"
    ]
    assert {str(pod["containers"][0]["image"]) for pod in pods} == {"example/image:1"}
    assert shop.running is not None
    assert shop.running.version_shown != shop.version


def test_while_it_is_paused_nothing_is_deployed_but_it_can_be_removed(
    world: World, shop: Environment
) -> None:
    pausing.pause(world.operator, shop)
    for kind in (SETUP, PATCH):
        with pytest.raises(Refused, match="is being paused"):
            ask(world, shop, kind)
    world.work()
    for environment in (shop, members_of(shop)["backend"]):
        with pytest.raises(Refused, match=r"is paused\. Resume it first\."):
            ask(world, environment, PATCH)
    with pytest.raises(Refused, match="is paused"):
        pausing.pause(world.operator, shop)
    assert run(world, shop, TEARDOWN).status == "removed"


def test_a_deployment_may_wait_behind_the_end_of_a_pause(world: World, shop: Environment) -> None:
    pause(world, shop)
    pausing.resume(world.operator, shop)
    later = ask(world, shop, SETUP)
    world.work()
    later.refresh_from_db()
    assert later.status == "deployed"


def test_only_what_is_paused_is_resumed(world: World, shop: Environment) -> None:
    with pytest.raises(Refused, match="is not paused"):
        pausing.resume(world.operator, shop)


def test_before_a_first_setup_there_is_nothing_to_pause(world: World) -> None:
    world.engine.expect("web", FAILS)
    environment = world.deployed(world.application("shop", services("web")))
    with pytest.raises(Refused, match="has never been set up"):
        pausing.pause(world.operator, environment)


def test_an_imported_one_rests_with_its_importer(world: World, shop: Environment) -> None:
    with pytest.raises(Refused, match="brought by"):
        pausing.pause(world.operator, members_of(shop)["backend"])


def test_it_is_the_owner_s_to_pause(world: World, shop: Environment) -> None:
    somebody = world.person("eve", Role.MEMBER)
    for act in (pausing.pause, pausing.resume):
        with pytest.raises(NotAllowed, match="only its owner"):
            act(somebody, shop)


def test_one_that_does_not_come_back_is_told_and_can_be_tried_again(
    world: World, shop: Environment
) -> None:
    pause(world, shop)
    world.engine.expect("web", FAILS)
    failed = resume(world, shop)
    assert (failed.status, shop.status) == ("failed", "failed")
    assert failed.reason.startswith("web of shop failed")
    assert members_of(shop)["backend"].own_status == "deployed"
    world.engine.expect("web", READY)
    world.engine.remove(shop.namespace.name, [ObjectName("Deployment", "web")])
    assert resume(world, shop).status == "deployed"


def test_a_worker_that_dies_in_between_changes_nothing(
    world: World, shop: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    pausing.pause(world.operator, shop)
    apply = world.engine.apply

    def once(step: Step) -> None:
        monkeypatch.setattr(world.engine, "apply", apply)
        raise KeyboardInterrupt

    monkeypatch.setattr(world.engine, "apply", once)
    with pytest.raises(KeyboardInterrupt):
        world.work()
    Deployment.objects.filter(environment=shop).update(lease_until=None)
    tasks.send(world.last(shop).pk)
    world.work()
    shop.refresh_from_db()
    assert shop.status == "paused"
    assert world.running(shop) == set()


def test_cron_jobs_rest_too_and_go_on_after_it(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    def runs() -> int:
        time_machine.shift(timedelta(minutes=6))
        tasks.run_cron_jobs()
        seen = world.engine.observe(shop.namespace.name)
        return sum(one.workload.startswith("report-") for one in seen)

    time_machine.move_to(timezone.now(), tick=False)
    assert runs() == 1
    pause(world, shop)
    assert runs() == 1
    resume(world, shop)
    assert runs() == 2
    assert runs() == 3


def test_a_pause_does_not_let_it_live_longer_but_a_person_who_resumes_does(
    world: World, shop: Environment
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    Environment.objects.filter(pk=shop.pk).update(expires_at=soon)
    pause(world, shop)
    resume(world, shop)
    assert shop.expires_at == soon
    pause(world, shop)
    pausing.resume(world.person("ana"), shop)
    world.work()
    shop.refresh_from_db()
    assert shop.expires_at is not None
    assert shop.expires_at > soon
