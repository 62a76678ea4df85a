"""``create_environment APP … --wait`` and ``destroy_environment ENV_ID --wait``."""

from typing import Any

import pytest

from environments import tasks
from environments.core.ports import Phase
from environments.engines.memory import Outlook
from environments.models import Application, Environment, EnvironmentVersion
from tests.commands.conftest import Run
from tests.world import World, services

FAILS = Outlook(Phase.FAILED, False, "exit status 3", ("no such table",))


@pytest.fixture
def worker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker beside the command: it does what waits whenever the command looks."""

    def look(seconds: float) -> None:
        world.work()

    monkeypatch.setattr("environments.management.waiting.time.sleep", look)


@pytest.fixture
def pair(world: World) -> Application:
    world.application("backend", services("api"), branches=["x"])
    return world.application("frontend", services("web", imports=["backend"]), branches=["x"])


@pytest.mark.usefixtures("worker")
def test_it_creates_deploys_and_prints_the_links(run: Run, world: World, pair: Application) -> None:
    said = run("create_environment", "frontend", "--branch", "x", "--wait")
    assert said.status == 0
    environment = Environment.objects.get(importer=None)
    imported = environment.imported.get()
    assert environment.status == "deployed"
    assert said.out.splitlines() == [
        f"created operator-x ({environment.env_id})",
        f"http://web-frontend-{environment.env_id}.localhost:8080",
        f"http://api-backend-{imported.env_id}.localhost:8080",
    ]
    assert "services.web: started" in said.err


@pytest.mark.parametrize(("looks", "told"), [(1, 0), (60, 1)])
def test_a_worker_that_does_not_come_is_told_once(
    run: Run,
    world: World,
    pair: Application,
    monkeypatch: pytest.MonkeyPatch,
    looks: int,
    told: int,
) -> None:
    waited = iter(range(looks))

    def look(seconds: float) -> None:
        if next(waited, None) is None:
            world.work()

    monkeypatch.setattr("environments.management.waiting.time.sleep", look)
    said = run("create_environment", "frontend", "--wait")
    assert said.status == 0
    assert said.err.count("No worker has begun it yet.") == told


def test_without_wait_it_asks_and_goes(run: Run, world: World, pair: Application) -> None:
    said = run("create_environment", "frontend")
    environment = Environment.objects.get()
    assert (said.status, said.err) == (0, "")
    assert said.out == f"created operator-main ({environment.env_id})\n"
    assert environment.status == "waiting"
    assert len(world.queue) == 1


def test_all_that_a_plan_can_be_asked_for_can_be_created(
    run: Run, world: World, pair: Application
) -> None:
    world.application("third", services("z", more="parameters:\n- {name: size, type: integer}\n"))
    words = ["--branch", "x", "--import", "third:main", "--without", "backend"]
    words += ["--parameter", "third.size=3", "--name", "mine", "--type", "permanent"]
    assert run("create_environment", "frontend", *words).status == 0
    environment = Environment.objects.get()
    assert (environment.name, environment.type) == ("mine", "permanent")
    assert (environment.branch, environment.rule) == ("x", "chosen")
    version = EnvironmentVersion.objects.get()
    assert version.template.endswith("app_imports:\n- name: third\n  branch: main\n")
    assert version.import_parameters == {"third": {"size": "3"}}


@pytest.mark.usefixtures("worker")
def test_a_deployment_that_fails_ends_with_1_and_the_reason(
    run: Run, world: World, pair: Application
) -> None:
    world.engine.expect("api", FAILS)
    said = run("create_environment", "frontend", "--wait")
    assert said.status == 1
    assert said.err.splitlines()[-1].startswith("failed: api of backend failed: exit status 3")
    assert "http://" not in said.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("frontend", "--branch", "gone"), "frontend has no branch or tag 'gone'."),
        (("frontend", "--name", "No Label"), "'No Label' cannot be the name of an environment."),
        (("frontend", "--import", "frontend"), "frontend imports itself. Take this entry out."),
        (("frontend", "--import", "bakend"), "no such application. Did you mean backend?"),
        (("nothing",), "There is no application nothing in this account."),
    ],
)
def test_what_cannot_be_created_is_refused_and_nothing_is_made(
    run: Run, world: World, pair: Application, words: tuple[str, ...], sentence: str
) -> None:
    said = run("create_environment", *words)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("error: ")
    assert sentence in said.err
    assert not Environment.objects.exists()
    assert not world.queue


def test_a_name_that_is_taken_is_an_error(run: Run, world: World, pair: Application) -> None:
    assert run("create_environment", "frontend", "--name", "mine").status == 0
    said = run("create_environment", "frontend", "--name", "mine")
    assert said.status == 1
    assert "frontend has an environment mine already." in said.err
    assert Environment.objects.count() == 1


def test_a_broker_that_is_away_costs_nothing_but_time(
    run: Run, world: World, pair: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise ConnectionRefusedError("no broker")

    monkeypatch.setattr(tasks.run_deployment, "delay", away)
    said = run("create_environment", "frontend")
    assert (said.status, said.err) == (0, "")
    assert world.last(Environment.objects.get()).status == "queued"


@pytest.mark.usefixtures("worker")
def test_destroying_removes_all_and_says_so(run: Run, world: World, pair: Application) -> None:
    environment = world.deployed(pair)
    said = run("destroy_environment", environment.env_id, "--wait")
    assert (said.status, said.out) == (0, "removed operator-main\n")
    assert not Environment.objects.filter(removed_at__isnull=True).exists()
    assert not world.engine.remains(environment.namespace.name)


def test_destroying_without_wait_asks(run: Run, world: World, pair: Application) -> None:
    environment = world.deployed(pair)
    said = run("destroy_environment", environment.env_id)
    assert (said.status, said.out) == (0, "asked for the removal of operator-main\n")
    assert world.last(environment).kind == "teardown"


def test_a_handle_that_nothing_has_is_said_with_those_there_are(
    run: Run, world: World, pair: Application
) -> None:
    said = run("destroy_environment", "ted0000")
    assert said.status == 1
    assert "There is no environment ted0000 in this account. It has none." in said.err
    environment = world.create(pair)
    said = run("destroy_environment", "ted0000")
    assert f"Living ones: {environment.env_id}." in said.err


def test_an_imported_environment_ends_with_its_importer(
    run: Run, world: World, pair: Application
) -> None:
    imported = world.deployed(pair).imported.get()
    said = run("destroy_environment", imported.env_id)
    assert said.status == 1
    assert "was brought by operator-main; its end is the importer's." in said.err


def test_interrupted_while_it_waits_it_says_that_the_deployment_goes_on(
    run: Run, world: World, pair: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("environments.management.waiting.time.sleep", interrupt)
    said = run("create_environment", "frontend", "--wait")
    assert said.status == 1
    assert said.err == "Interrupted. What was asked for before goes on.\n"
    assert world.last(Environment.objects.get()).status == "queued"
