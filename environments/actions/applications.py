"""Asking for applications: registering, saving their template and variables, deleting."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from environments import wiring
from environments.actions.asking import (
    Actor,
    Refused,
    note,
    refuse_errors,
    require_owner,
)
from environments.actions.conflicts import conflict_with
from environments.actions.connections import connection_for
from environments.actions.foreseeing import foreseen, unused_sections
from environments.actions.proposing import (
    TemplateUnusable,
    in_place_of_template,
    without_template,
)
from environments.actions.repositories import GIT_HOST, read_repository
from environments.core.compose import COMPOSE_FILE, is_compose
from environments.core.names import is_label, label
from environments.core.ports import Refs
from environments.core.problems import Problem, error, has_errors, warning
from environments.core.template import parse_application_template
from environments.core.variables.file import parse_variables, with_stored_secrets
from environments.core.yamlfile import with_line_ends_of
from environments.models import (
    Application,
    ApplicationVersion,
    Environment,
    GitConnection,
    PullRequestPolicy,
)
from environments.services import members


@dataclass(frozen=True, slots=True)
class Registered:
    """A new application, and what its template does not get yet."""

    application: Application
    problems: tuple[Problem, ...]


def register_application(
    actor: Actor,
    *,
    source: str,
    name: str = "",
    template: str | None = None,
    variables: str | None = None,
) -> Registered:
    """A new application of a repository; without the texts, those in the repository.

    Everything that is wrong with name, template and variables is said at once.
    """
    source = source.strip()
    connection = connection_for(actor.account, source)
    host = wiring.forge(connection) if connection else wiring.git_host(GIT_HOST)
    reading = read_repository(source, host)
    text = template if template is not None else reading.template
    if text is None:
        raise without_template(reading, name.strip() or _last_part(source))
    if is_compose(text):
        path = COMPOSE_FILE if template is not None else reading.template_path
        raise in_place_of_template(reading, name.strip() or _last_part(source), path, text)
    variables_text = variables if variables is not None else (reading.variables or "")
    given, name = name.strip(), (name or _name_of(text, source)).strip()
    found = list(_template_problems(name, text))
    is_unusable = has_errors(found)
    if given or not is_unusable:
        found += _name_problems(actor, name)  # a name out of a broken template says nothing
    found += _variables_problems(name, variables_text)
    if is_unusable and template is None:
        raise TemplateUnusable(*found, text=text)
    problems = refuse_errors(tuple(found))
    try:
        application = _registered(
            actor, reading.refs, source, name, text, variables_text, connection
        )
    except IntegrityError as taken:  # by somebody who was faster
        raise Refused(error("application.taken", name=name)) from taken
    return Registered(application, (*problems, *foreseen(application, template=text)))


def _registered(
    actor: Actor,
    refs: Refs,
    source: str,
    name: str,
    template: str,
    variables: str,
    connection: GitConnection | None,
) -> Application:
    with transaction.atomic():
        application = Application.objects.create(
            account=actor.account,
            name=name,
            repository_url=source,
            git_host=GIT_HOST,
            connection=connection,
            default_branch=refs.default_branch,
        )
        _save_version(
            actor,
            application,
            number=1,
            template=template,
            variables=variables,
            change="registered",
        )
        note(actor, f"registered {name}", application=application)
    return application


def _name_of(template: str, source: str) -> str:
    parsed = parse_application_template(template)
    app = parsed.template.app if parsed.template else ""
    return label(app or _last_part(source))


def _last_part(source: str) -> str:
    return source.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git") or "application"


def _name_problems(actor: Actor, name: str) -> Iterator[Problem]:
    if not is_label(name):
        yield error("application.name", name=name)
    elif Application.objects.filter(account=actor.account, name=name).exists():
        yield error("application.taken", name=name)


def choose_pull_requests(
    actor: Actor, application: Application, *, get: str, label: str, rebinds: bool
) -> None:
    """Which pull requests get an environment from now on; those that have one keep it until the
    host is asked about them again."""
    require_owner(actor, "choose which pull requests get an environment")
    wanted = PullRequestPolicy(get)
    if wanted == PullRequestPolicy.LABELLED and not label.strip():
        raise Refused(error("application.no-label", name=application.name))
    with transaction.atomic():
        Application.objects.filter(pk=application.pk).update(
            pull_requests_get=wanted,
            pull_request_label=label.strip() or application.pull_request_label,
            rebinds_itself=rebinds,
        )
        note(
            actor,
            f"gave environments to pull requests of {application.name}: {wanted.label}",
            application=application,
        )


def check_template(application: Application, text: str) -> tuple[Problem, ...]:
    """The warnings of a template that may be saved; ``Refused`` with all problems else."""
    problems = refuse_errors(tuple(_template_problems(application.name, text)))
    return (*problems, *foreseen(application, template=text))


def _template_problems(name: str, text: str) -> Iterator[Problem]:
    """Everything that the text alone says."""
    if is_compose(text):
        yield error("compose.is-one")
        return
    parsed = parse_application_template(
        text, file=f"{name}/{members.TEMPLATE_FILE}", application=name
    )
    yield from parsed.problems
    if parsed.template and parsed.template.app not in ("", name):
        yield warning("application.app-differs", app=parsed.template.app, name=name)


def _variables_problems(name: str, text: str) -> tuple[Problem, ...]:
    return parse_variables(text, file=f"{name}/{members.VARIABLES_FILE}").problems


def check_default_variables(application: Application, text: str) -> tuple[Problem, ...]:
    """The warnings of variables that may be saved; ``Refused`` with all problems else."""
    parsed = parse_variables(text, file=f"{application.name}/{members.VARIABLES_FILE}")
    problems = refuse_errors(parsed.problems)
    if parsed.file is None:
        return problems
    template = members.latest(application).template
    return (*problems, *unused_sections(application, parsed.file, template=template))


def save_application_template(
    actor: Actor, application: Application, *, text: str, opened_on: int
) -> tuple[Problem, ...]:
    """A new version for new environments; those that exist stay as they are."""
    text = with_line_ends_of(text, members.latest(application).template)
    problems = check_template(application, text)
    with transaction.atomic():
        latest = _latest_for_change(application, opened_on, template=text)
        if text != latest.template:
            _raise_number(
                actor,
                application,
                template=text,
                variables=members.unsealed(latest),
                change="saved the Application Template",
            )
    return problems


def save_default_variables(
    actor: Actor, application: Application, *, text: str, opened_on: int
) -> tuple[Problem, ...]:
    """New default variables; a secret without value keeps its stored one."""
    latest = members.latest(application)
    stored = members.unsealed(latest)
    text = with_stored_secrets(with_line_ends_of(text, stored), stored)
    problems = check_default_variables(application, text)
    with transaction.atomic():
        latest = _latest_for_change(application, opened_on, variables=text)
        if text != stored:
            _raise_number(
                actor,
                application,
                template=latest.template,
                variables=text,
                change="saved the default variables",
            )
    return problems


def _latest_for_change(
    application: Application, opened_on: int, **typed: str
) -> ApplicationVersion:
    """The latest version, the row locked; ``Conflict`` where another was saved since."""
    locked = Application.objects.select_for_update().get(pk=application.pk)
    latest = locked.versions.get(number=locked.number)
    if locked.number != opened_on:
        raise conflict_with(latest, typed)
    application.number = locked.number
    return latest


def _raise_number(
    actor: Actor, application: Application, *, template: str, variables: str, change: str
) -> None:
    application.number += 1
    application.save(update_fields=["number"])
    _save_version(
        actor,
        application,
        number=application.number,
        template=template,
        variables=variables,
        change=change,
    )
    note(actor, f"{change} (v{application.number})", application=application)


def _save_version(
    actor: Actor,
    application: Application,
    *,
    number: int,
    template: str,
    variables: str,
    change: str,
) -> None:
    ApplicationVersion.objects.create(
        application=application,
        number=number,
        template=template,
        variables=wiring.seal(variables, belongs_to=f"application {application.pk}"),
        change=change,
        saved_by=actor.user,
        saved_by_name=actor.name,
    )


def may_delete_application(application: Application) -> tuple[Problem, ...]:
    """What keeps an application from being deleted."""
    living = Environment.objects.filter(application=application, removed_at__isnull=True)
    names = list(living.values_list("name", flat=True)[:10])
    if not names:
        return ()
    return (
        error(
            "application.has-environments",
            name=application.name,
            count=living.count(),
            environments=", ".join(names),
        ),
    )


def delete_application(actor: Actor, application: Application) -> None:
    """Forget an application that has no living environments; its repository is not touched."""
    require_owner(actor, "delete applications")
    with transaction.atomic():
        # nothing new begins from here on
        list(Application.objects.select_for_update().filter(pk=application.pk))
        if problems := may_delete_application(application):
            raise Refused(*problems)
        note(actor, f"deleted the application {application.name}")
        application.delete()
