"""Workflows as carried out: order, failures, what halts, and what is never reached."""

import pytest

from environments.core.ports import EngineError, Phase
from environments.engines.memory import DONE, READY, Outlook
from environments.models import Application, Deployment, Environment
from tests.deploying.acts import (
    FAILS,
    RUNS,
    SETUP,
    STARTS,
    applied,
    ask,
    long_ago,
    reasons,
    run,
    said,
    states,
    take_up,
)
from tests.world import World, services

JOB = "jobs:\n- {name: migrate, image: x, completed_timeout: 60}\n"
HALTING_JOB = "jobs:\n- {name: migrate, image: x, halt_on_error: true}\n"


def order(*tasks: str) -> str:
    return f"workflows:\n- name: setup\n  order_from: [{', '.join(tasks)}]\n"


def step(name: str, *tasks: str, halts: bool = False, waits: bool = True) -> str:
    return (
        f"  - step: {name}\n    tasks: [{', '.join(tasks)}]\n"
        f"    halt_on_error: {str(halts).lower()}\n    wait_for_finish: {str(waits).lower()}\n"
    )


def parallel(*steps: str) -> str:
    return "workflows:\n- name: setup\n  parallelize:\n" + "".join(steps)


def deployed(world: World, template: str) -> Deployment:
    return world.last(world.deployed(world.application("shop", template)))


def begun(world: World, template: str) -> Deployment:
    """A first setup after one slice of the worker's time."""
    environment = world.create(world.application("shop", template))
    take_up(world)
    return world.last(environment)


def in_one_slice(world: World) -> list[str]:
    """What the engine was given so far; a job without its number."""
    return [name.partition("-")[0] for name in applied(world)]


def test_order_from_runs_one_after_another(world: World) -> None:
    world.engine.expect("migrate", RUNS)
    template = services(
        "api", "web", more=JOB + order("services.api", "jobs.migrate", "services.web")
    )
    deployment = begun(world, template)
    assert in_one_slice(world) == ["api", "migrate"]
    world.engine.expect("migrate", DONE)
    world.work()
    assert in_one_slice(world) == ["api", "migrate", "web"]
    assert states(deployment) == {
        "services.api": "ready",
        "jobs.migrate": "ready",
        "services.web": "ready",
    }


def test_tasks_of_a_step_start_together_and_the_next_waits(world: World) -> None:
    world.engine.expect("a", STARTS)
    steps = (step("one", "services.a", "services.b"), step("two", "services.c"))
    begun(world, services("a", "b", "c", more=parallel(*steps)))
    assert in_one_slice(world) == ["a", "b"]
    world.engine.expect("a", READY)
    world.work()
    assert in_one_slice(world) == ["a", "b", "c"]


def test_a_step_that_nobody_waits_for_lets_the_next_start_and_the_end_waits_for_it(
    world: World,
) -> None:
    world.engine.expect("a", STARTS)
    steps = (step("one", "services.a", waits=False), step("two", "services.b"))
    deployment = begun(world, services("a", "b", more=parallel(*steps)))
    assert in_one_slice(world) == ["a", "b"]
    take_up(world)
    deployment.refresh_from_db()
    assert deployment.status == "running"
    assert states(deployment) == {"services.a": "applied", "services.b": "ready"}
    world.engine.expect("a", READY)
    world.work()
    deployment.refresh_from_db()
    assert deployment.status == "deployed"


def test_after_a_halting_step_that_failed_nothing_starts(world: World) -> None:
    world.engine.expect("a", FAILS)
    steps = (step("one", "services.a", "services.b", halts=True), step("two", "services.c"))
    deployment = deployed(world, services("a", "b", "c", more=parallel(*steps)))
    assert deployment.status == "failed"
    assert deployment.reason == "a of shop failed: the process ended with status 3"
    assert states(deployment) == {
        "services.a": "failed",
        "services.b": "ready",
        "services.c": "skipped",
    }
    assert reasons(deployment)["services.c"] == "not started: a of shop failed"


def test_after_a_step_that_does_not_halt_later_ones_go_on_and_it_ends_failed(
    world: World,
) -> None:
    world.engine.expect("a", FAILS)
    world.engine.expect("c", Outlook(Phase.FAILED, False, "later"))
    steps = (step("one", "services.a"), step("two", "services.b"), step("three", "services.c"))
    deployment = deployed(world, services("a", "b", "c", more=parallel(*steps)))
    assert list(states(deployment).values()) == ["failed", "ready", "failed"]
    assert (deployment.status, deployment.failure["task"]) == ("failed", "services.a")
    assert deployment.reason == "a of shop failed: the process ended with status 3"


def test_nothing_is_rolled_back(world: World) -> None:
    world.engine.expect("b", FAILS)
    deployment = deployed(world, services("a", "b", more=order("services.a", "services.b")))
    assert world.running(deployment.environment) == {"a", "b"}


@pytest.mark.parametrize("halts", [True, False])
def test_a_jobs_own_word_halts_like_its_steps(world: World, halts: bool) -> None:
    world.engine.expect("migrate", FAILS)
    jobs = HALTING_JOB if halts else HALTING_JOB.replace("true", "false")
    steps = (step("one", "jobs.migrate"), step("two", "services.a"))
    deployment = deployed(world, services("a", more=jobs + parallel(*steps)))
    assert deployment.status == "failed"
    assert states(deployment)["services.a"] == ("skipped" if halts else "ready")


def test_order_from_halts_on_error(world: World) -> None:
    world.engine.expect("migrate", FAILS)
    template = services("a", more=JOB + order("jobs.migrate", "services.a"))
    assert list(states(deployed(world, template)).values()) == ["failed", "skipped"]


def test_without_a_workflow_layers_are_made_from_what_services_depend_on(world: World) -> None:
    world.engine.expect("db", STARTS)
    template = services("web", "api", "db").replace(
        "- name: web\n", "- name: web\n  depends_on: [api]\n"
    )
    template = template.replace("- name: api\n", "- name: api\n  depends_on: [db]\n")
    deployment = begun(world, template + JOB)
    assert in_one_slice(world) == ["db"]
    world.engine.expect("db", FAILS)
    world.work()
    assert states(deployment) == {
        "services.db": "failed",
        "services.api": "skipped",
        "services.web": "skipped",
    }
    assert any("No workflow of shop names the job migrate" in line for line in said(deployment))


def test_all_means_those_that_are_named_nowhere_else(world: World) -> None:
    jobs = "jobs: [{name: first, image: x}, {name: second, image: x}]\n"
    steps = (
        step("one", "jobs.second"),
        step("two", "services.all"),
        step("three", "services.a", "jobs.all"),
    )
    deployed(world, services("a", "b", "c", more=jobs + parallel(*steps)))
    assert in_one_slice(world) == ["second", "b", "c", "a", "first"]


def test_a_service_that_no_task_names_is_not_deployed_and_that_is_said(world: World) -> None:
    jobs = "jobs: [{name: migrate, from_services: tool, command: [x]}]\n"
    template = services(
        "web", "tool", "forgotten", more=jobs + order("jobs.migrate", "services.web")
    )
    deployment = deployed(world, template)
    assert world.running(deployment.environment) == {"web"}
    assert in_one_slice(world) == ["migrate", "web"]
    warnings = [line for line in said(deployment) if line.startswith("warning")]
    assert len(warnings) == 1 and "names the service forgotten" in warnings[0]
    (job,) = [one for one in world.engine.steps if applied(world)[0].startswith("migrate")][:1]
    (container,) = job.manifests[-1]["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["command"]) == ("example/image:1", ["x"])


def test_a_service_that_is_not_ready_in_time_has_failed(world: World) -> None:
    world.engine.expect("web", STARTS)
    deployment = begun(world, services("web"))
    assert reasons(deployment) == {"services.web": "GET /health: refused"}
    long_ago(deployment, 590)
    take_up(world)
    assert states(deployment) == {"services.web": "applied"}
    long_ago(deployment, 20)
    world.work()
    deployment.refresh_from_db()
    assert deployment.status == "failed"
    assert deployment.reason == "web of shop failed: not ready after 600 s: GET /health: refused"


def test_a_job_that_takes_longer_than_its_limit_has_failed(world: World) -> None:
    world.engine.expect("migrate", RUNS)
    deployment = begun(world, services("web", more=JOB + order("jobs.migrate", "services.web")))
    long_ago(deployment, 50)
    take_up(world)
    assert states(deployment)["jobs.migrate"] == "applied"
    long_ago(deployment, 30)
    world.work()
    deployment.refresh_from_db()
    assert deployment.reason == "migrate of shop failed: not ended after 60 s"


def test_the_instance_that_failed_is_named_with_what_it_printed(world: World) -> None:
    lines = tuple(f"line {number}" for number in range(30))
    template = services("web").replace("  ports:", "  replicas: 2\n  ports:")
    world.engine.expect("web", Outlook(Phase.FAILED, False, "status 3", lines))
    failure = deployed(world, template).failure
    assert (failure["application"], failure["task"]) == ("shop", "services.web")
    assert (failure["instance"], failure["message"]) == ("web-0", "status 3")
    assert failure["lines"] == list(lines[-20:])


def test_what_an_engine_says_is_kept_without_what_moves_a_cursor(world: World) -> None:
    printed = ("\x1b[2Jcleared\x00",)
    world.engine.expect("web", Outlook(Phase.FAILED, False, "\x1b[31mred\x00", printed))
    deployment = deployed(world, services("web"))
    assert deployment.reason == "web of shop failed: red\ufffd"
    assert deployment.failure["lines"] == ["cleared\ufffd"]


@pytest.fixture
def family(world: World) -> Application:
    """Two imports of two steps each, and what imports them."""
    for name in ("b", "c"):
        world.application(
            name,
            services(f"{name}1", f"{name}2", more=order(f"services.{name}1", f"services.{name}2")),
        )
    return world.application("a", services("a1", imports=["b", "c"]))


def shares(environment: Environment) -> dict[str, tuple[str, str]]:
    last = Deployment.objects.filter(environment=environment, part_of=None).first()
    assert last is not None
    return {
        share.environment.application.name: (str(share.status), share.reason)
        for share in last.member_deployments.order_by("position")
    }


def test_imports_come_in_the_order_of_the_list_and_the_importer_last(
    world: World, family: Application
) -> None:
    world.deployed(family)
    assert applied(world) == ["b1", "b2", "c1", "c2", "a1"]


def test_side_by_side_imports_start_together_and_the_importer_last(
    world: World, family: Application
) -> None:
    world.engine.expect("b1", STARTS)
    environment = world.create(family, parallelize=True)
    take_up(world)
    assert applied(world) == ["b1", "c1", "c2"]
    world.engine.expect("b1", READY)
    world.work()
    assert applied(world) == ["b1", "c1", "c2", "b2", "a1"]
    environment.refresh_from_db()
    assert environment.status == "deployed"


def test_a_failed_member_stops_those_after_it(world: World, family: Application) -> None:
    world.engine.expect("b1", FAILS)
    environment = world.deployed(family)
    deployment = world.last(environment)
    reason = "b1 of b failed: the process ended with status 3"
    assert (deployment.status, deployment.reason) == ("failed", reason)
    assert shares(environment) == {
        "b": ("failed", "b1 failed: the process ended with status 3"),
        "c": ("aborted", "not started: b1 of b failed"),
    }
    assert states(deployment) == {"services.a1": "skipped"}
    assert applied(world) == ["b1"]
    statuses = {one.application.name: one.status for one in environment.namespace.members.all()}
    assert statuses == {"a": "failed", "b": "failed", "c": "aborted"}


def test_side_by_side_those_that_run_finish_their_step(world: World, family: Application) -> None:
    world.engine.expect("c1", STARTS)
    environment = world.create(family, parallelize=True)
    world.engine.expect("b1", FAILS)
    take_up(world)
    assert sorted(applied(world)) == ["b1", "c1"]
    deployment = world.last(environment)
    assert deployment.status == "running"
    world.engine.expect("c1", READY)
    world.work()
    assert sorted(applied(world)) == ["b1", "c1"]
    c = deployment.member_deployments.get(environment__application__name="c")
    assert states(c) == {"services.c1": "ready", "services.c2": "skipped"}
    assert (c.status, c.reason) == ("aborted", "not started: b1 of b failed")


def test_side_by_side_a_step_of_which_all_is_excluded_has_not_begun(world: World) -> None:
    for name in ("b", "c"):
        more = parallel(
            step("one", f"services.{name}1"), step("two", f"services.{name}2", f"services.{name}3")
        )
        world.application(name, services(*(f"{name}{number}" for number in (1, 2, 3)), more=more))
    more = (
        "parallelize_app_imports: true\n"
        "app_imports:\n- name: b\n- name: c\n  exclude_services: [{name: c3}]\n"
    )
    environment = world.create(world.application("a", services("a1", more=more)))
    world.engine.expect("c1", STARTS)
    world.engine.expect("b1", FAILS)
    take_up(world)
    world.engine.expect("c1", READY)
    world.work()
    c = world.last(environment).member_deployments.get(environment__application__name="c")
    assert states(c) == {"services.c1": "ready", "services.c2": "skipped", "services.c3": "skipped"}


def test_what_did_not_change_is_not_restarted(world: World, family: Application) -> None:
    environment = world.deployed(family)
    before = world.engine.observe(environment.namespace.name)
    assert run(world, environment, SETUP).status == "deployed"
    assert world.engine.observe(environment.namespace.name) == before


def test_a_job_runs_anew_with_each_setup_and_once_in_each(world: World) -> None:
    template = services("web", more=JOB + order("jobs.migrate", "services.web"))
    deployment = deployed(world, template)
    again = ask(world, deployment.environment, SETUP)
    world.work()
    again.refresh_from_db()
    assert again.status == "deployed"
    names = [name for name in applied(world) if name.startswith("migrate")]
    assert len(names) == len(set(names)) == 2
    instances = world.engine.observe(again.namespace.name)
    assert [one.name for one in instances if one.kind == "Job"] == [names[1]]


def test_an_engine_that_never_tells_is_waited_for_as_long_as_the_task_may_take(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mute(namespace: str) -> None:
        raise EngineError("the daemon does not answer")

    environment = world.create(world.application("shop", services("web")))
    monkeypatch.setattr(world.engine, "observe", mute)
    take_up(world)
    deployment = world.last(environment)
    assert reasons(deployment) == {"services.web": "the daemon does not answer"}
    long_ago(deployment, 601)
    world.work()
    deployment.refresh_from_db()
    assert deployment.reason == (
        "web of shop failed: not seen for 600 s: the daemon does not answer"
    )
