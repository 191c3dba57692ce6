"""Figure: what training reaches through many layers, of the four kinds of the gradients' norms.

Each kind at each depth has the one of `RATES` with which the median of its training loss ends
lowest, as `best_rate` finds it: none is compared at a rate that suits another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.datasets import spirals
from deepmath.figures.bands import draw_band
from deepmath.figures.gradient_norms import KINDS, deep_network
from deepmath.figures.style import (
    BLUE, GREEN, GREY, ORANGE, VERMILLION, WIDTH, letter, styled)
from deepmath.optimisers import Adam
from deepmath.sweep import sweep
from deepmath.training import fit

DEPTHS = (3, 10, 30)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
CHOSEN = {"plain": (0.1, 0.01, 0.003), "residual": (0.1, 0.03, 0.1),
          "normalised": (0.03, 0.01, 0.001), "both": (0.1, 0.1, 0.01)}      # by `best_rate`
LOOKS = {"plain": (BLUE, "-"), "residual": (VERMILLION, "--"), "normalised": (ORANGE, "-."),
         "both": (GREEN, ":")}



@dataclass(frozen=True)
class Trained:
    """Training losses of deep networks of several kinds.

    Attributes
    ----------
    kinds : tuple of str
    depths : tuple of int
        Hidden layers.
    loss : array of shape (kinds, depths, n_epochs, n_seeds)
        Mean binary cross-entropy before each epoch's update.
    """

    kinds: tuple[str, ...]
    depths: tuple[int, ...]
    loss: np.ndarray


def compute(depths: Sequence[int] = DEPTHS, n_epochs: int = 50, n_seeds: int = 32,
            width: int = 8, n_points: int = 40) -> Trained:
    """Train rectified networks of each kind and depth on two spirals, all points in a step.

    Parameters
    ----------
    depths : sequence of int
        Hidden layers, each at least 2.
    n_epochs, n_seeds : int
    width : int
        Units of a hidden layer, at least 2.
    n_points : int

    Examples
    --------
    >>> result = compute(depths=(2, 5), n_epochs=3, n_seeds=2)
    >>> result.loss.shape
    (4, 2, 3, 2)
    """
    depths = tuple(check_whole("each of depths", each, at_least=2) for each in depths)
    check_whole("n_seeds", n_seeds)
    check_whole("width", width, at_least=2)
    settings = [{"kind": kind, "depth": depth, "rate": rate_for(kind, depth),
                 "n_epochs": n_epochs, "width": width, "n_points": n_points}
                for kind in KINDS for depth in depths]
    runs = sweep(train, range(n_seeds), settings, stack=32)
    loss = np.array([run["loss"].T for run in runs])
    return Trained(tuple(KINDS), depths, loss.reshape(len(KINDS), len(depths), *loss.shape[1:]))


def rate_for(kind: str, depth: int) -> float:
    """Return the rate that was chosen at the nearest depth."""
    nearest = min(range(len(DEPTHS)), key=lambda i: abs(np.log(DEPTHS[i] / depth)))
    return CHOSEN[kind][nearest]


def best_rate(kind: str, depth: int, n_seeds: int = 32, n_epochs: int = 50, width: int = 8,
              n_points: int = 40) -> float:
    """Return the one of `RATES` with the lowest median of the training loss in the last epoch."""
    runs = sweep(train, range(n_seeds), [
        {"kind": kind, "depth": depth, "rate": rate, "n_epochs": n_epochs, "width": width,
         "n_points": n_points} for rate in RATES], stack=32)
    return RATES[int(np.argmin([np.median(run["loss"][:, -1]) for run in runs]))]


def train(seeds: list[int], kind: str, depth: int, rate: float, n_epochs: int, width: int,
          n_points: int) -> dict[str, np.ndarray]:
    """Train a stack on points that all share, and return its losses, (seeds, n_epochs)."""
    network = deep_network(kind, depth, width, "relu")
    result = fit(network, network.initialise_stack(seeds, "he"), *spirals(n_points, 1000),
                 optimiser=Adam(rate), n_epochs=n_epochs)
    return {"loss": result.history.training_loss.T}


@styled
def draw(result: Trained) -> Figure:
    """Draw the losses of the deepest networks by epoch, and those of the end over the depth."""
    figure, (by_epoch, by_depth) = plt.subplots(1, 2, figsize=(WIDTH, 3.1), sharey=True)
    figure.subplots_adjust(left=0.1, right=0.985, bottom=0.155, top=0.915, wspace=0.08)
    epochs = np.arange(result.loss.shape[2])
    for kind, loss in zip(result.kinds, result.loss):
        colour, line = LOOKS[kind]
        draw_band(by_epoch, epochs, loss[-1], colour, KINDS[kind], line)
        draw_band(by_depth, np.array(result.depths), loss[:, -1], colour, KINDS[kind], line,
                  marker="o", markersize=4)
    for axes in (by_epoch, by_depth):
        axes.axhline(np.log(2), color=GREY, linewidth=0.8, linestyle=":", zorder=0)
        axes.set(yscale="log")
        axes.grid(axis="y")
    by_epoch.set(xlabel="epoch", ylabel="training loss", xlim=(0, epochs[-1]))
    by_depth.set(xlabel="hidden layers", xscale="log", ylim=(1e-5, 1e5))
    by_depth.set_xticks(result.depths, [str(depth) for depth in result.depths])
    by_depth.minorticks_off()
    by_depth.legend(loc="upper left")
    by_depth.set_yticks(10.0 ** np.arange(-4, 5, 2))
    letter(by_epoch, "a", f"{result.depths[-1]} hidden layers")
    letter(by_depth, "b", f"after {len(epochs)} epochs")
    return figure
