"""Figure: four activation functions and their derivatives."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.activations import ACTIVATIONS
from deepmath.checks import check_positive, check_whole
from deepmath.figures.style import BLUE, GREY, VERMILLION, WIDTH, letter, styled

SHOWN = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "sigmoid": "sigmoid", "tanh": "tanh"}


@dataclass(frozen=True)
class Activations:
    """Values of each activation and its derivative.

    Attributes
    ----------
    names : tuple of str
        As `deepmath.activation` knows them.
    z : array of shape (n,)
    values, derivatives : arrays of shape (4, n)
    """

    names: tuple[str, ...]
    z: np.ndarray
    values: np.ndarray
    derivatives: np.ndarray


def compute(limit: float = 3.0, n_points: int = 601) -> Activations:
    """Evaluate ReLU, leaky ReLU, sigmoid and tanh over [-limit, limit].

    Parameters
    ----------
    limit : float
        Above 0.
    n_points : int
        Points of the grid, at least 2.

    Examples
    --------
    >>> result = compute(limit=3.0, n_points=7)
    >>> result.values.shape, result.names[0], result.values[0]
    ((4, 7), 'relu', array([0., 0., 0., 0., 1., 2., 3.]))
    """
    check_positive("limit", limit)
    check_whole("n_points", n_points, at_least=2)
    z = np.linspace(-limit, limit, n_points)
    shown = [ACTIVATIONS[name] for name in SHOWN]
    return Activations(tuple(SHOWN), z, np.array([a.function(z) for a in shown]),
                       np.array([a.derivative(z) for a in shown]))


@styled
def draw(result: Activations) -> Figure:
    """Draw the functions in the upper row, and each one's derivative below it."""
    figure, rows = plt.subplots(2, 4, figsize=(WIDTH, 3.7), sharex=True, sharey="row",
                                height_ratios=(3, 2))
    figure.subplots_adjust(left=0.092, right=0.99, bottom=0.12, top=0.925,
                           wspace=0.1, hspace=0.13)
    above, below = rows
    for axes, curve in zip(above, result.values):
        axes.plot(result.z, curve, color=BLUE)
    for axes, curve in zip(below, result.derivatives):
        axes.plot(result.z, without_jumps(curve), color=VERMILLION, linestyle="--")
        axes.set_xlabel("$z$", labelpad=1)
    for axes, mark, name in zip(above, "abcd", result.names):
        letter(axes, mark, SHOWN[name])
    for axes in rows.flat:
        axes.axhline(0, color=GREY, linewidth=0.7, zorder=0)
        axes.axvline(0, color=GREY, linewidth=0.7, zorder=0)
        axes.set_xticks([-3, 0, 3])
    above[0].set_ylabel(r"$\varphi(z)$")
    below[0].set_ylabel(r"$\varphi'(z)$")
    above[0].set_yticks([-1, 0, 1, 2, 3])
    below[0].set_yticks([0, 0.25, 0.5, 1], ["0", "0.25", "0.5", "1"])
    for axes in below:
        axes.grid(axis="y")
    figure.align_ylabels(rows[:, 0])
    return figure


def without_jumps(curve: np.ndarray) -> np.ndarray:
    """Return the curve with a gap where it jumps, which a line would otherwise bridge."""
    broken = curve.copy()
    broken[1:][np.abs(np.diff(curve)) > 0.5] = np.nan
    return broken
