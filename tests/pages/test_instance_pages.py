"""The log of an instance, live and of the run before, and what leads to it and to a terminal."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments import wiring
from environments.core.ports import EngineTraits, LocalPorts, Phase
from environments.engines.memory import MemoryEngine, Outlook
from environments.models import Environment, Membership, Role
from tests.world import World, services

SWAP = {"HX-Request": "true"}


@pytest.fixture
def ivo(world: World, client: Client) -> Client:
    """A browser of an instance accessor."""
    user = world.person("ivo", Role.INSTANCE_ACCESSOR).user
    assert isinstance(user, User)
    client.force_login(user)
    return client


@pytest.fixture
def shop(world: World) -> Environment:
    """One instance, web-0, that has printed two lines."""
    shop = world.deployed(world.application("shop", services("web")))
    prints(world, "one", "two")
    return shop


def prints(world: World, *lines: str) -> None:
    world.engine.expect("web", Outlook(Phase.RUNNING, True, "", lines))


def page_of(environment: Environment, more: str = "") -> str:
    return f"/acme/environments/{environment.env_id}/{more}"


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def next_of(text: str) -> str:
    """The address that the page asks next."""
    found = re.search(r'hx-get="([^"]+)"', text)
    assert found
    return found[1]


def test_the_log_brings_only_what_comes_after_what_is_known(
    world: World, shop: Environment, ivo: Client
) -> None:
    whole = text_of(ivo, page_of(shop, "instances/web-0"))
    assert "one\ntwo\n" in whole
    prints(world, "one", "two", "three", "<b>four</b>")
    more = ivo.get(next_of(whole), headers=SWAP).content.decode()
    assert "three\n&lt;b&gt;four&lt;/b&gt;\n" in more
    assert "two" not in more
    assert "<html" not in more
    nothing = ivo.get(next_of(more), headers=SWAP).content.decode()
    assert "log-part" not in nothing
    assert next_of(nothing) == next_of(more)


def test_of_a_flood_the_page_says_how_much_is_left_out(
    world: World, shop: Environment, ivo: Client
) -> None:
    after = next_of(text_of(ivo, page_of(shop, "instances/web-0")))
    prints(world, *(f"line {number}" for number in range(1_002)))
    more = ivo.get(after, headers=SWAP).content.decode()
    assert "… 500 lines left out …" in more
    assert "line 1001\n" in more


@pytest.mark.parametrize("after", ["", "x", "-1", "1/2", "9" * 5_000, "²", "'\"<script>"])
def test_a_position_of_nowhere_is_answered(shop: Environment, ivo: Client, after: str) -> None:
    answer = ivo.get(page_of(shop, "instances/web-0"), {"after": after}, headers=SWAP)
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_a_revoked_role_ends_a_log_at_its_next_look(shop: Environment, ivo: Client) -> None:
    after = next_of(text_of(ivo, page_of(shop, "instances/web-0")))
    assert ivo.get(after, headers=SWAP).status_code == 200
    Membership.objects.filter(user__username="ivo").update(role=Role.MEMBER)
    assert ivo.get(after, headers=SWAP).status_code == 403
    Membership.objects.filter(user__username="ivo").delete()
    assert ivo.get(after, headers=SWAP).status_code == 404


def test_the_run_before_is_shown_where_something_of_it_is_kept(
    shop: Environment, ivo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = page_of(shop, "instances/web-0?run=previous")
    assert "Nothing is kept of a run before this one." in text_of(ivo, address)
    monkeypatch.setattr(
        MemoryEngine, "read_previous_log", lambda self, *given, **more: ["it fell", "here"]
    )
    previous = text_of(ivo, address)
    assert "it fell\nhere\n" in previous
    assert "hx-get" not in previous


def test_the_table_leads_to_logs_and_terminals_of_those_who_may(
    world: World, shop: Environment, ivo: Client
) -> None:
    terminal = page_of(shop, "instances/web-0/terminal")
    table = text_of(ivo, page_of(shop))
    assert f'href="{terminal}"' in table
    assert "Previous log" not in table
    world.engine.expect("web", Outlook(Phase.FAILED, False, "it ended with status 1"))
    assert terminal not in text_of(ivo, page_of(shop))
    Membership.objects.filter(user__username="ivo").update(role=Role.MEMBER)
    prints(world)
    table = text_of(ivo, page_of(shop))
    assert "instances/web-0" not in table


def test_an_engine_without_terminals_shows_none(
    shop: Environment, ivo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = wiring.engine("memory", "{}")
    traits = EngineTraits("memory", True, LocalPorts.NONE, True, True)
    monkeypatch.setattr(engine, "traits", lambda: traits)
    terminal = page_of(shop, "instances/web-0/terminal")
    assert terminal not in text_of(ivo, page_of(shop))
    assert ivo.get(terminal).status_code == 404


def test_the_page_of_a_terminal_says_what_leaves_it_and_that_it_needs_scripts(
    shop: Environment, ivo: Client
) -> None:
    page = text_of(ivo, page_of(shop, "instances/web-0/terminal"))
    assert "leaves the terminal by keyboard" in page
    assert "A terminal needs JavaScript" in page
    assert ivo.get(page_of(shop, "instances/web-9/terminal")).status_code == 404
