"""The page of a context whose engine runs containers: its socket, its registries."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from environments import wiring
from environments.models import Context, Event
from tests.world import World

SENT = {
    "name": "boxes",
    "engine": "docker",
    "domains": "example.org",
    "socket": "unix:///nowhere/docker.sock",
    "pushes_to": "registry.example.org/team",
}


@pytest.fixture
def owner(world: World, settings: Settings, client: Client) -> Client:
    settings.ENGINES = {
        **settings.ENGINES,
        "docker": (
            "environments.engines.docker.engine.DockerEngine",
            {"installation": "0badcafe"},
        ),
    }
    client.force_login(world.person("ana").user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def boxes(world: World, owner: Client) -> Context:
    owner.post("/acme/new-context", SENT)
    return world.account.contexts.get(name="boxes")


def test_a_context_keeps_its_socket_and_is_saved_while_its_engine_is_away(
    world: World, owner: Client
) -> None:
    answer = owner.post("/acme/new-context", SENT, follow=True)
    context = world.account.contexts.get(name="boxes")
    assert context.configuration == {"socket": "unix:///nowhere/docker.sock"}
    assert context.pushes_to == "registry.example.org/team"
    page = answer.content.decode()
    assert "The engine of boxes does not answer yet" in page
    assert "There is no container engine at /nowhere/docker.sock" in page


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("socket", "/var/run/docker.sock", "is not the address of a container engine"),
        ("socket", "unix:///../etc", "is not the address of a container engine"),
        ("socket", "http://example.org:1", "is not the address of a container engine"),
        ("socket", "tcp://example.org:70000", "is not the address of a container engine"),
        ("pushes_to", "https://registry.example.org", "is not a registry with a path"),
        ("pushes_to", "registry.example.org/team:1", "is not a registry with a path"),
    ],
)
def test_what_cannot_be_used_is_said(
    owner: Client, world: World, field: str, value: str, says: str
) -> None:
    answer = owner.post("/acme/new-context", {**SENT, field: value})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not world.account.contexts.filter(name="boxes").exists()


def test_another_engine_keeps_nothing_of_a_socket(world: World, owner: Client) -> None:
    owner.post("/acme/new-context", {**SENT, "engine": "memory"})
    context = world.account.contexts.get(name="boxes")
    assert (context.configuration, context.pushes_to) == ({}, "")


def test_the_socket_stays_while_something_runs_there(
    world: World, owner: Client, boxes: Context
) -> None:
    environment = world.deployed(world.application("shop"))
    environment.namespace.context = boxes
    environment.namespace.save()
    answer = owner.post("/acme/contexts/boxes", {**SENT, "socket": "unix:///run/other.sock"})
    assert answer.status_code == 422
    assert "Environments run in boxes" in answer.content.decode()
    boxes.refresh_from_db()
    assert boxes.configuration == {"socket": SENT["socket"]}


def test_a_sign_in_is_kept_sealed_and_never_shown(
    world: World, owner: Client, boxes: Context
) -> None:
    sent = {"registry": "registry.example.org", "username": "bot", "password": "hunter-2-canary"}
    assert owner.post("/acme/contexts/boxes/logins", sent).status_code == 303
    login = boxes.registry_logins.get()
    assert b"hunter" not in bytes(login.password)
    assert wiring.unseal(login.password, belongs_to=login.seal_name) == "hunter-2-canary"
    page = owner.get("/acme/contexts/boxes").content.decode()
    assert "registry.example.org" in page
    assert "hunter-2-canary" not in page
    again = {**sent, "username": "other", "password": ""}
    assert owner.post("/acme/contexts/boxes/logins", again).status_code == 303
    login.refresh_from_db()
    assert login.username == "other"
    assert wiring.unseal(login.password, belongs_to=login.seal_name) == "hunter-2-canary"
    assert Event.objects.filter(what__contains="registry.example.org as other").exists()
    gone = {"registry": "registry.example.org"}
    assert owner.post("/acme/contexts/boxes/logins/remove", gone).status_code == 303
    assert not boxes.registry_logins.exists()
    assert owner.post("/acme/contexts/boxes/logins/remove", gone).status_code == 422


def test_a_sign_in_without_a_password_is_refused(owner: Client, boxes: Context) -> None:
    sent = {"registry": "https://registry.example.org", "username": "bot", "password": "x"}
    for wrong in (sent, {**sent, "registry": "registry.example.org", "password": ""}):
        answer = owner.post("/acme/contexts/boxes/logins", wrong)
        assert answer.status_code == 422
        assert "cannot be signed in to like this" in answer.content.decode()
    assert not boxes.registry_logins.exists()


def test_the_connection_says_why_there_is_none(
    owner: Client, boxes: Context, tmp_path: Path
) -> None:
    page = owner.get("/acme/contexts/boxes/connection").content.decode()
    assert "Does not answer" in page
    assert "systemctl start docker" in page
