"""What a namespace itself is, and how many copies there may be in it."""

from dataclasses import replace

import pytest

from environments.core.render import ground_manifests, render
from tests.core.plans import CLUSTER, member, plan

SCALED = """
services:
- name: web
  image: example/web
  cpu: {limits: "2", requests: 250m}
  memory: {limits: 1Gi, requests: 64Mi}
  replicas: 2
  autoscale: {min_replicas: 3, max_replicas: 4}
jobs:
- {name: move, from_services: web, cpu: {limits: 1, requests: 1}}
workflows:
- {name: setup, order_from: [jobs.move, services.web]}
"""


@pytest.mark.parametrize(
    ("follows", "replicas", "limits"), [((), 2, "13000m"), (("autoscale",), 3, "25000m")]
)
def test_the_quota_is_room_for_all_and_for_a_change_of_it(
    follows: tuple[str, ...], replicas: int, limits: str
) -> None:
    """Each copy runs, comes and ends at the same time: three times its limits; a job once."""
    engine = replace(CLUSTER, follows=frozenset(follows))
    made = plan(member("shop", SCALED), engine=engine)
    _, quota = ground_manifests(made, account="acme")
    assert quota["spec"]["hard"]["limits.cpu"] == limits
    made_of = {one["kind"]: one for one in render(made, account="acme")}
    deployment = made_of["Deployment"]
    assert deployment["spec"]["replicas"] == replicas
    assert ("HorizontalPodAutoscaler" in made_of) == bool(follows)


def test_a_namespace_says_whose_it_is() -> None:
    (namespace,) = ground_manifests(plan(member("Shop", "app: shop\n")), account="acme")
    labels = namespace["metadata"]["labels"]
    assert labels["releaseclone/account"] == "acme"
    assert labels["releaseclone/application"].startswith("shop")
