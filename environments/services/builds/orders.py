"""What is to be built for a member: each image with its arguments, from one checkout."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from environments import wiring
from environments.core.builds import Argument, Source, arguments, source_of, sources, tag_of
from environments.core.plan import PlannedMember
from environments.core.plan.model import PlannedWorkload
from environments.core.plan.parameters import filled_in, values_of
from environments.core.ports import BuildOrder
from environments.core.sites import dockerfile_of, is_argument
from environments.core.template.model import AppTemplate, Workload
from environments.core.variables import Value
from environments.models import Application, Build, BuildArgument
from environments.services import members

_REPOSITORY = "releaseclone.local"
"""The made-up registry of images that never leave the engine's own store."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One image of a build, the tasks that run it, and how it is built."""

    source: Source
    tasks: tuple[str, ...]
    order: BuildOrder


def workloads_of(planned: PlannedMember) -> Iterator[tuple[str, PlannedWorkload, Source | None]]:
    """The tasks of a member that run something, each with what its image is built from."""
    template = planned.member.template
    for workload in planned.workloads:
        source = _source(template, template.workload(workload.kind, workload.name))
        yield f"{workload.kind}s.{workload.name}", workload, source


def _source(template: AppTemplate, workload: Workload | None) -> Source | None:
    return source_of(template, workload) if workload is not None else None


def wanted_by(planned: PlannedMember, build: Build, folder: Path) -> list[Wanted]:
    """The images that the member's tasks need built, each once."""
    tasks: dict[Source, list[str]] = {}
    variables: dict[Source, tuple[Value, ...]] = {}
    for task, workload, source in workloads_of(planned):
        if source is not None:
            tasks.setdefault(source, []).append(task)
            variables.setdefault(source, workload.variables)
    general = _general_of(build)
    return [
        Wanted(source, tuple(named), _order(source, build, folder, general, variables[source]))
        for source, named in tasks.items()
    ]


def wanted_alone(
    build: Build, folder: Path, source: members.Source
) -> tuple[list[Wanted], tuple[str, ...]]:
    """All images of the application without a deployment, and the secrets among what they get.

    ``${envs.NAME}`` is what the variables file says; a static site, whose build gets every
    variable of its environment, is built with each deployment alone.
    """
    values, _ = values_of(source.template, source.parameters, application=build.application.name)
    template = filled_in(source.template, values)
    general = _general_of(build)
    wanted = [
        Wanted(one, (f"{one.kind}.{one.name}",), _order(one, build, folder, general, given))
        for one in sources(template)
        if one.site is None
        for given in [_said_of(source, one.name)]
    ]
    secrets = {text for one in wanted for text in one.order.secret_arguments.values()}
    return wanted, tuple(sorted(secrets))


def _said_of(source: members.Source, service: str) -> tuple[Value, ...]:
    said = (*source.variables.defaults, *source.variables.services.get(service, ()))
    return tuple(Value(one.key, one.value, one.secret, "variables") for one in said)


def general_arguments(application: Application) -> tuple[Mapping[str, Argument], ...]:
    """Those of the account, then those of the application."""
    rows = BuildArgument.objects.filter(account=application.account)
    return (
        _opened(list(rows.filter(application__isnull=True))),
        _opened(list(rows.filter(application=application))),
    )


def _general_of(build: Build) -> tuple[Mapping[str, Argument], ...]:
    """Those of the build; code from outside sees nothing of what is secret."""
    general = general_arguments(build.application)
    if build.environment is None or not build.environment.approved_commit:
        return general
    return tuple(
        {name: Argument("") if one.secret else one for name, one in given.items()}
        for given in general
    )


def _opened(rows: Sequence[BuildArgument]) -> dict[str, Argument]:
    return {
        row.name: Argument(wiring.unseal(row.value, belongs_to=row.seal_name), row.secret)
        for row in rows
    }


def _order(
    source: Source,
    build: Build,
    folder: Path,
    general: Sequence[Mapping[str, Argument]],
    variables: Sequence[Value],
) -> BuildOrder:
    known = {value.name: Argument(value.text, value.secret) for value in variables}
    made = arguments(*general, own=source.build.args, variables=known)
    text = ""
    if source.site is not None:
        made |= {name: one for name, one in known.items() if is_argument(name)}
        text = dockerfile_of(source.site, made)
    return BuildOrder(
        text=text,
        folder=folder,
        context=source.build.context,
        dockerfile=source.build.dockerfile,
        target=source.build.target,
        arguments={name: one.value for name, one in made.items() if not one.secret},
        secret_arguments={name: one.value for name, one in made.items() if one.secret},
        labels={
            "releaseclone/application": build.application.name,
            "releaseclone/commit": build.commit,
        },
        tags=tuple(f"{repository_of(build, source.name)}:{tag}" for tag in _tags(build)),
    )


def repository_of(build: Build, image: str) -> str:
    """Where the images of this name are kept, without a tag."""
    root = build.context.pushes_to or f"{_REPOSITORY}/{build.application.account.name}"
    return f"{root}/{build.application.name}/{image}".lower()


def _tags(build: Build) -> tuple[str, ...]:
    return build.commit[:7], f"build-{build.pk}", tag_of(build.branch)


def folder_of(build: Build) -> Path:
    """Where the code of a build lies while it is built."""
    root: Path = settings.RELEASECLONE.data / "builds"
    return root / str(build.pk)
