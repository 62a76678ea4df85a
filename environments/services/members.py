"""The members of a namespace before their branches are known: texts, versions and entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from environments import wiring
from environments.core.problems import Problem, error, has_errors
from environments.core.template import (
    merged_template,
    parse_environment_template,
)
from environments.core.template.model import AppTemplate, ImportEntry
from environments.core.variables.file import parse_variables, withheld
from environments.core.variables.model import VariablesFile
from environments.models import (
    Account,
    Application,
    ApplicationVersion,
    Environment,
    EnvironmentVersion,
)

TEMPLATE_FILE = "application_template.yaml"
ENVIRONMENT_FILE = "environment_template.yaml"
VARIABLES_FILE = "environment_variables.yaml"


@dataclass(frozen=True, slots=True)
class Source:
    """One member with everything but its branch. ``environment`` None: it does not exist yet."""

    application: Application
    template: AppTemplate
    variables: VariablesFile
    version_label: str
    env_id: str
    environment_name: str
    environment_type: str
    environment: Environment | None = None
    version: EnvironmentVersion | None = None
    entry: ImportEntry | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    """Of the pull request that it is for; None where it is for none."""
    tracking: AppTemplate | None = None
    """The template whose ``tracking_branch`` counts, where it is not the member's own."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Imports in their order, the environment itself last; ``problems`` of the texts."""

    members: tuple[Source, ...]
    problems: tuple[Problem, ...]


class Unreadable(Exception):
    """A text that was saved cannot be read any more; ``problems`` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


def latest(application: Application) -> ApplicationVersion:
    """The version that new environments are made from."""
    return application.versions.get(number=application.number)


def unsealed(version: ApplicationVersion | EnvironmentVersion) -> str:
    """The text of the version's variables."""
    return wiring.unseal(version.variables, belongs_to=version.seal_name)


def stand_in(position: int) -> str:
    """A handle of the longest form for an environment that does not exist yet."""
    return f"ted{position:05x}"


def of_application(
    application: Application,
    *,
    environment_type: str,
    position: int,
    name: str = "",
    entry: ImportEntry | None = None,
    parameters: Mapping[str, str] | None = None,
    template: str | None = None,
) -> tuple[Source | None, tuple[Problem, ...]]:
    """A member that would be made from the application's latest version.

    ``template``: a text in place of the version's own.
    """
    version = latest(application)
    parsed = merged_template(
        version.template if template is None else template,
        environment_type=environment_type,
        file=f"{application.name}/{TEMPLATE_FILE}",
    )
    variables = parse_variables(unsealed(version), file=f"{application.name}/{VARIABLES_FILE}")
    if parsed.template is None or variables.file is None:
        return None, _unread(application, (*parsed.problems, *variables.problems))
    source = Source(
        application=application,
        template=parsed.template,
        variables=variables.file,
        version_label=f"v{version.number}.1",
        env_id=stand_in(position),
        environment_name=name,
        environment_type=environment_type,
        entry=entry,
        parameters=parameters or {},
    )
    return source, ()


def of_environment(
    environment: Environment,
    *,
    version: EnvironmentVersion | None = None,
    entry: ImportEntry | None = None,
    template: str | None = None,
) -> tuple[Source | None, tuple[Problem, ...]]:
    """A member that exists, at the version given, else at its latest.

    ``template``: a text in place of the version's own.
    """
    if version is None:
        version = environment.versions.get(number=environment.number)
    application = environment.application
    parsed = parse_environment_template(
        version.template if template is None else template,
        file=f"{application.name}/{ENVIRONMENT_FILE}",
    )
    variables = parse_variables(unsealed(version), file=f"{application.name}/{VARIABLES_FILE}")
    if parsed.template is None or variables.file is None:
        return None, _unread(application, (*parsed.problems, *variables.problems))
    given = withheld(variables.file) if environment.approved_commit else variables.file
    source = Source(
        application=application,
        template=parsed.template,
        variables=given,
        version_label=f"v{environment.application_number}.{version.number}",
        env_id=environment.env_id,
        environment_name=environment.name,
        environment_type=environment.type,
        environment=environment,
        labels=None if environment.labels is None else tuple(environment.labels),
        version=version,
        entry=entry,
        parameters=version.parameters,
    )
    return source, ()


def imports_of(
    importer: Source,
    *,
    account: Account,
    imported: Mapping[str, Environment],
    import_parameters: Mapping[str, Mapping[str, str]],
) -> Sources:
    """The members that the importer's entries bring, then the importer itself.

    ``imported``: the imported environments that exist, by application name.
    """
    importer = _with_labels(importer)
    names = [entry.name for entry in importer.template.app_imports]
    applications = {
        application.name: application
        for application in Application.objects.filter(account=account, name__in=names)
    }
    members: list[Source] = []
    problems: list[Problem] = []
    for position, entry in enumerate(importer.template.app_imports, 1):
        application = applications.get(entry.name)
        if application is None or application == importer.application:
            continue  # the plan names it
        existing = imported.get(entry.name)
        kind = importer.environment_type
        if existing is not None:
            source, wrong = of_environment(existing, entry=entry)
            tracking = _latest_template(application, kind)
        else:
            tracking = None
            source, wrong = of_application(
                application,
                environment_type=kind,
                position=position,
                name=importer.environment_name,
                entry=entry,
                parameters=import_parameters.get(entry.name, {}),
            )
        problems += wrong
        if source is not None:
            members.append(replace(source, tracking=tracking))
    return Sources((*members, importer), tuple(problems))


def _with_labels(importer: Source) -> Source:
    """Without the imports that its pull request does not ask for by a label."""
    if importer.labels is None:
        return importer
    wanted = [
        entry
        for entry in importer.template.app_imports
        if not entry.pull_request_labels or set(entry.pull_request_labels) & set(importer.labels)
    ]
    parallel = importer.template.parallelize_app_imports
    return with_entries(importer, wanted, parallel=parallel)


def _latest_template(application: Application, environment_type: str) -> AppTemplate | None:
    """What new environments are made from; None where it cannot be read."""
    return merged_template(
        latest(application).template,
        environment_type=environment_type,
        file=f"{application.name}/{TEMPLATE_FILE}",
    ).template


def with_entries(source: Source, entries: Sequence[ImportEntry], *, parallel: bool) -> Source:
    """The source with other imports than its template says: what a person chose in the form."""
    template = replace(
        source.template, app_imports=tuple(entries), parallelize_app_imports=parallel
    )
    return replace(source, template=template)


def _unread(application: Application, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The errors of a text that no plan can be made from, and one that says so."""
    if not has_errors(problems):
        return problems
    first = next(problem for problem in problems if problem.level == "error")
    line = f"line {first.place.line}: " if first.place else ""
    return (
        error("template.unread", application=application.name, first=f"{line}{first.message}"),
        *problems,
    )
