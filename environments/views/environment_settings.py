"""Settings of an environment: its template, variables and parameters, each saving a version."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from environments.actions import environments as acts
from environments.actions.asking import Actor, Conflict, Refused
from environments.core.diff import DiffLine, text_difference
from environments.core.plan import problem_form
from environments.core.problems import Problem
from environments.core.template import parse_environment_template
from environments.core.variables.file import without_secret_values
from environments.forms.applications import SavedText
from environments.forms.hours import EnvironmentHours
from environments.models import Environment, EnvironmentVersion
from environments.queries import environments as reads
from environments.services import members
from environments.views.environments import common
from environments.views.gate import in_account, page
from environments.views.renaming import proposal, renamed

TEMPLATE, VARIABLES, PARAMETERS, HOURS = "template", "variables", "parameters", "hours"


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def settings(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """The forms, each saving a version of its own."""
    environment = reads.environment_of(actor.account, env_id)
    if request.method != "POST":
        stored = acts.latest_version(environment).template
        proposed = renamed(stored, request.GET)
        typed = {TEMPLATE: proposed} if proposed else {}
        return show(request, actor, environment, typed=typed, **proposal(stored, proposed))
    what = request.POST.get("what")
    about = what if what in (VARIABLES, PARAMETERS) else TEMPLATE
    form = SavedText(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else request.POST.get("text", "")
    values = _parameters(request)
    typed = {} if about == PARAMETERS else {about: text}
    entered = values if about == PARAMETERS else None
    opened_on = form.cleaned_data.get("opened_on", 0)
    try:
        match about:
            case "variables":
                acts.save_variables(actor, environment, text=text, opened_on=opened_on)
            case "parameters":
                acts.save_parameters(actor, environment, values=values, opened_on=opened_on)
            case _:
                acts.save_environment_template(actor, environment, text=text, opened_on=opened_on)
    except Conflict as conflict:
        return show(request, actor, environment, 409, about, typed, entered, conflict=conflict)
    except Refused as refused:
        return show(
            request, actor, environment, 422, about, typed, entered, problems=refused.problems
        )
    environment.refresh_from_db()
    messages.success(request, f"Saved as {environment.version}; Deploy Setup brings it.")
    return redirect("environment-settings", actor.account.name, env_id)


def _parameters(request: HttpRequest) -> dict[str, str]:
    return {
        key.removeprefix("parameter."): value
        for key, value in request.POST.items()
        if key.startswith("parameter.") and isinstance(value, str) and value
    }


def show(
    request: HttpRequest,
    actor: Actor,
    environment: Environment,
    status: int = 200,
    about: str = TEMPLATE,
    typed: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    *,
    problems: Sequence[Problem] = (),
    hours: EnvironmentHours | None = None,
    **context: Any,
) -> HttpResponse:
    """The page, with what was typed in place of what is stored."""
    environment = reads.environment_of(actor.account, environment.env_id)
    version = acts.latest_version(environment)
    texts = _texts_of(version) | (typed or {})
    parsed = parse_environment_template(version.template, file=members.ENVIRONMENT_FILE)
    shown = _common(actor, environment)
    known = parsed.problems if status == HTTPStatus.OK else problems
    return page(
        request,
        "environments/settings.html",
        actor,
        status,
        version=version,
        versions=reads.versions_of(environment),
        texts=texts,
        values=version.parameters if values is None else values,
        parameters=parsed.template.parameters if parsed.template else (),
        about=about,
        problems=[problem_form(problem) for problem in known],
        hours=hours or EnvironmentHours(initial=_hours_of(environment)),
        readonly=not shown["editable"],
        **shown,
        **context,
    )


def _hours_of(environment: Environment) -> dict[str, str]:
    return {
        "hours": environment.hours,
        "pauses": environment.pause_schedule,
        "resumes": environment.resume_schedule,
    }


def _common(actor: Actor, environment: Environment) -> dict[str, Any]:
    prefix = f"v{environment.application_number}."
    return {"prefix": prefix, **common(actor, environment, "settings")}


def _texts_of(version: EnvironmentVersion) -> dict[str, str]:
    """What a version holds, without the values of secrets."""
    variables = without_secret_values(members.unsealed(version))
    return {TEMPLATE: version.template, VARIABLES: variables}


@require_safe
@in_account
def version(request: HttpRequest, actor: Actor, env_id: str, number: int) -> HttpResponse:
    """What one version changed, and what restoring it would change."""
    environment = reads.environment_of(actor.account, env_id)
    chosen = reads.version_of(environment, number)
    before = reads.version_before(chosen)
    newest = acts.latest_version(environment)
    return page(
        request,
        "environments/version.html",
        actor,
        chosen=chosen,
        before=before,
        newest=newest,
        texts=_texts_of(chosen),
        changed=_differences(before, chosen) if before else {},
        restoring=_differences(newest, chosen),
        **_common(actor, environment),
    )


def _differences(
    before: EnvironmentVersion, after: EnvironmentVersion
) -> dict[str, tuple[DiffLine, ...]]:
    old, new = _texts_of(before), _texts_of(after)
    return {about: text_difference(old[about], new[about]) for about in (TEMPLATE, VARIABLES)}
