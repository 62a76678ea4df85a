"""What no delivery told: the host is asked from time to time, and compared with what is kept."""

import logging

from environments import wiring
from environments.actions.asking import Actor, Refused, note, require_owner
from environments.automation import pull_requests, rebinding
from environments.automation.following import follow, tracking
from environments.automation.outcome import NotYet, Outcome
from environments.core.ports import GitHostError
from environments.models import (
    Application,
    Environment,
    GitConnection,
    PullRequest,
    PullRequestPolicy,
)
from environments.services.refs import known_refs

logger = logging.getLogger(__name__)
AT_ONCE = 5
"""So many environments may end in one pass; more wait for a person to look."""


def reconcile() -> None:
    """Bring every environment of a connected repository to its branch's head, and every pull
    request to what the host says of it."""
    for connection in GitConnection.objects.select_related("account"):
        try:
            _of_connection(connection)
        except Exception:  # whatever it is: the other accounts' connections are looked at
            logger.exception("The connection %s was not looked at to its end.", connection.pk)


def _of_connection(connection: GitConnection) -> None:
    _heads(connection)
    _pull_requests(connection)
    for one in (*settled(connection), *rebinding.look(connection)):
        logger.debug("%s", one.said)


def _heads(connection: GitConnection) -> None:
    applications = list(connection.applications.select_related("account", "connection"))
    told = known_refs(applications)
    for application in applications:
        answer = told[application.pk]
        if answer.refs is None or answer.error:
            continue  # no answer says nothing: what runs stays
        if (default := answer.refs.default_branch) != application.default_branch:
            application.default_branch = default
            application.save(update_fields=["default_branch"])
        for one in follow(list(tracking(application)), answer.refs):
            logger.debug("%s", one.said)


def _pull_requests(connection: GitConnection) -> None:
    """What the host has of pull requests. Only what it confirms is taken for closed."""
    gone: list[PullRequest] = []
    for application in connection.applications.select_related("account", "connection"):
        known = application.pull_requests.filter(is_open=True)
        if application.pull_requests_get == PullRequestPolicy.NONE and not known.exists():
            continue
        try:
            gone += _of_application(application)
        except GitHostError as silent:
            logger.info("Pull requests of %s stay as they are: %s", application.name, silent)
    ending = [row for row in gone if row.environment_id and not row.environment.removed_at]  # type: ignore[union-attr]
    held = set(connection.held) & {row.pk for row in ending}
    if len({row.environment_id for row in ending}) > AT_ONCE:
        held |= {row.pk for row in ending}
    GitConnection.objects.filter(pk=connection.pk).update(held=sorted(held))
    for row in gone:
        if row.pk not in held:
            row.save(update_fields=["is_open", "is_merged", "seen_at"])


def _of_application(application: Application) -> list[PullRequest]:
    """Keep what is open; those that the host confirms to be closed, not kept so yet."""
    forge = wiring.forge(application.connection)  # type: ignore[arg-type]
    told = {one.number: one for one in forge.open_pull_requests(application.repository_url)}
    for state in told.values():
        pull_requests.keep(application, state)
    gone = []
    for row in application.pull_requests.filter(is_open=True).exclude(number__in=told):
        state = forge.pull_request(application.repository_url, row.number)
        if not state.is_open:
            row.is_open, row.is_merged = False, state.is_merged
            gone.append(row)
    return gone


def settled(connection: GitConnection) -> list[Outcome]:
    """Settle every change of the connection's applications."""
    found: list[Outcome] = []
    rows = PullRequest.objects.filter(application__connection=connection)
    open_ones = rows.filter(is_open=True).values_list("branch", flat=True)
    living = Environment.objects.filter(
        application__connection=connection, removed_at=None, importer=None
    ).exclude(change_branch="")
    for branch in sorted({*open_ones, *living.values_list("change_branch", flat=True)}):
        try:
            found += pull_requests.settle(connection.account, branch)
        except (NotYet, Refused, GitHostError) as wrong:
            logger.info("The change %s is not settled: %s", branch, wrong)
    return found


def let_end(actor: Actor, connection: GitConnection) -> int:
    """Let what waits for a person end; how many pull requests."""
    require_owner(actor, "end so many environments at once")
    rows = PullRequest.objects.filter(pk__in=connection.held)
    count = rows.update(is_open=False)
    GitConnection.objects.filter(pk=connection.pk).update(held=[])
    note(actor, f"let the environments of {count} closed pull requests end")
    settled(connection)
    return count
