"""Reading environments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Max, Q, QuerySet

from environments.core.plan import url_of
from environments.core.template import parse_environment_template
from environments.models import (
    Account,
    Application,
    Environment,
    EnvironmentStatus,
    EnvironmentVersion,
    Event,
    PullRequest,
    entrance,
)
from environments.queries.accounts import Unseen

PAGE = 20
EVENTS = 12
VERSIONS = 30


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; "" is everything."""

    text: str = ""
    branch: str = ""
    status: str = ""
    type: str = ""
    owner: str = ""

    @property
    def narrow(self) -> bool:
        """Whether they leave anything out."""
        return bool(self.text or self.branch or self.status or self.type or self.owner)


def living(account: Account) -> QuerySet[Environment]:
    """The account's environments that have not been removed."""
    return Environment.objects.filter(application__account=account, removed_at__isnull=True)


def listed(application: Application, filters: Filters) -> Paginator[dict[str, Any]]:
    """The application's living environments, as the list shows them: plain values, one page at a
    time. ``with_imports`` and ``with_links`` add to a page what each row imports and opens.
    """
    rows = Environment.objects.filter(application=application, removed_at__isnull=True)
    if filters.text:
        rows = rows.filter(
            Q(name__icontains=filters.text)
            | Q(env_id__icontains=filters.text)
            | Q(branch__icontains=filters.text)
        )
    if filters.branch:
        rows = rows.filter(branch__icontains=filters.branch)
    if filters.status in EnvironmentStatus.values:
        rows = rows.filter(status=filters.status)
    if filters.type:
        rows = rows.filter(type=filters.type)
    if filters.owner:
        rows = rows.filter(owner_name=filters.owner)
    pages = Paginator(rows.values(*_LISTED), PAGE)
    pages.count = rows.count()  # of the rows alone: values() would join the other tables to count
    return pages


_LISTED = (
    "pk",
    "name",
    "env_id",
    "type",
    "is_production",
    "branch",
    "status",
    "owner_name",
    "created_at",
    "expires_at",
    "running__commit",
    "running__hosts",
    "namespace__context__public_scheme",
    "namespace__context__public_port",
    "importer__env_id",
    "importer__application__name",
)


def with_imports(rows: Page[dict[str, Any]]) -> Page[dict[str, Any]]:
    """The page, each row with ``imports``: ``[{"application__name", "branch"}]`` in their order."""
    rows.object_list = list(rows.object_list)  # a page looks each of its rows up anew
    by_pk: dict[int, dict[str, Any]] = {row["pk"]: row for row in rows.object_list}
    for row in by_pk.values():
        row["imports"] = []
    members = Environment.objects.filter(importer__in=by_pk, removed_at__isnull=True)
    shown = members.order_by("position").values("importer", "application__name", "branch")
    for member in shown:
        by_pk[member["importer"] or 0]["imports"].append(member)
    return rows


def with_links(rows: Page[dict[str, Any]]) -> Page[dict[str, Any]]:
    """The page, each row with ``link``: the first URL of what it runs, "" where there is none."""
    for row in rows.object_list:
        hosts = row["running__hosts"] or ()
        reached = entrance(
            row["namespace__context__public_scheme"], row["namespace__context__public_port"]
        )
        row["link"] = next(
            (
                url_of(
                    host["host"],
                    host["path"],
                    scheme=reached.scheme,
                    port=reached.port,
                )
                for host in hosts
            ),
            "",
        )
    return rows


def with_activity(rows: Page[dict[str, Any]]) -> Page[dict[str, Any]]:
    """The page, each row with ``active_at``: when something was last done to it."""
    events = Event.objects.filter(environment__in=[row["pk"] for row in rows.object_list])
    last = events.values("environment").annotate(at=Max("at")).values_list("environment", "at")
    by_pk = dict(last.order_by())
    for row in rows.object_list:
        row["active_at"] = by_pk.get(row["pk"], row["created_at"])
    return rows


def possible_owners(account: Account) -> list[str]:
    """The names of the account's members: asked of them, as environments may be very many."""
    names = account.memberships.order_by("user__username")
    return list(names.values_list("user__username", flat=True))


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
    ordered = rows.select_related("application", "running__part_of", "running__version", "importer")
    return sorted(ordered, key=lambda one: (one.importer_id is not None, one.position, one.pk))


@dataclass(frozen=True, slots=True)
class Moving:
    """What Deploy Setup will bring into a namespace and take out of it: ``comes`` names
    applications, ``goes`` handles of members. Empty where the latest version runs already."""

    comes: tuple[str, ...] = ()
    goes: frozenset[str] = frozenset()


def moving(environment: Environment, members: Sequence[Environment]) -> Moving:
    """The imports of the latest version against the members that exist."""
    running = environment.running
    is_latest = running is not None and running.version_shown == environment.version
    if environment.importer_id is not None or environment.removed_at is not None or is_latest:
        return Moving()
    latest = environment.versions.only("template").get(number=environment.number)
    parsed = parse_environment_template(latest.template)
    if parsed.template is None:
        return Moving()
    wanted = [entry.name for entry in parsed.template.app_imports]
    there = {one.application.name: one.env_id for one in members if one.importer_id is not None}
    return Moving(
        comes=tuple(name for name in wanted if name not in there),
        goes=frozenset(env_id for name, env_id in there.items() if name not in wanted),
    )


def versions_of(environment: Environment) -> QuerySet[EnvironmentVersion]:
    """Its last versions, newest first, without their texts."""
    return environment.versions.defer("variables", "template")[:VERSIONS]


def version_before(version: EnvironmentVersion) -> EnvironmentVersion | None:
    """The version that this one changed; None for the first."""
    return version.environment.versions.filter(number__lt=version.number).first()


def version_of(environment: Environment, number: int) -> EnvironmentVersion:
    """One of its versions; raises ``Unseen``."""
    found = environment.versions.filter(number=number).first()
    if found is None:
        raise Unseen
    return found


def events_of(environment: Environment) -> QuerySet[Event]:
    """The last things that somebody did to it."""
    return environment.events.order_by("-pk")[:EVENTS]


def pull_requests_of(environment: Environment) -> QuerySet[PullRequest]:
    """Those that it is for; of an imported environment those of its importer."""
    root = environment.importer or environment
    return root.pull_requests.select_related("application").order_by("pk")


def rebinds_of(environment: Environment) -> list[dict[str, str]]:
    """What a Setup would bind otherwise, as it was found last; without what it has bound since."""
    found = list(environment.rebinds)
    if not found:
        return []
    rows = environment.imported.filter(removed_at__isnull=True)
    bound = dict(rows.values_list("application__name", "branch"))
    return [one for one in found if bound.get(one["application"]) == one["old"]]


def links_of(environment: Environment) -> list[str]:
    """The hosted URLs of the namespace as they are now, the environment's own first."""
    environment.refresh_from_db()
    hosts = environment.running_plan.get("hosts", ())
    ordered = sorted(hosts, key=lambda host: host["env_id"] != environment.env_id)
    return [host["url"] for host in ordered]
