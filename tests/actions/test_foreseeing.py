"""What saving a template already tells of the environments to come."""

from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions.applications import register_application, save_application_template
from environments.actions.environments import save_environment_template
from environments.core.ports import EngineTraits, LocalPorts
from tests.world import World, services

MEMORY = "environments.engines.memory.MemoryEngine"
_RUNS_NO_IMAGES = EngineTraits("memory", False, LocalPorts.NONE, True, True)


def test_a_template_is_registered_although_its_import_is_unknown(world: World) -> None:
    repository = world.application("backend")
    template = services("web", imports=["backend", "bakend"])
    registered = register_application(
        world.operator, source=repository.repository_url, name="frontend", template=template
    )
    (unknown,) = [one for one in registered.problems if one.id == "import.unknown"]
    assert unknown.level == "warning"
    assert "backend" in unknown.message


def test_saving_tells_which_services_would_meet_those_of_an_import(world: World) -> None:
    world.application("backend", services("api"))
    frontend = world.application("frontend", services("web"))
    text = services("web", "api", imports=["backend"])
    problems = save_application_template(world.operator, frontend, text=text, opened_on=1)
    (meeting,) = [one for one in problems if one.id == "collision.service"]
    assert meeting.level == "warning"
    assert "frontend" in meeting.message and "backend" in meeting.message


def test_what_the_engine_cannot_run_is_a_warning_of_the_text(
    world: World, settings: Settings
) -> None:
    application = world.application("frontend", services("web"))
    environment = world.deployed(application)
    settings.ENGINES = {"memory": (MEMORY, {"traits": _RUNS_NO_IMAGES})}
    wiring.engine.cache_clear()
    text = services("web", "db")
    of_application = save_application_template(world.operator, application, text=text, opened_on=1)
    of_environment = save_environment_template(
        world.operator, environment, text=text, opened_on=environment.number
    )
    for problems in (of_application, of_environment):
        images = [one for one in problems if one.id == "engine.only-image"]
        assert {one.level for one in images} == {"warning"}
        assert len(images) == 2
