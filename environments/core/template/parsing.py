"""From text to a template, or to everything that is wrong with it at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from environments.core.problems import Problem, error, has_errors, warning
from environments.core.template.building import template_of
from environments.core.template.charts import chart_problems
from environments.core.template.checking import Checker
from environments.core.template.fields import root_of
from environments.core.template.merging import (
    TYPES,
    TYPES_KEY,
    changes_something,
    merge_problems,
    merged,
)
from environments.core.template.model import AppTemplate
from environments.core.template.placeholders import placeholder_problems
from environments.core.template.references import reference_problems
from environments.core.template.rules import rule_problems, twice
from environments.core.template.schema import APPLICATION_SCHEMA, ENVIRONMENT_SCHEMA
from environments.core.template.support import support_problems
from environments.core.template.workflows import workflow_problems
from environments.core.yamlfile import Document, Reading, in_order, read

APPLICATION_FILE = "application_template.yaml"
ENVIRONMENT_FILE = "environment_template.yaml"

_APPLICATION = Checker(APPLICATION_SCHEMA)
_ENVIRONMENT = Checker(ENVIRONMENT_SCHEMA)


@dataclass(frozen=True, slots=True)
class Parsed:
    """``template`` is None where ``problems`` has an error. Problems are in the file's order."""

    template: AppTemplate | None
    problems: tuple[Problem, ...]


def parse_application_template(
    text: str | bytes, *, file: str = APPLICATION_FILE, application: str = ""
) -> Parsed:
    """The template as written, before any environment type is merged into it.

    ``application``: the name under which it is or will be registered, for imports of itself;
    without one, ``app`` counts. The rules are held against the template of each type.
    """
    reading = read(text, file=file)
    problems = _application_problems(reading, application)
    return _parsed(reading.document, problems)


def merged_template(
    text: str, *, environment_type: str, file: str = APPLICATION_FILE, application: str = ""
) -> Parsed:
    """The template that an environment of this type gets; lines are those of ``text``."""
    reading = read(text, file=file)
    problems = _application_problems(reading, application)
    document = reading.document
    return _parsed(document and merged(document, environment_type), problems)


def parse_environment_template(
    text: str, *, file: str = ENVIRONMENT_FILE, application: str = ""
) -> Parsed:
    """An Environment Template; ``environment_templates`` in it is an error."""
    reading = read(text, file=file)
    problems = [*reading.problems]
    if reading.document is not None:
        problems += _ENVIRONMENT.problems(_without_types(reading.document))
        problems += _types_problem(reading.document)
        problems += _rule_problems(reading.document, application)
    return _parsed(reading.document, problems)


def _parsed(document: Document | None, problems: Iterable[Problem]) -> Parsed:
    # The same thing may be found in the template of each type.
    said = in_order(dict.fromkeys(problems))
    if document is None or has_errors(said):
        return Parsed(None, said)
    return Parsed(template_of(document), said)


def _application_problems(reading: Reading, application: str) -> list[Problem]:
    problems = [*reading.problems]
    document = reading.document
    if document is None:
        return problems
    problems += _APPLICATION.problems(document)
    problems += twice(TYPES_KEY, root_of(document).entries(TYPES_KEY))
    problems += merge_problems(document)
    problems += _dataset_problems(document)
    plain = dict.fromkeys(_rule_problems(document, application))
    for environment_type in TYPES:
        if not changes_something(document, environment_type):
            problems += plain
            continue
        for problem in _rule_problems(merged(document, environment_type), application):
            problems.append(problem if problem in plain else _only_in(problem, environment_type))
    return problems


def _only_in(problem: Problem, environment_type: str) -> Problem:
    """A problem that comes with what the entry of this type changes."""
    message = f"In environments of type {environment_type}: {problem.message}"
    return replace(problem, message=message)


def _rule_problems(document: Document, application: str) -> Iterator[Problem]:
    root = root_of(document)
    yield from rule_problems(root, application=application)
    yield from reference_problems(root)
    yield from workflow_problems(root)
    yield from chart_problems(root)
    yield from placeholder_problems(root)
    yield from support_problems(root)


def _without_types(document: Document) -> Document:
    """The file without the key that has an error of its own."""
    root = root_of(document)
    if not root.node.pairs:
        return document
    pairs = tuple(pair for pair in root.node.pairs if pair.key.text != TYPES_KEY)
    return replace(document, root=replace(root.node, pairs=pairs))


def _types_problem(document: Document) -> Iterator[Problem]:
    root = root_of(document)
    if root.node.pair(TYPES_KEY) is not None:
        yield error("template.types-in-environment", place=root.place_of_key(TYPES_KEY))


def _dataset_problems(document: Document) -> Iterator[Problem]:
    for entry in root_of(document).entries(TYPES_KEY):
        if entry.has("datasets") and not entry.is_empty("datasets"):
            place = entry.place_of_key("datasets")
            yield warning("template.not-deployed", place=place, key="datasets", are="are")
