"""One deployment: stages, tasks, log, and the button that ends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from environments.actions import deployments as asks
from environments.actions.asking import Actor, Refused, may_read_logs
from environments.models import Deployment, DeploymentStatus
from environments.models.deployment import SCALING
from environments.queries import deployments as reads
from environments.queries.moments import moments_of
from environments.views.gate import STOP_POLLING, in_account, part
from environments.views.logs import asked_part

_SUCCESSES = (DeploymentStatus.DEPLOYED, DeploymentStatus.REMOVED, DeploymentStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage with how long it took, or takes; ``seconds`` None: it has not begun.

    ``state``: ``ready``, ``running``, ``new``, or how the deployment ended in it.
    """

    name: str
    seconds: float | None
    state: str


def runs_images(deployment: Deployment) -> bool:
    """Whether its engine does, and images are there before anything is rendered."""
    return deployment.namespace.context.engine in settings.BUILDERS


def stages_of(deployment: Deployment, now: datetime) -> Iterator[Stage]:
    """Resolve, write, (images,) render, apply: each begins where the one before it ended."""
    ended = deployment.ended_at
    has_succeeded = deployment.status in _SUCCESSES
    before = (
        ("Resolve", deployment.resolved_at),
        ("Write", deployment.written_at),
        *((("Images", deployment.provided_at),) if runs_images(deployment) else ()),
        ("Render", deployment.rendered_at),
    )
    ends = (
        *(before if deployment.kind not in SCALING else ()),
        ("Apply", ended if deployment.rendered_at and has_succeeded else None),
    )
    begun = deployment.started_at
    for name, end in ends:
        unfinished = deployment.status if ended else "running"
        state = "new" if begun is None else "ready" if end else unfinished
        until = end or ended or now
        yield Stage(name, (until - begun).total_seconds() if begun else None, state)
        begun = end


@require_safe
@in_account
def deployment(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Its page; live while it is not over."""
    found = reads.deployment_of(actor.account, pk)
    return _show(request, actor, found, STOP_POLLING if found.is_over else 200)


def _show(
    request: HttpRequest,
    actor: Actor,
    found: Deployment,
    status: int = 200,
    refused: Refused | None = None,
) -> HttpResponse:
    failure = found.failure or {}
    own_output = failure.get("kind") in ("job", "image")
    now = timezone.now()
    shares = reads.shares_of(found)
    return part(
        request,
        "deployments/deployment.html",
        "live",
        actor,
        status,
        deployment=found,
        environment=found.environment,
        application=found.environment.application,
        shares=reads.with_last_lines(shares),
        log=asked_part(request, found.lines.all()),
        place=reads.place_of(found),
        moment=moments_of([found])[found.pk],
        stages=list(stages_of(found, now)),
        now=now,
        logs_allowed=may_read_logs(actor, found.environment),
        evidence_allowed=own_output or may_read_logs(actor, found.environment),
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
