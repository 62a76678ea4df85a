"""What a member asks for that the engine cannot do: errors where it would have to run."""

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import Any

from environments.core.plan.model import Act, Member, PlannedMember, PlannedWorkload, Surroundings
from environments.core.ports import LocalPorts
from environments.core.problems import Place, Problem, error, warning
from environments.core.template.model import Service
from environments.core.variables import service_variables

_ENGINES_WITH_IMAGES = "docker or kubernetes"
_ENGINE_WITH_CHARTS = "kubernetes"
_BUCKET = "s3"
_PORT_ASKED = re.compile(r"\$\((PORT(?:_\d+)?)\)")
_LONGEST_VARIABLE = 131_071
"""Bytes of a variable with its name that Linux hands to a process (``MAX_ARG_STRLEN``)."""


def problems_of(
    member: Member,
    services: Sequence[Service],
    workloads: Sequence[PlannedWorkload],
    surroundings: Surroundings,
) -> Iterator[Problem]:
    """Errors for what cannot run on this engine, warnings for what only tunes."""
    template = member.template
    remedy = "Take it out of the template."
    unsupported: list[tuple[str, Place | None]] = [
        (one.key, Place(template.file, one.line)) for one in template.unsupported
    ]
    if template.charts and not surroundings.engine.runs_charts:
        yield error(
            "engine.charts",
            place=template.place_of("charts"),
            application=member.application,
            engine=surroundings.engine.name,
            remedy="Install the program helm where the workers run."
            if surroundings.engine.name == _ENGINE_WITH_CHARTS
            else "Use a context with the engine kubernetes, or take them out.",
        )
    if not surroundings.engine.runs_images:
        if template.cron_jobs:
            unsupported.append(("cron_jobs", template.place_of("cron_jobs")))
        remedy = f"Use a context with the engine {_ENGINES_WITH_IMAGES}, or take it out."
    for key, place in unsupported:
        yield error(
            "engine.unsupported",
            place=place,
            application=member.application,
            key=key,
            engine=surroundings.engine.name,
            remedy=remedy,
        )
    if not surroundings.engine.runs_images:
        yield from _only_images(member, services, workloads, surroundings)
        yield from _files(member, services, surroundings)
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


def _files(
    member: Member, services: Sequence[Service], surroundings: Surroundings
) -> Iterator[Problem]:
    """Files for places that only a container has of its own."""
    for service in services:
        for file in service.configmap:
            if normpath(file.mount_path).startswith(("/", "..")):
                yield error(
                    "engine.file",
                    place=Place(member.template.file, file.line),
                    application=member.application,
                    name=service.name,
                    path=file.mount_path,
                    engine=surroundings.engine.name,
                    engines=_ENGINES_WITH_IMAGES,
                )


def _volumes(
    member: Member, workloads: Sequence[PlannedWorkload], surroundings: Surroundings
) -> Iterator[Problem]:
    for workload in workloads:
        for volume in workload.volumes:
            if surroundings.engine.has_volumes and volume.type != _BUCKET:
                continue
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
    if not surroundings.engine.enforces_limits:
        yield warning("engine.limits", engine=surroundings.engine.name)
    for member in members:
        once = {tune.key: tune for tune in reversed(member.template.tunes)}
        for tune in reversed(once.values()):
            if tune.key in surroundings.engine.follows:
                continue
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
    if surroundings.engine.local_ports is not LocalPorts.EVERY:
        return
    count = sum(service.replicas for member in planned for service in member.services)
    if count + surroundings.processes_elsewhere > surroundings.process_limit:
        yield error(
            "engine.process-limit",
            count=count,
            elsewhere=surroundings.processes_elsewhere,
            limit=surroundings.process_limit,
        )
    addresses = _addresses(planned)
    for member in planned:
        if member.member.act is Act.APPLY:
            yield from _fixed_ports(member, surroundings)
            yield from _own_addresses(member, addresses, surroundings)
            yield from _too_long(member, surroundings)
    if not surroundings.names_resolve:
        yield warning("names.do-not-resolve", host=f"example.{surroundings.domain}")


def _fixed_ports(member: PlannedMember, surroundings: Surroundings) -> Iterator[Problem]:
    """Services that expect another port than the engine will give them."""
    for service in member.services:
        about: dict[str, Any] = {
            "place": Place(member.member.template.file, service.line),
            "application": member.member.application,
            "name": service.name,
            "engine": surroundings.engine.name,
        }
        # Without a port of its own it is given none, and keeps what it says.
        if service.ports and any(value.name == "PORT" for value in service.variables):
            yield warning("engine.fixed-port", **about)
        words = (*service.command, *service.args)
        targets = dict.fromkeys(port.target_port for port in service.ports)
        for port in targets:
            alone = re.compile(rf"(?<![\d_]){port}(?!\d)")
            if any(alone.search(word) for word in words):
                yield warning("engine.port-in-command", port=port, **about)
        given = {value.name for value in service.variables}
        given |= {"PORT", *(f"PORT_{port}" for port in targets)} if targets else set()
        asked = dict.fromkeys(name for word in words for name in _PORT_ASKED.findall(word))
        for name in asked:
            if name not in given:
                yield warning("engine.port-not-given", asked=name, **about)


def _too_long(member: PlannedMember, surroundings: Surroundings) -> Iterator[Problem]:
    """Variables that no process of this machine can be given."""
    for workload in member.workloads:
        for value in workload.variables:
            # Most are far from the limit: only the others are worth being written out.
            if len(value.text) < _LONGEST_VARIABLE // 5:
                continue
            size = len(f"{value.name}={value.text}".encode("utf-8", "surrogatepass"))
            if size > _LONGEST_VARIABLE:
                yield error(
                    "engine.value-too-long",
                    place=Place(member.member.template.file, workload.line),
                    application=member.member.application,
                    name=workload.name,
                    variable=value.name,
                    size=size,
                    limit=_LONGEST_VARIABLE,
                    engine=surroundings.engine.name,
                )


def _addresses(planned: Sequence[PlannedMember]) -> frozenset[str]:
    """The names of all service variables of the namespace."""
    return frozenset(
        made.name
        for member in planned
        for service in member.services
        if service.ports
        for made in service_variables(service.name, host="", port="")
    )


def _own_addresses(
    member: PlannedMember, addresses: frozenset[str], surroundings: Surroundings
) -> Iterator[Problem]:
    """One warning for each variable, whoever of the member has it."""
    having: dict[str, list[PlannedWorkload]] = {}
    for workload in member.workloads:
        for value in workload.variables:
            if value.name in addresses and value.source != "service":
                having.setdefault(value.name, []).append(workload)
    for name, workloads in having.items():
        yield warning(
            "engine.own-address",
            place=Place(member.member.template.file, workloads[0].line),
            application=member.member.application,
            name=", ".join(dict.fromkeys(workload.name for workload in workloads)),
            variable=name,
            engine=surroundings.engine.name,
        )
