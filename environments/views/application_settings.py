"""Settings of an application: its template and default variables, their versions, its end."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments import wiring
from environments.actions import applications as acts
from environments.actions.asking import Actor, Conflict, Refused, require_owner
from environments.actions.repositories import read_repository
from environments.core.diff import DiffLine, text_difference
from environments.core.plan import problem_form
from environments.core.problems import Problem
from environments.core.variables.file import without_secret_values
from environments.forms.applications import Deletion, PullRequests, SavedText
from environments.models import Application, ApplicationVersion
from environments.queries import applications as reads
from environments.services import members
from environments.views.gate import in_account, page
from environments.views.renaming import proposal, renamed

TEMPLATE, VARIABLES = "template", "variables"


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def settings(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Two editors, each saving a version."""
    application = reads.application_of(actor.account, name)
    if request.method != "POST":
        stored = reads.version_of(application, application.number).template
        proposed = renamed(stored, request.GET)
        typed = {TEMPLATE: proposed} if proposed else None
        return _show(request, actor, application, typed=typed, **proposal(stored, proposed))
    about = VARIABLES if request.POST.get("what") == VARIABLES else TEMPLATE
    form = SavedText(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else request.POST.get("text", "")
    try:
        _save(actor, application, about, text, form.cleaned_data.get("opened_on", 0))
    except Conflict as conflict:
        return _show(request, actor, application, 409, about, {about: text}, conflict=conflict)
    except Refused as refused:
        return _show(
            request, actor, application, 422, about, {about: text}, problems=refused.problems
        )
    messages.success(request, f"Saved as v{application.number}; new environments start from it.")
    return redirect("application-settings", actor.account.name, name)


def _save(actor: Actor, application: Application, about: str, text: str, opened_on: int) -> None:
    if about == VARIABLES:
        acts.save_default_variables(actor, application, text=text, opened_on=opened_on)
    else:
        acts.save_application_template(actor, application, text=text, opened_on=opened_on)


def _show(
    request: HttpRequest,
    actor: Actor,
    application: Application,
    status: int = 200,
    about: str = TEMPLATE,
    typed: dict[str, str] | None = None,
    *,
    problems: Sequence[Problem] = (),
    **context: Any,
) -> HttpResponse:
    """The page, with what was typed in place of what is stored."""
    version = reads.version_of(application, application.number)
    texts = _texts_of(version) | (typed or {})
    known = problems or _warnings(application, texts[TEMPLATE])
    return page(
        request,
        "applications/settings.html",
        actor,
        status,
        application=application,
        version=version,
        versions=reads.versions_of(application),
        importers=reads.importers_of(application),
        texts=texts,
        about=about if problems else TEMPLATE,
        conflict_about=about,
        problems=[problem_form(problem) for problem in known],
        tab="settings",
        **{"pull_requests": _policy(application), **context},
    )


def _policy(application: Application) -> PullRequests:
    return PullRequests(
        initial={
            "get": application.pull_requests_get,
            "label": application.pull_request_label,
            "rebinds": application.rebinds_itself,
        }
    )


def _texts_of(version: ApplicationVersion) -> dict[str, str]:
    """What a version holds, without the values of secrets."""
    variables = without_secret_values(members.unsealed(version))
    return {TEMPLATE: version.template, VARIABLES: variables}


def _warnings(application: Application, text: str) -> Sequence[Problem]:
    """What is worth knowing about a template, or what is wrong with it."""
    try:
        return acts.check_template(application, text)
    except Refused as refused:
        return refused.problems


@require_POST
@in_account
def pull_requests(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Choose which pull requests get an environment."""
    application = reads.application_of(actor.account, name)
    require_owner(actor, "choose which pull requests get an environment")
    form = PullRequests(request.POST)
    if not form.is_valid():
        return _show(request, actor, application, 422, pull_requests=form)
    try:
        acts.choose_pull_requests(actor, application, **form.cleaned_data)
    except Refused as refused:
        return _show(
            request, actor, application, 422, pull_requests=form, problems=refused.problems
        )
    messages.success(request, "Saved what pull requests and branches bring.")
    return redirect("application-settings", actor.account.name, name)


@require_safe
@in_account
def version(request: HttpRequest, actor: Actor, name: str, number: int) -> HttpResponse:
    """What one version changed, and what restoring it would change."""
    application = reads.application_of(actor.account, name)
    chosen = reads.version_of(application, number)
    before = reads.version_before(chosen)
    newest = reads.version_of(application, application.number)
    return page(
        request,
        "applications/version.html",
        actor,
        application=application,
        chosen=chosen,
        before=before,
        newest=newest,
        texts=_texts_of(chosen),
        changed=_differences(before, chosen) if before else {},
        restoring=_differences(newest, chosen),
        tab="settings",
    )


def _differences(
    before: ApplicationVersion, after: ApplicationVersion
) -> dict[str, tuple[DiffLine, ...]]:
    old, new = _texts_of(before), _texts_of(after)
    return {about: text_difference(old[about], new[about]) for about in (TEMPLATE, VARIABLES)}


@require_POST
@in_account
def read_again(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """What the repository holds now, in the editors, with the difference; nothing is saved."""
    application = reads.application_of(actor.account, name)
    stored = _texts_of(reads.version_of(application, application.number))
    try:
        reading = read_repository(application.repository_url, wiring.repositories_of(application))
        found = {TEMPLATE: reading.template, VARIABLES: _masked(reading.variables)}
    except Refused as refused:
        return _show(request, actor, application, 422, problems=refused.problems)
    texts = {about: text for about, text in found.items() if text is not None}
    differences = {about: text_difference(stored[about], text) for about, text in texts.items()}
    return _show(request, actor, application, typed=texts, read=reading, differences=differences)


def _masked(variables: str | None) -> str | None:
    return None if variables is None else without_secret_values(variables)


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def delete(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """What goes with the application, and the button that ends it."""
    application = reads.application_of(actor.account, name)
    require_owner(actor, "delete applications")
    form = Deletion(_sent(request), expected=application.name)
    if not form.is_valid():
        return _end(request, actor, application, form, 422 if form.is_bound else 200)
    try:
        acts.delete_application(actor, application)
    except Refused as refused:
        return _end(request, actor, application, form, 422, refused.problems)
    messages.success(request, f"Deleted {name}.")
    return redirect("applications", actor.account.name)


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _end(
    request: HttpRequest,
    actor: Actor,
    application: Application,
    form: Deletion,
    status: int,
    problems: Sequence[Problem] = (),
) -> HttpResponse:
    return page(
        request,
        "applications/delete.html",
        actor,
        status,
        application=application,
        going=reads.what_goes_with(application),
        importers=reads.importers_of(application),
        form=form,
        problems=[problem_form(problem) for problem in problems],
        tab="settings",
    )
