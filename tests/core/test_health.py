"""Health of workloads and environments."""

import pytest

from environments.core.health import State, of_job, of_service, worst_status
from environments.core.ports import Instance, Phase, WorkloadKind


def instance(phase: Phase, *, ready: bool = False, message: str = "", name: str = "a") -> Instance:
    return Instance(name, "w", WorkloadKind.SERVICE, "app", "ted1", phase, ready, message=message)


RUNS = instance(Phase.RUNNING, ready=True)
STARTS = instance(Phase.STARTING, message="waits for its probe")


def service(*instances: Instance, replicas: int = 1, elapsed: float = 1.0) -> tuple[str, str]:
    found = of_service(instances, replicas=replicas, elapsed=elapsed, limit=600.0)
    return found.state, found.message


def test_a_service_is_ready_when_every_replica_is() -> None:
    assert service(RUNS)[0] == State.READY
    assert service(RUNS, replicas=2)[0] == State.WAITING
    assert service(RUNS, STARTS, replicas=2) == (State.WAITING, "waits for its probe")
    assert service(RUNS, RUNS, replicas=2)[0] == State.READY


def test_an_old_instance_that_is_still_there_is_waited_for() -> None:
    assert service(RUNS, STARTS, replicas=1)[0] == State.WAITING


def test_the_first_that_ended_for_good_fails_the_service() -> None:
    assert service(RUNS, instance(Phase.FAILED, message="status 3"))[1] == "status 3"


def test_after_the_limit_it_has_failed_and_says_what_it_waited_for() -> None:
    state, message = service(STARTS, elapsed=601)
    assert state == State.FAILED
    assert message == "not ready after 600 s: waits for its probe"


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        (Phase.SUCCEEDED, State.READY),
        (Phase.FAILED, State.FAILED),
        (Phase.STOPPED, State.FAILED),
        (Phase.RUNNING, State.WAITING),
    ],
)
def test_a_job_by_its_phase(phase: Phase, state: State) -> None:
    assert of_job([instance(phase)], elapsed=1.0, limit=60.0).state is state


def test_a_job_that_never_ends_fails() -> None:
    assert of_job([instance(Phase.RUNNING)], elapsed=61.0, limit=60.0).state is State.FAILED
    assert of_job([], elapsed=61.0, limit=60.0).state is State.FAILED


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (["deployed", "failed"], "failed"),
        (["aborted", "failed"], "failed"),
        (["deploying", "failed"], "deploying"),
        (["new", "deployed"], "new"),
        (["deployed", "deployed"], "deployed"),
        (["waiting", "deployed"], "waiting"),
    ],
)
def test_the_status_of_an_importer(statuses: list[str], worst: str) -> None:
    assert worst_status(statuses) == worst
