"""Health: of workloads by the golden files ``<kind>-<state>.yaml``, of environments by a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from environments.core.health import WORST_FIRST, Health, State, of_job, of_service, worst_status
from environments.core.ports import Instance, Phase, WorkloadKind

GOLDEN = Path(__file__).with_name("golden")
KINDS = {"service": WorkloadKind.SERVICE, "job": WorkloadKind.JOB}


def cases() -> Iterator[Any]:
    for path in sorted(GOLDEN.glob("*.yaml")):
        kind, _, state = path.stem.partition("-")
        for case in yaml.safe_load(path.read_text()):
            yield pytest.param(kind, state, case, id=f"{path.stem}: {case['about']}")


def instance(kind: str, name: str = "a", **of: Any) -> Instance:
    phase = Phase(of.pop("phase"))
    return Instance(name, "w", KINDS[kind], "app", "ted1", phase, **of)


def health_of(kind: str, case: Any) -> Health:
    instances = [instance(kind, **one) for one in case["instances"]]
    elapsed = float(case.get("elapsed", 5))
    if kind == "job":
        return of_job(instances, elapsed=elapsed, limit=600.0)
    return of_service(instances, replicas=case["replicas"], elapsed=elapsed, limit=600.0)


@pytest.mark.parametrize(("kind", "state", "case"), list(cases()))
def test_it_is_what_the_golden_file_says(kind: str, state: str, case: Any) -> None:
    assert health_of(kind, case) == Health(State(state), case["message"])


def test_every_state_of_every_kind_has_its_file() -> None:
    files = {path.stem for path in GOLDEN.glob("*.yaml")}
    assert files == {f"{kind}-{state}" for kind in KINDS for state in State}


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (["deployed", "failed"], "failed"),
        (["aborted", "failed"], "failed"),
        (["deploying", "failed"], "deploying"),
        (["removing", "failed"], "removing"),
        (["waiting", "deployed"], "waiting"),
        (["waiting", "failed"], "waiting"),
        (["removing", "deploying"], "removing"),
        (["deploying", "waiting"], "deploying"),
        (["aborted", "new"], "aborted"),
        (["new", "deployed"], "new"),
        (["deployed", "removed"], "deployed"),
        (["deployed", "deployed"], "deployed"),
    ],
)
def test_the_status_of_an_importer(statuses: list[str], worst: str) -> None:
    assert worst_status(statuses) == worst
    assert worst_status(statuses[::-1]) == worst


@given(st.lists(st.sampled_from(WORST_FIRST), min_size=1))
def test_the_status_of_an_importer_is_that_of_a_member(statuses: list[str]) -> None:
    assert worst_status(statuses) in statuses
