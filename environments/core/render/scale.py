"""The same workload with no instance: what a pause applies."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from environments.core.ports import Manifest, WorkloadKind


def without_instances(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """The manifests of a service or cron job that let it run nothing, nor anything raise that.

    Its revision stays: what is resumed is what was paused.
    """
    made: list[Any] = [
        deepcopy(dict(one)) for one in manifests if one["kind"] != "HorizontalPodAutoscaler"
    ]
    for one in made:
        if one["kind"] == WorkloadKind.SERVICE:
            one["spec"]["replicas"] = 0
        elif one["kind"] == WorkloadKind.CRON_JOB:
            one["spec"]["suspend"] = True
    return tuple(made)
