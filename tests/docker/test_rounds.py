"""What many environments leave on the machine: ``ROUNDS=50`` asks for as many as that."""

import os
from collections.abc import Callable

import docker

from environments.engines.docker import marks
from environments.engines.docker.engine import DockerEngine
from environments.models import DeploymentKind, PortClaim
from tests.containers import BUSYBOX, Podman
from tests.deploying.acts import run
from tests.world import World

ROUNDS = int(os.environ.get("ROUNDS", "5"))
TEMPLATE = f"""
services:
- name: web
  image: {BUSYBOX}
  command: [sleep, "1000"]
  ports:
  - {{type: node_port, port: 80, target_port: 8080}}
  volumes:
  - {{name: data, mount_path: /data, type: persistent, size: 10Mi}}
"""


def _there_is(podman: Podman, installation: str | None = None) -> dict[str, set[str]]:
    """What the engine has, as its own client tells it; all of it, or of one installation."""
    client = docker.DockerClient(base_url=podman.socket)
    chosen = {"label": f"{marks.INSTALLATION}={installation}"} if installation else {}
    try:
        ways: dict[str, Callable[[], list[str]]] = {
            "containers": lambda: [
                one.id for one in client.containers.list(all=True, filters=chosen)
            ],
            "networks": lambda: [one.id for one in client.networks.list(filters=chosen)],
            "volumes": lambda: [one.id for one in client.volumes.list(filters=chosen)],
            "images": lambda: [one.id for one in client.images.list(all=True, filters=chosen)],
        }
        return {kind: set(ask()) for kind, ask in ways.items()}
    finally:
        client.close()


def test_after_many_rounds_nothing_of_ours_is_left(
    yard: World, engine: DockerEngine, podman: Podman, installation: str
) -> None:
    application = yard.application("shop", TEMPLATE)
    before = _there_is(podman)
    for number in range(ROUNDS):
        environment = yard.deployed(application, name=f"round-{number}")
        assert environment.status == "deployed", yard.last(environment).reason
        made = _there_is(podman, installation)
        assert [len(made[kind]) for kind in ("containers", "networks", "volumes")] == [1, 1, 1]
        assert run(yard, environment, DeploymentKind.TEARDOWN).status == "removed"
    assert not any(_there_is(podman, installation).values())
    assert _there_is(podman) == before
    assert not PortClaim.objects.exists()
