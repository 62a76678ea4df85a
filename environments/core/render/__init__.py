"""Plan to Kubernetes manifests, in the order to apply them: same input, same bytes."""

from environments.core.render.charts import chart_manifest
from environments.core.render.ground import QUOTA, ground_manifests
from environments.core.render.manifests import (
    KEPT_RUNS,
    cron_job_manifests,
    job_manifests,
    render,
    run_of,
    service_manifests,
)
from environments.core.render.marks import revision
from environments.core.render.pulling import with_sign_ins
from environments.core.render.scale import without_instances

__all__ = [
    "KEPT_RUNS",
    "QUOTA",
    "chart_manifest",
    "cron_job_manifests",
    "ground_manifests",
    "job_manifests",
    "render",
    "revision",
    "run_of",
    "service_manifests",
    "with_sign_ins",
    "without_instances",
]
