"""What a person reads when something goes wrong in a cluster, and what is left of it."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from pytest_django.fixtures import Settings

from environments import wiring
from environments.engines.kubernetes import KubernetesEngine
from environments.engines.kubernetes import engine as kubernetes_engine
from environments.engines.kubernetes.cluster import Cluster
from environments.models import Deployment, DeploymentKind, Environment
from tests import cluster
from tests.deploying.acts import run, save, text_of
from tests.kubernetes.conftest import kubectl, until
from tests.world import World

pytestmark = pytest.mark.kubernetes

UP = "exec sleep 1000"


def service(command: str = UP, more: str = "", image: str = cluster.BUSYBOX) -> str:
    """A template with one service."""
    return f"services:\n- name: web\n  image: {image}\n  command: [sh, -c, '{command}']\n{more}"


def failed(world: World, template: str) -> tuple[Environment, Deployment]:
    """An environment whose first setup fails."""
    environment = world.deployed(world.application("shop", template))
    deployment = world.last(environment)
    assert deployment.status == "failed"
    return environment, deployment


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (
            service(image="local/nothing:1"),
            "the image local/nothing:1 cannot be pulled: there is none of this name and tag",
        ),
        (
            service("echo about to end; exit 3"),
            "the container ended with status 3 (3 starts)",
        ),
        (
            service(
                "x=a; while true; do x=$x$x; done",
                "  memory: {limits: 24Mi, requests: 8Mi}\n",
            ),
            "it used more than its memory limit of 24Mi",
        ),
    ],
    ids=["image", "status", "memory"],
)
def test_the_first_cause_is_told_in_words(yard: World, template: str, says: str) -> None:
    _, deployment = failed(yard, template)
    assert deployment.failure is not None
    assert says in deployment.failure["message"]
    if "about to end" in template:
        assert deployment.failure["lines"] == ["about to end"]


def test_a_namespace_of_somebody_else_is_left_as_it_is(
    yard: World, engine: KubernetesEngine
) -> None:
    application = yard.application("shop", service())
    environment = yard.create(application)
    name = environment.namespace.name
    kubectl("create", "namespace", name)
    try:
        yard.work()
        deployment = yard.last(environment)
        assert deployment.status == "failed"
        assert f"a namespace {name} that was not made by this installation" in deployment.reason
        run(yard, environment, DeploymentKind.TEARDOWN)
        assert name in kubectl("get", "namespace", name)
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


def test_a_namespace_that_was_deleted_by_hand_comes_back_with_a_setup(
    yard: World, engine: KubernetesEngine
) -> None:
    environment = yard.deployed(yard.application("shop", service()))
    name = environment.namespace.name
    assert environment.status == "deployed"
    kubectl("delete", "namespace", name)
    assert engine.observe(name) == ()
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert [one.ready for one in engine.observe(name)] == [True]


def test_what_keeps_a_namespace_is_told(
    yard: World, engine: KubernetesEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_engine, "_ENDING_SECONDS", 8.0)
    environment = yard.deployed(yard.application("shop", service()))
    name = environment.namespace.name
    stuck = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: stuck, namespace: {name}, finalizers: [example.org/never]}}
"""
    kubectl("apply", "-f", "-", given=stuck)
    try:
        ended = run(yard, environment, DeploymentKind.TEARDOWN)
        assert ended.status == "failed"
        assert "example.org/never in 1 resource" in ended.reason
        assert "Delete again" in ended.reason
        told = until(lambda: next((one for one in engine.remains(name) if "example" in one), ""))
        assert "example.org/never in 1 resource" in told
    finally:
        patch = '{"metadata":{"finalizers":null}}'
        kubectl("-n", name, "patch", "configmap", "stuck", "--type=merge", "-p", patch)


def test_a_quota_that_does_not_allow_a_pod_is_named(yard: World, engine: KubernetesEngine) -> None:
    environment = yard.deployed(yard.application("shop", service()))
    name = environment.namespace.name
    quota = f"""
apiVersion: v1
kind: ResourceQuota
metadata: {{name: small, namespace: {name}}}
spec: {{hard: {{pods: "1"}}}}
"""
    kubectl("apply", "-f", "-", given=quota)
    second = service().replace("name: web", "name: second").removeprefix("services:\n")
    save(yard, environment, text_of(environment).replace("services:\n", f"services:\n{second}"))
    deployment = run(yard, environment, DeploymentKind.SETUP)
    assert deployment.status == "failed"
    assert deployment.failure is not None
    assert "exceeded quota: small" in deployment.failure["message"]
    assert [one.workload for one in engine.observe(name) if one.ready] == ["web"]


PROBE = "  readiness_probe: {exec: {command: [sh, -c, 'true']}, period_seconds: 1}\n"


class Gate:
    """A door in front of the API server: shut, nobody answers, and who was inside is cut off."""

    def __init__(self, host: str, port: int) -> None:
        self.was_shut = False
        self._far = (host, port)
        self._lock = threading.Lock()
        self._inside: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._let_in, args=(self._door,), daemon=True).start()

    def shut(self) -> None:
        """As a server that was killed."""
        self.was_shut = True
        with self._lock:
            self._door.shutdown(socket.SHUT_RDWR)
            self._door.close()
            for one in self._inside:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._inside.clear()

    def open(self) -> None:
        """As one that was started again."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._let_in, args=(self._door,), daemon=True).start()

    def _let_in(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
                far = socket.create_connection(self._far)
            except OSError:
                return
            with self._lock:
                self._inside += [near, far]
            for ends in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=ends, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def gate(yard: World, settings: Settings, tmp_path: Path) -> Gate:
    """The account's cluster, reached through a door."""
    written = yaml.safe_load(kubectl("config", "view", "--raw", "--minify", "--flatten"))
    (near,) = written["clusters"]
    address = urlsplit(near["cluster"]["server"])
    assert address.hostname
    gate = Gate(address.hostname, address.port or 443)
    near["cluster"]["server"] = f"https://127.0.0.1:{gate.port}"
    place = tmp_path / "through-the-gate"
    place.write_text(yaml.safe_dump(written))
    path, arguments = settings.ENGINES["kubernetes"]
    settings.ENGINES = {"kubernetes": (path, {**arguments, "kubeconfig": str(place)})}
    wiring.engine.cache_clear()
    return gate


HOSTED = """hostnames:
- {name}: {name}-${{env_id}}.${{domain}}
services:
- name: {name}
  image: {image}
  command: [sh, -c, "exec sleep 1000"]
  ports:
  - {{type: node_port, port: 80, target_port: 8080}}
"""


def test_one_object_that_is_refused_stops_there_and_the_next_setup_goes_on(
    yard: World, engine: KubernetesEngine
) -> None:
    first = HOSTED.format(name="web", image=cluster.BUSYBOX)
    environment = yard.deployed(yard.application("shop", first))
    name = environment.namespace.name
    quota = f"""
apiVersion: v1
kind: ResourceQuota
metadata: {{name: one-ingress, namespace: {name}}}
spec: {{hard: {{count/ingresses.networking.k8s.io: "1"}}}}
"""
    kubectl("apply", "-f", "-", given=quota)
    second = HOSTED.format(name="api", image=cluster.BUSYBOX)
    host, _, more = second.partition("services:\n")
    text = text_of(environment).replace("services:\n", f"services:\n{more}")
    save(yard, environment, text.replace("hostnames:\n", f"{host}"))
    deployment = run(yard, environment, DeploymentKind.SETUP)
    assert deployment.status == "failed"
    assert deployment.failure is not None
    assert "quota does not allow it" in deployment.failure["message"]
    assert "one-ingress" in deployment.failure["message"]
    kubectl("-n", name, "delete", "resourcequota", "one-ingress")
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    ready = {one.workload: one.ready for one in engine.observe(name)}
    assert ready == {"web": True, "api": True}


def test_an_api_server_that_goes_in_mid_deployment_is_waited_for(
    yard: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Cluster.apply

    def apply(self: Cluster, wanted: Mapping[str, Any]) -> dict[str, Any]:
        made = original(self, wanted)
        if wanted["kind"] == "Deployment" and not gate.was_shut:
            gate.shut()
            threading.Timer(3, gate.open).start()
        return made

    monkeypatch.setattr(Cluster, "apply", apply)
    environment = yard.deployed(yard.application("shop", service(more=PROBE)))
    assert gate.was_shut
    deployment = yard.last(environment)
    assert (deployment.status, deployment.reason) == ("deployed", "")
