"""Host names and paths to addresses, rebuilt from what is kept each time they are written."""

from collections import defaultdict
from contextlib import suppress

from environments import wiring
from environments.core.ports import EngineError, Route
from environments.models import Context, Environment, Namespace, PortClaim
from environments.models.environment import page_address


def publish() -> None:
    """Make the ingress lead to all that runs; raises ``IngressError``."""
    if (ingress := wiring.ingress()) is not None:
        ingress.publish(routes(), doors=doors())


def doors() -> list[str]:
    """Where else the ingress has to answer, for what runs in containers of this machine."""
    found: set[str] = set()
    used = Namespace.objects.filter(ended_at__isnull=True).values("context")
    for context in Context.objects.filter(pk__in=used):
        with suppress(EngineError):  # an engine that is away runs nothing that could call
            found.update(wiring.engine_of(context).doors())
    return sorted(found)


def routes() -> list[Route]:
    """The routes of every living environment, from the plan that it runs."""
    upstreams: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for *key, number in PortClaim.objects.order_by("replica").values_list(
        "namespace", "workload", "target_port", "number"
    ):
        upstreams[tuple(key)].append(f"127.0.0.1:{number}")
    found: list[Route] = []
    living = Environment.objects.filter(removed_at__isnull=True, running__isnull=False)
    rows = living.values_list(
        *("namespace", "namespace__name", "namespace__paused_at", "running__hosts"),
        *("application__account__name", "env_id", "importer__env_id"),
    )
    for namespace, name, paused_at, hosts, account, env_id, importer in rows.iterator():
        page = page_address(account, importer or env_id) if paused_at else ""
        for host in hosts:
            addresses = upstreams.get((namespace, host["workload"], host["target_port"]))
            if addresses:
                place = (name, host["host"], host["path"])
                found.append(Route(*place, tuple(addresses), paused=page))
    return found
