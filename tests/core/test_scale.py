"""What a pause applies."""

from typing import Any

from environments.core.render import without_instances

SERVICE: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "web", "annotations": {"releaseclone/revision": "a1"}},
    "spec": {"replicas": 3, "template": {}},
}
SCALER: dict[str, Any] = {"kind": "HorizontalPodAutoscaler", "spec": {"minReplicas": 2}}
CLAIM: dict[str, Any] = {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}


def test_no_instance_is_left_and_nothing_raises_their_number() -> None:
    claim, service = without_instances([CLAIM, SERVICE, SCALER])
    assert claim == CLAIM
    assert service == {**SERVICE, "spec": {"replicas": 0, "template": {}}}
    assert SERVICE["spec"]["replicas"] == 3
