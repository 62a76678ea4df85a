"""Cron jobs: when they run, with what, and when no longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import TimeMachineFixture

from environments import tasks
from environments.actions import pausing
from environments.actions.asking import Refused
from environments.core.ports import EngineError, EngineRefused, Step
from environments.engines.memory import DONE
from environments.models import Deployment, Environment, Task
from environments.services import schedules
from tests.deploying.acts import FAILS, PATCH, RUNS, SETUP, TEARDOWN, ask, reasons, run, save
from tests.deploying.deaths import Killed
from tests.world import World, services

START = datetime(2026, 3, 4, 11, 58, 30, tzinfo=UTC)
CRON = "cron_jobs:\n- {name: report, image: x, command: [report], schedule: '*/5 * * * *'}\n"


@pytest.fixture(autouse=True)
def _at_start(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(START, tick=False)


@pytest.fixture
def shop(world: World) -> Environment:
    return world.deployed(world.application("shop", services("web", more=CRON)))


def minutes_later(time_machine: TimeMachineFixture, minutes: float) -> None:
    time_machine.shift(timedelta(minutes=minutes))
    tasks.run_cron_jobs()


def runs(world: World, environment: Environment, cron_job: str = "report") -> list[str]:
    """The minutes of the runs that there are."""
    seen = world.engine.observe(environment.namespace.name)
    names = [one.workload for one in seen if one.workload.startswith(f"{cron_job}-")]
    times = sorted(int(name.rpartition("-")[2]) * 60 for name in names)
    return [datetime.fromtimestamp(time, UTC).strftime("%H:%M") for time in times]


def test_it_runs_when_its_schedule_says_and_not_before(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    assert reasons(world.last(shop))["cron_jobs.report"] == "runs at */5 * * * * (UTC)"
    tasks.run_cron_jobs()
    minutes_later(time_machine, 1)
    assert runs(world, shop) == []
    minutes_later(time_machine, 1)
    assert runs(world, shop) == ["12:00"]
    tasks.run_cron_jobs()
    minutes_later(time_machine, 5)
    assert runs(world, shop) == ["12:00", "12:05"]


def test_two_workers_start_a_run_once(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    due = Task.objects.get(kind="cron_job").next_run_at
    minutes_later(time_machine, 2)
    Task.objects.filter(kind="cron_job").update(next_run_at=due)
    tasks.run_cron_jobs()
    assert runs(world, shop) == ["12:00"]


def test_of_many_missed_runs_only_the_last_is_made_up_for(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    minutes_later(time_machine, 33)
    assert runs(world, shop) == ["12:30"]


def test_a_run_that_goes_on_is_not_joined_by_the_next(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    world.engine.expect("report", RUNS)
    minutes_later(time_machine, 2)
    minutes_later(time_machine, 5)
    assert runs(world, shop) == ["12:00"]
    world.engine.expect("report", DONE)
    minutes_later(time_machine, 5)
    assert runs(world, shop) == ["12:00", "12:10"]


def test_the_last_three_ended_runs_are_kept_whatever_became_of_them(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    minutes_later(time_machine, 2)
    world.engine.expect("report", FAILS)
    for _ in range(4):
        minutes_later(time_machine, 5)
    assert runs(world, shop) == ["12:05", "12:10", "12:15", "12:20"]
    minutes_later(time_machine, 1)
    assert len(runs(world, shop)) == 4


def test_a_deployment_leaves_the_runs_that_there_are(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    world.engine.expect("report", RUNS)
    minutes_later(time_machine, 2)
    assert run(world, shop, PATCH).status == "deployed"
    assert run(world, shop, SETUP).status == "deployed"
    assert runs(world, shop) == ["12:00"]


def test_after_a_change_it_runs_what_was_deployed_last(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    save(world, shop, services("web", more=CRON.replace("image: x", "image: y")))
    minutes_later(time_machine, 2)
    assert run(world, shop, SETUP).status == "deployed"
    minutes_later(time_machine, 5)
    images = [
        manifest["spec"]["template"]["spec"]["containers"][0]["image"]
        for step in world.engine.steps
        for manifest in step.manifests
        if manifest["kind"] == "Job"
    ]
    assert images == ["x", "y"]


def test_a_setup_that_fails_leaves_the_schedule_of_the_one_before(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    world.engine.expect("web", FAILS)
    assert run(world, shop, SETUP).status == "failed"
    minutes_later(time_machine, 2)
    assert runs(world, shop) == ["12:00"]


def test_one_that_left_the_template_runs_no_more(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    minutes_later(time_machine, 2)
    save(world, shop, services("web"))
    assert run(world, shop, SETUP).status == "deployed"
    minutes_later(time_machine, 5)
    assert runs(world, shop) == []
    assert not Task.objects.filter(next_run_at__isnull=False).exists()


def test_while_it_is_removed_nothing_begins(
    world: World, shop: Environment, time_machine: TimeMachineFixture
) -> None:
    ask(world, shop, TEARDOWN)
    minutes_later(time_machine, 2)
    assert runs(world, shop) == []
    world.work()
    minutes_later(time_machine, 5)
    assert runs(world, shop) == []
    assert not Task.objects.filter(next_run_at__isnull=False).exists()


def test_what_begins_in_the_moment_of_the_removal_is_taken_back(
    world: World,
    shop: Environment,
    time_machine: TimeMachineFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = world.engine.apply

    def apply(step: Step) -> None:
        monkeypatch.setattr(world.engine, "apply", original)
        assert run(world, shop, TEARDOWN).status == "removed"
        original(step)

    monkeypatch.setattr(world.engine, "apply", apply)
    minutes_later(time_machine, 2)
    assert world.engine.remains(shop.namespace.name) == ()


def test_an_engine_that_is_away_is_asked_again_and_one_that_refuses_is_not(
    world: World,
    shop: Environment,
    time_machine: TimeMachineFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [EngineError("away"), EngineRefused("no such image")]
    original = world.engine.apply

    def apply(step: Step) -> None:
        if answers:
            raise answers.pop(0)
        original(step)

    monkeypatch.setattr(world.engine, "apply", apply)
    minutes_later(time_machine, 2)
    tasks.run_cron_jobs()
    tasks.run_cron_jobs()
    assert (answers, runs(world, shop)) == ([], [])
    minutes_later(time_machine, 5)
    assert runs(world, shop) == ["12:05"]


def test_those_of_an_import_run_with_it(world: World, time_machine: TimeMachineFixture) -> None:
    world.application("backend", services("api", more=CRON))
    frontend = world.deployed(world.application("frontend", services("web", imports=["backend"])))
    minutes_later(time_machine, 2)
    assert runs(world, frontend) == ["12:00"]


def test_one_of_an_excluded_service_does_not_run(
    world: World, time_machine: TimeMachineFixture
) -> None:
    cron = "cron_jobs:\n- {name: report, from_services: api, schedule: '* * * * *'}\n"
    world.application("backend", services("api", "other", more=cron))
    imports = "app_imports:\n- name: backend\n  exclude_services: [{name: api}]\n"
    frontend = world.deployed(world.application("frontend", services("web", more=imports)))
    assert frontend.status == "deployed"
    minutes_later(time_machine, 2)
    assert runs(world, frontend) == []


def test_two_of_one_name_meet(world: World) -> None:
    world.application("backend", services("api", more=CRON))
    frontend = world.application("frontend", services("web", imports=["backend"], more=CRON))
    with pytest.raises(Refused) as refused:
        world.create(frontend)
    assert [one.id for one in refused.value.problems] == ["collision.job"]


def test_a_worker_that_dies_as_it_begins_leaves_none_that_never_runs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(task: Task) -> None:
        raise Killed

    environment = world.create(world.application("shop", services("web", more=CRON)))
    with monkeypatch.context() as patch:
        patch.setattr(schedules, "begin", dies)
        with pytest.raises(Killed):
            world.work()
    Deployment.objects.update(lease_until=None, sent_at=None)
    tasks.sweep()
    world.work()
    assert world.last(environment).status == "deployed"
    task = Task.objects.get(kind="cron_job")
    assert (task.state, task.next_run_at is None) == ("ready", False)


def test_an_engine_that_keeps_schedules_runs_it_alone(
    world: World,
    shop: Environment,
    time_machine: TimeMachineFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also what was run from here before: as after an upgrade."""
    keeping = replace(world.engine.traits(), keeps_schedules=True)
    monkeypatch.setattr(world.engine, "_traits", keeping)
    pausing.pause(world.operator, shop)
    world.work()
    assert reasons(world.last(shop))["cron_jobs.report"] == "rests"
    pausing.resume(world.operator, shop)
    world.work()
    manifests = [one for step in world.engine.steps for one in step.manifests]
    given = [one for one in manifests if one["kind"] == "CronJob"]
    assert [one["spec"].get("suspend", False) for one in given] == [True, False]
    minutes_later(time_machine, 5)
    assert runs(world, shop) == []
    assert not Task.objects.filter(next_run_at__isnull=False).exists()
