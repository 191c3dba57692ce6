"""Figure: where the units of a small network switch on and off, while it learns "exclusive or".

Data, initial weights and training are those of the chapter's interactive cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.activations import sigmoid
from deepmath.checks import check_whole
from deepmath.datasets import xor
from deepmath.figures.style import BLACK, BLUE, VERMILLION, WIDTH, letter, styled
from deepmath.network import Network
from deepmath.optimisers import GradientDescent
from deepmath.training import fit


@dataclass(frozen=True)
class Units:
    """Pre-activations over the square [-1, 1]^2, at some epochs.

    Attributes
    ----------
    epochs : array of shape (k,)
        Updates before; 0 are the initial weights.
    side : array of shape (g,)
        Coordinates of the grid, in both directions.
    first, second : arrays of shape (k, n_hidden, g, g)
        Pre-activations of the units of both hidden layers; a unit is on where its is positive.
    probability : array of shape (k, g, g)
        Of class 1.
    n_regions : array of shape (k,)
        Different patterns of units that are on, as far as the grid shows them.
    accuracy : array of shape (k,)
        On the training points.
    """

    epochs: np.ndarray
    side: np.ndarray
    first: np.ndarray
    second: np.ndarray
    probability: np.ndarray
    n_regions: np.ndarray
    accuracy: np.ndarray


def compute(n_hidden: int = 8, epochs: Sequence[int] = (0, 100, 500, 2000), seed: int = 42,
            learning_rate: float = 0.05, n_grid: int = 81) -> Units:
    """Train a network 2-h-h-1 of rectified units, and look at its units on the way.

    Parameters
    ----------
    n_hidden : int
        h.
    epochs : sequence of int
        When to look: after how many updates, in growing order.
    seed : int
        Draws 120 points and the initial weights.
    learning_rate : float
        Of gradient descent with all points in each step.
    n_grid : int
        Points along a side of the square, at least 2.

    Examples
    --------
    >>> result = compute(n_hidden=3, epochs=(0, 2), n_grid=5)
    >>> result.first.shape, result.probability.shape
    ((2, 3, 5, 5), (2, 5, 5))
    """
    check_whole("n_hidden", n_hidden)
    check_whole("n_grid", n_grid, at_least=2)
    when = [check_whole("each of epochs", epoch, at_least=0) for epoch in epochs]
    if not when or when != sorted(when):
        raise ValueError(f"epochs must be numbers of updates in growing order; got {epochs}")
    rng = default_rng(check_whole("seed", seed, at_least=0))
    X, y = xor(120, rng)
    network = Network((2, n_hidden, n_hidden, 1), hidden="relu")
    theta = network.initialise(rng, "normal", scale=0.5)
    side = np.linspace(-1.0, 1.0, n_grid)
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    seen, before = [], 0
    for epoch in when:
        if epoch > before:
            theta = fit(network, theta, X, y, optimiser=GradientDescent(learning_rate),
                        n_epochs=epoch - before).theta
        before = epoch
        first, second, logits = network.forward(theta, places).z
        patterns = np.unique(np.vstack([first, second]) > 0, axis=1)
        right = (network.predict(theta, X) > 0) == (y > 0.5)
        seen.append((first.reshape(-1, n_grid, n_grid), second.reshape(-1, n_grid, n_grid),
                     sigmoid(logits).reshape(n_grid, n_grid), patterns.shape[1], right.mean()))
    return Units(np.array(when), side, *map(np.array, zip(*seen)))


@styled
def draw(result: Units) -> Figure:
    """Draw, for each epoch, where the units switch, on the predicted probability."""
    figure, [panels] = plt.subplots(1, len(result.epochs), figsize=(WIDTH, 2.55), squeeze=False)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.2, top=0.9, wspace=0.07)
    for i, axes in enumerate(panels):
        axes.imshow(result.probability[i], extent=(-1, 1, -1, 1), origin="lower", cmap="PuOr_r",
                    vmin=-0.3, vmax=1.3, interpolation="none")
        straight = slice(None, None, len(result.side) - 1)        # two points a side are enough
        draw_switches(axes, result.side[straight], result.first[i][:, straight, straight], BLUE,
                      "-")
        draw_switches(axes, result.side, result.second[i], VERMILLION, "--")
        draw_switches(axes, result.side, (result.probability[i] - 0.5)[None], BLACK, "-", 2.2)
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(f"{result.n_regions[i]} regions,\n{result.accuracy[i]:.2f} right")
        for spine in axes.spines.values():
            spine.set(visible=True, color="#BBBBBB")
        letter(axes, "abcdefgh"[i], f"epoch {result.epochs[i]}")
    for name, colour, line, width in (("units of layer 1", BLUE, "-", 1.2),
                                      ("units of layer 2", VERMILLION, "--", 1.2),
                                      ("probability 1/2", BLACK, "-", 2.2)):
        panels[0].plot([], [], line, color=colour, linewidth=width, label=name)
    figure.legend(loc="lower center", ncols=3, borderaxespad=0.0)
    return figure


def draw_switches(axes: Axes, side: np.ndarray, values: np.ndarray, colour: str, line: str,
                  width: float = 1.1) -> None:
    """Draw the lines where arrays (m, g, g) over the square change their sign."""
    for each in values:
        if each.min() < 0 < each.max():
            axes.contour(side, side, each, levels=[0.0], colors=colour, linestyles=line,
                         linewidths=width)
