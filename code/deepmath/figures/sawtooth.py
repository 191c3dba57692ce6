"""Figure: the sawtooth that folded layers make, and what it costs with and without depth."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.figures.style import BLUE, VERMILLION, WIDTH, letter, styled
from deepmath.network import Network
from deepmath.sawtooth import count_pieces, folded_sawtooth, shallow_sawtooth

MOST_FOLDS = 16  # a grid of 2^16 points; a drawing shows no difference long before


@dataclass(frozen=True)
class Sawtooth:
    """Sawtooth functions as networks compute them, and those networks' sizes.

    Attributes
    ----------
    folds : array of shape (K,)
        The k of each panel.
    x : array of shape (n,)
        Points of [0, 1] that hold all bends.
    values : array of shape (K, n)
        Computed by `folded_sawtooth(k)`.
    pieces : array of shape (K,)
        Linear pieces, counted on `values`.
    shallow_gap : array of shape (K,)
        The largest difference to `shallow_sawtooth(k)` on `x`.
    all_folds, deep_units, shallow_units : arrays of shape (M,)
        Hidden units of `folded_sawtooth(k)` and `shallow_sawtooth(k)` for k = 1, ..., M.
    """

    folds: np.ndarray
    x: np.ndarray
    values: np.ndarray
    pieces: np.ndarray
    shallow_gap: np.ndarray
    all_folds: np.ndarray
    deep_units: np.ndarray
    shallow_units: np.ndarray


def compute(folds: Sequence[int] = (1, 2, 3, 5), most_folds: int = 10) -> Sawtooth:
    """Construct the networks and evaluate them at dyadic points.

    Parameters
    ----------
    folds : sequence of int
        The numbers of folded layers to draw, from 1 to 16.
    most_folds : int
        The numbers of hidden units are counted up to this many folds.

    Examples
    --------
    >>> result = compute(folds=(1, 2, 3), most_folds=5)
    >>> result.values.shape, result.pieces, result.shallow_units
    ((3, 9), array([2, 4, 8]), array([ 2,  4,  8, 16, 32]))
    """
    shown = [check_folds("each of folds", k) for k in folds]
    if not shown:
        raise ValueError("folds must name at least one number of folded layers; got none")
    all_folds = range(1, check_folds("most_folds", most_folds) + 1)
    x = np.linspace(0.0, 1.0, 2 ** max(shown) + 1)
    deep, shallow = (np.array([predict(make(k), x) for k in shown])
                     for make in (folded_sawtooth, shallow_sawtooth))
    return Sawtooth(
        np.array(shown), x, deep, np.array([count_pieces(x, curve) for curve in deep]),
        np.abs(deep - shallow).max(axis=1), np.array(all_folds),
        *(np.array([sum(make(k)[0].sizes[1:-1]) for k in all_folds])
          for make in (folded_sawtooth, shallow_sawtooth)))


def check_folds(name: str, k: int) -> int:
    """Return k, or raise ValueError unless it is a whole number from 1 to 16."""
    if check_whole(name, k) > MOST_FOLDS:
        raise ValueError(f"{name} must be at most {MOST_FOLDS}; got {k}")
    return int(k)


def predict(sawtooth: tuple[Network, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return a network's outputs, (n,), at the numbers x, (n,)."""
    network, theta = sawtooth
    return network.predict(theta, x[:, None])


@styled
def draw(result: Sawtooth) -> Figure:
    """Draw a panel for each number of folds, and the hidden units needed, on a log scale."""
    n_columns = (len(result.folds) + 1) // 2
    figure = plt.figure(figsize=(WIDTH, 3.5))
    grid = figure.add_gridspec(2, n_columns + 1, left=0.05, right=0.985, bottom=0.13, top=0.92,
                               width_ratios=[1] * n_columns + [1.25], wspace=0.22, hspace=0.42)
    for i, (k, curve, pieces) in enumerate(zip(result.folds, result.values, result.pieces)):
        axes = figure.add_subplot(grid[divmod(i, n_columns)])
        axes.plot(result.x, curve, color=BLUE, linewidth=1.5)
        axes.set_xticks([0, 1])
        axes.set_yticks([0, 1])
        axes.margins(0.02)
        layers = "1 fold" if k == 1 else f"{k} folds"
        letter(axes, "abcdefghijklmnop"[i], f"{layers}: {pieces} pieces")
        if i >= len(result.folds) - n_columns:
            axes.set_xlabel("$x$", labelpad=-8)
    draw_units(figure.add_subplot(grid[:, -1]), "abcdefghijklmnopq"[len(result.folds)], result)
    return figure


def draw_units(axes: Axes, mark: str, result: Sawtooth) -> None:
    """Draw hidden units against folds, each curve with its name and its last value."""
    letter(axes, mark, "hidden units needed")
    folds, last = result.all_folds, result.all_folds[-1]
    for units, colour, style, label, offset, alignment in (
            (result.shallow_units, VERMILLION, "^--", "in one layer: {}", (-9, 0), "center"),
            (result.deep_units, BLUE, "o-", "folded: {}", (0, -14), "top")):
        axes.plot(folds, units, style, color=colour, markersize=4.5)
        axes.annotate(label.format(units[-1]), (last, units[-1]), offset,
                      textcoords="offset points", color=colour, ha="right", va=alignment)
    axes.set_yscale("log", base=2)
    axes.set_yticks([2, 8, 32, 128, 512], ["2", "8", "32", "128", "512"])
    axes.minorticks_off()
    axes.set_xticks(folds[1::2])
    axes.set_xlabel("folds", labelpad=1)
