"""Environments are paused and resumed when their schedule says so."""

import logging
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from environments.actions import pausing
from environments.actions.asking import Refused, operator
from environments.actions.deployments import is_ending, is_paused
from environments.core.schedules import last_until
from environments.models import Environment, EnvironmentType, Hours

logger = logging.getLogger(__name__)
ACTOR = "the schedule"


def keep_hours() -> None:
    """Pause and resume what its schedule has named since the last look.

    Of a time that nobody was there to see, only the last word counts. What a person does in
    between stays until the schedule speaks again.
    """
    now = timezone.now()
    own = Q(hours=Hours.OWN) & (~Q(pause_schedule="") | ~Q(resume_schedule=""))
    given = ~Q(application__account__pause_schedule="") | ~Q(
        application__account__resume_schedule=""
    )
    follows = Q(hours=Hours.ACCOUNT, type=EnvironmentType.EPHEMERAL) & given
    rows = Environment.objects.filter(
        own | follows, removed_at=None, importer=None, last_setup__isnull=False
    )
    for environment in rows.select_related("application__account", "namespace"):
        _keep(environment, now)


def _keep(environment: Environment, now: datetime) -> None:
    account = environment.application.account
    source = environment if environment.hours == Hours.OWN else account
    starts = [environment.hours_seen_at or environment.created_at]
    if source is account and account.hours_saved_at:
        starts.append(account.hours_saved_at)
    pauses = last_until(source.pause_schedule, now) if source.pause_schedule else None
    resumes = last_until(source.resume_schedule, now) if source.resume_schedule else None
    named = [at for at in (pauses, resumes) if at and at > max(starts)]
    if not named:
        return
    # Claimed first: of two who look at once, one asks.
    same = Environment.objects.filter(pk=environment.pk, hours_seen_at=environment.hours_seen_at)
    if not same.update(hours_seen_at=now):
        return
    is_pause = max(named) == pauses
    if is_pause == is_paused(environment) or is_ending(environment):
        return
    actor = operator(account, name=ACTOR)
    try:
        (pausing.pause if is_pause else pausing.resume)(actor, environment)
    except Refused as refused:
        logger.warning("The schedule of %s was not kept: %s", environment, refused)
