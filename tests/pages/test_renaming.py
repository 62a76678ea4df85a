"""A collision is solved by renaming: proposed in the editor, saved by its author."""

from django.contrib.auth.models import User
from django.test import Client

from environments.actions.applications import save_application_template
from environments.models import ApplicationVersion, EnvironmentVersion
from tests.world import World, services


def _person(world: World) -> User:
    user = world.person("ana").user
    assert user is not None
    return user


def _colliding(world: World) -> None:
    world.application("backend", services("api"))
    frontend = world.application("frontend", services("web", imports=["backend"]))
    text = services("web", "api", imports=["backend"])
    save_application_template(world.operator, frontend, text=text, opened_on=1)


def test_the_plan_leads_to_the_template_of_what_comes(world: World, client: Client) -> None:
    _colliding(world)
    client.force_login(_person(world))
    page = client.get("/acme/applications/frontend/new").content.decode()
    wanted = "/acme/applications/backend/settings?rename=api&amp;to=backend-api"
    assert wanted in page


def test_the_proposal_is_shown_and_nothing_is_saved(world: World, client: Client) -> None:
    _colliding(world)
    client.force_login(_person(world))
    before = ApplicationVersion.objects.count()
    page = client.get("/acme/applications/backend/settings?rename=api&to=backend-api")
    assert "name: backend-api" in page.context["texts"]["template"]
    assert "Nothing is saved until you save it" in page.content.decode()
    assert ApplicationVersion.objects.count() == before


def test_a_member_that_exists_is_renamed_in_its_own_template(world: World, client: Client) -> None:
    world.application("backend", services("api"))
    frontend = world.application("frontend", services("web", imports=["backend"]))
    environment = world.deployed(frontend)
    (member,) = environment.imported.all()
    client.force_login(_person(world))
    before = EnvironmentVersion.objects.count()
    there = f"/acme/environments/{member.env_id}/settings?rename=api&to=backend-api"
    page = client.get(there)
    assert "name: backend-api" in page.context["texts"]["template"]
    assert EnvironmentVersion.objects.count() == before


def test_what_is_no_service_or_no_name_proposes_nothing(world: World, client: Client) -> None:
    world.application("backend", services("api"))
    client.force_login(_person(world))
    for asked in ("rename=nothing&to=x", "rename=api&to=Not%20a%20name", "rename=api"):
        page = client.get(f"/acme/applications/backend/settings?{asked}")
        assert "proposal" not in page.context
