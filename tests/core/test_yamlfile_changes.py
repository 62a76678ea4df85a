"""Edits change what they mean and leave every other character as it was."""

from collections import Counter

import pytest

from environments.core.yamlfile import (
    Append,
    Change,
    EditError,
    Insert,
    Move,
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


def test_aliases_that_a_change_does_not_concern_stay() -> None:
    before = "a: &q x\nb: &r y\nc: [*q, *r]\nd: *r\n"
    assert edited(before, Remove(("a",))) == "b: &r y\nc: [x, *r]\nd: *r\n"
    assert edited(before, Set(("d",), "z")) == before.replace("d: *r", "d: z")


def test_what_an_alias_means_may_change_for_itself() -> None:
    before = "a: &q {m: 1, k: &r 2}\nb: *q\nc: *r\n"
    own = "a: &q {m: 1, k: &r 2}\nb:\n  m: 3\n  k: 2\nc: *r\n"
    assert edited(before, Set(("b", "m"), 3)) == own
    shared = "a: &q {m: 3, k: &r 2}\nb:\n  m: 1\n  k: 2\nc: *r\n"
    assert edited(before, Set(("a", "m"), 3)) == shared


def test_many_aliases_may_lose_their_anchor_at_once() -> None:
    before = "a: &q x\nl:\n" + "- *q\n" * 500
    assert edited(before, Remove(("a",))) == "l:\n" + "- x\n" * 500


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


def test_changes_that_build_on_each_other_are_made_in_their_order() -> None:
    changes = [Append(("l",), {"a": 1}), Set(("l", 1, "a"), 2), Remove(("l", 0)), Remove(("l", 0))]
    assert edited("l: [0]\n", *changes[:2]) == "l: [0, {a: 2}]\n"
    assert edited("l: [0]\n", *changes) == "l: []\n"


def test_several_new_items_stand_in_the_order_given() -> None:
    changes = [Append(("l",), word) for word in "bcd"]
    assert edited("l:\n- a", *changes) == "l:\n- a\n- b\n- c\n- d"
