"""What is said of a pod, held to pods that a real cluster wrote (``tests/core/pods``)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from environments.core.health.pods import of_pod
from environments.core.moments import moment
from environments.core.ports import Phase

PODS = sorted((Path(__file__).parent / "pods").glob("*.yaml"))
STARTED = "2026-11-25T12:00:00Z"
NOW = moment(STARTED) or 0.0


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "pods" / name).read_text())
    return found


def running(**more: Any) -> dict[str, Any]:
    state = {"running": {"startedAt": STARTED}}
    return {
        "spec": {"containers": [{"name": "web", "image": "web:1", **more}]},
        "status": {"containerStatuses": [{"ready": True, "restartCount": 0, "state": state}]},
    }


@pytest.mark.parametrize("file", PODS, ids=lambda file: file.stem)
def test_a_real_pod_is_told_in_these_words(file: Path) -> None:
    pod = read(file.name)
    found = of_pod(pod, now=NOW + 86_400, warnings=pod["warnings"])
    told = {"phase": str(found.phase), "ready": found.ready, "message": found.message}
    assert told == pod["health"]


def test_without_a_probe_it_is_ready_after_two_whole_seconds() -> None:
    assert not of_pod(running(), now=NOW + 2.9).ready
    assert of_pod(running(), now=NOW + 3.0).ready


@pytest.mark.parametrize(("seconds", "phase"), [(5, Phase.STARTING), (25, Phase.FAILED)])
def test_what_a_node_has_not_read_yet_is_waited_for(seconds: float, phase: Phase) -> None:
    pod = read("secret-missing.yaml")
    pod["status"]["startTime"] = STARTED
    found = of_pod(pod, now=NOW + seconds)
    assert found.phase is phase
    assert "its container cannot be made" in found.message


def test_one_that_fell_once_is_waited_for() -> None:
    pod = read("ends-with-3.yaml")
    pod["status"]["containerStatuses"][0]["restartCount"] = 1
    found = of_pod(pod, now=NOW)
    assert (found.phase, found.restarts) == (Phase.STARTING, 1)
    assert found.message == "the container ended with status 3, is started again"


@pytest.mark.parametrize(
    ("said", "phase", "words"),
    [
        ("401 Unauthorized", Phase.FAILED, "its registry refuses it, or has no image"),
        ("denied: requested access", Phase.FAILED, "its registry refuses it"),
        ("no match for platform in manifest", Phase.FAILED, "none for the platform of the node"),
        ("manifest unknown", Phase.FAILED, "none of this name and tag"),
        ("rpc error: code = X desc = dial tcp: connection refused", Phase.STARTING, "not there"),
    ],
)
def test_only_an_image_that_never_comes_is_a_failure(said: str, phase: Phase, words: str) -> None:
    pod = read("image-missing.yaml")
    waiting = {"reason": "ErrImagePull", "message": said}
    pod["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
    found = of_pod(pod, now=NOW)
    assert found.phase is phase
    assert words in found.message


def test_a_pod_of_which_nothing_is_known_yet_starts() -> None:
    found = of_pod({"spec": {"containers": []}}, now=NOW)
    assert (found.phase, found.message) == (Phase.STARTING, "waits for a node")
