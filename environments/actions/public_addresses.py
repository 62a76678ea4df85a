"""Public addresses: which there are, and to which environment they lead."""

from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from environments import tasks
from environments.actions.asking import Actor, Refused, note, require_owner
from environments.core.names import wrong_host
from environments.core.problems import Problem, error
from environments.models import (
    Application,
    Environment,
    EnvironmentType,
    HostClaim,
    PublicAddress,
)
from environments.queries.public_addresses import hosts_of


def add_address(
    actor: Actor, application: Application, *, host: str, member: str, service: str
) -> PublicAddress:
    """A host name for a service of the application's public environment."""
    require_owner(actor, "choose public addresses")
    host = host.strip().rstrip(".").lower()
    if reason := wrong_host(host):
        raise Refused(error("public.host", host=host, reason=reason))
    if (member, service) not in services_of(application):
        raise Refused(error("public.no-service", application=application.name, service=service))
    if HostClaim.objects.filter(host=host).exists():
        raise Refused(error("public.taken", host=host, holder="an environment has it"))
    if host == urlsplit(settings.RELEASECLONE.public_url).hostname:
        raise Refused(error("public.taken", host=host, holder="this installation answers there"))
    try:
        with transaction.atomic():
            made = PublicAddress.objects.create(
                application=application, host=host, member=member, service=service
            )
            told = f"added the public address {host} of {service}"
            note(actor, told, application=application)
            _lead_soon()
    except IntegrityError as taken:
        holder = "it is a public address already"
        raise Refused(error("public.taken", host=host, holder=holder)) from taken
    return made


def remove_address(actor: Actor, application: Application, pk: int) -> str:
    """Let the host lead nowhere any more, and forget it; which it was."""
    require_owner(actor, "choose public addresses")
    with transaction.atomic():
        address = PublicAddress.objects.filter(application=application, pk=pk).first()
        if address is None:
            raise Refused(error("public.gone", application=application.name))
        address.delete()
        note(actor, f"removed the public address {address.host}", application=application)
        _lead_soon()
    return address.host


def lead(actor: Actor, application: Application, environment: Environment | None) -> None:
    """Let all public addresses of the application lead to this environment at once; None: they
    lead nowhere."""
    require_owner(actor, "choose where public addresses lead")
    with transaction.atomic():
        locked = Application.objects.select_for_update().get(pk=application.pk)
        before = locked.public_environment
        if before == environment:
            return
        if environment is not None:
            if problem := why_not(locked, environment):
                raise Refused(problem)
            came_from = f", not to {before.name} any more" if before else ""
            told = f"led the public addresses of {locked.name} to {environment.name}{came_from}"
        else:
            told = f"led the public addresses of {locked.name} nowhere"
        locked.public_environment = environment
        locked.public_since = timezone.now() if environment else None
        locked.save(update_fields=["public_environment", "public_since"])
        for one in filter(None, (before, environment)):
            note(actor, told, environment=one)
        _lead_soon()


def why_not(application: Application, environment: Environment) -> Problem | None:
    """Why its public addresses cannot lead there now."""
    reason, then = _unfit(environment)
    if not reason:
        own = hosts_of(environment)
        for address in application.public_addresses.all():
            if (address.member, address.service) not in own:
                reason = f"{address.host} needs {address.service} of {address.member} there"
                then = f"Let it have {address.service}, or remove {address.host}."
                break
        else:
            return None
    return error(
        "public.not-fit",
        application=application.name,
        name=environment.name,
        reason=reason,
        next=then,
    )


def _unfit(environment: Environment) -> tuple[str, str]:
    if environment.removed_at is not None:
        return "it has been removed", "Choose another one."
    if environment.importer_id is not None:
        return "it is imported", "Choose the environment that imports it."
    if environment.type != EnvironmentType.PERMANENT:
        return "it is ephemeral, and ends by itself", "Choose a permanent one."
    if environment.last_setup_id is None or environment.running_id is None:
        return "it was never set up", "Wait for its first Deploy Setup."
    if environment.namespace.paused_at is not None:
        return "it is paused", "Resume it first."
    return "", ""


def candidates(application: Application) -> list[Environment]:
    """The environments that public addresses of the application could lead to."""
    rows = Environment.objects.filter(
        application=application,
        importer__isnull=True,
        removed_at__isnull=True,
        type=EnvironmentType.PERMANENT,
        last_setup__isnull=False,
        running__isnull=False,
    )
    return list(rows.select_related("namespace__context"))


def services_of(application: Application) -> list[tuple[str, str]]:
    """Names of application and service of everything that a public address could lead to."""
    found = {named for environment in candidates(application) for named in hosts_of(environment)}
    own = application.name
    return sorted(found, key=lambda named: (named[0] != own, named))


def require_not_public(environment: Environment) -> None:
    """``Refused`` while a public address leads there."""
    application = environment.application
    if application.public_environment_id != environment.pk:
        return
    hosts = application.public_addresses.values_list("host", flat=True)
    if hosts:
        told = error(
            "public.leads-here",
            hosts=", ".join(hosts),
            application=application.name,
            name=environment.name,
        )
        raise Refused(told)


def _lead_soon() -> None:
    """At once where the queue answers, else with the next look that is taken anyway."""

    def send() -> None:
        with suppress(*tasks.BROKER_ERRORS):
            tasks.publish_routes.delay()

    transaction.on_commit(send)
