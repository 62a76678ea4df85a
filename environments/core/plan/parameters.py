"""``${parameters.NAME}``: replaced once, in the values where the template may use it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from environments.core.problems import Place, Problem, error
from environments.core.template.model import AppTemplate, Build, Workload
from environments.core.template.references import wrong_type

Fill = Callable[[str], str]
W = TypeVar("W", bound=Workload)
_PLACEHOLDER = re.compile(r"\$\{parameters\.([^}]*)\}")


def values_of(
    template: AppTemplate, given: Mapping[str, str], *, application: str
) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """The value of every parameter, and an error for each required one that has none.

    Values for parameters that the template no longer has are left aside.
    """
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for parameter in template.parameters:
        value = given.get(parameter.name) or parameter.default
        if value is None and not parameter.optional:
            problems.append(
                error(
                    "parameter.missing",
                    place=Place(template.file, parameter.line),
                    application=application,
                    name=parameter.name,
                )
            )
        if value and (wrong := wrong_type(parameter.type, value)):
            problems.append(
                error(
                    "parameter.type",
                    place=Place(template.file, parameter.line),
                    application=application,
                    name=parameter.name,
                    expected=wrong,
                )
            )
        values[parameter.name] = value or ""
    return values, tuple(problems)


def filled_in(template: AppTemplate, values: Mapping[str, str]) -> AppTemplate:
    """The template with every placeholder replaced; what a value holds is not looked at again."""

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    return replace(
        template,
        services=tuple(_filled(service, fill) for service in template.services),
        jobs=tuple(_filled(job, fill) for job in template.jobs),
        cron_jobs=tuple(_filled(job, fill) for job in template.cron_jobs),
        builds=tuple(replace(one, build=_build(one.build, fill)) for one in template.builds),
    )


def _filled(workload: W, fill: Fill) -> W:
    build = workload.build
    return replace(
        workload,
        command=tuple(map(fill, workload.command)),
        args=tuple(map(fill, workload.args)),
        envs=tuple(replace(env, value=fill(env.value)) for env in workload.envs),
        build=build and _build(build, fill),
    )


def _build(build: Build, fill: Fill) -> Build:
    return replace(build, args=tuple(map(fill, build.args)))
