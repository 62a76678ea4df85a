"""Host names and paths to addresses, rebuilt from what is kept each time they are written."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace

from django.db.models import QuerySet

from environments import wiring
from environments.core.ports import EngineError, IngressError, Route
from environments.models import (
    Context,
    DeploymentStatus,
    Environment,
    Namespace,
    PortClaim,
    TaskState,
)
from environments.models.environment import page_address
from environments.services import public_hosts


def publish() -> None:
    """Make the ingress lead to all that runs; raises ``IngressError``."""
    if (ingress := wiring.ingress()) is not None:
        ingress.publish(routes(), doors=doors())


def publish_into(context: Context) -> None:
    """The same, and let the context's own ingress follow; raises ``IngressError``."""
    publish()
    try:
        public_hosts.lead(context)
    except EngineError as wrong:
        told = f"Public addresses may not lead into {context.name} yet: {wrong}"
        raise IngressError(told) from wrong


def contexts_in_use() -> QuerySet[Context]:
    """Those where something may run."""
    used = Namespace.objects.filter(ended_at__isnull=True).values("context")
    return Context.objects.filter(pk__in=used)


def doors() -> list[str]:
    """Where else the ingress has to answer, for what runs in containers of this machine."""
    found: set[str] = set()
    for context in contexts_in_use():
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
    living = living.exclude(pk__in=_being_removed())
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
    by_host: dict[str, list[Route]] = defaultdict(list)
    for route in found:
        by_host[route.host].append(route)
    for public in public_hosts.public_hosts():
        found += [replace(route, host=public.host) for route in by_host[public.like]]
    return found


def _being_removed() -> QuerySet[Environment]:
    """Those of which nothing runs any more, while their removal is not over yet."""
    return Environment.objects.filter(
        deployments__status=DeploymentStatus.RUNNING,
        deployments__tasks__kind="removal",
        deployments__tasks__state=TaskState.READY,
    )
