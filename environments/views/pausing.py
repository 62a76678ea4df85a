"""Pause, resume, and the hours of an environment."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from environments.actions import pausing as asks
from environments.actions.asking import Actor, Refused, require_editor
from environments.forms.hours import EnvironmentHours
from environments.models import Deployment, Environment, Hours
from environments.queries import environments as reads
from environments.views.environment_settings import HOURS, show
from environments.views.gate import in_account


@require_POST
@in_account
def pause(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """Let its services rest."""
    return _ask(request, actor, env_id, asks.pause)


@require_POST
@in_account
def resume(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """Let them run again."""
    return _ask(request, actor, env_id, asks.resume)


def _ask(
    request: HttpRequest,
    actor: Actor,
    env_id: str,
    ask: Callable[[Actor, Environment], Deployment],
) -> HttpResponse:
    environment = reads.environment_of(actor.account, env_id)
    try:
        ask(actor, environment)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("environment", actor.account.name, env_id)


@require_POST
@in_account
def hours(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """When it is paused and resumed by itself."""
    environment = reads.environment_of(actor.account, env_id)
    require_editor(actor, environment)
    form = EnvironmentHours(request.POST)
    if not form.is_valid():
        return show(request, actor, environment, 422, HOURS, hours=form)
    chosen = form.cleaned_data
    try:
        asks.choose_hours(
            actor,
            environment,
            hours=Hours(chosen["hours"]),
            pauses=chosen["pauses"],
            resumes=chosen["resumes"],
        )
    except Refused as refused:
        return show(request, actor, environment, 422, HOURS, problems=refused.problems, hours=form)
    messages.success(request, f"Saved the hours of {environment.name}.")
    return redirect("environment-settings", actor.account.name, env_id)
