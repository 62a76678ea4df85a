"""Engine ``kubernetes``: the manifests themselves, applied to a cluster."""

from environments.engines.kubernetes.engine import KubernetesEngine

__all__ = ["KubernetesEngine"]
