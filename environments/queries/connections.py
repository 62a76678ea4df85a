"""Reads of connections and of their ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.shortcuts import get_object_or_404

from environments import wiring
from environments.core.ports import GitHostError, RepositoryName
from environments.models import Account, Delivery, GitConnection, PullRequest

PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What a host says of a connection now; ``error``: why it says nothing."""

    answer: str = ""
    error: str = ""
    remaining: int = 0
    limit: int = 0
    renewed_at: datetime | None = None


def connections_of(account: Account) -> QuerySet[GitConnection]:
    """With the number of applications that are read through each."""
    return account.git_connections.annotate(count=Count("applications"))


def connection_of(account: Account, pk: int) -> GitConnection:
    """One of the account's."""
    return get_object_or_404(connections_of(account), pk=pk)


def asked(connection: GitConnection) -> Asked:
    """Ask the host now."""
    forge = wiring.forge(connection)
    try:
        answer, quota = forge.check(), forge.quota()
    except GitHostError as away:
        return Asked(error=str(away))
    renewed = datetime.fromtimestamp(quota.renewed_at, UTC) if quota.limit else None
    return Asked(answer, "", quota.remaining, quota.limit, renewed)


def repositories(account: Account) -> tuple[list[RepositoryName], str]:
    """What may be registered of all connections, and why some could not be listed."""
    known = set(account.applications.values_list("repository_url", flat=True))
    found: list[RepositoryName] = []
    error = ""
    for connection in account.git_connections.all():
        try:
            rows = wiring.forge(connection).repositories()
        except GitHostError as away:
            error = str(away)
        else:
            found += [one for one in rows if one.url not in known and not one.is_archived]
    return found, error


def held(connection: GitConnection) -> list[PullRequest]:
    """The pull requests whose end waits for a person."""
    rows = PullRequest.objects.filter(pk__in=connection.held).select_related("application")
    return list(rows.order_by("application__name", "number"))


def ledger(connection: GitConnection, verdict: str) -> Paginator[Delivery]:
    """Its deliveries, the newest first."""
    rows = connection.deliveries.order_by("-received_at", "-pk")
    return Paginator(rows.filter(verdict=verdict) if verdict else rows, PAGE)
