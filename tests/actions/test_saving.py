"""Saving a new version of an environment: what it refuses, keeps and tells."""

from collections.abc import Callable

import pytest

from environments import wiring
from environments.actions.applications import save_application_template, save_default_variables
from environments.actions.asking import Conflict, Refused
from environments.actions.drafts import ImportChoice
from environments.actions.environments import (
    latest_version,
    save_environment_template,
    save_imports,
    save_parameters,
    save_variables,
)
from environments.models import Environment, Event
from environments.services import members
from environments.vault import VaultError
from tests.world import World, services

PARAMETERS = "parameters: [{name: COLOUR, type: string, default: red}]\n"
TEXT = services("web", imports=["backend"], more=PARAMETERS)
Save = Callable[[World, Environment, int], object]


def imports_saved(world: World, environment: Environment, opened_on: int) -> None:
    save_imports(
        world.operator,
        environment,
        imports=(),
        parallelize=True,
        parameters={"backend": {"A": "1"}},
        opened_on=opened_on,
    )


SAVES: dict[str, Save] = {
    "saved the Environment Template": lambda world, environment, opened_on: (
        save_environment_template(
            world.operator, environment, text=f"{TEXT}# more\n", opened_on=opened_on
        )
    ),
    "saved the variables": lambda world, environment, opened_on: save_variables(
        world.operator, environment, text="envs:\n- {key: A, value: b}\n", opened_on=opened_on
    ),
    "saved the parameters": lambda world, environment, opened_on: save_parameters(
        world.operator, environment, values={"COLOUR": "blue"}, opened_on=opened_on
    ),
    "saved the imports": imports_saved,
}


@pytest.fixture
def environment(world: World) -> Environment:
    world.application("backend", services("api"))
    return world.deployed(world.application("shop", TEXT))


@pytest.mark.parametrize("change", SAVES)
def test_each_raises_the_second_number_once_and_is_kept_as_an_event(
    world: World, environment: Environment, change: str
) -> None:
    for _ in range(2):  # the second time nothing changes
        SAVES[change](world, environment, environment.number)
        environment.refresh_from_db()
        assert environment.version == "v1.2"
    assert latest_version(environment).change == change
    event = Event.objects.filter(environment=environment)[0]
    assert event.what == f"{change} (v1.2)"


@pytest.mark.parametrize("change", SAVES)
def test_what_was_opened_on_an_older_version_is_refused_with_the_difference(
    world: World, environment: Environment, change: str
) -> None:
    ana = world.person("ana")
    save_environment_template(ana, environment, text=f"{TEXT}# ana's\n", opened_on=1)
    with pytest.raises(Conflict, match=r"ana saved v1\.2 since you opened this page") as found:
        SAVES[change](world, environment, 1)
    assert found.value.by == "ana"
    told = "".join(line.text for line in found.value.difference)
    assert "# ana's" in told or change in ("saved the variables", "saved the parameters")
    environment.refresh_from_db()
    assert environment.number == environment.versions.count() == 2


def test_the_other_texts_of_a_version_are_carried_on(
    world: World, environment: Environment
) -> None:
    for number, save in enumerate(SAVES.values(), 1):
        save(world, environment, number)
        environment.refresh_from_db()
    latest = latest_version(environment)
    assert latest.number == 5
    assert latest.template.startswith(services("web"))
    assert "backend" not in latest.template
    assert "# more" in latest.template and "parallelize_app_imports: true" in latest.template
    assert members.unsealed(latest) == "envs:\n- {key: A, value: b}\n"
    assert latest.parameters == {"COLOUR": "blue"}
    assert latest.import_parameters == {"backend": {"A": "1"}}


def test_a_secret_that_is_saved_without_its_value_keeps_it(
    world: World, environment: Environment
) -> None:
    written = "envs:\n- {key: A, secret: true, value: hidden}\n"
    save_variables(world.operator, environment, text=written, opened_on=1)
    environment.refresh_from_db()
    shown = "envs:\n- {key: A, secret: true}\n- {key: B, value: c}\n"
    save_variables(world.operator, environment, text=shown, opened_on=2)
    environment.refresh_from_db()
    kept = members.unsealed(latest_version(environment))
    assert "hidden" in kept and "{key: B, value: c}" in kept


def test_variables_are_sealed_for_their_environment(world: World, environment: Environment) -> None:
    save_variables(world.operator, environment, text="envs:\n- {key: A, value: b}\n", opened_on=1)
    environment.refresh_from_db()
    sealed = latest_version(environment).variables
    assert b"key" not in bytes(sealed)
    with pytest.raises(VaultError):
        wiring.unseal(sealed, belongs_to="environment 0")


@pytest.mark.parametrize(
    ("name", "told"),
    [("bakend", "Did you mean backend?"), ("shop", "shop imports itself")],
)
def test_an_import_that_cannot_be_is_an_error_in_an_environment(
    world: World, environment: Environment, name: str, told: str
) -> None:
    with pytest.raises(Refused) as refused:
        save_imports(
            world.operator,
            environment,
            imports=(ImportChoice(name),),
            parallelize=False,
            parameters={},
            opened_on=1,
        )
    assert told in str(refused.value)
    assert environment.versions.count() == 1


def test_names_that_meet_are_an_error_in_an_environment_and_name_both(
    world: World, environment: Environment
) -> None:
    world.application("other", services("web"))
    imports = (ImportChoice("backend"), ImportChoice("other"))
    with pytest.raises(Refused) as refused:
        save_imports(
            world.operator,
            environment,
            imports=imports,
            parallelize=False,
            parameters={},
            opened_on=1,
        )
    (meeting,) = [one for one in refused.value.problems if one.id == "collision.service"]
    assert "shop" in meeting.message and "other" in meeting.message
    assert {fix.act for fix in meeting.fixes} >= {"exclude", "drop", "rename"}
    assert environment.versions.count() == 1


def test_saving_for_new_environments_never_touches_those_that_exist(
    world: World, environment: Environment
) -> None:
    application = environment.application
    save_application_template(
        world.operator, application, text=services("web", "later"), opened_on=1
    )
    save_default_variables(
        world.operator, application, text="defaults:\n- {key: A, value: b}\n", opened_on=2
    )
    environment.refresh_from_db()
    assert (application.number, environment.version) == (3, "v1.1")
    assert latest_version(environment).template == TEXT
    assert members.unsealed(latest_version(environment)) == ""
    later = world.create(application, name="later")
    assert later.version == "v3.1"


def test_an_older_page_of_an_application_is_refused_too(
    world: World, environment: Environment
) -> None:
    application = environment.application
    save_application_template(world.operator, application, text=services("one"), opened_on=1)
    with pytest.raises(Conflict, match="operator saved v2 since"):
        save_application_template(world.operator, application, text=services("two"), opened_on=1)
    with pytest.raises(Conflict, match="operator saved v2 since"):
        save_default_variables(
            world.operator, application, text="defaults:\n- {key: A, value: b}\n", opened_on=1
        )
    assert application.versions.count() == 2
