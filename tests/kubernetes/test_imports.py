"""The heart of it in a cluster: an environment brings the branch of what it imports."""

import pytest

from environments.engines.kubernetes import KubernetesEngine
from environments.models import DeploymentKind, Environment
from tests import cluster
from tests.deploying.acts import run, save, text_of
from tests.kubernetes.conftest import until
from tests.world import World

pytestmark = pytest.mark.kubernetes

BACKEND = f"""
services:
- name: api
  image: {cluster.BUSYBOX}
  command: [sh, -c]
  args: ["mkdir /s; echo $RELEASE_BRANCH_NAME > /s/index.html; exec httpd -f -p 8080 -h /s"]
  ports:
  - {{type: container_port, port: 80, target_port: 8080}}
  readiness_probe: {{http_get: {{path: /index.html, port: 8080}}, period_seconds: 1}}
jobs:
- name: migrate
  image: {cluster.BUSYBOX}
  command: [sh, -c, "echo moved the tables"]
workflows:
- name: setup
  order_from: [jobs.migrate, services.all]
"""
FRONTEND = f"""
hostnames:
- web: web-${{env_id}}.${{domain}}
app_imports:
- name: backend
services:
- name: web
  image: {cluster.BUSYBOX}
  command: [sh, -c, "exec sleep 1000"]
  ports:
  - {{type: node_port, port: 80, target_port: 8080}}
"""


def typed(engine: KubernetesEngine, environment: Environment, *command: str) -> str:
    """What this command prints in the frontend's container."""
    name = environment.namespace.name
    (pod,) = (one.name for one in engine.observe(name) if one.workload == "web")
    terminal = engine.open_terminal(name, pod, command=command, rows=24, columns=200)
    try:
        return b"".join(iter(terminal.read, b"")).decode().strip()
    finally:
        terminal.close()


def test_the_matching_branch_comes_along_and_goes_with_its_import(
    yard: World, engine: KubernetesEngine
) -> None:
    yard.application("backend", BACKEND, branches=["login"])
    frontend = yard.application("frontend", FRONTEND, branches=["login"])
    environment = yard.deployed(frontend, "login")
    assert yard.last(environment).reason == ""
    name = environment.namespace.name
    seen = {one.workload: one for one in engine.observe(name) if one.kind == "Deployment"}
    assert {name: (one.application, one.ready) for name, one in seen.items()} == {
        "web": ("frontend", True),
        "api": ("backend", True),
    }
    asked = ("wget", "-q", "-O", "-", "http://api/")
    # A node may learn a moment later than the pod is ready where its service leads.
    assert until(lambda: typed(engine, environment, *asked) == "login")
    (share,) = yard.last(environment).member_deployments.all()
    assert "moved the tables" in list(share.lines.values_list("text", flat=True))
    text = text_of(environment)
    begin, _, rest = text.partition("app_imports:")
    save(yard, environment, begin + rest[rest.index("services:") :])
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    left = {one.workload for one in engine.observe(name)}
    assert left == {"web"}
    assert run(yard, environment, DeploymentKind.TEARDOWN).status == "removed"
    assert engine.remains(name) == ()
