"""Variables files: what may stand in them, what is wrong with one, and their secrets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from environments.core.problems import Problem, error, has_errors, warning
from environments.core.template.checking import Checker
from environments.core.template.fields import Entry, Word, root_of
from environments.core.template.rules import RESERVED_PREFIX
from environments.core.template.schema import (
    FLAG,
    TEXT,
    VARIABLE,
    Schema,
    list_of,
    mapping,
    or_nothing,
)
from environments.core.variables.model import MappingEntry, VariableEntry, VariablesFile
from environments.core.yamlfile import (
    Change,
    Document,
    Insert,
    Path,
    Remove,
    Set,
    edited,
    in_order,
    load,
    read,
)

FILE = "environment_variables.yaml"
SECTIONS = ("defaults", "envs")
"""Two words for the variables of every container: of an application, of an environment."""

_NAME = re.compile(r"[^\s=]+")
_VARIABLES = list_of(mapping("key", key=VARIABLE, value=TEXT, secret=FLAG))
VARIABLES_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Environment variables",
    **or_nothing(
        mapping(
            mapping={
                "type": "object",
                "additionalProperties": or_nothing(TEXT),
                "x-expected": "a mapping",
            },
            defaults=_VARIABLES,
            envs=_VARIABLES,
            services={
                "type": "object",
                "additionalProperties": or_nothing(_VARIABLES),
                "x-expected": "a mapping of services",
            },
        )
    ),
}
_CHECKER = Checker(VARIABLES_SCHEMA)


@dataclass(frozen=True, slots=True)
class ParsedVariables:
    """``file`` is None where ``problems`` has an error. Problems are in the file's order."""

    file: VariablesFile | None
    problems: tuple[Problem, ...]


def parse_variables(text: str, *, file: str = FILE) -> ParsedVariables:
    """The variables file; an empty text is a file without variables.

    Expressions under ``mapping`` are kept as text: ``mapping`` beside this module reads them.
    """
    reading = read(text, file=file)
    document = reading.document
    if document is None:
        return ParsedVariables(None, reading.problems)
    found = [
        *reading.problems,
        *_CHECKER.problems(document),
        *_rule_problems(root_of(document)),
    ]
    problems = in_order(found)
    return ParsedVariables(None if has_errors(problems) else _file(document), problems)


def without_secret_values(text: str) -> str:
    """The text as it may be shown: secrets keep their key and lose their value.

    Raises ``UnreadableError`` for a text that is no good file: nothing of it may be shown then.
    """
    secrets = [
        (*path, number, "value")
        for path, entries in _lists(root_of(load(text)))
        for number, entry in enumerate(entries)
        if _is_secret(entry) and entry.node.pair("value") is not None
    ]
    return edited(text, *map(Remove, secrets))


def withheld(file: VariablesFile) -> VariablesFile:
    """The same names, and nothing behind those that are secret."""
    services = {name: tuple(map(_emptied, entries)) for name, entries in file.services.items()}
    return replace(file, defaults=tuple(map(_emptied, file.defaults)), services=services)


def _emptied(entry: VariableEntry) -> VariableEntry:
    return replace(entry, value="", secret=False) if entry.secret else entry


def with_stored_secrets(new_text: str, stored_text: str) -> str:
    """The new text, each secret that it gives no value filled with the stored one.

    The same secret is the same key in the same list; ``defaults`` and ``envs`` are one list.
    A new text that cannot be read comes back as it is: ``parse_variables`` says what is wrong.
    """
    reading = read(new_text)
    if reading.document is None or has_errors(reading.problems):
        return new_text
    stored = {
        (_list_name(path), entry.text("key")): entry.text("value")
        for path, entries in _lists(root_of(load(stored_text)))
        for entry in entries
    }
    changes: list[Change] = []
    for path, entries in _lists(root_of(reading.document)):
        for number, entry in enumerate(entries):
            value = stored.get((_list_name(path), entry.text("key")))
            if value and _is_secret(entry) and not entry.has("value"):
                changes.append(_filled((*path, number), entry, value))
    return edited(new_text, *changes)


def _file(document: Document) -> VariablesFile:
    root = root_of(document)
    return VariablesFile(
        mapping=tuple(
            MappingEntry(name.text, expression, name.place.line)
            for name, expression in _mapped(root)
        ),
        defaults=tuple(_variable(entry) for key in SECTIONS for entry in root.entries(key)),
        services={
            name: tuple(map(_variable, entries)) for name, entries in _of_services(root).items()
        },
        file=document.file,
    )


def _variable(entry: Entry) -> VariableEntry:
    return VariableEntry(
        key=entry.text("key"),
        value=entry.text("value"),
        secret=_is_secret(entry),
        line=entry.line,
    )


def _mapped(root: Entry) -> tuple[tuple[Word, str], ...]:
    mapped = root.entry("mapping")
    return tuple(mapped.pairs()) if mapped else ()


def _of_services(root: Entry) -> dict[str, tuple[Entry, ...]]:
    services = root.entry("services")
    if services is None:
        return {}
    return {pair.key.text: services.entries(pair.key.text) for pair in services.node.pairs}


def _lists(root: Entry) -> Iterator[tuple[Path, tuple[Entry, ...]]]:
    """Every list of variables with the path to it."""
    for key in SECTIONS:
        yield (key,), root.entries(key)
    for name, entries in _of_services(root).items():
        yield ("services", name), entries


def _list_name(path: Path) -> Path:
    return (SECTIONS[0],) if path == (SECTIONS[1],) else path


def _filled(path: Path, entry: Entry, value: str) -> Change:
    if entry.node.pair("value") is not None:
        return Set((*path, "value"), value)
    return Insert(path, "value", value, after="key")


def _is_secret(entry: Entry) -> bool:
    return entry.flag("secret") is True


def _rule_problems(root: Entry) -> Iterator[Problem]:
    if root.has(SECTIONS[0]) and root.has(SECTIONS[1]):
        yield error("variables.both", place=root.place_of_key(SECTIONS[1]))
    for _, entries in _lists(root):
        yield from _list_problems(entries)
    for name, _ in _mapped(root):
        if not _NAME.fullmatch(name.text):
            yield error("variables.name", place=name.place, name=name.text)
        elif name.text.startswith(RESERVED_PREFIX):
            yield error("variables.reserved", place=name.place, key=name.text)


def _list_problems(entries: tuple[Entry, ...]) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for entry in entries:
        key = entry.text("key")
        place = entry.place_of("key")
        if key.startswith(RESERVED_PREFIX):
            yield error("variables.reserved", place=place, key=key)
        elif key in lines:
            yield error("variables.twice", place=place, key=key, line=lines[key])
        lines.setdefault(key, entry.line)
        if _is_secret(entry) and not entry.text("value"):
            yield warning("variables.secret-empty", place=entry.place, key=key)
