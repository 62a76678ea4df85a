"""A repository with a Compose file alone: registered with what is proposed, and running."""

import pytest

from environments.actions.applications import register_application
from environments.actions.proposing import ComposeGiven
from environments.models import Deployment
from tests.containers import BUSYBOX, Podman
from tests.docker.reading import printed_in
from tests.docker.test_environments import answer
from tests.world import Repository, World

COMPOSE = f"""
services:
  web:
    build: .
    ports: ["8080:8080"]
    environment: {{STORE_URL: "http://store:9000/"}}
    volumes:
    - data:/data
    - ./httpd.conf:/etc/httpd.conf:ro
    depends_on:
      fill: {{condition: service_completed_successfully}}
      store: {{condition: service_healthy}}
    healthcheck:
      test: wget -q -O - http://127.0.0.1:8080/index.html
      interval: 1s
  fill:
    image: {BUSYBOX}
    command: sh -c 'echo "$$GREETING" > /data/index.html'
    environment: {{GREETING: "${{GREETING:-moved in}}"}}
    volumes: ["data:/data"]
  store:
    image: {BUSYBOX}
    command: httpd -f -p 9000 -h /etc
    healthcheck: {{test: [CMD, wget, -q, -O, "-", "http://127.0.0.1:9000/hosts"], interval: 1s}}
volumes:
  data:
"""
DOCKERFILE = f"""FROM {BUSYBOX}
CMD ["httpd", "-f", "-p", "8080", "-h", "/data"]
"""


def test_what_is_proposed_for_a_compose_file_runs(yard: World, podman: Podman) -> None:
    repository = Repository(yard.folder / "shop")
    files = {"httpd.conf": "A:*\n", "Dockerfile": DOCKERFILE, "docker-compose.yml": COMPOSE}
    repository.commit(files)
    with pytest.raises(ComposeGiven) as given:
        register_application(yard.operator, source=str(repository.folder))
    proposed = given.value
    application = register_application(
        yard.operator,
        source=str(repository.folder),
        template=proposed.text,
        variables=proposed.variables,
    ).application
    environment = yard.deployed(application)
    assert Deployment.objects.get().reason == ""
    assert answer(environment) == "moved in"
    assert printed_in(podman, environment, "web", "cat", "/etc/httpd.conf") == "A:*\n"
    called = ("sh", "-c", "wget -q -O - ${STORE_URL}hosts | head -n 1 | wc -l")
    assert printed_in(podman, environment, "web", *called).strip() == "1"
