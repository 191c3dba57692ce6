"""Figure: a wide network of one hidden layer and a narrow one of four learn the same task.

The task is a checkerboard, made by a fold of each coordinate, on which depth has the best
prospects. Each seed has its own points and its own initial weights; all architectures get
the same points. All descend with the same learning rate for as many epochs. The rate is the
one of `RATES` which gives the *shallow* network the lowest median validation loss, as
`best_rate` finds it: no rate is chosen in favour of depth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.datasets import Dataset, checkerboard
from deepmath.figures.style import (
    BLUE, CLASS_COLOURS, CLASS_MARKERS, GREY, VERMILLION, WIDTH, letter, styled)
from deepmath.losses import accuracy
from deepmath.network import Network
from deepmath.optimisers import GradientDescent, Optimiser
from deepmath.sweep import sweep
from deepmath.training import fit

SHALLOW, DEEP = (64,), (16, 16, 16, 16)
RATES = (0.03, 0.1, 0.3, 1.0)
RATE = 0.3


@dataclass(frozen=True)
class Depth:
    """Losses of several architectures, of shape (architectures, n_epochs, n_seeds).

    Attributes
    ----------
    architectures : tuple of tuple of int
        Widths of the hidden layers.
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
    n_parameters: np.ndarray
    training_loss: np.ndarray
    validation_loss: np.ndarray
    validation_accuracy: np.ndarray
    X: np.ndarray
    y: np.ndarray


def compute(architectures: Sequence[Sequence[int]] = (SHALLOW, DEEP),
            seeds: Iterable[int] = range(32), n_points: int = 300, n_epochs: int = 400,
            optimiser: Optimiser = GradientDescent(RATE), folds: int = 1) -> Depth:
    """Train each architecture from each seed.

    Parameters
    ----------
    architectures : sequence of sequences of int
        Widths of the hidden layers of rectified units; weights start by He's rule.
    seeds : iterable of int
    n_points : int
        For training, and as many for validation.
    n_epochs : int
    optimiser : GradientDescent, Momentum or Adam
        Takes its steps with the gradient of all points.
    folds : int
        As in `checkerboard`.

    Examples
    --------
    >>> result = compute([(8,), (4, 4)], seeds=range(2), n_points=50, n_epochs=3)
    >>> result.training_loss.shape, result.n_parameters
    ((2, 3, 2), array([33, 37]))
    """
    seeds, compared = list(seeds), tuple(tuple(widths) for widths in architectures)
    if not seeds or not compared:
        raise ValueError("seeds and architectures must name at least one each")
    setting = {"architectures": compared, "n_points": n_points, "n_epochs": n_epochs,
               "optimiser": optimiser, "folds": folds}
    [runs] = sweep(train, seeds, [setting])
    return Depth(
        compared, np.array([relu_network(widths).n_parameters for widths in compared]),
        np.moveaxis(runs["training_loss"], 0, -1), np.moveaxis(runs["validation_loss"], 0, -1),
        np.moveaxis(runs["validation_accuracy"], 0, -1), runs["X"][0], runs["y"][0])


def relu_network(widths: tuple[int, ...]) -> Network:
    """Return the network from the plane to one logit with these hidden layers."""
    return Network((2, *widths, 1), hidden="relu")


def train(seeds: list[int], architectures: tuple[tuple[int, ...], ...], n_points: int,
          n_epochs: int, optimiser: Optimiser, folds: int) -> dict[str, np.ndarray]:
    """Train each architecture from some seeds, the first axis of all arrays returned."""
    generators = [default_rng(seed) for seed in seeds]
    (X, y), held_out = (stacked(checkerboard(n_points, rng, folds) for rng in generators)
                        for _ in range(2))
    training, validation, right = [], [], []
    for network in map(relu_network, architectures):
        result = fit(network, network.initialise_stack(generators, "he"), X, y,
                     optimiser=optimiser, n_epochs=n_epochs, validation=held_out)
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


def best_rate(widths: Sequence[int] = SHALLOW, rates: Sequence[float] = RATES,
              **settings: Any) -> float:
    """Return the rate whose median validation loss in the last epoch is lowest.

    `settings` are those of `compute`. A rate with which training diverges is out.
    """
    def final_loss(rate: float) -> float:
        try:
            result = compute([widths], optimiser=GradientDescent(rate), **settings)
        except ArithmeticError:
            return np.inf
        return float(np.median(result.validation_loss[0, -1]))
    return min(rates, key=final_loss)


@styled
def draw(result: Depth) -> Figure:
    """Draw the task, and a panel of loss curves for each architecture."""
    n_panels = len(result.architectures)
    figure = plt.figure(figsize=(WIDTH, 2.8))
    frame = {"bottom": 0.15, "top": 0.91}
    task = figure.add_subplot(figure.add_gridspec(1, 1, left=0.01, right=0.307, **frame)[0])
    letter(task, "a", "the task")
    draw_task(task, result)
    grid = figure.add_gridspec(1, n_panels, left=0.4, right=0.975, wspace=0.12, **frame)
    shared = None
    for i, (widths, n_parameters) in enumerate(zip(result.architectures, result.n_parameters)):
        shared = axes = figure.add_subplot(grid[i], sharey=shared)
        letter(axes, "bcdefgh"[i], describe(widths))
        draw_curves(axes, result.training_loss[i], result.validation_loss[i])
        lines = axes.get_legend_handles_labels() if i == 0 else ([], [])
        axes.legend(*lines, title=f"{n_parameters} parameters", alignment="left",
                    loc="lower left", borderaxespad=0.2)
        axes.set_xlabel("epoch", labelpad=1)
        axes.tick_params(labelleft=i == 0)
        if i == 0:
            axes.set_ylabel("binary cross-entropy")
    return figure


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
        low, middle, high = np.percentile(losses, [25, 50, 75], axis=1)
        epochs = np.arange(1, len(losses) + 1)
        axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(epochs, middle, style, color=colour, label=name)
    axes.axhline(np.log(2), color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    axes.annotate("a coin", (len(training), np.log(2)), (-2, 2), textcoords="offset points",
                  ha="right", color=GREY)
    axes.set_xlim(0, len(training))
    axes.set_ylim(bottom=0)
