"""The plan that was shown: a digest that holds or not, and what moved since."""

import re

import pytest
from django.test import Client

from environments.actions import deployments
from environments.actions.asking import Refused
from environments.actions.drafts import EnvironmentDraft, think_through
from environments.actions.environments import create_environment
from environments.models import Application, Deployment, Environment
from environments.services import refs
from tests.deploying.acts import SETUP, said, save, text_of
from tests.world import World, services


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api"))
    return world.application("shop", services("web", imports=["backend"]))


@pytest.fixture
def environment(world: World, shop: Application) -> Environment:
    return world.deployed(shop)


def head(world: World, name: str) -> str:
    return world.repositories[name].git("rev-parse", "--short=7", "main")


def test_what_moved_since_is_said_and_the_new_commit_deployed(
    world: World, environment: Environment
) -> None:
    plan = deployments.plan_deployment(environment, SETUP)
    before = head(world, "backend")
    world.repositories["backend"].commit({"x": "1"})
    # The page's answers are up to 30 s old: its digest still holds.
    setup = deployments.deploy(world.operator, environment, SETUP, shown_digest=plan.digest)
    world.work()
    setup.refresh_from_db()
    assert setup.status == "deployed"
    assert said(setup)[0] == (
        "backend moved since the plan was shown: "
        f"main @ {before} to main @ {head(world, 'backend')}"
    )
    assert not any("shop moved" in line for line in said(setup))


def test_a_branch_that_came_meanwhile_is_said(world: World, shop: Application) -> None:
    world.repositories["shop"].branch("feature")
    draft = EnvironmentDraft(shop, branch="feature")
    plan = think_through(world.operator, draft).plan
    assert plan is not None
    world.repositories["backend"].branch("feature")
    environment = create_environment(world.operator, draft, shown_digest=plan.digest)
    world.work()
    (moved,) = [line for line in said(world.last(environment)) if "moved since" in line]
    assert moved.startswith("backend moved since the plan was shown: main @ ")
    assert " to feature @ " in moved


@pytest.mark.parametrize("what", ["commit", "template"])
def test_a_digest_that_holds_no_more_is_refused(
    world: World, environment: Environment, what: str
) -> None:
    plan = deployments.plan_deployment(environment, SETUP)
    if what == "commit":
        world.repositories["backend"].commit({"x": "1"})
        refs.forget()
    else:
        save(world, environment, f"{text_of(environment)}# more\n")
    with pytest.raises(Refused, match=r"The plan has changed since it was shown\. Look at the new"):
        deployments.deploy(world.operator, environment, SETUP, shown_digest=plan.digest)
    assert Deployment.objects.filter(part_of=None).count() == 1


def test_nothing_is_created_from_a_plan_that_holds_no_more(world: World, shop: Application) -> None:
    draft = EnvironmentDraft(shop)
    plan = think_through(world.operator, draft).plan
    assert plan is not None
    world.repositories["shop"].commit({"x": "1"})
    refs.forget()
    with pytest.raises(Refused, match="The plan has changed"):
        create_environment(world.operator, draft, shown_digest=plan.digest)
    assert not Environment.objects.exists()
    again = think_through(world.operator, draft).plan
    assert again is not None
    assert create_environment(world.operator, draft, shown_digest=again.digest).pk


def test_the_page_shows_the_new_plan_in_place_of_deploying_the_old_one(
    world: World, environment: Environment
) -> None:
    client = Client()
    ana = world.person("ana")
    assert ana.user is not None
    client.force_login(ana.user)
    address = f"/acme/environments/{environment.env_id}/deploy/setup"
    plan = deployments.plan_deployment(environment, SETUP)
    assert plan.digest in client.get(address).content.decode()
    world.repositories["backend"].commit({"x": "1"})
    refs.forget()
    answer = client.post(address, {"digest": plan.digest})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The plan has changed since it was shown" in text
    assert head(world, "backend") in text
    assert Deployment.objects.filter(part_of=None).count() == 1


def test_whoever_is_shown_a_new_plan_may_ask_for_it_at_once(
    world: World, environment: Environment
) -> None:
    client = Client()
    client.force_login(world.person("ana").user)  # type: ignore[arg-type]
    address = f"/acme/applications/{environment.application.name}/new"
    answer = client.post(address, {"act": "create", "name": "x", "digest": "of another plan"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The plan has changed since it was shown" in text
    assert "disabled" not in text
    found = re.search('name="digest" value="([0-9a-f]+)"', text)
    assert found is not None
    sent = {"act": "create", "name": "x", "digest": found[1]}
    assert client.post(address, sent).status_code == 303


def test_the_plan_of_a_run_whose_context_is_away_says_so(
    world: World, environment: Environment
) -> None:
    world.account.contexts.update(engine="kubernetes")
    environment = Environment.objects.get(pk=environment.pk)
    plan = deployments.plan_deployment(environment, SETUP)
    assert [problem.id for problem in plan.problems] == ["engine.off"]
    setup = deployments.deploy(world.operator, environment, SETUP)
    world.work()
    setup.refresh_from_db()
    assert setup.status == "failed"
    assert setup.reason.startswith("The engine kubernetes is not available here.")
