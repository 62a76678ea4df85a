"""How the commands take an environment to be: options that both planning and creating have."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from environments.actions.asking import Actor, Refused
from environments.actions.drafts import EnvironmentDraft, ImportChoice
from environments.core.problems import error, nearest
from environments.core.template import merged_template
from environments.core.template.model import AppTemplate, ImportEntry
from environments.management.operator import application_named
from environments.models import Application, EnvironmentType
from environments.services import members


def add_draft_arguments(parser: ArgumentParser) -> None:
    """``APP`` and what Advanced Options ask."""
    parser.add_argument("app", metavar="APP", help="name of the application")
    parser.add_argument("--branch", default="", help="branch or tag; blank: the rules choose")
    parser.add_argument(
        "--type", default=EnvironmentType.EPHEMERAL.value, choices=EnvironmentType.values
    )
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="NAME[:BRANCH]",
        help="import this application, on this branch",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="do not import this application, although the template does",
    )
    parser.add_argument(
        "--parameter",
        dest="parameters",
        action="append",
        default=[],
        metavar="[APP.]NAME=VALUE",
    )


def draft_from(actor: Actor, **options: Any) -> EnvironmentDraft:
    """The draft that the options describe."""
    application = application_named(actor.account, options["app"])
    template = _template_of(application, options["type"])
    imports = _imports(application, template, options)
    return EnvironmentDraft(
        application=application,
        branch=options["branch"],
        type=options["type"],
        name=options.get("name") or "",
        parameters=_parameters(application, template, imports, options),
        imports=imports,
    )


def _imports(
    application: Application, template: AppTemplate, options: Any
) -> tuple[ImportChoice, ...] | None:
    """The template's imports with what was added, fixed and taken out; None: as written."""
    if not options["imports"] and not options["without"]:
        return None
    choices = {entry.name: _as_written(entry) for entry in template.app_imports}
    without = dict.fromkeys(options["without"])
    for name in without:
        if choices.pop(name, None) is None:
            raise Refused(error("import.not-there", application=application.name, name=name))
    for text in options["imports"]:
        name, colon, branch = text.partition(":")
        if not name or (colon and not branch):
            raise Refused(error("import.option", text=text))
        if name in without:
            raise Refused(error("import.both", name=name))
        kept = choices.get(name, ImportChoice(name))
        choices[name] = ImportChoice(
            name,
            branch=branch or kept.branch,
            chosen_by_person=bool(branch) or kept.chosen_by_person,
            exclude_services=kept.exclude_services,
        )
    return tuple(choices.values())


def _template_of(application: Application, environment_type: str) -> AppTemplate:
    """The latest one; empty where it cannot be read, which the plan says."""
    parsed = merged_template(
        members.latest(application).template,
        environment_type=environment_type,
        file=members.TEMPLATE_FILE,
    )
    return parsed.template or AppTemplate(file=members.TEMPLATE_FILE)


def _as_written(entry: ImportEntry) -> ImportChoice:
    return ImportChoice(entry.name, entry.branch, exclude_services=entry.exclude_services)


def _parameters(
    application: Application,
    template: AppTemplate,
    imports: tuple[ImportChoice, ...] | None,
    options: Any,
) -> dict[str, dict[str, str]]:
    """Values by application and name; a name that nothing has is refused, not left aside."""
    if not options["parameters"]:
        return {}
    names = [one.name for one in (template.app_imports if imports is None else imports)]
    known = {application.name: _names(template)}
    for other in application.account.applications.filter(name__in=names):
        known.setdefault(other.name, _names(_template_of(other, options["type"])))
    values: dict[str, dict[str, str]] = {}
    for text in options["parameters"]:
        owner, name, value = _assignment(text, application.name, known)
        values.setdefault(owner, {})[name] = value
    return values


def _names(template: AppTemplate) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in template.parameters)


def _assignment(text: str, own: str, known: Mapping[str, tuple[str, ...]]) -> tuple[str, str, str]:
    """Application, parameter and value. A dot may belong to the name of an own parameter."""
    path, equals, value = text.partition("=")
    owner, dot, name = path.partition(".")
    if not dot or path in known[own]:
        owner, name = own, path
    if not equals or not name or not owner:
        raise Refused(error("parameter.option", text=text))
    if owner not in known:
        members_known = ", ".join(known)
        raise Refused(
            error("parameter.no-member", application=owner, text=text, known=members_known)
        )
    if name not in known[owner]:
        suggestion = nearest(name, known[owner]) or f"It has: {', '.join(known[owner]) or 'none'}."
        unknown = error("parameter.unknown", application=owner, name=name, suggestion=suggestion)
        raise Refused(unknown)
    return owner, name, value
