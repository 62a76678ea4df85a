"""Ephemeral environments end some days after the last deployment that was asked of them."""

import logging
from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.utils import timezone

from environments.actions.asking import Refused, note, operator
from environments.actions.environments import delete_environment
from environments.models import Deployment, DeploymentKind, Environment
from environments.models.deployment import LIVE

logger = logging.getLogger(__name__)
ACTOR = "expiry"
_NOTICE = timedelta(days=1)
_TEXT = """{name} of {application}, on {branch}, ends at {until} UTC.
Nobody has deployed to it for some days.

To keep it, choose Extend on its page:
{page}
"""


def expire() -> None:
    """Remove those whose time is over."""
    ending = Deployment.objects.filter(kind=DeploymentKind.TEARDOWN, status__in=LIVE)
    rows = Environment.objects.filter(
        expires_at__lte=timezone.now(), removed_at=None, importer=None
    ).exclude(pk__in=ending.values("environment"))
    for environment in rows.select_related("application__account", "namespace"):
        try:
            actor = operator(environment.application.account, name=ACTOR)
            delete_environment(actor, environment)
        except Refused as refused:
            logger.warning("%s was not removed at its end: %s", environment, refused)


def tell_owners() -> None:
    """Tell the owner of what ends within a day, once; where no mail is sent, nobody.

    Whose environments live no longer than that anyway is not told.
    """
    if settings.RELEASECLONE.mail is None:
        return
    now = timezone.now()
    until = now + _NOTICE
    untold = Q(expiry_told_at=None) | Q(expiry_told_at__lt=F("expires_at") - _NOTICE)
    rows = Environment.objects.filter(
        untold,
        expires_at__gt=now,
        expires_at__lte=until,
        removed_at=None,
        importer=None,
        application__account__ephemeral_days__gt=_NOTICE.days,
    ).exclude(Q(owner=None) | Q(owner__email=""))
    for environment in rows.select_related("application__account", "owner"):
        # Claimed first: of two who look at once, one writes.
        same = Environment.objects.filter(pk=environment.pk)
        if not same.filter(untold).update(expiry_told_at=now):
            continue
        try:
            _tell(environment)
        except SMTPRecipientsRefused as refused:
            logger.warning(
                "The owner of %s has no address that takes mail: %s", environment, refused
            )
        except (SMTPException, OSError) as away:
            logger.warning("The owner of %s was not told: %s", environment, away)
            same.update(expiry_told_at=environment.expiry_told_at)
            return  # it is the same server for all of them: the next look tries again


def _tell(environment: Environment) -> None:
    account, owner, until = (
        environment.application.account,
        environment.owner,
        environment.expires_at,
    )
    assert owner is not None
    assert until is not None
    name = environment.name
    text = _TEXT.format(
        name=name,
        application=environment.application.name,
        branch=environment.branch,
        until=until.strftime("%Y-%m-%d %H:%M"),
        page=environment.page,
    )
    send_mail(f"{name} ends within a day", text, None, [owner.email])
    told = f"told {owner.get_username()} by e-mail that {name} ends within a day"
    note(operator(account, name=ACTOR), told, environment=environment)
