"""The difference between two texts."""

from hypothesis import given
from hypothesis import strategies as st

from environments.core.diff import DiffLine, text_difference


def test_equal_texts_have_no_difference() -> None:
    assert text_difference("a\nb\n", "a\nb\n") == ()


def test_added_lines_stand_among_those_around_them() -> None:
    assert text_difference("a\nb\n", "a\nx\nb\n") == (
        DiffLine("same", "a", 1, 1),
        DiffLine("added", "x", 0, 2),
        DiffLine("same", "b", 2, 3),
    )


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_removed_and_added_lines_are_those_of_the_texts(
    before: list[str], after: list[str]
) -> None:
    lines = text_difference("\n".join(before), "\n".join(after))
    for line in lines:
        if line.old:
            assert before[line.old - 1] == line.text
        if line.new:
            assert after[line.new - 1] == line.text
    changed = [line for line in lines if line.act in ("added", "removed")]
    assert bool(changed) is (before != after)


def test_what_repeats_a_line_a_thousand_times_costs_no_more_than_its_length() -> None:
    before = ["- x"] * 100_000
    after = [*before[:50_000], "- y", *before[50_001:]]
    lines = text_difference("\n".join(before), "\n".join(after))
    changed = [line for line in lines if line.act in ("added", "removed")]
    assert changed == [DiffLine("removed", "- x", 50_001, 0), DiffLine("added", "- y", 0, 50_001)]


def test_long_texts_that_only_lose_lines_lose_just_those() -> None:
    lines = text_difference("\n".join("x" * 3000), "\n".join("x" * 2990))
    assert [line.old for line in lines if line.act == "removed"] == list(range(2991, 3001))
    assert not [line for line in lines if line.act == "added"]
