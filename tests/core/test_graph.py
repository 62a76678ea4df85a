"""The drawing of imports."""

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from environments.core.graph import Drawing, layout

NAMES = [f"app{number}" for number in range(7)]
IMPORTS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=18)


def columns(drawing: Drawing) -> dict[str, int]:
    return {box.name: box.x for box in drawing.boxes}


def points(path: str) -> Iterator[tuple[float, float]]:
    """Points on a path of M, C and H, close to each other."""
    x = y = 0.0
    for command, text in re.findall(r"([MCH])([-\d ]+)", path):
        numbers = [float(number) for number in text.split()]
        if command == "M":
            x, y = numbers
        elif command == "H":
            yield from ((x + (numbers[0] - x) * step / 40, y) for step in range(41))
            x = numbers[0]
        else:
            x1, y1, x2, y2, x3, y3 = numbers
            for step in range(41):
                t, u = step / 40, 1 - step / 40
                yield (
                    u**3 * x + 3 * u * u * t * x1 + 3 * u * t * t * x2 + t**3 * x3,
                    u**3 * y + 3 * u * u * t * y1 + 3 * u * t * t * y2 + t**3 * y3,
                )
            x, y = x3, y3


def test_importers_stand_before_what_they_import() -> None:
    x = columns(layout(["a", "b", "c"], [("c", "b"), ("b", "a")]))
    assert x["c"] < x["b"] < x["a"]


def test_an_account_with_nothing_has_an_empty_drawing() -> None:
    assert layout([], []).boxes == ()


def test_applications_that_import_each_other_share_a_column_and_one_arrow() -> None:
    drawing = layout(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "b")])
    x = columns(drawing)
    assert x["a"] < x["b"] == x["c"]
    assert [(one.importer, one.imported) for one in drawing.arrows if one.is_mutual] == [("b", "c")]
    assert len(drawing.arrows) == 2


def test_an_application_that_imports_itself_gets_no_arrow() -> None:
    assert layout(["a"], [("a", "a")]).arrows == ()


@given(IMPORTS)
def test_every_application_has_a_place_of_its_own_inside_the_drawing(
    imports: list[tuple[str, str]],
) -> None:
    drawing = layout(NAMES, imports)
    places = {(box.x, box.y) for box in drawing.boxes}
    assert {box.name for box in drawing.boxes} == set(NAMES)
    assert len(places) == len(NAMES)
    assert all(box.x + drawing.box_width <= drawing.width for box in drawing.boxes)
    assert all(box.y + drawing.box_height <= drawing.height for box in drawing.boxes)


@given(IMPORTS)
def test_every_import_has_an_arrow_that_never_points_backwards(
    imports: list[tuple[str, str]],
) -> None:
    drawing = layout(NAMES, imports)
    x = columns(drawing)
    assert all(x[one.importer] <= x[one.imported] for one in drawing.arrows)
    shown = {(one.importer, one.imported) for one in drawing.arrows}
    shown |= {(one.imported, one.importer) for one in drawing.arrows if one.is_mutual}
    assert shown == {pair for pair in imports if pair[0] != pair[1]}


@given(IMPORTS)
def test_no_arrow_runs_through_a_box(imports: list[tuple[str, str]]) -> None:
    drawing = layout(NAMES, imports)
    for arrow in drawing.arrows:
        for x, y in points(arrow.path):
            for box in drawing.boxes:
                inside = box.x < x < box.x + drawing.box_width
                assert not (inside and box.y < y < box.y + drawing.box_height)
