"""Environments: the list of an application, and the pages of one of them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments.actions import deployments as asks
from environments.actions import environments as acts
from environments.actions.asking import (
    Actor,
    Refused,
    may_edit,
    may_open_terminals,
    may_read_logs,
)
from environments.actions.pausing import may_be_resumed
from environments.automation import approving
from environments.core.plan import difference, problem_form
from environments.core.problems import error, has_errors
from environments.models import DeploymentKind, Environment, EnvironmentStatus
from environments.queries import applications as applications_reads
from environments.queries import deployments as deployments_reads
from environments.queries import environments as reads
from environments.queries import instances as instances_reads
from environments.queries import moments
from environments.queries import public_addresses as public_reads
from environments.services.planning import form_of
from environments.services.rendering import masker_of
from environments.views.gate import STOP_POLLING, in_account, page, part

_STATUSES = EnvironmentStatus.choices[:-1]
"""What a living environment can be; "removed" comes last."""


@require_safe
@in_account
def listed(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """The application's living environments."""
    application = applications_reads.application_of(actor.account, name)
    filters = reads.Filters(
        text=request.GET.get("q", "").strip(),
        branch=request.GET.get("branch", "").strip(),
        status=request.GET.get("status", ""),
        type=request.GET.get("type", ""),
        owner=request.GET.get("owner", ""),
    )
    rows = reads.listed(application, filters).get_page(request.GET.get("page"))
    return part(
        request,
        "environments/list.html",
        "rows",
        actor,
        application=application,
        filters=filters,
        rows=moments.with_moments(reads.with_activity(reads.with_links(reads.with_imports(rows)))),
        waiting=applications_reads.waiting_for_approval(application),
        owners=reads.possible_owners(actor.account),
        statuses=_STATUSES,
        tab="environments",
    )


@require_POST
@in_account
def approve(request: HttpRequest, actor: Actor, name: str, number: int) -> HttpResponse:
    """Let the code of a pull request from outside run, at the commit that was shown."""
    application = applications_reads.application_of(actor.account, name)
    row = applications_reads.pull_request_of(application, number)
    try:
        told = approving.approve(actor, row, commit=request.POST.get("commit", ""))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Approved. {told}" if told else "Approved: it is set up.")
    return redirect("environments", actor.account.name, name)


@require_safe
@in_account
def details(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """Namespace, hosted URLs, instances; live."""
    environment = reads.environment_of(actor.account, env_id)
    members = reads.members_of_namespace(environment)
    masker = masker_of(environment.namespace)
    seen = instances_reads.instances_of(environment, members, masker=masker)
    return part(
        request,
        "environments/details.html",
        "live",
        actor,
        STOP_POLLING if environment.removed_at else 200,
        members=members,
        moving=reads.moving(environment, members),
        hosts=instances_reads.hosted_urls(members, seen),
        public_urls=public_reads.leading_to(environment),
        groups=seen,
        events=reads.events_of(environment),
        pull_requests=reads.pull_requests_of(environment),
        logs_allowed=may_read_logs(actor, environment),
        terminals=may_open_terminals(actor, environment)
        and instances_reads.has_terminals(environment),
        **common(actor, environment, "details"),
    )


def common(actor: Actor, environment: Environment, tab: str) -> dict[str, Any]:
    """What every page of an environment shows at its top."""
    latest = deployments_reads.latest_of(environment)
    running = environment.running
    deployed = running.version_shown if running else ""
    return {
        "environment": environment,
        "application": environment.application,
        "latest": latest,
        "moment": moments.moments_of([latest])[latest.pk] if latest else None,
        "deployed_version": deployed,
        "is_behind": bool(deployed) and deployed != environment.version,
        "editable": environment.removed_at is None and may_edit(actor, environment),
        "link": instances_reads.link_of(environment),
        "paused_at": environment.namespace.paused_at,
        "resumable": environment.importer_id is None and may_be_resumed(environment),
        "rebinds": reads.rebinds_of(environment),
        "tab": tab,
    }


@require_POST
@in_account
def extend(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """Let an environment live longer."""
    environment = reads.environment_of(actor.account, env_id)
    try:
        acts.extend_environment(actor, environment)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{environment.name} lives longer.")
    return redirect("environment", actor.account.name, env_id)


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def deploy(request: HttpRequest, actor: Actor, env_id: str, kind: str) -> HttpResponse:
    """The plan of a deployment, and the button that asks for it."""
    environment = reads.environment_of(actor.account, env_id)
    kind_wanted = DeploymentKind(kind)
    if request.method == "POST":
        digest = request.POST.get("digest", "")
        try:
            deployment = asks.deploy(actor, environment, kind_wanted, shown_digest=digest)
        except Refused as refused:
            return _plan(request, actor, environment, kind_wanted, 422, refused)
        return redirect("deployment", actor.account.name, deployment.pk)
    return _plan(request, actor, environment, kind_wanted, 200, None)


def _plan(
    request: HttpRequest,
    actor: Actor,
    environment: Environment,
    kind: DeploymentKind,
    status: int,
    refused: Refused | None,
) -> HttpResponse:
    plan = asks.plan_deployment(environment, kind)
    form = form_of(plan)
    said = [problem_form(problem) for problem in refused.problems] if refused else []
    return page(
        request,
        "environments/deploy.html",
        actor,
        status,
        kind=kind,
        plan=form,
        problems=[*said, *form["problems"]],
        changes=difference(environment.running_plan, form),
        blocked=has_errors(plan.problems),
        **common(actor, environment, "details"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def delete(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """What goes, and the button that removes it."""
    environment = reads.environment_of(actor.account, env_id)
    members = reads.members_of_namespace(environment)
    problems: list[dict[str, Any]] = []
    volumes = instances_reads.volumes_of(environment)
    if request.method == "POST":
        try:
            if may_edit(actor, environment):
                _require_handle(request, environment, volumes)
            deployment = acts.delete_environment(actor, environment)
        except Refused as refused:
            problems = [problem_form(problem) for problem in refused.problems]
        else:
            return redirect("deployment", actor.account.name, deployment.pk)
    return page(
        request,
        "environments/delete.html",
        actor,
        422 if problems else 200,
        members=members,
        hosts=instances_reads.hosts_of(members),
        volumes=volumes,
        problems=problems,
        **common(actor, environment, "settings"),
    )


def _require_handle(request: HttpRequest, environment: Environment, volumes: Sequence[str]) -> None:
    """Where data is lost, the person has typed what they delete."""
    if volumes and request.POST.get("handle", "").strip() != environment.env_id:
        raise Refused(error("environment.handle", handle=environment.env_id))


@require_safe
@in_account
def deploys(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """Its deployments, newest first."""
    environment = reads.environment_of(actor.account, env_id)
    rows = Paginator(deployments_reads.deployments_of(environment), deployments_reads.PAGE)
    return page(
        request,
        "deployments/of_environment.html",
        actor,
        rows=rows.get_page(request.GET.get("page")),
        **common(actor, environment, "deploys"),
    )


@require_safe
@in_account
def application_deploys(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """The deployments of all environments of an application."""
    application = applications_reads.application_of(actor.account, name)
    rows = Paginator(deployments_reads.deployments_in(application), deployments_reads.PAGE)
    return page(
        request,
        "deployments/of_application.html",
        actor,
        application=application,
        rows=rows.get_page(request.GET.get("page")),
        tab="deploys",
    )
