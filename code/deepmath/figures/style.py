"""How the figures look, and how they are written so that equal figures are equal bytes.

The colours are those of Okabe and Ito (2008), told apart by readers with any of the common
forms of colour blindness. No curve is told by its colour alone: line styles, markers and
labels say the same.
"""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, rgb_to_hsv, to_hex, to_rgb, to_rgba
from matplotlib.figure import Figure

from deepmath.checks import check_choice

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#767676"

# Class 0 and class 1 wherever points are drawn.
CLASS_COLOURS = (BLUE, ORANGE)
CLASS_MARKERS = ("o", "^")

WIDTH = 7.0  # inches: the text width of a page, so that sizes in points are true there
DPI = 200    # of a PNG: twice the dots of a page on a common screen

# On a dark ground black and white change places, and the palette stands out.
PAPER, INK = "#14171C", "#ECECEC"
ON_DARK = {BLUE: SKY, SKY: "#A9DCF7", GREEN: "#2BBF96", VERMILLION: "#EE7733",
           **{colour: colour for colour in (ORANGE, YELLOW, PURPLE)}}

SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.7,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}

# What makes a file depend on the figure alone, and its text on no font of the reader's.
WRITING = {
    "svg.hashsalt": "deepmath",
    "svg.fonttype": "path",
    "pdf.fonttype": 3,
}
METADATA = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let `draw` work under the book's settings, and leave the caller's as they were.

    One of the caller's settings holds: the resolution, `figure.dpi`, which is that of the
    page or notebook in which the figure stands.
    """
    @wraps(draw)
    def wrapper(*args: Any, **kwargs: Any) -> Figure:
        settings = {**SETTINGS, "figure.dpi": matplotlib.rcParams["figure.dpi"]}
        with plt.style.context(["default", settings]):
            figure = draw(*args, **kwargs)
            interactive = plt.isinteractive()
        matplotlib.interactive(interactive)        # a notebook turns this on with its first figure
        return figure
    return wrapper


def letter(axes: Axes, text: str, title: str) -> None:
    """Give a panel its letter, bold, and its title, as in "(a) ReLU"."""
    axes.set_title(f"$\\bf{{({text})}}$ {title}")


def darken(figure: Figure) -> None:
    """Turn a drawn figure into one for a dark ground, as for a lecture's slides."""
    figure.draw_without_rendering()     # makes the ticks
    changes = []                        # all are found before any is made: some colours are shared
    for artist in figure.findobj():
        if (isinstance(artist, ScalarMappable) and (values := artist.get_array()) is not None
                and values.ndim in (1, 2)):
            colours = artist.get_cmap()(np.linspace(0, 1, 256))
            changes.append((artist.set_cmap, ListedColormap(on_dark(colours))))
            continue
        for name in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            get, change = (getattr(artist, f"{verb}_{name}", None) for verb in ("get", "set"))
            if get and change:
                changes.append((change, on_dark(get())))
    for change, colour in changes:
        change(colour)


def on_dark(colour: Any) -> Any:
    """Return what a colour, or an array of colours with a row for each, is on a dark ground."""
    if not isinstance(colour, str) and np.ndim(colour) == 2:
        return np.array([on_dark(row) for row in colour]).reshape(-1, 4)
    if isinstance(colour, str) and colour in ("none", "auto"):
        return colour
    *_, alpha = to_rgba(colour)
    rgb = to_rgb(colour)
    if named := ON_DARK.get(to_hex(rgb).upper()):
        return to_rgba(named, alpha)
    _, saturation, value = rgb_to_hsv(rgb)
    white = 1.0 - saturation       # how much of the ground shows through; saturated colours stay
    grey = np.array(to_rgb(INK)) + value * (np.array(to_rgb(PAPER)) - np.array(to_rgb(INK)))
    return (*(white * grey + (1.0 - white) * np.array(rgb)), alpha)


def render(figure: Figure, file_format: str, dpi: float = DPI) -> bytes:
    """Return the figure as a file's content: equal figures, equal bytes.

    Nothing of the day, the machine or the caller's matplotlib settings gets into it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    file_format : {"svg", "pdf", "png"}
        Text is drawn as outlines in SVG, and embedded in PDF.
    dpi : float
        Dots an inch of a PNG.

    Raises
    ------
    ValueError
        If the format is another.

    Examples
    --------
    >>> figure, axes = plt.subplots()
    >>> content = render(figure, "svg")
    >>> content == render(figure, "svg"), content[:5]
    (True, b'<?xml')
    >>> plt.close(figure)
    """
    metadata = check_choice("file_format", file_format, METADATA)
    content = BytesIO()
    with plt.style.context(["default", SETTINGS, WRITING]):
        figure.savefig(content, format=file_format, metadata=metadata, dpi=dpi)
    return content.getvalue()


def save(figure: Figure, path: str | Path) -> None:
    """Write the figure, in the format that the path's ending names: svg, pdf or png."""
    path = Path(path)
    path.write_bytes(render(figure, path.suffix.removeprefix(".")))
