"""Volumes whose size changes in the template: they grow where they can, and never shrink."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from environments.core.ports import Step
from environments.engines.kubernetes import KubernetesEngine
from environments.models import DeploymentKind
from tests import cluster
from tests.deploying.acts import run, save
from tests.engines.steps import manifests, volume
from tests.kubernetes.conftest import kubectl, until
from tests.world import World

pytestmark = pytest.mark.kubernetes

TEMPLATE = f"""
services:
- name: store
  image: {cluster.BUSYBOX}
  command: [sh, -c, 'exec sleep 1000']
  volumes:
  - {{name: data, mount_path: /data, type: persistent, size: 10Mi}}
"""


@pytest.fixture
def growing(installation: str) -> Iterator[str]:
    """A storage class that lets volumes grow; its provisioner does not look at sizes."""
    told = json.loads(kubectl("get", "storageclass", "-o", "json"))
    made = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": f"growing-{installation}"},
        "provisioner": told["items"][0]["provisioner"],
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
    kubectl("apply", "-f", "-", given=json.dumps(made))
    yield made["metadata"]["name"]  # type: ignore[index]
    kubectl("delete", "storageclass", f"growing-{installation}")


def test_one_grows_and_does_not_shrink(
    engine: KubernetesEngine, installation: str, growing: str
) -> None:
    namespace = f"ted{installation}-grows"

    def apply(size: str) -> None:
        claim: Any = volume("data")
        claim["spec"]["storageClassName"] = growing
        claim["spec"]["resources"]["requests"]["storage"] = size
        made: Any = manifests("store", "sleep", "1000", image=cluster.BUSYBOX)
        pod = made[-1]["spec"]["template"]["spec"]
        pod["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
        pod["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        engine.apply(Step(namespace, (claim, *made)))

    def size() -> str:
        path = "jsonpath={.spec.resources.requests.storage}"
        return kubectl("-n", namespace, "get", "pvc", "data", "-o", path)

    try:
        apply("10Mi")
        until(lambda: all(one.ready for one in engine.observe(namespace)) and size(), 60)
        for wanted, has in (("20Mi", "20Mi"), ("10Mi", "20Mi"), ("1Gi", "1Gi")):
            apply(wanted)
            assert size() == has
    finally:
        cluster.forget_all(engine)


def test_where_none_may_grow_the_deployment_says_so_and_what_runs_stays(
    yard: World, engine: KubernetesEngine
) -> None:
    environment = yard.deployed(yard.application("shop", TEMPLATE))
    assert yard.last(environment).reason == ""
    save(yard, environment, TEMPLATE.replace("10Mi", "20Mi"))
    ended = run(yard, environment, DeploymentKind.SETUP)
    assert ended.status == "failed"
    assert "The volume store.data has 10Mi and does not grow to 20Mi" in ended.reason
    assert "give it 10Mi in the template again" in ended.reason
    (store,) = engine.observe(environment.namespace.name)
    assert store.ready
