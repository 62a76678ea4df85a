"""Public addresses in a cluster: its own ingress leads them, from one environment to the next."""

import json
import os

import pytest

from environments import tasks
from environments.actions.public_addresses import add_address, lead
from environments.models import DeploymentKind, Environment
from tests.deploying.acts import run
from tests.docker.test_environments import DOCKERFILE
from tests.kubernetes.conftest import Visitor, kubectl, until
from tests.kubernetes.test_environments import TEMPLATE
from tests.world import World

pytestmark = pytest.mark.kubernetes

HOST = "shop.public.test"
TUNED = TEMPLATE + "ingress: {proxy_body_size: 30m}\n"


def ingresses(environment: Environment) -> dict[str, dict[str, object]]:
    """Their hosts and annotations, by name."""
    name = environment.namespace.name
    told = json.loads(kubectl("-n", name, "get", "ingresses", "-o", "json"))
    return {
        one["metadata"]["name"]: {
            "hosts": [rule["host"] for rule in one["spec"]["rules"]],
            "annotations": one["metadata"].get("annotations"),
        }
        for one in told["items"]
    }


def test_it_leads_from_one_environment_to_the_next_and_back(yard: World, visitor: Visitor) -> None:
    application = yard.application("shop", TUNED, files={"Dockerfile": DOCKERFILE})
    blue = yard.deployed(application, type="permanent", name="blue")
    assert yard.last(blue).reason == ""
    changed = DOCKERFILE.replace("echo $GREETING", "echo changed")
    yard.repositories["shop"].commit({"Dockerfile": changed})
    green = yard.deployed(application, type="permanent", name="green")
    assert yard.last(green).reason == ""
    host = f"{os.urandom(3).hex()}.{HOST}"
    add_address(yard.operator, application, host=host, member="shop", service="web")
    for environment, says in ((blue, "hello"), (green, "changed"), (blue, "hello")):
        lead(yard.operator, application, environment)
        tasks.publish_routes()
        until(lambda says=says: says in visitor._asked(host))  # type: ignore[misc]
    there = ingresses(blue)
    assert set(there) == {"web", "public.web"}
    assert there["public.web"] == {"hosts": [host], "annotations": there["web"]["annotations"]}
    assert set(ingresses(green)) == {"web"}
    assert run(yard, blue, DeploymentKind.PATCH).status == "deployed"
    assert visitor.sees(blue, "changed")
    until(lambda: "changed" in visitor._asked(host))
    lead(yard.operator, application, None)
    tasks.publish_routes()
    assert set(ingresses(blue)) == {"web"}
    until(lambda: not visitor._asked(host))
