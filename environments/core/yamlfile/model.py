"""A YAML file as nodes that know where they stand in its text.

Positions are offsets in characters from the beginning of ``Document.text``; ``Document.place``
turns one into a line and a column.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from environments.core.problems import Place

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""What a file says, without positions."""

Step = str | int
Path = tuple[Step, ...]
"""The way from the root to a node: keys of mappings and numbers of list items."""

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. ``text`` is what the author wrote, without quotes; ``style`` "" for plain."""

    value: str | int | float | bool | None
    text: str
    start: int
    end: int
    style: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """One key of a mapping with its value."""

    key: Scalar
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file.

    ``first`` is where the content begins: after an anchor or tag, if there is one.
    """

    pairs: tuple[Pair, ...]
    start: int
    first: int
    end: int
    flow: bool
    _by_key: dict[str, Pair] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key = {pair.key.text: pair for pair in reversed(self.pairs)}
        object.__setattr__(self, "_by_key", by_key)

    def pair(self, key: str) -> Pair | None:
        """The pair of this key."""
        return self._by_key.get(key)


@dataclass(frozen=True, slots=True)
class Items:
    """Items in the order of the file."""

    items: tuple["Node", ...]
    start: int
    first: int
    end: int
    flow: bool


@dataclass(frozen=True, slots=True)
class Alias:
    """``*name``: stands for a node that is written elsewhere."""

    name: str
    target: "Node"
    start: int
    end: int


Node = Scalar | Mapping | Items | Alias


def resolved(node: Node) -> Scalar | Mapping | Items:
    """The node itself, or the one that an alias stands for."""
    while isinstance(node, Alias):
        node = node.target
    return node


def plain(node: Node) -> Plain:
    """The value of the node, aliases written out."""
    node = resolved(node)
    if isinstance(node, Mapping):
        return {pair.key.text: plain(pair.value) for pair in node.pairs}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return node.value


def child(node: Node, step: Step) -> Node | None:
    """What stands one step below the node; None where nothing does."""
    node = resolved(node)
    if isinstance(node, Mapping) and isinstance(step, str):
        pair = node.pair(step)
        return pair.value if pair else None
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def children(node: Node) -> Iterator[tuple[Step, Node]]:
    """What stands right below the node, each with its step; nothing below an alias."""
    if isinstance(node, Mapping):
        yield from ((pair.key.text, pair.value) for pair in node.pairs)
    elif isinstance(node, Items):
        yield from enumerate(node.items)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that could be read. ``root`` is None for a file without content."""

    file: str
    text: str
    root: Node | None
    _breaks: tuple[int, ...] = field(default=(), repr=False, compare=False)

    def value(self) -> Plain:
        """What the whole file says."""
        return None if self.root is None else plain(self.root)

    def at(self, path: Sequence[Step]) -> Node | None:
        """The node at the end of the path; None where there is none."""
        node = self.root
        for step in path:
            if node is None:
                return None
            node = child(node, step)
        return node

    def place(self, offset: int) -> Place:
        """Line and column of an offset, both from 1."""
        row = bisect_right(self._breaks, offset)
        begin = self._breaks[row - 1] if row else 0
        return Place(self.file, row + 1, offset - begin + 1)

    def line(self, node: Node) -> int:
        """The line on which the node begins, from 1."""
        return bisect_right(self._breaks, node.start) + 1

    def place_of(self, path: Sequence[Step]) -> Place:
        """Where the node at the path begins, or the nearest one above it that exists."""
        node = self.root
        offset = node.start if node else 0
        for step in path:
            node = child(node, step) if node is not None else None
            if node is None:
                break
            offset = node.start
        return self.place(offset)

    def place_of_key(self, path: Sequence[Step]) -> Place:
        """Where the key that ends the path is written; a list item where it begins."""
        above = self.at(path[:-1]) if path else None
        if above is not None and isinstance(above := resolved(above), Mapping):
            pair = above.pair(str(path[-1]))
            if pair is not None:
                return self.place(pair.key.start)
        return self.place_of(path)


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends, as ``Place`` counts them."""
    ends = [found.end() for found in _LINE_BREAK.finditer(text)]
    starts = [0, *ends]
    lines = [text[start:end] for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return lines if lines[-1] else lines[:-1]


def document(file: str, text: str, root: Node | None) -> Document:
    """A document whose lines have been counted."""
    return Document(file, text, root, tuple(found.end() for found in _LINE_BREAK.finditer(text)))


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Every scalar below the node with its path, aliases followed."""
    node = resolved(node)
    if isinstance(node, Mapping):
        for pair in node.pairs:
            yield from scalars(pair.value, (*path, pair.key.text))
    elif isinstance(node, Items):
        for number, item in enumerate(node.items):
            yield from scalars(item, (*path, number))
    else:
        yield path, node
