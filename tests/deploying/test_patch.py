"""A patch: new code of one member, all else as its last good setup left it."""

import pytest

from environments.actions import deployments
from environments.actions.asking import Refused
from environments.actions.environments import save_parameters, save_variables
from environments.engines.memory import READY
from environments.models import Application, Environment
from tests.deploying.acts import (
    FAILS,
    PATCH,
    SETUP,
    applied,
    ask,
    members_of,
    run,
    said,
    save,
    share_of,
    text_of,
    variables_of,
)
from tests.world import World

IMAGE = "- name: {0}\n  image: {0}:1\n  ports: [{{type: node_port, target_port: 80}}]\n"
CODE = f"{IMAGE}  has_repo: true\n"
IMPORTS = "app_imports:\n- name: backend\n"


def template(*parts: str, more: str = "") -> str:
    return "services:\n" + "".join(parts) + more


WEB, DB, API = CODE.format("web"), IMAGE.format("db"), CODE.format("api")


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", template(API), branches=["feature"])
    return world.application("shop", template(WEB, DB, more=IMPORTS), branches=["feature"])


@pytest.fixture
def environment(world: World, shop: Application) -> Environment:
    return world.deployed(shop, "feature")


def pushed(world: World, name: str, branch: str) -> str:
    """A new commit of the branch."""
    repository = world.repositories[name]
    repository.git("checkout", "-q", branch)
    commit = repository.commit({"pushed.txt": branch}, "push")
    repository.git("checkout", "-q", "main")
    return commit


def test_before_a_first_good_setup_it_is_refused(world: World, shop: Application) -> None:
    world.engine.expect("web", FAILS)
    environment = world.deployed(shop)
    assert environment.status == "failed"
    with pytest.raises(Refused, match=r"has never been set up\. Choose Deploy Setup first\."):
        ask(world, environment, PATCH)
    # The import was set up, although the run failed after it.
    assert run(world, environment.imported.get(), PATCH).status == "deployed"


def test_it_restarts_only_what_comes_from_the_repository(
    world: World, environment: Environment
) -> None:
    before = applied(world)
    pushed(world, "shop", "feature")
    assert run(world, environment, PATCH).status == "deployed"
    assert applied(world)[len(before) :] == ["web"]
    assert world.running(environment) == {"api", "db", "web"}


def test_it_moves_one_member_to_the_newest_commit_of_its_branch(
    world: World, environment: Environment
) -> None:
    pushed(world, "backend", "feature")
    commit = pushed(world, "shop", "feature")
    patch = run(world, environment, PATCH)
    assert (patch.branch, patch.commit, patch.rule) == ("feature", commit, "chosen")
    assert not patch.member_deployments.exists()
    assert environment.imported.get().deployments.count() == 1


def test_a_patch_of_an_import_moves_it_alone_in_the_namespace_of_its_importer(
    world: World, environment: Environment
) -> None:
    imported = environment.imported.get()
    before = applied(world)
    pushed(world, "shop", "feature")
    commit = pushed(world, "backend", "feature")
    patch = run(world, imported, PATCH)
    assert (patch.part_of, patch.namespace) == (None, environment.namespace)
    assert (patch.branch, patch.commit, patch.rule) == ("feature", commit, "same-name")
    assert applied(world)[len(before) :] == ["api"]
    assert world.running(environment) == {"api", "db", "web"}
    assert environment.deployments.count() == 1


def test_it_never_chooses_another_branch(world: World, shop: Application) -> None:
    environment = world.deployed(shop, "main")
    world.repositories["shop"].branch("tracked")
    world.repositories["backend"].branch("tracked")
    save(world, environment, f"{text_of(environment)}tracking_branch: tracked\n")
    assert run(world, environment, PATCH).branch == "main"
    assert run(world, environment.imported.get(), PATCH).branch == "main"


def test_a_branch_of_an_import_that_is_gone_is_an_error_that_names_deploy_setup(
    world: World, environment: Environment
) -> None:
    imported = environment.imported.get()
    world.repositories["backend"].git("branch", "-D", "feature")
    patch = run(world, imported, PATCH)
    assert (patch.status, patch.reason) == (
        "failed",
        "backend has no branch feature any more. "
        f"Deploy Setup of {environment.name} (shop) chooses anew.",
    )
    assert world.running(environment) == {"api", "db", "web"}
    setup = run(world, environment, SETUP)
    assert share_of(setup, imported).branch == "main"
    assert run(world, imported, PATCH).branch == "main"


@pytest.mark.parametrize("kind", [SETUP, PATCH])
def test_the_own_branch_that_is_gone_is_an_error_that_says_what_helps(
    world: World, environment: Environment, kind: deployments.DeploymentKind
) -> None:
    world.repositories["shop"].git("branch", "-D", "feature")
    failed = run(world, environment, kind)
    assert failed.status == "failed"
    assert failed.reason == (
        "shop has no branch feature any more. Push it again: neither Deploy nor Deploy Setup "
        "changes it; or create a new environment."
    )
    assert environment.branch == "feature"


def test_a_tag_stays_a_tag_also_when_a_branch_of_its_name_comes(
    world: World, shop: Application
) -> None:
    repository = world.repositories["shop"]
    repository.git("tag", "v1")
    tagged = repository.git("rev-parse", "v1")
    environment = world.deployed(shop, "v1")
    repository.branch("v1")
    for kind in (SETUP, PATCH):
        assert run(world, environment, kind).commit == tagged


def test_what_was_saved_since_waits_for_a_setup(world: World, environment: Environment) -> None:
    text = text_of(environment)
    save(world, environment, text.replace("services:\n", f"services:\n{CODE.format('new')}"))
    save_variables(
        world.operator, environment, text="envs:\n- {key: A, value: later}\n", opened_on=2
    )
    environment.refresh_from_db()
    assert environment.number == 3
    patch = run(world, environment, PATCH)
    assert patch.version is not None and patch.version.number == 1
    assert "A" not in variables_of(patch, "shop")
    assert world.running(environment) == {"api", "db", "web"}
    setup = run(world, environment, SETUP)
    assert setup.version is not None and setup.version.number == 3
    assert variables_of(setup, "shop")["A"] == "later"
    assert world.running(environment) == {"api", "db", "new", "web"}


def test_parameters_are_those_of_the_last_good_setup(world: World) -> None:
    text = template(
        WEB + "  envs: [{key: COLOUR, value: '${parameters.COLOUR}'}]\n",
        more="parameters: [{name: COLOUR, type: string, default: red}]\n",
    )
    environment = world.deployed(world.application("shop", text))
    save_parameters(world.operator, environment, values={"COLOUR": "blue"}, opened_on=1)
    assert variables_of(run(world, environment, PATCH), "shop")["COLOUR"] == "red"
    assert variables_of(run(world, environment, SETUP), "shop")["COLOUR"] == "blue"
    assert variables_of(run(world, environment, PATCH), "shop")["COLOUR"] == "blue"


def test_after_a_failed_setup_it_repeats_the_last_good_one(
    world: World, environment: Environment
) -> None:
    text = text_of(environment)
    save(world, environment, text.replace("services:\n", f"services:\n{IMAGE.format('bad')}"))
    world.engine.expect("bad", FAILS)
    assert run(world, environment, SETUP).status == "failed"
    patch = run(world, environment, PATCH)
    assert (patch.status, environment.status) == ("deployed", "deployed")
    assert patch.version is not None and patch.version.number == 1
    assert world.running(environment) == {"api", "db", "web"}


def test_what_a_failed_setup_would_have_excluded_stays_with_a_patch(
    world: World, environment: Environment
) -> None:
    text = text_of(environment)
    excluding = text.replace(
        "- name: backend", "- name: backend\n  exclude_services: [{name: api}]"
    )
    assert excluding != text
    world.engine.expect("web", FAILS)
    pushed(world, "shop", "feature")
    pushed(world, "backend", "feature")
    # The import comes first, so its share succeeds; then the last good setup excludes it too.
    save(world, environment, excluding.replace("- name: web", "- name: broken", 1))
    world.engine.expect("broken", FAILS)
    assert run(world, environment, SETUP).status == "failed"
    world.engine.expect("web", READY)
    imported = members_of(environment)["backend"]
    patch = run(world, imported, PATCH)
    assert patch.status == "deployed"
    assert said(patch)[-1] == "ended: deployed"


def test_a_written_patch_workflow_is_followed(world: World) -> None:
    more = (
        "jobs: [{name: migrate, image: x}]\n"
        "workflows:\n- {name: setup, order_from: [services.all]}\n"
        "- {name: patch, order_from: [jobs.migrate, services.api]}\n"
    )
    environment = world.deployed(world.application("shop", template(WEB, API, more=more)))
    before = applied(world)
    world.repositories["shop"].commit({"x": "1"})
    patch = run(world, environment, PATCH)
    assert patch.status == "deployed"
    job, service = applied(world)[len(before) :]
    assert (job.startswith("migrate-"), service) == (True, "api")
    assert world.running(environment) == {"api", "web"}
