"""``${NAME}`` in the values of a Compose file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from environments.core.problems import Place, Problem, error, warning
from environments.core.yamlfile import Alias, Document, Items, Node, Pair, Scalar
from environments.core.yamlfile import Mapping as YamlMapping
from environments.core.yamlfile.scalars import meaning

_DEPTH_LIMIT = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")


class _WrongError(Exception):
    """The text is no template of Compose."""


@dataclass(slots=True)
class _Filled:
    """What a text becomes, and what stood in it: names without a value, and why one is needed."""

    text: str
    missing: list[tuple[str, str]]


def interpolated(
    document: Document, values: Mapping[str, str]
) -> tuple[Document, tuple[Problem, ...]]:
    """The document with every value filled, and what has no value or cannot be read."""
    if document.root is None:
        return document, ()
    filling = _Filling(document, values)
    root = filling.node(document.root)
    return replace(document, root=root), tuple(filling.problems.values())


def substituted(text: str, values: Mapping[str, str]) -> str:
    """The text filled, as far as it can be read; names without a value are empty."""
    try:
        return _substituted(text, values).text
    except _WrongError:
        return text


class _Filling:
    """Each name without a value is said once, where it is met first."""

    def __init__(self, document: Document, values: Mapping[str, str]) -> None:
        self._document, self._values = document, values
        self._done: dict[int, Node] = {}
        self.problems: dict[str, Problem] = {}

    def node(self, node: Node) -> Node:
        """The same node, filled. What an alias stands for is filled once."""
        if id(node) not in self._done:
            self._done[id(node)] = self._filled(node)
        return self._done[id(node)]

    def _filled(self, node: Node) -> Node:
        if isinstance(node, Alias):
            return replace(node, target=self.node(node.target))
        if isinstance(node, Items):
            return replace(node, items=tuple(map(self.node, node.items)))
        if isinstance(node, YamlMapping):
            pairs = tuple(Pair(pair.key, self.node(pair.value)) for pair in node.pairs)
            return replace(node, pairs=pairs)
        return self._scalar(node)

    def _scalar(self, scalar: Scalar) -> Scalar:
        if not isinstance(scalar.value, str) or "$" not in scalar.text:
            return scalar
        place = self._document.place(scalar.start)
        try:
            filled = _substituted(scalar.text, self._values)
        except _WrongError as wrong:
            self.problems[f"{scalar.start}"] = error(
                "compose.dollar", place=place, text=_cut(scalar.text), wrong=str(wrong)
            )
            return scalar
        for name, why in filled.missing:
            self.problems.setdefault(name, _missing(name, why, place))
        # What became empty is an empty text, and not as if nothing were there.
        value = meaning(filled.text) if filled.text and not scalar.style else filled.text
        return replace(scalar, text=filled.text, value=value)


def _missing(name: str, why: str, place: Place) -> Problem:
    if why:
        return warning("compose.variable-required", place=place, name=name, why=_cut(why))
    return warning("compose.variable-unset", place=place, name=name)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _substituted(text: str, values: Mapping[str, str], depth: int = 0) -> _Filled:
    if depth > _DEPTH_LIMIT:
        raise _WrongError(f"more than {_DEPTH_LIMIT} ${{…}} stand inside each other")
    filled, at = _Filled("", []), 0
    parts: list[str] = []
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        rest = text[dollar + 1 : dollar + 2]
        if rest == "$":
            parts.append("$")
            at = dollar + 2
        elif rest == "{":
            at = _end_of(text, dollar + 2)
            parts.append(_braced(text[dollar + 2 : at - 1], values, depth, filled))
        elif found := _NAME.match(text, dollar + 1):
            parts.append(_value(found[0], values, filled))
            at = found.end()
        else:
            raise _WrongError("no name stands behind a dollar sign")
    filled.text = "".join([*parts, text[at:]])
    return filled


def _end_of(text: str, start: int) -> int:
    """Where the brace closes that was opened before ``start``, and one more."""
    level = 1
    for found in re.compile(r"\$\$|\$\{|\}").finditer(text, start):
        level += {"${": 1, "}": -1}.get(found[0], 0)
        if not level:
            return found.end()
    raise _WrongError("a brace is not closed")


def _braced(inside: str, values: Mapping[str, str], depth: int, filled: _Filled) -> str:
    name = _NAME.match(inside)
    if name is None:
        raise _WrongError("no name stands behind ${")
    if name.end() == len(inside):
        return _value(name[0], values, filled)
    operator = _OPERATOR.match(inside, name.end())
    if operator is None:
        raise _WrongError(f"nothing like {inside[name.end()]} can stand behind a name")
    otherwise = _substituted(inside[operator.end() :], values, depth + 1)
    value = values.get(name[0])
    is_there = bool(value) if operator[0].startswith(":") else value is not None
    kind = operator[0][-1]
    if kind == "+":
        return _taken(otherwise, filled) if is_there else ""
    if is_there:
        return value or ""
    if kind == "-":
        return _taken(otherwise, filled)
    filled.missing.append((name[0], otherwise.text or "its value must be given"))
    return ""


def _taken(otherwise: _Filled, filled: _Filled) -> str:
    filled.missing += otherwise.missing
    return otherwise.text


def _value(name: str, values: Mapping[str, str], filled: _Filled) -> str:
    if name not in values:
        filled.missing.append((name, ""))
    return values.get(name, "")
