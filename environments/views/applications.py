"""Applications: the list, registering, settings, and who imports whom."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments import wiring
from environments.actions import applications as acts
from environments.actions.asking import Actor, Conflict, Refused
from environments.core.diff import text_difference
from environments.core.graph import layout
from environments.core.plan import problem_form
from environments.core.variables.file import without_secret_values
from environments.models import Application, ApplicationVersion
from environments.queries import applications as reads
from environments.views.gate import in_account, page


@require_safe
@in_account
def applications(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The account's applications."""
    rows = reads.applications_of(actor.account)
    return page(request, "applications/list.html", actor, applications=rows)


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def register(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Register a repository, with its own template or a pasted one."""
    if request.method != "POST":
        return page(request, "applications/register.html", actor, sent={})
    sent = {key: request.POST.get(key, "") for key in ("source", "name", "template")}
    try:
        registered = acts.register_application(
            actor,
            source=sent["source"],
            name=sent["name"],
            template=sent["template"].replace("\r\n", "\n") or None,
        )
    except acts.TemplateMissing as missing:
        sent["template"] = missing.proposal
        return _register_again(request, actor, sent, missing, proposed=True)
    except Refused as refused:
        return _register_again(request, actor, sent, refused, proposed=False)
    return redirect("environments", actor.account.name, registered.application.name)


def _register_again(
    request: HttpRequest, actor: Actor, sent: dict[str, str], refused: Refused, *, proposed: bool
) -> HttpResponse:
    problems = [problem_form(problem) for problem in refused.problems]
    context = {"sent": sent, "problems": problems, "proposed": proposed}
    return page(request, "applications/register.html", actor, 422, **context)


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def settings(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """The Application Template and the default variables; each with its versions."""
    application = reads.application_of(actor.account, name)
    if request.method != "POST":
        return _settings(request, actor, application)
    what = request.POST.get("what", "template")
    text = request.POST.get("text", "").replace("\r\n", "\n")
    opened_on = _number(request.POST.get("opened_on"))
    save = acts.save_default_variables if what == "variables" else acts.save_application_template
    try:
        problems = save(actor, application, text=text, opened_on=opened_on)
    except Conflict as conflict:
        return _settings(request, actor, application, 409, typed={what: text}, conflict=conflict)
    except Refused as refused:
        shown = [problem_form(problem) for problem in refused.problems]
        return _settings(request, actor, application, 422, typed={what: text}, problems=shown)
    if problems:
        shown = [problem_form(problem) for problem in problems]
        application.refresh_from_db()
        return _settings(request, actor, application, problems=shown, saved=True)
    return redirect("application-settings", actor.account.name, name)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _settings(
    request: HttpRequest,
    actor: Actor,
    application: Application,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    **context: Any,
) -> HttpResponse:
    version = reads.version_of(application, application.number)
    texts = {"template": version.template, "variables": _shown_variables(version), **(typed or {})}
    return page(
        request,
        "applications/settings.html",
        actor,
        status,
        application=application,
        version=version,
        versions=application.versions.defer("variables", "template")[:30],
        importers=reads.importers_of(application),
        texts=texts,
        tab="settings",
        **context,
    )


def _shown_variables(version: ApplicationVersion) -> str:
    return without_secret_values(wiring.unseal(version.variables))


@require_safe
@in_account
def version(request: HttpRequest, actor: Actor, name: str, number: int) -> HttpResponse:
    """One version of the Application Template against the latest."""
    application = reads.application_of(actor.account, name)
    chosen = reads.version_of(application, number)
    latest = reads.version_of(application, application.number)
    return page(
        request,
        "applications/version.html",
        actor,
        application=application,
        chosen=chosen,
        latest=latest,
        lines=text_difference(latest.template, chosen.template),
        tab="settings",
    )


@require_POST
@in_account
def read_again(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """What the repository holds now, with the difference; nothing is saved."""
    application = reads.application_of(actor.account, name)
    latest = reads.version_of(application, application.number)
    try:
        reading = acts.read_repository(application.repository_url)
    except Refused as refused:
        shown = [problem_form(problem) for problem in refused.problems]
        return _settings(request, actor, application, 422, problems=shown)
    text = reading.template if reading.template is not None else latest.template
    return _settings(
        request,
        actor,
        application,
        typed={"template": text},
        reading=reading,
        lines=text_difference(latest.template, text),
    )


@require_POST
@in_account
def delete(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Forget the application."""
    application = reads.application_of(actor.account, name)
    try:
        acts.delete_application(actor, application)
    except Refused as refused:
        shown = [problem_form(problem) for problem in refused.problems]
        return _settings(request, actor, application, 422, problems=shown)
    return redirect("applications", actor.account.name)


@require_safe
@in_account
def graph(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who imports whom in this account."""
    names = [application.name for application in reads.applications_of(actor.account)]
    pairs = [
        (importer, imported)
        for importer, imported in reads.imports_between(actor.account)
        if imported in names
    ]
    return page(request, "applications/graph.html", actor, graph=layout(names, pairs), pairs=pairs)
