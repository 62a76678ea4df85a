"""Group 2: addresses of repositories that would run something or reach what they must not.

Held elsewhere: each form of address, names that resolve to this machine, and tokens that are never
repeated in tests/githosts/test_address.py; redirects and the address that a name is held to in
tests/githosts/test_bad_days.py.
"""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions.applications import register_application
from environments.actions.asking import Refused
from environments.models import Application, Event
from tests.world import World

REFUSED = (
    "file:///etc",
    "/etc",
    "ext::sh -c x",
    "http://169.254.169.254/latest",
    "http://localhost:6443/x",
    "https://user:tok-en@git.example.test/x",
    "git@-oProxyCommand=x:y",
    "--upload-pack=touch x",
    "https://git.example.test/x\0",
    "https://git.example.test/" + "x" * 500,
)


@pytest.fixture(autouse=True)
def _no_local_repositories(world: World, settings: Settings) -> None:
    path, arguments = settings.GIT_HOSTS["git"]
    settings.GIT_HOSTS = {"git": (path, {**arguments, "local_allowed": False})}
    wiring.git_host.cache_clear()


@pytest.mark.parametrize("source", REFUSED)
def test_it_is_refused_with_a_sentence_and_nothing_is_kept(world: World, source: str) -> None:
    with pytest.raises(Refused) as refused:
        register_application(world.operator, source=source)
    (problem,) = refused.value.problems
    assert problem.id == "repository.unread"
    assert "tok" not in problem.message
    assert problem.message.isprintable()
    assert not Application.objects.exists()
    assert not Event.objects.exists()


def test_the_page_says_so(browser: Client) -> None:
    for source in REFUSED:
        answer = browser.post("/acme/register", {"source": source, "template": "services: []\n"})
        assert answer.status_code == (400 if "\0" in source else 422), source
    assert not Application.objects.exists()


def test_the_setting_that_would_allow_it_is_named(world: World) -> None:
    with pytest.raises(Refused, match="RELEASECLONE_LOCAL_REPOSITORIES=1"):
        register_application(world.operator, source="file:///etc")
