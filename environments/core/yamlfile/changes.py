"""Edits of a file's text that touch nothing else.

A change is carried out on the span of the node that it means. What comes out is read again and
refused unless it says exactly what the change intends; where several spans could be meant (a
comment between two items, …), they are tried in order.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from environments.core.problems import has_errors
from environments.core.yamlfile import placing
from environments.core.yamlfile.model import (
    Alias,
    Document,
    Items,
    Mapping,
    Node,
    Path,
    Plain,
    Scalar,
    Step,
    children,
)
from environments.core.yamlfile.placing import Impossible, Span
from environments.core.yamlfile.reading import load, read
from environments.core.yamlfile.writing import New, value_of

_BOM = "\ufeff"
_ALIASES_WRITTEN_OUT = 200
_BLOCK_HEAD = re.compile(r"([|>])([0-9]?)[+-]?([0-9]?)")


class EditError(Exception):
    """The text cannot be changed in this way without changing something else."""


@dataclass(frozen=True, slots=True)
class Set:
    """Give the key or item at ``path``, which exists, another value."""

    path: Path
    value: New


@dataclass(frozen=True, slots=True)
class Insert:
    """Give the mapping at ``path`` a new key: behind the key ``after``, else at its end."""

    path: Path
    key: str
    value: New
    after: str = ""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the key that ends ``path`` another name."""

    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class Append:
    """Add an item to the end of the list at ``path``."""

    path: Path
    value: New


@dataclass(frozen=True, slots=True)
class Remove:
    """Take out the key or item at ``path``."""

    path: Path


@dataclass(frozen=True, slots=True)
class Move:
    """Put the item at ``path`` at another place of its list, counted from 0 after the move."""

    path: Path
    to: int


Change = Set | Insert | Rename | Append | Remove | Move


def edited(text: str, *changes: Change) -> str:
    """The text with the changes, made one after the other.

    Raises ``UnreadableError`` for a text that is no good file, ``EditError`` for a change that
    is not possible, ``LookupError`` for a path that leads nowhere.
    """
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    at_once = _all_changed(load(text), changes) if len(changes) > 1 else None
    if at_once is not None:
        return bom + at_once
    for change in changes:
        text = _changed(load(text), change)
    return bom + text


def _all_changed(document: Document, changes: Sequence[Change]) -> str | None:
    """The text with all changes made in one go; None where they depend on each other.

    They are independent where the best way of each, all on the same text, gives what they
    give one after the other. Reading again once for all is what makes large edits quick.
    """
    value = document.value()
    for change in changes:
        value = _intended(value, change)
    try:
        spans = [span for change in changes for span in next(_possible(document, change), ())]
    except LookupError:
        return None  # A path leads to what another of the changes makes.
    return _if_it_says(_spelled(value), _replaced(document.text, spans))


def _changed(document: Document, change: Change) -> str:
    intended = _spelled(_intended(document.value(), change))
    text = _first_that_says(intended, document, change)
    if text is None and isinstance(change, Set | Insert | Append):
        # The author's text of a copied value does not fit here: write the value anew.
        change = replace(change, value=value_of(change.value))
        text = _first_that_says(intended, document, change)
    if text is None:
        # An anchor or alias is in the way: with its aliases written out, the file says the same.
        text = _first_that_says(intended, _without_aliases(document, change.path), change)
    if text is None:
        text = _first_that_says(intended, _with_end_said(document), change)
    if text is None:
        name = ".".join(map(str, change.path)) or "The file"
        raise EditError(f"{name} cannot be changed without changing more: edit it by hand.")
    return text


def _first_that_says(intended: str, document: Document, change: Change) -> str | None:
    for spans in _possible(document, change):
        text = _if_it_says(intended, _replaced(document.text, spans))
        if text is not None:
            return text
    return None


def _if_it_says(intended: str, text: str | None) -> str | None:
    reading = read(text) if text is not None else None
    if reading is None or reading.document is None or has_errors(reading.problems):
        return None
    return text if _spelled(reading.document.value()) == intended else None


def _possible(document: Document, change: Change) -> Iterator[Sequence[Span]]:
    """The ways to carry out the change, best first."""
    try:
        match change:
            case Set(path, new):
                yield from placing.set_value(document, path, new)
            case Insert(path, key, new, after):
                yield from placing.insert_key(document, path, key, new, after)
            case Rename(path, key):
                yield placing.rename_key(document, path, key)
            case Append(path, new):
                yield from placing.append_item(document, path, new)
            case Remove(path):
                yield from placing.remove(document, path)
            case Move(path, to):
                yield from placing.move_item(document, path, to)
    except Impossible:
        return


def _replaced(text: str, spans: Sequence[Span]) -> str | None:
    """The text with the spans replaced; None where they overlap."""
    parts: list[str] = []
    at = 0
    for span in sorted(spans, key=lambda each: each.start):
        if span.start < at:
            return None
        parts += (text[at : span.start], span.text)
        at = span.end
    return "".join((*parts, text[at:]))


def _without_aliases(document: Document, path: Path) -> Document:
    """The file with each alias that a change at the path concerns replaced by its value."""
    for _ in range(_ALIASES_WRITTEN_OUT):
        value = document.value()
        written = [Set(alias, _at(value, alias)) for alias in _concerned(document, path)]
        if not written:
            return document
        text = _all_changed(document, written)
        if text is None:
            text = _first_that_says(_spelled(value), document, written[0])
        if text is None:
            return document
        document = replace(load(text), file=document.file)
    return document


def _concerned(document: Document, path: Path) -> list[Path]:
    """Where the alias on the way stands; else all outside that mean the node or a part of it."""
    aliases = [*_aliases(document.root)]
    on_the_way = [each for each, _ in aliases if each == path[: len(each)]]
    node = document.at(path)
    if on_the_way or node is None:
        return on_the_way[:1]
    return [
        each
        for each, alias in aliases
        if alias.target.start < node.end
        and node.start < alias.target.end
        and not node.start <= alias.start < node.end
    ]


def _with_end_said(document: Document) -> Document:
    """The file whose last block of text says itself that no line break ends it.

    Where the file ends without one, so does the text, but not with another line below it.
    """
    node = document.root
    while isinstance(node, Mapping | Items) and not node.flow:
        *_, (_, node) = children(node)
    if not isinstance(node, Scalar) or node.style not in ("|", ">"):
        return document
    head = _BLOCK_HEAD.sub(r"\1-\2\3", document.text[node.start :], count=1)
    return replace(load(document.text[: node.start] + head), file=document.file)


def _aliases(node: Node | None, path: Path = ()) -> Iterator[tuple[Path, Alias]]:
    if isinstance(node, Alias):
        yield path, node
    elif node is not None:
        for step, below in children(node):
            yield from _aliases(below, (*path, step))


def _spelled(value: Plain) -> str:
    """The value in a form in which 1, true and 1.0 differ."""
    return json.dumps(value or {})


def _at(value: Plain, path: Path) -> Plain:
    for step in path:
        value = _below(value, step)
    return value


def _below(value: Plain, step: Step) -> Plain:
    if isinstance(value, dict) and isinstance(step, str):
        return value[step]
    if isinstance(value, list) and isinstance(step, int):
        return value[step]
    raise LookupError(step)


def _intended(value: Plain, change: Change) -> Plain:
    """What the file says after the change, computed without its text."""
    if isinstance(change, Insert | Append):
        return _rebuilt(value, change.path, change)
    return _rebuilt(value, change.path[:-1], change)


def _rebuilt(value: Plain, path: Path, change: Change) -> Plain:
    if not path:
        return _after(value, change)
    step, rest = path[0], path[1:]
    below = _rebuilt(_below(value, step), rest, change)
    if isinstance(value, dict):
        return {key: below if key == step else each for key, each in value.items()}
    if isinstance(value, list):
        return [below if number == step else each for number, each in enumerate(value)]
    raise LookupError(step)


def _after(value: Plain, change: Change) -> Plain:
    """The mapping or list that the change is made in, after it."""
    if isinstance(change, Insert):
        return _with_key({} if value is None else value, change)
    if isinstance(change, Append):
        if value is not None and not isinstance(value, list):
            raise LookupError(change.path)
        return [*(value or []), value_of(change.value)]
    step = change.path[-1]
    old = _below(value, step)
    if isinstance(value, dict):
        return _in_mapping(value, step, change)
    assert isinstance(value, list) and isinstance(step, int)
    items = [*value[:step], *value[step + 1 :]]
    if isinstance(change, Set):
        items.insert(step, value_of(change.value))
    elif isinstance(change, Move):
        items.insert(change.to, old)
    elif isinstance(change, Rename):
        raise LookupError(step)
    return items


def _in_mapping(value: dict[str, Plain], step: Step, change: Change) -> Plain:
    if isinstance(change, Move):
        raise LookupError(step)
    if isinstance(change, Remove):
        return {key: each for key, each in value.items() if key != step}
    if isinstance(change, Rename):
        if change.key in value:
            raise EditError(f"There is a key {change.key} already.")
        return {change.key if key == step else key: each for key, each in value.items()}
    assert isinstance(change, Set)
    return {key: value_of(change.value) if key == step else each for key, each in value.items()}


def _with_key(value: Plain, change: Insert) -> Plain:
    if not isinstance(value, dict):
        raise LookupError(change.path)
    if change.key in value:
        raise EditError(f"There is a key {change.key} already.")
    keys = list(value)
    at = keys.index(change.after) + 1 if change.after in value else len(keys)
    pairs = list(value.items())
    return dict([*pairs[:at], (change.key, value_of(change.value)), *pairs[at:]])
