"""What a browser sends has other line ends than the text had: the author's stay."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from environments.models import ApplicationVersion, EnvironmentVersion
from tests.world import World, services

TEXT = services("web").replace("\n", "\r\n")
VARIABLES = "defaults:\r\n- key: A\r\n  value: one\r\n"


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    user = world.person("ana").user
    assert isinstance(user, User)
    client.force_login(user)
    return client


def _save(browser: Client, page: str, what: str, text: str, opened_on: int) -> None:
    sent = text.replace("\r\n", "\n").replace("\n", "\r\n")
    answer = browser.post(page, {"what": what, "text": sent, "opened_on": opened_on})
    assert answer.status_code == 303


def test_an_application_keeps_its_line_ends(world: World, browser: Client) -> None:
    world.application("shop", TEXT, variables=VARIABLES)
    page = "/acme/applications/shop/settings"
    _save(browser, page, "template", TEXT, 1)
    assert ApplicationVersion.objects.count() == 1
    _save(browser, page, "template", TEXT + "# more\r\n", 1)
    _save(browser, page, "variables", VARIABLES + "# more\r\n", 2)
    newest = ApplicationVersion.objects.get(number=3)
    assert newest.template == TEXT + "# more\r\n"


def test_an_environment_keeps_its_line_ends(world: World, browser: Client) -> None:
    environment = world.deployed(world.application("shop", TEXT, variables=VARIABLES))
    page = f"/acme/environments/{environment.env_id}/settings"
    _save(browser, page, "template", TEXT + "# more\r\n", 1)
    assert EnvironmentVersion.objects.get(number=2).template == TEXT + "# more\r\n"


def test_line_feeds_alone_stay_alone(world: World, browser: Client) -> None:
    world.application("shop", services("web"))
    page = "/acme/applications/shop/settings"
    _save(browser, page, "template", services("web") + "# more\n", 1)
    assert ApplicationVersion.objects.get(number=2).template == services("web") + "# more\n"
