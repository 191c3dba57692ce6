"""Figure: a convolution as a matrix, and what becomes of a pattern that moves."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_whole
from deepmath.figures.style import BLUE, GREY, VERMILLION, WIDTH, letter, styled

KERNEL = np.array([1.0, -2.0, 1.0])
PATTERN = np.array([0.4, 1.0, 1.0, 0.2, -0.6, -0.2])
PLACE = 2           # where the pattern begins before it moves


@dataclass(frozen=True)
class Convolution:
    """Two linear maps of signals on a circle of d places, and what they make of a pattern.

    Attributes
    ----------
    convolution, dense : arrays of shape (d, d)
        The matrix of a circular convolution with three weights, and one of independent weights.
    shift : int
    signals : array of shape (2, d)
        A pattern, and the same `shift` places on.
    convolved, mixed : arrays of shape (2, d)
        What the convolution and the other matrix make of them.
    """

    convolution: np.ndarray
    dense: np.ndarray
    shift: int
    signals: np.ndarray
    convolved: np.ndarray
    mixed: np.ndarray


def compute(shift: int = 9, n_places: int = 24, seed: int = 0) -> Convolution:
    """Move a pattern, and apply both maps to it before and after.

    Parameters
    ----------
    shift : int
        How far the pattern moves, around the circle.
    n_places : int
        d, at least 8.
    seed : int
        Of the matrix of independent weights.

    Examples
    --------
    >>> result = compute(shift=3)
    >>> bool(np.allclose(np.roll(result.convolved[0], 3), result.convolved[1]))
    True
    >>> bool(np.allclose(np.roll(result.mixed[0], 3), result.mixed[1]))
    False
    """
    check_whole("n_places", n_places, at_least=8)
    check_whole("shift", shift, at_least=0)
    first = np.zeros(n_places)
    first[:len(KERNEL)] = KERNEL
    convolution = np.array([np.roll(first, i) for i in range(n_places)])
    dense = default_rng(seed).normal(0.0, np.sqrt(np.sum(KERNEL**2) / n_places),
                                     (n_places, n_places))
    signal = np.zeros(n_places)
    signal[PLACE:PLACE + len(PATTERN)] = PATTERN
    signals = np.array([signal, np.roll(signal, shift)])
    return Convolution(convolution, dense, shift, signals, signals @ convolution.T,
                       signals @ dense.T)


@styled
def draw(result: Convolution) -> Figure:
    """Draw both matrices at the left; the signals, and what becomes of them, at the right."""
    figure = plt.figure(figsize=(WIDTH, 4.62))       # a whole number of pixels
    frame = {"bottom": 0.1, "top": 0.93}
    left = figure.add_gridspec(2, 1, left=0.02, right=0.3, hspace=0.3, **frame).subplots(
        squeeze=False).flat
    right = figure.add_gridspec(3, 1, left=0.4, right=0.985, hspace=0.62, **frame).subplots(
        sharex=True, squeeze=False).flat
    for axes, matrix, mark, title in ((left[0], result.convolution, "a", "convolution"),
                                      (left[1], result.dense, "b", "independent weights")):
        axes.imshow(matrix, cmap="PuOr_r", vmin=-2, vmax=2, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, color="#BBBBBB")
        letter(axes, mark, title)
    for axes, values, mark, title in (
            (right[0], result.signals, "c", "a pattern"),
            (right[1], result.convolved, "d", "after the convolution"),
            (right[2], result.mixed, "e", "after the other matrix")):
        draw_pair(axes, values)
        letter(axes, mark, title)
    right[0].legend(["before", f"moved by {result.shift}"], loc="upper right", ncols=2,
                    bbox_to_anchor=(1.0, 1.3), borderaxespad=0)
    right[2].set_xlabel("place", labelpad=1)
    return figure


def draw_pair(axes: Axes, values: np.ndarray) -> None:
    """Draw two signals, told apart by colour, line and marker."""
    places = np.arange(values.shape[1])
    for signal, colour, line in zip(values, (BLUE, VERMILLION), ("o-", "s--")):
        axes.plot(places, signal, line, color=colour, markersize=3.5, linewidth=1.3)
    axes.axhline(0, color=GREY, linewidth=0.7, zorder=0)
    axes.margins(x=0.02)
