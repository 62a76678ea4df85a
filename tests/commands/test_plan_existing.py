"""The plan of a deployment of an environment that exists."""

import pytest

from environments.actions.applications import save_application_template
from environments.actions.deployments import plan_deployment
from environments.actions.drafts import EnvironmentDraft, ImportChoice
from environments.actions.environments import create_environment, save_environment_template
from environments.models import Application, DeploymentKind
from environments.services import refs
from tests.commands.conftest import Run
from tests.commands.planning import plan
from tests.world import World, services


def test_in_an_existing_environment_an_entrys_branch_is_fixed_whoever_wrote_it(
    run: Run, world: World, pair: Application
) -> None:
    told = plan(run, "frontend", "--branch", "x", "--import", "backend:y")
    chosen = ImportChoice("backend", branch="y", chosen_by_person=True)
    draft = EnvironmentDraft(pair, branch="x", imports=(chosen,))
    environment = create_environment(world.operator, draft)
    existing = plan_deployment(environment, DeploymentKind.SETUP)
    rules = {one.member.application: one.member.choice.rule for one in existing.members}
    assert rules == {"backend": "fixed", "frontend": "chosen"}
    assert existing.digest == told["digest"]


def test_the_plan_of_an_environment_whose_import_leaves_can_be_made(
    world: World, pair: Application
) -> None:
    environment = world.deployed(pair)
    leaving = plan_deployment(environment, DeploymentKind.SETUP, template=services("web", "api"))
    assert [one.member.application for one in leaving.members] == ["frontend"]
    assert "member.leaves-first" in [problem.id for problem in leaving.problems]


def test_an_import_tracks_what_its_latest_application_template_says(
    world: World, pair: Application
) -> None:
    environment = world.deployed(pair, "feature-1")
    backend = Application.objects.get(name="backend")
    text = services("api", "cache", more="tracking_branch: y\n")
    save_application_template(world.operator, backend, text=text, opened_on=1)
    planned = plan_deployment(environment, DeploymentKind.SETUP).members[0].member
    assert (planned.choice.ref, planned.choice.rule) == ("y", "tracking")
    assert planned.version == "v1.1"


def test_an_environment_of_a_tag_stays_on_it_when_a_branch_of_its_name_comes(world: World) -> None:
    shop = world.application("shop")
    repository = world.repositories["shop"]
    repository.git("tag", "v1")
    environment = world.deployed(shop, "v1")
    assert environment.is_tag
    repository.branch("v1")
    choice = plan_deployment(environment, DeploymentKind.SETUP).members[-1].member.choice
    assert (choice.ref, choice.is_tag, choice.rule) == ("v1", True, "chosen")
    assert choice.commit == repository.git("rev-parse", "refs/tags/v1")


@pytest.mark.parametrize("kind", ["setup", "patch"])
def test_an_own_branch_that_is_gone_is_an_error_with_a_next_step(world: World, kind: str) -> None:
    environment = world.deployed(world.application("shop", branches=["work"]), "work")
    world.repositories["shop"].git("branch", "-q", "-D", "work")
    refs.forget()
    planned = plan_deployment(environment, DeploymentKind(kind))
    assert planned.members[-1].member.choice.commit is None
    (problem,) = [one for one in planned.problems if one.level == "error"]
    assert problem.message.startswith("shop has no branch work any more")
    assert "Deploy Setup" in problem.message


def test_a_context_that_is_written_later_is_told_to_change_nothing(world: World) -> None:
    environment = world.deployed(world.application("shop"))
    world.account.contexts.create(name="second", engine="memory", domains=["x.example"])
    text = services("shop", more="context: second\ndomain: team.localhost\n")
    planned = plan_deployment(environment, DeploymentKind.SETUP, template=text)
    assert [one.id for one in planned.problems] == ["context.stays", "domain.stays"]
    assert [one.place.line for one in planned.problems if one.place] == [8, 9]
    told = save_environment_template(world.operator, environment, text=text, opened_on=1)
    assert {one.id for one in told} == {"context.stays", "domain.stays"}
