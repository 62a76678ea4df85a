"""Health as pure functions: of a pod, of a workload by its instances, of an environment by its
members."""

from environments.core.health.workloads import (
    WORST_FIRST,
    Health,
    State,
    of_chart,
    of_job,
    of_service,
    worst_status,
)

__all__ = ["WORST_FIRST", "Health", "State", "of_chart", "of_job", "of_service", "worst_status"]
