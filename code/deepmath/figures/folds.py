"""Figure: does training find the folds of the sawtooth? One row for each network."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.figures.style import BLUE, ORANGE, WIDTH, letter, styled
from deepmath.network import Network
from deepmath.optimisers import Adam
from deepmath.sawtooth import tent
from deepmath.sweep import sweep
from deepmath.training import fit

N_POINTS = 64
ROOMY = 8                       # units of each hidden layer of the roomier network
PALE = "#E4E4E4"
COLOURS = (PALE, BLUE, ORANGE)  # rightly class 0, rightly class 1, wrong


@dataclass(frozen=True)
class Folds:
    """What trained networks predict of the teeth of a sawtooth.

    Attributes
    ----------
    sizes : tuple of tuple of int
        Of the three networks: just large enough, roomier, and with one hidden layer.
    n_parameters : tuple of int
    x : array of shape (64,)
        The points, from 0 to 1.
    labels : array of shape (64,)
        Of bool: whether the sawtooth exceeds 1/2.
    predicted : array of shape (3, n_seeds, 64)
        Of bool.
    """

    sizes: tuple[tuple[int, ...], ...]
    n_parameters: tuple[int, ...]
    x: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """The share of points that are right, (3, n_seeds)."""
        return (self.predicted == self.labels).mean(axis=-1)


def compute(n_folds: int = 3, n_seeds: int = 32, n_epochs: int = 1000) -> Folds:
    """Train three networks to tell where the sawtooth of `n_folds` folds exceeds 1/2.

    Parameters
    ----------
    n_folds : int
        1 to 5: there are 64 points, from 32 to 2 for each piece of the sawtooth.
    n_seeds : int
    n_epochs : int
        Of Adam with rate 0.01 and all points in each step.

    Examples
    --------
    >>> result = compute(n_folds=2, n_seeds=3, n_epochs=5)
    >>> result.sizes, result.n_parameters
    (((1, 2, 2, 1), (1, 8, 8, 1), (1, 32, 1)), (13, 97, 97))
    >>> result.predicted.shape
    (3, 3, 64)
    """
    if check_whole("n_folds", n_folds) > 5:
        raise ValueError(f"n_folds must be at most 5; got {n_folds!r}")
    check_whole("n_seeds", n_seeds)
    roomy = Network((1, *[ROOMY] * n_folds, 1))
    wide = (roomy.n_parameters - 1) // 3        # as many parameters: 3 a unit, and one more
    sizes = ((1, *[2] * n_folds, 1), roomy.sizes, (1, wide, 1))
    x, labels = teeth(n_folds)
    runs = sweep(train, range(n_seeds), [{"sizes": each, "n_folds": n_folds, "n_epochs": n_epochs}
                                         for each in sizes])
    return Folds(sizes, tuple(Network(each).n_parameters for each in sizes), x, labels,
                 np.array([run["predicted"] for run in runs]))


def teeth(n_folds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the points, and whether the sawtooth exceeds 1/2 there."""
    x = height = (np.arange(N_POINTS) + 0.5) / N_POINTS
    for _ in range(n_folds):
        height = tent(height)
    return x, height > 0.5


def train(seeds: list[int], sizes: tuple[int, ...], n_folds: int,
          n_epochs: int) -> dict[str, np.ndarray]:
    """Return what a network predicts, trained from each seed, (seeds, 64)."""
    x, labels = teeth(n_folds)
    centred = 2 * x[:, None] - 1
    network = Network(sizes, hidden="relu")
    theta = fit(network, network.initialise_stack(seeds, "he"), centred, labels.astype(float),
                optimiser=Adam(0.01), n_epochs=n_epochs).theta
    return {"predicted": network.predict(theta, centred) > 0}


@styled
def draw(result: Folds) -> Figure:
    """Draw a panel for each shape: the labels, and below them a row for each network."""
    figure = plt.figure(figsize=(WIDTH, 3.4))
    frame = {"left": 0.02, "right": 0.985, "wspace": 0.07}
    [above] = figure.add_gridspec(1, 3, bottom=0.765, top=0.815, **frame).subplots(squeeze=False)
    [below] = figure.add_gridspec(1, 3, bottom=0.14, top=0.74, **frame).subplots(squeeze=False)
    panels = zip(above, below, "abc", result.sizes, result.n_parameters, result.predicted,
                 result.accuracy)
    for truth, rows, mark, sizes, n_parameters, predicted, accuracy in panels:
        shown = np.where(predicted == result.labels, predicted, 2)[np.argsort(-accuracy)]
        draw_rows(truth, result.labels[None].astype(int))
        draw_rows(rows, shown)
        truth.set_xticks([])
        rows.set(xticks=[0, 1], xlabel=f"all right in {(accuracy == 1).sum()} of {len(accuracy)}")
        letter(truth, mark, f"{'-'.join(map(str, sizes))}, {n_parameters} parameters")
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS]
    figure.legend(handles, ["class 0, right", "class 1, right", "wrong"], loc="upper center",
                  ncols=3, bbox_to_anchor=(0.5, 1.01), handlelength=1.2)
    return figure


def draw_rows(axes: Axes, rows: np.ndarray) -> None:
    """Draw numbers of colours, a row of points on [0, 1] for each network."""
    axes.imshow(rows, cmap=ListedColormap(COLOURS), vmin=0, vmax=2, aspect="auto",
                extent=(0, 1, 0, 1), interpolation="nearest")
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
