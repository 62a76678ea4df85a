"""Which environment's host each public address has the rules of, and who leads it there."""

from environments import wiring
from environments.core.plan import Plan
from environments.core.ports import PublicHost
from environments.core.problems import Problem, warning
from environments.models import Application, Context, Namespace, PublicAddress
from environments.queries.public_addresses import hosts_of, of_application


def public_hosts(context: Context | None = None) -> list[PublicHost]:
    """Every public address that leads somewhere now, or into this context."""
    led = Application.objects.filter(public_environment__isnull=False)
    if context is not None:
        led = led.filter(public_environment__namespace__context=context)
    led = led.select_related("public_environment__namespace__context")
    found = []
    for application in led.prefetch_related("public_addresses"):
        environment = application.public_environment
        assert environment is not None
        found += [
            PublicHost(one.address.host, environment.namespace.name, one.like)
            for one in of_application(application)
            if one.like
        ]
    return found


def plan_problems(namespace: Namespace, plan: Plan) -> list[Problem]:
    """A warning for each public address that this plan takes its service from."""
    stays = {(host.application, host.service) for host in plan.hosts}
    planned = {member.member.application for member in plan.members}
    addresses = PublicAddress.objects.filter(
        application__public_environment__namespace=namespace
    ).select_related("application__public_environment")
    losing = [
        address
        for address in addresses
        if (address.member, address.service) not in stays
        and not planned.isdisjoint({address.application.name, address.member})
    ]
    environment = losing[0].application.public_environment if losing else None
    own = hosts_of(environment) if environment else {}  # of the whole namespace
    return [
        warning(
            "public.leaves",
            host=address.host,
            application=address.member,
            service=address.service,
        )
        for address in losing
        if (address.member, address.service) in own
    ]


_led: dict[int, list[PublicHost]] = {}
"""What this process has told each context last: who has nothing to lead is asked once."""


def lead(context: Context) -> None:
    """Let the context's own ingress lead them, where it has one; raises ``EngineError``."""
    engine = wiring.engine_of(context)
    if not engine.traits().has_ingress:
        return
    hosts = public_hosts(context)
    if hosts or _led.get(context.pk) != []:
        engine.lead(hosts)
        _led[context.pk] = hosts
