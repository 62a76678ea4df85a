"""Edits change what they mean and leave every other character as it was."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from environments.core.yamlfile import (
    Append,
    Change,
    EditError,
    Insert,
    Move,
    Plain,
    Remove,
    Rename,
    Set,
    UnreadableError,
    copied,
    edited,
    load,
)

FILE = """\
# head
app: shop   # the name
services:   # all of them
- name: api # first
  branch: "x"
  # inside
  ports: [1, 2, 3]   # three

# about web
- name: web
  env: {k: v, j: 'w'}
  text: |
    hello
     there

  last:
# tail
"""


def lines_gone_and_come(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that only the one or only the other text has."""
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return list((old - new).elements()), list((new - old).elements())


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        (Set(("app",), "on"), ["app: shop   # the name"], ['app: "on"   # the name']),
        (Set(("app",), ["a"]), ["app: shop   # the name"], ["app:   # the name", "- a"]),
        (Set(("services", 0, "branch"), "it's"), ['  branch: "x"'], ['  branch: "it\'s"']),
        (
            Set(("services", 1, "env", "j"), "it's"),
            ["  env: {k: v, j: 'w'}"],
            ["  env: {k: v, j: 'it''s'}"],
        ),
        (
            Set(("services", 0, "ports", 1), "a, b"),
            ["  ports: [1, 2, 3]   # three"],
            ['  ports: [1, "a, b", 3]   # three'],
        ),
        (Set(("services", 1, "last"), "v"), ["  last:"], ["  last: v"]),
        (
            Set(("services", 1, "last"), {"a": [1]}),
            [],
            ["    a:", "    - 1"],
        ),
        (
            Set(("services", 1, "text"), "v"),
            ["  text: |", "    hello", "     there"],
            ["  text: v"],
        ),
        (Remove(("services", 0, "name")), ["- name: api # first"], ["-"]),
        (Remove(("services", 0, "branch")), ['  branch: "x"'], []),
        (
            Remove(("services", 0)),
            ["- name: api # first", '  branch: "x"', "  # inside", "  ports: [1, 2, 3]   # three"],
            [],
        ),
        (
            Remove(("services", 1, "env", "k")),
            ["  env: {k: v, j: 'w'}"],
            ["  env: {j: 'w'}"],
        ),
        (
            Remove(("services", 1, "env", "j")),
            ["  env: {k: v, j: 'w'}"],
            ["  env: {k: v}"],
        ),
        (Insert(("services", 0), "new", {"x": [1]}), [], ["  new:", "    x:", "    - 1"]),
        (Insert((), "added", [{"name": "a", "b": "c"}]), [], ["added:", "- name: a", "  b: c"]),
        (
            Insert(("services", 1, "env"), "new", ["q"]),
            ["  env: {k: v, j: 'w'}"],
            ["  env: {k: v, j: 'w', new: [q]}"],
        ),
        (Append(("services",), {"name": "db"}), [], ["- name: db"]),
        (
            Append(("services", 0, "ports"), 4),
            ["  ports: [1, 2, 3]   # three"],
            ["  ports: [1, 2, 3, 4]   # three"],
        ),
        (
            Rename(("services", 1, "env", "k"), "yes"),
            ["  env: {k: v, j: 'w'}"],
            ["  env: {\"yes\": v, j: 'w'}"],
        ),
        (Move(("services", 0), 1), [], []),
        (
            Move(("services", 0, "ports", 0), 2),
            ["  ports: [1, 2, 3]   # three"],
            ["  ports: [2, 3, 1]   # three"],
        ),
    ],
    ids=lambda each: str(each)[:60],
)
def test_only_the_lines_of_the_change_differ(
    change: Change, gone: list[str], come: list[str]
) -> None:
    assert lines_gone_and_come(FILE, edited(FILE, change)) == (gone, come)


def test_a_key_is_inserted_right_behind_the_one_named() -> None:
    after = edited(FILE, Insert(("services", 0), "new", "v", after="name"))
    assert '- name: api # first\n  new: v\n  branch: "x"\n' in after


def test_a_moved_item_takes_the_comment_above_it_along() -> None:
    after = edited(FILE, Move(("services", 1), 0))
    assert after.index("# about web") < after.index("- name: web") < after.index("- name: api")


def test_removing_an_item_leaves_the_comment_of_the_next_one() -> None:
    assert "# about web\n- name: web\n" in edited(FILE, Remove(("services", 0)))


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("a:\r\n- b\r\n", Append(("a",), "c"), "a:\r\n- b\r\n- c\r\n"),
        ("a:\r\n- b\r\n- c", Remove(("a", 1)), "a:\r\n- b"),
        ("a:\r\n- b\r\n- c", Remove(("a", 0)), "a:\r\n- c"),
        ("a:\r\n- b\r\n- c", Move(("a", 1), 0), "a:\r\n- c\r\n- b"),
        ("a: 1", Insert((), "b", 2), "a: 1\nb: 2"),
        ("a: 1\n", Insert((), "b", 2), "a: 1\nb: 2\n"),
        ("a: 1\n...\n", Insert((), "b", 2), "a: 1\nb: 2\n...\n"),
        ("", Insert((), "b", 2), "b: 2\n"),
        ("# nothing yet", Insert((), "b", 2), "# nothing yet\nb: 2"),
        ('{"a": 1}\n', Insert((), "b", [2]), '{"a": 1, b: [2]}\n'),
        ("{}\n", Insert((), "b", 2), "{b: 2}\n"),
        ("\ufeffa: 1\n", Set(("a",), 2), "\ufeffa: 2\n"),
        ("a: 1", Remove(("a",)), ""),
        ("a:\n- b\nc: 1\n", Remove(("a", 0)), "a: []\nc: 1\n"),
        ("a: {b: 1}\n", Remove(("a", "b")), "a: {}\n"),
        ("a: []  # none\n", Append(("a",), {"x": 1}), "a:  # none\n- x: 1\n"),
        ("a: # none\nb: 1\n", Append(("a",), {"x": 1}), "a: # none\n- x: 1\nb: 1\n"),
        ("a:\n  - b\nc:\n", Set(("c",), ["d"]), "a:\n  - b\nc:\n  - d\n"),
        ("a: [b, c]\n", Set(("a",), {"x": 1}), "a:\n  x: 1\n"),
        ("a: {b, c}\n", Set(("a", "b"), 1), "a: {b: 1, c}\n"),
        ("l:\n- - 1\n  - 2\n- 3\n", Append(("l", 0), 4), "l:\n- - 1\n  - 2\n  - 4\n- 3\n"),
        ("l:\n- - 1\n  - 2\n- 3\n", Remove(("l", 0, 0)), "l:\n- - 2\n- 3\n"),
        ("l:\n-\n- b\n", Set(("l", 0), {"a": 1}), "l:\n- a: 1\n- b\n"),
        ("a: |+\n  x\n\nb: 1\n", Remove(("b",)), "a: |+\n  x\n\n"),
        ("a: é # ü\nb: 😀\n", Set(("b",), "ä"), 'a: é # ü\nb: "ä"\n'),
    ],
)
def test_the_style_of_the_file_is_kept(before: str, change: Change, after: str) -> None:
    assert edited(before, change) == after


def test_a_comment_that_would_become_text_goes_with_the_item_above_it() -> None:
    before = "- a: |\n    text\n- b\n    # deep\n- c\n"
    assert edited(before, Remove((1,))) == "- a: |\n    text\n- c\n"


def test_an_alias_is_written_out_where_it_is_edited() -> None:
    before = "a: &q\n  x: 1\nb: *q # here\n"
    assert load(edited(before, Set(("b", "x"), 2))).value() == {"a": {"x": 1}, "b": {"x": 2}}


def test_an_anchor_may_go_with_its_node() -> None:
    before = "a: &q {x: 1}\nb: *q # here\nc: [*q]\n"
    assert edited(before, Remove(("a",))) == "b: # here\n  x: 1\nc: [{x: 1}]\n"


def test_a_copied_value_brings_its_own_text() -> None:
    document = load("from:\n    b: 'x'   # why\n    c:\n    - |\n      y\nto: 1\n")
    node = document.at(("from",))
    assert node is not None
    after = edited(document.text, Set(("to",), copied(document, node)))
    assert after.endswith("to:\n  b: 'x'   # why\n  c:\n  - |\n    y\n")


def test_it_refuses_a_text_that_cannot_be_read() -> None:
    with pytest.raises(UnreadableError):
        edited("a: [", Set(("a",), 1))


@pytest.mark.parametrize(
    "change", [Set(("x",), 1), Remove(("a", "b")), Rename(("x",), "y"), Move(("l", 0), 5)]
)
def test_it_refuses_a_path_that_leads_nowhere(change: Change) -> None:
    with pytest.raises(LookupError):
        edited("a: 1\nl: [1]\n", change)


@pytest.mark.parametrize("change", [Insert((), "a", 2), Rename(("l",), "a")])
def test_it_refuses_a_key_that_is_there_already(change: Change) -> None:
    with pytest.raises(EditError):
        edited("a: 1\nl: [1]\n", change)


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


def test_changes_that_build_on_each_other_are_made_in_their_order() -> None:
    changes = [Append(("l",), {"a": 1}), Set(("l", 1, "a"), 2), Remove(("l", 0)), Remove(("l", 0))]
    assert edited("l: [0]\n", *changes[:2]) == "l: [0, {a: 2}]\n"
    assert edited("l: [0]\n", *changes) == "l: []\n"


def test_several_new_items_stand_in_the_order_given() -> None:
    changes = [Append(("l",), word) for word in "bcd"]
    assert edited("l:\n- a", *changes) == "l:\n- a\n- b\n- c\n- d"


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
