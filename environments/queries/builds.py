"""Reading builds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from environments.models import (
    Account,
    Application,
    Build,
    BuildArgument,
    BuildLine,
    BuildStep,
    Context,
    Environment,
)
from environments.queries.accounts import Unseen

PAGE = 25
STEP_LINES = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What images take in the store of a context; ``size`` in bytes."""

    count: int
    size: int


def builds_in(application: Application) -> QuerySet[Build]:
    """Those of the application and of all its environments, newest first."""
    return _listed(Build.objects.filter(application=application))


def builds_of(environment: Environment) -> QuerySet[Build]:
    """Those that were made for the environment, newest first."""
    return _listed(Build.objects.filter(environment=environment))


def _listed(rows: QuerySet[Build]) -> QuerySet[Build]:
    counted = rows.annotate(
        images=Count("steps"), reused=Count("steps", filter=Q(steps__reused=True))
    )
    return counted.select_related("environment", "deployment", "context").order_by("-pk")


def build_of(account: Account, pk: int) -> Build:
    """One build of the account with what its page shows; raises ``Unseen``."""
    rows = Build.objects.filter(pk=pk, application__account=account)
    found = rows.select_related(
        "application__account", "environment", "deployment", "context"
    ).first()
    if found is None:
        raise Unseen
    return found


def steps_of(build: Build) -> list[BuildStep]:
    """Its images, each with ``last_lines``: what was said about it last."""
    rank = Window(RowNumber(), partition_by=F("step"), order_by=F("number").desc())
    lines = BuildLine.objects.filter(build=build).annotate(rank=rank).filter(rank__lte=STEP_LINES)
    said: dict[int, list[BuildLine]] = {}
    for one in lines.order_by("number"):
        said.setdefault(one.step_id or 0, []).append(one)
    steps = list(build.steps.select_related("image"))
    for step in steps:
        step.last_lines = said.get(step.pk, [])  # type: ignore[attr-defined]
    return steps


def newest_beside(build: Build) -> Build | None:
    """The newest other build of the application that is done, with its images."""
    rows = Build.objects.filter(application=build.application, state="done").exclude(pk=build.pk)
    return rows.prefetch_related(Prefetch("steps", BuildStep.objects.order_by("number"))).first()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two builds do not share; ``before`` is of the other one."""

    what: str
    name: str
    before: str
    after: str


def differences(build: Build, other: Build) -> list[Difference]:
    """How the build differs from the other one: branch, commit, and the inputs of each image."""
    found = [
        Difference(what, "", str(before), str(after))
        for what, before, after in (
            ("branch", other.branch, build.branch),
            ("commit", other.commit[:7], build.commit[:7]),
        )
        if before != after
    ]
    before = {step.name: step for step in other.steps.all()}
    after = {step.name: step for step in build.steps.all()}
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            found.append(Difference("image", name, _there(old), _there(new)))
        elif old.key != new.key:
            found.append(Difference("inputs of", name, old.key[:12], new.key[:12]))
    return found


def _there(step: BuildStep | None) -> str:
    return "built" if step is not None else "not built"


def arguments_of(account: Account, application: Application | None) -> QuerySet[BuildArgument]:
    """The build arguments of the account, or of one application."""
    return BuildArgument.objects.filter(account=account, application=application)


def taken_in(context: Context) -> Taken:
    """How many images builds have left there, and how large they are."""
    rows = context.images.values_list("digest", "size").distinct()
    sizes: dict[str, int] = dict(rows)
    return Taken(len(sizes), sum(sizes.values()))


def lasted(build: Build, now: datetime) -> Any:
    """Seconds from its start to its end, or until now; None before it began."""
    if build.started_at is None:
        return None
    return ((build.ended_at or now) - build.started_at).total_seconds()
