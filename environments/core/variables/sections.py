"""Sections of a variables file: ``services.NAME`` has to name something that runs."""

from collections.abc import Iterator, Sequence

from environments.core.problems import Place, Problem, nearest, warning
from environments.core.template.model import AppTemplate
from environments.core.variables.model import VariablesFile


def section_problems(
    variables: VariablesFile, templates: Sequence[AppTemplate], *, application: str
) -> Iterator[Problem]:
    """A warning for each section that reaches no container of any of these templates."""
    known = {workload.name for template in templates for workload in template.workloads}
    for name, entries in variables.services.items():
        if name not in known and entries:
            yield warning(
                "variables.no-service",
                place=Place(variables.file, entries[0].line),
                application=application,
                name=name,
                suggestion=nearest(name, known) or "Correct the name, or take it out.",
            )
