"""Of a pod, as Kubernetes writes it: where it is in its life, and why it goes no further."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from environments.core.health import endings
from environments.core.moments import moment
from environments.core.ports import Phase
from environments.core.sentences import one_line

Pod = Mapping[str, Any]

STEADY_SECONDS = 2.0
"""How long an instance without a readiness probe has to run to be ready."""
_PATIENT_STARTS = 2
"""So often a service may end and be started again before that counts as its failure."""
_NO_IMAGE = re.compile(r"not found|manifest unknown|name unknown|invalid reference", re.IGNORECASE)
_NO_ENTRY = re.compile(
    r"unauthorized|authentication required|authorization failed|denied|no basic auth|forbidden",
    re.IGNORECASE,
)
_NO_PLATFORM = re.compile(r"no match for platform|no matching manifest", re.IGNORECASE)
_IMAGE = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ErrImageNeverPull")
_NOT_MADE = ("CreateContainerConfigError", "CreateContainerError")
_PATIENT_SECONDS = 20.0
"""So long a node may fail to make a container, such as before it has read what was just written."""
_PROBE = re.compile(r"^Readiness probe (?:failed|errored)[^:]*: *")
_REQUEST = re.compile(r'^Get "[^"]*": (?:dial tcp \S+ )?')
_BESIDE = re.compile(r"\s+(?:no new claims|preemption:)")
_PROCESS = "unable to start container process: "
_WAITS = {
    "ContainerCreating": "its container is being made",
    "PodInitializing": "its container is being made",
}


@dataclass(frozen=True, slots=True)
class PodHealth:
    """What a look at a pod says; ``started_at`` in seconds since 1970."""

    phase: Phase
    ready: bool = False
    message: str = ""
    restarts: int = 0
    exit_status: int | None = None
    started_at: float | None = None


def of_pod(pod: Pod, *, now: float, warnings: Sequence[str] = ()) -> PodHealth:
    """``warnings``: the messages of its events of that type, the newest last."""
    status: Pod = pod.get("status") or {}
    container = _container(status)
    state: Pod = container.get("state") or {}
    restarts = int(container.get("restartCount") or 0)
    is_job = pod["spec"].get("restartPolicy") == "Never"
    if ended := _ended(pod, state, is_job=is_job):
        return ended
    if "running" in state:
        started = moment((state["running"] or {}).get("startedAt"))
        if is_job:
            return PodHealth(Phase.RUNNING, restarts=restarts, started_at=started)
        message = _not_ready(pod, container, started, now=now, warnings=warnings)
        phase = Phase.STARTING if message else Phase.RUNNING
        return PodHealth(phase, not message, message, restarts, started_at=started)
    if "waiting" in state:
        begun = moment(status.get("startTime"))
        waited = now - begun if begun else math.inf
        return _waiting(pod, container, restarts, warnings, waited=waited)
    return PodHealth(Phase.STARTING, message=_unplaced(status, warnings), restarts=restarts)


def _container(status: Pod) -> Pod:
    return next(iter(status.get("containerStatuses") or ()), {})


def _ended(pod: Pod, state: Pod, *, is_job: bool) -> PodHealth | None:
    """Of a pod whose container has ended, for good where it is a job's."""
    status: Pod = pod.get("status") or {}
    end: Pod = state.get("terminated") or {}
    if not end and status.get("phase") not in ("Failed", "Succeeded"):
        return None
    restarts = int(_container(status).get("restartCount") or 0)
    started, code = moment(end.get("startedAt")), int(end.get("exitCode") or 0)
    if not is_job:
        return _fallen(pod, end, restarts)
    if status.get("reason") == "DeadlineExceeded":
        limit = pod["spec"].get("activeDeadlineSeconds")
        message = f"not ended after {limit} s"
    elif status.get("phase") == "Failed" and not end:
        message = str(status.get("message") or status.get("reason") or "its pod failed")
    elif code or end.get("reason") == "OOMKilled":
        message = why(pod, end)
    else:
        return PodHealth(Phase.SUCCEEDED, True, "", restarts, 0, started)
    return PodHealth(Phase.FAILED, False, message, restarts, code or 1, started)


def _fallen(pod: Pod, end: Pod, restarts: int) -> PodHealth:
    """Of a service whose container has ended: it is started again, later each time."""
    started, message = moment(end.get("startedAt")), why(pod, end)
    if restarts < _PATIENT_STARTS:
        again = f"{message}, is started again"
        return PodHealth(Phase.STARTING, False, again, restarts, started_at=started)
    message = f"{message} ({restarts + 1} starts)"
    return PodHealth(Phase.FAILED, False, message, restarts, end.get("exitCode"), started)


def _waiting(
    pod: Pod, container: Pod, restarts: int, warnings: Sequence[str], *, waited: float
) -> PodHealth:
    waiting: Pod = container["state"]["waiting"] or {}
    reason, told = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
    last: Pod = (container.get("lastState") or {}).get("terminated") or {}
    started = moment(last.get("startedAt"))
    if reason == "CrashLoopBackOff":
        return _fallen(pod, last, restarts)
    image = pod["spec"]["containers"][0].get("image")
    if reason in _IMAGE:
        # Only the first message of an attempt says why; later ones say that it is waited.
        reasons = [told, *reversed(warnings)]
        if why_not := next(filter(None, map(_why_not_pulled, reasons)), ""):
            text = f"the image {image} cannot be pulled: {why_not}"
            return PodHealth(Phase.FAILED, False, text, restarts, None, started)
        text = f"the image {image} is not there yet: {_cause(told or reason)}"
        return PodHealth(Phase.STARTING, False, text, restarts, started_at=started)
    if reason == "InvalidImageName":
        text = f"{image} is no name of an image"
        return PodHealth(Phase.FAILED, False, text, restarts, None, started)
    if reason in _NOT_MADE:
        text = f"its container cannot be made: {_sentence(told or reason)}"
        phase = Phase.FAILED if waited > _PATIENT_SECONDS else Phase.STARTING
        return PodHealth(phase, False, text, restarts, None, started)
    if reason == "RunContainerError" and restarts >= _PATIENT_STARTS:
        text = f"the container cannot be started: {_cause(told)}"
        return PodHealth(Phase.FAILED, False, text, restarts, None, started)
    text = _WAITS.get(reason, _sentence(told or reason) or "is about to start")
    if warnings and reason in _WAITS:
        text = _sentence(warnings[-1])
    return PodHealth(Phase.STARTING, False, text, restarts, started_at=started)


def _why_not_pulled(told: str) -> str:
    """Why asking again is in vain, "" where it may help."""
    if _NO_PLATFORM.search(told):
        return "there is none for the platform of the node"
    if _NO_ENTRY.search(told):
        return "its registry refuses it, or has no image of this name"
    return "there is none of this name and tag" if _NO_IMAGE.search(told) else ""


def _unplaced(status: Pod, warnings: Sequence[str]) -> str:
    """Why it has no node yet."""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            told = _BESIDE.split(str(condition.get("message") or ""))[0]
            return f"no node takes it: {_sentence(told)}"
    return _sentence(warnings[-1]) if warnings else "waits for a node"


def _not_ready(
    pod: Pod, container: Pod, started: float | None, *, now: float, warnings: Sequence[str]
) -> str:
    """ "" where it is ready, else what it waits for."""
    probe = pod["spec"]["containers"][0].get("readinessProbe")
    if probe is None:
        # Its start is told in whole seconds, cut off.
        return "starts" if started is None or now - started < STEADY_SECONDS + 1 else ""
    if container.get("ready"):
        return ""
    told = next((one for one in reversed(warnings) if _PROBE.match(one)), "")
    answer = _sentence(_REQUEST.sub("", _PROBE.sub("", told)))
    return f"{_asked(probe)}: {answer}" if answer else f"{_asked(probe)}: no good answer yet"


def _asked(probe: Pod) -> str:
    if get := probe.get("httpGet"):
        return f"GET {get.get('path') or '/'}"
    if tcp := probe.get("tcpSocket"):
        return f"port {tcp.get('port')}"
    return " ".join((probe.get("exec") or {}).get("command") or ("its probe",))


def why(pod: Pod, end: Pod) -> str:
    """How a container ended, and the likely reason where there is one."""
    resources = pod["spec"]["containers"][0].get("resources") or {}
    if end.get("reason") in ("StartError", "ContainerCannotRun"):
        return f"the container cannot be started: {_cause(str(end.get('message') or ''))}"
    return endings.told(
        int(end.get("exitCode") or 0),
        limit=str((resources.get("limits") or {}).get("memory") or ""),
        out_of_memory=end.get("reason") == "OOMKilled",
    )


def _cause(told: str) -> str:
    """The end of a chain of messages, where the first cause stands."""
    for begin in (_PROCESS, "desc = "):
        told = told.rpartition(begin)[2]
    return _sentence(told)


def _sentence(text: str) -> str:
    return one_line(text, at_most=300)
