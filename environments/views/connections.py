"""Connections to GitHub: as whom it is asked, its webhook, and the ledger of what it told."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments.actions.asking import Actor, Refused, require_owner
from environments.actions.connections import (
    delete_connection,
    renew_secret,
    save_connection,
    secret_of,
)
from environments.automation import deliveries, reconciling
from environments.automation.tasks import send_delivery
from environments.core.plan import problem_form
from environments.core.problems import Problem
from environments.forms.connections import ConnectionForm
from environments.models import GitConnection, Verdict
from environments.queries import connections as reads
from environments.views.gate import in_account, page, part

_MAY = "change connections"


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One more connection."""
    require_owner(actor, "add connections")
    return _edit(request, actor, GitConnection(), ConnectionForm(request.POST or None))


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def connection(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """One connection, changed here."""
    require_owner(actor, _MAY)
    found = reads.connection_of(actor.account, pk)
    form = ConnectionForm(request.POST or None, initial={"web": found.web})
    return _edit(request, actor, found, form)


def _edit(
    request: HttpRequest, actor: Actor, found: GitConnection, form: ConnectionForm
) -> HttpResponse:
    if not form.is_valid():
        return _show(request, actor, found, form, status=422 if form.is_bound else 200)
    try:
        said = save_connection(actor, found, form.draft())
    except Refused as refused:
        if found.pk:
            found = reads.connection_of(actor.account, found.pk)
        return _show(request, actor, found, form, refused.problems, status=422)
    messages.success(request, f"Connected: {said}.")
    return redirect("connection", actor.account.name, found.pk)


def _show(
    request: HttpRequest,
    actor: Actor,
    found: GitConnection,
    form: ConnectionForm,
    problems: tuple[Problem, ...] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    return page(
        request,
        "accounts/git_connection.html",
        actor,
        status,
        form=form,
        connection=found,
        held=reads.held(found),
        secret=secret_of(actor, found) if found.pk else "",
        problems=[problem_form(problem) for problem in problems],
        tab="settings",
    )


@require_safe
@in_account
def check(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Who answers there, and how often it still does, asked now."""
    require_owner(actor, _MAY)
    found = reads.connection_of(actor.account, pk)
    return part(
        request,
        "accounts/git_check.html",
        "answer",
        actor,
        connection=found,
        asked=reads.asked(found),
        tab="settings",
    )


@require_POST
@in_account
def renew(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Another secret for the webhook."""
    found = reads.connection_of(actor.account, pk)
    renew_secret(actor, found)
    messages.success(request, "The webhook has another secret. Write it into the webhook's page.")
    return redirect("connection", actor.account.name, pk)


@require_POST
@in_account
def delete(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Forget a connection."""
    found = reads.connection_of(actor.account, pk)
    delete_connection(actor, found)
    messages.success(request, f"Forgot the connection to {found.host}.")
    return redirect("account-settings", actor.account.name)


@require_POST
@in_account
def let_end(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Let the environments end that wait for a person."""
    found = reads.connection_of(actor.account, pk)
    count = reconciling.let_end(actor, found)
    messages.success(request, f"The environments of {count} pull requests are removed.")
    return redirect("connection", actor.account.name, pk)


@require_safe
@in_account
def ledger(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """What its host told, and what came of it."""
    found = reads.connection_of(actor.account, pk)
    verdict = request.GET.get("verdict", "")
    pages = reads.ledger(found, verdict if verdict in Verdict.values else "")
    return page(
        request,
        "accounts/ledger.html",
        actor,
        connection=found,
        rows=pages.get_page(request.GET.get("page")),
        verdict=verdict,
        verdicts=Verdict.choices,
        tab="settings",
    )


@require_POST
@in_account
def replay(request: HttpRequest, actor: Actor, pk: int, delivery: int) -> HttpResponse:
    """Look at a delivery anew."""
    require_owner(actor, "replay deliveries")
    found = reads.connection_of(actor.account, pk)
    one = get_object_or_404(found.deliveries, pk=delivery)
    deliveries.replay(one)
    send_delivery(one.pk)
    messages.success(request, f"{one.event} {one.subject} is looked at again.")
    return redirect("ledger", actor.account.name, pk)
