"""``ignore_deployment_refs`` through the worker: nothing of an ignored import is touched."""

from collections.abc import Sequence

import pytest

from environments.actions import deployments
from environments.actions.environments import delete_environment
from environments.engines.memory import READY
from environments.models import Application, Environment, HostClaim
from environments.services import routes
from tests.deploying.acts import (
    FAILS,
    PATCH,
    SETUP,
    applied,
    members_of,
    run,
    said,
    save,
    save_with,
    share_of,
    text_of,
    variables_of,
)
from tests.world import World, services

REFS = ("main", "feature-x", "releases/10/20")
TABLE = [
    (["main"], {"main"}),
    (["!main", "releases/**"], {"feature-x", "releases/10/20"}),
    (["!main"], {"feature-x", "releases/10/20"}),
    (["releases/*"], set()),
    (["releases/**"], {"releases/10/20"}),
]
MAPPED = "mapping:\n  BACKEND: ${API_INGRESS_URL:-nowhere}\n"


def importing(*patterns: str, branch: str = "", own: Sequence[str] = ("web",)) -> str:
    lines = ["app_imports:", "- name: backend"]
    if branch:
        lines.append(f"  branch: {branch}")
    if patterns:
        lines += ["  ignore_deployment_refs:", *(f'  - "{pattern}"' for pattern in patterns)]
    return services(*own, more="\n".join(lines) + "\n")


@pytest.fixture
def backend(world: World) -> Application:
    return world.application("backend", services("api"), branches=REFS[1:])


@pytest.fixture
def running(world: World, backend: Application) -> Environment:
    """An environment whose import runs, on main."""
    return world.deployed(world.application("shop", importing(), variables=MAPPED))


def ignoring(world: World, environment: Environment, *patterns: str, branch: str = "") -> None:
    save(world, environment, importing(*patterns, branch=branch))


@pytest.mark.parametrize("ref", REFS)
@pytest.mark.parametrize(("patterns", "ignored"), TABLE)
def test_the_table_of_ignored_refs(
    world: World, backend: Application, patterns: list[str], ignored: set[str], ref: str
) -> None:
    shop = world.application("shop", importing(*patterns, branch=ref))
    environment = world.deployed(shop)
    imported = environment.imported.get()
    share = share_of(world.last(environment), imported)
    imported.refresh_from_db()
    assert environment.status == "deployed"
    assert share.branch == ref
    if ref not in ignored:
        assert (share.status, imported.status) == ("deployed", "deployed")
        assert world.running(environment) == {"api", "web"}
        return
    assert (share.status, imported.status) == ("aborted", "new")
    assert share.ignored_by in patterns
    assert share.reason == f"ignored: {ref} matches {share.ignored_by}"
    assert not share.tasks.exists()
    assert world.running(environment) == {"web"}


def test_what_never_ran_has_no_hosts_and_gives_no_variables(
    world: World, backend: Application
) -> None:
    shop = world.application("shop", importing("main"), variables=MAPPED)
    environment = world.deployed(shop)
    own = variables_of(world.last(environment), "shop")
    assert own["BACKEND"] == "nowhere"
    assert not [name for name in own if name.startswith("API_")]
    (claim,) = HostClaim.objects.all()
    assert claim.host.startswith("web-shop-")


def test_what_never_ran_meets_no_name(world: World, backend: Application) -> None:
    shop = world.application("shop", importing("main", own=("web", "api")))
    environment = world.deployed(shop)
    assert environment.status == "deployed"
    instances = world.engine.observe(environment.namespace.name)
    assert {(one.workload, one.application) for one in instances} == {
        ("web", "shop"),
        ("api", "shop"),
    }


def test_to_depend_on_what_never_ran_is_a_warning(world: World, backend: Application) -> None:
    template = importing("main").replace("  ports:", "  depends_on: [api]\n  ports:")
    environment = world.deployed(world.application("shop", template))
    assert environment.status == "deployed"
    assert [line for line in said(world.last(environment)) if "warning" in line] == [
        "warning: web of shop depends on api of an ignored import. It is not deployed; make sure "
        "that web starts without it."
    ]


def test_what_ran_before_stays_at_its_commit_with_hosts_and_variables(
    world: World, running: Environment
) -> None:
    imported = running.imported.get()
    before = world.engine.observe(running.namespace.name)
    address = variables_of(world.last(running), "shop")["BACKEND"]
    commit = world.last(imported).commit
    world.repositories["backend"].commit({"x": "1"})
    ignoring(world, running, "main")
    for _ in range(2):  # the second run cleans up after the first
        world.repositories["shop"].commit({"x": "1"})
        setup = run(world, running, SETUP)
        assert setup.status == "deployed"
        assert variables_of(setup, "shop")["BACKEND"] == address != "nowhere"
    after = world.engine.observe(running.namespace.name)
    api = [one for one in before if one.workload == "api"]
    assert [one for one in after if one.workload == "api"] == api
    assert applied(world).count("api") == 1
    imported.refresh_from_db()
    assert imported.running is not None
    assert (imported.running.commit, imported.status) == (commit, "deployed")
    hosts = {host.host.partition("-")[0] for host in HostClaim.objects.all()}
    assert hosts == {"api", "web"}
    assert {host["host"].partition("-")[0] for host in imported.running.hosts} == {"api"}


@pytest.mark.parametrize("kind", [SETUP, PATCH])
def test_what_is_ignored_is_ignored_when_it_is_asked_for_alone(
    world: World, running: Environment, kind: deployments.DeploymentKind
) -> None:
    ignoring(world, running, "main")
    run(world, running, SETUP)
    imported = running.imported.get()
    world.repositories["backend"].commit({"x": "1"})
    alone = run(world, imported, kind)
    assert (alone.status, alone.reason) == ("aborted", "ignored: main matches main")
    assert imported.status == "deployed"
    assert applied(world).count("api") == 1


@pytest.mark.parametrize("kind", [SETUP, PATCH])
def test_the_branch_that_is_ignored_counts_and_not_the_one_that_runs(
    world: World, running: Environment, kind: deployments.DeploymentKind
) -> None:
    ignoring(world, running, "releases/**", branch="releases/10/20")
    setup = run(world, running, SETUP)
    imported = running.imported.get()
    reason = "ignored: releases/10/20 matches releases/**"
    share = share_of(setup, imported)
    assert (share.status, share.branch, share.reason) == ("aborted", "releases/10/20", reason)
    assert imported.branch == "main"
    alone = run(world, imported, kind)
    assert (alone.status, alone.reason) == ("aborted", reason)
    assert applied(world).count("api") == 1


def test_it_is_ignored_also_where_its_branch_has_gone(world: World, backend: Application) -> None:
    shop = world.application("shop", importing("feature-x", branch="feature-x"))
    imported = world.deployed(shop).imported.get()
    world.repositories["backend"].git("branch", "-D", "feature-x")
    alone = run(world, imported, SETUP)
    assert (alone.status, alone.reason) == ("aborted", "ignored: feature-x matches feature-x")


def test_what_is_ignored_no_more_is_deployed(world: World, running: Environment) -> None:
    ignoring(world, running, "main")
    run(world, running, SETUP)
    commit = world.repositories["backend"].commit({"x": "1"})
    ignoring(world, running)
    setup = run(world, running, SETUP)
    share = share_of(setup, running.imported.get())
    assert (share.status, share.commit) == ("deployed", commit)


def test_a_setup_of_what_never_ran_is_aborted_and_a_patch_refused(
    world: World, backend: Application
) -> None:
    environment = world.deployed(world.application("shop", importing("main")))
    imported = environment.imported.get()
    alone = run(world, imported, SETUP)
    assert (alone.status, alone.reason) == ("aborted", "ignored: main matches main")
    assert imported.status == "new"
    with pytest.raises(deployments.Refused, match=r"never been set up\. Choose Deploy Setup"):
        run(world, imported, PATCH)


def test_a_failure_of_before_counts_no_more_once_it_is_ignored(
    world: World, running: Environment
) -> None:
    world.engine.expect("api", FAILS)
    world.repositories["backend"].commit({"x": "1"})
    assert run(world, running, SETUP).status == "failed"
    assert running.status == "failed"
    ignoring(world, running, "main")
    assert run(world, running, SETUP).status == "deployed"
    imported = running.imported.get()
    assert (running.status, imported.status) == ("deployed", "failed")
    world.engine.expect("api", READY)


@pytest.mark.parametrize("ran", [True, False])
def test_leaving_the_imports_ends_an_ignored_one_too(
    world: World, backend: Application, ran: bool
) -> None:
    shop = world.application("shop", importing(*(() if ran else ("main",))))
    environment = world.deployed(shop)
    if ran:
        ignoring(world, environment, "main")
        run(world, environment, SETUP)
    assert set(members_of(environment)) == {"backend", "shop"}
    save_with(world, environment)
    assert "app_imports" not in text_of(environment)
    setup = run(world, environment, SETUP)
    assert setup.member_deployments.get().status == "removed"
    assert set(members_of(environment)) == {"shop"}
    assert world.running(environment) == {"web"}
    assert [claim.host.partition("-")[0] for claim in HostClaim.objects.all()] == ["web"]


@pytest.mark.parametrize("ran", [True, False])
def test_deleting_the_importer_ends_an_ignored_one_too(
    world: World, backend: Application, ran: bool
) -> None:
    shop = world.application("shop", importing(*(() if ran else ("main",))))
    environment = world.deployed(shop)
    if ran:
        ignoring(world, environment, "main")
        run(world, environment, SETUP)
    delete_environment(world.operator, environment)
    world.work()
    assert not Environment.objects.filter(removed_at__isnull=True).exists()
    assert not world.engine.remains(environment.namespace.name)
    assert not HostClaim.objects.exists()
    assert not routes.routes()
