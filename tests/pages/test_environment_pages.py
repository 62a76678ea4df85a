"""What the pages of an environment say: its state, its URLs, what comes and goes, the list."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.actions.drafts import ImportChoice
from environments.actions.environments import save_imports, save_parameters
from environments.core.ports import Phase
from environments.engines.memory import Outlook
from environments.models import Environment
from environments.services.status import refresh
from tests.world import World, services

SWAP = {"HX-Request": "true"}


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    user = world.person("ana").user
    assert isinstance(user, User)
    client.force_login(user)
    return client


def page_of(environment: Environment, more: str = "") -> str:
    return f"/acme/environments/{environment.env_id}/{more}"


def text_of(browser: Client, address: str) -> str:
    """The page with single spaces between its words and tags."""
    answer = browser.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_hosted_url_says_whether_its_service_is_ready(world: World, browser: Client) -> None:
    shop = world.deployed(world.application("shop"))
    assert "Ready" in text_of(browser, page_of(shop)).partition("Namespace")[0]
    world.engine.expect("shop", Outlook(Phase.RUNNING, False, "GET /health: status 500"))
    urls = text_of(browser, page_of(shop)).partition("Namespace")[0]
    assert "Not ready" in urls
    assert "shop of shop: GET /health: status 500" in urls
    world.engine.expect("shop", Outlook(Phase.FAILED, False, "it ended with status 1"))
    assert "Down" in text_of(browser, page_of(shop)).partition("Namespace")[0]


def test_the_namespace_says_what_comes_and_goes_with_deploy_setup(
    world: World, browser: Client
) -> None:
    world.application("backend")
    world.application("search")
    shop = world.deployed(world.application("shop", services("shop", imports=["backend"])))
    assert "with Deploy Setup</strong>" not in text_of(browser, page_of(shop))
    save_imports(
        world.operator,
        shop,
        imports=(ImportChoice("search"),),
        parallelize=False,
        parameters={},
        opened_on=1,
    )
    told = text_of(browser, page_of(shop))
    assert "goes with Deploy Setup" in told
    assert "comes with Deploy Setup" in told
    assert told.index("goes with Deploy Setup") < told.index(">search</a>")
    assert "Saved as v1.2, v1.1 runs" in told


def test_parameters_that_another_saved_meanwhile_are_shown_beside_what_was_typed(
    world: World, browser: Client
) -> None:
    more = "parameters:\n- name: greeting\n  type: string\n  default: hi\n"
    shop = world.deployed(world.application("shop", services("shop", more=more)))
    save_parameters(world.operator, shop, values={"greeting": "ahoy"}, opened_on=1)
    typed = {"what": "parameters", "opened_on": 1, "parameter.greeting": "hello"}
    answer = browser.post(page_of(shop, "settings"), typed)
    assert answer.status_code == 409
    told = " ".join(answer.content.decode().split())
    assert "From what operator saved to what you typed" in told
    assert "greeting: ahoy" in told
    assert "greeting: hello" in told


def test_before_the_first_setup_its_imports_are_announced(world: World, browser: Client) -> None:
    world.application("backend")
    shop = world.create(world.application("shop", services("shop", imports=["backend"])))
    told = text_of(browser, page_of(shop))
    assert "comes with Deploy Setup" in told
    assert "waits in the queue" in told


def test_the_head_says_why_the_last_deployment_failed(world: World, browser: Client) -> None:
    world.application("backend")
    world.engine.expect("backend", Outlook(Phase.FAILED, False, "no such file"))
    shop = world.deployed(world.application("shop", services("shop", imports=["backend"])))
    told = text_of(browser, page_of(shop))
    assert "backend of backend failed: no such file" in told
    listed = text_of(browser, "/acme/applications/shop/")
    assert "backend of backend failed: no such file" in listed
    assert f"/acme/deployments/{world.last(shop).pk}/" in listed


def test_the_list_is_narrowed_by_its_address(world: World, browser: Client) -> None:
    shop = world.application("shop", branches=["login"])
    world.deployed(shop, name="one")
    world.deployed(shop, "login", name="two")
    address = "/acme/applications/shop/"
    for query, seen in (
        ("?branch=log", {"two"}),
        ("?q=on", {"one"}),
        ("?status=deployed", {"one", "two"}),
        ("?status=failed", set()),
        ("?type=permanent", set()),
        ("?branch=main&status=deployed", {"one"}),
    ):
        told = text_of(browser, address + query)
        assert {name for name in ("one", "two") if f"<strong>{name}</strong>" in told} == seen


def test_the_list_opens_what_runs_and_leads_imports_to_their_importer(
    world: World, browser: Client
) -> None:
    world.application("backend")
    shop = world.deployed(world.application("shop", services("shop", imports=["backend"])))
    assert f"http://shop-shop-{shop.env_id}." in text_of(browser, "/acme/applications/shop/")
    told = text_of(browser, "/acme/applications/backend/")
    assert f">{shop.env_id}</a> (shop)" in told
    assert "Open<span" not in told


def test_a_removed_environment_stays_to_read_and_stops_asking(
    world: World, browser: Client
) -> None:
    shop = world.deployed(world.application("shop"))
    assert browser.get(page_of(shop), headers=SWAP).status_code == 200
    browser.post(page_of(shop, "delete"))
    world.work()
    told = text_of(browser, page_of(shop))
    assert "Removed" in told
    assert 'hx-trigger="every' not in told
    assert browser.get(page_of(shop), headers=SWAP).status_code == 286
    assert "disabled" in text_of(browser, page_of(shop, "deploy/setup"))


def test_the_part_that_is_swapped_brings_the_head_along(world: World, browser: Client) -> None:
    shop = world.deployed(world.application("shop"))
    part = " ".join(browser.get(page_of(shop), headers=SWAP).content.decode().split())
    assert '<div id="top" class="rows mb-3" hx-swap-oob="morph">' in part
    assert "<html" not in part
    assert "hx-swap-oob" not in text_of(browser, page_of(shop))


def test_the_list_asks_the_database_at_most_twelve_times(
    world: World, browser: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    world.application("backend")
    shop = world.application("shop", services("shop", imports=["backend"]))
    world.deployed(shop, name="calm")
    world.engine.expect("backend", Outlook(Phase.FAILED, False, "no such file"))
    world.deployed(shop, name="failed")
    world.create(shop, name="waiting")
    running = world.create(shop, name="running").deployments.get()
    type(running).objects.filter(pk=running.pk).update(status="running")
    refresh(running.namespace)
    with django_assert_max_num_queries(12):
        told = text_of(browser, "/acme/applications/shop/")
    assert "chooses branches and commits" in told
    assert "waits in the queue" in told
