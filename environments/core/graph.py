"""A drawing of who imports whom: layers from importers to imported, as plain coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass

_BOX_WIDTH, _BOX_HEIGHT = 180, 44
_GAP_X, _GAP_Y = 90, 24
_MARGIN = 12


@dataclass(frozen=True, slots=True)
class Box:
    """One application; ``x`` and ``y`` of its upper left corner, in the drawing's units."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """From importer to imported, as the ``d`` of an SVG path."""

    importer: str
    imported: str
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything, with the size that it needs."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int
    box_width: int = _BOX_WIDTH
    box_height: int = _BOX_HEIGHT


def layout(names: Sequence[str], imports: Sequence[tuple[str, str]]) -> Drawing:
    """The drawing of these applications. ``imports``: (importer, imported), both among names."""
    layers = _layers(names, imports)
    boxes = [
        Box(
            name,
            _MARGIN + column * (_BOX_WIDTH + _GAP_X),
            _MARGIN + row * (_BOX_HEIGHT + _GAP_Y),
        )
        for column, layer in enumerate(layers)
        for row, name in enumerate(layer)
    ]
    by_name = {box.name: box for box in boxes}
    arrows = [
        Arrow(importer, imported, _path(by_name[importer], by_name[imported]))
        for importer, imported in imports
    ]
    return Drawing(
        tuple(boxes),
        tuple(arrows),
        width=max((box.x + _BOX_WIDTH + _MARGIN for box in boxes), default=0),
        height=max((box.y + _BOX_HEIGHT + _MARGIN for box in boxes), default=0) + _GAP_Y,
    )


def _layers(names: Sequence[str], imports: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each application one layer behind its last importer; circles are cut where they close."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for importer, imported in imports:
            if (imported, importer) in imports and names.index(imported) < names.index(importer):
                continue
            depth[imported] = max(depth[imported], min(depth[importer] + 1, len(names) - 1))
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        found[depth[name]].append(name)
    return [layer for layer in found if layer]


def _path(start: Box, end: Box) -> str:
    """A curve from the right side of one box to the left of the other, or round behind it."""
    y1, y2 = start.y + _BOX_HEIGHT // 2, end.y + _BOX_HEIGHT // 2
    if end.x > start.x:
        x1, x2 = start.x + _BOX_WIDTH, end.x - 2
        bend = (x2 - x1) // 2
        return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    x1, x2 = start.x + _BOX_WIDTH // 2, end.x + _BOX_WIDTH // 2
    low = max(start.y, end.y) + _BOX_HEIGHT + _GAP_Y
    return f"M{x1} {start.y + _BOX_HEIGHT}C{x1} {low} {x2} {low} {x2} {end.y + _BOX_HEIGHT + 2}"
