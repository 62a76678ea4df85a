"""Of a workload by its instances, of an environment by its members."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from environments.core.health.pods import STEADY_SECONDS
from environments.core.ports import Instance, Phase


class State(StrEnum):
    """What a look at a workload says."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Health:
    """A state and the sentence that goes with it."""

    state: State
    message: str


# Worst first: an importer's status is the first of these that a member has.
WORST_FIRST = (
    "failed",
    "aborted",
    "removing",
    "deploying",
    "waiting",
    "new",
    "deployed",
    "paused",
    "removed",
)
_IN_PROGRESS = ("removing", "deploying", "waiting")


def worst_status(statuses: Sequence[str]) -> str:
    """The status of an importer by those of its members; a run in progress goes first."""
    for status in _IN_PROGRESS:
        if status in statuses:
            return status
    return min(statuses, key=WORST_FIRST.index)


def of_service(
    instances: Sequence[Instance], *, replicas: int, elapsed: float, limit: float
) -> Health:
    """Ready when every replica is; failed at the first that ended for good, or after ``limit``.

    ``elapsed`` and ``limit`` in seconds since it was applied.
    """
    if not replicas:
        return _of_none(instances, elapsed=elapsed, limit=limit)
    failed = next((one for one in instances if one.phase is Phase.FAILED), None)
    if failed is not None:
        return Health(State.FAILED, failed.message or f"{failed.name} failed")
    ready = sum(one.ready for one in instances)
    if ready >= replicas and ready == len(instances):
        return Health(State.READY, "ready")
    waiting = next((one.message for one in instances if not one.ready and one.message), "")
    if elapsed > limit:
        return Health(State.FAILED, f"not ready after {limit:.0f} s: {waiting or 'no instance'}")
    return Health(State.WAITING, waiting or "waits for its first instance")


def _of_none(instances: Sequence[Instance], *, elapsed: float, limit: float) -> Health:
    """Ready when none is left; one that is being ended has not failed."""
    if not instances:
        return Health(State.READY, "ready")
    left = ", ".join(one.name for one in instances)
    if elapsed > limit:
        return Health(State.FAILED, f"still there after {limit:.0f} s: {left}")
    return Health(State.WAITING, f"is being ended: {left}")


def of_chart(instances: Sequence[Instance], *, elapsed: float, limit: float) -> Health:
    """Ready when all is that it brought: that may be nothing at all."""
    if elapsed < STEADY_SECONDS:  # what was made is seen a moment later
        return Health(State.WAITING, "waits for what it brings")
    if not instances:
        return Health(State.READY, "ready")
    return of_service(instances, replicas=1, elapsed=elapsed, limit=limit)


def of_job(instances: Sequence[Instance], *, elapsed: float, limit: float) -> Health:
    """Ready when it ended with status 0; ``limit`` is its ``completed_timeout``."""
    if not instances:
        if elapsed > limit:
            return Health(State.FAILED, f"did not start within {limit:.0f} s")
        return Health(State.WAITING, "waits to start")
    job = instances[0]
    if job.phase is Phase.SUCCEEDED:
        return Health(State.READY, "ended with status 0")
    if job.phase in (Phase.FAILED, Phase.STOPPED):
        return Health(State.FAILED, job.message or f"ended with status {job.exit_status}")
    if elapsed > limit:
        return Health(State.FAILED, f"not ended after {limit:.0f} s")
    return Health(State.WAITING, job.message or "runs")
