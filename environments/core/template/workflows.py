"""The rules of ``workflows``: tasks that exist, and a teardown that ends with the removal."""

from collections.abc import Iterator

from environments.core.problems import Problem, error
from environments.core.template.fields import Entry, Word
from environments.core.template.suggesting import Known

REMOVAL = "release.remove_environment"
_KINDS = ("services", "jobs", "charts", "infrastructure")
_WITH_ALL = ("services", "jobs", "charts")


def workflow_problems(root: Entry) -> Iterator[Problem]:
    """Everything that is wrong in the workflows of one template, already merged."""
    named = (f"{kind}.{entry.name}" for kind in _KINDS for entry in root.entries(kind))
    tasks = Known([*named, *(f"{kind}.all" for kind in _WITH_ALL), REMOVAL])
    for workflow in root.entries("workflows"):
        yield from _form(workflow)
        for word in _words(workflow):
            yield from _task(word, workflow, tasks)
        if workflow.name == "teardown":
            yield from _teardown(workflow)


def _form(workflow: Entry) -> Iterator[Problem]:
    if workflow.has("order_from") == workflow.has("parallelize"):
        yield error("template.workflow-form", place=workflow.place, workflow=workflow.name)


def _words(workflow: Entry) -> list[Word]:
    steps = workflow.entries("parallelize")
    return [
        *workflow.words("order_from"),
        *(word for step in steps for word in step.words("tasks")),
    ]


def _task(word: Word, workflow: Entry, tasks: Known) -> Iterator[Problem]:
    if word.text not in tasks:
        yield error(
            "template.task-unknown",
            place=word.place,
            workflow=workflow.name,
            task=word.text,
            hint=tasks.nearest(word.text, "Tasks are named services.NAME or jobs.NAME."),
        )
    elif word.text == REMOVAL and workflow.name != "teardown":
        yield error("template.removal-outside", place=word.place, workflow=workflow.name)


def _teardown(workflow: Entry) -> Iterator[Problem]:
    words = _words(workflow)
    steps = workflow.entries("parallelize")
    last_step = len(steps[-1].words("tasks")) if steps else 1
    removals = [number for number, word in enumerate(words) if word.text == REMOVAL]
    if not removals:
        yield error("template.removal-missing", place=workflow.place, task=REMOVAL)
    elif removals != [len(words) - 1] or last_step != 1:
        yield error("template.removal-last", place=words[removals[0]].place, task=REMOVAL)
