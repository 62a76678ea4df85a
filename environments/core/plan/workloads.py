"""Services and jobs with everything that decides how they run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from environments.core.names import label
from environments.core.plan.charts import values_of
from environments.core.plan.hosts import ports_of, rules_of
from environments.core.plan.model import (
    Act,
    Member,
    PlannedChart,
    PlannedHost,
    PlannedMember,
    PlannedWorkload,
    Surroundings,
)
from environments.core.ports import LocalPorts
from environments.core.problems import Problem
from environments.core.schedules import workload_of
from environments.core.template.model import (
    Chart,
    CronJob,
    EnvironmentVariable,
    Job,
    Port,
    Service,
    Workload,
)
from environments.core.variables import (
    Generated,
    Value,
    container_variables,
    ingress_variables,
    own_names,
    release_variables,
    service_variables,
)
from environments.core.workflow import PlannedStep


@dataclass(frozen=True, slots=True)
class Shaped:
    """A member on its way into the plan: parameters filled in, services chosen, steps known."""

    member: Member
    services: Mapping[str, Service]
    jobs: Mapping[str, Job]
    steps: tuple[PlannedStep, ...]
    cron_jobs: Mapping[str, CronJob] = field(default_factory=dict)
    charts: tuple[Chart, ...] = ()

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Everything that this member runs."""
        return (*self.services.values(), *self.jobs.values(), *self.cron_jobs.values())


@dataclass(frozen=True, slots=True)
class _Around:
    """What a container's variables are made from, beside its own: ``elsewhere`` is a member's."""

    surroundings: Surroundings
    shared: tuple[Generated, ...]
    absent: frozenset[str]
    elsewhere: frozenset[str] = frozenset()


def planned_members(
    shaped: Sequence[Shaped], hosts: Sequence[PlannedHost], surroundings: Surroundings
) -> tuple[tuple[PlannedMember, ...], tuple[Problem, ...]]:
    """The members with their workloads, and what is wrong with the variables of those applied."""
    around = _Around(surroundings, _shared(shaped, hosts, surroundings), _absent(shaped))
    problems: list[Problem] = []
    planned: list[PlannedMember] = []
    for one in shaped:
        own = replace(around, elsewhere=_elsewhere(one))
        services: list[PlannedWorkload] = []
        jobs: list[PlannedWorkload] = []
        for service in one.services.values():
            made, wrong = _workload(one.member, service, "service", own)
            services.append(_with_service(made, one.member, service, surroundings))
            problems += wrong if one.member.act is Act.APPLY else ()
        for job in one.jobs.values():
            made, wrong = _workload(one.member, job, "job", own)
            jobs.append(replace(made, completed_timeout=job.completed_timeout))
            problems += wrong if one.member.act is Act.APPLY else ()
        cron_jobs: list[PlannedWorkload] = []
        for cron_job in one.cron_jobs.values():
            made, wrong = _workload(one.member, cron_job, "cron_job", own)
            cron_jobs.append(_with_schedule(made, cron_job))
            problems += wrong if one.member.act is Act.APPLY else ()
        charts: list[PlannedChart] = []
        for chart in one.charts:
            planned_chart, wrong = _chart(one.member, chart, own)
            charts.append(planned_chart)
            problems += wrong if one.member.act is Act.APPLY else ()
        planned.append(
            PlannedMember(
                one.member,
                tuple(services),
                tuple(jobs),
                one.steps,
                tuple(cron_jobs),
                tuple(charts),
            )
        )
    return tuple(planned), tuple(dict.fromkeys(problems))


def _chart(
    member: Member, chart: Chart, around: _Around
) -> tuple[PlannedChart, tuple[Problem, ...]]:
    made, problems = _workload(member, chart, "chart", around)
    values, wrong = values_of(
        chart,
        files=member.files,
        variables=made.variables,
        application=member.application,
        template_file=member.template.file,
    )
    return PlannedChart(chart, made.workload, made.variables, values), (*problems, *wrong)


def _with_schedule(made: PlannedWorkload, cron_job: CronJob) -> PlannedWorkload:
    return replace(
        made,
        workload=workload_of(cron_job.name),
        completed_timeout=cron_job.completed_timeout,
        schedule=cron_job.schedule,
    )


def _shared(
    shaped: Sequence[Shaped], hosts: Sequence[PlannedHost], surroundings: Surroundings
) -> tuple[Generated, ...]:
    """What every container of the namespace gets: ingress and service variables."""
    made: list[Generated] = []
    origins = {one.member.env_id: one.member for one in shaped}
    firsts: dict[tuple[str, str], PlannedHost] = {}
    for host in hosts:
        firsts.setdefault((host.env_id, host.service), host)
    for host in firsts.values():
        origin = f"{origins[host.env_id].template.file}, line {host.line}"
        made += ingress_variables(host.service, url=host.url, host=host.host, origin=origin)
    for one in shaped:
        for service in one.services.values():
            made += _of_service(service, surroundings)
    return tuple(made)


def _of_service(service: Service, surroundings: Surroundings) -> tuple[Generated, ...]:
    """Where the service is reached from inside."""
    ports = ports_of(service)
    if not ports:
        return ()
    name, first = label(service.name), ports[0]
    if surroundings.engine.local_ports is not LocalPorts.EVERY:
        inside = first.port if surroundings.engine.maps_ports else first.target_port
        return service_variables(service.name, host=name, port=str(inside))
    given = surroundings.local_ports.get((name, first.target_port), "")
    return service_variables(service.name, host="127.0.0.1", port=str(given))


def _absent(shaped: Sequence[Shaped]) -> frozenset[str]:
    """Names that a service would have given, had it not been excluded or ignored."""
    made: list[Generated] = []
    for one in shaped:
        services = one.member.template.services
        missing = [service for service in services if service.name not in one.services]
        exposed = {rule.service for rule in rules_of(one.member, services)}
        for service in filter(ports_of, missing):
            made += service_variables(service.name, host="", port="")
            if service.name in exposed:
                made += ingress_variables(service.name, url="", host="")
    return frozenset(variable.name for variable in made)


def _elsewhere(one: Shaped) -> frozenset[str]:
    """Names that some container of the member has."""
    names: set[str] = set()
    for workload in one.workloads:
        source = _source_of(one.member, workload)
        names |= own_names(one.member.variables, source.name, _envs(source, workload))
    return frozenset(names)


def _source_of(member: Member, workload: Workload) -> Workload:
    """Where a job's image, code and variables come from."""
    name = workload.from_services if isinstance(workload, Job) else ""
    return member.template.service(name) or workload


def _envs(source: Workload, workload: Workload) -> tuple[EnvironmentVariable, ...]:
    return workload.envs if source is workload else (*source.envs, *workload.envs)


def _command(source: Workload, workload: Workload) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Command and arguments; a job that has neither runs what its service runs."""
    if workload.command or source is workload:
        return workload.command, workload.args
    return source.command, workload.args or source.args


def _workload(
    member: Member, workload: Workload, kind: str, around: _Around
) -> tuple[PlannedWorkload, tuple[Problem, ...]]:
    source = _source_of(member, workload)
    variables, problems = container_variables(
        application=member.application,
        imported=member.is_imported,
        variables=member.variables,
        service=source.name,
        envs=_envs(source, workload),
        template_file=member.template.file,
        shared=around.shared,
        release=_release(member, around.surroundings),
        absent=around.absent,
        elsewhere=around.elsewhere,
    )
    build = source.build
    command, args = _command(source, workload)
    made = PlannedWorkload(
        name=workload.name,
        workload=label(workload.name),
        kind=kind,
        line=workload.line,
        has_repo=workload.has_repo or (source is not workload and source.has_repo),
        image=workload.image or source.image,
        folder=build.context if build else ".",
        command=command,
        args=args,
        variables=variables,
        resources=workload.resources,
        volumes=workload.volumes,
        node_selector=tuple(sorted(workload.node_selector.items())),
        service_account_name=workload.service_account_name,
    )
    return made, problems


def _release(member: Member, surroundings: Surroundings) -> tuple[Generated, ...]:
    return release_variables(
        env_id=member.env_id,
        environment=member.environment_name,
        application=member.application,
        branch=member.choice.ref,
        commit=member.choice.commit or "",
        account_id=surroundings.account_id,
        context=surroundings.context,
        domain=surroundings.domain,
        build_id=member.deployment_id,
    )


def _with_service(
    made: PlannedWorkload, member: Member, service: Service, surroundings: Surroundings
) -> PlannedWorkload:
    ports = ports_of(service)
    scale = service.autoscale if "autoscale" in surroundings.engine.follows else None
    # An engine that gives the ports itself sets PORT to what it gave.
    own = made.variables
    if surroundings.engine.local_ports is not LocalPorts.EVERY:
        own = _with_port(own, ports)
    return replace(
        made,
        variables=own,
        replicas=scale.min_replicas if scale else service.replicas,
        autoscale=scale,
        ports=ports,
        readiness_probe=service.readiness_probe,
        liveness_probe=service.liveness_probe,
        files=tuple(
            (file.mount_path, member.files[file.repo_path])
            for file in service.configmap
            if file.repo_path in member.files
        ),
    )


def _with_port(variables: tuple[Value, ...], ports: tuple[Port, ...]) -> tuple[Value, ...]:
    """With ``PORT``, unless the application sets it or has no port."""
    if not ports or any(value.name == "PORT" for value in variables):
        return variables
    port = Value("PORT", str(ports[0].target_port), False, "first port")
    return tuple(sorted((*variables, port), key=lambda value: value.name))
