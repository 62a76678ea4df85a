"""``register_application SOURCE [--name NAME] [--template FILE] [--variables FILE]``."""

from pathlib import Path

import pytest

from environments.actions.repositories import TEMPLATE_PATH, VARIABLES_PATH
from environments.models import Application
from environments.services import members
from tests.commands.conftest import Run
from tests.world import Repository, World, services

TEXT = services("web")
OTHER = services("other")
VARIABLES = "defaults:\n- key: LEVEL\n  value: info\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "shop")
    repository.commit({TEMPLATE_PATH: TEXT, VARIABLES_PATH: VARIABLES})
    return repository


def test_the_files_are_those_of_the_repository(
    run: Run, world: World, repository: Repository
) -> None:
    said = run("register_application", str(repository.folder))
    assert (said.status, said.out, said.err) == (0, "registered shop\n", "")
    application = Application.objects.get()
    version = members.latest(application)
    assert (version.template, members.unsealed(version)) == (TEXT, VARIABLES)
    assert application.default_branch == "main"
    assert application.repository_url == str(repository.folder)


def test_a_url_is_a_source_too(run: Run, world: World, repository: Repository) -> None:
    said = run("register_application", f"file://{repository.folder}")
    assert (said.status, said.out) == (0, "registered shop\n")


def test_a_path_may_be_relative(
    run: Run, world: World, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.folder.parent)
    said = run("register_application", "shop")
    assert (said.status, said.out) == (0, "registered shop\n")
    assert Application.objects.get().repository_url == str(repository.folder)


def test_files_that_are_given_go_before_those_of_the_repository(
    run: Run, world: World, repository: Repository, tmp_path: Path
) -> None:
    template, variables = tmp_path / "t.yaml", tmp_path / "v.yaml"
    template.write_text(OTHER)
    variables.write_text("")
    source = str(repository.folder)
    options = ("--template", str(template), "--variables", str(variables))
    assert run("register_application", source, *options).status == 0
    version = members.latest(Application.objects.get())
    assert (version.template, members.unsealed(version)) == (OTHER, "")


def test_the_name_is_given_else_app_else_the_repositorys(
    run: Run, world: World, repository: Repository
) -> None:
    source = str(repository.folder)
    assert run("register_application", source).out == "registered shop\n"
    repository.commit({TEMPLATE_PATH: f"app: store\n{TEXT}"})
    assert run("register_application", source).out == "registered store\n"
    said = run("register_application", source, "--name", "market")
    assert said.out == "registered market\n"
    assert "The template calls itself store, the application is registered as market." in said.err


def test_warnings_are_on_stderr_and_do_not_stop_it(
    run: Run, world: World, repository: Repository
) -> None:
    repository.commit({TEMPLATE_PATH: services("web", imports=["backend"])})
    said = run("register_application", str(repository.folder))
    assert (said.status, said.out) == (0, "registered shop\n")
    assert "warning: " in said.err
    assert "shop imports backend, and this account has no such application." in said.err


def test_a_repository_without_a_template_gets_a_proposal(
    run: Run, world: World, repository: Repository
) -> None:
    repository.git("rm", "-q", "-r", ".release")
    repository.commit({"README": "x"})
    said = run("register_application", str(repository.folder))
    assert (said.status, said.out) == (1, "")
    sentence, proposal = said.err.split("\n", 1)
    assert sentence.startswith(f"error: The repository has no {TEMPLATE_PATH} at main (")
    assert proposal.startswith("app: shop\nservices:\n")
    assert not Application.objects.exists()


def test_a_wrong_template_is_refused_with_its_lines(
    run: Run, world: World, repository: Repository
) -> None:
    repository.commit({TEMPLATE_PATH: "servces: []\n"})
    said = run("register_application", str(repository.folder))
    assert said.status == 1
    assert ":1: servces is not a key. Did you mean services?" in said.err
    assert not Application.objects.exists()


def test_a_wrong_variables_file_is_refused_and_nothing_is_registered(
    run: Run, world: World, repository: Repository
) -> None:
    repository.commit({VARIABLES_PATH: "defaults:\n- key: RELEASE_X\n"})
    said = run("register_application", str(repository.folder))
    assert said.status == 1
    assert "RELEASE_X is reserved" in said.err
    assert not Application.objects.exists()


def test_a_name_that_is_taken_is_refused(run: Run, world: World, repository: Repository) -> None:
    world.application("shop")
    said = run("register_application", str(repository.folder))
    assert said.status == 1
    assert "There is an application shop in this account already." in said.err
    assert Application.objects.count() == 1


def test_a_file_that_is_not_there_is_said(run: Run, world: World, repository: Repository) -> None:
    said = run("register_application", str(repository.folder), "--template", "/nowhere/t.yaml")
    assert said.status == 1
    assert said.err == (
        "error: /nowhere/t.yaml cannot be read: No such file or directory. "
        "Give the path of a text file.\n"
    )


def test_a_folder_that_is_no_repository_is_said(run: Run, world: World, tmp_path: Path) -> None:
    said = run("register_application", str(tmp_path))
    assert said.status == 1
    assert said.err.startswith(f"error: There is no git repository at {tmp_path}, ")
    assert not Application.objects.exists()


def test_an_empty_source_is_not_the_folder_that_the_command_runs_in(
    run: Run, world: World, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.folder)
    said = run("register_application", "")
    assert said.status == 1
    assert said.err == (
        "error: The repository address is empty. Write a URL or an absolute path.\n"
    )
    assert run("register_application", ".").out == "registered shop\n"


def test_for_a_compose_file_the_proposal_is_printed_and_nothing_is_registered(
    run: Run, world: World, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "composed")
    repository.commit(
        {"compose.yaml": "services: {web: {image: x, tty: true, environment: [A=b]}}"}
    )
    said = run("register_application", str(repository.folder))
    assert (said.status, said.out) == (1, "")
    first, note, *rest = said.err.splitlines()
    assert first.startswith("warning: The repository has no Application Template, and the Compose")
    assert note.startswith("warning: compose.yaml:1: tty of web has no counterpart.")
    assert rest == [
        *("app: composed", "services:", "- name: web", "  image: x", ""),
        *("services:", "  web:", "  - key: A", "    value: b"),
    ]
    assert not Application.objects.exists()
