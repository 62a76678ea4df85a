"""Members that leave while a member that is applied uses a name of theirs."""

from collections.abc import Iterator, Mapping

from environments.core.names import label
from environments.core.plan.model import Act, Plan, PlannedMember
from environments.core.problems import Problem, warning

Name = tuple[str, str]
"""What it is the name of, and the name as the engine or the ingress has it."""


def leaving_first(leaving: Plan, staying: Plan) -> Mapping[str, tuple[str, ...]]:
    """By handle, the members that have to go before the others are applied, each with the
    names that are used anew: "service api", "host shop.example.org"."""
    used = {
        name
        for planned in staying.members
        if planned.member.act is Act.APPLY
        for name in _names(planned, staying)
    }
    met: dict[str, tuple[str, ...]] = {}
    for planned in leaving.members:
        again = dict.fromkeys(name for name in _names(planned, leaving) if name in used)
        if again:
            met[planned.member.env_id] = tuple(f"{what} {name}" for what, name in again)
    return met


def leaving_problems(leaving: Plan, staying: Plan) -> tuple[Problem, ...]:
    """The warnings that say so."""
    met = leaving_first(leaving, staying)
    return tuple(
        warning(
            "member.leaves-first",
            application=planned.member.application,
            names=", ".join(met[planned.member.env_id]),
        )
        for planned in leaving.members
        if planned.member.env_id in met
    )


def _names(planned: PlannedMember, plan: Plan) -> Iterator[Name]:
    """What the member owns in the namespace. Host names with a handle in them never meet."""
    for service in planned.services:
        yield "service", service.workload
    for job in (*planned.member.template.jobs, *planned.member.template.cron_jobs):
        yield "job", label(job.name)
    for volume in planned.member.template.shared_volumes:
        yield "volume", label(volume.name)
    for host in plan.hosts:
        if host.env_id == planned.member.env_id:
            yield "host", f"{host.host}{host.path.rstrip('/')}"
