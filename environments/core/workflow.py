"""The order of the tasks: from ``workflows``, or made from ``depends_on`` layer by layer."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from environments.core.problems import Place, Problem, error, nearest, warning
from environments.core.template.model import (
    AppTemplate,
    Service,
    Workflow,
    WorkflowStep,
    Workload,
)
from environments.core.template.references import on_circle

REMOVAL = "release.remove_environment"


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """One task. ``kind``: ``service``, ``job``, ``cron_job``, ``chart`` or ``removal``;
    ``skipped``: why it is, or ""."""

    name: str
    kind: str
    target: str
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """Tasks that run side by side."""

    name: str
    tasks: tuple[PlannedTask, ...]
    halt_on_error: bool
    wait_for_finish: bool = True


def steps_for(
    template: AppTemplate, kind: str, *, application: str, excluded: Collection[str]
) -> tuple[tuple[PlannedStep, ...], tuple[Problem, ...]]:
    """The steps of ``setup``, ``patch`` or ``teardown``, and what is wrong with them.

    A made workflow has services only, those with ``has_repo`` for a patch; a missing teardown
    is the removal alone. Tasks of excluded services stay, marked as skipped.
    """
    flow = template.workflow(kind)
    if flow is None:
        return _made(template, kind, application=application, excluded=excluded)
    steps, problems = _written(template, flow, application, excluded)
    if kind == "teardown" and not _removes(steps):
        steps = (*steps, removal_step())
    if kind == "setup":
        problems = (*problems, *_unnamed_services(template, steps, application, excluded))
        problems = (*problems, *_unnamed(template, "charts", template.charts, application))
    return steps, problems


def _removes(steps: Sequence[PlannedStep]) -> bool:
    return any(task.kind == "removal" for step in steps for task in step.tasks)


def removal_step() -> PlannedStep:
    """The removal of the member, alone."""
    return PlannedStep(REMOVAL, (PlannedTask(REMOVAL, "removal", ""),), halt_on_error=False)


def cron_steps(template: AppTemplate, *, excluded: Collection[str]) -> tuple[PlannedStep, ...]:
    """What no workflow names: at the end of ``setup`` and ``patch`` the cron jobs begin to run
    with what has been deployed."""
    tasks = tuple(
        replace(
            _job_task(job.name, job.from_services, excluded),
            name=f"cron_jobs.{job.name}",
            kind="cron_job",
        )
        for job in template.cron_jobs
    )
    return (PlannedStep("cron jobs", tasks, halt_on_error=True),) if tasks else ()


def _made(
    template: AppTemplate, kind: str, *, application: str, excluded: Collection[str]
) -> tuple[tuple[PlannedStep, ...], tuple[Problem, ...]]:
    if kind == "teardown":
        return (removal_step(),), ()
    services = [service for service in template.services if kind == "setup" or service.has_repo]
    found, problems = layers(services, application=application, file=template.file)
    steps = tuple(
        PlannedStep(
            f"step {number}",
            tuple(_service_task(service.name, excluded) for service in layer),
            halt_on_error=True,
        )
        for number, layer in enumerate(found, 1)
    )
    if kind == "setup":
        problems = (*problems, *_unnamed(template, "jobs", template.jobs, application))
        problems = (*problems, *_unnamed(template, "charts", template.charts, application))
    return steps, problems


def layers(
    services: Sequence[Service], *, application: str, file: str
) -> tuple[list[list[Service]], tuple[Problem, ...]]:
    """Services so that each stands after what it depends on; what is not among them is ignored.

    On a circle there is no order: an error names its services, and they come last, together.
    """
    names = {service.name for service in services}
    waits = {
        service.name: {needed for needed in service.depends_on if needed in names}
        for service in services
    }
    left = list(services)
    found: list[list[Service]] = []
    while left:
        layer = [service for service in left if not waits[service.name]]
        if not layer:
            circular = on_circle({service.name: waits[service.name] for service in left})
            circle = [service for service in left if service.name in circular]
            place = Place(file, circle[0].line)
            names_shown = ", ".join(service.name for service in circle)
            problem = error(
                "depends.circle", place=place, application=application, names=names_shown
            )
            return [*found, left], (problem,)
        found.append(layer)
        done = {service.name for service in layer}
        left = [service for service in left if service.name not in done]
        for needs in waits.values():
            needs -= done
    return found, ()


def _written(
    template: AppTemplate, flow: Workflow, application: str, excluded: Collection[str]
) -> tuple[tuple[PlannedStep, ...], tuple[Problem, ...]]:
    named = {task for step in flow.steps for task in step.tasks}
    steps: list[PlannedStep] = []
    problems: list[Problem] = []
    for step in flow.steps:
        for task in step.tasks:
            problems += _unknown(template, task, step, application)
        steps += _expanded(template, step, named, application, excluded)
    return tuple(step for step in steps if step.tasks), tuple(problems)


def _expanded(
    template: AppTemplate,
    step: WorkflowStep,
    named: Collection[str],
    application: str,
    excluded: Collection[str],
) -> Iterator[PlannedStep]:
    """The step itself; ``services.all`` becomes one step for each layer."""
    own: list[PlannedTask] = []
    later: list[PlannedStep] = []
    base = PlannedStep(step.name, (), step.halt_on_error, step.wait_for_finish)
    for task in step.tasks:
        kind, _, target = task.partition(".")
        if task == REMOVAL:
            own.append(PlannedTask(REMOVAL, "removal", ""))
        elif task == "services.all":
            rest = [one for one in template.services if f"services.{one.name}" not in named]
            found, _ = layers(rest, application=application, file=template.file)
            tasks = [tuple(_service_task(one.name, excluded) for one in layer) for layer in found]
            if tasks:
                own += tasks[0]
                later += [replace(base, tasks=layer) for layer in tasks[1:]]
        elif task == "jobs.all":
            own += [
                _job_task(job.name, job.from_services, excluded)
                for job in template.jobs
                if f"jobs.{job.name}" not in named
            ]
        elif task == "charts.all":
            own += [
                _chart_task(chart.name)
                for chart in template.charts
                if f"charts.{chart.name}" not in named
            ]
        elif kind == "charts" and template.chart(target):
            own.append(_chart_task(target))
        elif kind == "services" and template.service(target):
            own.append(_service_task(target, excluded))
        elif kind == "jobs" and (job := template.job(target)):
            own.append(_job_task(target, job.from_services, excluded))
    yield replace(base, tasks=tuple(own))
    yield from later


def _service_task(name: str, excluded: Collection[str]) -> PlannedTask:
    skipped = "excluded by the importer" if name in excluded else ""
    return PlannedTask(f"services.{name}", "service", name, skipped)


def _job_task(name: str, source: str, excluded: Collection[str]) -> PlannedTask:
    skipped = f"{source} is excluded by the importer" if source in excluded else ""
    return PlannedTask(f"jobs.{name}", "job", name, skipped)


def _chart_task(name: str) -> PlannedTask:
    return PlannedTask(f"charts.{name}", "chart", name)


def _unknown(
    template: AppTemplate, task: str, step: WorkflowStep, application: str
) -> Iterator[Problem]:
    kind, _, target = task.partition(".")
    known = {
        "services": [service.name for service in template.services],
        "jobs": [job.name for job in template.jobs],
        "charts": [chart.name for chart in template.charts],
        "infrastructure": template.infrastructure,
    }
    if task == REMOVAL or target == "all" or target in known.get(kind, ()):
        return
    names = [f"{each}.{name}" for each, members in known.items() for name in members]
    yield error(
        "workflow.unknown-task",
        place=Place(template.file, step.line),
        application=application,
        task=task,
        suggestion=nearest(task, names) or "Name one of the template's services or jobs.",
    )


def _unnamed_services(
    template: AppTemplate,
    steps: Sequence[PlannedStep],
    application: str,
    excluded: Collection[str],
) -> Iterator[Problem]:
    named = {task.target for step in steps for task in step.tasks if task.kind == "service"}
    sources = {job.from_services for job in template.jobs}
    for service in template.services:
        if service.name not in named | sources and service.name not in excluded:
            yield warning(
                "workflow.unnamed-service",
                place=Place(template.file, service.line),
                application=application,
                name=service.name,
            )


def _unnamed(
    template: AppTemplate, kind: str, entries: Sequence[Workload], application: str
) -> Iterator[Problem]:
    """``jobs`` or ``charts`` that no workflow of the template runs."""
    named = {task for flow in template.workflows for step in flow.steps for task in step.tasks}
    for entry in entries:
        if f"{kind}.{entry.name}" not in named and f"{kind}.all" not in named:
            yield warning(
                f"workflow.unnamed-{kind.removesuffix('s')}",
                place=Place(template.file, entry.line),
                application=application,
                name=entry.name,
            )
