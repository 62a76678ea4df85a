"""Connections to GitHub: as whom it is asked, its webhook, and the ledger of what it told."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments.actions.asking import Actor, Refused, require_owner
from environments.actions.connections import (
    ask_for_app,
    delete_connection,
    install_address,
    renew_secret,
    save_connection,
    secret_of,
    take_app,
    take_installation,
)
from environments.automation import deliveries, reconciling
from environments.automation.tasks import send_delivery
from environments.core.plan import problem_form
from environments.core.problems import Problem
from environments.forms.connections import AppForm, ConnectionForm
from environments.models import GitConnection, Verdict
from environments.queries import connections as reads
from environments.views.gate import in_account, page, part
from releaseclone.middleware import POLICY

_MAY = "change connections"


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One more connection."""
    require_owner(actor, "add connections")
    return _edit(request, actor, GitConnection(), ConnectionForm(request.POST or None))


@require_POST
@in_account
def new_app(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What a person brings to GitHub, to have an App made there."""
    require_owner(actor, "add connections")
    form = AppForm(request.POST, auto_id="app_%s")
    if not form.is_valid():
        return _anew(request, actor, app=form)
    try:
        asked = ask_for_app(actor, **form.cleaned_data)
    except Refused as refused:
        return _show(
            request,
            actor,
            GitConnection(),
            ConnectionForm(),
            refused.problems,
            status=422,
            app=form,
        )
    answer = page(request, "accounts/app.html", actor, asked=asked, tab="settings")
    parts = urlsplit(asked.address)
    # The one form of the product that is sent elsewhere.
    answer["Content-Security-Policy"] = POLICY.replace(
        "form-action 'self'", f"form-action {parts.scheme}://{parts.netloc}"
    )
    return answer


@require_safe
@in_account
def app_made(request: HttpRequest, actor: Actor) -> HttpResponse:
    """GitHub has made the App: keep it, and let the person install it."""
    code, state = request.GET.get("code", ""), request.GET.get("state", "")
    try:
        return redirect(take_app(actor, code=code, state=state))
    except Refused as refused:
        return _show(
            request, actor, GitConnection(), ConnectionForm(), refused.problems, status=422
        )


@require_safe
@in_account
def app_installed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The App is installed: it is asked as that installation."""
    installation, state = request.GET.get("installation_id", ""), request.GET.get("state", "")
    try:
        found = take_installation(actor, installation_id=installation, state=state)
    except Refused as refused:
        return _show(
            request, actor, GitConnection(), ConnectionForm(), refused.problems, status=422
        )
    messages.success(request, f"Connected to {found.host}.")
    return redirect("connection", actor.account.name, found.pk)


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


def _anew(
    request: HttpRequest,
    actor: Actor,
    problems: tuple[Problem, ...] = (),
    app: AppForm | None = None,
) -> HttpResponse:
    """The page of a new connection, with what went wrong."""
    return _show(request, actor, GitConnection(), ConnectionForm(), problems, status=422, app=app)


def _show(
    request: HttpRequest,
    actor: Actor,
    found: GitConnection,
    form: ConnectionForm,
    problems: tuple[Problem, ...] = (),
    *,
    status: int = 200,
    app: AppForm | None = None,
) -> HttpResponse:
    return page(
        request,
        "accounts/git_connection.html",
        actor,
        status,
        form=form,
        connection=found,
        app=app or AppForm(auto_id="app_%s"),
        install=install_address(actor, found) if found.pk else "",
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
