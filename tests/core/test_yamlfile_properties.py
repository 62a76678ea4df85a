"""Whatever a file says and however it is written, an edit changes that one thing."""

from collections import Counter
from dataclasses import dataclass, field

import yaml
from hypothesis import given
from hypothesis import strategies as st

from environments.core.yamlfile import (
    Append,
    Change,
    Insert,
    Move,
    Plain,
    Remove,
    Set,
    edited,
)

# A random file is written here by other code than the one under test, each line with the paths
# that it belongs to; what a change does is computed on plain values.

Path = tuple[str | int, ...]
WORDS = st.sampled_from(
    ["api", "web", "a b", "x-1", "on", "1", "", "it's", '"', "a: b", "#c", "- x"]
)
KEYS = st.sampled_from(["name", "branch", "ports", "k", "env", "on", "a-b"])
VALUES = st.recursive(
    WORDS | st.integers(0, 99) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
FILES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


COMMENT = "#"
"""Stands at the end of the path of a line that is a comment between the keys of that path."""


@dataclass
class Writer:
    """Writes a value as a person might, with choices drawn at random."""

    draw: st.DrawFn
    lines: list[tuple[str, set[Path]]] = field(default_factory=list)

    def maybe(self, one_in: int = 4) -> bool:
        return self.draw(st.integers(1, one_in)) == 1

    def comment(self, column: int, path: Path) -> None:
        if self.maybe():
            text = self.draw(st.sampled_from(["# note", "", "# - a: b"]))
            self.lines.append((" " * column + text if text else "", {(*path, COMMENT)}))

    def scalar(self, value: Plain) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None:
            return self.draw(st.sampled_from(["null", "~"]))
        if isinstance(value, int):
            return str(value)
        quoted = "'" + str(value).replace("'", "''") + "'"
        doubled = '"' + str(value).replace('"', '\\"') + '"'
        plain = str(value).isidentifier() and value not in ("on",)
        return self.draw(st.sampled_from([quoted, doubled, *([value] if plain else [])]))

    def flow(self, value: Plain) -> str:
        if isinstance(value, dict):
            pairs = (f"{self.key(key)}: {self.flow(each)}" for key, each in value.items())
            return "{" + ", ".join(pairs) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(each) for each in value) + "]"
        return self.scalar(value)

    def key(self, key: str) -> str:
        return f"'{key}'" if key == "on" else key

    def under(self, head: str, value: Plain, column: int, path: Path, owners: set[Path]) -> None:
        """``head`` is all up to a colon or dash; what is below stands further right."""
        tail = "  # why" if self.maybe() else ""
        if isinstance(value, str) and value.isalnum() and self.maybe():
            self.lines.append((f"{head} |-{tail}", {*owners, path}))
            self.lines.append((" " * (column + 2) + value, {path}))
            return
        if not isinstance(value, dict | list) or not value or self.maybe():
            self.lines.append((f"{head} {self.flow(value)}{tail}", {*owners, path}))
            return
        self.lines.append((f"{head}{tail}", {*owners, path}))
        inset = self.draw(st.sampled_from([0, 2])) if isinstance(value, list) else 2
        if head.rstrip().endswith("-"):
            inset = 2
        self.block(value, column + inset, path)

    def block(self, value: Plain, column: int, path: Path) -> None:
        indent = " " * column
        if isinstance(value, dict):
            for key, each in value.items():
                self.comment(column, path)
                self.under(f"{indent}{self.key(key)}:", each, column, (*path, key), set())
            return
        assert isinstance(value, list)
        for number, each in enumerate(value):
            self.comment(column, path)
            below = (*path, number)
            if isinstance(each, dict) and each and self.maybe(2):
                self.compact(each, column, below)
            else:
                self.under(f"{indent}-", each, column, below, set())

    def compact(self, value: dict[str, Plain], column: int, path: Path) -> None:
        """``- key: value``, the other keys below it."""
        head = " " * column + "- "
        for key, each in value.items():
            self.under(f"{head}{self.key(key)}:", each, column + 2, (*path, key), {path})
            head = " " * (column + 2)


@st.composite
def written_files(draw: st.DrawFn) -> tuple[dict[str, Plain], str, list[tuple[str, set[Path]]]]:
    value = draw(FILES)
    writer = Writer(draw)
    writer.block(value, 0, ())
    writer.lines.append(("# end", {(COMMENT,)}))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    end = draw(st.sampled_from([newline, ""]))
    return value, newline.join(line for line, _ in writer.lines) + end, writer.lines


def paths_of(value: Plain, path: Path = ()) -> list[Path]:
    below = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    paths = [path] if path else []
    return paths + [found for step, each in below for found in paths_of(each, (*path, step))]


def at(value: Plain, path: Path) -> Plain:
    for step in path:
        value = value[step]  # type: ignore[index,call-overload]
    return value


def changed_value(value: Plain, change: Change) -> Plain:
    """The change on plain values, in place on a copy."""
    value = yaml.safe_load(yaml.safe_dump(value))
    if isinstance(change, Append):
        at(value, change.path).append(change.value)  # type: ignore[union-attr]
    elif isinstance(change, Insert):
        at(value, change.path)[change.key] = change.value  # type: ignore[index,call-overload]
    else:
        above, step = at(value, change.path[:-1]), change.path[-1]
        if isinstance(change, Set):
            above[step] = change.value  # type: ignore[index,call-overload]
        elif isinstance(change, Remove):
            del above[step]  # type: ignore[union-attr,arg-type]
        elif isinstance(change, Move):
            above.insert(change.to, above.pop(step))  # type: ignore[union-attr,arg-type]
    return value


@st.composite
def changes_of(draw: st.DrawFn, value: dict[str, Plain]) -> Change:
    path = draw(st.sampled_from(paths_of(value)))
    node, above = at(value, path), at(value, path[:-1])
    possible: list[Change] = [Set(path, draw(VALUES)), Remove(path)]
    if isinstance(node, list):
        possible.append(Append(path, draw(VALUES)))
    if isinstance(node, dict):
        possible.append(Insert(path, "new key", draw(VALUES)))
    if isinstance(above, list):
        possible.append(Move(path, draw(st.integers(0, len(above) - 1))))
    possible.append(Insert((), "app_imports", draw(VALUES)))
    return draw(st.sampled_from(possible))


def untouched(text: str, lines: list[tuple[str, set[Path]]], change: Change) -> list[str]:
    """Lines that belong neither to what is changed nor to the line that it hangs on."""
    path = change.path
    if isinstance(change, Remove) and len(path) > 1:
        above = at(yaml.safe_load(text), path[:-1])
        assert isinstance(above, list | dict)
        path = path[:-1] if len(above) == 1 else path  # the empty [] or {} is written anew
    return [
        line
        for line, owners in lines
        if not any(owner[: len(path)] == path or path[: len(owner)] == owner for owner in owners)
    ]


@given(st.data())
def test_every_edit_says_what_it_means_and_keeps_the_other_lines(data: st.DataObject) -> None:
    value, text, lines = data.draw(written_files())
    assert yaml.safe_load(text) == value
    change = data.draw(changes_of(value))
    after = edited(text, change)
    assert (yaml.safe_load(after) or {}) == changed_value(value, change)
    if isinstance(change, Move):
        present = Counter(after.splitlines())
        assert not Counter(untouched(text, lines, change)) - present
    else:
        left = iter(after.splitlines())
        assert all(line in left for line in untouched(text, lines, change))
    assert after.endswith("\n") == text.endswith("\n")
    assert ("\r\n" in after) <= ("\r\n" in text)


@given(st.data())
def test_many_edits_at_once_say_what_they_say_one_by_one(data: st.DataObject) -> None:
    value, text, _ = data.draw(written_files())
    changes: list[Change] = []
    for _ in range(data.draw(st.integers(2, 4))):
        change = data.draw(changes_of(value))
        after = changed_value(value, change)
        if not isinstance(after, dict) or not after or isinstance(change, Insert):
            break
        changes.append(change)
        value = after
    assert (yaml.safe_load(edited(text, *changes)) or {}) == value
