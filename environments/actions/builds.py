"""Asking for builds: begin, cancel, build anew, deploy one that is done, and their arguments."""

import re

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from environments import tasks, wiring
from environments.actions import deployments
from environments.actions.asking import Actor, Refused, note, require_owner
from environments.core.builds import sources
from environments.core.problems import error
from environments.models import (
    Account,
    Application,
    Build,
    BuildArgument,
    BuildState,
    Context,
    Deployment,
    DeploymentKind,
    Environment,
)
from environments.services import members
from environments.services.refs import known_refs

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def ask_build(
    actor: Actor, application: Application, *, branch: str, environment: Environment | None = None
) -> Build:
    """Queue a build of the branch's newest commit, for the environment or the application."""
    context = _context_of(application, environment)
    _require_images(application, environment)
    refs = known_refs([application])[application.pk].refs
    commit = (refs.branches.get(branch) or refs.tags.get(branch)) if refs is not None else None
    if commit is None:
        raise Refused(error("build.no-branch", application=application.name, branch=branch))
    return _queued(
        actor,
        Build(
            application=application,
            context=context,
            environment=environment,
            branch=branch,
            commit=commit,
        ),
    )


def rebuild(actor: Actor, build: Build) -> Build:
    """The same commit once more, whatever was built from it before."""
    return _queued(
        actor,
        Build(
            application=build.application,
            context=build.context,
            environment=build.environment,
            branch=build.branch,
            commit=build.commit,
            forced=True,
        ),
    )


def _queued(actor: Actor, build: Build) -> Build:
    build.asked_by, build.asked_by_name = actor.user, actor.name
    with transaction.atomic():
        build.save()
        note(
            actor,
            f"asked for build {build.pk} of {build.branch}",
            application=build.application,
            environment=build.environment,
        )
        transaction.on_commit(lambda: _send(build.pk), robust=True)
    return build


def _send(pk: int) -> None:
    """Put it into the queue; where the broker is away, the sweep does it later."""
    try:
        tasks.send_build(pk)
    except tasks.BROKER_ERRORS:
        Build.objects.filter(pk=pk).update(sent_at=None)


def _context_of(application: Application, environment: Environment | None) -> Context:
    context: Context | None
    if environment is not None:
        context = environment.namespace.context
    else:
        able = application.account.contexts.filter(engine__in=settings.BUILDERS)
        found = able.order_by("-is_default", "pk").first()
        context = found or application.account.contexts.order_by("-is_default").first()
    if context is None or wiring.builder_of(context) is None:
        engine = context.engine if context is not None else "none"
        raise Refused(error("build.no-engine", name=application.name, engine=engine))
    return context


def _require_images(application: Application, environment: Environment | None) -> None:
    if environment is not None:
        source, problems = members.of_environment(environment)
    else:
        source, problems = members.of_application(
            application, environment_type="permanent", position=0
        )
    if source is None:
        raise Refused(*problems)
    if not sources(source.template):
        raise Refused(error("build.no-images", name=application.name))


def cancel(actor: Actor, build: Build) -> None:
    """End a build: at once while it waits, soon while it runs."""
    if build.is_over:
        raise Refused(error("build.over", state=build.get_state_display().lower()))
    if build.deployment is not None:
        told = f"{build.deployment.kind} {build.deployment.pk}"
        raise Refused(error("build.of-deployment", number=build.pk, deployment=told))
    now = timezone.now()
    with transaction.atomic():
        waiting = Build.objects.filter(pk=build.pk, state=BuildState.READY).update(
            state=BuildState.CANCELLED, reason=f"cancelled by {actor.name}", ended_at=now
        )
        if not waiting:
            Build.objects.filter(pk=build.pk, state=BuildState.RUNNING).update(
                cancel_asked_at=now, cancel_asked_by=actor.name
            )
        note(
            actor,
            f"cancelled build {build.pk}",
            application=build.application,
            environment=build.environment,
        )


def deploy_build(actor: Actor, build: Build) -> Deployment:
    """Deploy the commit of a finished build in its environment: a patch."""
    if build.state != BuildState.DONE or build.environment is None:
        state = build.get_state_display().lower()
        raise Refused(error("build.not-done", number=build.pk, state=state))
    deployments.check(build.environment, DeploymentKind.PATCH)
    with transaction.atomic():
        return deployments.queue(
            actor, build.environment, DeploymentKind.PATCH, shown=None, commit=build.commit
        )


def save_argument(
    actor: Actor,
    account: Account,
    application: Application | None,
    *,
    name: str,
    value: str,
    secret: bool,
) -> None:
    """Keep a build argument; a secret one without a value keeps the one that is stored."""
    require_owner(actor, "change build arguments")
    if not _NAME.fullmatch(name):
        raise Refused(error("build.argument", name=name))
    rows = BuildArgument.objects.filter(account=account, application=application, name=name)
    row = rows.first()
    if not value and (row is None or not (secret and row.secret)):
        raise Refused(error("build.no-value", name=name))
    row = row or BuildArgument(account=account, application=application, name=name)
    row.secret = secret
    if value:
        row.value = wiring.seal(value, belongs_to=row.seal_name)
    with transaction.atomic():
        row.save()
        note(actor, f"saved the build argument {name}", application=application)


def remove_argument(
    actor: Actor, account: Account, application: Application | None, name: str
) -> None:
    """Forget a build argument."""
    require_owner(actor, "change build arguments")
    rows = BuildArgument.objects.filter(account=account, application=application, name=name)
    with transaction.atomic():
        count, _ = rows.delete()
        if not count:
            raise Refused(error("build.no-argument", name=name))
        note(actor, f"removed the build argument {name}", application=application)
