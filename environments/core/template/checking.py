"""Holding a file against its schema: each violation becomes a problem with its place."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import jsonschema_rs

from environments.core.problems import Problem, error
from environments.core.template.advising import advice, shown
from environments.core.template.schema import Schema
from environments.core.template.suggesting import Known
from environments.core.yamlfile import (
    Document,
    Path,
    Plain,
    Scalar,
    children,
    resolved,
)

_TOP = "the file"


class Checker:
    """One schema, compiled once."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._validator = jsonschema_rs.Draft202012Validator(schema)

    def problems(self, document: Document) -> Iterator[Problem]:
        """Everything in the file that the schema does not allow."""
        empty = [*_empty_keys(document)]
        for key in empty:
            yield error("template.empty-key", place=document.place(key.start))
        if empty:  # the validator leaves them out of its paths, which would lead elsewhere
            return
        value = document.value()
        for violation in self._validator.iter_errors(value):
            yield from self._problems_of(violation, document, value)

    def _problems_of(
        self, violation: jsonschema_rs.ValidationError, document: Document, value: Plain
    ) -> Iterator[Problem]:
        path = _path(violation, value)
        schema = _below(self._schema, violation.schema_path[:-1])
        where = spelled(path, value)
        kind = violation.kind
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
            hints = self._hints(kind.unexpected, schema, path)
            above = "" if where == _TOP else f" of {where}"
            for key, hint in hints:
                place = document.place_of_key((*path, key))
                yield error("template.unknown-key", place=place, key=key, above=above, hint=hint)
        elif isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
            place = document.place_of(path)
            yield error("template.required", place=place, where=where, key=kind.property)
        elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf):
            place = document.place_of(path)
            yield error("template.required", place=place, where=where, key="port")
        else:
            node = document.at(path)
            actual = cast(Plain, violation.instance)
            yield error(
                "template.expected",
                place=document.place_of(path),
                where=where,
                expected=schema.get("x-expected", "something else"),
                actual=shown(actual, node and resolved(node)),
                hint=advice(schema, actual),
            )

    def _hints(self, keys: Iterable[str], schema: Schema, path: Path) -> Iterator[tuple[str, str]]:
        """Each key that is not known in its place, with what may have been meant by it."""
        names = sorted(schema.get("properties", {}))
        families = [pattern.removeprefix("^") for pattern in schema.get("patternProperties", {})]
        listed = f"Known keys: {', '.join([*names, *(f'{family}…' for family in families)])}."
        known = Known(names)
        for key in keys:
            meant = _slip(key, families) or self._elsewhere(key, path)
            yield key, meant or known.nearest(key, listed)

    def _elsewhere(self, key: str, path: Path) -> str:
        """The place that the key belongs to, if there is one."""
        top = self._schema.get("properties", {})
        if not path:
            service = top.get("services", {}).get("items", {}).get("properties", {})
            return f"{key} belongs to a service: indent it below one." if key in service else ""
        return (
            f"{key} belongs to the top of the file: take its indentation out." if key in top else ""
        )


def _path(violation: jsonschema_rs.ValidationError, value: Any) -> Path:
    """The way to what is wrong; the validator gives keys that are digits as numbers."""
    path: list[str | int] = []
    for step in violation.instance_path:
        if isinstance(value, dict) and step not in value:
            same = (key for key in value if key.removeprefix("+").isdecimal() and int(key) == step)
            step = str(step) if str(step) in value else next(same)
        path.append(step)
        value = value[step]
    return tuple(path)


def _empty_keys(document: Document) -> Iterator[Scalar]:
    waiting = [document.root] if document.root is not None else []
    while waiting:
        node = waiting.pop()
        waiting += (below for _, below in children(node))
        yield from (pair.key for pair in getattr(node, "pairs", ()) if not pair.key.text)


def _below(schema: Any, steps: Sequence[str | int]) -> Schema:
    for step in steps:
        schema = schema[step]
    found: Schema = schema
    return found


def spelled(path: Path, value: Plain) -> str:
    """The path for a person: list items by their name, where they have one."""
    words: list[str] = []
    for step in path:
        value = value[step]  # type: ignore[index]
        name = value.get("name") if isinstance(value, dict) else None
        if isinstance(step, str):
            words.append(step)
        elif isinstance(name, str) and name and not any(map(str.isspace, name)):
            words.append(name)
        else:
            words[-1:] = [f"{words[-1] if words else ''}[{step}]"]
    return ".".join(words) or _TOP


def _slip(key: str, families: Sequence[str]) -> str:
    """A question for a key that is one of a family but for its hyphens, or lacks a blank."""
    if key.startswith("-"):
        return "Write a blank behind the dash."
    spelled_out = key.lower().replace("-", "_")
    if any(spelled_out.startswith(family) for family in families):
        return f"Did you mean {spelled_out}?"
    return ""
