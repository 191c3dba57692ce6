"""The map of the press: which room uses which, as the imports in its code say.

A room is a folder of the press or a module beside the folders. It stands one floor above the
highest of the rooms that it uses, so that every arrow runs down; where arrows run in a circle
there is no such plan, and no map.
"""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from bookbuild.about.reference import prose
from deepmath.figures.style import BLACK, styled

HOUSE = Path(__file__).parents[1]
PACKAGE = HOUSE.name
WIDTH = 4.6                 # inches, of the map: a phone shows it nearly as large
BOX, LANE, GAP = 0.92, 0.2, 0.12        # of a room, of an arrow that passes a floor, between them
HEIGHT, FLOOR = 0.3, 0.66   # of a room, and from floor to floor

Arrows = dict[str, set[str]]
Place = str | tuple[str, str]           # a room, or an arrow from room to room that passes


# ------------------------------------------------------------------------ what there is

@cache
def rooms() -> dict[str, Path]:
    """Each room's name, and the file that says what it is for."""
    folders = {path.parent.name: path for path in HOUSE.glob("*/__init__.py")}
    modules = {path.stem: path for path in HOUSE.glob("*.py") if not path.stem.startswith("__")}
    return dict(sorted((modules | folders).items()))


def purpose(room: str) -> str:
    """The first sentence of a room's docstring."""
    told = ast.get_docstring(ast.parse(rooms()[room].read_text(encoding="utf-8"))) or ""
    return told.partition("\n\n")[0].replace("\n", " ")


@cache
def arrows() -> Arrows:
    """For each room, the rooms that it imports from."""
    return {room: {used for path in modules(entrance) for used in imported(path)} - {room}
            for room, entrance in rooms().items()}


def modules(entrance: Path) -> Iterator[Path]:
    """A room's modules; folders that are no packages hold what others run."""
    yield entrance
    if entrance.stem == "__init__":
        for path in sorted(entrance.parent.iterdir()):
            if (inner := path / "__init__.py").exists():
                yield from modules(inner)
            elif path.suffix == ".py" and path != entrance:
                yield path


def imported(path: Path) -> Iterator[str]:
    """The rooms that a module imports, or imports from, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and f"{node.module}".startswith(f"{PACKAGE}."):
            yield f"{node.module}".split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (each.name.split(".")[1] for each in node.names
                        if each.name.startswith(f"{PACKAGE}."))


def floors(used: Arrows) -> dict[str, int]:
    """Each room's floor, counted from the ground.

    Raises
    ------
    graphlib.CycleError
        If arrows run in a circle; it names the rooms.
    """
    found: dict[str, int] = {}
    for room in TopologicalSorter(used).static_order():
        found[room] = 1 + max((found[each] for each in used[room]), default=-1)
    return found


def essential(used: Arrows) -> Arrows:
    """The arrows without those that follow: where another way leads down to the same room."""
    below: Arrows = {}
    for room in TopologicalSorter(used).static_order():
        below[room] = used[room].union(*(below[each] for each in used[room]))
    return {room: {each for each in used[room]
                   if not any(each in below[other] for other in used[room])} for room in used}


# ------------------------------------------------------------------------------ the map

def places(used: Arrows) -> list[dict[Place, float]]:
    """Where everything stands, floor by floor from the ground, in inches from the middle.

    An arrow that passes floors has a place on each of them, so that it meets no room. What
    stands on a floor is put in the order of its neighbours above and below, in a few sweeps.
    """
    floor = floors(used)
    levels: list[list[Place]] = [[] for _ in range(max(floor.values()) + 1)]
    neighbours: dict[tuple[int, Place], list[tuple[int, Place]]] = {}
    for room in sorted(floor):
        levels[floor[room]].append(room)
    for room, rooms_below in essential(used).items():
        for each in sorted(rooms_below):
            way: list[tuple[int, Place]] = [(floor[room], room)]
            for level in range(floor[room] - 1, floor[each], -1):
                levels[level].append((room, each))
                way.append((level, (room, each)))
            way.append((floor[each], each))
            for above, below in zip(way, way[1:]):
                neighbours.setdefault(above, []).append(below)
                neighbours.setdefault(below, []).append(above)
    found = [spread(level) for level in levels]
    order = range(len(levels))
    for sweep in (order[::-1], order, order[::-1], order):
        for n in sweep:
            def middle(each: Place, n: int = n) -> float:
                near = [found[level][place] for level, place in neighbours.get((n, each), [])]
                return sum(near) / len(near) if near else 10.0      # what stands alone: outside
            levels[n].sort(key=middle)
            found[n] = spread(levels[n])
    return straightened(found)


def straightened(levels: list[dict[Place, float]]) -> list[dict[Place, float]]:
    """The same, with an arrow that passes several floors at their right or left end upright."""
    for way in {place for level in levels for place in level if not isinstance(place, str)}:
        passed = [level for level in levels if way in level]
        for end in (min, max):
            if all(end(level, key=level.__getitem__) == way for level in passed):
                x = end(level[way] for level in passed)
                for level in passed:
                    level[way] = x
    return levels


def spread(level: list[Place]) -> dict[Place, float]:
    """The middles of what stands on a floor, side by side and around 0."""
    widths = [BOX if isinstance(each, str) else LANE for each in level]
    left = -(sum(widths) + GAP * (len(widths) - 1)) / 2
    found = {}
    for each, width in zip(level, widths):
        found[each] = left + width / 2
        left += width + GAP
    return found


@styled
def draw() -> Figure:
    """Draw the rooms on their floors, and the arrows but for those that follow from others."""
    used, found = arrows(), places(arrows())
    figure = plt.figure(figsize=(WIDTH, FLOOR * len(found)))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-WIDTH / 2, WIDTH / 2),
                           ylim=(-FLOOR / 2, FLOOR * (len(found) - 0.5)))
    axes.axis("off")
    for n, level in enumerate(found):
        if n % 2 == 0:
            axes.axhspan(FLOOR * (n - 0.5), FLOOR * (n + 0.5), color="#F1F1F1", linewidth=0)
        for each, x in level.items():
            if isinstance(each, str):
                draw_room(axes, each, x, FLOOR * n)
    floor = floors(used)
    for room, below in essential(used).items():
        for each in below:
            top, bottom = floor[room], floor[each]
            way = [(found[top][room], FLOOR * top - HEIGHT / 2)]
            for n in range(top - 1, bottom, -1):
                x = found[n][room, each]
                way += [(x, FLOOR * n + HEIGHT / 2), (x, FLOOR * n - HEIGHT / 2)]
            way.append((found[bottom][each], FLOOR * bottom + HEIGHT / 2))
            draw_arrow(axes, way)
    return figure


def draw_room(axes: Axes, room: str, x: float, y: float) -> None:
    """Draw a room as a box, with a dashed edge if it is a single module."""
    axes.add_patch(FancyBboxPatch(
        (x - BOX / 2, y - HEIGHT / 2), BOX, HEIGHT, boxstyle="round,pad=0,rounding_size=0.06",
        facecolor="white", edgecolor=BLACK, linewidth=1.1, zorder=3,
        linestyle="-" if rooms()[room].stem == "__init__" else (0, (4, 2))))
    axes.text(x, y, room, ha="center", va="center_baseline", zorder=4)


def draw_arrow(axes: Axes, way: list[tuple[float, float]]) -> None:
    """Draw an arrow along some points, down."""
    *_, before, last = way
    axes.plot(*zip(*way[:-1]), color=BLACK, linewidth=0.9, solid_joinstyle="round", zorder=2)
    axes.annotate("", last, before, zorder=2, arrowprops={
        "arrowstyle": "-|>,head_width=0.18,head_length=0.36", "color": BLACK, "linewidth": 0.9,
        "shrinkA": 0, "shrinkB": 0})


def table() -> str:
    """A table of the rooms in Markdown, from the roof to the ground, with all that they use."""
    floor = floors(arrows())
    rows = ["| Room | What it is for | It uses |", "|:------|:-----------------|:------------|"]
    for room in sorted(floor, key=lambda each: (-floor[each], each)):
        used = ", ".join(sorted(arrows()[room], key=lambda each: (-floor[each], each)))
        rows.append(f"| {room} | {prose(purpose(room))} | {used or '–'} |")
    return "\n".join(rows)
