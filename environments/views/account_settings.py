"""Settings of an account: its name, and the contexts where its environments run."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from environments.actions.accounts import choose_ephemeral_days, rename_account
from environments.actions.asking import Actor, Refused, require_owner
from environments.actions.contexts import (
    CONTAINER_ENGINES,
    delete_context,
    proposed_context,
    remove_login,
    save_context,
    save_login,
)
from environments.actions.pausing import choose_account_hours
from environments.core.plan import problem_form
from environments.core.problems import Problem, error
from environments.forms.accounts import AccountName, EphemeralDays
from environments.forms.contexts import ContextForm, LoginForm, fields_of
from environments.forms.hours import AccountHours
from environments.models import Account, Context
from environments.queries.accounts import context_of, contexts_of
from environments.queries.builds import taken_in
from environments.queries.connections import connections_of
from environments.queries.contexts import connection_of, found_sockets
from environments.views.gate import in_account, page, part


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def settings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Its name, which an owner changes here, and its contexts."""
    if request.method != "POST":
        return _show(request, actor, AccountName(initial={"name": actor.account.name}))
    require_owner(actor, "rename the account")
    form = AccountName(request.POST)
    if not form.is_valid():
        return _show(request, actor, form, 422)
    try:
        rename_account(actor, form.cleaned_data["name"])
    except Refused as refused:
        return _show(request, actor, form, 422, refused.problems)
    messages.success(request, f"The account is called {actor.account.name}.")
    return redirect("account-settings", actor.account.name)


def _show(
    request: HttpRequest,
    actor: Actor,
    form: AccountName,
    status: int = 200,
    problems: Sequence[Problem] = (),
    days: EphemeralDays | None = None,
    hours: AccountHours | None = None,
) -> HttpResponse:
    return page(
        request,
        "accounts/settings.html",
        actor,
        status,
        form=form,
        days=days or EphemeralDays(initial={"days": actor.account.ephemeral_days}),
        hours=hours or AccountHours(initial=_hours_of(actor.account)),
        contexts=contexts_of(actor.account),
        connections=connections_of(actor.account),
        found=_proposal(actor).get("socket", ""),
        problems=[problem_form(problem) for problem in problems],
        tab="settings",
    )


@require_POST
@in_account
def ephemeral(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How long ephemeral environments live."""
    require_owner(actor, "choose how long environments live")
    form = EphemeralDays(request.POST)
    if not form.is_valid():
        name = AccountName(initial={"name": actor.account.name})
        return _show(request, actor, name, 422, days=form)
    choose_ephemeral_days(actor, form.cleaned_data["days"])
    messages.success(request, "Saved how long ephemeral environments live.")
    return redirect("account-settings", actor.account.name)


def _hours_of(account: Account) -> dict[str, str]:
    return {"pauses": account.pause_schedule, "resumes": account.resume_schedule}


@require_POST
@in_account
def hours(request: HttpRequest, actor: Actor) -> HttpResponse:
    """When ephemeral environments are paused and resumed."""
    require_owner(actor, "choose when environments are paused")
    form = AccountHours(request.POST)
    name = AccountName(initial={"name": actor.account.name})
    if not form.is_valid():
        return _show(request, actor, name, 422, hours=form)
    try:
        choose_account_hours(actor, **form.cleaned_data)
    except Refused as refused:
        return _show(request, actor, name, 422, refused.problems, hours=form)
    messages.success(request, "Saved when ephemeral environments are paused and resumed.")
    return redirect("account-settings", actor.account.name)


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def new_context(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One more context."""
    require_owner(actor, "add contexts")
    form = ContextForm(request.POST or None, initial=_proposal(actor))
    return _edit(request, actor, Context(), form)


def _proposal(actor: Actor) -> dict[str, Any]:
    """What the form of a first context for containers holds, where an engine was found."""
    if not found_sockets() or actor.account.contexts.filter(engine__in=CONTAINER_ENGINES).exists():
        return {}
    return fields_of(proposed_context())


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def context(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """One context, changed here."""
    found = context_of(actor.account, name)
    require_owner(actor, "change contexts")
    return _edit(request, actor, found, ContextForm(request.POST or None, initial=fields_of(found)))


@require_http_methods(["GET", "HEAD"])
@in_account
def connection(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Who answers at the engine of a context, asked now."""
    found = context_of(actor.account, name)
    require_owner(actor, "change contexts")
    return part(
        request,
        "accounts/connection.html",
        "answer",
        actor,
        context=found,
        connection=connection_of(found),
        tab="settings",
    )


@require_POST
@in_account
def login(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Keep how a context signs in to a registry."""
    found = context_of(actor.account, name)
    require_owner(actor, "change contexts")
    form = LoginForm(request.POST)
    problems: tuple[Problem, ...] = ()
    if form.is_valid():
        try:
            save_login(actor, found, **form.cleaned_data)
        except Refused as refused:
            problems = refused.problems
        else:
            messages.success(request, f"Saved the sign-in to {form.cleaned_data['registry']}.")
            return redirect("context", actor.account.name, name)
    fresh = ContextForm(initial=fields_of(found))
    return _form(request, actor, found, fresh, problems, status=422, login=form)


@require_POST
@in_account
def forget_login(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Forget how a context signs in to a registry."""
    found = context_of(actor.account, name)
    registry = request.POST.get("registry", "")
    try:
        remove_login(actor, found, registry)
    except Refused as refused:
        return _form(request, actor, found, ContextForm(initial=fields_of(found)), refused.problems)
    messages.success(request, f"Forgot the sign-in to {registry}.")
    return redirect("context", actor.account.name, name)


@require_POST
@in_account
def remove_context(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """End a context in which nothing has ever run."""
    found = context_of(actor.account, name)
    try:
        delete_context(actor, found)
    except Refused as refused:
        return _form(request, actor, found, ContextForm(initial=fields_of(found)), refused.problems)
    messages.success(request, f"Deleted the context {name}.")
    return redirect("account-settings", actor.account.name)


def _edit(request: HttpRequest, actor: Actor, found: Context, form: ContextForm) -> HttpResponse:
    if not form.is_valid():
        return _form(request, actor, found, form)
    try:
        save_context(actor, found, form.draft())
    except Refused as refused:
        return _form(request, actor, found, form, refused.problems)
    messages.success(request, f"Saved the context {found.name}.")
    if found.configuration and (away := connection_of(found).error):
        told = error("context.away", name=found.name, reason=away)
        messages.warning(request, told.message)
        return redirect("context", actor.account.name, found.name)
    return redirect("account-settings", actor.account.name)


def _form(
    request: HttpRequest,
    actor: Actor,
    context: Context,
    form: ContextForm,
    problems: Sequence[Problem] = (),
    *,
    status: int = 200,
    login: LoginForm | None = None,
) -> HttpResponse:
    return page(
        request,
        "accounts/context.html",
        actor,
        422 if form.is_bound or problems else status,
        form=form,
        login=login or LoginForm(),
        sockets=found_sockets(),
        taken=taken_in(context) if context.pk else None,
        images_kept=django_settings.RELEASECLONE.images_kept,
        logins=context.registry_logins.all() if context.pk else (),
        context=context,
        name=form.initial["name"] if context.pk else "",
        problems=[problem_form(problem) for problem in problems],
        tab="settings",
    )
