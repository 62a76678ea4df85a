"""From text to nodes, with the limits and the rules of YAML 1.2 that the parser does not know."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from environments.core.problems import Problem, error, has_errors
from environments.core.yamlfile.model import (
    Alias,
    Document,
    Items,
    Mapping,
    Node,
    Pair,
    Scalar,
    resolved,
)
from environments.core.yamlfile.model import document as document_of
from environments.core.yamlfile.scalars import meaning
from environments.core.yamlfile.slips import mended, syntax_problem

SIZE_LIMIT = 1024 * 1024
"""Bytes of a file."""
DEPTH_LIMIT = 64
"""Levels of nesting, aliases written out."""
ALIAS_LIMIT = 10_000
"""Nodes that all aliases of a file may stand for."""
_SLIP_LIMIT = 20

_CORE = "tag:yaml.org,2002:"
_BOM = "\ufeff"
_COLLECTION_TAGS = {None, "!", f"{_CORE}map", f"{_CORE}seq"}
_EMPTY = Scalar(value=None, text="", start=0, end=0)


@dataclass(frozen=True, slots=True)
class Reading:
    """``document`` is None where the text has no structure that could be looked into.

    It may be there in spite of errors (a key written twice): then the rest can be
    checked too, and all be said at once.
    """

    document: Document | None
    problems: tuple[Problem, ...]


class UnreadableError(Exception):
    """The text is not a YAML file that can be used; ``problems`` says why, all of it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


def load(source: str | bytes, *, file: str = "file.yaml") -> Document:
    """The file as nodes; ``UnreadableError`` with every problem where there is one."""
    reading = read(source, file=file)
    if reading.document is None or has_errors(reading.problems):
        raise UnreadableError(reading.problems)
    return reading.document


def read(source: str | bytes, *, file: str = "file.yaml", merges: bool = False) -> Reading:
    """As ``load``, for a caller who wants to go on looking after the first problem.

    ``merges``: whether ``<<`` brings the keys of other mappings, as YAML 1.1 had it.
    """
    empty = document_of(file, "", None)
    if isinstance(source, bytes):
        decoded = _decoded(source, file)
        if isinstance(decoded, Problem):
            return Reading(None, (decoded,))
        source = decoded
    text = source.removeprefix(_BOM)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > SIZE_LIMIT:
        place = empty.place(0)
        return Reading(None, (error("yaml.too-large", place=place, size=size, limit=SIZE_LIMIT),))
    return _read(text, file, merges, slips=_SLIP_LIMIT)


def _decoded(source: bytes, file: str) -> str | Problem:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as wrong:
        before = source[: wrong.start].decode("utf-8").removeprefix(_BOM)
        place = document_of(file, before, None).place(len(before))
        return error("yaml.not-text", place=place, position=wrong.start)


def _read(text: str, file: str, merges: bool, *, slips: int) -> Reading:
    composer = _Composer(document_of(file, text, None), merges=merges)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            composer.take(event)
    except yaml.MarkedYAMLError as wrong:
        problem = syntax_problem(wrong, composer.document)
        mend = mended(text, problem) if slips else None
        if mend is None:
            return Reading(None, (*composer.problems, problem))
        # Read on behind a slip that is understood, so that the rest is said at once.
        rest = _read(mend, file, merges, slips=slips - 1)
        return Reading(rest.document, in_order((problem, *rest.problems)))
    except yaml.reader.ReaderError as wrong:
        return Reading(None, (_bad_character(wrong, composer.document),))
    except UnicodeEncodeError as wrong:
        place = composer.document.place(wrong.start)
        return Reading(None, (error("yaml.character", place=place, code="a lone surrogate"),))
    except _TooDeepError as wrong:
        return Reading(None, (*composer.problems, wrong.problem))
    document = document_of(file, text, composer.root)
    return Reading(document, in_order(composer.problems))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems from the top of the file to its end."""

    def position(problem: Problem) -> tuple[int, int]:
        return (problem.place.line, problem.place.column) if problem.place else (0, 0)

    return tuple(sorted(problems, key=position))


def _bad_character(wrong: yaml.reader.ReaderError, document: Document) -> Problem:
    character = wrong.character
    code = f"U+{ord(character) if isinstance(character, str) else character:04X}"
    # The parser counts bytes here: find the character itself.
    found = next((at for at, each in enumerate(document.text) if f"U+{ord(each):04X}" == code), 0)
    return error("yaml.character", place=document.place(found), code=code)


class _TooDeepError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet."""

    mapping: bool
    flow: bool
    start: int
    first: int
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A node that aliases may name; ``node`` is None as long as it is open."""

    node: Node | None
    size: int
    height: int


class _Composer:
    """Takes the parser's events one by one: no recursion, so depth costs nothing."""

    def __init__(self, document: Document, *, merges: bool) -> None:
        self.document, self._merges = document, merges
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._from_aliases = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        """Go on with the next event."""
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._finish(event)
            case yaml.DocumentStartEvent():
                self._document(event)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents == 2:
            self._say("yaml.documents", event.start_mark.index)

    def _say(self, problem_id: str, offset: int, **fields: Any) -> None:
        self.problems.append(error(problem_id, place=self.document.place(offset), **fields))

    def _scalar(self, event: Any) -> None:
        start = event.start_mark.index
        text: str = event.value
        if "\x00" in text:
            self._say("yaml.character", start, code="U+0000")
        node = Scalar(
            value=self._value(event),
            text=text,
            start=start,
            end=event.end_mark.index,
            style=event.style or "",
        )
        self._keep_anchor(event.anchor, _Anchored(node, 1, 1))
        self._add(node, size=1, height=1)

    def _value(self, event: Any) -> str | int | float | bool | None:
        text: str = event.value
        tag: str | None = event.tag
        if tag is None:
            return meaning(text) if not event.style else text
        if tag in ("!", f"{_CORE}str"):
            return text
        value = meaning(text)
        if tag == f"{_CORE}{_tag_of(value)}":
            return value
        shown = tag.replace(_CORE, "!!")
        quoted = f'"{f"{shown} {text}".strip()}"'
        self._say("yaml.tag", event.start_mark.index, tag=shown, quoted=quoted)
        return text

    def _alias(self, event: Any) -> None:
        name: str = event.anchor
        start = event.start_mark.index
        known = self._anchors.get(name)
        if known is None:
            self._say("yaml.alias-unknown", start, name=name)
        elif known.node is None:
            self._say("yaml.alias-cycle", start, name=name)
        if known is None or known.node is None:
            return self._add(_EMPTY, size=1, height=1)
        self._from_aliases += known.size
        if self._from_aliases > ALIAS_LIMIT:
            raise _TooDeepError(
                error("yaml.alias-limit", place=self.document.place(start), limit=ALIAS_LIMIT)
            )
        node = Alias(name=name, target=known.node, start=start, end=event.end_mark.index)
        return self._add(node, size=known.size, height=known.height)

    def _begin(self, event: Any) -> None:
        start = event.start_mark.index
        if event.tag not in _COLLECTION_TAGS:
            shown = event.tag.replace(_CORE, "!!")
            self._say("yaml.tag", start, tag=shown, quoted=f'"{shown}"')
        if len(self._open) >= DEPTH_LIMIT:
            raise _TooDeepError(
                error("yaml.too-deep", place=self.document.place(start), limit=DEPTH_LIMIT)
            )
        self._keep_anchor(event.anchor, _Anchored(None, 0, 0))
        self._open.append(
            _Open(
                mapping=isinstance(event, yaml.MappingStartEvent),
                flow=event.flow_style,
                start=start,
                first=self._content_start(event),
                anchor=event.anchor,
            )
        )

    def _content_start(self, event: Any) -> int:
        """Where a collection begins, behind its anchor or tag."""
        if event.anchor is None and event.tag is None:
            start: int = event.start_mark.index
            return start
        end: int = event.end_mark.index
        # The mark of a list in the column of its key lies behind the first dash.
        behind_dash = isinstance(event, yaml.SequenceStartEvent) and not event.flow_style
        return end - 1 if behind_dash and self.document.text[end : end + 1] != "-" else end

    def _finish(self, event: Any) -> None:
        done = self._open.pop()
        end: int = event.end_mark.index
        node: Node
        if done.mapping:
            pairs = self._pairs(done.nodes)
            node = Mapping(pairs, done.start, done.first, end, done.flow)
        else:
            node = Items(tuple(done.nodes), done.start, done.first, end, done.flow)
        self._keep_anchor(done.anchor, _Anchored(node, done.size, done.height))
        self._add(node, size=done.size, height=done.height)

    def _pairs(self, nodes: list[Node]) -> tuple[Pair, ...]:
        seen: dict[str, Scalar] = {}
        pairs: list[Pair] = []
        merged: list[Node] = []
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._say("yaml.key", key.start)
            elif key.text == "<<" and not key.style:
                merged.append(value)
                if not self._merges:
                    self._say("yaml.merge-key", key.start)
            elif key.text in seen:
                line = self.document.line(seen[key.text])
                self._say("yaml.duplicate-key", key.start, key=key.text, line=line)
            else:
                seen[key.text] = key
                pairs.append(Pair(key, value))
        return (*pairs, *self._brought(merged, seen)) if self._merges else tuple(pairs)

    def _brought(self, merged: list[Node], seen: dict[str, Scalar]) -> Iterator[Pair]:
        """What merge keys bring: a mapping's own keys win, then the first that has the key."""
        for node in merged:
            value = resolved(node)
            for one in value.items if isinstance(value, Items) else (value,):
                if not isinstance(mapping := resolved(one), Mapping):
                    self._say("yaml.merge-value", one.start)
                    continue
                for pair in mapping.pairs:
                    if pair.key.text not in seen:
                        seen[pair.key.text] = pair.key
                        yield pair

    def _keep_anchor(self, name: str | None, anchored: _Anchored) -> None:
        if name is not None:
            self._anchors[name] = anchored

    def _add(self, node: Node, *, size: int, height: int) -> None:
        if not self._open:
            if self.root is None:
                self.root = node
            return
        above = self._open[-1]
        above.nodes.append(node)
        above.size += size
        above.height = max(above.height, height + 1)
        if len(self._open) + above.height > DEPTH_LIMIT + 1:
            raise _TooDeepError(
                error("yaml.too-deep", place=self.document.place(node.start), limit=DEPTH_LIMIT)
            )


def _tag_of(value: str | int | float | bool | None) -> str:
    names = {str: "str", int: "int", float: "float", bool: "bool", type(None): "null"}
    return names[type(value)]
