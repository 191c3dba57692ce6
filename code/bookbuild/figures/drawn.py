"""What a figure shows, as numbers: the curves, bands, points, bars, images and words of its panels.

Comparisons stand on these, and not on all that was computed: where the median of 64 networks is
drawn, rounding may send one of them elsewhere, and the figure is the same.
"""

import json
import re
from collections.abc import Collection as Names
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.collections import (
    Collection, FillBetweenPolyCollection, LineCollection, PathCollection, QuadMesh)
from matplotlib.contour import ContourSet
from matplotlib.dates import DateLocator
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import AxLine, Line2D
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle
from matplotlib.spines import Spine
from matplotlib.text import Text

from bookbuild.figures.differences import PANELS

LETTER = re.compile(r"\$\\(?:math)?bf\{\((\w)\)\}\$ *")
MATHTEXT = re.compile(r"\\(?:math)?(?:bf|it|rm|cal|default)\b|\\(?=\w)|\\[ ,]|[${}]")
SAMPLE = 8              # curves or points alike, from which on they are compared by their quartiles
LETTERS = re.compile(r"[^\W\d_]")


def drawn(figure: Figure) -> dict[str, np.ndarray]:
    """Return what a figure shows, by panel and label, such as "b/validation".

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        That has been rendered, so that its axes have their ticks.

    Returns
    -------
    dict of arrays
        Points are rows (x, y) in the units of their axes. `PANELS` holds what the axes say:
        title, labels, limits and scales.
    """
    found: dict[str, np.ndarray] = {}
    panels: dict[str, dict] = {}
    for axes in all_axes(figure):
        title = title_of(axes)
        letter = LETTER.match(title)
        panel = unused(panels, letter[1] if letter else "panel")
        panels[panel] = {"title": plain(LETTER.sub("", title)),
                         "x": side_of(axes, "x"), "y": side_of(axes, "y")}
        for label, array in marks(axes):
            found[unused(found, f"{panel}/{label}")] = array
    for about in (panel[side] for panel in panels.values() for side in "xy"):
        about["label"] = about["label"] or next(
            (other[side]["label"] for other in panels.values() for side in "xy"
             if other[side]["label"] and other[side]["limits"] == about["limits"]), "")
    rest = [word for part in (*figure.texts, *figure.legends) for word in words(part)]
    if rest:
        found["figure/words"] = np.array(rest)
    return {PANELS: np.array(json.dumps(panels, ensure_ascii=False)), **found}


def all_axes(figure: Figure) -> Iterator[Any]:
    """Yield a figure's axes, each followed by those within it."""
    for axes in figure.axes:
        yield axes
        yield from (inset for inset in axes.child_axes if inset not in figure.axes)


def unused(names: Names[str], name: str) -> str:
    """Return the name, with a number where it is taken."""
    tried = (f"{name} {n}" if n > 1 else name for n in range(1, len(names) + 2))
    return next(each for each in tried if each not in names)


def title_of(axes: Any) -> str:
    return " ".join(filter(None, [axes.get_title(at) for at in ("left", "center", "right")]))


def plain(text: str) -> str:
    """Return a text without the signs of mathtext."""
    return MATHTEXT.sub("", text).strip()


def side_of(axes: Any, side: str) -> dict:
    """Return what an axis says. Its words may stand at another panel that shares it."""
    axis = getattr(axes, f"{side}axis")
    sharing = getattr(axes, f"get_shared_{side}_axes")().get_siblings(axes)
    labels = [getattr(each, f"get_{side}label")() for each in (axes, *sharing)]
    ticks = [tick for each in (axes, *sharing) for tick in zip(
        getattr(each, f"{side}axis").get_majorticklocs(),
        getattr(each, f"{side}axis").get_ticklabels())]
    names = {f"{float(at):g}": plain(text.get_text()) for at, text in ticks
             if LETTERS.search(plain(text.get_text()))}
    is_dates = isinstance(axis.get_major_locator(), DateLocator)
    return {"label": plain(next(filter(None, labels), "")), "scale": axis.get_scale(),
            "limits": [float(limit) for limit in getattr(axes, f"get_{side}lim")()],
            "is_dates": is_dates, "names": {} if is_dates else names}


def marks(axes: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the label, or else the kind, and the numbers of each thing drawn in a panel.

    Of samples, such as a thin line a network, yield the quartiles only.
    """
    bars = {id(bar): str(container.get_label())
            for container in axes.containers for bar in container}
    alike: dict[tuple, list[np.ndarray]] = {}
    for artist in axes.get_children():
        if artist is axes.patch or isinstance(artist, Spine):
            continue
        label = bars.get(id(artist), str(artist.get_label()))
        name = "" if label.startswith("_") else plain(label)
        for kind, array in numbers(artist):
            if kind == "line" and len(along := constant(array)) == 1 and len(array) >= SAMPLE:
                yield from quartiles(f"{len(array)} points", array[:, None], along)
            elif kind == "line" and not name:
                alike.setdefault(tuple(array[:, 0]), []).append(array)
            else:
                yield name or kind, array
    for curves in alike.values():
        if len(curves) < SAMPLE:
            yield from (("line", curve) for curve in curves)
        else:
            yield from quartiles(f"{len(curves)} lines", np.array(curves), [0])
    if said := words(axes):
        yield "words", np.array(said)


def constant(points: np.ndarray) -> list[int]:
    """Return the columns in which all points are alike."""
    return [column for column in (0, 1) if len(set(points[:, column])) == 1]


def quartiles(name: str, curves: np.ndarray, along: list[int]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the quartiles of curves, (k, n, 2), across the columns that are not `along`."""
    for part, told in ((25, "lower quartile"), (50, "median"), (75, "upper quartile")):
        curve = np.nanpercentile(curves, part, axis=0)
        curve[:, along] = curves[0][:, along]
        yield f"{told} of {name}", curve


def numbers(artist: Artist) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the kind and the numbers of what an artist shows; nothing of what is only layout."""
    match artist:
        case AxLine():
            ends = artist.get_transform().transform([(0, 0), (1, 1)])   # of what is in sight
            assert artist.axes is not None
            yield "line", artist.axes.transData.inverted().transform(ends)
        case Line2D():
            yield "line", filled(artist.get_xydata())
        case QuadMesh():
            yield "cells", filled(artist.get_array())
        case PathCollection():
            yield "points", filled(artist.get_offsets())
            if artist.get_array() is not None:
                yield "colours", filled(artist.get_array())
        case ContourSet():
            yield "levels", np.asarray(artist.levels, float)
        case Collection():
            kind = "band" if isinstance(artist, FillBetweenPolyCollection) else \
                "lines" if isinstance(artist, LineCollection) else "shapes"
            vertices = [np.asarray(path.vertices) for path in artist.get_paths()]
            if vertices:
                yield kind, filled(np.concatenate(vertices))
        case AxesImage():
            yield "image", filled(artist.get_array())
        case Rectangle():
            yield "bar", artist.get_bbox().get_points()
        case FancyArrowPatch():
            return                          # its outline depends on the resolution
        case Patch():
            yield "shape", artist.get_patch_transform().transform(artist.get_path().vertices)


def filled(values: Any) -> np.ndarray:
    """Return numbers with NaN in place of what is masked."""
    return np.ma.filled(np.ma.asarray(values, float), np.nan)


def words(artist: Artist) -> list[str]:
    """Return the texts within an artist, but for the numbers along its axes."""
    axes = artist.findobj(Axis)
    along = {id(text) for axis in axes for text in axis.findobj(Text) if text is not axis.label}
    return [text.get_text() for text in artist.findobj(Text)
            if text.get_visible() and text.get_text().strip()
            and (id(text) not in along or LETTERS.search(plain(text.get_text())))]
