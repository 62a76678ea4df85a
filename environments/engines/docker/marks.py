"""How everything that is made is named and labelled, so that it is found again, and only it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from environments.core.ports import LABEL_WORKLOAD

INSTALLATION = "releaseclone/installation"
NAMESPACE = "releaseclone/namespace"
KIND = "releaseclone/kind"
INSTANCE = "releaseclone/instance"
REVISION = "releaseclone/revision"
READINESS = "releaseclone/readiness"
LIVENESS = "releaseclone/liveness"
PUBLISHED = "releaseclone/published"
SECONDS = "releaseclone/seconds"


@dataclass(frozen=True, slots=True)
class Marks:
    """Names and labels of one installation: two on one machine never meet.

    ``installation``: some hexadecimal digits, kept with the product's data.
    """

    installation: str

    def network(self, namespace: str) -> str:
        """The one network of a namespace."""
        return f"rc{self.installation}-{namespace}"

    def container(self, namespace: str, instance: str) -> str:
        """One replica of a service; a dot keeps namespace and instance apart."""
        return f"rc{self.installation}-{namespace}.{instance}"

    def job(self, namespace: str, job: str) -> str:
        """One run of a job, which may bear the name of a replica."""
        return f"rc{self.installation}-{namespace}.job.{job}"

    def volume(self, namespace: str, claim: str) -> str:
        """One volume of a namespace."""
        return f"rc{self.installation}-{namespace}.{claim}"

    def labels(self, namespace: str, **more: str) -> dict[str, str]:
        """On everything that is made."""
        return {INSTALLATION: self.installation, NAMESPACE: namespace, **more}

    def of_installation(self) -> dict[str, list[str]]:
        """A filter that finds all of it."""
        return {"label": [f"{INSTALLATION}={self.installation}"]}

    def of_namespace(self, namespace: str) -> dict[str, list[str]]:
        """A filter that finds what belongs to a namespace."""
        return _filter({INSTALLATION: self.installation, NAMESPACE: namespace})

    def of_workload(self, namespace: str, workload: str, kind: str) -> dict[str, list[str]]:
        """A filter that finds the containers of one service or job."""
        labels = {INSTALLATION: self.installation, NAMESPACE: namespace}
        return _filter({**labels, LABEL_WORKLOAD: workload, KIND: kind})


def bears(labels: Mapping[str, str] | None, filters: Mapping[str, Sequence[str]]) -> bool:
    """Whether these labels are all that a filter asks for.

    Not every engine means "and" by several labels of one filter: what it finds is looked at again.
    """
    there = {f"{name}={value}" for name, value in (labels or {}).items()}
    return there.issuperset(filters["label"])


def _filter(labels: Mapping[str, str]) -> dict[str, list[str]]:
    return {"label": [f"{name}={value}" for name, value in labels.items()]}
