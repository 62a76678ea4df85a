"""The Kubernetes cluster for tests: that of ``KUBECONFIG``, where the person says so."""

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from environments.core.ports import Engine, Step
from environments.engines.kubernetes import KubernetesEngine

BUSYBOX = os.environ.get("RELEASECLONE_TEST_BUSYBOX", "local/busybox:1")
"""An image with all of busybox that the cluster can pull."""
_SWITCH = "RELEASECLONE_TEST_CLUSTER"


def is_there() -> bool:
    """Whether tests may use it: they make namespaces, and delete them again."""
    return os.environ.get(_SWITCH) == "1" and bool(os.environ.get("KUBECONFIG"))


def missing() -> str:
    """Why there is none, or ""."""
    if is_there():
        return ""
    return f"set {_SWITCH}=1 and KUBECONFIG to a cluster that tests may use"


class InOwnNamespaces:
    """An engine whose namespaces are called otherwise: tests never wait for one another's end."""

    def __init__(self, engine: KubernetesEngine) -> None:
        self.engine = engine
        self.used: set[str] = set()
        self._suffix = uuid.uuid4().hex[:6]

    def named(self, namespace: str) -> str:
        """What it is called in the cluster."""
        name = f"{namespace}-{self._suffix}"
        self.used.add(name)
        return name

    def apply(self, step: Step) -> None:
        """In the namespace of the other name."""
        self.engine.apply(replace(step, namespace=self.named(step.namespace)))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.engine, name)
        if name in ("traits", "check", "tend", "doors"):
            return method

        def called(namespace: str, *rest: Any, **more: Any) -> Any:
            return method(self.named(namespace), *rest, **more)

        return called


@contextmanager
def engine(**more: Any) -> Iterator[Engine]:
    """One with nothing of its own in the cluster, then and afterwards."""
    own = KubernetesEngine(os.environ["KUBECONFIG"], installation=uuid.uuid4().hex[:8], **more)
    renamed = InOwnNamespaces(own)
    try:
        yield renamed  # type: ignore[misc]
    finally:
        forget(own, sorted(renamed.used))


def forget(engine: KubernetesEngine, namespaces: Sequence[str]) -> None:
    """Let them end, without waiting for it."""
    for namespace in namespaces:
        if engine._ground.is_ours(namespace):
            engine._cluster.delete("Namespace", namespace)


def forget_all(engine: KubernetesEngine) -> None:
    """Let every namespace of the engine's installation end."""
    found = engine._cluster.all("Namespace", labels=engine._marks.labels)
    forget(engine, [one["metadata"]["name"] for one in found])
