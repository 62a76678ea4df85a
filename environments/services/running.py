"""The journey of one deployment: for each empty box its step, then the loop over the tasks."""

import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils import timezone

from environments import wiring
from environments.core.masking import Masker
from environments.core.plan import Act, Plan, leaving_problems
from environments.core.ports import EngineError, GitHostError, Stopped
from environments.core.problems import Problem, has_errors
from environments.loopback import NoPortsLeft
from environments.models import Deployment, DeploymentKind
from environments.models.deployment import SCALING
from environments.services import (
    ending,
    pausing,
    providing,
    public_hosts,
    rendering,
    resolving,
    status,
    writing,
)
from environments.services.lease import Lease, LeaseLost, claim
from environments.services.resolving import Pin
from environments.services.say import say
from environments.services.steps import Look, look_once, note_watched

SLICE_SECONDS = 5.0
"""How long one call observes before others in the queue get their turn."""
_LOOK_SECONDS = 0.1
_AGAIN_SECONDS = 1.0
"""Between two looks at what still has to go."""
_TRIES = 3


class Outcome(StrEnum):
    """What one call left behind."""

    NOTHING = "nothing"
    """Another worker has it, or another deployment of the namespace runs."""
    AGAIN = "again"
    ENDED = "ended"


def advance(pk: int, *, fence: int) -> Outcome:
    """Take the deployment as far as one slice of time allows."""
    lease = claim(pk, fence=fence)
    if lease is None:
        return Outcome.NOTHING
    deployment = _read(pk)
    status.refresh(deployment.namespace)
    try:
        with lease.beating():
            return _advance(deployment, lease)
    except LeaseLost:
        return Outcome.NOTHING
    except (OperationalError, InterfaceError):
        raise  # the database is away: the sweep brings this deployment back
    except Exception as bug:
        # What the bug says may hold anything, a secret too: the worker's log alone has it.
        reason = f"internal error: {type(bug).__name__}. Report it, with the worker's log."
        with suppress(LeaseLost):  # then it is another worker's to end
            ending.fail(deployment, lease, reason)
        raise


def _advance(deployment: Deployment, lease: Lease) -> Outcome:
    steps: tuple[tuple[str, Callable[[Deployment, Lease], bool]], ...] = (
        ("pins", _resolve),
        ("plan", _write),
        ("images", _provide),
        ("manifests", _render),
    )
    if deployment.kind in SCALING:
        steps = (("manifests", _scale),)
    for box, step in steps:
        if _abort_asked(deployment):
            ending.abort(deployment, lease)
            return Outcome.ENDED
        if getattr(deployment, box) is None and not step(deployment, lease):
            return Outcome.ENDED
        deployment = _read(deployment.pk)
    return _observe(deployment, lease)


def _read(pk: int) -> Deployment:
    rows = Deployment.objects.select_related(
        "environment__application__account", "namespace__context__account"
    )
    return rows.get(pk=pk)


def _abort_asked(deployment: Deployment) -> bool:
    return Deployment.objects.filter(pk=deployment.pk, abort_asked_at__isnull=False).exists()


def _resolve(deployment: Deployment, lease: Lease) -> bool:
    environment = deployment.environment
    if environment.removed_at is not None:
        ending.fail(deployment, lease, f"{environment.name} was removed while this waited.")
        return False
    resolved = resolving.resolve_for(deployment)
    if not _acceptable(deployment, lease, resolved.problems):
        return False
    pins = [resolving.pin_of(item) for item in resolved.items]
    own = next((pin for pin in pins if _is_own(pin, deployment)), None)
    if own and own["ignored_by"]:
        ending.ignore(deployment, lease, ref=own["ignored_ref"], pattern=own["ignored_by"])
        return False
    lines = [*_told(resolved.problems), *_moved(deployment, pins), *map(_why, pins)]
    with lease.writing():
        deployment.pins = pins
        deployment.branch = own["branch"] if own else ""
        deployment.commit = (own["commit"] or "") if own else ""
        deployment.resolved_at = timezone.now()
        deployment.save(update_fields=["pins", "branch", "commit", "resolved_at"])
        say(deployment, lines, masker=Masker(()))
    return True


def _scale(deployment: Deployment, lease: Lease) -> bool:
    environment = deployment.environment
    if environment.removed_at is not None:
        ending.fail(deployment, lease, f"{environment.name} was removed while this waited.")
        return False
    if not pausing.prepare(deployment, lease):
        ending.fail(deployment, lease, f"Nothing of {environment.name} runs.")
        return False
    return True


def _moved(deployment: Deployment, pins: list[Pin]) -> list[str]:
    """What is not any more as the plan showed it to the person who asked."""
    lines: list[str] = []
    for pin in pins:
        branch, commit = (deployment.shown or {}).get(pin["application"], (None, None))
        if commit and (branch, commit) != (pin["branch"], pin["commit"]):
            was, now = f"{branch} @ {commit[:7]}", f"{pin['branch']} @ {(pin['commit'] or '')[:7]}"
            lines.append(f"{pin['application']} moved since the plan was shown: {was} to {now}")
    return lines


def _is_own(pin: Pin, deployment: Deployment) -> bool:
    return bool(pin["environment_id"] == deployment.environment_id)


def _why(pin: Pin) -> str:
    commit = (pin["commit"] or "no commit")[:7]
    ignored = f", ignored by {pin['ignored_by']}" if pin["ignored_by"] else ""
    act = ", stays as it runs" if pin["act"] == Act.KEEP else ""
    leaves = ", leaves" if pin["leaves"] else ""
    return f"{pin['application']}: {pin['branch']} @ {commit} ({pin['rule']}{ignored}{act}{leaves})"


def _acceptable(deployment: Deployment, lease: Lease, problems: tuple[Problem, ...]) -> bool:
    """Whether the run may go on; an error ends it with all of them in its log.

    Warnings are told by the step, together with the box that it fills: once, whoever dies.
    """
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        reason = f"{errors[0].message}{more}"
        ending.fail(deployment, lease, reason, told=_told(problems))
    return not errors


def _told(problems: tuple[Problem, ...]) -> list[str]:
    return [f"{problem.level}: {problem.message}" for problem in problems]


def _write(deployment: Deployment, lease: Lease) -> bool:
    pins = _with_members(deployment, lease)
    made = writing.make(deployment, _staying(pins), kind=deployment.kind)
    leaving = _leaving(deployment, pins)
    if made.plan is not None:
        warned = public_hosts.plan_problems(deployment.namespace, made.plan)
        warned += leaving_problems(leaving, made.plan) if leaving else ()
        made = writing.Made(made.plan, (*made.problems, *warned))
    if not _acceptable(deployment, lease, made.problems) or made.plan is None:
        return False
    told = _told(made.problems)
    claimed = _claim_names(deployment, lease, made.plan)
    made = writing.make(deployment, _staying(pins), kind=deployment.kind)
    if made.plan is None or has_errors(made.problems):
        return _acceptable(deployment, lease, made.problems)
    if claimed:
        ending.fail(deployment, lease, claimed)
        return False
    pins = writing.in_order(pins, made.plan, leaving)
    with lease.writing():
        deployment.pins = pins
        deployment.plan = writing.form_with_leaving(made.plan, leaving)
        deployment.written_at = timezone.now()
        deployment.save(update_fields=["pins", "plan", "written_at"])
        writing.write_tasks(deployment, pins, made.plan, leaving)
        say(deployment, told, masker=Masker(()))
        status.refresh(deployment.namespace)
    return True


def _with_members(deployment: Deployment, lease: Lease) -> list[Pin]:
    """Every pin with its environment; once more where another run took a name or handle first."""
    for attempt in range(_TRIES):
        try:
            with lease.writing():
                pins = writing.create_members(deployment, deployment.pins or [])
                Deployment.objects.filter(pk=deployment.pk).update(pins=pins)
        except IntegrityError:
            if attempt == _TRIES - 1:
                raise
            continue
        deployment.pins = pins
        return pins
    raise AssertionError("unreachable")


def _claim_names(deployment: Deployment, lease: Lease, plan: Plan) -> str:
    """Claim hosts and ports; why not, where others have them, or "" """
    for _ in range(_TRIES):
        try:
            with lease.writing():
                writing.claim_hosts(deployment, plan)
                writing.claim_ports(deployment, plan)
        except NoPortsLeft as none_left:
            return str(none_left)
        except IntegrityError:  # taken by others at the very same moment
            continue
        return ""
    return "Its ports are taken each time. Deploy Setup tries again."


def _staying(pins: list[Pin]) -> list[Pin]:
    return [pin for pin in pins if not pin["leaves"]]


def _leaving(deployment: Deployment, pins: list[Pin]) -> Plan | None:
    going = [pin for pin in pins if pin["leaves"]]
    if not going:
        return None
    return writing.make(deployment, going, kind=DeploymentKind.TEARDOWN).plan


def _provide(deployment: Deployment, lease: Lease) -> bool:
    images: providing.Images = {}
    if deployment.kind != DeploymentKind.TEARDOWN:
        made = writing.make(deployment, _staying(deployment.pins or []), kind=deployment.kind)
        if made.plan is None:
            return _acceptable(deployment, lease, made.problems)
        try:
            images = providing.provide(deployment, lease, made.plan)
        except providing.NotProvided as missing:
            ending.fail(deployment, lease, str(missing), cause=missing.cause)
            return False
        except Stopped:
            ending.abort(deployment, lease)
            return False
    with lease.writing():
        deployment.images = images
        deployment.provided_at = timezone.now()
        deployment.save(update_fields=["images", "provided_at"])
    return True


def _render(deployment: Deployment, lease: Lease) -> bool:
    pins = deployment.pins or []
    made = writing.make(deployment, _staying(pins), kind=deployment.kind)
    if made.plan is None:
        return _acceptable(deployment, lease, made.problems)
    leaving = _leaving(deployment, pins)
    plans = [made.plan, leaving] if leaving else [made.plan]
    subjects: dict[int, str] = {}
    try:
        if deployment.kind != DeploymentKind.TEARDOWN:
            subjects = rendering.check_out(deployment, _staying(pins))
        manifests = rendering.render(deployment, plans)
    except GitHostError as wrong:
        ending.fail(deployment, lease, f"The code could not be checked out: {wrong}")
        return False
    except EngineError as away:
        ending.fail(deployment, lease, f"The engine does not answer: {away}")
        return False
    with lease.writing():
        rendering.name_commits(deployment, subjects)
        deployment.manifests = manifests
        deployment.rendered_at = timezone.now()
        deployment.save(update_fields=["manifests", "rendered_at"])
    return True


def _wait(deployment: Deployment) -> None:
    """Until something may have changed; an engine that is away is asked again soon."""
    namespace = deployment.namespace
    try:
        wiring.engine_of(namespace.context).wait(namespace.name, seconds=_LOOK_SECONDS)
    except EngineError:
        time.sleep(_LOOK_SECONDS)


def _observe(deployment: Deployment, lease: Lease) -> Outcome:
    """The loop: the next open task is applied, observed until its step may go on, then the next."""
    box = rendering.opened(deployment)
    masker = Masker(box.secrets)
    began = time.monotonic()
    while (watched := time.monotonic() - began) < SLICE_SECONDS:
        if _abort_asked(deployment):
            ending.abort(deployment, lease)
            return Outcome.ENDED
        seen = look_once(deployment, lease, box=box, masker=masker, watched=watched)
        if seen is Look.ENDED:
            if ending.finish(deployment, lease):
                return Outcome.ENDED
            time.sleep(_AGAIN_SECONDS)
            lease.give_back()
            return Outcome.AGAIN
        if seen is Look.STILL:
            _wait(deployment)
    note_watched(deployment, lease, time.monotonic() - began)
    lease.give_back()
    return Outcome.AGAIN
