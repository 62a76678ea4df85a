"""Any text becomes a valid, stable and distinct label."""

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.core import names

ALLOWED = set(string.ascii_lowercase + string.digits + "-")


@pytest.mark.parametrize("text", ["main", "feature-1", "a", "9lives", "x" * 63])
def test_a_label_stays_as_it_is(text: str) -> None:
    assert names.label(text) == text


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_every_text_gives_a_valid_and_stable_label(parts: list[str]) -> None:
    result = names.label(*parts)
    assert 1 <= len(result) <= 63
    assert set(result) <= ALLOWED
    assert result.strip("-") == result
    assert names.label(*parts) == result


@given(st.text(), st.text())
def test_two_texts_never_meet(one: str, other: str) -> None:
    assert (names.label(one) == names.label(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("feature/ÄÖ", "feature/äö"),
        ("feature/a", "feature-a"),
        ("x" * 250, "x" * 251),
        ("🚀", "🎉"),
        ("Main", "main"),
        ("a_b", "a.b"),
    ],
)
def test_names_that_look_alike_stay_apart(one: str, other: str) -> None:
    assert names.label(one) != names.label(other)


@pytest.mark.parametrize(
    ("service", "prefix"), [("my-api", "MY_API"), ("my_api", "MY_API"), ("api.v2", "API_V2")]
)
def test_a_service_gives_its_variable_prefix(service: str, prefix: str) -> None:
    assert names.variable_prefix(service) == prefix


RFC_1123 = re.compile(r"(?!-)[-a-z0-9]{1,63}(?<!-)")
NEAR_LABELS = st.text(alphabet="abAB19-_./ äé🚀İß\u200d\u202e", max_size=70)


@given(NEAR_LABELS | st.text(max_size=300))
def test_a_label_is_changed_only_where_it_has_to_be(text: str) -> None:
    made = names.label(text)
    assert RFC_1123.fullmatch(made)
    assert (made == text) == bool(RFC_1123.fullmatch(text))
    assert names.is_label(text) == bool(RFC_1123.fullmatch(text))
    assert names.label(made) == made


@given(st.lists(NEAR_LABELS, min_size=40, max_size=60, unique=True))
@settings(max_examples=20)
def test_many_texts_of_few_letters_stay_apart(texts: list[str]) -> None:
    assert len({names.label(text) for text in texts}) == len(texts)


@given(NEAR_LABELS, st.integers(16, 63))
def test_a_label_that_leaves_room_is_as_short_as_asked(text: str, limit: int) -> None:
    made = names.label(text, limit=limit)
    assert len(made) <= limit
    assert RFC_1123.fullmatch(made)
    assert names.label(text, limit=63) == made or len(names.label(text)) > limit


@pytest.mark.parametrize(
    "text",
    ["", "-", "---", "x" * 64, "x" * 62 + "-", "-x", "\ud800", "\0", "👩‍👩‍👧", "٣", "ⅷ", "K", "ſ"],
)
def test_what_is_no_label_gets_a_hash_behind_what_is_left_of_it(text: str) -> None:
    made = names.label(text)
    assert re.fullmatch(r".*-[0-9a-f]{6}", made)
    assert RFC_1123.fullmatch(made)
