"""The branch rules of App Imports, and the patterns that ignore refs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.ports import Refs
from environments.core.resolve import (
    BranchChoice,
    Rule,
    choose_import_branch,
    choose_own_branch,
    ignoring_pattern,
    matches,
)
from environments.core.template.model import AppTemplate, ImportEntry


def refs(default: str, *others: str, tags: tuple[str, ...] = ()) -> Refs:
    names = (default, *others)
    return Refs(default, {n: f"b-{n}" for n in names}, {n: f"t-{n}" for n in tags})


def template(branch: str = "", tag: str = "") -> AppTemplate:
    return AppTemplate(file="t.yaml", tracking_branch=branch, tracking_tag=tag)


B = (refs("develop", "feature-2"), template())
C = (refs("v5", "bug-1", "feature-1", "bug-2"), template(branch="bug-1"))


def imported(
    of: tuple[Refs, AppTemplate], importing: str, *, fixed: str = "", chosen: str = ""
) -> BranchChoice:
    return choose_import_branch(
        application="x",
        entry=ImportEntry("x", branch=fixed),
        importing_branch=importing,
        given=chosen,
        template=of[1],
        refs=of[0],
    )


@pytest.mark.parametrize(
    ("branch", "of", "expected", "rule"),
    [
        ("main", B, "develop", Rule.DEFAULT),
        ("main", C, "bug-1", Rule.TRACKING),
        ("feature-1", B, "develop", Rule.DEFAULT),
        ("feature-1", C, "feature-1", Rule.SAME_NAME),
        ("feature-2", B, "feature-2", Rule.SAME_NAME),
        ("feature-2", C, "bug-1", Rule.TRACKING),
    ],
)
def test_the_table_of_three_applications(
    branch: str, of: tuple[Refs, AppTemplate], expected: str, rule: Rule
) -> None:
    choice = imported(of, branch)
    assert (choice.ref, choice.rule, choice.commit) == (expected, rule, f"b-{expected}")
    assert not choice.problems


def test_a_fixed_branch_goes_before_the_same_name() -> None:
    assert imported(C, "feature-1", fixed="bug-2").rule is Rule.FIXED


def test_what_a_person_gives_goes_before_what_is_fixed() -> None:
    choice = imported(C, "feature-1", fixed="bug-2", chosen="v5")
    assert (choice.ref, choice.rule) == ("v5", Rule.CHOSEN)


def test_a_fixed_branch_that_is_missing_is_an_error_and_never_falls_through() -> None:
    choice = imported(C, "feature-1", fixed="bug-9")
    assert choice.commit is None
    assert choice.rule is Rule.FIXED
    (problem,) = choice.problems
    assert problem.id == "branch.missing"
    assert problem.level == "error"
    assert "bug-9" in problem.message


def test_a_tracking_branch_that_is_gone_falls_through_with_a_warning() -> None:
    choice = imported((refs("main"), template(branch="gone")), "other")
    assert (choice.ref, choice.rule) == ("main", Rule.DEFAULT)
    (problem,) = choice.problems
    assert (problem.id, problem.level) == ("branch.tracking-gone", "warning")


def test_the_trace_names_every_rule_that_was_tried() -> None:
    choice = imported(C, "main")
    assert [(step.rule, step.looked_for, step.found) for step in choice.trace] == [
        (Rule.SAME_NAME, "main", False),
        (Rule.TRACKING, "bug-1", True),
    ]


def test_a_tag_can_be_fixed_and_tracked_and_a_branch_goes_before_it() -> None:
    both = refs("main", "v1", tags=("v1", "v2"))
    assert imported((both, template()), "x", fixed="v1").is_tag is False
    assert imported((both, template()), "x", fixed="v2").is_tag is True
    tracked = imported((both, template(tag="v1")), "x")
    assert (tracked.ref, tracked.is_tag, tracked.commit) == ("v1", True, "t-v1")


def test_a_tag_is_no_branch_of_the_same_name() -> None:
    assert imported((refs("main", tags=("v2",)), template()), "v2").rule is Rule.DEFAULT


def test_the_own_branch_is_given_else_tracked_else_the_default() -> None:
    both = refs("main", "work", "next")
    own = {"application": "x", "refs": both}
    assert choose_own_branch(given="work", template=template("next"), **own).rule is Rule.CHOSEN
    assert choose_own_branch(given="", template=template("next"), **own).ref == "next"
    assert choose_own_branch(given="", template=template(), **own).ref == "main"
    assert choose_own_branch(given="nope", template=template("next"), **own).commit is None


NAMES = st.sampled_from(["main", "a", "b", "c", "d"])


MAYBE = st.one_of(st.just(""), NAMES)


def read_plainly(
    branches: set[str], tags: set[str], default: str, asked: dict[str, str]
) -> tuple[str, bool, Rule, bool]:
    """Name, whether it is a tag, rule, and whether the repository has it: rule after rule."""
    for rule in (Rule.CHOSEN, Rule.FIXED):
        name = asked[rule]
        if name:
            return name, name in tags - branches, rule, name in branches | tags
    if asked["same-name"] in branches:
        return asked["same-name"], False, Rule.SAME_NAME, True
    if asked["tracking"] in branches:
        return asked["tracking"], False, Rule.TRACKING, True
    if asked["tracking tag"] in tags:
        return asked["tracking tag"], True, Rule.TRACKING, True
    return default, False, Rule.DEFAULT, True


@given(
    branches=st.sets(NAMES, min_size=1),
    tags=st.sets(NAMES),
    asked=st.fixed_dictionaries(
        {"chosen": MAYBE, "fixed": MAYBE, "same-name": NAMES}
        | {"tracking": MAYBE, "tracking tag": MAYBE}
    ),
    draw=st.data(),
)
def test_the_rules_agree_with_a_plain_reading_of_them(
    branches: set[str], tags: set[str], asked: dict[str, str], draw: st.DataObject
) -> None:
    default = draw.draw(st.sampled_from(sorted(branches)))
    repository = refs(default, *(branches - {default}), tags=tuple(tags))
    tracked = template(asked["tracking"], asked["tracking tag"])
    choice = imported(
        (repository, tracked), asked["same-name"], fixed=asked["fixed"], chosen=asked["chosen"]
    )
    name, is_tag, rule, exists = read_plainly(branches, tags, default, asked)
    assert (choice.ref, choice.is_tag, choice.rule) == (name, is_tag, rule)
    assert choice.commit == (f"{'t' if is_tag else 'b'}-{name}" if exists else None)
    # The trace ends with the rule that holds; those before it looked and found nothing.
    assert [step.found for step in choice.trace] == [False] * (len(choice.trace) - 1) + [exists]
    assert (choice.trace[-1].rule, choice.trace[-1].looked_for) == (rule, name)
    passed_over = [step for step in choice.trace[:-1] if step.rule is Rule.TRACKING]
    warned = [problem.id for problem in choice.problems if problem.level == "warning"]
    assert warned == ["branch.tracking-gone"] * len(passed_over)
    assert bool([one for one in choice.problems if one.level == "error"]) is not exists


@pytest.mark.parametrize(
    ("patterns", "ignored"),
    [
        (["main"], {"main"}),
        (["!main", "releases/**"], {"feature-x", "releases/10/20"}),
        (["!main"], {"feature-x", "releases/10/20"}),
        (["releases/*"], set()),
        (["releases/**"], {"releases/10/20"}),
    ],
)
def test_the_table_of_ignored_refs(patterns: list[str], ignored: set[str]) -> None:
    for ref in ("main", "feature-x", "releases/10/20"):
        assert (ignoring_pattern(patterns, ref) is not None) is (ref in ignored), ref


@pytest.mark.parametrize(
    ("patterns", "ref", "expected"),
    [
        (["**"], "a/b", "**"),
        (["main", "!main"], "main", "main"),
        (["main", "!main"], "dev", "!main"),
        (["!!main"], "main", "!!main"),
        (["!"], "main", "!"),
        (["["], "[", "["),
        (["["], "main", None),
        (["v[12]"], "v1", "v[12]"),
        (["v[12]"], "v3", None),
        (["v[!12]"], "v3", "v[!12]"),
        (["v[!12]"], "v1", None),
        (["a[!b]c"], "a/c", None),
        (["v[0-9]*"], "v10", "v[0-9]*"),
        (["v[0-9]*"], "vx", None),
        (["v[-x]"], "v-", "v[-x]"),
        (["v[]x]"], "v]", "v[]x]"),
        (["v[]"], "v[]", "v[]"),
        (["v[1"], "v[1", "v[1"),
        (["![a-z]*"], "1", "![a-z]*"),
        (["[z-a]"], "m", None),
        (["release-?"], "release-1", "release-?"),
        (["a?b"], "a/b", None),
        (["***"], "a/b", "***"),
        ([], "main", None),
    ],
)
def test_it_names_the_pattern_that_ignores(
    patterns: list[str], ref: str, expected: str | None
) -> None:
    assert ignoring_pattern(patterns, ref) == expected


@given(
    st.lists(st.tuples(st.booleans(), st.text("ab/*?", max_size=4)), max_size=4),
    st.text("ab/", min_size=1, max_size=5),
)
def test_any_one_pattern_is_enough_and_the_first_is_named(
    written: list[tuple[bool, str]], ref: str
) -> None:
    patterns = [("!" if negated else "") + glob for negated, glob in written]
    ignoring = [
        pattern
        for pattern, (negated, glob) in zip(patterns, written, strict=True)
        if oracle(glob, ref) is not negated
    ]
    assert ignoring_pattern(patterns, ref) == next(iter(ignoring), None)


def test_no_pattern_makes_it_slow() -> None:
    ref = "a" * 250
    for hostile in (
        "**a" * 3000 + "b",
        "*" * 10_000 + "b",
        "?*" * 4000,
        "a" * 10_000,
        "[" * 10_000,
        "[a-" * 3000,
        "*[!b]" * 2000 + "b",
    ):
        assert matches(hostile, ref) is False


def oracle(glob: str, ref: str) -> bool:
    """The rules read from left to right, every way of a star tried."""
    rest = glob.lstrip("*")
    if stars := len(glob) - len(rest):
        ends = (end for end in range(len(ref) + 1) if stars > 1 or "/" not in ref[:end])
        return any(oracle(rest, ref[end:]) for end in ends)
    if not glob or not ref:
        return glob == ref
    members = re.match(r"\[(!?)(\]?[^\[\]]*)\]", glob)
    if members and members[2]:
        takes = ref[0] != "/" and (ref[0] in members[2]) is not bool(members[1])
        return takes and oracle(glob[members.end() :], ref[1:])
    return (glob[0] == ref[0] or (glob[0] == "?" and ref[0] != "/")) and oracle(glob[1:], ref[1:])


@given(st.text("ab/*?", max_size=7) | st.text("ab[]!*", max_size=9), st.text("ab/[]!", max_size=7))
def test_globs_agree_with_a_plain_reading_of_them(glob: str, ref: str) -> None:
    assert matches(glob, ref) is oracle(glob, ref)
