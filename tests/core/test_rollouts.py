"""Whether what makes pods is done, by its own status."""

from typing import Any

import pytest

from environments.core.health import of_chart
from environments.core.health.rollouts import of_rollout
from environments.core.ports import Instance, Phase, WorkloadKind


def one(kind: str, spec: dict[str, Any], generation: int = 2, **status: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"name": "a", "generation": generation},
        "spec": spec,
        "status": {"observedGeneration": 2, **status},
    }


THREE = {"replicas": 3}


@pytest.mark.parametrize(
    ("seen", "waits"),
    [
        (one("Deployment", THREE, updatedReplicas=3, availableReplicas=3, replicas=3), ""),
        (one("Deployment", {"replicas": 0}), ""),
        (one("Deployment", {}, updatedReplicas=1, availableReplicas=1, replicas=1), ""),
        (
            one("Deployment", THREE, updatedReplicas=2, availableReplicas=3, replicas=4),
            "2 of 3 of Deployment a are ready",
        ),
        (
            one("Deployment", THREE, updatedReplicas=3, availableReplicas=3, replicas=4),
            "what Deployment a had before is being ended",
        ),
        (one("Deployment", THREE, generation=3), "Deployment a has just been changed"),
        (one("StatefulSet", THREE, updatedReplicas=3, readyReplicas=3), ""),
        (
            one("StatefulSet", THREE, updatedReplicas=3, readyReplicas=1),
            "1 of 3 of StatefulSet a are ready",
        ),
        (
            one(
                "StatefulSet",
                {**THREE, "updateStrategy": {"type": "OnDelete"}},
                updatedReplicas=0,
                readyReplicas=3,
            ),
            "",
        ),
        (
            one("DaemonSet", {}, desiredNumberScheduled=2, updatedNumberScheduled=2, numberReady=2),
            "",
        ),
        (
            one("DaemonSet", {}, desiredNumberScheduled=2, updatedNumberScheduled=1),
            "0 of 2 of DaemonSet a are ready",
        ),
    ],
)
def test_what_is_waited_for(seen: dict[str, Any], waits: str) -> None:
    assert of_rollout(seen) == waits


def brought(phase: Phase, ready: bool) -> Instance:
    return Instance(
        name="a-0",
        workload="a",
        kind=WorkloadKind.CHART,
        application="shop",
        environment="ted1",
        phase=phase,
        ready=ready,
        message="exit 3",
    )


@pytest.mark.parametrize(
    ("instances", "elapsed", "state"),
    [
        ((), 1, "waiting"),
        ((), 3, "ready"),
        ((brought(Phase.RUNNING, True),), 3, "ready"),
        ((brought(Phase.RUNNING, True), brought(Phase.STARTING, False)), 3, "waiting"),
        ((brought(Phase.FAILED, False),), 3, "failed"),
        ((brought(Phase.STARTING, False),), 601, "failed"),
    ],
)
def test_a_chart_is_ready_when_all_is_that_it_brought(
    instances: tuple[Instance, ...], elapsed: float, state: str
) -> None:
    assert of_chart(instances, elapsed=elapsed, limit=600).state == state
