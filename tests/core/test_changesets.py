"""Which pull requests share an environment, and whose it is."""

from hypothesis import given
from hypothesis import strategies as st

from environments.core.changesets import ChangeSet, change_sets, owner_of

NAMES = st.sampled_from("abcdef")
IMPORTS = st.dictionaries(NAMES, st.sets(NAMES))


def test_alone_each_is_its_own() -> None:
    assert change_sets({"shop", "docs"}, {}) == [
        ChangeSet(frozenset({"docs"}), "docs"),
        ChangeSet(frozenset({"shop"}), "shop"),
    ]


def test_the_importer_owns_it() -> None:
    assert change_sets({"backend", "frontend"}, {"frontend": ["backend"]}) == [
        ChangeSet(frozenset({"backend", "frontend"}), "frontend")
    ]


def test_the_most_imports_win_and_then_the_name() -> None:
    imports = {"shop": ["api", "auth"], "api": ["auth"], "zoo": ["api", "auth"]}
    assert owner_of({"shop", "api", "auth"}, imports) == "shop"
    assert owner_of({"zoo", "shop", "api", "auth"}, imports) == "shop"
    assert owner_of({"api", "auth"}, imports) == "api"
    assert owner_of({"a", "b"}, {"a": ["b"], "b": ["a"]}) == "a"


def test_imports_outside_of_the_set_do_not_count() -> None:
    imports = {"api": ["x", "y", "z"], "shop": ["api"]}
    assert owner_of({"api", "shop"}, imports) == "shop"


def test_itself_is_no_import() -> None:
    assert owner_of({"b", "a"}, {"b": ["b"], "a": []}) == "a"


def test_two_that_only_a_third_joins_are_apart_without_it() -> None:
    imports = {"shop": ["api", "auth"]}
    assert len(change_sets({"api", "auth"}, imports)) == 2
    assert len(change_sets({"api", "auth", "shop"}, imports)) == 1


def test_what_shares_an_environment_stays_together() -> None:
    (one,) = change_sets({"api", "auth"}, {}, kept=[{"api", "auth"}])
    assert one.applications == {"api", "auth"}


@given(st.sets(NAMES), IMPORTS)
def test_each_is_in_one_set_and_owners_are_members(
    applications: set[str], imports: dict[str, set[str]]
) -> None:
    found = change_sets(applications, imports)
    together = [name for one in found for name in one.applications]
    assert sorted(together) == sorted(applications)
    assert all(one.owner in one.applications for one in found)
    place = {name: number for number, one in enumerate(found) for name in one.applications}
    for one in applications:
        for other in imports.get(one, set()) & applications:
            assert place[one] == place[other]
