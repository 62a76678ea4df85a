"""The order of tasks."""

import pytest

from environments.core.template.model import (
    AppTemplate,
    Job,
    Service,
    Workflow,
    WorkflowStep,
)
from environments.core.workflow import PlannedStep, steps_for


def template(*flows: Workflow, jobs: tuple[Job, ...] = ()) -> AppTemplate:
    return AppTemplate(
        file="t.yaml",
        services=(
            Service("web", 1, depends_on=("api",), has_repo=True),
            Service("api", 2, depends_on=("db",), has_repo=True),
            Service("db", 3),
            Service("mail", 4),
        ),
        jobs=jobs,
        workflows=flows,
    )


def flow(name: str, *tasks: str) -> Workflow:
    return Workflow(name, tuple(WorkflowStep(task, (task,), True) for task in tasks))


def names(steps: tuple[PlannedStep, ...]) -> list[list[str]]:
    return [[task.name for task in step.tasks] for step in steps]


def steps(
    of: AppTemplate, kind: str = "setup", *excluded: str
) -> tuple[list[list[str]], list[str]]:
    made, problems = steps_for(of, kind, application="x", excluded=excluded)
    return names(made), [problem.id for problem in problems]


def test_without_a_workflow_services_start_layer_by_layer() -> None:
    assert steps(template()) == (
        [["services.db", "services.mail"], ["services.api"], ["services.web"]],
        [],
    )


def test_a_made_patch_has_the_services_of_the_repository() -> None:
    assert steps(template(), "patch")[0] == [["services.api"], ["services.web"]]


def test_a_made_workflow_runs_no_jobs_and_says_so() -> None:
    assert steps(template(jobs=(Job("migrate"),)))[1] == ["workflow.unnamed-job"]


def test_a_written_workflow_is_followed_and_what_it_leaves_out_is_a_warning() -> None:
    of = template(
        flow("setup", "jobs.migrate", "services.api", "services.web"), jobs=(Job("migrate"),)
    )
    assert steps(of) == (
        [["jobs.migrate"], ["services.api"], ["services.web"]],
        ["workflow.unnamed-service", "workflow.unnamed-service"],
    )


def test_all_is_everything_not_named_elsewhere_layer_by_layer() -> None:
    of = template(flow("setup", "services.db", "services.all"))
    assert steps(of)[0] == [["services.db"], ["services.api", "services.mail"], ["services.web"]]


def test_the_source_of_a_job_need_not_be_named() -> None:
    of = template(flow("setup", "services.all"), jobs=(Job("j", from_services="web"),))
    assert "workflow.unnamed-service" not in steps(of)[1]


def test_tasks_of_excluded_services_are_shown_as_skipped() -> None:
    made, problems = steps_for(template(), "setup", application="x", excluded=("db",))
    skipped = [task.name for step in made for task in step.tasks if task.skipped]
    assert skipped == ["services.db"]
    assert not problems


def test_without_a_teardown_there_is_the_removal_alone() -> None:
    assert steps(template(), "teardown")[0] == [["release.remove_environment"]]


def test_a_circle_is_an_error_that_names_its_services_only() -> None:
    of = AppTemplate(
        file="t.yaml",
        services=(
            Service("a", depends_on=("b",)),
            Service("b", depends_on=("a",)),
            Service("c", depends_on=("a",)),
        ),
    )
    _, (problem,) = steps_for(of, "setup", application="x", excluded=())
    assert problem.id == "depends.circle"
    assert "a, b." in problem.message


@pytest.mark.parametrize("task", ["services.nope", "jobs.nope", "nonsense"])
def test_an_unknown_task_is_an_error(task: str) -> None:
    assert "workflow.unknown-task" in steps(template(flow("setup", task)))[1]
