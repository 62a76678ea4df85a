"""How engines read a manifest, all of them the same way."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

Manifest = Mapping[str, Any]
"""One Kubernetes object as parsed JSON. Every engine reads the same ones; see ``core.render``."""

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


class WorkloadKind(StrEnum):
    """What an instance is a copy of: a service runs until stopped, a job until it ends; of a
    chart it is whatever that brings. A cron job has none itself: each of its runs is a job."""

    SERVICE = "Deployment"
    JOB = "Job"
    CRON_JOB = "CronJob"
    CHART = "Chart"


def workloads(manifests: Sequence[Manifest]) -> Iterator[Manifest]:
    """The manifests that run something: Deployments, Jobs, CronJobs and charts."""
    return (manifest for manifest in manifests if manifest["kind"] in tuple(WorkloadKind))


def variables_of(container: Mapping[str, Any], manifests: Sequence[Manifest]) -> dict[str, str]:
    """The variables of a container, from the Secrets beside it that it names."""
    named = [source["secretRef"]["name"] for source in container.get("envFrom", ())]
    secrets = {one["metadata"]["name"]: one for one in manifests if one["kind"] == "Secret"}
    return {key: text for name in named for key, text in secrets[name]["stringData"].items()}


def expanded(word: str, variables: Mapping[str, str]) -> str:
    """``$(NAME)`` replaced as Kubernetes does: unknown names stay, ``$$`` is one ``$``."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return variables.get(found[1], found[0])

    return _REFERENCE.sub(value, word)
