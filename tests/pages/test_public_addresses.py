"""The page of an application's public addresses, and what the pages of environments say of them."""

import pytest
from django.test import Client

from environments.models import Application, Environment, PublicAddress, Role
from tests.world import World, services

PAGE = "/acme/applications/shop/public"


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api"))
    return world.application("shop", services("web", imports=["backend"]))


@pytest.fixture
def owner(world: World, client: Client) -> Client:
    client.force_login(world.person("olga").user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def blue(world: World, shop: Application) -> Environment:
    return world.deployed(shop, type="permanent", name="blue")


def text_of(client: Client, address: str = PAGE) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_before_anything_permanent_runs_it_says_what_to_do(
    shop: Application, owner: Client
) -> None:
    said = text_of(owner)
    assert "No permanent environment of shop has been set up" in said
    assert "First a permanent environment has to run that exposes a service" in said


def test_an_address_is_added_led_shown_and_removed(
    world: World, shop: Application, blue: Environment, owner: Client
) -> None:
    sent = {"host": "shop.example.org", "service": "backend/api"}
    assert owner.post(PAGE, sent).status_code == 303
    assert "Nowhere yet." in text_of(owner)
    assert owner.post(f"{PAGE}/lead", {"environment": blue.env_id}).status_code == 303
    said = text_of(owner)
    assert "blue</a>" in said
    assert f'like <span class="mono">api-backend-{blue.imported.get().env_id}' in said
    details = text_of(owner, f"/acme/environments/{blue.env_id}/")
    assert "shop.example.org" in details
    assert "led the public addresses of shop to blue" in details
    where = f"/acme/environments/{blue.env_id}/delete"
    answer = owner.post(where)
    assert answer.status_code == 422
    assert "shop.example.org of shop leads to blue" in answer.content.decode()
    address = PublicAddress.objects.get()
    assert owner.post(f"{PAGE}/{address.pk}/remove").status_code == 303
    assert owner.post(where).status_code == 303
    answer = owner.post(f"{PAGE}/{address.pk}/remove", follow=True)
    assert "has no such public address any more" in answer.content.decode()


def test_what_is_refused_is_said_and_stays_typed(
    shop: Application, blue: Environment, owner: Client
) -> None:
    answer = owner.post(PAGE, {"host": "https://x.org/a", "service": "shop/web"})
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "cannot be a public address" in body
    assert "https://x.org/a" in body
    assert owner.post(PAGE, {"host": "x.org", "service": "shop/other"}).status_code == 422
    assert owner.post(f"{PAGE}/lead", {"environment": "ted0000"}).status_code == 422
    assert owner.post(f"{PAGE}/lead", {}).status_code == 422


def test_a_member_reads_and_does_not_choose(
    world: World, shop: Application, blue: Environment, client: Client
) -> None:
    PublicAddress.objects.create(
        application=shop, host="shop.example.org", member="shop", service="web"
    )
    client.force_login(world.person("mia", Role.MEMBER).user)  # type: ignore[arg-type]
    said = text_of(client)
    assert "shop.example.org" in said
    assert "Add an address" not in said
    assert "Lead them there" not in said
