"""What new environments of an application will meet, told when its template is saved.

Nothing of it blocks: the other application, the context or the engine may come later.
"""

from collections.abc import Iterator
from dataclasses import replace

from environments.actions.drafts import place_for
from environments.core.plan import Act
from environments.core.ports import EngineError
from environments.core.problems import Level, Problem, warning
from environments.core.template import merged_template
from environments.core.variables import VariablesFile, section_problems
from environments.models import Application, EnvironmentType
from environments.services import members
from environments.services.members import Source
from environments.services.planning import choose, member_of, own_choice, plan_for

BETWEEN_MEMBERS = ("import.", "collision.")
"""Problems that make a text wrong beside those of the other members."""
OF_THE_PLACE = ("engine.", "context.", "domain.")
"""Problems that do not block a text: the context may get another engine."""
_TOLD = (*BETWEEN_MEMBERS, *OF_THE_PLACE)
"""What does not depend on branches or the moment."""
_TOLD_BY_THE_TEXT = ("engine.tunes",)


def foreseen(application: Application, *, template: str) -> tuple[Problem, ...]:
    """The warnings that a plan of either type of environment would have with this text."""
    sources = [
        members.of_application(
            application, environment_type=environment_type, position=0, template=template
        )[0]
        for environment_type in EnvironmentType.values
    ]
    read = [source for source in sources if source is not None]  # else told as errors of the text
    found = (problem for source in read for problem in _of_plan(source))
    told = [
        replace(problem, level=Level.WARNING)
        for problem in found
        if problem.id.startswith(_TOLD) and problem.id not in _TOLD_BY_THE_TEXT
    ]
    for source in read[:1]:
        told += unused_sections(application, source.variables, template=template)
    return tuple(dict.fromkeys(told))


def unused_sections(
    application: Application, variables: VariablesFile, *, template: str
) -> tuple[Problem, ...]:
    """A warning for each section of the variables that no type of environment has a use for."""
    parsed = [merged_template(template, environment_type=each) for each in EnvironmentType.values]
    templates = [each.template for each in parsed if each.template is not None]
    return tuple(section_problems(variables, templates, application=application.name))


def _of_plan(own: Source) -> Iterator[Problem]:
    account = own.application.account
    setting, placed = place_for(account, own)
    yield from placed
    sources = members.imports_of(own, account=account, imported={}, import_parameters={}).members
    choices = choose(sources, refs={}, own=own_choice(own, None, ""), chosen={})
    planned = [
        member_of(source, choices[source.application.name], act=Act.APPLY) for source in sources
    ]
    try:
        yield from plan_for("setup", planned, setting).problems
    except EngineError as off:
        yield warning("engine.off", reason=str(off))
