"""An imported environment: whose it is, what it is told, and what is kept of its branch."""

from django.test import Client

from environments.models import Environment, HostClaim, Role
from environments.services import refs
from tests.deploying.acts import (
    SETUP,
    members_of,
    run,
    said,
    save,
    save_with,
    share_of,
    variables_of,
)
from tests.world import World, services

MAPPED = "mapping:\n  BACKEND: ${API_INGRESS_URL}/v1\n  HOST: $API_INGRESS_HOST\n"


def shop_of(world: World, **more: object) -> Environment:
    world.application("backend", services("api"))
    application = world.application("shop", services("web", imports=["backend"]), variables=MAPPED)
    return world.deployed(application, **more)  # type: ignore[arg-type]


def test_it_is_its_importers_in_owner_type_and_namespace(world: World) -> None:
    ana = world.person("ana", Role.MEMBER)
    environment = shop_of(world, actor=ana, type="permanent", name="prod", is_production=True)
    imported = environment.imported.get()
    assert imported.owner == ana.user
    assert (imported.type, imported.is_production) == ("permanent", True)
    assert imported.namespace == environment.namespace
    assert imported.namespace.name == f"{environment.env_id}-shop-prod"
    assert (imported.name, imported.version) == ("prod", "v1.1")


def test_it_has_its_own_handle_and_the_namespace_has_the_importers(world: World) -> None:
    environment = shop_of(world)
    imported = environment.imported.get()
    deployment = world.last(environment)
    own, other = variables_of(deployment, "shop"), variables_of(deployment, "backend")
    assert (own["RELEASE_ENV_ID"], other["RELEASE_ENV_ID"]) == (environment.env_id, imported.env_id)
    assert (own["RELEASE_APP_NAME"], other["RELEASE_APP_NAME"]) == ("shop", "backend")
    commits = {name: one.git("rev-parse", "main") for name, one in world.repositories.items()}
    assert own["RELEASE_COMMIT_SHA"] == commits["shop"]
    assert other["RELEASE_COMMIT_SHA"] == commits["backend"]
    hosts = set(HostClaim.objects.values_list("host", flat=True))
    assert hosts == {
        f"web-shop-{environment.env_id}.localhost",
        f"api-backend-{imported.env_id}.localhost",
    }


def test_ingress_variables_reach_every_container_and_mappings_their_own_application(
    world: World,
) -> None:
    environment = shop_of(world)
    deployment = world.last(environment)
    own, other = variables_of(deployment, "shop"), variables_of(deployment, "backend")
    host = f"api-backend-{environment.imported.get().env_id}.localhost"
    for variables in (own, other):
        assert variables["API_INGRESS_HOST"] == host
        assert variables["WEB_INGRESS_HOST"] == f"web-shop-{environment.env_id}.localhost"
    assert own["BACKEND"] == f"{own['API_INGRESS_URL']}/v1"
    assert own["HOST"] == host
    assert "BACKEND" not in other and "HOST" not in other


def test_what_the_engine_is_given_holds_what_the_plan_showed(world: World) -> None:
    environment = shop_of(world)
    shown = variables_of(world.last(environment), "shop")
    (step,) = [one for one in world.engine.steps if one.manifests[-1]["metadata"]["name"] == "web"]
    (secret,) = [one for one in step.manifests if one["kind"] == "Secret"]
    assert secret["stringData"] == shown
    assert step.namespace == environment.namespace.name


def test_no_other_namespace_gets_anything_of_it(world: World) -> None:
    environment = shop_of(world)
    alone = world.deployed(environment.imported.get().application, name="alone")
    assert not [name for name in variables_of(world.last(alone), "backend") if "WEB" in name]


def test_why_its_branch_was_chosen_is_kept_with_what_was_tried(world: World) -> None:
    environment = shop_of(world)
    world.repositories["shop"].branch("feature")
    refs.forget()
    other = world.deployed(environment.application, "feature")
    (pin,) = [one for one in world.last(other).pins if one["application"] == "backend"]
    tried = [(step["rule"], step["looked_for"], step["found"]) for step in pin["trace"]]
    assert tried == [("same-name", "feature", False), ("default", "main", True)]
    assert pin["commit"] == world.repositories["backend"].git("rev-parse", "main")
    line = f"backend: main @ {pin['commit'][:7]} (default)"
    assert line in said(world.last(other))


def test_it_ends_by_leaving_and_its_routes_with_it(world: World) -> None:
    environment = shop_of(world)
    imported = environment.imported.get()
    save_with(world, environment)
    setup = run(world, environment, SETUP)
    # The mapping that it gave has no default: the plan says what is missing.
    assert setup.status == "failed"
    assert "The mapping BACKEND of shop needs API_INGRESS_URL" in setup.reason
    imported.refresh_from_db()
    assert imported.removed_at is None
    assert world.running(environment) == {"api", "web"}


def test_its_page_names_its_importer_and_offers_no_end(world: World) -> None:
    ana = world.person("ana")
    environment = shop_of(world, actor=ana)
    imported = environment.imported.get()
    client = Client()
    assert ana.user is not None
    client.force_login(ana.user)
    page = client.get(f"/acme/environments/{imported.env_id}/imports").content.decode()
    assert "not recursive" in page
    assert f"/acme/environments/{environment.env_id}/" in page
    deploys = client.get(f"/acme/environments/{imported.env_id}/deploys").content.decode()
    share = share_of(world.last(environment), imported)
    assert f"/acme/deployments/{share.pk}/" in deploys
    assert client.post(f"/acme/environments/{imported.env_id}/delete").status_code in (404, 422)
    imported.refresh_from_db()
    assert imported.removed_at is None


def test_its_template_is_edited_on_its_own_and_runs_with_either_setup(world: World) -> None:
    environment = shop_of(world)
    imported = members_of(environment)["backend"]
    save(world, imported, services("api", "more"))
    assert imported.version == "v1.2"
    run(world, environment, SETUP)
    assert world.running(environment) == {"api", "more", "web"}
