"""The values of charts: files of the repository and of the template, variables filled in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from environments.core.problems import Place, Problem, error
from environments.core.template.model import Chart
from environments.core.variables.model import Value
from environments.core.yamlfile import Plain, UnreadableError, load

_REFERENCE = re.compile(r"\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")


def values_of(
    chart: Chart,
    *,
    files: Mapping[str, str],
    variables: Sequence[Value],
    application: str,
    template_file: str,
) -> tuple[tuple[Mapping[str, Plain], ...], tuple[Problem, ...]]:
    """The values in the order in which they count, and what is wrong with them.

    In every text ``${NAME}`` and ``${NAME:-default}`` are replaced by the variables of the
    application; ``$${`` is ``${``. Files that could not be read have been told already.
    """
    known = {value.name: value.text for value in variables}
    place = Place(template_file, chart.line)
    given: list[tuple[str, Any]] = []
    problems: list[Problem] = []
    for path in chart.values_files:
        if path not in files:
            continue
        try:
            given.append((path, load(files[path], file=path).value() or {}))
        except UnreadableError as wrong:
            problems.append(_wrong(chart, application, place, path, str(wrong)))
    if chart.inline_values:
        given.append((template_file, chart.inline_values))
    made: list[Mapping[str, Plain]] = []
    for path, values in given:
        if not isinstance(values, dict):
            problems.append(_wrong(chart, application, place, path, "it is not a mapping"))
            continue
        missing = [name for name in dict.fromkeys(_needed(values)) if name not in known]
        problems += [
            _wrong(chart, application, place, path, f"no variable is called {name}")
            for name in missing
        ]
        made.append(_filled(values, known))
    return tuple(made), tuple(problems)


def _wrong(chart: Chart, application: str, place: Place, path: str, reason: str) -> Problem:
    return error(
        "chart.values",
        place=place,
        application=application,
        name=chart.name,
        path=path,
        reason=reason,
    )


def _needed(value: Any) -> Iterator[str]:
    """The names without default in all texts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _needed(one)
    elif isinstance(value, str):
        for found in _REFERENCE.finditer(value):
            if found[2] and found[3] is None:
                yield found[2]


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    def text(found: re.Match[str]) -> str:
        if found[1]:
            return "${"
        return known.get(found[2]) or found[3] or ""

    if isinstance(value, dict):
        return {key: _filled(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    return _REFERENCE.sub(text, value) if isinstance(value, str) else value
