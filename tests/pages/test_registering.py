"""Registering a repository whose template cannot be used as it is."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.models import Application, ApplicationVersion
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
