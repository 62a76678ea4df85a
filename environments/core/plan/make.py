"""Makes the plan from members and surroundings: every rule asked, every problem collected."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from environments.core.collisions import Owner, collisions
from environments.core.plan import capability, imaging
from environments.core.plan.hosts import hosts_of, ports_of
from environments.core.plan.model import (
    Act,
    Member,
    Plan,
    PlannedHost,
    PlannedMember,
    Surroundings,
)
from environments.core.plan.parameters import filled_in, values_of
from environments.core.plan.shown import digest_of
from environments.core.plan.workloads import Shaped, planned_members
from environments.core.problems import Place, Problem, error, nearest, warning
from environments.core.template.model import Chart, Job, Service
from environments.core.workflow import PlannedStep, cron_steps, removal_step, steps_for

SETUP = "setup"
PATCH = "patch"
TEARDOWN = "teardown"


def make_plan(*, kind: str, members: Sequence[Member], surroundings: Surroundings) -> Plan:
    """The plan of these members, in their order. ``kind``: setup, patch or teardown."""
    problems: list[Problem] = []
    shaped: list[Shaped] = []
    for member in members:
        one, found_wrong = _shape(kind, member)
        shaped.append(one)
        problems += found_wrong
        problems += member.choice.problems
    counted = [one for one in shaped if one.member.act is not Act.LEAVE_OUT]
    hosts: list[PlannedHost] = []
    for one in counted:
        found, wrong = hosts_of(one.member, one.services, surroundings)
        hosts += found
        problems += wrong if one.member.act is Act.APPLY else ()
    planned, of_variables = planned_members(shaped, hosts, surroundings)
    problems += of_variables
    if kind != TEARDOWN:
        problems += collisions([_owner(one, hosts) for one in counted])
        problems += _about_imports(members, surroundings)
        problems += _about_depends(shaped)
        problems += _about_engine(shaped, planned, surroundings)
    plan = Plan(
        kind=kind,
        namespace=surroundings.namespace,
        members=planned,
        hosts=tuple(hosts),
        problems=_sorted(problems if kind != TEARDOWN else ()),
        digest="",
    )
    return replace(plan, digest=digest_of(plan))


def with_problems(plan: Plan, found: Iterable[Problem]) -> Plan:
    """The plan with what was found around it, its digest made anew."""
    plan = replace(plan, problems=_sorted((*found, *plan.problems)))
    return replace(plan, digest=digest_of(plan))


def _shape(kind: str, member: Member) -> tuple[Shaped, list[Problem]]:
    template = member.template
    values, problems = values_of(template, member.parameters, application=member.application)
    template = filled_in(template, values)
    member = replace(member, template=template)
    if member.act is Act.LEAVE_OUT:
        # Also of what is not known to run: that nothing is left is found by looking.
        return Shaped(member, {}, {}, (removal_step(),) if kind == TEARDOWN else ()), []
    flow = SETUP if member.act is Act.KEEP else kind
    steps, wrong = steps_for(
        template, flow, application=member.application, excluded=member.excluded
    )
    services, jobs, charts = _running(member, kind if member.act is Act.APPLY else SETUP, steps)
    cron_jobs = [job for job in template.cron_jobs if job.from_services not in member.excluded]
    if member.act is Act.KEEP:
        steps = ()
    elif kind != TEARDOWN:
        steps = (*steps, *cron_steps(template, excluded=member.excluded))
    found = [*problems, *wrong] if member.act is Act.APPLY else []
    by_name = {job.name: job for job in cron_jobs}
    return Shaped(member, services, jobs, steps, by_name, charts), found


def _running(
    member: Member, kind: str, steps: Sequence[PlannedStep]
) -> tuple[dict[str, Service], dict[str, Job], tuple[Chart, ...]]:
    """The services and charts that will run, and the jobs of this workflow.

    A patch or teardown does not change which services run: those are what setup names.
    """
    template = member.template
    if kind != SETUP:
        setup, _ = steps_for(
            template, SETUP, application=member.application, excluded=member.excluded
        )
    else:
        setup = tuple(steps)
    named, run = _targets(setup, "service"), _targets(steps, "job")
    installed = _targets(setup, "chart")
    services = {service.name: service for service in template.services if service.name in named}
    jobs = {job.name: job for job in template.jobs if job.name in run}
    return services, jobs, tuple(one for one in template.charts if one.name in installed)


def _targets(steps: Sequence[PlannedStep], kind: str) -> set[str]:
    """What the tasks of a kind are about, but the skipped ones."""
    tasks = [task for step in steps for task in step.tasks]
    return {task.target for task in tasks if task.kind == kind and not task.skipped}


def _owner(one: Shaped, hosts: Sequence[PlannedHost]) -> Owner:
    """What the member claims in the namespace."""
    own = [host for host in hosts if host.env_id == one.member.env_id]
    return Owner(
        application=one.member.application,
        file=one.member.template.file,
        imported=one.member.is_imported,
        # A chart makes a Service of its own name, more often than not.
        services=tuple((each.name, each.line) for each in (*one.services.values(), *one.charts)),
        jobs=tuple(
            (job.name, job.line) for job in (*_ever_run(one.member), *one.cron_jobs.values())
        ),
        volumes=tuple((v.name, v.line) for v in one.member.template.shared_volumes),
        accounts=tuple((each.name, each.line) for each in one.member.template.service_accounts),
        hosts=tuple((host.host, host.path, host.line) for host in own),
        addressed=tuple(
            (service.name, service.line) for service in one.services.values() if ports_of(service)
        ),
    )


def _ever_run(member: Member) -> Iterator[Job]:
    """The jobs that one of the member's workflows runs: what meets later is said now."""
    template = member.template
    named = {
        task.target
        for flow in template.workflows
        for step in steps_for(
            template, flow.name, application=member.application, excluded=member.excluded
        )[0]
        for task in step.tasks
        if task.kind == "job" and not task.skipped
    }
    return (job for job in template.jobs if job.name in named)


def _about_imports(members: Sequence[Member], surroundings: Surroundings) -> Iterator[Problem]:
    importer = next((member for member in members if not member.is_imported), None)
    if importer is not None:
        for entry in importer.template.app_imports:
            place = Place(importer.template.file, entry.line) if entry.line else None
            if entry.name == importer.application:
                yield error(
                    "template.self-import",
                    place=place,
                    application=importer.application,
                    name=entry.name,
                )
            elif entry.name not in surroundings.known_applications:
                yield error(
                    "import.unknown",
                    place=place,
                    application=importer.application,
                    name=entry.name,
                    suggestion=nearest(entry.name, surroundings.known_applications)
                    or "Register it first, or take the import out.",
                )
    for member in members:
        if member.entry is not None and member.act is not Act.KEEP:
            yield from _about_excluded(member, importer)
            yield from _own_place(member)


def _about_excluded(member: Member, importer: Member | None) -> Iterator[Problem]:
    names = [service.name for service in member.template.services]
    line = member.entry.line if member.entry else 0
    place = Place(importer.template.file, line) if importer and line else None
    for excluded in member.excluded:
        if excluded not in names:
            yield error(
                "import.unknown-service",
                place=place,
                application=importer.application if importer else "The importer",
                name=member.application,
                service=excluded,
                suggestion=nearest(excluded, names) or f"It has: {', '.join(names) or 'none'}.",
            )
    left = [service for service in member.template.services if service.name not in member.excluded]
    for service in left:
        for needed in service.depends_on:
            if needed in member.excluded:
                yield warning(
                    "import.exclude-needed",
                    place=Place(member.template.file, service.line),
                    application=member.application,
                    service=service.name,
                    needed=needed,
                )
    if names and not left:
        yield warning("import.nothing-left", place=place, application=member.application)


def _own_place(member: Member) -> Iterator[Problem]:
    for key in ("context", "domain"):
        if name := getattr(member.template, key):
            yield warning(
                "context.of-import",
                place=member.template.place_of(key),
                application=member.application,
                key=key,
                name=name,
            )


def _about_depends(shaped: Sequence[Shaped]) -> Iterator[Problem]:
    """What a service needs and no member runs. The own template's excluded ones were told."""
    running = {name for one in shaped for name in one.services}
    ignored = {
        service.name
        for one in shaped
        if one.member.act is Act.LEAVE_OUT
        for service in one.member.template.services
    }
    excluded = {name for one in shaped for name in one.member.excluded}
    for one in shaped:
        own = {service.name for service in one.member.template.services}
        for service in one.services.values():
            for needed in service.depends_on:
                if needed in running or needed in own or one.member.act is not Act.APPLY:
                    continue
                problem, problem_id = error, "depends.unknown"
                if needed in ignored:
                    problem, problem_id = warning, "import.ignored-needed"
                elif needed in excluded:
                    problem, problem_id = warning, "import.exclude-needed"
                yield problem(
                    problem_id,
                    place=Place(one.member.template.file, service.line),
                    application=one.member.application,
                    service=service.name,
                    needed=needed,
                )


def _about_engine(
    shaped: Sequence[Shaped], planned: Sequence[PlannedMember], surroundings: Surroundings
) -> Iterator[Problem]:
    applied = [
        (one, member)
        for one, member in zip(shaped, planned, strict=True)
        if one.member.act is Act.APPLY
    ]
    for one, member in applied:
        services = tuple(one.services.values())
        yield from capability.problems_of(one.member, services, member.workloads, surroundings)
    yield from capability.tuning_problems([one.member for one, _ in applied], surroundings)
    yield from capability.process_problems(planned, surroundings)
    yield from imaging.imaging_problems(planned, surroundings)


def _sorted(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Errors first, each once, otherwise in the order found."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.level != "error"))
