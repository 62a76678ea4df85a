"""One deployment: stages, tasks, log, and the button that ends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from environments.actions import deployments as asks
from environments.actions.asking import Actor, Refused, may_read_logs
from environments.models import Deployment
from environments.queries import deployments as reads
from environments.views.gate import in_account, part


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage with how long it took, or takes; ``seconds`` None: it has not begun."""

    name: str
    seconds: float | None
    is_over: bool


def stages_of(deployment: Deployment, now: datetime) -> Iterator[Stage]:
    """Resolve, write, render, apply: each begins where the one before it ended."""
    ends = (
        ("Resolve", deployment.resolved_at),
        ("Write", deployment.written_at),
        ("Render", deployment.rendered_at),
        ("Apply", deployment.ended_at if deployment.rendered_at else None),
    )
    begun = deployment.started_at
    for name, end in ends:
        until = end or deployment.ended_at or now
        yield Stage(name, (until - begun).total_seconds() if begun else None, end is not None)
        begun = end


@require_safe
@in_account
def deployment(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Its page; live while it is not over."""
    return _show(request, actor, reads.deployment_of(actor.account, pk))


def _show(
    request: HttpRequest,
    actor: Actor,
    found: Deployment,
    status: int = 200,
    refused: Refused | None = None,
) -> HttpResponse:
    failure = found.failure or {}
    own_job = failure.get("kind") == "job"
    return part(
        request,
        "deployments/deployment.html",
        "live",
        actor,
        status,
        deployment=found,
        environment=found.environment,
        application=found.environment.application,
        shares=reads.shares_of(found),
        lines=reads.lines_of(found),
        place=reads.place_of(found),
        stages=list(stages_of(found, timezone.now())),
        evidence_allowed=own_job or may_read_logs(actor, found.environment),
        problems=refused.problems if refused else (),
        tab="deploys",
    )


@require_POST
@in_account
def abort(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """End it."""
    found = reads.deployment_of(actor.account, pk)
    try:
        asks.abort(actor, found)
    except Refused as refused:
        return _show(request, actor, found, 422, refused)
    return redirect("deployment", actor.account.name, pk)


@require_safe
@in_account
def log(request: HttpRequest, actor: Actor, pk: int) -> StreamingHttpResponse | HttpResponse:
    """All its lines as text."""
    found = reads.deployment_of(actor.account, pk)
    answer = StreamingHttpResponse(_text_of(found), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="deployment-{pk}.log"'
    return answer


def _text_of(found: Deployment) -> Iterator[str]:
    for at, text in found.lines.order_by("number").values_list("at", "text").iterator():
        yield f"{at:%Y-%m-%dT%H:%M:%S.%fZ} {text}\n"
    if found.lines_left_out:
        yield f"{found.lines_left_out} lines left out\n"
