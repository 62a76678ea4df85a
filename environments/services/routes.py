"""Host names and paths to addresses, rebuilt from what is kept each time they are written."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from environments import wiring
from environments.core.ports import Route
from environments.models import Environment, PortClaim


def publish() -> None:
    """Make the ingress lead to all that runs; raises ``IngressError``."""
    wiring.ingress().publish(routes())


def plan_of(environment: Environment) -> Mapping[str, Any]:
    """The plan that made what the environment runs; empty before the first."""
    running = environment.running
    root = (running.part_of or running) if running else None
    return (root.plan or {}) if root else {}


def routes() -> list[Route]:
    """The routes of every living environment, from the plan that it runs."""
    upstreams: dict[tuple[int, str, int], list[str]] = defaultdict(list)
    for claim in PortClaim.objects.order_by("replica"):
        key = (claim.namespace_id, claim.workload, claim.target_port)
        upstreams[key].append(f"127.0.0.1:{claim.number}")
    found: list[Route] = []
    living = Environment.objects.filter(removed_at__isnull=True, running__isnull=False)
    for environment in living.select_related("namespace", "running__part_of"):
        for host in plan_of(environment).get("hosts", ()):
            addresses = upstreams.get(
                (environment.namespace_id, host["workload"], host["target_port"])
            )
            if host["env_id"] == environment.env_id and addresses:
                found.append(
                    Route(environment.namespace.name, host["host"], host["path"], tuple(addresses))
                )
    return found
