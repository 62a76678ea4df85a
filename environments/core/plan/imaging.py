"""What engines that run images add to a plan: images that nobody gives, ports, CPUs."""

from collections.abc import Iterator, Sequence
from typing import Any

from environments.core.builds import source_of
from environments.core.plan.model import Act, PlannedMember, Surroundings
from environments.core.ports import LocalPorts
from environments.core.problems import Place, Problem, error, nearest, warning
from environments.core.template.model import AppTemplate, Workload
from environments.core.template.workloads import amount


def imaging_problems(
    planned: Sequence[PlannedMember], surroundings: Surroundings
) -> Iterator[Problem]:
    """Of the members that are applied."""
    engine = surroundings.engine
    if not engine.runs_images:
        return
    for member in planned:
        if member.member.act is not Act.APPLY:
            continue
        yield from _without_image(member)
        if engine.pulls_images and not surroundings.has_registry:
            yield from _without_registry(member, surroundings)
        if not engine.maps_ports and engine.local_ports is not LocalPorts.EVERY:
            yield from _other_ports(member, engine.name)
        if engine.cpus is not None:
            yield from _too_many_cpus(member, engine.name, engine.cpus)


def _workloads(member: PlannedMember) -> Iterator[Workload]:
    """What the plan runs of the member, as its template says it."""
    found = (member.member.template.workload(one.kind, one.name) for one in member.workloads)
    return filter(None, found)


def _without_image(member: PlannedMember) -> Iterator[Problem]:
    """What has no image, by its line."""
    template = member.member.template
    for workload in _workloads(member):
        if source_of(template, workload) is not None:
            continue
        about: dict[str, Any] = {
            "place": Place(template.file, workload.line),
            "application": member.member.application,
            "name": workload.name,
        }
        if not _image_of(template, workload):
            yield error("image.none", **about)
        elif workload.has_repo and workload.image:
            names = [*_built(template)]
            hint = nearest(workload.image, names) or "It is fetched under this name."
            yield warning("image.not-built", image=workload.image, suggestion=hint, **about)


def _without_registry(member: PlannedMember, surroundings: Surroundings) -> Iterator[Problem]:
    """What is built, and could not be fetched from anywhere; once for a member."""
    template = member.member.template
    for workload in _workloads(member):
        if source_of(template, workload) is not None:
            yield error(
                "image.no-registry",
                place=Place(template.file, workload.line),
                application=member.member.application,
                name=workload.name,
                context=surroundings.context,
                engine=surroundings.engine.name,
            )
            return


def _image_of(template: AppTemplate, workload: Workload) -> str:
    service = template.service(getattr(workload, "from_services", ""))
    return workload.image or (service.image if service is not None else "")


def _built(template: AppTemplate) -> Iterator[str]:
    """The names of images that the template builds."""
    for workload in template.workloads:
        if workload.build is not None and workload.image:
            yield workload.image


def _other_ports(member: PlannedMember, engine: str) -> Iterator[Problem]:
    """Services that others would call at a port on which their container does not listen."""
    for service in member.services:
        for port in service.ports:
            if port.port != port.target_port:
                yield warning(
                    "engine.port-inside",
                    place=Place(member.member.template.file, port.line or service.line),
                    application=member.member.application,
                    name=service.name,
                    port=port.port,
                    target_port=port.target_port,
                    engine=engine,
                )


def _too_many_cpus(member: PlannedMember, engine: str, cpus: float) -> Iterator[Problem]:
    for workload in member.workloads:
        if amount(workload.resources.cpu_limits) > cpus:
            yield warning(
                "engine.cpus",
                place=Place(member.member.template.file, workload.line),
                application=member.member.application,
                name=workload.name,
                asked=workload.resources.cpu_limits,
                given=f"{cpus:g}",
                engine=engine,
            )
