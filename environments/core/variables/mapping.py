"""Mapping expressions: ``NAME``, ``$NAME``, ``${NAME}``, ``${NAME:-default}``, ``$$`` and text."""

import re
from collections.abc import Callable
from dataclasses import dataclass

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACES = re.compile(r"\$\{|\}")


class MappingError(Exception):
    """The expression cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Text:
    """A literal part."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A name; ``default`` None: it must be set."""

    name: str
    default: str | None = None


Part = Text | Reference


def parse(expression: str) -> tuple[Part, ...]:
    """The parts of an expression. A bare name is a reference; raises ``MappingError``."""
    if NAME.fullmatch(expression):
        return (Reference(expression),)
    parts: list[Part] = []
    text: list[str] = []
    at = 0
    while at < len(expression):
        dollar = expression.find("$", at)
        if dollar < 0:
            text.append(expression[at:])
            break
        text.append(expression[at:dollar])
        part, at = _after_dollar(expression, dollar)
        if isinstance(part, Text):
            text.append(part.text)
            continue
        if joined := "".join(text):
            parts.append(Text(joined))
        text.clear()
        parts.append(part)
    if joined := "".join(text):
        parts.append(Text(joined))
    return tuple(parts)


def _after_dollar(expression: str, at: int) -> tuple[Part, int]:
    if expression.startswith("$$", at):
        return Text("$"), at + 2
    if expression.startswith("${", at):
        end = _closing(expression, at)
        name, has_default, default = expression[at + 2 : end].partition(":-")
        if not NAME.fullmatch(name):
            raise MappingError(f"${{{expression[at + 2 : end]}}} does not name a variable")
        return Reference(name, default if has_default else None), end + 1
    if found := NAME.match(expression, at + 1):
        return Reference(found[0]), found.end()
    return Text("$"), at + 1


def _closing(expression: str, at: int) -> int:
    """Where the ``${`` at this place is closed; a default may hold a ``${…}`` of its own."""
    depth = 0
    for found in _BRACES.finditer(expression, at):
        depth += 1 if found[0] == "${" else -1
        if depth == 0:
            return found.start()
    raise MappingError("it has a ${ that is not closed")


def references(parts: tuple[Part, ...]) -> tuple[Reference, ...]:
    """The names that the parts refer to, in order."""
    return tuple(part for part in parts if isinstance(part, Reference))


def evaluate(
    parts: tuple[Part, ...], look_up: Callable[[str], str | None]
) -> tuple[str, ...] | None:
    """The text of each part; None where a name without default is not there.

    A default counts where the name is unset or empty. Values are not looked into.
    """
    texts: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            texts.append(part.text)
            continue
        value = look_up(part.name)
        if not value and part.default is not None:
            value = part.default
        if value is None:
            return None
        texts.append(value)
    return tuple(texts)
