"""Builds: those of an application or environment, one of them, and what may be asked of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments.actions import builds as asks
from environments.actions.asking import Actor, Refused
from environments.core.plan import problem_form
from environments.core.problems import Problem
from environments.models import Application, Build, BuildState, Environment
from environments.queries import builds as reads
from environments.queries import deployments as deployments_reads
from environments.queries import environments as environments_reads
from environments.queries.applications import application_of
from environments.services.refs import known_refs
from environments.views.environments import common
from environments.views.gate import STOP_POLLING, in_account, page, part
from environments.views.logs import asked_part


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def of_application(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """The builds of the application, and a new one."""
    application = application_of(actor.account, name)
    if request.method == "POST":
        return _ask(request, actor, application, None)
    return _of_application(request, actor, application)


def _of_application(
    request: HttpRequest, actor: Actor, application: Application, refused: Refused | None = None
) -> HttpResponse:
    contexts = application.account.contexts.filter(engine__in=settings.BUILDERS)
    rows: Any = reads.builds_in(application)
    if not contexts.exists() and not rows.exists():
        rows = deployments_reads.deployments_in(application).exclude(commit="")
    return _list(
        request,
        actor,
        "builds/of_application.html",
        application,
        rows,
        refused,
        builds=contexts.exists() or rows.model is Build,
        about={"application": application, "tab": "builds"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def of_environment(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """The builds of the environment, and a new one."""
    environment = environments_reads.environment_of(actor.account, env_id)
    if request.method == "POST":
        return _ask(request, actor, environment.application, environment)
    return _of_environment(request, actor, environment)


def _of_environment(
    request: HttpRequest, actor: Actor, environment: Environment, refused: Refused | None = None
) -> HttpResponse:
    runs_images = environment.namespace.context.engine in settings.BUILDERS
    rows: Any = reads.builds_of(environment)
    if not runs_images:
        rows = deployments_reads.deployments_of(environment).exclude(commit="")
    return _list(
        request,
        actor,
        "builds/of_environment.html",
        environment.application,
        rows,
        refused,
        builds=runs_images,
        branch=environment.branch,
        about=common(actor, environment, "builds"),
    )


def _list(
    request: HttpRequest,
    actor: Actor,
    template: str,
    application: Application,
    rows: Any,
    refused: Refused | None,
    *,
    builds: bool,
    about: dict[str, Any],
    branch: str = "",
) -> HttpResponse:
    refs = known_refs([application])[application.pk].refs if builds else None
    return page(
        request,
        template,
        actor,
        422 if refused else 200,
        rows=Paginator(rows, reads.PAGE).get_page(request.GET.get("page")),
        builds=builds,
        branch=request.POST.get("branch") or branch or application.default_branch,
        branches=sorted(refs.branches) if refs else (),
        problems=_forms(refused),
        now=timezone.now(),
        **about,
    )


def _forms(refused: Refused | None) -> list[Any]:
    problems: Sequence[Problem] = refused.problems if refused else ()
    return [problem_form(problem) for problem in problems]


def _ask(
    request: HttpRequest, actor: Actor, application: Application, environment: Environment | None
) -> HttpResponse:
    branch = request.POST.get("branch", "").strip()
    try:
        build = asks.ask_build(actor, application, branch=branch, environment=environment)
    except Refused as refused:
        if environment is not None:
            return _of_environment(request, actor, environment, refused)
        return _of_application(request, actor, application, refused)
    return redirect("build", actor.account.name, build.pk)


@require_safe
@in_account
def build(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Its page; live while it is not over."""
    found = reads.build_of(actor.account, pk)
    return _show(request, actor, found, STOP_POLLING if found.is_over else 200)


def _show(
    request: HttpRequest,
    actor: Actor,
    found: Build,
    status: int = 200,
    refused: Refused | None = None,
) -> HttpResponse:
    other = reads.newest_beside(found)
    return part(
        request,
        "builds/build.html",
        "live",
        actor,
        status,
        build=found,
        environment=found.environment,
        application=found.application,
        steps=reads.steps_of(found),
        log=asked_part(request, found.lines.all()),
        other=other,
        differences=reads.differences(found, other) if other and found.is_over else (),
        deployable=found.state == BuildState.DONE and found.environment is not None,
        now=timezone.now(),
        problems=_forms(refused),
    )


@require_POST
@in_account
def cancel(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """End it."""
    found = reads.build_of(actor.account, pk)
    try:
        asks.cancel(actor, found)
    except Refused as refused:
        return _show(request, actor, found, 422, refused)
    return redirect("build", actor.account.name, pk)


@require_POST
@in_account
def rebuild(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """The same commit once more."""
    found = reads.build_of(actor.account, pk)
    try:
        anew = asks.rebuild(actor, found)
    except Refused as refused:
        return _show(request, actor, found, 422, refused)
    return redirect("build", actor.account.name, anew.pk)


@require_POST
@in_account
def deploy(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Deploy its commit where it was built for."""
    found = reads.build_of(actor.account, pk)
    try:
        deployment = asks.deploy_build(actor, found)
    except Refused as refused:
        return _show(request, actor, found, 422, refused)
    messages.success(request, f"Deploys build {pk}.")
    return redirect("deployment", actor.account.name, deployment.pk)


@require_safe
@in_account
def log(request: HttpRequest, actor: Actor, pk: int) -> StreamingHttpResponse:
    """All its lines as text."""
    found = reads.build_of(actor.account, pk)
    answer = StreamingHttpResponse(_text_of(found), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="build-{pk}.log"'
    return answer


def _text_of(found: Build) -> Iterator[str]:
    for at, text in found.lines.order_by("number").values_list("at", "text").iterator():
        yield f"{at:%Y-%m-%dT%H:%M:%S.%fZ} {text}\n"
    if found.lines_left_out:
        yield f"{found.lines_left_out} lines left out\n"
