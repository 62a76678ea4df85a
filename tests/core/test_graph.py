"""The drawing of imports."""

from hypothesis import given
from hypothesis import strategies as st

from environments.core.graph import layout


def test_importers_stand_before_what_they_import() -> None:
    drawing = layout(["a", "b", "c"], [("c", "b"), ("b", "a")])
    x = {box.name: box.x for box in drawing.boxes}
    assert x["c"] < x["b"] < x["a"]


def test_an_account_with_nothing_has_an_empty_drawing() -> None:
    assert layout([], []).boxes == ()


NAMES = [f"app{number}" for number in range(6)]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=15))
def test_every_application_has_a_place_of_its_own_whatever_imports_whom(
    imports: list[tuple[str, str]],
) -> None:
    drawing = layout(NAMES, imports)
    places = {(box.x, box.y) for box in drawing.boxes}
    assert {box.name for box in drawing.boxes} == set(NAMES)
    assert len(places) == len(NAMES)
    assert len(drawing.arrows) == len(imports)
