"""Public addresses in the admin site: added, led and removed by the same acts."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from environments.models import Application, Environment, PublicAddress
from tests.world import World, services


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="a long pass phrase"))  # noqa: S106
    return client


@pytest.fixture
def blue(world: World) -> Environment:
    return world.deployed(world.application("shop", services("web")), type="permanent", name="blue")


def page_of(application: Application) -> str:
    return reverse("admin:environments_application_change", args=[application.pk])


def test_one_is_added_led_and_removed(blue: Environment, root: Client) -> None:
    page = page_of(blue.application)
    sent = {"section": "address", "host": "shop.example.org", "service": "shop/web"}
    assert root.post(page, sent).status_code == 302
    assert "shop.example.org" in root.get(page).content.decode()
    assert root.post(page, {"section": "public", "environment": blue.env_id}).status_code == 302
    blue.application.refresh_from_db()
    assert blue.application.public_environment == blue
    rows = reverse("admin:environments_publicaddress_changelist")
    assert "blue" in root.get(rows).content.decode()
    address = PublicAddress.objects.get()
    gone = reverse("admin:environments_publicaddress_delete", args=[address.pk])
    assert root.post(gone, {"post": "yes"}).status_code == 302
    assert not PublicAddress.objects.exists()


def test_what_is_refused_is_said_there(blue: Environment, root: Client) -> None:
    page = page_of(blue.application)
    answer = root.post(page, {"section": "address", "host": "shop", "service": "shop/web"})
    assert answer.status_code == 422
    assert "it has no dot" in answer.content.decode()


def test_they_are_led_nowhere(blue: Environment, root: Client) -> None:
    application = blue.application
    PublicAddress.objects.create(application=application, host="a.b", member="shop", service="web")
    Application.objects.filter(pk=application.pk).update(public_environment=blue)
    sent = {"section": "public", "environment": "nowhere"}
    assert root.post(page_of(application), sent).status_code == 302
    application.refresh_from_db()
    assert application.public_environment is None
