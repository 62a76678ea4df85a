"""What a value of the wrong shape is called, and the next step for its author."""

from typing import Any

from environments.core.problems import nearest
from environments.core.template.schema import Schema
from environments.core.yamlfile import Plain, Scalar
from environments.core.yamlfile.scalars import meaning

_SHOWN = 40
_OTHERWISE = "Correct it."


def shown(value: Plain, node: object) -> str:
    """What stands there, for a sentence: as written, in quotes where those make the difference."""
    if value is None:
        return "empty"
    if not isinstance(node, Scalar):
        return "a list" if isinstance(value, list) else "a mapping"
    text = node.text.rstrip("\r\n").partition("\n")[0]
    cut = text if text == node.text.rstrip("\r\n") and len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if node.style and (text != text.strip() or not isinstance(meaning(text), str)):
        return f'"{cut}"'
    return cut


def advice(schema: Schema, value: Plain) -> str:
    """What to write instead."""
    kinds = _kinds(schema)
    if "enum" in schema:
        return nearest(str(value), map(str, schema["enum"])) or "Choose one of them."
    if "array" in kinds:
        return _list_advice(value)
    if "object" in kinds:
        return _mapping_advice(schema, value)
    if kinds == {"boolean"}:
        return _flag_advice(value)
    if isinstance(value, dict | list):
        return "Write one value."
    return "Write a value." if value is None else _OTHERWISE


def _kinds(schema: Schema) -> set[str]:
    """The types that the schema allows, beside nothing at all."""
    types: Any = schema.get("type", ())
    return {types} if isinstance(types, str) else set(types) - {"null"}


def _list_advice(value: Plain) -> str:
    if isinstance(value, dict):
        return "Begin each item with a dash and a blank."
    return "Write each item on a line of its own, behind a dash and a blank."


def _mapping_advice(schema: Schema, value: Plain) -> str:
    keys = list(schema.get("properties", ()))
    needed = list(schema.get("required", ()))
    text = str(value)
    if text in keys:
        return f"Write {text}: with its colon."
    if "title" in schema:
        return "Begin with a key and a colon, such as services:."
    for key in keys:
        rest = text.removeprefix(key)
        if rest != text and rest.startswith((":", " ")):
            return f"Write {key}: {rest.lstrip(': ')}, with a colon and a blank behind the key."
    if isinstance(value, str) and needed == ["name"]:
        return f"Did you mean name: {text}?"
    if not keys:
        return _OTHERWISE
    return f"Write its keys, each with a colon and a value: {', '.join(needed or keys)}."


def _flag_advice(value: Plain) -> str:
    word = str(value).lower()
    if word in ("true", "false"):
        return "Take the quotes away."
    if word in ("yes", "on", "y", "1"):
        return "Write true."
    return "Write false." if word in ("no", "off", "n", "0") else "Write true or false."
