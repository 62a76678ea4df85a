"""The page of a deployment: its stages, tasks, log, first cause and next step."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.actions.environments import delete_environment
from environments.core.masking import Masker
from environments.core.ports import Phase
from environments.engines.memory import Outlook
from environments.models import Deployment, Role
from environments.services.say import say
from tests.world import World, services

SWAP = {"HX-Request": "true"}
WITH_JOB = services(
    "shop",
    more="""jobs:
- name: migrate
  from_services: shop
  command: [migrate]
workflows:
- name: setup
  order_from: [jobs.migrate, services.shop]
""",
)


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    user = world.person("ana").user
    assert isinstance(user, User)
    client.force_login(user)
    return client


def text_of(browser: Client, deployment: Deployment, query: str = "") -> str:
    """The page with single spaces between its words and tags."""
    answer = browser.get(f"/acme/deployments/{deployment.pk}/{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def log_of(page: str) -> str:
    return page.partition('<div id="log">')[2].partition("</pre>")[0]


def spoken(world: World, lines: int) -> Deployment:
    """A deployment with that many more lines in its log."""
    deployment = world.last(world.deployed(world.application("shop")))
    say(deployment, [f"said {number:04}" for number in range(lines)], masker=Masker(()))
    return deployment


def test_the_log_is_searched(world: World, browser: Client) -> None:
    deployment = spoken(world, 30)
    page = text_of(browser, deployment, "?q=SAID+0007")
    assert "said 0007" in log_of(page)
    assert "said 0008" not in log_of(page)
    assert "1 of" in page
    assert "No line holds" in text_of(browser, deployment, "?q=nothing+like+it")
    assert "<script>" not in log_of(text_of(browser, deployment, "?q=<script>"))


def test_a_linked_line_is_shown_though_it_is_not_among_the_last(
    world: World, browser: Client
) -> None:
    deployment = spoken(world, 900)
    assert "said 0010" not in log_of(text_of(browser, deployment))
    line = deployment.lines.get(text="said 0010").number
    page = text_of(browser, deployment, f"?line={line}")
    assert f'id="line-{line}"' in log_of(page)
    assert "data-follow" not in page
    for odd in ("0", "-1", "x", "99999999999999999999", "²"):
        assert log_of(text_of(browser, deployment, f"?line={odd}"))


def test_each_task_opens_to_what_was_said_about_it(world: World, browser: Client) -> None:
    world.engine.expect("migrate", Outlook(Phase.SUCCEEDED, True, "", ("table made", "done")))
    deployment = world.last(world.deployed(world.application("shop", WITH_JOB)))
    page = text_of(browser, deployment)
    task = page.partition("jobs.migrate")[2].partition("services.shop")[0]
    assert "table made" in task


def test_a_failure_names_its_cause_its_lines_and_the_next_step(
    world: World, browser: Client
) -> None:
    world.engine.expect("migrate", Outlook(Phase.FAILED, False, "status 3", ("no such table",)))
    shop = world.deployed(world.application("shop", WITH_JOB))
    page = text_of(browser, world.last(shop))
    cause = page.partition('aria-label="First cause"')[2].partition("</section>")[0]
    assert "jobs.migrate" in cause
    assert "status 3" in cause
    assert "no such table" in cause
    assert f"/acme/environments/{shop.env_id}/deploy/setup" in cause
    assert "not started: migrate of shop failed" in page


def test_a_deployment_that_never_began_says_why_and_what_next(
    world: World, browser: Client
) -> None:
    shop = world.create(world.application("shop"))
    repository = world.repositories["shop"]
    repository.git("branch", "-m", "main", "trunk")
    world.work()
    page = text_of(browser, world.last(shop))
    assert "It failed before anything was started" in page
    assert "Deploy Setup again" in page


def test_a_removal_that_left_something_leads_to_deleting_again(
    world: World, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = world.deployed(world.application("shop"))
    delete_environment(world.operator, shop)
    monkeypatch.setattr(world.engine, "remains", lambda namespace: ("process 7",))
    world.work()
    page = text_of(browser, world.last(shop))
    assert "It did not come to its end" in page
    assert "Something is left: process 7." in page
    assert "Deploy Setup again" not in page
    assert f"/acme/environments/{shop.env_id}/settings" in page


def test_what_waits_says_its_place_and_what_is_ahead(world: World, browser: Client) -> None:
    shop = world.deployed(world.application("shop"))
    Deployment.objects.filter(environment=shop).update(status="running")
    address = f"/acme/environments/{shop.env_id}/deploy/patch"
    assert browser.post(address).status_code == 303
    waiting = world.last(shop)
    page = text_of(browser, waiting)
    assert "Number 2 in the queue of this namespace" in page
    assert f"/acme/deployments/{waiting.pk - 1}/" in page
    assert "Abort" in page
    browser.post(f"/acme/deployments/{waiting.pk}/abort")
    assert "It had not begun: nothing changed" in text_of(browser, waiting)


def test_the_page_stops_asking_when_it_is_over(world: World, browser: Client) -> None:
    shop = world.create(world.application("shop"))
    deployment = world.last(shop)
    address = f"/acme/deployments/{deployment.pk}/"
    assert 'hx-trigger="every 1s"' in text_of(browser, deployment)
    assert browser.get(address, headers=SWAP).status_code == 200
    world.work()
    assert 'hx-trigger="every 1s"' not in text_of(browser, deployment)
    answer = browser.get(address, headers=SWAP)
    assert answer.status_code == 286
    assert 'id="log" hx-swap-oob="morph"' in answer.content.decode()


def test_the_output_of_services_is_for_those_who_may_read_logs(
    world: World, client: Client
) -> None:
    secret = ("the customer's name",)
    world.engine.expect("shop", Outlook(Phase.FAILED, False, "it ended", secret))
    shop = world.deployed(world.application("shop"))
    for role, seen in ((Role.MEMBER, False), (Role.INSTANCE_ACCESSOR, True)):
        user = world.person(f"a-{role}", role).user
        assert isinstance(user, User)
        client.force_login(user)
        page = text_of(client, world.last(shop))
        assert ("customer&#x27;s name" in page) is seen
        assert ("Its output is shown to those" in page) is not seen
