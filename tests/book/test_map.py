"""The map of the house is what the code's imports are, and what pyproject.toml allows."""

import re
import tomllib
from graphlib import CycleError
from pathlib import Path

import grimp
import matplotlib.pyplot as plt
import pytest

from bookbuild.about import house

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "tool"]["importlinter"]["contracts"]
LAYERS = [set(re.findall(r"\w+", layer)) for layer in
          next(each["layers"] for each in CONTRACTS if each["type"] == "layers")]


def reached(arrows, room):
    """The rooms that lead down from one."""
    return set().union(*({each} | reached(arrows, each) for each in arrows[room]))


def test_the_rooms_are_those_of_the_contract():
    assert set(house.rooms()) == set().union(*LAYERS)
    for room in house.rooms():
        assert len(house.purpose(room)) > 15, room


def test_the_arrows_are_the_imports():
    graph = grimp.build_graph("bookbuild", cache_dir=None)
    found = {(importer.split(".")[1], imported.split(".")[1])
             for importer in graph.modules if importer.count(".")
             for imported in graph.find_modules_directly_imported_by(importer)
             if imported.count(".")}
    drawn = {(room, each) for room, below in house.arrows().items() for each in below}
    assert drawn == {(room, each) for room, each in found if room != each}
    assert len(drawn) > 20


def test_every_arrow_runs_down_the_layers_and_the_floors():
    layer = {room: place for place, rooms in enumerate(LAYERS) for room in rooms}
    floor = house.floors(house.arrows())
    for room, below in house.arrows().items():
        for each in below:
            assert layer[room] < layer[each] and floor[room] > floor[each], (room, each)


def test_arrows_that_are_left_out_follow_from_the_others():
    arrows = house.arrows()
    drawn = house.essential(arrows)
    for room in arrows:
        assert drawn[room] <= arrows[room]
        assert reached(drawn, room) == reached(arrows, room)
        for each in drawn[room]:                            # and none of these follows
            assert not any(each in reached(drawn, other) for other in drawn[room])


def test_rooms_and_passing_arrows_stand_apart_within_the_picture():
    for level in house.places(house.arrows()):
        ends = sorted((x - width / 2, x + width / 2) for place, x in level.items()
                      for width in [house.BOX if isinstance(place, str) else house.LANE])
        assert all(left[1] <= right[0] for left, right in zip(ends, ends[1:]))
        assert -house.WIDTH / 2 < ends[0][0] and ends[-1][1] < house.WIDTH / 2


def test_the_map_shows_each_room_once_and_each_arrow():
    plt.switch_backend("agg")
    figure = house.draw()
    written = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    heads = [text for text in figure.axes[0].texts if not text.get_text()]
    assert sorted(written) == sorted(house.rooms())
    assert len(heads) == sum(map(len, house.essential(house.arrows()).values()))
    assert all(head.xy[1] < head.xyann[1] for head in heads)        # down
    plt.close(figure)


def test_the_table_tells_all_rooms_and_arrows():
    rows = [[cell.strip() for cell in row.split(" | ")] for row in house.table().splitlines()[2:]]
    told = {room.strip("| "): set(used.strip("| –").replace(",", " ").split())
            for room, _, used in rows}
    assert told == house.arrows()


def test_a_circle_has_no_map():
    with pytest.raises(CycleError):
        house.floors({"one": {"two"}, "two": {"one"}})
