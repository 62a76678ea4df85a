"""Code from outside runs once a member has looked at it: this commit, and no other."""

from django.db import transaction

from environments.actions.asking import Actor, Refused, note, require_member
from environments.actions.deployments import deploy
from environments.automation.outcome import NotYet
from environments.automation.pull_requests import settle, why_none
from environments.core.ports import GitHostError
from environments.core.problems import error
from environments.models import DeploymentKind, Environment, PullRequest


def approve(actor: Actor, row: PullRequest, *, commit: str) -> str:
    """Let this commit of it run, without secrets. Why it has no environment nevertheless, or "".

    ``commit``: the one that the member saw.
    """
    require_member(actor, "let code from outside run")
    if not row.waits_for_approval:
        why = why_none(row).rstrip(".") or f"{row.approved_commit[:7]} is approved"
        raise Refused(error("approval.needless", name=str(row), why=why))
    if row.commit != commit:
        raise Refused(error("approval.moved", name=str(row), commit=row.commit[:7]))
    kept = PullRequest.objects.filter(pk=row.pk)
    before = row.approved_commit
    with transaction.atomic():
        kept.update(approved_commit=commit, approved_by_name=actor.name)
        note(actor, f"approved {commit[:7]} of {row}", application=row.application)
    try:
        list(settle(row.application.account, row.branch))  # carried out as it is read
        row.refresh_from_db()
        if row.environment is not None and row.environment.approved_commit != commit:
            _move(actor, row.environment, commit)
    except Refused:
        kept.update(approved_commit=before)
        raise
    except (NotYet, GitHostError) as silent:  # the next look at the host goes on
        return str(silent)
    return row.why_none


def _move(actor: Actor, environment: Environment, commit: str) -> None:
    kind = DeploymentKind.PATCH if environment.last_setup_id else DeploymentKind.SETUP
    with transaction.atomic():
        Environment.objects.filter(pk=environment.pk).update(approved_commit=commit)
        deploy(actor, environment, kind)
