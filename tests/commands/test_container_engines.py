"""Commands that speak to container engines: who is found, who answers, and what is said."""

import io
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from environments import wiring
from environments.actions.accounts import open_account
from environments.models import Account, Context
from releaseclone.given import container_sockets
from tests.commands.conftest import Run
from tests.containers import Podman
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "seven green kettles"  # noqa: S105 - of nobody

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a socket may be."""
    with tempfile.TemporaryDirectory(prefix="rc-engine-") as folder:
        yield Path(folder) / "engine.sock"


@pytest.fixture(autouse=True)
def look_there(place: Path, settings: Settings, fresh_wiring: None) -> None:
    """The engine docker is known, and looked for at the place alone."""
    made_with = {"installation": "0badcafe"}
    engine = ("environments.engines.docker.engine.DockerEngine", made_with)
    settings.ENGINES = {**settings.ENGINES, "docker": engine}
    settings.RELEASECLONE = replace(
        settings.RELEASECLONE, container_sockets=(f"unix://{place}",), local_repositories=True
    )
    wiring.engine.cache_clear()


@pytest.fixture
def ended(place: Path) -> Path:
    """A socket that nobody listens at any more."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(place))
    return place


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def of_docker(account: Account, address: str) -> Context:
    return Context.objects.create(
        account=account,
        name="boxes",
        engine="docker",
        configuration={"socket": address},
        domains=["example.org"],
    )


def test_the_address_that_is_named_is_the_only_one_that_is_looked_at() -> None:
    assert container_sockets({"DOCKER_HOST": "tcp://box:2375", "XDG_RUNTIME_DIR": "/run/me"}) == (
        "tcp://box:2375",
    )
    usual = container_sockets({"XDG_RUNTIME_DIR": "/run/me"})
    assert usual[0].startswith("unix:///run/me/")
    assert "unix:///var/run/docker.sock" in usual


def test_the_demo_names_the_address_where_no_engine_is(run: Run, place: Path) -> None:
    said = run("demo", "--engine", "docker")
    assert said.status == 1
    assert f"There is no container engine at unix://{place}." in said.err
    assert "DOCKER_HOST" in said.err
    assert not Context.objects.filter(engine="docker").exists()


def test_the_demo_keeps_no_context_whose_engine_does_not_answer(run: Run, ended: Path) -> None:
    said = run("demo", "--engine", "docker")
    assert said.status == 1
    assert (
        f"The demo cannot run on the engine docker: Nobody listens at unix://{ended}." in said.err
    )
    assert not Context.objects.filter(engine="docker").exists()


def test_the_demo_takes_no_other_engine_than_the_one_that_is_named_now(
    run: Run, place: Path, ended: Path
) -> None:
    run("demo", "--engine", "docker")
    of_docker(Account.objects.get(), "unix:///of/an/earlier/run.sock")
    said = run("demo", "--engine", "docker")
    assert said.status == 1
    assert f"unix://{place}" in said.err
    assert "/of/an/earlier" not in said.err


def test_make_demo_names_the_engines_before_anything_starts(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "-C", str(ROOT), "demo", "ENGINE=dokcer", f"VENV={tmp_path / 'venv'}"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode != 0
    assert (
        "There is no engine dokcer for the demo. Choose one of: process docker kubernetes"
        in done.stdout
    )
    assert not (tmp_path / "venv").exists()


def test_a_context_is_checked_by_its_name(run: Run, world: World, podman: Podman) -> None:
    of_docker(world.account, podman.socket)
    said = run("check_context", "boxes")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("boxes (docker) answers: Podman 4")


def test_a_context_that_does_not_answer_says_why_and_fails(
    run: Run, world: World, ended: Path
) -> None:
    of_docker(world.account, f"unix://{ended}")
    said = run("check_context", "boxes")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"error: boxes (docker): Nobody listens at unix://{ended}.")


def test_a_context_that_there_is_not_is_said_with_those_that_there_are(
    run: Run, world: World
) -> None:
    said = run("check_context", "boxse")
    assert said.status == 1
    assert "There is no context boxse in this account. It has: local." in said.err


@pytest.mark.usefixtures("typed")
def test_the_first_owner_is_told_of_the_engine_that_there_is(run: Run, ended: Path) -> None:
    said = run("create_owner", "ana")
    assert said.status == 0
    assert f"there is a container engine at unix://{ended}" in said.out
    assert not Context.objects.filter(engine="docker").exists()


@pytest.mark.usefixtures("typed")
def test_the_first_owner_may_take_it_at_once(run: Run, ended: Path) -> None:
    said = run("create_owner", "ana", "--containers")
    assert said.status == 0
    context = Context.objects.get(is_default=True)
    assert (context.name, context.engine) == ("docker", "docker")
    assert context.configuration == {"socket": f"unix://{ended}"}
    assert Context.objects.get(is_default=False).name == "local"


@pytest.mark.usefixtures("typed")
def test_nobody_is_made_where_the_engine_that_is_asked_for_is_not_there(
    run: Run, place: Path
) -> None:
    said = run("create_owner", "ana", "--containers")
    assert said.status == 1
    assert f"There is no container engine at unix://{place}." in said.err
    assert not Account.objects.exists()


def test_a_context_is_added_with_what_its_engine_says(
    run: Run, world: World, podman: Podman
) -> None:
    words = ("--engine", "docker", "--socket", podman.socket, "--domain", "box.test", "--default")
    said = run("add_context", "boxes", *words)
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("added boxes: Podman 4")
    added = world.account.contexts.get(is_default=True)
    assert (added.name, added.domains) == ("boxes", ["box.test"])
    again = run("add_context", "boxes", *words)
    assert again.status == 1
    assert "has a context boxes already" in again.err


def test_a_context_is_added_though_nobody_answers_there_and_says_so(
    run: Run, world: World, ended: Path
) -> None:
    said = run("add_context", "boxes", "--engine", "docker", "--socket", f"unix://{ended}")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"error: added boxes, but: Nobody listens at unix://{ended}.")
    assert not world.account.contexts.get(name="boxes").is_default


def test_the_demo_says_what_it_needs_of_a_cluster(run: Run, settings: Settings) -> None:
    said = run("demo", "--engine", "kubernetes")
    assert "The installation knows no cluster." in said.err
    settings.ENGINES = {**settings.ENGINES, "kubernetes": ("", {})}
    said = run("demo", "--engine", "kubernetes")
    assert said.status == 1
    assert "Name one: make demo ENGINE=kubernetes REGISTRY=HOST/PATH." in said.err


def test_an_account_of_an_installation_for_clusters_begins_with_one(settings: Settings) -> None:
    settings.ENGINES = {"kubernetes": ("", {})}
    context = open_account("far").contexts.get()
    assert (context.name, context.engine, context.is_default) == ("cluster", "kubernetes", True)
    assert (context.public_scheme, context.public_port) == ("http", 80)
