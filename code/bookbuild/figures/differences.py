"""What two versions of a figure show differently, in words: what it was, and what it is.

Sizes are parts of a panel's width or height, along which a logarithmic axis counts by its
logarithm: what moves by less than `TOLERANCE` of it is not seen at any resolution in use. A
figure's module whose numbers rounding moves further states a `TOLERANCE` of its own, and why.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

PANELS = "panels"   # the array that holds what the axes of all panels say, as JSON
TOLERANCE = 1e-4
BEYOND = 1.0        # how far outside a panel things count, in panels
MOST_WORDS = 4

Panel = dict


@dataclass(frozen=True)
class Difference:
    """One thing that a figure shows otherwise.

    Attributes
    ----------
    told : str
    size : float
        Part of the panel; infinite where something is new, gone or said in other words.
    """

    told: str
    size: float = np.inf


def differences(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> list[Difference]:
    """Return what differs by more than the tolerance, the largest first and axes last.

    Parameters
    ----------
    before, after : dict
        As `bookbuild.figures.drawn.drawn` returns them.
    """
    old_panels, new_panels = (json.loads(str(drawn[PANELS])) for drawn in (before, after))
    found: list[Difference] = []
    sides: list[Difference] = []
    for name in dict.fromkeys([*before, *after]):
        if name == PANELS:
            continue
        panel, _, label = name.partition("/")
        about = new_panels.get(panel) or old_panels.get(panel)
        place = ", ".join(filter(None, [panel_named(panel, about), label]))
        if name not in after:
            found.append(Difference(f"{place} is gone"))
        elif name not in before:
            found.append(Difference(f"{place} is new"))
        elif before[name].dtype.kind == "U":
            found += other_words(place.removesuffix(", words"), before[name], after[name])
        elif before[name].shape != after[name].shape:
            found.append(Difference(f"{place} has {len(after[name])} points, "
                                    f"had {len(before[name])}"))
        else:
            found += moved(place, before[name], after[name], old_panels.get(panel))
    for panel in old_panels.keys() & new_panels.keys():
        sides += other_sides(panel_named(panel, new_panels[panel]), old_panels[panel],
                             new_panels[panel])
    return [*sorted(found, key=size_of), *sorted(sides, key=size_of)]


def size_of(difference: Difference) -> float:
    """Return a key that puts the largest first."""
    return -difference.size


def panel_named(panel: str, about: Panel | None) -> str:
    """Return such as "(b) 1 layer of 64"."""
    if about is None or (about["title"] == "" and panel == "panel"):
        return ""
    return f"({panel}) {about['title']}".strip() if len(panel) == 1 else about["title"] or panel


def other_words(place: str, before: np.ndarray, after: np.ndarray) -> list[Difference]:
    """Tell texts that are others."""
    old, new = before.tolist(), after.tolist()
    if len(old) != len(new):
        gone, came = ([each for each in some if each not in rest]
                      for some, rest in ((old, new), (new, old)))
        changes = [f"“{each}” is gone" for each in gone] + [f"“{each}” is new" for each in came]
    else:
        changes = [f"“{b}”, was “{a}”" for a, b in zip(old, new) if a != b]
    if not changes:
        return [] if old == new else [Difference(f"{place}: other words".lstrip(": "))]
    return [Difference(f"{place}: {some(changes, MOST_WORDS, '; ')}".lstrip(": "))]


def moved(place: str, old: np.ndarray, new: np.ndarray, panel: Panel | None) -> list[Difference]:
    """Tell where numbers of one shape moved most; a curve's end if it moved about as much."""
    if not np.array_equal(np.isnan(old), np.isnan(new)):
        return [Difference(f"{place} has its gaps elsewhere")]
    if panel is None or old.ndim != 2 or old.shape[1] != 2:
        scale = np.ptp(old[np.isfinite(old)]) if np.isfinite(old).any() else 0.0
        size = float(np.nanmax(np.abs(new - old), initial=0.0)) / (scale or 1.0)
        told = f"{place} by {percent(size)} of its range"
        return [Difference(told, size)] if size > TOLERANCE else []
    part = np.nan_to_num(np.abs(position(new, panel) - position(old, panel)))
    worst = part.max(axis=1, initial=0.0)
    if not len(worst) or worst.max() <= TOLERANCE:
        return []
    at = len(old) - 1 if worst[-1] > worst.max() / 4 else int(worst.argmax())
    x_moved, y_moved = part[at] > min(TOLERANCE, worst[at] / 4)
    return [Difference(f"{place}: {told_point(old[at], new[at], panel, x_moved, y_moved)} "
                       f"({percent(worst.max())} of the panel at most)", float(worst.max()))]


def position(points: np.ndarray, panel: Panel) -> np.ndarray:
    """Return points as parts of a panel's width and height, near to it where they are far."""
    placed = np.empty_like(points)
    for column, side in enumerate("xy"):
        values, limits = points[:, column], np.array(panel[side]["limits"])
        if panel[side]["scale"] == "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                values, limits = np.log10(np.maximum(values, 0)), np.log10(limits)
        placed[:, column] = (values - limits[0]) / ((limits[1] - limits[0]) or 1.0)
    return np.clip(placed, -BEYOND, 1 + BEYOND)


def told_point(old: np.ndarray, new: np.ndarray, panel: Panel, x_moved: bool,
               y_moved: bool) -> str:
    """Return such as "loss at epoch 400: 0.16, was 0.19"."""
    x, y = panel["x"], panel["y"]
    if x_moved and y_moved:
        return "({}, {}), was ({}, {})".format(*(
            written(value, side) for point in (new, old) for value, side in zip(point, (x, y))))
    across, along, i = (y, x, 1) if y_moved else (x, y, 0)
    ours = across["label"] or "xy"[i]
    theirs = along["names"].get(f"{old[1 - i]:g}") or (
        f"{along['label'] or 'yx'[i]} {written(old[1 - i], along)}")
    now, was = ((written(new[i], across), written(old[i], across)) if across["is_dates"]
                else told_apart(new[i], old[i]))
    return f"{ours} at {theirs}: {now}, was {was}"


def written(value: float, side: dict) -> str:
    """Return a coordinate as its axis says it."""
    if side["is_dates"]:                    # days since 1970
        return f"{datetime(1970, 1, 1) + timedelta(days=float(value)):%Y-%m-%d}"
    return f"{value:.4g}"


def told_apart(new: float, old: float) -> tuple[str, str]:
    """Return two numbers with as few digits as tell them apart."""
    for digits in range(2, 18):
        now, was = f"{new:.{digits}g}", f"{old:.{digits}g}"
        if now != was:
            break
    return now, was


def percent(part: float) -> str:
    return f"{100 * part:.2g}%" if part < 10 else "many times the size"


def other_sides(place: str, before: Panel, after: Panel) -> list[Difference]:
    """Tell axes that go from or to elsewhere."""
    found = []
    for side in "xy":
        was, now = before[side], after[side]
        if was["scale"] != now["scale"]:
            found.append(Difference(f"{place}: the {side} axis is {now['scale']}, "
                                    f"was {was['scale']}"))
            continue
        ends = np.array([was["limits"], now["limits"]])
        if was["scale"] == "log":
            ends = np.log10(ends)
        size = np.abs(ends[1] - ends[0]).max() / (abs(ends[0, 1] - ends[0, 0]) or 1.0)
        if size > TOLERANCE:
            told = [" to ".join(written(end, each) for end in each["limits"])
                    for each in (now, was)]
            found.append(Difference(f"{place}: the {side} axis from {told[0]}, was from "
                                    f"{told[1]}", float(size)))
    return found


def some(things: Sequence[str], most: int, between: str = ", ") -> str:
    """Return the first of some things, and how many more there are."""
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return between.join(things[:most]) + more
