"""A setup: every member at its latest version, every branch asked anew."""

import pytest

from environments.actions.applications import save_application_template
from environments.actions.drafts import ImportChoice
from environments.models import Application, Environment
from environments.services import writing
from tests.deploying.acts import (
    FAILS,
    SETUP,
    applied,
    members_of,
    run,
    save,
    save_with,
    share_of,
    states,
    text_of,
    variables_of,
)
from tests.world import World, services


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api"))
    return world.application("shop", services("web", imports=["backend"]), branches=["feature"])


@pytest.fixture
def environment(world: World, shop: Application) -> Environment:
    return world.deployed(shop, "feature")


def test_it_asks_anew_for_the_branch_of_each_import_and_never_for_its_own(
    world: World, environment: Environment
) -> None:
    imported = environment.imported.get()
    assert (imported.branch, imported.rule) == ("main", "default")
    world.repositories["backend"].branch("feature")
    setup = run(world, environment, SETUP)
    share = share_of(setup, imported)
    assert (share.branch, share.rule) == ("feature", "same-name")
    imported.refresh_from_db()
    assert (imported.branch, imported.rule) == ("feature", "same-name")
    world.repositories["backend"].git("branch", "-D", "feature")
    assert share_of(run(world, environment, SETUP), imported).branch == "main"
    assert (environment.branch, environment.rule) == ("feature", "chosen")


def test_a_fixed_branch_that_is_gone_is_an_error_and_nothing_is_touched(
    world: World, environment: Environment
) -> None:
    world.repositories["backend"].branch("fixed")
    save_with(world, environment, ImportChoice("backend", branch="fixed"))
    assert run(world, environment, SETUP).status == "deployed"
    before = applied(world)
    world.repositories["backend"].git("branch", "-D", "fixed")
    setup = run(world, environment, SETUP)
    assert setup.status == "failed"
    assert "backend has no branch or tag 'fixed'" in setup.reason
    assert applied(world) == before


def test_it_runs_every_member_at_its_own_latest_version(
    world: World, environment: Environment
) -> None:
    imported = environment.imported.get()
    save(world, imported, services("api", "worker"))
    setup = run(world, environment, SETUP)
    assert world.running(environment) == {"api", "web", "worker"}
    share = share_of(setup, imported)
    assert share.version is not None and share.version.number == 2
    assert share.version_shown == "v1.2"


def test_the_template_of_an_application_never_touches_what_exists(
    world: World, environment: Environment
) -> None:
    backend = environment.imported.get().application
    save_application_template(world.operator, backend, text=services("api", "later"), opened_on=1)
    run(world, environment, SETUP)
    assert world.running(environment) == {"api", "web"}


def test_a_setup_of_an_import_acts_on_it_alone(world: World, environment: Environment) -> None:
    imported = environment.imported.get()
    before = applied(world)
    commit = world.repositories["backend"].commit({"x": "1"})
    save(world, imported, services("api", "worker"))
    setup = run(world, imported, SETUP)
    assert (setup.part_of, setup.namespace) == (None, environment.namespace)
    assert (setup.status, setup.commit) == ("deployed", commit)
    assert sorted(applied(world)[len(before) :]) == ["api", "worker"]
    assert world.running(environment) == {"api", "web", "worker"}
    assert environment.deployments.count() == 1
    imported.refresh_from_db()
    assert imported.last_setup == setup


def test_alone_it_sees_the_variables_of_the_whole_namespace(
    world: World, environment: Environment
) -> None:
    setup = run(world, environment.imported.get(), SETUP)
    own = variables_of(setup, "backend")
    assert own["WEB_INGRESS_HOST"] == f"web-shop-{environment.env_id}.localhost"
    assert own["WEB_SERVICE_PORT"] == "80"


def test_alone_it_deploys_what_the_importer_excludes_neither(world: World) -> None:
    world.application("backend", services("api", "cache"))
    more = "app_imports:\n- name: backend\n  exclude_services: [{name: cache}]\n"
    environment = world.deployed(world.application("shop", services("web", more=more)))
    imported = environment.imported.get()
    share = world.last(imported)
    assert states(share) == {"services.api": "ready", "services.cache": "skipped"}
    assert "CACHE_INGRESS_URL" not in variables_of(share, "shop")
    assert states(run(world, imported, SETUP)) == states(share)
    assert world.running(environment) == {"api", "web"}


def test_alone_it_has_its_own_imports_neither(world: World) -> None:
    world.application("c")
    world.application("b", services("b", imports=["c"]))
    environment = world.deployed(world.application("a", services("a", imports=["b"])))
    imported = environment.imported.get()
    for kind in ("setup", "patch", "setup"):
        run(world, imported, SETUP.__class__(kind))
    assert run(world, environment, SETUP).status == "deployed"
    assert set(members_of(environment)) == {"a", "b"}
    assert world.running(environment) == {"a", "b"}


def test_commits_are_pinned_when_it_starts(
    world: World, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = {name: one.git("rev-parse", "main") for name, one in world.repositories.items()}
    original = writing.create_members

    def pushed_meanwhile(*given: object) -> object:
        for repository in world.repositories.values():
            repository.commit({"x": "1"})
        return original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "create_members", pushed_meanwhile)
    environment = world.deployed(shop, "main")
    members = members_of(environment)
    assert {name: world.last(member).commit for name, member in members.items()} == heads


def test_a_first_one_that_failed_stays_and_can_be_set_up_again(
    world: World, shop: Application
) -> None:
    world.engine.expect("web", FAILS)
    environment = world.deployed(shop)
    assert environment.status == "failed"
    assert set(members_of(environment)) == {"backend", "shop"}
    assert world.running(environment) == {"api", "web"}
    text = text_of(environment).replace("- name: web", "- name: page")
    save(world, environment, text)
    assert run(world, environment, SETUP).status == "deployed"
    assert environment.status == "deployed"
    assert world.running(environment) == {"api", "page"}
    assert environment.imported.count() == 1


def test_the_entry_of_the_importers_type_makes_the_imports_too(world: World) -> None:
    entry = "environment_templates:\n- name: permanent\n  services:\n  - {name: extra, add: true, "
    world.application("backend", services("api", more=f"{entry}image: x}}\n"))
    shop = world.application("shop", services("web", imports=["backend"]))
    assert world.running(world.deployed(shop, name="short")) == {"api", "web"}
    lasting = world.deployed(shop, type="permanent", name="lasting")
    assert world.running(lasting) == {"api", "extra", "web"}
    assert lasting.imported.get().type == "permanent"


def test_values_for_an_import_wait_with_the_importer_until_it_comes(world: World) -> None:
    text = services("api").replace(
        "  ports:", "  envs: [{key: COLOUR, value: '${parameters.COLOUR}'}]\n  ports:"
    )
    world.application("backend", f"{text}parameters: [{{name: COLOUR, type: string}}]\n")
    shop = world.application("shop", services("web", imports=["backend"]))
    environment = world.create(shop, parameters={"backend": {"COLOUR": "blue"}})
    assert not environment.imported.exists()
    world.work()
    imported = environment.imported.get()
    assert imported.versions.get().parameters == {"COLOUR": "blue"}
    assert variables_of(world.last(environment), "backend")["COLOUR"] == "blue"


def test_a_service_without_replicas_is_deployed_and_runs_nowhere(world: World) -> None:
    text = "services: [{name: web, image: example/image:1, replicas: 0}]\n"
    environment = world.deployed(world.application("shop", text))
    assert environment.status == "deployed"
    assert world.engine.observe(environment.namespace.name) == ()
