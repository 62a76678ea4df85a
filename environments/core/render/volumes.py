"""Volumes of a workload: the claims that keep their data, and where they are mounted."""

from collections.abc import Iterator
from typing import Any

from environments.core.names import label
from environments.core.plan.model import PlannedWorkload
from environments.core.template.model import Volume

_STANDARD_SIZE = "1Gi"
_MEMORY = "shmem"


def claims(workload: PlannedWorkload) -> Iterator[tuple[str, str]]:
    """Name and size of each claim that the workload mounts."""
    for volume in workload.volumes:
        if volume.type != _MEMORY:
            yield claim_name(workload, volume), volume.size or _STANDARD_SIZE


def claim_name(workload: PlannedWorkload, volume: Volume) -> str:
    """A shared volume under its own name; one of a workload under both, kept apart by a dot."""
    if volume.claim:
        return label(volume.claim)
    owner = (
        f"job.{workload.workload}" if workload.kind in ("job", "cron_job") else workload.workload
    )
    return f"{owner}.{label(volume.name or volume.mount_path)}"


def mounted(workload: PlannedWorkload) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """``volumeMounts`` of the container and ``volumes`` of the pod."""
    mounts: list[dict[str, Any]] = []
    volumes: list[dict[str, Any]] = []
    for number, volume in enumerate(workload.volumes):
        name = f"volume-{number}"
        mounts.append({"name": name, "mountPath": volume.mount_path})
        if volume.type == _MEMORY:
            size = {"sizeLimit": volume.size} if volume.size else {}
            volumes.append({"name": name, "emptyDir": {"medium": "Memory", **size}})
        else:
            claim = {"claimName": claim_name(workload, volume)}
            volumes.append({"name": name, "persistentVolumeClaim": claim})
    return mounts, volumes
