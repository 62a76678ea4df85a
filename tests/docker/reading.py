"""Looking into containers."""

import docker

from environments.engines.docker import marks
from environments.models import Environment
from tests.containers import Podman


def printed_in(podman: Podman, environment: Environment, service: str, *command: str) -> str:
    """What this command prints inside the first replica of a service."""
    client = docker.DockerClient(base_url=podman.socket)
    wanted = {marks.NAMESPACE: environment.namespace.name, marks.INSTANCE: f"{service}-0"}
    try:
        (found,) = (one for one in client.containers.list() if wanted.items() <= one.labels.items())
        done = found.exec_run(list(command))
        assert done.exit_code == 0, done.output
        return bytes(done.output).decode()
    finally:
        client.close()
