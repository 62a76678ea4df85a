"""What a person reads when something goes wrong in containers: the words of the pages."""

import re
import socket
import subprocess
import tracemalloc
from html import unescape

import docker
import pytest
from django.test import Client

from environments.engines.docker import marks
from environments.engines.docker.engine import DockerEngine
from environments.models import DeploymentKind, Environment, PortClaim
from tests import containers
from tests.containers import BUSYBOX, Podman
from tests.deploying.acts import run, take_up
from tests.world import World


class Reader:
    """Somebody who looks at pages of an account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, address: str) -> str:
        """The text of a page, on one line."""
        answer = self._client.get(f"/acme{address}")
        assert answer.status_code == 200
        text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
        return " ".join(unescape(text).split())

    def environment(self, environment: Environment) -> str:
        """The page of an environment."""
        return self.page(f"/environments/{environment.env_id}/")

    def deployment(self, environment: Environment) -> str:
        """The page of the last deployment."""
        return self.page(f"/deployments/{environment.deployments.latest('pk').pk}/")


@pytest.fixture
def reader(yard: World, client: Client) -> Reader:
    client.force_login(yard.person("ana").user)  # type: ignore[arg-type]
    return Reader(client)


def service(command: str, more: str = "", image: str = BUSYBOX) -> str:
    """A template with one service."""
    return (
        f"services:\n- name: web\n  image: {image}\n  command: [sh, -c, '{command}']\n"
        "  readiness_probe: {exec: {command: [cat, /tmp/up]}, period_seconds: 1, "
        f"failure_threshold: 20}}\n{more}"
    )


UP = "echo > /tmp/up; exec sleep 1000"
PORT = "  ports: [{type: node_port, port: 8080, target_port: 8080}]\n"


def test_an_image_that_there_is_not(yard: World, reader: Reader, engine: DockerEngine) -> None:
    environment = yard.deployed(yard.application("shop", service(UP, image="127.0.0.1:1/no/x:1")))
    page = reader.deployment(environment)
    assert "The image 127.0.0.1:1/no/x:1 could not be fetched" in page
    assert "Look at the network of the engine." in page


def test_a_container_that_ends_at_once(yard: World, reader: Reader, engine: DockerEngine) -> None:
    template = service("echo no licence found; exit 3")
    environment = yard.deployed(yard.application("shop", template))
    page = reader.deployment(environment)
    assert "ended with status 3" in page
    assert "no licence found" in page
    assert "the container ended with status 3" in reader.environment(environment)


def test_memory_beyond_its_limit(yard: World, reader: Reader, engine: DockerEngine) -> None:
    template = service("x=$(yes | head -c 200000000); echo $x", "  memory: {limits: 20Mi}\n")
    environment = yard.deployed(yard.application("shop", template))
    for page in (reader.deployment(environment), reader.environment(environment)):
        assert "memory limit of 20 MiB" in page


def test_a_port_that_somebody_took_meanwhile(
    yard: World, reader: Reader, engine: DockerEngine, podman: Podman
) -> None:
    environment = yard.deployed(yard.application("shop", service(UP, PORT)))
    number = PortClaim.objects.get(workload="web").number
    _remove_by_hand(podman, environment)
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody.bind(("127.0.0.1", number))
        somebody.listen()
        run(yard, environment, DeploymentKind.SETUP)
        page = reader.deployment(environment)
    assert str(number) in page
    assert "A port is taken" in page
    assert "End what listens there." in page
    assert "push a fix to" not in page


def test_a_container_that_was_removed_by_hand(
    yard: World, reader: Reader, engine: DockerEngine, podman: Podman
) -> None:
    environment = yard.deployed(yard.application("shop", service(UP)))
    _remove_by_hand(podman, environment)
    assert "web of shop is missing. Deploy Setup starts it." in reader.environment(environment)
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert "web-0" in reader.environment(environment)


def test_an_engine_that_goes_and_comes_in_the_middle_of_a_deployment(
    yard: World, reader: Reader, engine: DockerEngine, podman: Podman
) -> None:
    template = service("sleep 8; echo > /tmp/up; exec sleep 1000")
    environment = yard.create(yard.application("shop", template))
    take_up(yard)
    podman.stop()
    try:
        take_up(yard)
        page = reader.deployment(environment)
        there = reader.environment(environment)
    finally:
        podman.start()
    for text in (page, there):
        assert "There is no container engine at" in text
    yard.work()
    assert yard.last(environment).status == "deployed"


def test_a_hundred_megabytes_of_log(yard: World, reader: Reader, engine: DockerEngine) -> None:
    flood = "yes a line of a log that nobody reads | head -c 100000000; echo the end"
    environment = yard.deployed(yard.application("shop", service(f"{flood}; {UP}")))
    assert environment.status == "deployed", yard.last(environment).reason
    tracemalloc.start()
    try:
        page = reader.page(f"/environments/{environment.env_id}/instances/web-0")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "the end" in page
    assert len(page) < 500_000
    assert most < 30_000_000


FILLS = f"FROM {BUSYBOX}\nRUN head -c 60000000 /dev/zero > /big\n"


def test_a_disk_that_is_full(yard: World, reader: Reader) -> None:
    """Nothing can be built, and nothing of an image that is there be started."""
    with containers.engine_or_skip(room="24m") as small:
        yard.account.contexts.update(configuration={"socket": small.socket})
        template = "services:\n- name: web\n  build: {context: .}\n"
        builds = yard.application("builds", template, files={"Dockerfile": FILLS})
        page = reader.deployment(yard.deployed(builds))
        assert "The disk of the container engine is full. Free some space there" in page
        assert "RUN head -c 60000000 /dev/zero > /big" in page
        filler = ["dd", "if=/dev/zero", f"of={small.folder / 'storage/filler'}"]
        assert subprocess.run(filler, check=False, capture_output=True).returncode
        page = reader.deployment(yard.deployed(yard.application("shop", service(UP))))
        assert "The container engine's disk is full" in page


def _remove_by_hand(podman: Podman, environment: Environment) -> None:
    client = docker.DockerClient(base_url=podman.socket)
    wanted = {"label": f"{marks.NAMESPACE}={environment.namespace.name}"}
    try:
        for one in client.containers.list(filters=wanted):
            one.remove(force=True)
    finally:
        client.close()
