"""Reading public addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from environments.core.plan.hosts import url_of
from environments.models import Application, Environment, PublicAddress
from environments.queries import instances


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """A public address; ``like``: the environment's own host that it leads like, "" where it
    leads nowhere. ``url``: where it is opened, "" as long as it leads nowhere."""

    address: PublicAddress
    url: str = ""
    like: str = ""


def hosts_of(environment: Environment) -> Mapping[tuple[str, str], str]:
    """The first host of each exposed service of the environment and its imports, by the names of
    application and service."""
    members = Environment.objects.filter(
        namespace=environment.namespace_id, removed_at__isnull=True, running__isnull=False
    )
    made: dict[tuple[str, str], str] = {}
    for host in instances.hosts_of(list(members.select_related("running__part_of"))):
        made.setdefault((host["application"], host["service"]), host["host"])
    return made


def of_application(application: Application) -> list[PublicUrl]:
    """All of the application, by their hosts."""
    addresses = list(application.public_addresses.all())
    environment = application.public_environment if addresses else None
    if environment is None or environment.removed_at is not None or not environment.running_id:
        return [PublicUrl(address) for address in addresses]
    own = hosts_of(environment)
    entrance = environment.namespace.context.entrance
    return [
        PublicUrl(
            address, url_of(address.host, "", scheme=entrance.scheme, port=entrance.port), like
        )
        if (like := own.get((address.member, address.service)))
        else PublicUrl(address)
        for address in addresses
    ]


def leading_to(environment: Environment) -> Sequence[PublicUrl]:
    """Those that lead to this environment."""
    application = environment.application
    if application.public_environment_id != environment.pk:
        return ()
    return [one for one in of_application(application) if one.url]
