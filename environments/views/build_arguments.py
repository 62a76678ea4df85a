"""Build arguments of an account and of an application."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from environments.actions.asking import Actor, Refused, require_owner
from environments.actions.builds import remove_argument, save_argument
from environments.core.plan import problem_form
from environments.forms.builds import ArgumentForm
from environments.models import Application
from environments.queries.applications import application_of
from environments.queries.builds import arguments_of
from environments.views.gate import in_account, page


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def of_account(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Those of every build of the account."""
    return _page(request, actor, None)


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def of_application(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Those of one application, which win over the account's."""
    return _page(request, actor, application_of(actor.account, name))


def _page(request: HttpRequest, actor: Actor, application: Application | None) -> HttpResponse:
    if request.method != "POST":
        return _show(request, actor, application, ArgumentForm())
    require_owner(actor, "change build arguments")
    gone = request.POST.get("remove", "")
    form = ArgumentForm() if gone else ArgumentForm(request.POST)
    try:
        if gone:
            remove_argument(actor, actor.account, application, gone)
        elif not form.is_valid():
            return _show(request, actor, application, form, 422)
        else:
            save_argument(actor, actor.account, application, **form.cleaned_data)
    except Refused as refused:
        return _show(request, actor, application, form, 422, refused)
    messages.success(request, f"Removed {gone}." if gone else f"Saved {form.cleaned_data['name']}.")
    return redirect(request.path)


def _show(
    request: HttpRequest,
    actor: Actor,
    application: Application | None,
    form: ArgumentForm,
    status: int = 200,
    refused: Refused | None = None,
) -> HttpResponse:
    about: dict[str, Any] = {"application": application} if application is not None else {}
    return page(
        request,
        f"builds/arguments_of_{'application' if application else 'account'}.html",
        actor,
        status,
        form=form,
        arguments=arguments_of(actor.account, application),
        above=arguments_of(actor.account, None) if application else (),
        problems=[problem_form(problem) for problem in (refused.problems if refused else ())],
        tab="settings",
        **about,
    )
