"""Whether what makes pods has made all of them, of its newest form: by its own status."""

from collections.abc import Mapping
from typing import Any


def of_rollout(one: Mapping[str, Any]) -> str:
    """Of a Deployment, StatefulSet or DaemonSet: what is waited for, or "" where all is done."""
    spec, status = one.get("spec") or {}, one.get("status") or {}
    kind, name = one["kind"], one["metadata"]["name"]
    if int(status.get("observedGeneration") or 0) < int(one["metadata"].get("generation") or 0):
        return f"{kind} {name} has just been changed"
    if kind == "DaemonSet":
        wanted = int(status.get("desiredNumberScheduled") or 0)
        updated, ready = status.get("updatedNumberScheduled"), status.get("numberReady")
    else:
        wanted = int(spec.get("replicas", 1))
        updated = status.get("updatedReplicas")
        ready = status.get("readyReplicas" if kind == "StatefulSet" else "availableReplicas")
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        updated = wanted
    done = min(int(updated or 0), int(ready or 0))
    if done < wanted:
        return f"{done} of {wanted} of {kind} {name} are ready"
    left = int(status.get("replicas") or 0) - wanted if kind == "Deployment" else 0
    return f"what {kind} {name} had before is being ended" if left > 0 else ""
