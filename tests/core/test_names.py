"""Any text becomes a valid, stable and distinct label."""

import string

import pytest
from hypothesis import given
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
