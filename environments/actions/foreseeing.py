"""What new environments of an application will meet, told when its template is saved.

Nothing of it blocks: the other application, the context or the engine may come later.
"""

from collections.abc import Iterator
from dataclasses import replace

from environments.actions.drafts import place_for
from environments.core.plan import Act
from environments.core.ports import EngineError
from environments.core.problems import Level, Problem, warning
from environments.models import Application, EnvironmentType
from environments.services import members
from environments.services.planning import choose, member_of, plan_for

_TOLD = ("import.", "collision.", "engine.", "context.", "domain.")
"""What depends on the texts of the members and their engine, not on branches or the moment."""
_TOLD_BY_THE_TEXT = ("engine.tunes",)


def foreseen(application: Application, *, template: str) -> tuple[Problem, ...]:
    """The warnings that a plan of either type of environment would have with this text."""
    found = (
        problem
        for environment_type in EnvironmentType.values
        for problem in _of_type(application, environment_type, template)
        if problem.id.startswith(_TOLD) and problem.id not in _TOLD_BY_THE_TEXT
    )
    return tuple(dict.fromkeys(replace(problem, level=Level.WARNING) for problem in found))


def _of_type(application: Application, environment_type: str, template: str) -> Iterator[Problem]:
    own, _ = members.of_application(
        application, environment_type=environment_type, position=0, template=template
    )
    if own is None:
        return  # told as an error of the text
    setting, placed = place_for(application.account, own)
    yield from placed
    sources = members.imports_of(
        own, account=application.account, imported={}, import_parameters={}
    ).members
    choices = choose(sources, refs={}, own_branch="", chosen={})
    planned = [
        member_of(source, choices[source.application.name], act=Act.APPLY) for source in sources
    ]
    try:
        yield from plan_for("setup", planned, setting).problems
    except EngineError as off:
        yield warning("engine.off", reason=str(off))
