"""Back to the host: a comment and a commit status for each pull request that has an environment.

A host that cannot be told fails no deployment: it is tried again, later and later.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from environments import wiring
from environments.automation.pull_requests import OUTSIDE
from environments.core.comments import EnvironmentState, ImportLine, comment, gone, none
from environments.core.ports import Announced, CommitStatus, Forge, GitHostError
from environments.models import (
    Deployment,
    Environment,
    EnvironmentStatus,
    PullRequest,
)
from environments.queries.environments import links_of

_AT_ONCE = 50
_LONGEST = timedelta(hours=1)
_STATES = {
    EnvironmentStatus.DEPLOYED: ("success", "is deployed"),
    EnvironmentStatus.PAUSED: ("success", "is paused"),
    EnvironmentStatus.FAILED: ("failure", "failed"),
    EnvironmentStatus.ABORTED: ("failure", "was aborted"),
}
_WAITS = ("pending", "waits for an approval")
Said = tuple[str, CommitStatus | None, Announced | None]
"""The comment, what stands beside the commit, and the host's deployment."""


def tell_all() -> None:
    """Tell what has changed since it was told."""
    missing = ~Q(refused="") | Q(why_none__startswith=OUTSIDE)
    rows = PullRequest.objects.filter(
        Q(tell_at=None) | Q(tell_at__lte=timezone.now()),
        Q(is_open=True) | ~Q(told="") & ~Q(told="gone"),
        Q(environment__isnull=False) | missing | ~Q(told=""),
        application__connection__isnull=False,
    ).select_related("application__connection", "environment__application__account")
    newest = Deployment.objects.filter(environment=OuterRef("environment")).order_by("-pk")
    known = list(rows.annotate(newest=Subquery(newest.values("pk")[:1])))
    sharing: dict[int | None, list[int]] = defaultdict(list)
    for row in known:
        if row.environment_id is not None:
            sharing[row.environment_id].append(row.pk)
    changed = [(row, _mark(row, sharing[row.environment_id])) for row in known]
    for row, mark in [one for one in changed if _is_news(*one)][:_AT_ONCE]:
        _tell(row, mark)


def _is_news(row: PullRequest, mark: str) -> bool:
    """Of an environment that nobody was told of, nobody is told that it is gone."""
    return mark != row.told and not (mark == "gone" and not row.told)


def _mark(row: PullRequest, sharing: list[int]) -> str:
    """Differs from the one before when there is something new to tell: cheap, as all are looked at
    every few seconds."""
    environment = row.environment
    if environment is None:
        return _digest(row.commit, _why_none(row)) if row.is_open else "gone"
    if environment.removed_at is not None:
        return "gone"
    state = (environment.pk, environment.status, environment.running_id, row.commit)
    newest = row.newest  # type: ignore[attr-defined]
    return _digest(*state, newest, sorted(sharing), row.waits_for_approval)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _why_none(row: PullRequest) -> str:
    return row.refused or row.why_none


def _said_of_none(row: PullRequest) -> Said:
    """Where there should be one, and is none yet."""
    account, application = row.application.account.name, row.application.name
    page = f"{settings.RELEASECLONE.public_url}/{account}/applications/{application}/"
    status = None
    if row.is_open and row.refused:
        status = CommitStatus("failure", "none could be set up", page)
    elif row.is_open and row.why_none.startswith(OUTSIDE):
        status = CommitStatus(*_WAITS, page)
    return none(_why_none(row), page), status, None


def _tell(row: PullRequest, mark: str) -> None:
    if row.environment is None:
        text, status, announced = _said_of_none(row)
    elif row.environment.removed_at is not None:
        text, status = gone(row.environment.name, row.why_none or "it ended"), None
        announced = Announced(row.environment.name, "inactive", "removed", "", "")
    else:
        text, status, announced = _said(row, row.environment)
    forge = wiring.forge(row.application.connection)  # type: ignore[arg-type]
    url = row.application.repository_url
    changed: Mapping[str, Any]
    try:
        written = forge.comment(url, row.number, text, known=row.comment_id)
        # Kept at once: what follows may fail, and there is one comment.
        PullRequest.objects.filter(pk=row.pk).update(comment_id=written)
        if status is not None:
            forge.set_status(url, row.commit, status)
        if announced is not None:
            _announce(row, forge, announced)
    except GitHostError as wrong:
        pause = min(timedelta(seconds=15 * 2 ** min(row.told_tries, 10)), _LONGEST)
        changed = {
            "told_wrong": str(wrong)[:500],
            "tell_at": timezone.now() + pause,
            "told_tries": row.told_tries + 1,
        }
    else:
        changed = {"told": mark, "told_wrong": "", "tell_at": None, "told_tries": 0}
    PullRequest.objects.filter(pk=row.pk).update(**changed)


def _announce(row: PullRequest, forge: Forge, announced: Announced) -> None:
    """One deployment of the host's for each commit; none is begun for what has ended."""
    is_same = row.announced_commit == row.commit or announced.state == "inactive"
    known = row.announced_id if is_same else None
    if known is None and announced.state == "inactive":
        return
    url = row.application.repository_url
    key = forge.announce(url, row.commit, announced, known=known)
    PullRequest.objects.filter(pk=row.pk).update(announced_id=key, announced_commit=row.commit)


def _said(row: PullRequest, environment: Environment) -> Said:
    page = environment.page
    last = environment.deployments.order_by("-pk").first()
    is_failed = environment.status == EnvironmentStatus.FAILED and last is not None
    failure = last.reason if is_failed and last else ""
    others = environment.pull_requests.filter(is_open=True).exclude(pk=row.pk)
    state = EnvironmentState(
        name=environment.name,
        application=environment.application.name,
        page=page,
        status=environment.get_status_display(),
        branch=environment.branch,
        commit=environment.running.commit if environment.running else "",
        links=links_of(environment),
        imports=_imports(environment),
        shared_with=[str(one) for one in others.select_related("application").order_by("pk")],
        failure=failure,
    )
    word, told = _STATES.get(EnvironmentStatus(environment.status), ("pending", "is on its way"))
    text = f"{environment.name} {told}"
    if row.waits_for_approval:
        word, text = _WAITS
    is_up = environment.status == EnvironmentStatus.DEPLOYED
    link = state.links[0] if is_up and state.links else ""
    going = "in_progress" if word == "pending" else word
    is_paused = environment.status == EnvironmentStatus.PAUSED
    state_told = "inactive" if is_paused else going
    announced = Announced(environment.name, state_told, text, link, page)
    return comment(state), CommitStatus(word, text, page), announced


def _imports(environment: Environment) -> list[ImportLine]:
    rows = environment.imported.filter(removed_at=None).select_related("application", "running")
    return [
        ImportLine(
            one.application.name,
            one.branch,
            one.running.commit if one.running else "",
            one.rule.replace("-", " "),
        )
        for one in rows.order_by("position")
    ]
