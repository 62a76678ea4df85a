"""Environments in a cluster, end to end through the worker: built, pushed, pulled, reached."""

from typing import Any

import pytest
from websockets.sync.client import ClientConnection
from websockets.typing import Subprotocol

from environments.engines.kubernetes import KubernetesEngine, terminal
from environments.models import Build, DeploymentKind, Environment
from tests import cluster
from tests.deploying.acts import run
from tests.docker.test_environments import DOCKERFILE
from tests.kubernetes.conftest import Visitor
from tests.world import World

pytestmark = pytest.mark.kubernetes

TEMPLATE = """
service_accounts:
- {name: keeper, cloud_role: keeper@shop.iam.gserviceaccount.com}
hostnames:
- web: web-${env_id}.${domain}
services:
- name: web
  build:
    context: .
    args: ["GREETING=hello"]
  ports:
  - {type: node_port, port: 80, target_port: 8080}
  readiness_probe: {http_get: {path: /index.html, port: 8080}, period_seconds: 1}
- name: store
  image: IMAGE
  service_account_name: keeper
  command: [sh, -c, "test -f /data/kept || date +%s%N > /data/kept; exec sleep 1000"]
  volumes:
  - {name: data, mount_path: /data, type: persistent, size: 10Mi}
""".replace("IMAGE", cluster.BUSYBOX)


def kept(engine: KubernetesEngine, environment: Environment) -> str:
    """What the store of the environment has written."""
    name = environment.namespace.name
    (pod,) = (one.name for one in engine.observe(name) if one.workload == "store")
    line = engine.open_terminal(name, pod, command=("cat", "/data/kept"), rows=24, columns=80)
    try:
        return b"".join(iter(line.read, b"")).decode().strip()
    finally:
        line.close()


def test_a_service_is_built_pushed_and_reached_beside_one_that_is_only_an_image(
    yard: World, engine: KubernetesEngine, visitor: Visitor
) -> None:
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    assert environment.status == "deployed"
    assert visitor.sees(environment, "hello")
    account = engine._cluster.get("ServiceAccount", "keeper", environment.namespace.name)
    assert account is not None
    assert account["metadata"]["annotations"]["iam.gke.io/gcp-service-account"].startswith("keeper")
    (build,) = Build.objects.all()
    assert [(step.name, step.state) for step in build.steps.all()] == [("web", "done")]
    seen = {one.workload: one for one in engine.observe(environment.namespace.name)}
    assert {name: one.ready for name, one in seen.items()} == {"web": True, "store": True}
    image = build.steps.get().image
    assert image is not None
    assert image.digest.rpartition("@")[2] == seen["web"].image.rpartition("@")[2]


def test_a_patch_brings_the_new_commit_and_leaves_the_store_and_its_data(
    yard: World, engine: KubernetesEngine, visitor: Visitor
) -> None:
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    name = environment.namespace.name
    before = {one.workload: one for one in engine.observe(name)}
    written = kept(engine, environment)
    changed = DOCKERFILE.replace("echo $GREETING", "echo changed")
    yard.repositories["shop"].commit({"Dockerfile": changed})
    assert run(yard, environment, DeploymentKind.PATCH).status == "deployed"
    assert visitor.sees(environment, "changed")
    after = {one.workload: one for one in engine.observe(name)}
    assert after["store"].name == before["store"].name
    assert after["web"].image != before["web"].image
    assert kept(engine, environment) == written


def test_a_namespace_is_marked_and_kept_apart_from_other_environments(
    yard: World, engine: KubernetesEngine, installation: str
) -> None:
    """The policy as an object: not every cluster for tests enforces it."""
    plain = f"services:\n- name: web\n  image: {cluster.BUSYBOX}\n  command: [sleep, '1000']\n"
    environment = yard.deployed(yard.application("shop", plain))
    name = environment.namespace.name
    namespace = engine._cluster.get("Namespace", name)
    policy = engine._cluster.get("NetworkPolicy", "apart", name)
    assert namespace is not None
    assert policy is not None
    assert namespace["metadata"]["labels"]["releaseclone/installation"] == installation
    others = {"key": "releaseclone/installation", "operator": "DoesNotExist"}
    assert policy["spec"]["ingress"] == [
        {
            "from": [
                {"podSelector": {}},
                {"namespaceSelector": {"matchExpressions": [others]}},
            ]
        }
    ]


def test_two_environments_stand_side_by_side_and_one_goes(
    yard: World, engine: KubernetesEngine, visitor: Visitor
) -> None:
    application = yard.application("shop", TEMPLATE, files={"Dockerfile": DOCKERFILE})
    one = yard.deployed(application, name="one")
    two = yard.deployed(application, name="two")
    assert visitor.sees(one, "hello")
    assert visitor.sees(two, "hello")
    assert kept(engine, one) != kept(engine, two)
    assert run(yard, one, DeploymentKind.TEARDOWN).status == "removed"
    assert engine.remains(one.namespace.name) == ()
    assert visitor.sees(two, "hello")


@pytest.mark.parametrize("version", ["v4", "v5"])
def test_a_terminal_is_led_over_either_protocol(
    yard: World, engine: KubernetesEngine, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers before Kubernetes 1.29 speak the older one alone."""
    spoken: list[str | None] = []
    opened = terminal.opened

    def open_with(*given: Any) -> ClientConnection:
        line = opened(*given)
        spoken.append(line.subprotocol)
        return line

    monkeypatch.setattr(terminal, "opened", open_with)
    monkeypatch.setattr(terminal, "_PROTOCOLS", [Subprotocol(f"{version}.channel.k8s.io")])
    plain = f"services:\n- name: web\n  image: {cluster.BUSYBOX}\n  command: [sleep, '1000']\n"
    environment = yard.deployed(yard.application("shop", plain))
    name = environment.namespace.name
    (pod,) = (one.name for one in engine.observe(name))
    shell = engine.open_terminal(name, pod, command=("sh",), rows=31, columns=97)
    shell.write(b"stty size; exit 7\n")
    said = b"".join(iter(shell.read, b"")).decode()
    assert "31 97" in said
    assert shell.exit_code() == 7
    shell.close()
    assert f"{version}.channel.k8s.io" in spoken
