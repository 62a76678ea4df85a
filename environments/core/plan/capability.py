"""What a member asks for that the engine cannot do: errors where it would have to run."""

from collections.abc import Iterator, Sequence

from environments.core.plan.model import Member, PlannedMember, PlannedWorkload, Surroundings
from environments.core.problems import Place, Problem, error, warning
from environments.core.template.model import Service

_ENGINES_WITH_IMAGES = "docker or kubernetes"


def problems_of(
    member: Member,
    services: Sequence[Service],
    workloads: Sequence[PlannedWorkload],
    surroundings: Surroundings,
) -> Iterator[Problem]:
    """Errors for what cannot run on this engine, warnings for what only tunes."""
    template = member.template
    for unsupported in template.unsupported:
        yield error(
            "engine.unsupported",
            place=Place(template.file, unsupported.line),
            application=member.application,
            key=unsupported.key,
            engine=surroundings.engine.name,
        )
    if not surroundings.engine.runs_images:
        yield from _only_images(member, services, workloads, surroundings)
    if not surroundings.engine.has_volumes:
        yield from _volumes(member, workloads, surroundings)


def _only_images(
    member: Member,
    services: Sequence[Service],
    workloads: Sequence[PlannedWorkload],
    surroundings: Surroundings,
) -> Iterator[Problem]:
    static = {service.name for service in services if service.static}
    for workload in workloads:
        place = Place(member.template.file, workload.line)
        if workload.kind == "service" and workload.name in static:
            problem_id = "engine.static"
        elif not workload.has_repo:
            problem_id = "engine.only-image"
        elif not workload.command and not workload.args:
            problem_id = "engine.no-command"
        else:
            continue
        yield error(
            problem_id,
            place=place,
            application=member.application,
            name=workload.name,
            image=workload.image,
            engine=surroundings.engine.name,
            engines=_ENGINES_WITH_IMAGES,
        )


def _volumes(
    member: Member, workloads: Sequence[PlannedWorkload], surroundings: Surroundings
) -> Iterator[Problem]:
    for workload in workloads:
        for volume in workload.volumes:
            yield error(
                "engine.volume",
                place=Place(member.template.file, volume.line or workload.line),
                application=member.application,
                name=workload.name,
                volume=volume.name or volume.mount_path,
                engine=surroundings.engine.name,
                engines=_ENGINES_WITH_IMAGES,
            )


def tuning_problems(members: Sequence[Member], surroundings: Surroundings) -> Iterator[Problem]:
    """One warning for the limits, and one for each other key that the engine does not follow."""
    if surroundings.engine.enforces_limits:
        return
    yield warning("engine.limits", engine=surroundings.engine.name)
    for member in members:
        for tune in member.template.tunes:
            yield warning(
                "engine.tunes",
                place=Place(member.template.file, tune.line),
                application=member.application,
                key=tune.key,
                engine=surroundings.engine.name,
            )


def process_problems(
    planned: Sequence[PlannedMember], surroundings: Surroundings
) -> Iterator[Problem]:
    """What an engine that runs processes on this machine adds: how many, on which ports."""
    if not surroundings.engine.needs_local_ports:
        return
    count = sum(service.replicas for member in planned for service in member.services)
    if count + surroundings.processes_elsewhere > surroundings.process_limit:
        yield error(
            "engine.process-limit",
            count=count,
            elsewhere=surroundings.processes_elsewhere,
            limit=surroundings.process_limit,
        )
    for member in planned:
        for service in member.services:
            if any(value.name == "PORT" for value in service.variables):
                yield warning(
                    "engine.fixed-port",
                    place=Place(member.member.template.file, service.line),
                    application=member.member.application,
                    name=service.name,
                    engine=surroundings.engine.name,
                )
    if not surroundings.names_resolve:
        yield warning("names.do-not-resolve", host=f"example.{surroundings.domain}")
