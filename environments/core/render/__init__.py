"""Plan to Kubernetes manifests, in the order to apply them: same input, same bytes."""

from environments.core.render.manifests import (
    KEPT_RUNS,
    cron_job_manifests,
    job_manifests,
    render,
    run_of,
    service_manifests,
)
from environments.core.render.pulling import with_sign_ins

__all__ = [
    "KEPT_RUNS",
    "cron_job_manifests",
    "job_manifests",
    "render",
    "run_of",
    "service_manifests",
    "with_sign_ins",
]
