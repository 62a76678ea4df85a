"""What registering reads of a repository, and what it says when something of it is wrong."""

import pytest

from environments import wiring
from environments.actions import applications as acts
from environments.actions.applications import register_application
from environments.actions.asking import Refused
from environments.actions.proposing import TemplateMissing
from environments.actions.repositories import (
    RELEASE_FILE,
    TEMPLATE_PATH,
    VARIABLES_PATH,
    read_repository,
)
from environments.core.names import is_label
from environments.core.problems import Problem
from environments.models import Application
from environments.services import members
from tests.world import Repository, World, services

TEXT = services("web")
VARIABLES = "defaults:\n- {key: LEVEL, value: info}\n"


@pytest.fixture
def repository(world: World) -> Repository:
    return Repository(world.folder / "shop")


def refused(world: World, repository: Repository, **more: str) -> tuple[Problem, ...]:
    """What registering it says, nothing being registered."""
    with pytest.raises(Refused) as wrong:
        register_application(world.operator, source=str(repository.folder), **more)
    assert not Application.objects.exists()
    return wrong.value.problems


def test_the_texts_are_where_the_release_file_says(world: World, repository: Repository) -> None:
    release = "application_template: ./deploy/app.yaml\nenvironment_variables: deploy/vars.yaml\n"
    standard = {TEMPLATE_PATH: "wrong: 1\n", VARIABLES_PATH: "wrong: 1\n"}
    named = {"deploy/app.yaml": TEXT, "deploy/vars.yaml": VARIABLES}
    repository.commit({RELEASE_FILE: release, **standard, **named})
    application = register_application(world.operator, source=str(repository.folder)).application
    version = members.latest(application)
    assert (version.template, members.unsealed(version)) == (TEXT, VARIABLES)


@pytest.mark.parametrize(
    "release", ["", "# nothing\n", "application_template:\nenvironment_variables: ''\n", "x: 1\n"]
)
def test_a_release_file_that_names_nothing_means_the_standard_places(
    world: World, repository: Repository, release: str
) -> None:
    repository.commit({RELEASE_FILE: release, TEMPLATE_PATH: TEXT})
    reading = read_repository(str(repository.folder), wiring.git_host("git"))
    assert (reading.template, reading.variables) == (TEXT, None)


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    + ["application_template: *a9"]
)


@pytest.mark.parametrize(
    ("release", "problem", "line"),
    [
        ("- a\n", "application.release-file", 1),
        ("text\n", "application.release-file", 1),
        ("application_template: [a]\n", "application.release-file", 1),
        ("x: 1\nenvironment_variables: {a: b}\n", "application.release-file", 2),
        ("application_template: /etc/passwd\n", "application.release-path", 1),
        ("x: 1\napplication_template: a/../../b\n", "application.release-path", 2),
        ("application_template\n- a: b\n", "yaml.colon", 1),
        ("a: 1\na: 2\n", "yaml.duplicate-key", 2),
        ("application_template: " + "[" * 10_000, "yaml.too-deep", 1),
        (LAUGHS, "yaml.alias-limit", 5),
        ("application_template: !!python/object:os.system x\n", "yaml.tag", 1),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_a_release_file_that_is_wrong_is_refused_with_its_line(
    world: World, repository: Repository, release: str, problem: str, line: int
) -> None:
    repository.commit({RELEASE_FILE: release, TEMPLATE_PATH: TEXT})
    (found,) = refused(world, repository)
    assert found.id == problem
    assert found.place is not None
    assert (found.place.file, found.place.line) == (RELEASE_FILE, line)


def test_a_template_that_is_named_and_not_there_is_said_with_a_proposal(
    world: World, repository: Repository
) -> None:
    commit = repository.commit(
        {RELEASE_FILE: "application_template: a.yaml\n", TEMPLATE_PATH: TEXT}
    )
    with pytest.raises(TemplateMissing) as missing:
        register_application(world.operator, source=str(repository.folder))
    assert str(missing.value) == (
        ".release.yaml names a.yaml, and the repository has no such file at main "
        f"({commit[:7]}). Correct the path, or commit the file."
    )
    assert missing.value.text.startswith("app: shop\n")


def test_variables_that_are_named_and_not_there_are_an_error_unless_given(
    world: World, repository: Repository
) -> None:
    repository.commit({RELEASE_FILE: "environment_variables: v.yaml\n", TEMPLATE_PATH: TEXT})
    (found,) = refused(world, repository)
    assert found.id == "application.named-missing"
    source = str(repository.folder)
    register_application(world.operator, source=source, variables="")
    assert Application.objects.exists()


@pytest.fixture
def all_wrong(repository: Repository) -> Repository:
    files = {TEMPLATE_PATH: "servces: []\nmode: x\n", VARIABLES_PATH: "defaults: 1\nfoo: 1\n"}
    repository.commit(files)
    return repository


def test_everything_that_is_wrong_is_said_at_once(world: World, all_wrong: Repository) -> None:
    found = [one.id for one in refused(world, all_wrong, name="No Label")]
    assert found == [
        "template.unknown-key",
        "template.deprecated",
        "application.name",
        "template.expected",
        "template.unknown-key",
    ]


def test_a_name_out_of_a_broken_template_is_not_judged(world: World, all_wrong: Repository) -> None:
    assert not {one.id for one in refused(world, all_wrong)} & {
        "application.name",
        "application.taken",
    }


def test_the_same_name_at_the_same_moment_is_given_once(
    world: World, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({TEMPLATE_PATH: TEXT})
    source = str(repository.folder)
    register_application(world.operator, source=source)
    # Both looked before either was there.
    monkeypatch.setattr(acts, "_name_problems", lambda *_: ())
    with pytest.raises(Refused, match="There is an application shop in this account already"):
        register_application(world.operator, source=source)
    assert Application.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "begins"),
    [("shop", "shop"), ("shop.git", "shop"), ("Shop_API", "shop-api-"), ("ünï", "n-")],
)
def test_the_name_is_a_label_made_of_the_repositorys(world: World, path: str, begins: str) -> None:
    repository = Repository(world.folder / path)
    repository.commit({TEMPLATE_PATH: TEXT})
    application = register_application(world.operator, source=f"{repository.folder}/").application
    assert application.name.startswith(begins)
    assert is_label(application.name)


def test_what_was_read_once_stays_until_somebody_saves(
    world: World, repository: Repository
) -> None:
    repository.commit({TEMPLATE_PATH: TEXT})
    source = str(repository.folder)
    application = register_application(world.operator, source=source).application
    repository.commit({TEMPLATE_PATH: services("other")})
    assert read_repository(source, wiring.git_host("git")).template == services("other")
    assert members.latest(application).template == TEXT
