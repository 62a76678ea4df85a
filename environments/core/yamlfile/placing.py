"""Which spans of a text a change means: pure arithmetic on positions, nothing is read again.

Each function yields ways to make one change, best first; the caller keeps the first one that
says what was intended.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from environments.core.yamlfile.model import (
    Document,
    Items,
    Mapping,
    Node,
    Pair,
    Path,
    Scalar,
    child,
)
from environments.core.yamlfile.scalars import quoted_like
from environments.core.yamlfile.spans import (
    break_before,
    colon_end,
    content_end,
    dash,
    line_end,
    line_start,
    next_line,
    pair_end,
)
from environments.core.yamlfile.writing import (
    STEP,
    Form,
    New,
    flow_of,
    form_of,
    indented,
    under_dash,
    under_key,
    value_of,
)

_DOCUMENT_END = re.compile(r"^\.\.\.(?=\s|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text and what takes its place."""

    start: int
    end: int
    text: str


class Impossible(Exception):
    """An alias stands in the way, or the node has a form that is not edited."""


Ways = Iterator[Sequence[Span]]


def set_value(document: Document, path: Path, new: New) -> Ways:
    """Ways to replace the value at the path."""
    above = _above(document, path)
    old = _raw_child(above, path)
    if above.flow:
        text = _flow_text(new, old)
        yield (Span(old.start, old.end, text),)
        yield (Span(old.start, old.end, f": {text}"),)
        yield (Span(old.start, old.end, f" {text}"),)
        return
    form = form_of(new, list_inset=_list_inset(document), style=_style(old))
    head, column = _head(document, above, path)
    if not form.first and isinstance(old, Mapping | Items) and _is_plain_block(old):
        yield from _set_block(document, above, old, form, head, column)
    yield (_set_behind(document, above, old, form, head, column),)
    yield (Span(head, content_end(document.text, old), f" {flow_of(value_of(new))}"),)


def _flow_text(new: New, old: Node) -> str:
    value = value_of(new)
    style = _style(old)
    if style and not isinstance(value, dict | list):
        return quoted_like(value, style)
    return flow_of(value)


def _set_block(
    document: Document,
    above: Mapping | Items,
    old: Mapping | Items,
    form: Form,
    head: int,
    column: int,
) -> Ways:
    """A collection in the place of a collection, both in block style."""
    text = document.text
    end = content_end(text, old)
    start = line_start(text, old.first)
    if start <= line_start(text, head):
        at = old.first - start
        lines = indented(form, at)
        yield (Span(old.first, end, _joined(document, lines).lstrip(" ")),)
        return
    old_column = old.first - start
    if isinstance(above, Mapping) and old_column == column:
        old_column = column + form.inset
    yield (Span(start, end, _joined(document, indented(form, old_column))),)


def _set_behind(
    document: Document, above: Mapping | Items, old: Node, form: Form, head: int, column: int
) -> Span:
    """Anything in the place of anything: written anew behind the colon or the dash."""
    text = document.text
    end = content_end(text, old)
    if not _is_plain_block(old):
        tail_end = line_end(text, end)
        tail = text[end:tail_end]
    else:
        # What stood on the key's line behind a collection below it is a comment.
        tail_end, tail = end, text[head : line_end(text, head)]
        tail = tail if line_end(text, head) <= old.start else ""
    start = old.start if form.first and not _is_plain_block(old) and old.start > head else head
    blank = "" if start > head else " "
    if form.first:
        lines = [f"{blank}{form.first}{tail}", *indented(form, column + form.inset)]
    elif isinstance(above, Items) and not tail.strip():
        first, *rest = indented(form, column + STEP)
        lines = [f" {first.lstrip(' ')}", *rest]
    else:
        inset = form.inset if isinstance(above, Mapping) else STEP
        lines = [tail.rstrip(), *indented(form, column + inset)]
    return Span(start, tail_end, _joined(document, lines))


def insert_key(document: Document, path: Path, key: str, new: New, after: str) -> Ways:
    """Ways to add a key to a mapping."""
    node = _raw(document, path)
    if node is None or _is_null(node):
        if path:
            yield from set_value(document, path, {key: value_of(new)})
        else:
            yield (_at_end(document, key, new),)
        return
    if not isinstance(node, Mapping):
        raise Impossible
    pair = node.pair(after) or (node.pairs[-1] if node.pairs else None)
    if node.flow or pair is None:
        yield (_insert_in_flow(document, node, pair, key, new),)
        return
    if not path and not node.pair(after):
        yield (_at_end(document, key, new),)
    column = node.first - line_start(document.text, node.first)
    lines = under_key(key, form_of(new, list_inset=_list_inset(document)), column)
    yield (_lines_after(document, pair_end(document.text, pair), lines),)
    lines = under_key(key, Form(flow_of(value_of(new))), column)
    yield (_lines_after(document, pair_end(document.text, pair), lines),)


def _insert_in_flow(
    document: Document, node: Mapping, pair: Pair | None, key: str, new: New
) -> Span:
    written = flow_of({key: value_of(new)})[1:-1]
    if pair is None:
        at = (
            node.first + 1 if node.first == node.start else document.text.index("{", node.start) + 1
        )
        return Span(at, at, written)
    at = pair_end(document.text, pair)
    return Span(at, at, f", {written}")


def _at_end(document: Document, key: str, new: New) -> Span:
    """The key at the end of the file, which ends with a line break afterwards if it did before."""
    lines = under_key(key, form_of(new, list_inset=_list_inset(document)), 0)
    marker = _DOCUMENT_END.search(document.text)
    if marker is not None:
        text = _joined(document, [*lines, ""])
        return Span(marker.start(), marker.start(), text)
    return _lines_after(document, len(document.text), lines)


def rename_key(document: Document, path: Path, key: str) -> Sequence[Span]:
    """The one way to rename a key."""
    above = _above(document, path)
    pair = above.pair(str(path[-1])) if isinstance(above, Mapping) else None
    if pair is None:
        raise Impossible
    return (Span(pair.key.start, pair.key.end, quoted_like(key, pair.key.style)),)


def append_item(document: Document, path: Path, new: New) -> Ways:
    """Ways to add an item to a list."""
    node = _raw(document, path)
    if not isinstance(node, Items) or not node.items:
        if node is None or not path:
            raise Impossible
        yield from set_value(document, path, [value_of(new)])
        return
    text = document.text
    if node.flow:
        at = content_end(text, node.items[-1])
        yield (Span(at, at, f", {flow_of(value_of(new))}"),)
        return
    column = node.first - line_start(text, node.first)
    lines = under_dash(form_of(new, list_inset=_list_inset(document)), column)
    yield (_lines_after(document, content_end(text, node), lines),)


def remove(document: Document, path: Path) -> Ways:
    """Ways to take out a key or an item."""
    above = _above(document, path)
    _raw_child(above, path)
    count = len(above.pairs) if isinstance(above, Mapping) else len(above.items)
    if count == 1 and len(path) > 1:
        empty: New = {} if isinstance(above, Mapping) else []
        yield from set_value(document, path[:-1], empty)
        return
    starts, ends, number = _extents(document, above, path)
    if above.flow:
        yield (_cut_in_flow(starts, ends, number),)
        return
    yield from _cut_lines(document.text, starts, ends, number)


def _extents(
    document: Document, above: Mapping | Items, path: Path
) -> tuple[list[int], list[int], int]:
    """Where the pairs or items begin and end, and the number of the one that is meant."""
    text = document.text
    if isinstance(above, Mapping):
        keys = [pair.key.text for pair in above.pairs]
        starts = [pair.key.start for pair in above.pairs]
        return starts, [pair_end(text, pair) for pair in above.pairs], keys.index(str(path[-1]))
    ends = [content_end(text, item) for item in above.items]
    number = int(path[-1])
    if above.flow:
        return [item.start for item in above.items], ends, number
    return [dash(text, above, each) for each in range(len(ends))], ends, number


def _cut_in_flow(starts: list[int], ends: list[int], number: int) -> Span:
    if number > 0:
        return Span(ends[number - 1], ends[number], "")
    end = starts[1] if len(starts) > 1 else ends[0]
    return Span(starts[0], end, "")


def _cut_lines(text: str, starts: list[int], ends: list[int], number: int) -> Ways:
    start, end = starts[number], ends[number]
    below = starts[number + 1] if number + 1 < len(starts) else None
    begin = line_start(text, start)
    if not text[begin:start].strip():
        after = next_line(text, end)
        if after == len(text) and text[-1:] not in ("\r", "\n"):
            # The last line has no break of its own: the one above it keeps that.
            yield (Span(break_before(text, begin), after, ""),)
        yield (Span(begin, after, ""),)
        if below is not None:
            yield (Span(begin, line_start(text, below), ""),)
    elif below is not None:
        # It shares its line with the dash above it: the next one moves up, or comments stay.
        if "#" in text[end:below]:
            yield (Span(len(text[:start].rstrip(" ")), line_end(text, end), ""),)
        yield (Span(start, below, ""),)


def move_item(document: Document, path: Path, to: int) -> Ways:
    """Ways to move an item; comments right above an item go with it."""
    above = _above(document, path)
    if not isinstance(above, Items):
        raise Impossible
    starts, ends, number = _extents(document, above, path)
    if not 0 <= to < len(starts):
        raise LookupError(to)
    order = [each for each in range(len(starts)) if each != number]
    order.insert(to, number)
    text = document.text
    if not above.flow and not text[line_start(text, starts[0]) : starts[0]].strip():
        yield (_lines_in_order(text, starts, ends, order),)
    yield tuple(
        Span(starts[at], ends[at], text[starts[each] : ends[each]]) for at, each in enumerate(order)
    )


def _lines_in_order(text: str, starts: list[int], ends: list[int], order: list[int]) -> Span:
    """Whole items of a list in block style, each with the comments above it."""
    newline = newline_of(text)
    bounds = [line_start(text, starts[0]), *(next_line(text, end) for end in ends)]
    chunks = [text[begin:end] for begin, end in pairwise(bounds)]
    if chunks[-1].endswith(("\r", "\n")):
        return Span(bounds[0], bounds[-1], "".join(chunks[each] for each in order))
    chunks[-1] += newline
    moved = "".join(chunks[each] for each in order)
    return Span(bounds[0], bounds[-1], moved.removesuffix(newline))


def newline_of(text: str) -> str:
    """The line break that the text uses first; a line feed where it has none."""
    first = line_end(text, 0)
    return text[first : next_line(text, first)] or "\n"


def _joined(document: Document, lines: Sequence[str]) -> str:
    return newline_of(document.text).join(lines)


def _lines_after(document: Document, offset: int, lines: list[str]) -> Span:
    """Whole lines below the one of the offset."""
    text = document.text
    at = next_line(text, offset) if offset < len(text) else len(text)
    joined = _joined(document, lines)
    newline = newline_of(text)
    if not text:
        return Span(0, 0, joined + newline)
    if at == len(text) and not text.endswith(("\r", "\n")):
        return Span(at, at, newline + joined)
    return Span(at, at, joined + newline)


def _raw(document: Document, path: Path) -> Node | None:
    """The node itself; ``Impossible`` where an alias stands on the way."""
    node = document.root
    for step in path:
        if not isinstance(node, Mapping | Items):
            raise Impossible
        node = child(node, step)
    return node


def _above(document: Document, path: Path) -> Mapping | Items:
    node = _raw(document, path[:-1]) if path else None
    if not isinstance(node, Mapping | Items):
        raise Impossible
    return node


def _raw_child(above: Mapping | Items, path: Path) -> Node:
    node = child(above, path[-1])
    if node is None:
        raise LookupError(path)
    return node


def _head(document: Document, above: Mapping | Items, path: Path) -> tuple[int, int]:
    """Just behind the colon or dash of the value at the path, and the column of key or dash."""
    text = document.text
    if isinstance(above, Items):
        at = dash(text, above, int(path[-1]))
        return at + 1, at - line_start(text, at)
    pair = above.pair(str(path[-1]))
    head = colon_end(text, pair) if pair else None
    if pair is None or head is None:
        raise Impossible
    return head, above.first - line_start(text, above.first)


def _is_plain_block(node: Node) -> bool:
    """Whether the node is a collection in block style without anchor or tag."""
    return isinstance(node, Mapping | Items) and not node.flow and node.first == node.start


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _style(node: Node) -> str:
    return node.style if isinstance(node, Scalar) else ""


def _list_inset(document: Document) -> int:
    """How far this file's lists stand from their keys: that of the first one."""
    root = document.root
    if isinstance(root, Mapping) and not root.flow:
        for pair in root.pairs:
            value = pair.value
            if isinstance(value, Items) and not value.flow and value.first == value.start:
                return value.first - line_start(document.text, value.first)
    return 0
