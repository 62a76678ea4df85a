"""Registering a repository that has a Compose file in place of a template."""

import pytest

from environments.actions.applications import register_application, save_application_template
from environments.actions.asking import Refused
from environments.actions.proposing import ComposeGiven, TemplateMissing
from environments.actions.repositories import RELEASE_FILE, TEMPLATE_PATH, VARIABLES_PATH
from environments.models import Application
from environments.services import members
from tests.world import Repository, World, services

COMPOSE = "services:\n  web:\n    image: x\n    environment: {A: ${B}}\n    tty: true\n"
COMPOSE = COMPOSE.replace("${B}", "'${B}'")


@pytest.fixture
def repository(world: World) -> Repository:
    return Repository(world.folder / "shop")


def given(world: World, repository: Repository, **more: str) -> ComposeGiven:
    """What is proposed, nothing being registered."""
    with pytest.raises(ComposeGiven) as proposed:
        register_application(world.operator, source=str(repository.folder), **more)
    assert not Application.objects.exists()
    return proposed.value


@pytest.mark.parametrize("path", ["compose.yaml", "docker-compose.yml"])
def test_it_is_found_and_its_env_file_is_read(
    world: World, repository: Repository, path: str
) -> None:
    repository.commit({path: COMPOSE, ".env": "B=c\n"})
    proposed = given(world, repository)
    assert [one.id for one in proposed.problems] == ["compose.found"]
    assert f"the Compose file {path}:" in str(proposed)
    assert proposed.text == "app: shop\nservices:\n- name: web\n  image: x\n"
    assert proposed.variables == "services:\n  web:\n  - key: A\n    value: c\n"
    assert [one.id for one in proposed.notes] == ["compose.left-out"]
    application = register_application(
        world.operator,
        source=str(repository.folder),
        template=proposed.text,
        variables=proposed.variables,
    ).application
    assert application.name == "shop"
    assert members.unsealed(members.latest(application)) == proposed.variables


def test_of_two_compose_files_the_one_that_compose_takes(
    world: World, repository: Repository
) -> None:
    repository.commit({"compose.yaml": COMPOSE, "docker-compose.yml": COMPOSE.replace("x", "y")})
    assert "image: x" in given(world, repository).text


def test_a_template_is_preferred_to_it(world: World, repository: Repository) -> None:
    repository.commit({TEMPLATE_PATH: services("web"), "docker-compose.yml": COMPOSE})
    register_application(world.operator, source=str(repository.folder))
    assert Application.objects.exists()


def test_variables_of_the_repository_stay(world: World, repository: Repository) -> None:
    variables = "defaults:\n- {key: A, value: b}\n"
    repository.commit({"docker-compose.yml": COMPOSE, VARIABLES_PATH: variables})
    assert given(world, repository).variables == variables


def test_one_that_is_pasted_becomes_a_proposal_too(world: World, repository: Repository) -> None:
    repository.commit({TEMPLATE_PATH: services("web"), ".env": "B=c\n"})
    proposed = given(world, repository, template=COMPOSE, name="store")
    assert [one.id for one in proposed.problems] == ["compose.given"]
    assert proposed.text.startswith("app: store\n")
    assert "value: c" in proposed.variables


def test_one_that_the_release_file_names_becomes_a_proposal_too(
    world: World, repository: Repository
) -> None:
    release = "application_template: deploy/compose.yml\n"
    repository.commit({RELEASE_FILE: release, "deploy/compose.yml": COMPOSE})
    assert [one.id for one in given(world, repository).problems] == ["compose.given"]


def test_a_named_template_that_is_missing_is_said_beside_the_proposal(
    world: World, repository: Repository
) -> None:
    release = "application_template: a.yaml\n"
    repository.commit({RELEASE_FILE: release, "docker-compose.yml": COMPOSE})
    found = [one.id for one in given(world, repository).problems]
    assert found == ["application.named-missing", "compose.found"]


def test_one_with_errors_is_said_with_a_template_to_start_from(
    world: World, repository: Repository
) -> None:
    repository.commit({"docker-compose.yml": "services:\n  web: {}\n"})
    with pytest.raises(TemplateMissing) as missing:
        register_application(world.operator, source=str(repository.folder))
    assert [one.id for one in missing.value.problems] == ["application.no-template"]
    assert [one.id for one in missing.value.notes] == ["compose.no-source"]
    assert missing.value.text.startswith("app: shop\n")


def test_one_that_is_pasted_with_errors_is_refused_with_its_lines(
    world: World, repository: Repository
) -> None:
    repository.commit({TEMPLATE_PATH: services("web")})
    text = "services:\n  web:\n    build: ../x\n"
    with pytest.raises(Refused) as wrong:
        register_application(world.operator, source=str(repository.folder), template=text)
    (problem,) = wrong.value.problems
    assert (problem.id, problem.place and problem.place.line) == ("compose.outside", 3)


def test_saving_one_as_a_template_names_what_it_is(world: World) -> None:
    application = world.application("shop", services("web"))
    with pytest.raises(Refused, match="This is a Compose file"):
        save_application_template(world.operator, application, text=COMPOSE, opened_on=1)


def test_a_mount_that_is_a_link_or_leads_nowhere_is_a_folder_to_it(
    world: World, repository: Repository
) -> None:
    (repository.folder / "link").symlink_to("/etc/passwd")
    mounts = "    volumes: ['./link:/a', './gone:/b', './:/c', './sub/file:/d']\n"
    repository.commit({"compose.yml": f"{COMPOSE}{mounts}", "sub/file": "text"})
    proposed = given(world, repository)
    assert [one.id for one in proposed.notes].count("compose.folder") == 3
    assert "repo_path: sub/file" in proposed.text
    assert "passwd" not in proposed.text
