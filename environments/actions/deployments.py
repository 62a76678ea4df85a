"""Asking for deployments: the plan first, then the queue with its rules."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from environments import tasks
from environments.actions.asking import Actor, Refused, note
from environments.core.plan import Plan
from environments.core.problems import error, has_errors
from environments.models import (
    Account,
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    Environment,
    EnvironmentType,
    Namespace,
)
from environments.models.deployment import CHANGING, LIVE
from environments.services import planning_existing, status

_VERBS = {
    DeploymentKind.SETUP: "asked for Deploy Setup of",
    DeploymentKind.PATCH: "asked for Deploy of",
    DeploymentKind.TEARDOWN: "asked for the removal of",
    DeploymentKind.PAUSE: "asked for the pause of",
    DeploymentKind.RESUME: "asked to resume",
}


def plan_deployment(
    environment: Environment,
    kind: DeploymentKind,
    *,
    template: str | None = None,
    import_parameters: Mapping[str, Mapping[str, str]] | None = None,
) -> Plan:
    """What this deployment would do now, from refs at most 30 s old. Writes nothing.

    ``template``, ``import_parameters``: those that are not saved yet, in place of the latest.
    """
    return planning_existing.plan(
        environment, kind, template=template, import_parameters=import_parameters
    )


def deploy(
    actor: Actor, environment: Environment, kind: DeploymentKind, *, shown_digest: str = ""
) -> Deployment:
    """Queue a deployment; ``Refused`` where it cannot be, or the plan is not the one shown."""
    check(environment, kind)
    plan = None
    if shown_digest:
        plan = plan_deployment(environment, kind)
        if has_errors(plan.problems):
            raise Refused(*plan.problems)
        if plan.digest != shown_digest:
            raise Refused(error("deploy.digest"))
    with transaction.atomic():
        return queue(actor, environment, kind, shown=plan)


def check(environment: Environment, kind: DeploymentKind) -> None:
    """``Refused`` where this deployment can not even be asked for."""
    environment.refresh_from_db(fields=["removed_at", "last_setup"])
    if environment.removed_at is not None:
        raise Refused(error("environment.ended", name=environment.name))
    if kind == DeploymentKind.PATCH and environment.last_setup_id is None:
        raise Refused(error("deploy.no-setup", name=environment.name))
    root = environment.importer or environment
    if is_ending(root):
        raise Refused(error("deploy.removing", name=root.name))
    if kind in CHANGING:
        if is_asked(root, DeploymentKind.PAUSE):
            raise Refused(error("deploy.pausing", name=root.name))
        if is_paused(root) and not is_asked(root, DeploymentKind.RESUME):
            raise Refused(error("deploy.paused", name=root.name))


def is_ending(environment: Environment) -> bool:
    """Whether its removal was asked for and has not ended."""
    return is_asked(environment, DeploymentKind.TEARDOWN)


def is_asked(environment: Environment, kind: DeploymentKind) -> bool:
    """Whether such a deployment of it waits or runs."""
    asked = Deployment.objects.filter(
        environment=environment, kind=kind, part_of__isnull=True, status__in=LIVE
    )
    return asked.exists()


def is_paused(environment: Environment) -> bool:
    """Whether none of its services runs, by somebody's wish, as it is kept now."""
    rows = Namespace.objects.filter(pk=environment.namespace_id, paused_at__isnull=False)
    return rows.exists()


def queue(
    actor: Actor,
    environment: Environment,
    kind: DeploymentKind,
    *,
    shown: Plan | None,
    commit: str = "",
) -> Deployment:
    """A deployment at the end of its namespace's queue, older ones superseded by the rules.

    Inside a transaction; the work starts after its commit. ``shown``: the plan that the person
    saw, so that the deployment can say what moved since. ``commit``: of a patch, in place of the
    branch's newest.
    """
    # One at a time for each namespace: of two who ask at once the later sees the earlier.
    Namespace.objects.select_for_update(no_key=True).get(pk=environment.namespace_id)
    deployment = Deployment.objects.create(
        environment=environment,
        namespace=environment.namespace,
        kind=kind,
        deploys_commit=commit,
        asked_by=actor.user,
        asked_by_name=actor.name,
        shown_digest=shown.digest if shown else "",
        shown={
            planned.member.application: [planned.member.choice.ref, planned.member.choice.commit]
            for planned in (shown.members if shown else ())
        },
    )
    if kind in CHANGING:
        prolong(environment)
    _supersede(deployment)
    if kind == DeploymentKind.TEARDOWN:
        _abort_running(deployment, actor)
    verb = _VERBS[DeploymentKind(kind)]
    note(actor, f"{verb} {environment.name}", environment=environment, deployment=deployment)
    status.refresh(environment.namespace)
    transaction.on_commit(lambda: _send(deployment.pk), robust=True)
    return deployment


def prolong(environment: Environment) -> None:
    """An ephemeral environment ends the account's number of days from now; never sooner than it
    would have."""
    root = environment.importer or environment
    account = Account.objects.only("ephemeral_days").get(pk=root.application.account_id)
    days = account.ephemeral_days
    if root.type != EnvironmentType.EPHEMERAL or not days:
        return
    until = timezone.now() + timedelta(days=days)
    sooner = Q(expires_at=None) | Q(expires_at__lt=until)
    Environment.objects.filter(sooner, pk=root.pk).update(expires_at=until)


def _send(pk: int) -> None:
    """Put it into the queue; where the broker is away, the sweep does it later."""
    try:
        tasks.send(pk)
    except tasks.BROKER_ERRORS:
        Deployment.objects.filter(pk=pk).update(sent_at=None)


def _send_next(pk: int) -> None:
    """What waited behind it may be at the front now; where the broker is away, the sweep knows."""
    with suppress(*tasks.BROKER_ERRORS):
        tasks.send_next(pk)


def _supersede(deployment: Deployment) -> None:
    """What waits and is overtaken by the new one ends here."""
    waiting = Deployment.objects.filter(
        namespace=deployment.namespace, status=DeploymentStatus.QUEUED, part_of__isnull=True
    ).exclude(pk=deployment.pk)
    overtaken = Q(environment=deployment.environment, kind=deployment.kind)
    if deployment.kind == DeploymentKind.SETUP and deployment.environment.importer_id is None:
        overtaken |= Q(
            environment__importer=deployment.environment,
            kind__in=CHANGING,
        )
    if deployment.kind == DeploymentKind.TEARDOWN:
        overtaken = Q()
    waiting.filter(overtaken).update(
        status=DeploymentStatus.SUPERSEDED,
        reason=f"superseded by {deployment.kind} {deployment.pk}",
        ended_at=timezone.now(),
    )


def _abort_running(deployment: Deployment, actor: Actor) -> None:
    Deployment.objects.filter(
        namespace=deployment.namespace, status=DeploymentStatus.RUNNING, part_of__isnull=True
    ).exclude(pk=deployment.pk).update(
        abort_asked_at=timezone.now(),
        abort_asked_by=actor.name,
        abort_reason=f"aborted: the environment is being removed ({actor.name})",
    )


def abort(actor: Actor, deployment: Deployment) -> None:
    """End a deployment: at once while it waits, at its next step while it runs."""
    root = deployment.part_of or deployment
    if root.is_over:
        raise Refused(error("deploy.over", status=root.get_status_display().lower()))
    now = timezone.now()
    with transaction.atomic():
        waiting = Deployment.objects.filter(pk=root.pk, status=DeploymentStatus.QUEUED).update(
            status=DeploymentStatus.ABORTED,
            reason=f"aborted by {actor.name} while it waited",
            ended_at=now,
        )
        if waiting:
            transaction.on_commit(lambda: _send_next(root.pk), robust=True)
        else:
            Deployment.objects.filter(pk=root.pk, status=DeploymentStatus.RUNNING).update(
                abort_asked_at=now, abort_asked_by=actor.name
            )
        note(
            actor,
            f"aborted {root.kind} {root.pk}",
            environment=root.environment,
            deployment=root,
        )
        status.refresh(root.namespace)
