"""Asking for a pause, for its end, and for both by schedule."""

from django.db import transaction
from django.utils import timezone

from environments.actions import deployments
from environments.actions.asking import Actor, Refused, note, require_owner, require_root
from environments.core.problems import error
from environments.core.schedules import wrong_schedule
from environments.models import (
    Account,
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    Environment,
    Hours,
)
from environments.models.deployment import SCALING


def pause(actor: Actor, environment: Environment) -> Deployment:
    """Let no service of it run until it is resumed; volumes, addresses and history stay."""
    require_root(actor, environment, "its pause")
    with transaction.atomic():
        if environment.last_setup_id is None:
            raise Refused(error("deploy.no-setup", name=environment.name))
        if is_resting(environment):
            raise Refused(error("deploy.paused", name=environment.name))
        return deployments.deploy(actor, environment, DeploymentKind.PAUSE)


def resume(actor: Actor, environment: Environment) -> Deployment:
    """Run it again as it was. Asked for by a person it also lives longer, as by a deployment."""
    require_root(actor, environment, "its pause")
    with transaction.atomic():
        if not may_be_resumed(environment):
            raise Refused(error("deploy.not-paused", name=environment.name))
        if actor.user is not None:
            deployments.prolong(environment)
        return deployments.deploy(actor, environment, DeploymentKind.RESUME)


def is_resting(environment: Environment) -> bool:
    """Whether it, or what imports it, is paused or being paused: no push wakes it."""
    root = environment.importer or environment
    return deployments.is_paused(root) or deployments.is_asked(root, DeploymentKind.PAUSE)


def may_be_resumed(environment: Environment) -> bool:
    """Whether it is paused or soon will be, or was left half-way to or from a pause."""
    if deployments.is_asked(environment, DeploymentKind.RESUME):
        return False
    if is_resting(environment):
        return True
    last = Deployment.objects.filter(
        environment=environment, part_of__isnull=True, started_at__isnull=False
    ).first()
    if last is None or last.kind not in SCALING:
        return False
    return last.status in (DeploymentStatus.FAILED, DeploymentStatus.ABORTED)


def choose_hours(
    actor: Actor, environment: Environment, *, hours: Hours, pauses: str, resumes: str
) -> None:
    """By whose schedule it is paused and resumed, and by which where it is its own."""
    require_root(actor, environment, "its hours")
    _require_schedules(pauses, resumes)
    with transaction.atomic():
        Environment.objects.filter(pk=environment.pk).update(
            hours=hours,
            pause_schedule=pauses,
            resume_schedule=resumes,
            hours_seen_at=timezone.now(),
        )
        told = _told(pauses, resumes) if hours == Hours.OWN else Hours(hours).label
        note(actor, f"chose the hours of {environment.name}: {told}", environment=environment)


def choose_account_hours(actor: Actor, *, pauses: str, resumes: str) -> None:
    """When ephemeral environments are paused and resumed that have no schedule of their own."""
    require_owner(actor, "choose when environments are paused")
    _require_schedules(pauses, resumes)
    with transaction.atomic():
        Account.objects.filter(pk=actor.account.pk).update(
            pause_schedule=pauses, resume_schedule=resumes, hours_saved_at=timezone.now()
        )
        note(actor, f"chose the hours of ephemeral environments: {_told(pauses, resumes)}")


def _require_schedules(*schedules: str) -> None:
    for schedule in filter(None, schedules):
        if wrong := wrong_schedule(schedule):
            raise Refused(error("hours.wrong", schedule=schedule, reason=wrong))


def _told(pauses: str, resumes: str) -> str:
    said = [f"paused at {pauses}"] * bool(pauses) + [f"resumed at {resumes}"] * bool(resumes)
    return ", ".join(said) or "always on"
