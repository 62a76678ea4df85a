"""Makes the plan from members and surroundings: every rule asked, every problem collected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from environments.core.collisions import Owner, collisions
from environments.core.names import label
from environments.core.plan import capability
from environments.core.plan.hosts import hosts_of
from environments.core.plan.model import (
    Act,
    Member,
    Plan,
    PlannedHost,
    PlannedMember,
    PlannedWorkload,
    Surroundings,
)
from environments.core.plan.parameters import filled_in, values_of
from environments.core.plan.shown import digest_of
from environments.core.problems import Place, Problem, error, nearest, warning
from environments.core.template.model import Job, Service, Workload
from environments.core.variables import (
    Generated,
    container_variables,
    ingress_variables,
    release_variables,
    service_variables,
)
from environments.core.workflow import PlannedStep, steps_for

SETUP = "setup"
PATCH = "patch"
TEARDOWN = "teardown"


@dataclass(frozen=True, slots=True)
class _Shaped:
    """A member on its way into the plan: parameters filled in, services chosen, steps known."""

    member: Member
    services: Mapping[str, Service]
    jobs: Mapping[str, Job]
    steps: tuple[PlannedStep, ...]


def make_plan(*, kind: str, members: Sequence[Member], surroundings: Surroundings) -> Plan:
    """The plan of these members, in their order. ``kind``: setup, patch or teardown."""
    problems: list[Problem] = []
    shaped: list[_Shaped] = []
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
    planned, of_variables = _planned(shaped, hosts, surroundings)
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


def _shape(kind: str, member: Member) -> tuple[_Shaped, list[Problem]]:
    template = member.template
    values, problems = values_of(template, member.parameters, application=member.application)
    template = filled_in(template, values)
    member = replace(member, template=template)
    if member.act is Act.LEAVE_OUT:
        return _Shaped(member, {}, {}, ()), []
    flow = SETUP if member.act is Act.KEEP else kind
    steps, wrong = steps_for(
        template, flow, application=member.application, excluded=member.excluded
    )
    services, jobs = _running(member, kind if member.act is Act.APPLY else SETUP, steps)
    steps = () if member.act is Act.KEEP else steps
    found = [*problems, *wrong] if member.act is Act.APPLY else []
    return _Shaped(member, services, jobs, steps), found


def _running(
    member: Member, kind: str, steps: Sequence[PlannedStep]
) -> tuple[dict[str, Service], dict[str, Job]]:
    """The services that will run, and the jobs of this workflow.

    A patch or teardown does not change which services run: those are what setup names.
    """
    template = member.template
    if kind != SETUP:
        setup, _ = steps_for(
            template, SETUP, application=member.application, excluded=member.excluded
        )
    else:
        setup = tuple(steps)
    named = {
        task.target
        for step in setup
        for task in step.tasks
        if task.kind == "service" and not task.skipped
    }
    run = {
        task.target
        for step in steps
        for task in step.tasks
        if task.kind == "job" and not task.skipped
    }
    services = {service.name: service for service in template.services if service.name in named}
    return services, {job.name: job for job in template.jobs if job.name in run}


def _planned(
    shaped: Sequence[_Shaped], hosts: Sequence[PlannedHost], surroundings: Surroundings
) -> tuple[tuple[PlannedMember, ...], list[Problem]]:
    shared = _shared(shaped, hosts, surroundings)
    problems: list[Problem] = []
    planned: list[PlannedMember] = []
    for one in shaped:
        services: list[PlannedWorkload] = []
        jobs: list[PlannedWorkload] = []
        for service in one.services.values():
            made, wrong = _workload(one.member, service, "service", shared, surroundings, shaped)
            services.append(_with_service(made, one.member, service))
            problems += wrong if one.member.act is Act.APPLY else ()
        for job in one.jobs.values():
            made, wrong = _workload(one.member, job, "job", shared, surroundings, shaped)
            jobs.append(replace(made, completed_timeout=job.completed_timeout))
            problems += wrong if one.member.act is Act.APPLY else ()
        planned.append(PlannedMember(one.member, tuple(services), tuple(jobs), one.steps))
    return tuple(planned), list(dict.fromkeys(problems))


def _shared(
    shaped: Sequence[_Shaped], hosts: Sequence[PlannedHost], surroundings: Surroundings
) -> tuple[Generated, ...]:
    """What every container of the namespace gets: ingress and service variables."""
    made: list[Generated] = []
    firsts: dict[tuple[str, str], PlannedHost] = {}
    for host in hosts:
        firsts.setdefault((host.env_id, host.service), host)
    for host in firsts.values():
        made += ingress_variables(host.service, url=host.url, host=host.host)
    for one in shaped:
        for service in one.services.values():
            if service.ports:
                name = label(service.name)
                target = service.ports[0].target_port
                where = (name, str(service.ports[0].port))
                if surroundings.engine.needs_local_ports:
                    given = surroundings.local_ports.get((name, target))
                    where = ("127.0.0.1", str(given) if given else "")
                made += service_variables(service.name, host=where[0], port=where[1])
    return tuple(made)


def _source_of(member: Member, workload: Workload) -> Workload:
    """Where a job's image, code and variables come from."""
    name = workload.from_services if isinstance(workload, Job) else ""
    return member.template.service(name) or workload


def _workload(
    member: Member,
    workload: Workload,
    kind: str,
    shared: tuple[Generated, ...],
    surroundings: Surroundings,
    shaped: Sequence[_Shaped],
) -> tuple[PlannedWorkload, tuple[Problem, ...]]:
    source = _source_of(member, workload)
    variables, problems = container_variables(
        application=member.application,
        imported=member.is_imported,
        variables=member.variables,
        service=source.name,
        envs=workload.envs if source is workload else (*source.envs, *workload.envs),
        template_file=member.template.file,
        shared=shared,
        release=release_variables(
            env_id=member.env_id,
            environment=member.environment_name,
            application=member.application,
            branch=member.choice.ref,
            commit=member.choice.commit or "",
            account_id=surroundings.account_id,
            context=surroundings.context,
            domain=surroundings.domain,
            build_id=member.deployment_id,
        ),
        absent=_absent(shaped),
    )
    build = source.build
    image = workload.image or source.image
    made = PlannedWorkload(
        name=workload.name,
        workload=label(workload.name),
        kind=kind,
        line=workload.line,
        has_repo=workload.has_repo or (source is not workload and source.has_repo),
        image=image,
        folder=build.context if build else ".",
        command=workload.command or (source.command if source is not workload else ()),
        args=workload.args,
        variables=variables,
        resources=workload.resources,
        volumes=workload.volumes,
        node_selector=tuple(sorted(workload.node_selector.items())),
        service_account_name=workload.service_account_name,
    )
    return made, problems


def _absent(shaped: Sequence[_Shaped]) -> frozenset[str]:
    """Names that a service would have given, had it not been excluded or ignored."""
    names: set[str] = set()
    for one in shaped:
        for service in one.member.template.services:
            if service.name not in one.services:
                for made in (
                    *ingress_variables(service.name, url="", host=""),
                    *service_variables(service.name, host="", port=""),
                ):
                    names.add(made.name)
    return frozenset(names)


def _with_service(made: PlannedWorkload, member: Member, service: Service) -> PlannedWorkload:
    return replace(
        made,
        replicas=service.replicas,
        ports=service.ports,
        readiness_probe=service.readiness_probe,
        liveness_probe=service.liveness_probe,
        files=tuple(
            (file.mount_path, member.files[file.repo_path])
            for file in service.configmap
            if file.repo_path in member.files
        ),
    )


def _owner(one: _Shaped, hosts: Sequence[PlannedHost]) -> Owner:
    """What the member claims in the namespace."""
    own = [host for host in hosts if host.env_id == one.member.env_id]
    return Owner(
        application=one.member.application,
        file=one.member.template.file,
        imported=one.member.is_imported,
        services=tuple((service.name, service.line) for service in one.services.values()),
        jobs=tuple((job.name, job.line) for job in one.jobs.values()),
        volumes=tuple((v.name, v.line) for v in one.member.template.shared_volumes),
        hosts=tuple((host.host, host.path, host.line) for host in own),
        exposed=tuple(dict.fromkeys((host.service, host.line) for host in own)),
        with_ports=tuple(
            (service.name, service.line) for service in one.services.values() if service.ports
        ),
    )


def _about_imports(members: Sequence[Member], surroundings: Surroundings) -> Iterator[Problem]:
    importer = next((member for member in members if not member.is_imported), None)
    if importer is not None:
        here = {member.application for member in members}
        for entry in importer.template.app_imports:
            if entry.name not in surroundings.known_applications:
                yield error(
                    "import.unknown",
                    place=Place(importer.template.file, entry.line),
                    application=importer.application,
                    name=entry.name,
                    suggestion=nearest(entry.name, surroundings.known_applications)
                    or "Register it first, or take the import out.",
                )
            elif entry.name == importer.application or entry.name not in here:
                continue
    for member in members:
        if member.entry is not None and member.act is not Act.KEEP:
            yield from _about_excluded(member)
            yield from _own_place(member)


def _about_excluded(member: Member) -> Iterator[Problem]:
    names = [service.name for service in member.template.services]
    place = Place("app_imports", member.entry.line if member.entry else 0)
    for excluded in member.excluded:
        if excluded not in names:
            yield error(
                "import.unknown-service",
                place=place,
                application="The import",
                name=member.application,
                service=excluded,
                suggestion=nearest(excluded, names) or f"It has: {', '.join(names)}.",
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
                    excluded=needed,
                )
    if names and not left:
        yield warning("import.nothing-left", place=place, application=member.application)


def _own_place(member: Member) -> Iterator[Problem]:
    for key in ("context", "domain"):
        if name := getattr(member.template, key):
            yield warning("context.of-import", application=member.application, key=key, name=name)


def _about_depends(shaped: Sequence[_Shaped]) -> Iterator[Problem]:
    running = {name for one in shaped for name in one.services}
    ignored = {
        service.name
        for one in shaped
        if one.member.act is Act.LEAVE_OUT
        for service in one.member.template.services
    }
    for one in shaped:
        own = {service.name for service in one.member.template.services}
        for service in one.services.values():
            for needed in service.depends_on:
                if needed in running or needed in own or one.member.act is not Act.APPLY:
                    continue
                place = Place(one.member.template.file, service.line)
                problem = warning if needed in ignored else error
                yield problem(
                    "import.ignored-needed" if needed in ignored else "depends.unknown",
                    place=place,
                    application=one.member.application,
                    service=service.name,
                    needed=needed,
                )


def _about_engine(
    shaped: Sequence[_Shaped], planned: Sequence[PlannedMember], surroundings: Surroundings
) -> Iterator[Problem]:
    applied = [
        (one, member)
        for one, member in zip(shaped, planned, strict=True)
        if one.member.act is Act.APPLY
    ]
    for one, member in applied:
        workloads = (*member.services, *member.jobs)
        services = tuple(one.services.values())
        yield from capability.problems_of(one.member, services, workloads, surroundings)
    yield from capability.tuning_problems([one.member for one, _ in applied], surroundings)
    yield from capability.process_problems(planned, surroundings)


def _sorted(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Errors first, each once, otherwise in the order found."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.level != "error"))
