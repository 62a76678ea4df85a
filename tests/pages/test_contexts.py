"""The page of a context whose engine runs containers: its socket, its registries."""

import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from environments import wiring
from environments.models import Account, Context, Event, Role
from environments.queries.contexts import found_sockets
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


@pytest.fixture
def found(settings: Settings, owner: Client) -> Iterator[str]:
    """The address of an engine that was found on this machine."""
    with tempfile.TemporaryDirectory(prefix="rc-found-") as folder:
        path = Path(folder) / "docker.sock"
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
        address = f"unix://{path}"
        settings.RELEASECLONE = replace(settings.RELEASECLONE, container_sockets=(address,))
        yield address


def test_an_engine_that_is_found_is_proposed_ready_to_be_saved(
    world: World, owner: Client, found: str
) -> None:
    assert found in owner.get("/acme/settings").content.decode()
    page = owner.get("/acme/new-context")
    fields = page.context["form"].initial
    sent = {name: value for name, value in fields.items() if value}
    assert owner.post("/acme/new-context", sent).status_code == 303
    context = world.account.contexts.get(engine="docker")
    assert (context.name, context.configuration) == ("docker", {"socket": found})
    assert context.is_default
    assert "no context uses it" not in owner.get("/acme/settings").content.decode()


def test_members_are_not_offered_what_only_owners_may_do(
    world: World, client: Client, found: str
) -> None:
    client.force_login(world.person("bob", Role.MEMBER).user)  # type: ignore[arg-type]
    answer = client.get("/acme/settings")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert found not in page
    assert "connection" not in page


def test_the_settings_show_the_connection_of_each_context(owner: Client, boxes: Context) -> None:
    page = owner.get("/acme/settings").content.decode()
    assert 'hx-get="/acme/contexts/boxes/connection"' in page
    assert "Does not answer" in owner.get("/acme/contexts/boxes/connection").content.decode()


def test_an_engine_in_a_folder_of_somebody_else_is_not_found(
    owner: Client, settings: Settings, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_socket", refuse)
    assert owner.get("/acme/new-context").status_code == 200
    assert found_sockets() == []


def test_the_first_visit_offers_the_engine_that_is_found(
    owner: Client, settings: Settings, found: str
) -> None:
    User.objects.all().delete()
    Account.objects.all().delete()
    stranger = Client()
    assert found in stranger.get("/first-visit").content.decode()
    sent = {"account": "new", "username": "eve", "password": "a long pass phrase"}
    assert stranger.post("/first-visit", {**sent, "containers": "on"}).status_code == 303
    context = Context.objects.get(is_default=True)
    assert (context.engine, context.configuration) == ("docker", {"socket": found})


def test_the_first_visit_says_when_the_engine_has_gone(owner: Client, found: str) -> None:
    User.objects.all().delete()
    Account.objects.all().delete()
    stranger = Client()
    Path(found.removeprefix("unix://")).unlink()
    assert "containers" not in stranger.get("/first-visit").content.decode()
    sent = {"account": "new", "username": "eve", "password": "a long pass phrase"}
    answer = stranger.post("/first-visit", {**sent, "containers": "on"})
    assert answer.status_code == 422
    assert f"There is no container engine at {found}." in answer.content.decode()
    assert not User.objects.exists()


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: near
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts:
- {name: far, context: {cluster: c, user: u}}
- {name: near, context: {cluster: c, user: u}}
"""
OF_CLUSTER = {
    "name": "company",
    "engine": "kubernetes",
    "domains": "env.example.org",
    "cluster": "far",
    "ingress_class": "nginx",
    "public_scheme": "https",
    "tls_secret": "wildcard",
    "pushes_to": "registry.example.org/team",
}


@pytest.fixture
def clusters(world: World, settings: Settings, client: Client, tmp_path: Path) -> Client:
    """An owner, where the installation has a kubeconfig with two clusters."""
    place = tmp_path / "kubeconfig"
    place.write_text(KUBECONFIG)
    settings.ENGINES = {
        **settings.ENGINES,
        "kubernetes": (
            "environments.engines.kubernetes.KubernetesEngine",
            {"kubeconfig": str(place), "installation": "0badcafe"},
        ),
    }
    client.force_login(world.person("ana").user)  # type: ignore[arg-type]
    return client


def test_a_context_chooses_a_cluster_of_the_installation_by_its_name(
    world: World, clusters: Client
) -> None:
    page = clusters.get("/acme/new-context").content.decode()
    assert page.index('value="near"') < page.index('value="far"')
    answer = clusters.post("/acme/new-context", OF_CLUSTER, follow=True)
    assert "The cluster at https://127.0.0.1:1 does not answer" in answer.content.decode()
    context = world.account.contexts.get(name="company")
    assert context.configuration == {
        "cluster": "far",
        "ingress_class": "nginx",
        "tls": True,
        "tls_secret": "wildcard",
    }
    assert (context.entrance.scheme, context.entrance.port) == ("https", 443)
    assert context.pushes_to == "registry.example.org/team"
    wiring.engine_of(context)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ingress_class": "a b"}, "cannot be the name of an object of Kubernetes"),
        ({"public_port": "70000"}, "70000 is not a port"),
        ({"cluster": "elsewhere"}, "elsewhere"),
        ({"cluster": "/etc/passwd"}, "/etc/passwd"),
    ],
)
def test_a_cluster_that_cannot_be_is_named(
    world: World, clusters: Client, wrong: dict[str, str], says: str
) -> None:
    answer = clusters.post("/acme/new-context", {**OF_CLUSTER, **wrong})
    assert says in answer.content.decode()
    assert not world.account.contexts.filter(name="company").exists()


def test_a_port_of_its_own_is_in_the_hosted_urls(world: World, clusters: Client) -> None:
    sent = {**OF_CLUSTER, "public_scheme": "http", "public_port": "8090"}
    clusters.post("/acme/new-context", sent)
    context = world.account.contexts.get(name="company")
    assert (context.entrance.scheme, context.entrance.port) == ("http", 8090)
    assert context.configuration["tls"] is False
