"""Asking for environments: creating, saving a new version, deleting."""

from collections.abc import Mapping
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import F

from environments import wiring
from environments.actions import deployments
from environments.actions.asking import (
    Actor,
    Refused,
    note,
    refuse_errors,
    require_editor,
    require_root,
)
from environments.actions.conflicts import conflict_with
from environments.actions.drafts import (
    Drafted,
    EnvironmentDraft,
    ImportChoice,
    entries_for,
    generated_name,
    think_through,
)
from environments.actions.foreseeing import BETWEEN_MEMBERS, OF_THE_PLACE
from environments.actions.public_addresses import require_not_public
from environments.core.problems import Level, Problem, error
from environments.core.template import (
    merged_text,
    parse_environment_template,
    with_imports,
    with_setting,
)
from environments.core.template.model import AppTemplate
from environments.core.variables import section_problems
from environments.core.variables.file import parse_variables, with_stored_secrets
from environments.core.yamlfile import EditError, with_line_ends_of
from environments.models import (
    Application,
    ApplicationVersion,
    Deployment,
    DeploymentKind,
    Environment,
    EnvironmentVersion,
    Namespace,
    PullRequest,
)
from environments.services import members
from environments.services.handles import free_name, new_env_id
from environments.services.planning import namespace_name

_TRIES = 5


def create_environment(
    actor: Actor, draft: EnvironmentDraft, *, shown_digest: str = ""
) -> Environment:
    """A new environment, its first setup in the queue. ``Refused`` where the plan has errors,
    or is not the one that was shown."""
    application = draft.application
    try:
        return _created(actor, draft, shown_digest)
    except (IntegrityError, ApplicationVersion.DoesNotExist) as gone:
        if Application.objects.filter(pk=application.pk).exists():
            raise
        known = "It was deleted a moment ago."
        raise Refused(error("application.unknown", name=application.name, known=known)) from gone


def _created(actor: Actor, draft: EnvironmentDraft, shown_digest: str) -> Environment:
    for attempt in range(_TRIES):
        drafted = think_through(actor, draft)  # refuses a name that was given and is taken
        _require_wall(drafted)
        refuse_errors(drafted.plan.problems)
        if shown_digest and drafted.plan.digest != shown_digest:
            raise Refused(error("deploy.digest"))
        try:
            return _create(actor, drafted)
        except IntegrityError:  # somebody took the handle or the name at this very moment
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _require_wall(drafted: Drafted) -> None:
    """Code from outside runs nowhere where it could read whatever the product can."""
    draft, context = drafted.draft, drafted.setting.context
    if draft.approved_commit and not wiring.engine_of(context).traits().runs_images:
        name = draft.application.name
        raise Refused(error("approval.no-wall", name=name, engine=context.engine))


def _create(actor: Actor, drafted: Drafted) -> Environment:
    draft, setting, choice = drafted.draft, drafted.setting, drafted.own_choice
    application = draft.application
    name = draft.name or free_name(application, generated_name(actor, choice.ref))
    with transaction.atomic():
        env_id = new_env_id()
        namespace = Namespace.objects.create(
            name=namespace_name(env_id, application.name, name),
            context=setting.context,
            domain=setting.domain,
        )
        environment = Environment.objects.create(
            application=application,
            namespace=namespace,
            name=name,
            env_id=env_id,
            type=draft.type,
            is_production=draft.is_production,
            branch=choice.ref,
            is_tag=choice.is_tag,
            rule=str(choice.rule),
            owner=actor.user,
            owner_name=actor.user.get_username() if actor.user else "",
            application_number=application.number,
            labels=None if draft.labels is None else list(draft.labels),
            change_branch="" if draft.labels is None else choice.ref,
            approved_commit=draft.approved_commit,
        )
        latest = members.latest(application)
        EnvironmentVersion.objects.create(
            environment=environment,
            number=1,
            template=_first_text(latest.template, draft),
            variables=wiring.seal(
                members.unsealed(latest), belongs_to=f"environment {environment.pk}"
            ),
            parameters=dict(draft.parameters.get(application.name, {})),
            import_parameters={
                other: dict(values)
                for other, values in draft.parameters.items()
                if other != application.name
            },
            change="created",
            saved_by=actor.user,
            saved_by_name=actor.name,
        )
        note(actor, f"created {name} ({env_id})", environment=environment)
        deployments.queue(actor, environment, DeploymentKind.SETUP, shown=drafted.plan)
    return environment


def _first_text(template: str, draft: EnvironmentDraft) -> str:
    """The Environment Template: the Application Template with what was chosen in the form."""
    text = merged_text(template, environment_type=draft.type)
    if draft.imports is not None:
        text = _with_imports(text, draft.imports)
    if draft.parallelize is not None:
        text = _with_parallelize(text, draft.parallelize)
    return text


def save_environment_template(
    actor: Actor, environment: Environment, *, text: str, opened_on: int
) -> tuple[Problem, ...]:
    """A new version; it runs with the next Deploy Setup."""
    require_editor(actor, environment)
    text = with_line_ends_of(text, latest_version(environment).template)
    problems = check_environment_template(environment, text)
    _save(actor, environment, opened_on, "saved the Environment Template", template=text)
    return problems


def check_environment_template(environment: Environment, text: str) -> tuple[Problem, ...]:
    """The warnings of the text; ``Refused`` with all problems where it has an error."""
    application = environment.application
    parsed = parse_environment_template(
        text,
        file=f"{application.name}/{members.ENVIRONMENT_FILE}",
        application=application.name,
    )
    problems = refuse_errors(parsed.problems)
    plan = deployments.plan_deployment(environment, DeploymentKind.SETUP, template=text)
    between = [problem for problem in plan.problems if problem.id.startswith(BETWEEN_MEMBERS)]
    later = [
        replace(problem, level=Level.WARNING)
        for problem in plan.problems
        if problem.id.startswith(OF_THE_PLACE)
    ]
    return (*problems, *refuse_errors(tuple(between)), *later)


def save_variables(
    actor: Actor, environment: Environment, *, text: str, opened_on: int
) -> tuple[Problem, ...]:
    """New variables; a secret without value keeps its stored one."""
    require_editor(actor, environment)
    stored = members.unsealed(latest_version(environment))
    text = with_stored_secrets(with_line_ends_of(text, stored), stored)
    name = environment.application.name
    parsed = parse_variables(text, file=f"{name}/{members.VARIABLES_FILE}")
    problems = refuse_errors(parsed.problems)
    template = parse_environment_template(latest_version(environment).template).template
    if parsed.file is not None and template is not None:
        problems = (*problems, *section_problems(parsed.file, [template], application=name))
    _save(actor, environment, opened_on, "saved the variables", variables=text)
    return problems


def save_parameters(
    actor: Actor, environment: Environment, *, values: Mapping[str, str], opened_on: int
) -> None:
    """New parameter values of the environment's own template."""
    require_editor(actor, environment)
    _save(actor, environment, opened_on, "saved the parameters", parameters=dict(values))


def save_imports(
    actor: Actor,
    environment: Environment,
    *,
    imports: tuple[ImportChoice, ...],
    parallelize: bool,
    parameters: Mapping[str, Mapping[str, str]],
    opened_on: int,
) -> tuple[Problem, ...]:
    """Write the selection into the Environment Template; all else of it stays as it is."""
    require_root(actor, environment, "its list of imports")
    text = text_with(latest_version(environment).template, imports, parallelize=parallelize)
    problems = check_environment_template(environment, text)
    kept = import_parameters_with(environment, parameters)
    _save(
        actor,
        environment,
        opened_on,
        "saved the imports",
        template=text,
        import_parameters=kept,
    )
    return problems


def import_parameters_with(
    environment: Environment, parameters: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """The values that are kept for imports that do not exist yet, after Save."""
    kept = {**latest_version(environment).import_parameters}
    kept.update({name: dict(values) for name, values in parameters.items()})
    return kept


def text_with(template: str, imports: tuple[ImportChoice, ...], *, parallelize: bool) -> str:
    """What Save of the App Imports tab writes."""
    return _with_parallelize(_with_imports(template, imports), parallelize)


def _with_imports(template: str, imports: tuple[ImportChoice, ...]) -> str:
    entries = entries_for(_parsed(template).app_imports, imports)
    try:
        return with_imports(template, entries)
    except EditError as wrong:
        raise Refused(error("template.edit", reason=str(wrong))) from wrong


def _with_parallelize(template: str, parallelize: bool) -> str:
    if parallelize == _parsed(template).parallelize_app_imports:
        return template
    try:
        return with_setting(template, "parallelize_app_imports", parallelize)
    except EditError as wrong:
        raise Refused(error("template.edit", reason=str(wrong))) from wrong


def _parsed(template: str) -> AppTemplate:
    parsed = parse_environment_template(template)
    if parsed.template is None:
        raise Refused(*parsed.problems)
    return parsed.template


def latest_version(environment: Environment) -> EnvironmentVersion:
    """The version that the next setup deploys."""
    return environment.versions.get(number=environment.number)


def _save(
    actor: Actor, environment: Environment, opened_on: int, change: str, **changed: object
) -> None:
    """Keep a new version, unless nothing changed or another was saved meanwhile."""
    with transaction.atomic():
        locked = Environment.objects.select_for_update().get(pk=environment.pk)
        latest = latest_version(locked)
        if locked.removed_at is not None:
            raise Refused(error("environment.ended", name=locked.name))
        if locked.number != opened_on:
            raise conflict_with(latest, changed)
        if isinstance(text := changed.get("variables"), str):
            if text == members.unsealed(latest):
                return
            changed["variables"] = wiring.seal(text, belongs_to=latest.seal_name)
        fields = {
            "template": latest.template,
            "variables": latest.variables,
            "parameters": latest.parameters,
            "import_parameters": latest.import_parameters,
        }
        if all(fields[key] == value for key, value in changed.items()):
            return
        locked.number += 1
        locked.save(update_fields=["number"])
        EnvironmentVersion.objects.create(
            environment=locked,
            number=locked.number,
            change=change,
            saved_by=actor.user,
            saved_by_name=actor.name,
            **{**fields, **changed},
        )
        environment.number = locked.number
        note(actor, f"{change} ({locked.version})", environment=locked)


def extend_environment(actor: Actor, environment: Environment) -> None:
    """Let an ephemeral environment live the account's number of days from now."""
    require_editor(actor, environment)
    environment.refresh_from_db()
    if environment.removed_at is not None:
        raise Refused(error("environment.ended", name=environment.name))
    if environment.expires_at is None:
        raise Refused(error("environment.endless", name=environment.name))
    with transaction.atomic():
        deployments.prolong(environment)
        note(actor, f"extended {environment.name}", environment=environment)


def delete_environment(
    actor: Actor, environment: Environment, *, comes_again: bool = False
) -> Deployment:
    """Queue the teardown; what waits is superseded, what runs is aborted.

    ``comes_again``: whether its pull requests may have another one at the commit that they have.
    """
    require_root(actor, environment, "its end")
    with transaction.atomic():
        require_not_public(environment)
        if not comes_again:
            own = PullRequest.objects.filter(environment=environment, is_open=True)
            own.update(ended_commit=F("commit"))
        return deployments.deploy(actor, environment, DeploymentKind.TEARDOWN)
