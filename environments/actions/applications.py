"""Asking for applications: registering, saving their template and variables, deleting."""

from dataclasses import dataclass

import yaml
from django.db import transaction

from environments import wiring
from environments.actions.asking import (
    Actor,
    Conflict,
    Refused,
    note,
    refuse_errors,
    require_owner,
)
from environments.actions.foreseeing import foreseen, unused_sections
from environments.core.diff import text_difference
from environments.core.names import is_label, label
from environments.core.ports import GitHost, GitHostError, Refs
from environments.core.problems import Problem, error, warning
from environments.core.template import parse_application_template
from environments.core.variables.file import parse_variables, with_stored_secrets
from environments.core.yamlfile import with_line_ends_of
from environments.models import Application, ApplicationVersion, Environment
from environments.services import members

TEMPLATE_PATH = ".release/application_template.yaml"
VARIABLES_PATH = ".release/environment_variables.yaml"
RELEASE_FILE = ".release.yaml"
GIT_HOST = "git"


@dataclass(frozen=True, slots=True)
class Registered:
    """A new application, and what its template does not get yet."""

    application: Application
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a repository holds at the head of its default branch; None: it has no such file."""

    refs: Refs
    template: str | None
    variables: str | None
    template_path: str


class TemplateUnusable(Refused):
    """The repository's template has errors; ``text`` is what to go on from."""

    def __init__(self, *problems: Problem, text: str) -> None:
        super().__init__(*problems)
        self.text = text


class TemplateMissing(TemplateUnusable):
    """The repository has no template; ``text`` is one to start from."""


def register_application(
    actor: Actor,
    *,
    source: str,
    name: str = "",
    template: str | None = None,
    variables: str | None = None,
) -> Registered:
    """A new application of a repository; without the texts, those in the repository."""
    source = source.strip()
    reading = read_repository(source)
    text = template if template is not None else reading.template
    if text is None:
        raise _missing(source, name, reading)
    variables_text = variables if variables is not None else (reading.variables or "")
    name = (name or _name_of(text, source)).strip()
    try:
        problems = _read(name, text)
    except Refused as refused:
        if template is not None:
            raise
        raise TemplateUnusable(*refused.problems, text=text) from refused
    _check_name(actor, name)
    problems += refuse_errors(_variables_problems(name, variables_text))
    with transaction.atomic():
        application = Application.objects.create(
            account=actor.account,
            name=name,
            repository_url=source,
            git_host=GIT_HOST,
            default_branch=reading.refs.default_branch,
        )
        _save_version(
            actor,
            application,
            number=1,
            template=text,
            variables=variables_text,
            change="registered",
        )
        note(actor, f"registered {name}", application=application)
    return Registered(application, (*problems, *foreseen(application, template=text)))


def read_repository(source: str) -> Reading:
    """The texts at the head of the default branch; ``Refused`` where it cannot be read."""
    host = wiring.git_host(GIT_HOST)
    try:
        refs = host.refs(source)
        commit = refs.branches[refs.default_branch]
        template_path, variables_path = _paths(host, source, commit)
        return Reading(
            refs=refs,
            template=_text(host, source, commit, template_path),
            variables=_text(host, source, commit, variables_path),
            template_path=template_path,
        )
    except GitHostError as wrong:
        raise Refused(
            error("repository.unreadable", application="The repository", reason=str(wrong))
        ) from wrong


def _paths(host: GitHost, source: str, commit: str) -> tuple[str, str]:
    """Where ``.release.yaml`` says that the texts are, else the standard places."""
    text = _text(host, source, commit, RELEASE_FILE)
    if text is None:
        return TEMPLATE_PATH, VARIABLES_PATH
    try:
        named = yaml.safe_load(text) or {}
        if not isinstance(named, dict):
            raise TypeError("it is not a mapping")
        return (
            str(named.get("application_template") or TEMPLATE_PATH),
            str(named.get("environment_variables") or VARIABLES_PATH),
        )
    except (yaml.YAMLError, TypeError) as wrong:
        raise Refused(error("application.release-file", reason=str(wrong))) from wrong


def _text(host: GitHost, source: str, commit: str, path: str) -> str | None:
    content = host.read_file(source, commit=commit, path=path)
    if content is None:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Refused(error("application.not-text", path=path)) from wrong


def _missing(source: str, name: str, reading: Reading) -> TemplateMissing:
    branch = reading.refs.default_branch
    problem = error(
        "application.no-template",
        path=reading.template_path,
        branch=branch,
        commit=reading.refs.branches[branch][:7],
    )
    return TemplateMissing(problem, text=proposal_for(name or _last_part(source)))


def proposal_for(name: str) -> str:
    """A template to start from, for an application of this name."""
    return (
        f"app: {label(name)}\n"
        "services:\n"
        "- name: web\n"
        "  has_repo: true\n"
        "  command:\n"
        "  - ./start\n"
        "  ports:\n"
        "  - type: node_port\n"
        '    target_port: "8080"\n'
        '    port: "80"\n'
    )


def _name_of(template: str, source: str) -> str:
    parsed = parse_application_template(template)
    app = parsed.template.app if parsed.template else ""
    return label(app or _last_part(source))


def _last_part(source: str) -> str:
    return source.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git") or "application"


def _check_name(actor: Actor, name: str) -> None:
    if not is_label(name):
        raise Refused(error("application.name", name=name))
    if Application.objects.filter(account=actor.account, name=name).exists():
        raise Refused(error("application.taken", name=name))


def check_template(application: Application, text: str) -> tuple[Problem, ...]:
    """The warnings of a template that may be saved; ``Refused`` with all problems else."""
    return (*_read(application.name, text), *foreseen(application, template=text))


def _read(name: str, text: str) -> tuple[Problem, ...]:
    """The warnings of the text alone; ``Refused`` with all problems where it has an error."""
    parsed = parse_application_template(text, file=members.TEMPLATE_FILE, application=name)
    problems = refuse_errors(parsed.problems)
    if parsed.template and parsed.template.app not in ("", name):
        differs = warning("application.app-differs", app=parsed.template.app, name=name)
        return (*problems, differs)
    return problems


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
        latest = _latest_for_change(application, opened_on, text=text)
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
        latest = _latest_for_change(application, opened_on, text=latest.template)
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
    application: Application, opened_on: int, *, text: str
) -> ApplicationVersion:
    """The latest version, the row locked; ``Conflict`` where another was saved since."""
    locked = Application.objects.select_for_update().get(pk=application.pk)
    latest = locked.versions.get(number=locked.number)
    if locked.number != opened_on:
        raise Conflict(
            by=latest.saved_by_name,
            latest_number=locked.number,
            difference=text_difference(latest.template, text),
        )
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


def delete_application(actor: Actor, application: Application) -> None:
    """Forget an application that has no living environments; its repository is not touched."""
    require_owner(actor, "delete applications")
    living = Environment.objects.filter(application=application, removed_at__isnull=True)
    names = list(living.values_list("name", flat=True)[:10])
    if names:
        raise Refused(
            error(
                "application.has-environments",
                name=application.name,
                count=living.count(),
                environments=", ".join(names),
            )
        )
    with transaction.atomic():
        note(actor, f"deleted the application {application.name}")
        application.delete()
