"""Reading environments."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from environments.models import (
    Account,
    Application,
    Environment,
    EnvironmentStatus,
    EnvironmentVersion,
    Event,
)
from environments.queries.accounts import Unseen

PAGE = 25
EVENTS = 12


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; "" is everything."""

    text: str = ""
    status: str = ""
    type: str = ""
    owner: str = ""


def living(account: Account) -> QuerySet[Environment]:
    """The account's environments that have not been removed."""
    return Environment.objects.filter(application__account=account, removed_at__isnull=True)


def listed(application: Application, filters: Filters) -> QuerySet[Environment]:
    """The application's living environments as the list shows them."""
    rows = Environment.objects.filter(application=application, removed_at__isnull=True)
    if filters.text:
        rows = rows.filter(
            Q(name__icontains=filters.text)
            | Q(env_id__icontains=filters.text)
            | Q(branch__icontains=filters.text)
        )
    if filters.status in EnvironmentStatus.values:
        rows = rows.filter(status=filters.status)
    if filters.type:
        rows = rows.filter(type=filters.type)
    if filters.owner:
        rows = rows.filter(owner_name=filters.owner)
    members = Environment.objects.filter(removed_at__isnull=True).select_related("application")
    return (
        rows.select_related("application", "running", "importer__application")
        .defer("running__plan", "running__pins", "running__manifests")
        .prefetch_related(Prefetch("imported", members.order_by("position"), to_attr="imports"))
    )


def owners_in(application: Application) -> list[str]:
    """The names of those who own living environments of the application."""
    rows = Environment.objects.filter(application=application, removed_at__isnull=True)
    return list(
        rows.exclude(owner_name="")
        .order_by("owner_name")
        .values_list("owner_name", flat=True)
        .distinct()
    )


def environment_of(account: Account, env_id: str) -> Environment:
    """The living environment with this handle, else the last that had it; raises ``Unseen``."""
    rows = Environment.objects.filter(application__account=account, env_id=env_id)
    found = (
        rows.select_related(
            "application__account",
            "namespace__context",
            "importer__application",
            "running__part_of",
            "running__version",
            "last_setup",
        )
        .order_by("-pk")
        .first()
    )
    if found is None:
        raise Unseen
    return found


def members_of_namespace(environment: Environment) -> list[Environment]:
    """All environments of its namespace, the importer first."""
    rows = environment.namespace.members.filter(removed_at__isnull=True)
    ordered = rows.select_related("application", "running__part_of", "importer")
    return sorted(ordered, key=lambda one: (one.importer_id is not None, one.position, one.pk))


def versions_of(environment: Environment) -> QuerySet[EnvironmentVersion]:
    """Its versions, newest first."""
    return environment.versions.defer("variables").order_by("-number")


def version_of(environment: Environment, number: int) -> EnvironmentVersion:
    """One of its versions; raises ``Unseen``."""
    found = environment.versions.filter(number=number).first()
    if found is None:
        raise Unseen
    return found


def events_of(environment: Environment) -> QuerySet[Event]:
    """The last things that somebody did to it."""
    return environment.events.order_by("-pk")[:EVENTS]
