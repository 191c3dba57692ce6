"""Figure: the settings of the interactive cell, from many seeds instead of one."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_whole
from deepmath.datasets import xor
from deepmath.figures.bands import spread_out
from deepmath.figures.style import BLACK, BLUE, VERMILLION, WIDTH, letter, styled
from deepmath.losses import accuracy
from deepmath.network import Network
from deepmath.optimisers import GradientDescent
from deepmath.sweep import sweep
from deepmath.training import fit

SETTINGS = ((8, "relu", 0.05), (4, "relu", 0.05), (16, "relu", 0.05), (8, "tanh", 0.05),
            (8, "relu", 0.005))
NAMES = {"relu": "ReLU"}
ONE = 42        # the seed of the interactive cell


@dataclass(frozen=True)
class ManySeeds:
    """What the interactive cell finds under other settings, from each seed.

    Attributes
    ----------
    settings : sequence of (int, str, float)
        Units of each hidden layer, activation, learning rate.
    loss, fresh_accuracy : arrays of shape (settings, n_seeds)
        Training loss of the last epoch, before its update; accuracy on 4000 fresh points.
    one : array of shape (settings, 2)
        Both for the seed of the interactive cell.
    """

    settings: Sequence[tuple[int, str, float]]
    loss: np.ndarray
    fresh_accuracy: np.ndarray
    one: np.ndarray


def compute(settings: Sequence[tuple[int, str, float]] = SETTINGS, n_seeds: int = 32,
            n_epochs: int = 500) -> ManySeeds:
    """Train the interactive cell's network under each setting, from each seed and its own.

    Parameters
    ----------
    settings : sequence of (int, str, float)
        Units of each hidden layer, activation, learning rate.
    n_seeds : int
        At most 42, which is the seed of the interactive cell.
    n_epochs : int
        Of gradient descent on 120 points.

    Examples
    --------
    >>> result = compute(n_seeds=2, n_epochs=3)
    >>> result.loss.shape, result.one.shape
    ((5, 2), (5, 2))
    """
    if check_whole("n_seeds", n_seeds) > ONE:
        raise ValueError(f"n_seeds must be at most {ONE}; got {n_seeds!r}")
    runs = sweep(train, [*range(n_seeds), ONE],
                 [{"setting": tuple(each), "n_epochs": n_epochs} for each in settings])
    found = np.array([run["found"] for run in runs])
    return ManySeeds(tuple(settings), found[:, :-1, 0], found[:, :-1, 1], found[:, -1])


def train(seeds: list[int], setting: tuple[int, str, float],
          n_epochs: int) -> dict[str, np.ndarray]:
    """Return the last loss and the accuracy on fresh points for each seed, (seeds, 2)."""
    units, activation, rate = setting
    network = Network((2, units, units, 1), hidden=activation)
    generators = [default_rng(seed) for seed in seeds]
    X, y = map(np.stack, zip(*(xor(120, rng) for rng in generators)))
    start = np.stack([network.initialise(rng, "normal", scale=0.5) for rng in generators])
    result = fit(network, start, X, y, optimiser=GradientDescent(rate), n_epochs=n_epochs)
    X_fresh, y_fresh = xor(4000, 999)
    fresh = accuracy(network.predict(result.theta, X_fresh), y_fresh)
    return {"found": np.stack([result.history.training_loss[-1], fresh], axis=-1)}


@styled
def draw(result: ManySeeds) -> Figure:
    """Draw a row for each setting: a point a seed, the median, and the one seed of the cell."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 2.9), sharey=True)
    figure.subplots_adjust(left=0.25, right=0.985, bottom=0.165, top=0.83, wspace=0.08)
    draw_seeds(left, result.loss, result.one[:, 0], BLUE, "o")
    draw_seeds(right, result.fresh_accuracy, result.one[:, 1], VERMILLION, "D")
    left.set_yticks(range(len(result.settings)),
                    [f"{units} {NAMES.get(name, name)} units, rate {rate:g}"
                     for units, name, rate in result.settings])
    left.invert_yaxis()
    left.set_xlabel("training loss at the end")
    right.set_xlabel("accuracy on fresh points")
    letter(left, "a", "loss")
    letter(right, "b", "accuracy")
    figure.legend(*left.get_legend_handles_labels(), loc="upper center", ncols=3,
                  bbox_to_anchor=(0.6, 1.02))
    return figure


def draw_seeds(axes: Axes, values: np.ndarray, one: np.ndarray, colour: str, marker: str) -> None:
    """Draw values, (rows, seeds), in rows, with their medians and one value more for each."""
    for row, (each, single) in enumerate(zip(values, one)):
        once = (lambda label: label) if row == 0 else (lambda label: None)
        axes.plot(each, row + spread_out(len(each), 0.28), marker, color=colour, markersize=3.5,
                  alpha=0.5, markeredgewidth=0, label=once("a seed"))
        middle = np.median(each)
        axes.plot([middle, middle], [row - 0.36, row + 0.36], color=BLACK, linewidth=1.6,
                  label=once("median"))
        axes.plot(single, row, "*", color=BLACK, markersize=9, markerfacecolor="white",
                  label=once(f"seed {ONE}, as in the cell"))
    axes.grid(axis="x")
