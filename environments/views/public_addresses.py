"""Public addresses of an application, and to which environment they lead."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from environments.actions import public_addresses as acts
from environments.actions.asking import Actor, Refused, require_owner
from environments.core.plan import problem_form
from environments.core.problems import Problem
from environments.forms.public_addresses import NewAddress, PublicChoice
from environments.models import Application
from environments.queries import applications as reads
from environments.queries import public_addresses as public_reads
from environments.views.gate import in_account, page


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def addresses(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Those that there are; a POST adds one."""
    application = reads.application_of(actor.account, name)
    if request.method != "POST":
        return _show(request, actor, application)
    require_owner(actor, "choose public addresses")
    form = NewAddress(request.POST, services=acts.services_of(application))
    if not form.is_valid():
        return _show(request, actor, application, 422, new=form)
    member, service = form.named
    try:
        made = acts.add_address(
            actor, application, host=form.cleaned_data["host"], member=member, service=service
        )
    except Refused as refused:
        return _show(request, actor, application, 422, refused.problems, new=form)
    messages.success(request, f"Added {made.host}.")
    return redirect("public-addresses", actor.account.name, name)


@require_POST
@in_account
def lead(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Lead all of them to another environment."""
    application = reads.application_of(actor.account, name)
    require_owner(actor, "choose where public addresses lead")
    form = PublicChoice(
        request.POST,
        candidates=acts.candidates(application),
        public=application.public_environment,
    )
    if not form.is_valid():
        return _show(request, actor, application, 422, choice=form)
    environment = form.chosen
    try:
        acts.lead(actor, application, environment)
    except Refused as refused:
        return _show(request, actor, application, 422, refused.problems, choice=form)
    where = f"to {environment.name}" if environment else "nowhere"
    messages.success(request, f"The public addresses of {name} lead {where} now.")
    return redirect("public-addresses", actor.account.name, name)


@require_POST
@in_account
def remove(request: HttpRequest, actor: Actor, name: str, number: int) -> HttpResponse:
    """Forget one."""
    application = reads.application_of(actor.account, name)
    try:
        host = acts.remove_address(actor, application, number)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Removed {host}.")
    return redirect("public-addresses", actor.account.name, name)


def _show(
    request: HttpRequest,
    actor: Actor,
    application: Application,
    status: int = 200,
    problems: Sequence[Problem] = (),
    **forms: Any,
) -> HttpResponse:
    candidates = acts.candidates(application)
    services = acts.services_of(application)
    public = application.public_environment
    context = {
        "new": NewAddress(services=services),
        "choice": PublicChoice(candidates=candidates, public=public),
        **forms,
    }
    return page(
        request,
        "applications/public_addresses.html",
        actor,
        status,
        application=application,
        public=public if public and public.removed_at is None else None,
        rows=public_reads.of_application(application),
        candidates=candidates,
        services=services,
        problems=[problem_form(problem) for problem in problems],
        tab="public",
        **context,
    )
