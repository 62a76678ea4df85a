"""What every engine keeps, as ``core.ports.Engine`` says it: the real ones and the remembering."""

from dataclasses import replace

import pytest

from environments.core.ports import (
    AppliedObject,
    Engine,
    Instance,
    ObjectName,
    Phase,
    WorkloadKind,
)
from tests.engines.conftest import Contender
from tests.engines.steps import NAMESPACE, all_ready, ended, volume, wait, wait_for_the_end

OTHER = "ted2-app-main"
SERVICE, JOB = WorkloadKind.SERVICE, WorkloadKind.JOB


def names_of(found: tuple[Instance, ...]) -> list[str]:
    return sorted(one.workload for one in found)


def output_of(engine: Engine, job: str) -> list[str]:
    """All that a job printed, look by look."""
    lines, position = [], ""
    while True:
        printed = engine.read_output(NAMESPACE, job, position=position)
        if not printed.lines and not printed.left_out:
            return lines
        lines += printed.lines
        position = printed.position


def test_of_a_namespace_that_it_does_not_know_there_is_nothing(contender: Contender) -> None:
    engine = contender.engine
    assert engine.traits().name
    assert engine.observe(NAMESPACE) == ()
    assert engine.remains(NAMESPACE) == ()
    assert engine.read_log(NAMESPACE, "web-0", lines=5) == []
    assert engine.read_output(NAMESPACE, "move-1-1", position="").lines == ()
    engine.remove(NAMESPACE, [ObjectName("Deployment", "web")])
    engine.destroy(NAMESPACE)


def test_a_service_becomes_ready_and_bears_what_its_manifest_says(contender: Contender) -> None:
    contender.service("web", revision="7", environment="ted9")
    (found,) = wait(contender.engine, all_ready)
    assert (found.workload, found.kind, found.phase) == ("web", SERVICE, Phase.RUNNING)
    assert (found.application, found.environment, found.revision) == ("app", "ted9", "7")
    assert (found.restarts, found.exit_status, found.message) == (0, None, "")


def test_the_same_again_changes_nothing(contender: Contender) -> None:
    contender.service("web")
    (before,) = wait(contender.engine, all_ready)
    contender.service("web")
    (after,) = wait(contender.engine, all_ready)
    assert (after.name, after.started_at, after.restarts) == (before.name, before.started_at, 0)


def test_another_revision_takes_the_place_of_the_one_before(contender: Contender) -> None:
    """In the end: a cluster shows the one before until the next one is ready."""
    for revision in ("1", "2"):
        contender.service("web", revision=revision)
        (found,) = wait(
            contender.engine,
            lambda seen, revision=revision: (
                {one.revision for one in seen} == {revision} and all_ready(seen)
            ),
        )
        assert found.workload == "web"


def test_replicas_have_names_of_their_own_and_follow_their_number(contender: Contender) -> None:
    seen: dict[int, set[str]] = {}
    for count in (1, 3, 2):
        contender.service("web", replicas=count)
        found = wait(
            contender.engine, lambda seen, count=count: len(seen) == count and all_ready(seen)
        )
        seen[count] = {one.name for one in found}
    assert seen[1] < seen[2] < seen[3]
    contender.service("web", replicas=0)
    assert wait(contender.engine, lambda seen: not seen) == ()
    contender.service("web", replicas=2)
    back = wait(contender.engine, lambda seen: len(seen) == 2 and all_ready(seen))
    assert {one.phase for one in back} == {Phase.RUNNING}


def test_a_service_that_only_ends_has_failed_with_its_reason(contender: Contender) -> None:
    contender.broken("web", "oops")
    (found,) = wait(contender.engine, ended)
    assert (found.phase, found.ready) == (Phase.FAILED, False)
    assert "status 7" in found.message
    assert contender.engine.read_log(NAMESPACE, found.name, lines=1) == ["oops"]


def test_a_job_ends_and_keeps_its_result_and_what_it_printed(contender: Contender) -> None:
    contender.job("move-1-1", "one", "two", "three")
    (found,) = wait(contender.engine, ended)
    assert (found.workload, found.kind, found.phase) == ("move-1-1", JOB, Phase.SUCCEEDED)
    assert (found.ready, found.exit_status, found.message) == (True, 0, "")
    assert output_of(contender.engine, found.name) == ["one", "two", "three"]
    for lines in (2, 0):
        last = contender.engine.read_log(NAMESPACE, found.name, lines=lines)
        assert last == ["one", "two", "three"][3 - lines :]


def test_a_job_that_fails_says_so_and_is_not_ready(contender: Contender) -> None:
    contender.job("move-1-1", "no", status=3)
    (found,) = wait(contender.engine, ended)
    assert (found.phase, found.ready) == (Phase.FAILED, False)
    assert found.exit_status
    assert "status 3" in found.message


@pytest.mark.parametrize("status", [0, 3])
def test_a_job_is_not_run_again_under_its_name_until_it_is_removed(
    contender: Contender, status: int
) -> None:
    contender.job("move-1-1", "first", status=status)
    (before,) = wait(contender.engine, ended)
    given = contender.job("move-1-1", "first", status=status)
    contender.engine.apply(given)
    assert contender.engine.observe(NAMESPACE) == (before,)
    assert output_of(contender.engine, before.name) == ["first"]
    contender.engine.remove(NAMESPACE, [ObjectName("Job", "move-1-1")])
    contender.job("move-1-1", "second")
    (after,) = wait(contender.engine, ended)
    assert after.phase is Phase.SUCCEEDED
    assert output_of(contender.engine, after.name) == ["second"]


def test_what_was_read_of_an_output_is_not_read_again(contender: Contender) -> None:
    contender.job("move-1-1", "one", "two")
    (found,) = wait(contender.engine, ended)
    first = contender.engine.read_output(NAMESPACE, found.name, position="")
    assert (first.lines, first.left_out) == (("one", "two"), 0)
    again = contender.engine.read_output(NAMESPACE, found.name, position=first.position)
    assert (again.lines, again.left_out) == ((), 0)


def test_removing_takes_what_was_named_and_nothing_else(contender: Contender) -> None:
    contender.service("web")
    contender.service("api", "said")
    contender.job("web-job")
    contender.service("web", namespace=OTHER)
    wait(contender.engine, lambda seen: len(seen) == 3)
    (api,) = (one for one in contender.engine.observe(NAMESPACE) if one.workload == "api")
    for _ in range(2):
        contender.engine.remove(
            NAMESPACE, [ObjectName("Deployment", "api"), ObjectName("Job", "web")]
        )
        assert names_of(contender.engine.observe(NAMESPACE)) == ["web", "web-job"]
    assert contender.engine.read_log(NAMESPACE, api.name, lines=9) == []
    assert names_of(contender.engine.observe(OTHER)) == ["web"]


def test_a_job_may_bear_the_name_of_a_service(contender: Contender) -> None:
    contender.service("web")
    contender.job("web")
    found = wait(contender.engine, all_ready)
    assert sorted(str(one.kind) for one in found) == ["Deployment", "Job"]
    contender.engine.remove(NAMESPACE, [ObjectName("Job", "web")])
    assert [one.kind for one in contender.engine.observe(NAMESPACE)] == [SERVICE]


def test_after_destroy_nothing_of_the_namespace_is_left_and_others_are_untouched(
    contender: Contender,
) -> None:
    contender.service("web", "said", replicas=2)
    contender.job("move-1-1", "done")
    contender.service("web", namespace=OTHER)
    wait(contender.engine, all_ready, namespace=OTHER)
    assert contender.engine.remains(NAMESPACE)
    for _ in range(2):
        contender.engine.destroy(NAMESPACE)
        wait_for_the_end(contender.engine)
        assert contender.engine.observe(NAMESPACE) == ()
        assert contender.engine.remains(NAMESPACE) == ()
    assert contender.engine.read_log(NAMESPACE, "web-0", lines=9) == []
    (other,) = contender.engine.observe(OTHER)
    assert other.ready


def test_a_volume_stays_until_it_is_named_or_everything_goes(contender: Contender) -> None:
    engine = contender.engine
    given = contender.service("web")
    engine.apply(replace(given, manifests=(volume("web.data"), volume("own"), *given.manifests)))
    web = AppliedObject("Deployment", "web", "ted1")
    if not engine.traits().has_volumes:
        assert engine.applied(NAMESPACE) == (web,)
        return
    claim = "PersistentVolumeClaim"
    both = (AppliedObject(claim, "own", "ted1"), AppliedObject(claim, "web.data", "ted1"))
    assert engine.applied(NAMESPACE) == (web, *both)
    engine.remove(NAMESPACE, [web.object_name])
    assert engine.applied(NAMESPACE) == both
    assert engine.applied(OTHER) == ()
    for _ in range(2):
        engine.remove(NAMESPACE, [ObjectName(claim, "own")])
        assert engine.applied(NAMESPACE) == both[1:]
    assert engine.remains(NAMESPACE)
    engine.destroy(NAMESPACE)
    wait_for_the_end(engine)
    assert engine.applied(NAMESPACE) == ()


def test_what_was_applied_is_known_whether_or_not_it_runs(contender: Contender) -> None:
    engine = contender.engine
    contender.service("web")
    contender.job("once")
    service = AppliedObject("Deployment", "web", "ted1")
    job = AppliedObject("Job", "once", "ted1")
    assert engine.applied(NAMESPACE) == (service, job)
    wait(engine, lambda seen: ended(tuple(one for one in seen if one.kind is JOB)))
    assert engine.applied(NAMESPACE) == (service, job)
    engine.remove(NAMESPACE, [job.object_name])
    assert engine.applied(NAMESPACE) == (service,)


def test_an_engine_that_keeps_schedules_has_the_cron_job_until_it_is_removed(
    contender: Contender,
) -> None:
    engine = contender.engine
    if not engine.traits().keeps_schedules:
        pytest.skip("the runs of its cron jobs are applied one by one")
    report = AppliedObject("CronJob", "report", "ted1")
    for _ in range(2):
        contender.cron_job("report", "0 0 1 1 *")
        assert engine.applied(NAMESPACE) == (report,)
        assert engine.observe(NAMESPACE) == ()
    for _ in range(2):
        engine.remove(NAMESPACE, [report.object_name])
        assert engine.applied(NAMESPACE) == ()
