"""How many copies there are in a cluster, and what stands in a namespace beside them."""

import json

import pytest

from environments.core.render import QUOTA
from environments.engines.kubernetes import KubernetesEngine
from environments.models import DeploymentKind
from tests import cluster
from tests.deploying.acts import run, save, text_of
from tests.kubernetes.conftest import kubectl
from tests.world import World

pytestmark = pytest.mark.kubernetes

SCALED = f"""services:
- name: web
  image: {cluster.BUSYBOX}
  command: [sh, -c, 'exec sleep 1000']
  cpu: {{limits: 500m, requests: 10m}}
  memory: {{limits: 64Mi, requests: 8Mi}}
  autoscale: {{min_replicas: 2, max_replicas: 3}}
"""


def test_an_autoscaler_decides_between_its_limits_and_goes_with_its_key(
    yard: World, engine: KubernetesEngine
) -> None:
    environment = yard.deployed(yard.application("shop", SCALED))
    assert yard.last(environment).reason == ""
    name = environment.namespace.name
    assert [one.ready for one in engine.observe(name)] == [True, True]
    # As the autoscaler would under load; the next deployment leaves it.
    kubectl("-n", name, "scale", "deployment", "web", "--replicas", "3")
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert kubectl("-n", name, "get", "deployment", "web", "-o", "jsonpath={.spec.replicas}") == "3"
    before, _, _ = text_of(environment).partition("  autoscale:")
    save(yard, environment, before)
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert engine._cluster.get("HorizontalPodAutoscaler", "web", name) is None
    assert [one.ready for one in engine.observe(name)] == [True]


def test_a_namespace_says_whose_it_is_and_has_room_for_its_services(
    yard: World, engine: KubernetesEngine
) -> None:
    environment = yard.deployed(yard.application("shop", SCALED))
    name = environment.namespace.name
    labels = json.loads(kubectl("get", "namespace", name, "-o", "jsonpath={.metadata.labels}"))
    assert labels["releaseclone/account"] == "acme"
    assert labels["releaseclone/application"] == "shop"
    assert labels["releaseclone/environment"] == environment.env_id
    assert labels["releaseclone/deployment"] == str(yard.last(environment).pk)
    quota = engine._cluster.get("ResourceQuota", QUOTA, name)
    assert quota is not None
    # Three copies, and each of them running, coming and ending at the same time.
    assert quota["spec"]["hard"]["limits.cpu"] == "4500m"
    assert quota["spec"]["hard"]["requests.memory"] == str(9 * 8 * 1024**2)


def test_what_stood_beside_a_service_goes_when_it_is_wanted_no_more(
    yard: World, engine: KubernetesEngine
) -> None:
    """And nothing else: what somebody else has put there stays."""
    files = "  configmap:\n  - {name: c, repo_path: etc/c.ini, mount_path: /etc/c.ini}\n"
    application = yard.application("shop", SCALED + files, files={"etc/c.ini": "a=1\n"})
    environment = yard.deployed(application)
    name = environment.namespace.name
    assert engine._cluster.get("ConfigMap", "web-files", name) is not None
    kubectl("-n", name, "create", "configmap", "own", "--from-literal=a=1")
    save(yard, environment, text_of(environment).replace(files, ""))
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert engine._cluster.get("ConfigMap", "web-files", name) is None
    assert engine._cluster.get("ConfigMap", "own", name) is not None


def test_a_field_that_cannot_be_changed_is_named(yard: World, engine: KubernetesEngine) -> None:
    environment = yard.deployed(yard.application("shop", SCALED))
    name = environment.namespace.name
    there = json.loads(kubectl("-n", name, "get", "deployment", "web", "-o", "json"))
    for labels in (
        there["spec"]["selector"]["matchLabels"],
        there["spec"]["template"]["metadata"]["labels"],
    ):
        labels["somebody"] = "else"
    kubectl("-n", name, "delete", "deployment", "web")
    kubectl("-n", name, "create", "-f", "-", given=json.dumps(there))
    deployment = run(yard, environment, DeploymentKind.SETUP)
    assert deployment.failure is not None
    assert "spec.selector" in deployment.failure["message"]
    assert "immutable" in deployment.failure["message"]
