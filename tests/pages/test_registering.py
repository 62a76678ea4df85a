"""Registering a repository whose template cannot be used as it is."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.models import Application, ApplicationVersion
from environments.services import members
from tests.world import TEMPLATE, Repository, World, services

REGISTER = "/acme/register"


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    user = world.person("ana").user
    assert isinstance(user, User)
    client.force_login(user)
    return client


def test_a_template_with_errors_is_opened_in_the_editor(world: World, browser: Client) -> None:
    repository = Repository(world.folder / "shop")
    wrong = services("web").replace("services:", "serivces:")
    repository.commit({TEMPLATE: wrong})
    answer = browser.post(REGISTER, {"source": str(repository.folder)})
    assert answer.status_code == 422
    assert answer.context["form"]["template"].value() == wrong
    page = answer.content.decode()
    assert "Did you mean services?" in page
    assert "The repository's template, with its errors" in page
    mended = {"source": str(repository.folder), "template": services("web")}
    assert browser.post(REGISTER, mended).status_code == 303
    assert ApplicationVersion.objects.get().template == services("web")


def test_a_template_that_was_pasted_stays_as_it_was_pasted(world: World, browser: Client) -> None:
    repository = Repository(world.folder / "shop")
    repository.commit({TEMPLATE: services("web")})
    answer = browser.post(REGISTER, {"source": str(repository.folder), "template": "services: 1\n"})
    assert answer.status_code == 422
    assert answer.context["form"]["template"].value() == "services: 1\n"
    assert not Application.objects.exists()


def test_a_repository_without_template_is_answered_with_a_proposal(
    world: World, browser: Client
) -> None:
    repository = Repository(world.folder / "shop")
    repository.commit({"readme.txt": "nothing yet"})
    answer = browser.post(REGISTER, {"source": str(repository.folder)})
    assert answer.status_code == 422
    assert "app: shop" in answer.context["form"]["template"].value()
    assert "A template to start from" in answer.content.decode()


def test_of_very_many_problems_the_page_lists_the_first(world: World, browser: Client) -> None:
    repository = Repository(world.folder / "shop")
    repository.commit({TEMPLATE: "".join(f"key_{number}: 1\n" for number in range(300))})
    answer = browser.post(REGISTER, {"source": str(repository.folder)})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count("is not a key") == 100
    assert "The first 100 of 300." in page


def test_a_compose_file_is_answered_with_a_template_and_variables(
    world: World, browser: Client
) -> None:
    repository = Repository(world.folder / "shop")
    compose = "services:\n  web:\n    build: .\n    tty: true\n    environment: [COLOUR=teal]\n"
    repository.commit({"docker-compose.yml": compose})
    answer = browser.post(REGISTER, {"source": str(repository.folder)})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The template and variables made from the Compose file" in page
    assert "tty of web has no counterpart." in page
    assert "line 4" in page
    form = answer.context["form"]
    proposed = {"template": form["template"].value(), "variables": form["variables"].value()}
    assert "COLOUR" in proposed["variables"]
    accepted = browser.post(REGISTER, {"source": str(repository.folder), **proposed})
    assert accepted.status_code == 303
    version = ApplicationVersion.objects.get()
    assert (version.template, "teal" in members.unsealed(version)) == (proposed["template"], True)


def test_variables_that_were_typed_stay_with_a_proposal(world: World, browser: Client) -> None:
    repository = Repository(world.folder / "shop")
    repository.commit({"docker-compose.yml": "services: {web: {image: x, environment: [A=b]}}\n"})
    typed = {"source": str(repository.folder), "variables": "defaults: []\n"}
    answer = browser.post(REGISTER, typed)
    assert answer.context["form"]["variables"].value() == "defaults: []\n"


def test_a_compose_file_with_errors_is_told_beside_a_template_to_start_from(
    world: World, browser: Client
) -> None:
    repository = Repository(world.folder / "shop")
    repository.commit({"docker-compose.yml": "services:\n  web: {}\n"})
    page = browser.post(REGISTER, {"source": str(repository.folder)}).content.decode()
    assert "web has neither an image nor a build." in page
    assert "line 2" in page
    assert "A template to start from" in page
