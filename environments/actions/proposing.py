"""Texts to start from, where a repository has no template that could be used."""

from environments.actions.asking import Refused
from environments.actions.repositories import Reading
from environments.core.compose import COMPOSE_FILES, Proposal, proposal
from environments.core.names import label
from environments.core.problems import Problem, has_errors, warning


class TemplateUnusable(Refused):
    """The repository's template has errors; ``text`` is what to go on from.

    ``notes``: about a Compose file that stands in its place.
    """

    def __init__(
        self, *problems: Problem, text: str, variables: str = "", notes: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(*problems)
        self.text, self.variables, self.notes = text, variables, notes


class TemplateMissing(TemplateUnusable):
    """The repository has no template; ``text`` is one to start from."""


class ComposeGiven(TemplateUnusable):
    """``text`` and ``variables`` are made from a Compose file."""


def without_template(reading: Reading, name: str) -> TemplateUnusable:
    """What to start from: a Compose file of the repository, else one service."""
    missing = reading.missing(reading.template_file)
    for path in COMPOSE_FILES:
        content = reading.content(path)
        if content is None:
            continue
        made = proposal(content, file=path, name=name, files=reading.content)
        if has_errors(made.problems):
            return TemplateMissing(missing, text=proposal_for(name), notes=made.problems)
        found = warning("compose.found", path=path)
        return _composed(reading, made, *((missing, found) if missing.place else (found,)))
    return TemplateMissing(missing, text=proposal_for(name))


def in_place_of_template(reading: Reading, name: str, path: str, text: str) -> Refused:
    """What a Compose file becomes that was given where a template was asked for."""
    made = proposal(text, file=path, name=name, files=reading.content)
    if has_errors(made.problems):
        return Refused(*made.problems)
    return _composed(reading, made, warning("compose.given"))


def _composed(reading: Reading, made: Proposal, *said: Problem) -> ComposeGiven:
    variables = made.variables if reading.variables is None else reading.variables
    return ComposeGiven(*said, text=made.template, variables=variables, notes=made.problems)


def proposal_for(name: str) -> str:
    """A template to start from, for an application of this name."""
    return (
        f"app: {label(name)}\n"
        "services:\n"
        "- name: web\n"
        "  has_repo: true\n"
        "  command:\n"
        "  - ./start\n"
        "  ports:\n"
        "  - type: node_port\n"
        '    target_port: "8080"\n'
        '    port: "80"\n'
    )
