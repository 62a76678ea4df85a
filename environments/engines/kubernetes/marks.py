"""Labels by which everything that is made is found again, and only it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from environments.core.ports import (
    LABEL_APPLICATION,
    LABEL_ENVIRONMENT,
    LABEL_KIND,
    LABEL_MANAGED,
    LABEL_WORKLOAD,
    MANAGED_BY,
)

INSTALLATION = "releaseclone/installation"
GROUND = "releaseclone/ground"
"""Annotation of a namespace: a digest of what stands on it beside workloads."""
INVENTORY = "releaseclone/inventory"
"""Annotation of a workload: what stands beside it, so that it goes when it is wanted no more."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Labels of one installation: two that share a cluster never touch each other's objects."""

    installation: str

    @property
    def labels(self) -> dict[str, str]:
        """On everything that is made, and what finds it."""
        return {LABEL_MANAGED: MANAGED_BY, INSTALLATION: self.installation}

    @property
    def finding(self) -> dict[str, str]:
        """What finds all of it, whatever manages it: of what helm makes, helm says that it does."""
        return {INSTALLATION: self.installation}

    def of_chart(self, labels: Mapping[str, str]) -> dict[str, str]:
        """On everything that a chart brings, by the labels of its manifest."""
        kept = (LABEL_APPLICATION, LABEL_ENVIRONMENT, LABEL_WORKLOAD, LABEL_KIND)
        return {**{name: labels[name] for name in kept}, **self.finding}

    def of_workload(self, name: str) -> dict[str, str]:
        """What finds a workload, what stands beside it, and its instances."""
        return {**self.labels, LABEL_WORKLOAD: name}

    def are_on(self, metadata: Mapping[str, Any]) -> bool:
        """Whether an object was made by this installation."""
        labels = metadata.get("labels") or {}
        return all(labels.get(name) == value for name, value in self.labels.items())
