"""What a deployment says: each line once, at most so many, and never a secret."""

import json
import re

import pytest

from environments import tasks
from environments.core.masking import Masker
from environments.core.ports import Phase
from environments.engines.memory import DONE, Outlook
from environments.models import Application, Deployment, Environment
from environments.services import resolving, running, say
from tests.deploying.acts import SETUP, reasons, run, said, share_of, take_up
from tests.world import World, services

SECRET = "s3cr3t-and-long"  # noqa: S105
VARIABLES = f"defaults:\n- {{key: TOKEN, secret: true, value: {SECRET}}}\n"
MIGRATING = (
    "jobs: [{name: migrate, image: x}]\n"
    "workflows: [{name: setup, order_from: [jobs.migrate, services.all]}]\n"
)


@pytest.fixture
def shop(world: World) -> Application:
    return world.application("shop", services("web", more=MIGRATING), variables=VARIABLES)


def timeless(deployment: Deployment) -> list[str]:
    """What it said, however long anything took."""
    return [re.sub(r"after [\d.]+ s", "after … s", line) for line in said(deployment)]


def test_it_tells_the_journey_in_order(world: World) -> None:
    world.application("backend", services("api"))
    environment = world.deployed(world.application("shop", services("web", imports=["backend"])))
    deployment = world.last(environment)
    commits = {name: one.git("rev-parse", "main")[:7] for name, one in world.repositories.items()}
    assert timeless(deployment) == [
        f"backend: main @ {commits['backend']} (same-name)",
        f"shop: main @ {commits['shop']} (default)",
        "services.web: started",
        "services.web: ready after … s",
        "ended: deployed",
    ]
    share = share_of(deployment, environment.imported.get())
    assert timeless(share) == ["services.api: started", "services.api: ready after … s"]


def test_a_jobs_output_is_told_once_however_often_it_is_looked_at(
    world: World, shop: Application
) -> None:
    printing = Outlook(Phase.RUNNING, False, "", ("one", "two"))
    world.engine.expect("migrate", printing)
    environment = world.create(shop)
    for _ in range(3):
        take_up(world)
    deployment = world.last(environment)
    assert [line for line in said(deployment) if line in ("one", "two")] == ["one", "two"]
    world.engine.expect("migrate", Outlook(DONE.phase, True, "", ("one", "two", "three")))
    world.work()
    told = [line for line in said(deployment) if line in ("one", "two", "three")]
    assert told == ["one", "two", "three"]


def test_what_goes_beyond_the_limit_is_counted(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(say, "LINES_KEPT", 10)
    environment = world.deployed(shop)
    deployment = world.last(environment)
    before = deployment.lines.count()
    assert before < 10
    for _ in range(2):
        say.say(deployment, [f"line {number}" for number in range(7)], masker=Masker(()))
    deployment.refresh_from_db()
    assert deployment.lines.count() == 10
    assert deployment.lines_left_out == before + 14 - 10
    numbers = deployment.lines.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 11))


def test_a_secret_is_masked_while_a_service_is_waited_for(world: World, shop: Application) -> None:
    message = f"the probe printed {SECRET}"
    world.engine.expect("web", Outlook(Phase.STARTING, False, message))
    environment = world.create(shop)
    take_up(world)
    assert reasons(world.last(environment))["services.web"] == "the probe printed ••••"


def test_a_secret_is_masked_in_every_text_of_a_failure(world: World, shop: Application) -> None:
    world.engine.expect("web", Outlook(Phase.FAILED, False, f"-p {SECRET}", (f"with {SECRET}",)))
    environment = world.deployed(shop)
    deployment = world.last(environment)
    assert deployment.status == "failed"
    assert deployment.reason == "web of shop failed: -p ••••"
    assert deployment.failure["lines"] == ["with ••••"]
    assert SECRET not in everything_told(deployment)


def test_a_secret_of_the_importer_is_masked_in_what_its_import_says(world: World) -> None:
    world.application("backend", services("api", more=MIGRATING))
    shop = world.application("shop", services("web", imports=["backend"]), variables=VARIABLES)
    world.engine.expect("migrate", Outlook(Phase.SUCCEEDED, True, "", (f"saw {SECRET}",)))
    environment = world.deployed(shop)
    share = share_of(world.last(environment), environment.imported.get())
    assert "saw ••••" in said(share)


def test_a_bug_tells_its_kind_and_nothing_that_it_held(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(deployment: Deployment) -> None:
        raise LookupError(SECRET)

    environment = world.create(shop)
    with monkeypatch.context() as patched:
        patched.setattr(resolving, "resolve_for", broken)
        with pytest.raises(LookupError):
            world.work()
    deployment = world.last(environment)
    assert deployment.status == "failed"
    assert deployment.reason == "internal error: LookupError. Report it, with the worker's log."
    assert SECRET not in everything_told(deployment)
    assert run(world, environment, SETUP).status == "deployed"


def test_a_secret_is_in_neither_the_plan_nor_the_pins(world: World, shop: Application) -> None:
    environment = world.deployed(shop)
    deployment = world.last(environment)
    assert SECRET not in json.dumps([deployment.plan, deployment.pins, deployment.shown])
    assert SECRET.encode() not in bytes(deployment.manifests or b"")


def everything_told(deployment: Deployment) -> str:
    texts = [deployment.reason, json.dumps(deployment.failure), *said(deployment)]
    return "\n".join([*texts, *reasons(deployment).values()])


def test_the_database_being_away_leaves_the_run_to_the_next_worker(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment: Environment = world.create(shop)

    def locked(*given: object, **more: object) -> None:
        raise running.OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr("environments.services.writing.write_tasks", locked)
        with pytest.raises(running.OperationalError):
            world.work()
    deployment = world.last(environment)
    assert (deployment.status, deployment.plan) == ("running", None)
    Deployment.objects.filter(pk=deployment.pk).update(lease_until=None, sent_at=None)
    tasks.sweep()
    world.work()
    deployment.refresh_from_db()
    assert deployment.status == "deployed"
    assert environment.namespace.members.count() == 1
