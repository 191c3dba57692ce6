"""Figure: wide networks of one hidden layer and narrow ones of four learn the same task.

The task is a checkerboard, made by a fold of each coordinate, on which depth has the best
prospects. The networks come in pairs of (nearly) equally many parameters. Each seed has its own
points and its own initial weights; all architectures get the same points. A pair shares its
learning rate: the one of `RATES` which gives its *wide* network the lowest median validation loss,
as `best_rate` finds it. No rate is chosen in favour of depth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.random import default_rng

from deepmath.checks import check_whole
from deepmath.datasets import Dataset, checkerboard
from deepmath.figures.style import (
    BLUE, CLASS_COLOURS, CLASS_MARKERS, GREY, VERMILLION, WIDTH, letter, styled)
from deepmath.losses import accuracy
from deepmath.network import Network
from deepmath.optimisers import GradientDescent
from deepmath.sweep import sweep
from deepmath.training import fit

ARCHITECTURES = ((64,), (8, 8, 8, 8), (220,), (16, 16, 16, 16))
# Of a panel's height. Four layers at the rate 1 magnify rounding: under SSE2's kernels the median
# of 32 networks ends 0.08 from where it ends under AVX2's, and single ones anywhere.
TOLERANCE = 0.2
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
N_SHOWN = 200        # epochs of a curve, evenly among all
CHOSEN = (0.3, 0.3, 1.0, 1.0)        # for ARCHITECTURES, by `best_rate` of the wide ones


@dataclass(frozen=True)
class Depth:
    """Losses of several architectures, of shape (architectures, n_epochs, n_seeds).

    Attributes
    ----------
    architectures : tuple of tuple of int
        Widths of the hidden layers.
    learning_rates : tuple of float
    n_parameters : array of shape (architectures,)
    training_loss, validation_loss : arrays of shape (architectures, n_epochs, n_seeds)
        Mean binary cross-entropy before each epoch's update.
    validation_accuracy : array of shape (architectures, n_seeds)
        After the last update.
    X : array of shape (n, 2)
    y : array of shape (n,)
        The first seed's training points.
    """

    architectures: tuple[tuple[int, ...], ...]
    learning_rates: tuple[float, ...]
    n_parameters: np.ndarray
    training_loss: np.ndarray
    validation_loss: np.ndarray
    validation_accuracy: np.ndarray
    X: np.ndarray
    y: np.ndarray


def compute(architectures: Sequence[Sequence[int]] = ARCHITECTURES,
            learning_rates: Sequence[float] = CHOSEN, seeds: Iterable[int] = range(32),
            n_points: int = 300, n_epochs: int = 400, folds: int = 1) -> Depth:
    """Train each architecture from each seed, by gradient descent with all points in a step.

    Parameters
    ----------
    architectures : sequence of sequences of int
        Widths of the hidden layers of rectified units; weights start by He's rule.
    learning_rates : sequence of float
        One for each architecture.
    seeds : iterable of int
    n_points : int
        For training, and as many for validation.
    n_epochs : int
    folds : int
        As in `checkerboard`.

    Examples
    --------
    >>> result = compute([(8,), (4, 4)], [0.3, 0.3], range(2), n_points=50, n_epochs=3)
    >>> result.training_loss.shape, result.n_parameters
    ((2, 3, 2), array([33, 37]))
    """
    seeds, compared = list(seeds), tuple(tuple(widths) for widths in architectures)
    rates = tuple(GradientDescent(rate).learning_rate for rate in learning_rates)
    check_whole("n_points", n_points)
    if not seeds or not compared:
        raise ValueError("seeds and architectures must name at least one each")
    if len(rates) != len(compared):
        raise ValueError(f"learning_rates must be one for each of {len(compared)} architectures; "
                         f"got {len(rates)}")
    setting = {"architectures": compared, "rates": rates, "n_points": n_points,
               "n_epochs": n_epochs, "folds": folds}
    [runs] = sweep(train, seeds, [setting])
    return Depth(
        compared, rates, np.array([relu_network(widths).n_parameters for widths in compared]),
        np.moveaxis(runs["training_loss"], 0, -1), np.moveaxis(runs["validation_loss"], 0, -1),
        np.moveaxis(runs["validation_accuracy"], 0, -1), runs["X"][0], runs["y"][0])


def relu_network(widths: tuple[int, ...]) -> Network:
    """Return the network from the plane to one logit with these hidden layers."""
    return Network((2, *widths, 1), hidden="relu")


def train(seeds: list[int], architectures: tuple[tuple[int, ...], ...], rates: tuple[float, ...],
          n_points: int, n_epochs: int, folds: int) -> dict[str, np.ndarray]:
    """Train each architecture from some seeds, the first axis of all arrays returned."""
    generators = [default_rng(seed) for seed in seeds]
    (X, y), held_out = (stacked(checkerboard(n_points, rng, folds) for rng in generators)
                        for _ in range(2))
    training, validation, right = [], [], []
    for network, rate in zip(map(relu_network, architectures), rates):
        result = fit(network, network.initialise_stack(generators, "he"), X, y,
                     optimiser=GradientDescent(rate), n_epochs=n_epochs, validation=held_out)
        history = result.history
        assert history.validation_loss is not None
        training.append(history.training_loss.T)
        validation.append(history.validation_loss.T)
        right.append(accuracy(network.predict(result.theta, held_out[0]), held_out[1]))
    return {"training_loss": np.stack(training, axis=1),
            "validation_loss": np.stack(validation, axis=1),
            "validation_accuracy": np.stack(right, axis=1), "X": X, "y": y}


def stacked(data: Iterable[Dataset]) -> Dataset:
    """Return data sets as one, with a leading axis for them."""
    X, y = zip(*data)
    return np.stack(X), np.stack(y)


def best_rate(widths: Sequence[int], rates: Sequence[float] = RATES, **settings: Any) -> float:
    """Return the rate whose median validation loss in the last epoch is lowest.

    `settings` are those of `compute`. A rate with which training diverges is out.
    """
    def final_loss(rate: float) -> float:
        try:
            result = compute([widths], [rate], **settings)
        except ArithmeticError:
            return np.inf
        return float(np.median(result.validation_loss[0, -1]))
    return min(rates, key=final_loss)


@styled
def draw(result: Depth) -> Figure:
    """Draw the task and every seed's last validation loss; at the right, curves, two in a row."""
    n_panels = len(result.architectures)
    n_rows = (n_panels + 1) // 2
    figure = plt.figure(figsize=(WIDTH, max(1.4 + 1.65 * n_rows, 4.7)))
    frame = {"bottom": 0.095, "top": 0.94}
    [task], [ends] = figure.add_gridspec(2, 1, left=0.055, right=0.335, hspace=0.42,
                                         **frame).subplots(squeeze=False)
    letter(task, "a", "the task")
    draw_task(task, result)
    letter(ends, "b", "last validation loss")
    draw_ends(ends, result)
    grid = figure.add_gridspec(n_rows, 2, left=0.43, right=0.985, wspace=0.13, hspace=0.4, **frame)
    shared = None
    for i, (widths, n_parameters) in enumerate(zip(result.architectures, result.n_parameters)):
        shared = axes = figure.add_subplot(grid[divmod(i, 2)], sharey=shared)
        letter(axes, "cdefghijklmn"[i], describe(widths))
        draw_curves(axes, result.training_loss[i], result.validation_loss[i])
        axes.text(0.02, 0.02, f"{n_parameters} parameters\nrate {result.learning_rates[i]:g}",
                  transform=axes.transAxes, fontsize=8.5)
        if i == 0:
            axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.17), borderaxespad=0.1)
        if i + 2 >= n_panels:
            axes.set_xlabel("epoch", labelpad=1)
        axes.tick_params(labelleft=i % 2 == 0)
        if i % 2 == 0:
            axes.set_ylabel("cross-entropy")
    return figure


def draw_ends(axes: Axes, result: Depth) -> None:
    """Draw each seed's last validation losses, joined within the pairs, and the medians."""
    last = result.validation_loss[:, -1]
    for i in range(0, len(last), 2):
        pair = last[i:i + 2]
        places = np.arange(i, i + len(pair))
        axes.plot(places, pair, color=GREY, linewidth=0.5, alpha=0.7)
        axes.plot(places, np.median(pair, axis=1), "D", color=VERMILLION, markersize=5,
                  markeredgecolor="white", zorder=3)
    for place, losses in enumerate(last):
        axes.plot(np.full(len(losses), place), losses, "o", color=VERMILLION, markersize=2,
                  alpha=0.6)
    axes.set_xticks(range(len(last)), [short(widths) for widths in result.architectures])
    axes.tick_params(axis="x", length=0, labelsize=8)
    axes.set(xlim=(-0.4, len(last) - 0.6), ylim=(0, None))


def short(widths: tuple[int, ...]) -> str:
    """Return "4 × 16", or the widths one by one."""
    same = len(set(widths)) == 1
    return f"{len(widths)} × {widths[0]}" if same else "-".join(map(str, widths))


def describe(widths: tuple[int, ...]) -> str:
    """Return "4 layers of 16", or the widths one by one."""
    if len(widths) == 1:
        return f"1 layer of {widths[0]}"
    if len(set(widths)) == 1:
        return f"{len(widths)} layers of {widths[0]}"
    return "layers of " + ", ".join(map(str, widths))


def draw_task(axes: Axes, result: Depth) -> None:
    """Draw one seed's points."""
    for label, (colour, marker) in enumerate(zip(CLASS_COLOURS, CLASS_MARKERS)):
        axes.plot(*result.X[result.y == label].T, marker, color=colour, markersize=3.5,
                  markeredgewidth=0)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[], aspect="equal")
    axes.spines[["top", "right"]].set_visible(True)
    axes.set_xlabel(f"{len(result.y)} points, uniform on $[-1, 1]^2$")


def draw_curves(axes: Axes, training: np.ndarray, validation: np.ndarray) -> None:
    """Draw medians over the seeds (columns), in a band from the lower to the upper quartile."""
    for losses, name, colour, style in ((validation, "validation", VERMILLION, "--"),
                                        (training, "training", BLUE, "-")):
        shown = slice(None, None, max(1, len(losses) // N_SHOWN))
        low, middle, high = np.percentile(losses[shown], [25, 50, 75], axis=1)
        epochs = np.arange(1, len(losses) + 1)[shown]
        axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(epochs, middle, style, color=colour, label=name)
    axes.axhline(np.log(2), color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    axes.annotate("a coin", (len(training), np.log(2)), (-2, 2), textcoords="offset points",
                  ha="right", color=GREY)
    axes.set_xlim(0, len(training))
    axes.set_ylim(0, 0.85)
    axes.xaxis.set_major_locator(MaxNLocator(2, integer=True))
