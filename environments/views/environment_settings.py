"""Settings of an environment: its template, variables and parameters, each a version."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from environments.actions import environments as acts
from environments.actions.asking import Actor, Conflict, Refused
from environments.core.diff import text_difference
from environments.core.plan import problem_form
from environments.core.problems import Problem
from environments.core.template import parse_environment_template
from environments.core.variables.file import without_secret_values
from environments.models import Environment
from environments.queries import environments as reads
from environments.services import members
from environments.views.environments import common
from environments.views.gate import in_account, page


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def settings(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """The forms, each saving a version of its own."""
    environment = reads.environment_of(actor.account, env_id)
    if request.method != "POST":
        return _show(request, actor, environment)
    what = request.POST.get("what", "template")
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        problems = _save(request, actor, environment, what, text)
    except Conflict as conflict:
        return _show(request, actor, environment, 409, typed={what: text}, conflict=conflict)
    except Refused as refused:
        return _show(
            request, actor, environment, 422, typed={what: text}, problems=refused.problems
        )
    if problems:
        return _show(request, actor, environment, problems=problems)
    return redirect("environment-settings", actor.account.name, env_id)


def _save(
    request: HttpRequest, actor: Actor, environment: Environment, what: str, text: str
) -> Sequence[Problem]:
    number = request.POST.get("opened_on", "")
    opened_on = int(number) if number.isdecimal() else 0
    if what == "variables":
        return acts.save_variables(actor, environment, text=text, opened_on=opened_on)
    if what == "parameters":
        values = {
            key.removeprefix("parameter."): value
            for key, value in request.POST.items()
            if key.startswith("parameter.") and isinstance(value, str) and value
        }
        acts.save_parameters(actor, environment, values=values, opened_on=opened_on)
        return ()
    return acts.save_environment_template(actor, environment, text=text, opened_on=opened_on)


def _show(
    request: HttpRequest,
    actor: Actor,
    environment: Environment,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    problems: Sequence[Problem] = (),
    conflict: Conflict | None = None,
) -> HttpResponse:
    environment = reads.environment_of(actor.account, environment.env_id)
    version = acts.latest_version(environment)
    template = parse_environment_template(version.template).template
    texts: dict[str, Any] = {
        "template": version.template,
        "variables": without_secret_values(members.unsealed(version)),
        **(typed or {}),
    }
    return page(
        request,
        "environments/settings.html",
        actor,
        status,
        version=version,
        versions=reads.versions_of(environment)[:30],
        texts=texts,
        parameters=template.parameters if template else (),
        problems=[problem_form(problem) for problem in problems],
        conflict=conflict,
        **common(actor, environment, "settings"),
    )


@require_safe
@in_account
def version(request: HttpRequest, actor: Actor, env_id: str, number: int) -> HttpResponse:
    """One version of the Environment Template against the latest."""
    environment = reads.environment_of(actor.account, env_id)
    chosen = reads.version_of(environment, number)
    latest = acts.latest_version(environment)
    return page(
        request,
        "environments/version.html",
        actor,
        chosen=chosen,
        version=latest,
        lines=text_difference(latest.template, chosen.template),
        **common(actor, environment, "settings"),
    )
