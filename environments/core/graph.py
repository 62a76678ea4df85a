"""A drawing of who imports whom: importers left, imported right, as plain coordinates.

Applications that import each other (in however large a circle) stand in one column. An arrow over
several columns has a free row in each column between, so that no arrow runs through a box.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_BOX_WIDTH, _BOX_HEIGHT = 168, 40
_GAP_X, _GAP_Y = 84, 20
_MARGIN = 8
_SWEEPS = 4
"""How often the rows are put in order; more changes nothing that an eye sees."""

_Import = tuple[str, str]
_Slot = tuple[str, str, int]
"""What takes a row: an application (itself, "", 0), or an import on its way through a column."""


@dataclass(frozen=True, slots=True)
class Box:
    """One application; ``x`` and ``y`` of its upper left corner, in the drawing's units."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """From importer to imported, as the ``d`` of an SVG path. ``is_mutual``: and back."""

    importer: str
    imported: str
    path: str
    is_mutual: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything, with the size that it needs."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int
    box_width: int = _BOX_WIDTH
    box_height: int = _BOX_HEIGHT


def layout(names: Sequence[str], imports: Iterable[_Import]) -> Drawing:
    """The drawing of these applications. ``imports``: (importer, imported), both among names."""
    wanted = [pair for pair in dict.fromkeys(imports) if pair[0] != pair[1]]
    depths = _depths(names, wanted)
    places = _placed(_in_order(_columns(depths, wanted), depths, wanted))
    boxes = tuple(Box(name, *places[name, "", 0]) for name in names)
    return Drawing(
        boxes,
        tuple(_arrows(wanted, depths, places)),
        width=max((box.x + _BOX_WIDTH + _GAP_X for box in boxes), default=0),
        height=max((y + _BOX_HEIGHT + _MARGIN for _, y in places.values()), default=0),
    )


def _depths(names: Sequence[str], imports: Sequence[_Import]) -> dict[str, int]:
    """The column of each: behind all that import it, beside those that it is in a circle with."""
    reached = {name: _reached(name, imports) for name in names}
    forward = [pair for pair in imports if pair[0] not in reached[pair[1]]]
    circles = {name: [one for one in reached[name] if name in reached[one]] for name in names}
    depths = dict.fromkeys(names, 0)
    for _ in names:
        for importer, imported in forward:
            depths[imported] = max(depths[imported], depths[importer] + 1)
        for name, circle in circles.items():
            depths[name] = max([depths[name], *(depths[one] for one in circle)])
    return depths


def _reached(start: str, imports: Sequence[_Import]) -> set[str]:
    """All that ``start`` leads to, by one import or more."""
    found: set[str] = set()
    open_names = [start]
    while open_names:
        name = open_names.pop()
        new = {imported for importer, imported in imports if importer == name} - found
        found |= new
        open_names += new
    return found


def _columns(depths: Mapping[str, int], imports: Sequence[_Import]) -> list[list[_Slot]]:
    """What stands in each column, in no order yet."""
    columns: list[list[_Slot]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for name, depth in depths.items():
        columns[depth].append((name, "", 0))
    for pair in imports:
        for slot in _between(pair, depths):
            columns[slot[2]].append(slot)
    return columns


def _in_order(
    columns: list[list[_Slot]], depths: Mapping[str, int], imports: Sequence[_Import]
) -> list[list[_Slot]]:
    """Rows so that neighbours in a chain stand near each other: the mean row of those before."""
    before: dict[_Slot, list[_Slot]] = {slot: [] for column in columns for slot in column}
    after: dict[_Slot, list[_Slot]] = {slot: [] for slot in before}
    for pair in imports:
        chain = _chain(pair, depths)
        for left, right in pairwise(chain):
            before[right].append(left)
            after[left].append(right)
    for sweep in range(_SWEEPS):
        near = after if sweep % 2 else before
        rows = {slot: row for column in columns for row, slot in enumerate(column)}
        for column in reversed(columns) if sweep % 2 else columns:
            column.sort(key=lambda slot: _mean([rows[one] for one in near[slot]], rows[slot]))
            rows |= {slot: row for row, slot in enumerate(column)}
    return columns


def _mean(rows: Sequence[int], own: int) -> float:
    return sum(rows) / len(rows) if rows else own


def _between(pair: _Import, depths: Mapping[str, int]) -> list[_Slot]:
    return [(*pair, depth) for depth in range(depths[pair[0]] + 1, depths[pair[1]])]


def _chain(pair: _Import, depths: Mapping[str, int]) -> list[_Slot]:
    """The slots that an import runs through, its two applications included."""
    return [(pair[0], "", 0), *_between(pair, depths), (pair[1], "", 0)]


def _placed(columns: Sequence[Sequence[_Slot]]) -> dict[_Slot, tuple[int, int]]:
    """Upper left corners; each column stands in the middle of the tallest."""
    tallest = max(map(len, columns), default=0)
    places: dict[_Slot, tuple[int, int]] = {}
    for number, column in enumerate(columns):
        x = _MARGIN + number * (_BOX_WIDTH + _GAP_X)
        shift = (tallest - len(column)) * (_BOX_HEIGHT + _GAP_Y) // 2
        for row, slot in enumerate(column):
            places[slot] = (x, _MARGIN + shift + row * (_BOX_HEIGHT + _GAP_Y))
    return places


def _arrows(
    imports: Sequence[_Import],
    depths: Mapping[str, int],
    places: Mapping[_Slot, tuple[int, int]],
) -> Iterable[Arrow]:
    """One for each import, one for two applications that import each other."""
    drawn: set[_Import] = set()
    for pair in imports:
        if pair[::-1] in drawn:
            continue
        drawn.add(pair)
        path = _path([places[slot] for slot in _chain(pair, depths)])
        yield Arrow(*pair, path, is_mutual=pair[::-1] in imports)


def _path(corners: Sequence[tuple[int, int]]) -> str:
    """Curves in the gaps between columns, straight through the free rows of a column."""
    middle = _BOX_HEIGHT // 2
    x, y = corners[0]
    path = f"M{x + _BOX_WIDTH} {y + middle}"
    if corners[-1][0] == x:
        out = x + _BOX_WIDTH + _GAP_X // 2
        end = corners[-1][1] + middle
        return f"{path}C{out} {y + middle} {out} {end} {x + _BOX_WIDTH} {end}"
    for number, (next_x, next_y) in enumerate(corners[1:], start=1):
        bend = next_x - _GAP_X // 2
        path += f"C{bend} {y + middle} {bend} {next_y + middle} {next_x} {next_y + middle}"
        if number < len(corners) - 1:
            path += f"H{next_x + _BOX_WIDTH}"
        y = next_y
    return path
