"""How the commands take an environment to be: options that both planning and creating have."""

from argparse import ArgumentParser
from typing import Any

from environments.actions.asking import Actor, Refused
from environments.actions.drafts import EnvironmentDraft, ImportChoice
from environments.core.problems import error
from environments.core.template import merged_template
from environments.core.template.model import ImportEntry
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
    return EnvironmentDraft(
        application=application,
        branch=options["branch"],
        type=options["type"],
        name=options.get("name") or "",
        parameters=_parameters(application, options["parameters"]),
        imports=_imports(application, options),
    )


def _imports(application: Application, options: Any) -> tuple[ImportChoice, ...] | None:
    """The template's imports with what was added, fixed and taken out; None: as written."""
    if not options["imports"] and not options["without"]:
        return None
    choices = {entry.name: _as_written(entry) for entry in _entries(application, options["type"])}
    for name in options["without"]:
        if choices.pop(name, None) is None:
            raise Refused(error("import.not-there", application=application.name, name=name))
    for text in options["imports"]:
        name, _, branch = text.partition(":")
        kept = choices.get(name, ImportChoice(name))
        choices[name] = ImportChoice(
            name,
            branch=branch or kept.branch,
            chosen_by_person=bool(branch),
            exclude_services=kept.exclude_services,
        )
    return tuple(choices.values())


def _entries(application: Application, environment_type: str) -> tuple[ImportEntry, ...]:
    parsed = merged_template(
        members.latest(application).template,
        environment_type=environment_type,
        file=members.TEMPLATE_FILE,
    )
    return parsed.template.app_imports if parsed.template else ()


def _as_written(entry: ImportEntry) -> ImportChoice:
    return ImportChoice(entry.name, entry.branch, exclude_services=entry.exclude_services)


def _parameters(application: Application, texts: list[str]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        owner, _, name = path.rpartition(".")
        if not equals or not name:
            raise Refused(error("parameter.option", text=text))
        values.setdefault(owner or application.name, {})[name] = value
    return values
