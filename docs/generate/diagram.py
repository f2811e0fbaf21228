"""The rooms and their imports as an SVG: layers from top to bottom, arrows from what imports to what it uses.

An arrow is left out where a longer way of arrows implies it. The colours read on light and dark pages.
"""

from collections.abc import Iterable
from graphlib import TopologicalSorter
from statistics import fmean

from docs.generate.imports import arrows

Arrows = dict[str, set[str]]
BOX_WIDTH, BOX_HEIGHT, COLUMN, ROW, MARGIN = 118, 34, 140, 92, 12  # pixels
SWEEPS = 8  # over the layers, to order each by its neighbours
KERAS = ("network", "training")
STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#fff;text-anchor:middle;dominant-baseline:central}"
    "rect{fill:#1f7a99}.keras{fill:#b35c1e}.entrance{fill:#5d54a4}path{fill:none;stroke:#7d8b99;stroke-width:1.4}"
    "#tip path{fill:#7d8b99;stroke:none}"
)


def drawing() -> str:
    """docs/architecture.svg"""
    reached = arrows()
    rows = ordered(layers(reached), essential(reached))
    width = COLUMN * max(map(len, rows)) + 2 * MARGIN
    height = ROW * (len(rows) - 1) + BOX_HEIGHT + 2 * MARGIN
    corners = {
        room: (width / 2 + COLUMN * (column - len(row) / 2) + (COLUMN - BOX_WIDTH) / 2, MARGIN + ROW * level)
        for level, row in enumerate(rows)
        for column, room in enumerate(row)
    }
    entrances = {room for room in reached if not any(room in targets for targets in reached.values())}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        'role="img" aria-label="Rooms of core and what they import">',
        f"<style>{STYLE}</style>",
        '<marker id="tip" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
        '<path d="M0 0 9 4 0 8z"/></marker>',
        *(_arrow(corners[room], corners[target]) for room, target in _pairs(essential(reached))),
        *(_box(room, *corner, room in entrances) for room, corner in corners.items()),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def layers(reached: Arrows) -> list[list[str]]:
    """Rooms by layer, the top one first; each lies above all that it imports.

    Raises:
        graphlib.CycleError: rooms import one another in a circle.

    >>> layers({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    [['a'], ['b'], ['c']]
    """
    height: dict[str, int] = {}
    for room in TopologicalSorter(reached).static_order():
        height[room] = 1 + max((height[target] for target in reached[room]), default=-1)
    return [
        sorted(room for room in height if height[room] == level)
        for level in range(max(height.values()), -1, -1)
    ]


def essential(reached: Arrows) -> Arrows:
    """The arrows that no longer way implies.

    >>> essential({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    {'a': {'b'}, 'b': {'c'}, 'c': set()}
    """
    below: Arrows = {}
    for room in TopologicalSorter(reached).static_order():
        below[room] = reached[room].union(*(below[target] for target in reached[room]))
    return {
        room: {item for item in targets if not any(item in below[other] for other in targets)}
        for room, targets in reached.items()
    }


def ordered(rows: list[list[str]], reached: Arrows) -> list[list[str]]:
    """The same layers with neighbours near one another: each room at the mean position of its neighbours."""
    near: Arrows = {room: set(targets) for room, targets in reached.items()}
    for room, target in _pairs(reached):
        near[target].add(room)
    position = {room: column - len(row) / 2 for row in rows for column, room in enumerate(row)}
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            means = {room: fmean([position[item] for item in near[room]] or [0]) for room in row}
            row.sort(key=lambda room, means=means: (means[room], room))
            position.update((room, column - len(row) / 2) for column, room in enumerate(row))
    return rows


def _pairs(reached: Arrows) -> Iterable[tuple[str, str]]:
    return ((room, target) for room in sorted(reached) for target in sorted(reached[room]))


def _box(room: str, left: float, top: float, entrance: bool) -> str:
    kind = "keras" if room in KERAS else "entrance" if entrance else "room"
    middle = f'x="{left + BOX_WIDTH / 2:g}" y="{top + BOX_HEIGHT / 2:g}"'
    return (
        f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
        f"<text {middle}>{room}</text>"
    )


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A curve from the lower edge of a box to the upper edge of one below it."""
    x1, y1 = start[0] + BOX_WIDTH / 2, start[1] + BOX_HEIGHT
    x2, y2 = end[0] + BOX_WIDTH / 2, end[1]
    bend = (y2 - y1) / 2
    return (
        f'<path marker-end="url(#tip)" d="M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} '
        f'{x2:g} {y2 - bend:g} {x2:g} {y2:g}"/>'
    )
