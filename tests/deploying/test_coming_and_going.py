"""Imports that come and go: rows end when the engine shows nothing left, names change hands."""

from datetime import timedelta

import pytest

from environments.actions.asking import Refused
from environments.actions.drafts import ImportChoice
from environments.actions.environments import delete_environment, save_variables
from environments.core.ports import ObjectName
from environments.engines.memory import READY
from environments.models import Application, Environment, HostClaim
from tests.deploying.acts import (
    FAILS,
    SETUP,
    applied,
    ask,
    members_of,
    run,
    said,
    save_with,
    share_of,
    states,
    take_up,
    variables_of,
)
from tests.world import World, services

TEARDOWN = (
    "jobs:\n- {name: farewell, image: x}\n"
    "workflows:\n- {name: setup, order_from: [services.all]}\n"
    "- {name: teardown, order_from: [jobs.farewell, release.remove_environment]}\n"
)


@pytest.fixture
def environment(world: World) -> Environment:
    """One that imports backend, beside angular, which nobody imports yet."""
    world.application("backend", services("api"), branches=["feature"])
    world.application("angular", services("ng"))
    return world.deployed(world.application("shop", services("web", imports=["backend"])))


def engine_keeps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes when the engine is asked to remove it."""
    monkeypatch.setattr(world.engine, "remove", lambda namespace, names: None)


def test_a_save_changes_what_is_written_and_nothing_that_runs(
    world: World, environment: Environment
) -> None:
    save_with(world, environment, "backend", ImportChoice("angular", branch="main"))
    assert set(members_of(environment)) == {"backend", "shop"}
    assert world.running(environment) == {"api", "web"}
    setup = run(world, environment, SETUP)
    assert set(members_of(environment)) == {"angular", "backend", "shop"}
    angular = members_of(environment)["angular"]
    assert share_of(setup, angular).rule == "fixed"
    assert (angular.name, angular.importer) == (environment.name, environment)
    assert angular.env_id != environment.env_id


def test_what_left_is_removed_after_the_rest_is_ready(
    world: World, environment: Environment
) -> None:
    backend = members_of(environment)["backend"]
    world.engine.expect("ng", FAILS)
    save_with(world, environment, "angular")
    assert run(world, environment, SETUP).status == "failed"
    backend.refresh_from_db()
    assert backend.removed_at is None
    assert world.running(environment) == {"api", "ng", "web"}
    failed = world.last(backend)
    assert (failed.kind, failed.status) == ("teardown", "aborted")
    assert failed.reason == "not started: ng of angular failed"
    world.engine.expect("ng", READY)
    setup = run(world, environment, SETUP)
    assert setup.status == "deployed"
    backend.refresh_from_db()
    assert (backend.status, backend.removed_at is None) == ("removed", False)
    share = share_of(setup, backend)
    assert (share.status, share.reason) == ("removed", "left the imports")
    assert world.running(environment) == {"ng", "web"}
    assert not HostClaim.objects.filter(host__startswith="api-").exists()


def test_the_row_ends_only_when_the_engine_shows_nothing_left(
    world: World, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = members_of(environment)["backend"]
    save_with(world, environment)
    with monkeypatch.context() as patched:
        engine_keeps(world, patched)
        setup = ask(world, environment, SETUP)
        take_up(world)
        backend.refresh_from_db()
        assert (backend.status, backend.removed_at) == ("removing", None)
        assert states(share_of(setup, backend)) == {"release.remove_environment": "applied"}
    world.engine.remove(environment.namespace.name, [ObjectName("Deployment", "api")])
    world.work()
    setup.refresh_from_db()
    backend.refresh_from_db()
    assert setup.status == "deployed"
    assert backend.removed_at is not None


def test_what_the_engine_does_not_let_go_fails_and_stays(
    world: World, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environments.services.steps.SERVICE_LIMIT", timedelta(seconds=-1))
    engine_keeps(world, monkeypatch)
    backend = members_of(environment)["backend"]
    save_with(world, environment)
    setup = run(world, environment, SETUP)
    backend.refresh_from_db()
    assert backend.removed_at is None
    assert (setup.status, share_of(setup, backend).status) == ("failed", "failed")
    assert "still there after" in setup.reason and "api-0" in setup.reason


def test_its_own_teardown_runs_first_and_an_error_there_is_only_noted(world: World) -> None:
    world.application("backend", services("api", more=TEARDOWN))
    environment = world.deployed(world.application("shop", services("web", imports=["backend"])))
    backend = environment.imported.get()
    world.engine.expect("farewell", FAILS)
    save_with(world, environment)
    setup = run(world, environment, SETUP)
    assert setup.status == "deployed"
    share = share_of(setup, backend)
    assert states(share) == {"jobs.farewell": "failed", "release.remove_environment": "ready"}
    assert share.status == "removed"
    assert share.reason == "left the imports; farewell failed: the process ended with status 3"
    assert world.running(environment) == {"web"}
    instances = world.engine.observe(environment.namespace.name)
    assert {one.application for one in instances} == {"shop"}


def test_changing_only_the_branch_keeps_the_environment_and_its_variables(
    world: World, environment: Environment
) -> None:
    backend = members_of(environment)["backend"]
    save_variables(world.operator, backend, text="envs:\n- {key: A, value: mine}\n", opened_on=1)
    save_with(world, environment, ImportChoice("backend", branch="feature"))
    setup = run(world, environment, SETUP)
    assert members_of(environment)["backend"] == backend
    share = share_of(setup, backend)
    assert (share.branch, share.rule) == ("feature", "fixed")
    assert variables_of(setup, "backend")["A"] == "mine"


def test_one_that_comes_back_is_a_new_environment(world: World, environment: Environment) -> None:
    before = members_of(environment)["backend"]
    save_with(world, environment)
    run(world, environment, SETUP)
    save_with(world, environment, "backend")
    run(world, environment, SETUP)
    after = members_of(environment)["backend"]
    assert after.pk != before.pk
    assert after.name == before.name
    assert world.running(environment) == {"api", "web"}


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        (services("api"), services("api"), "service api"),
        (
            services("a", more="jobs: [{name: j, image: x}]\n"),
            services("b", more="jobs: [{name: j, image: x}]\n"),
            "job j",
        ),
        (
            services("a", more="shared_volumes: [{name: v, size: 1Gi, type: persistent}]\n"),
            services("b", more="shared_volumes: [{name: v, size: 1Gi, type: persistent}]\n"),
            "volume v",
        ),
        (
            services("a", more="hostnames:\n- a: one.localhost\n"),
            services("b", more="hostnames:\n- b: one.localhost\n"),
            "host one.localhost",
        ),
    ],
)
def test_one_whose_name_is_used_anew_is_removed_before_the_new_one_is_applied(
    world: World, old: str, new: str, names: str, parallel: bool
) -> None:
    world.application("old", old)
    world.application("new", new)
    shop = world.application("shop", services("web", imports=["old"]))
    environment = world.deployed(shop, parallelize=parallel)
    save_with(world, environment, "new", parallelize=parallel)
    gone: list[str] = []
    original = world.engine.remove

    def remove(namespace: str, objects: list[ObjectName]) -> None:
        gone.extend([f"removed after {len(applied(world))}"])
        original(namespace, objects)

    world.engine.remove = remove  # type: ignore[method-assign,assignment]
    before = len(applied(world))
    setup = run(world, environment, SETUP)
    assert setup.status == "deployed"
    assert gone[0] == f"removed after {before}"
    warning = (
        f"warning: old leaves, and {names} of it is used anew. It is removed before the others "
        "are applied."
    )
    assert warning in said(setup)
    assert set(members_of(environment)) == {"new", "shop"}
    instances = world.engine.observe(environment.namespace.name)
    assert {one.application for one in instances} == {"new", "shop"}


def test_a_host_that_changed_hands_stays_claimed(world: World) -> None:
    for name in ("a", "b"):
        world.application(name, services(name, more=f"hostnames:\n- {name}: one.localhost\n"))
    environment = world.deployed(world.application("shop", services("web", imports=["a"])))
    save_with(world, environment, "b")
    assert run(world, environment, SETUP).status == "deployed"
    assert HostClaim.objects.filter(host="one.localhost").count() == 1
    (running,) = [one.running for one in environment.imported.filter(removed_at=None)]
    assert running is not None
    assert [(host["host"], host["workload"]) for host in running.hosts] == [("one.localhost", "b")]


def test_side_by_side_the_leaving_one_goes_last_as_well(
    world: World, environment: Environment
) -> None:
    world.application("third", services("third"))
    save_with(world, environment, "angular", "third", parallelize=True)
    setup = run(world, environment, SETUP)
    order = setup.member_deployments.order_by("position")
    assert [one.environment.application.name for one in order] == ["angular", "third", "backend"]


def test_two_importers_of_one_application_share_nothing(world: World) -> None:
    backend = world.application("backend", services("api"))
    first = world.deployed(world.application("a", services("a", imports=["backend"])), name="x")
    second = world.deployed(world.application("b", services("b", imports=["backend"])), name="x")
    one, two = first.imported.get(), second.imported.get()
    assert (one.name, two.name) == ("x", "x-2")
    assert len({one.env_id, two.env_id, first.env_id, second.env_id}) == 4
    assert one.namespace != two.namespace
    delete_environment(world.operator, first)
    world.work()
    two.refresh_from_db()
    assert (two.status, two.removed_at) == ("deployed", None)
    assert world.running(second) == {"api", "b"}
    assert backend.environments.filter(removed_at=None).get() == two


def test_its_end_is_its_importers(world: World, environment: Environment) -> None:
    imported = members_of(environment)["backend"]
    with pytest.raises(Refused, match=rf"was brought by {environment.name}; its end is the"):
        delete_environment(world.operator, imported)
    with pytest.raises(Refused, match="its list of imports is the importer's"):
        save_with(world, imported)


def test_imports_come_in_one_application_each(world: World, environment: Environment) -> None:
    application: Application = environment.application
    other = world.deployed(application, name="other")
    assert world.running(other) == {"api", "web"}
    assert environment.imported.count() == other.imported.count() == 1
