"""Plan to Kubernetes manifests, in the order to apply them: same input, same bytes."""

from environments.core.render.manifests import job_manifests, render, service_manifests

__all__ = ["job_manifests", "render", "service_manifests"]
