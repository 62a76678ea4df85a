"""A pause in a cluster: nothing runs, nothing wakes it, and all of it comes back."""

import pytest

from environments.actions import pausing
from environments.engines.kubernetes import KubernetesEngine
from environments.models import Environment
from tests import cluster
from tests.kubernetes.test_environments import kept
from tests.kubernetes.test_scale import SCALED
from tests.world import World

pytestmark = pytest.mark.kubernetes

TEMPLATE = f"""{SCALED}- name: store
  image: {cluster.BUSYBOX}
  command: [sh, -c, "test -f /data/kept || date +%s%N > /data/kept; exec sleep 1000"]
  volumes:
  - {{name: data, mount_path: /data, type: persistent, size: 10Mi}}
"""


def workloads(engine: KubernetesEngine, environment: Environment) -> list[str]:
    return sorted(one.workload for one in engine.observe(environment.namespace.name))


def test_an_autoscaler_does_not_wake_it_and_its_data_stays(
    yard: World, engine: KubernetesEngine
) -> None:
    environment = yard.deployed(yard.application("shop", TEMPLATE))
    assert yard.last(environment).reason == ""
    name, written = environment.namespace.name, kept(engine, environment)
    pausing.pause(yard.operator, environment)
    yard.work(steps=1000)
    environment.refresh_from_db()
    assert yard.last(environment).reason == ""
    assert environment.status == "paused"
    assert workloads(engine, environment) == []
    assert engine._cluster.get("HorizontalPodAutoscaler", "web", name) is None
    pausing.resume(yard.operator, environment)
    yard.work(steps=1000)
    environment.refresh_from_db()
    assert environment.status == "deployed"
    assert workloads(engine, environment) == ["store", "web", "web"]
    assert engine._cluster.get("HorizontalPodAutoscaler", "web", name) is not None
    assert kept(engine, environment) == written
