"""Boxes, arrows and matrices of numbers, for diagrams. Lengths are in inches."""

from collections.abc import Sequence
from math import floor, log10
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from deepmath.figures.style import BLACK, BLUE, GREY, VERMILLION, WIDTH

BOX_HEIGHT = 0.52
LINE = 0.15                                # of a matrix
NAME = 0.52                                # the room for a matrix's name and "="
SIZE = 8.5                                 # of a matrix's digits, in points
CHARACTER = 0.602 * SIZE / 72              # their width in DejaVu Sans Mono
MOST_ROWS, MOST_COLUMNS = 4, 3             # larger matrices are abridged
PALE = "#F2F2F2"

Style = dict[str, Any]

FORWARD: Style = {"color": BLUE, "linestyle": "-"}
BACKWARD: Style = {"color": VERMILLION, "linestyle": (0, (3, 1.5))}


def sheet(height: float) -> tuple[Figure, Axes]:
    """Return a figure as wide as a page, and axes whose unit is the inch."""
    figure = plt.figure(figsize=(WIDTH, round(height, 2)))  # a whole number of pixels
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
    axes.set_axis_off()
    return figure, axes


def draw_box(axes: Axes, left: float, right: float, y: float, heading: str, formula: str) -> None:
    """Draw a box around y with a heading and, below it, a formula."""
    draw_panel(axes, left, right, y - BOX_HEIGHT / 2, y + BOX_HEIGHT / 2, "white", BLACK)
    middle = (left + right) / 2
    axes.text(middle, y + 0.05, heading, ha="center", va="bottom", color=GREY, size=8.5)
    axes.text(middle, y - 0.13, formula, ha="center", va="baseline", size=9.5)


def draw_panel(axes: Axes, left: float, right: float, bottom: float, top: float,
               colour: str = PALE, edge: str = "none") -> None:
    """Draw a rectangle with rounded corners, to write on."""
    axes.add_patch(FancyBboxPatch(
        (left, bottom), right - left, top - bottom, boxstyle="round,pad=0,rounding_size=0.06",
        facecolor=colour, edgecolor=edge, linewidth=1.0))


def draw_arrow(axes: Axes, points: Sequence[tuple[float, float]] | np.ndarray,
               style: Style) -> None:
    """Draw an arrow along a polyline."""
    axes.add_patch(FancyArrowPatch(path=Path(points), arrowstyle="-|>", mutation_scale=9,
                                   linewidth=1.3, capstyle="butt", joinstyle="miter",
                                   shrinkA=0, shrinkB=0, **style))


def format_number(value: float, largest: float) -> str:
    """Write a number with the decimal places that suit the largest of its matrix; 0 if exact."""
    if value == 0:
        return "0"
    if 1e-3 <= largest < 1e5:
        exponent = min(floor(log10(largest)), 2)
        written = f"{value:.{2 - exponent - (exponent < 0)}f}"
    else:
        digits, power = f"{value:.1e}".split("e")
        written = f"{digits}e{int(power)}"
    return written.replace("-", "−")


def entries(matrix: np.ndarray, room: float) -> list[list[str]]:
    """Return a matrix's entries as words of one length in each column.

    Of a large matrix these are the first rows, and the first columns that, with the name,
    fit into `room`; dots stand for the rest.
    """
    largest = np.abs(matrix).max()
    rows = [[format_number(v, largest) for v in row] for row in matrix[:MOST_ROWS]]
    if len(matrix) > MOST_ROWS:
        rows[-1] = ["…"] * matrix.shape[1]
    for n_columns in range(min(MOST_COLUMNS, matrix.shape[1]), 0, -1):
        rest = [] if n_columns == matrix.shape[1] else ["…"]
        columns = list(zip(*(row[:n_columns] + rest for row in rows)))
        widths = [max(map(len, column)) for column in columns]
        words = [[word.rjust(width) for word, width in zip(row, widths)]
                 for row in zip(*columns)]
        if width_of(words) <= room:
            break
    return words


def width_of(words: list[list[str]]) -> float:
    """Return the width of a matrix with its name."""
    return NAME + (sum(len(word) + 1 for word in words[0]) + 1) * CHARACTER


def lines_of(matrix: np.ndarray) -> int:
    """Count the lines that a matrix takes with its name; the name and the shape take two."""
    return max(2, min(MOST_ROWS, len(matrix)))


def draw_matrix(axes: Axes, left: float, y: float, symbol: str, matrix: np.ndarray,
                room: float, colour: str) -> None:
    """Write "symbol = matrix" around y, and the matrix's shape below the symbol."""
    words = entries(matrix, room)
    start, end = left + NAME, left + width_of(words)
    bottom, top = y - len(words) * LINE / 2, y + len(words) * LINE / 2
    axes.text(start - 0.05, y - 0.01, f"${symbol} =$", ha="right", va="baseline", color=colour)
    axes.text(start - 0.05, y - 0.06, "×".join(map(str, matrix.shape)), ha="right", va="top",
              color=GREY, size=7.5)
    for i, row in enumerate(words, start=1):
        axes.text(start + CHARACTER, top - i * LINE + 0.033, " ".join(row), color=colour,
                  size=SIZE, family="DejaVu Sans Mono")
    for x, inward in ((start + 0.02, 0.04), (end - 0.02, -0.04)):
        axes.plot([x + inward, x, x, x + inward], [top, top, bottom, bottom],
                  color=colour, linewidth=0.9, solid_joinstyle="miter")
