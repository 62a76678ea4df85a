"""Looking into a mapping of a file by key, forgiving: what has the wrong shape is as if absent.

The schema has said already what is wrong with it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from environments.core.problems import Place
from environments.core.yamlfile import (
    Alias,
    Document,
    Items,
    Mapping,
    Node,
    Scalar,
    plain,
    resolved,
)

_DIGITS = re.compile(r"[0-9]{1,300}")


@dataclass(frozen=True, slots=True)
class Word:
    """One scalar, as written, with its place."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping and the file that it stands in.

    ``alias``: what stands for it in a list. Everything of it is there, then: what is wrong with
    the entry is seldom wrong where the value is written.
    """

    document: Document
    node: Mapping
    alias: Alias | None = None

    @property
    def line(self) -> int:
        """The line on which the mapping begins."""
        return self.place.line

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return self.document.place((self.alias or self.node).start)

    @property
    def name(self) -> str:
        """The value of ``name``."""
        return self.text("name")

    def keys(self) -> tuple[str, ...]:
        """The keys that have a value."""
        return tuple(pair.key.text for pair in self.node.pairs if self.has(pair.key.text))

    def has(self, key: str) -> bool:
        """Whether the key is there with a value."""
        node = self._value(key)
        return node is not None and not (isinstance(node, Scalar) and node.value is None)

    def is_empty(self, key: str) -> bool:
        """Whether the value of the key is an empty list or an empty mapping."""
        node = self._value(key)
        return (isinstance(node, Items) and not node.items) or (
            isinstance(node, Mapping) and not node.pairs
        )

    def place_of(self, key: str) -> Place:
        """Where the value of the key begins; without the key, where the mapping does."""
        pair = self.node.pair(key)
        return self.document.place(pair.value.start) if pair and not self.alias else self.place

    def place_of_key(self, key: str) -> Place:
        """Where the key is written; without the key, where the mapping begins."""
        pair = self.node.pair(key)
        return self.document.place(pair.key.start) if pair and not self.alias else self.place

    def text(self, key: str, default: str = "") -> str:
        """The scalar as written; the default where there is none."""
        node = self._value(key)
        return node.text if isinstance(node, Scalar) and self.has(key) else default

    def flag(self, key: str) -> bool | None:
        """``true`` or ``false``; None where neither is said."""
        node = self._value(key)
        return node.value if isinstance(node, Scalar) and isinstance(node.value, bool) else None

    def number(self, key: str, default: int) -> int:
        """A whole number, also one in quotes."""
        node = self._value(key)
        if not isinstance(node, Scalar) or isinstance(node.value, bool):
            return default
        if isinstance(node.value, int | float):
            return int(node.value)
        return int(node.text) if _DIGITS.fullmatch(node.text) else default

    def entry(self, key: str) -> "Entry | None":
        """The mapping under the key."""
        node = self._value(key)
        return Entry(self.document, node) if isinstance(node, Mapping) else None

    def entries(self, key: str) -> tuple["Entry", ...]:
        """The mappings of the list under the key."""
        return tuple(
            Entry(self.document, mapping, item if isinstance(item, Alias) else None)
            for item in self._items(key)
            if isinstance(mapping := resolved(item), Mapping)
        )

    def words(self, key: str) -> tuple[Word, ...]:
        """The scalars of the list under the key; the place of one behind an alias is the alias."""
        return tuple(
            Word(scalar.text, self.document.place(item.start))
            for item in self._items(key)
            if isinstance(scalar := resolved(item), Scalar) and scalar.value is not None
        )

    def texts(self, key: str) -> tuple[str, ...]:
        """The scalars of the list under the key, as written."""
        return tuple(word.text for word in self.words(key))

    def pairs(self) -> Iterator[tuple[Word, str]]:
        """Each key with the scalar under it."""
        for pair in self.node.pairs:
            value = resolved(pair.value)
            if isinstance(value, Scalar):
                word = Word(pair.key.text, self.document.place(pair.key.start))
                yield word, "" if value.value is None else value.text

    def plain(self, key: str) -> Any:
        """The value as plain data, or None."""
        pair = self.node.pair(key)
        return plain(pair.value) if pair else None

    def _value(self, key: str) -> Scalar | Mapping | Items | None:
        pair = self.node.pair(key)
        return resolved(pair.value) if pair else None

    def _items(self, key: str) -> tuple[Node, ...]:
        node = self._value(key)
        return node.items if isinstance(node, Items) else ()


def root_of(document: Document) -> Entry:
    """The mapping at the top of the file; an empty one where there is none."""
    node = resolved(document.root) if document.root is not None else None
    if not isinstance(node, Mapping):
        node = Mapping(pairs=(), start=0, first=0, end=0, flow=False)
    return Entry(document, node)
