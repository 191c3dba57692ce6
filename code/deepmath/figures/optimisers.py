"""Figure: how far three optimisers get at each learning rate, and which way they go.

The paths are those of training in a plane: of a network's parameters only two directions are
free. So the loss is a function of two numbers, drawn by its level lines, and a path lies in the
plane and not beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import DivergenceError, check_positive, check_whole
from deepmath.datasets import xor
from deepmath.figures.bands import draw_band
from deepmath.figures.style import (
    BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, WIDTH, letter, styled)
from deepmath.losses import accuracy
from deepmath.network import Network
from deepmath.optimisers import Adam, GradientDescent, Momentum, Optimiser
from deepmath.sweep import sweep
from deepmath.training import fit

KINDS = {"gradient descent": GradientDescent, "momentum": Momentum, "Adam": Adam}
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
# Of a panel's height. At the rate 1 rounding is magnified: other kernels move quartiles by 0.013.
TOLERANCE = 0.03
CAP = 10.0          # the loss with which a run counts that has diverged
FIRST, SECOND = np.linspace(-4.0, 2.5, 66), np.linspace(-2.0, 2.0, 41)


@dataclass(frozen=True)
class Optimisers:
    """Losses over the rates, and paths in a plane of parameters.

    Attributes
    ----------
    kinds : tuple of str
    rates : array of shape (m,)
    loss : array of shape (3 kinds, m, n_seeds)
        Training loss after the last epoch; at most 10, with which diverged runs count.
    fresh_accuracy : array of shape (3 kinds, m, n_seeds)
        On 2000 points that no network has seen; 0 for a run that has diverged.
    first, second : arrays of shape (g,) and (h,)
        Coordinates of the grid in the plane: along the flatter direction, and the steeper one.
    surface : array of shape (h, g)
        The loss over the plane.
    curvature : float
        The second derivative along the steeper direction at the origin.
    paths : array of shape (3 kinds, n_steps + 1, 2)
        With the gradient of all points: descent with the rate 1 / curvature, momentum with a
        tenth of it, Adam with the rate 0.2.
    noisy_path : array of shape (n_steps + 1, 2)
        Of gradient descent with a mini-batch a step.
    batch_size : int
    """

    kinds: tuple[str, ...]
    rates: np.ndarray
    loss: np.ndarray
    fresh_accuracy: np.ndarray
    first: np.ndarray
    second: np.ndarray
    surface: np.ndarray
    curvature: float
    paths: np.ndarray
    noisy_path: np.ndarray
    batch_size: int


def compute(rates: Sequence[float] = RATES, n_seeds: int = 8, n_epochs: int = 500,
            n_points: int = 120, batch_size: int = 10, n_steps: int = 50) -> Optimisers:
    """Train the network 2-8-8-1 with each optimiser at each rate, and follow paths in a plane.

    Parameters
    ----------
    rates : sequence of float
        Learning rates.
    n_seeds : int
        Initial weights for each rate.
    n_epochs : int
        With all points in each step.
    n_points : int
        Of the task `xor`.
    batch_size : int
        Points a step of the noisy path.
    n_steps : int
        Steps of the paths.

    Examples
    --------
    >>> result = compute(rates=(0.1, 1.0), n_seeds=2, n_epochs=3, n_steps=5)
    >>> result.loss.shape, result.paths.shape, result.noisy_path.shape
    ((3, 2, 2), (3, 6, 2), (6, 2))
    """
    rates = [check_positive("each of rates", rate) for rate in rates]
    for name, value in (("n_seeds", n_seeds), ("n_points", n_points), ("n_steps", n_steps),
                        ("batch_size", batch_size)):
        check_whole(name, value)
    if not rates:
        raise ValueError("rates must name at least one learning rate; got none")
    runs = sweep(train, range(n_seeds), [
        {"kind": kind, "rate": rate, "n_points": n_points, "n_epochs": n_epochs}
        for kind in KINDS for rate in rates])
    loss, right = (np.array([run[name] for run in runs]).reshape(len(KINDS), len(rates), -1)
                   for name in ("loss", "fresh_accuracy"))
    plane = Plane(*xor(n_points, 42))
    rate = 1.0 / plane.curvature
    paths = [plane.path(optimiser, n_steps)
             for optimiser in (GradientDescent(rate), Momentum(0.1 * rate), Adam(0.2))]
    noisy = plane.path(GradientDescent(rate), n_steps, batch_size)
    return Optimisers(tuple(KINDS), np.array(rates), loss, right, FIRST, SECOND,
                      plane.surface(FIRST, SECOND), plane.curvature, np.array(paths), noisy,
                      batch_size)


def train(seeds: list[int], kind: str, rate: float, n_points: int,
          n_epochs: int) -> dict[str, np.ndarray]:
    """Return the last training loss and the fresh accuracy for each seed."""
    network = Network((2, 8, 8, 1), hidden="relu")
    X, y = xor(n_points, 42)
    X_fresh, y_fresh = xor(2000, 999)
    loss, right = np.full(len(seeds), CAP), np.zeros(len(seeds))
    for part in (slice(None), *(slice(i, i + 1) for i in range(len(seeds)))):
        start = network.initialise_stack(seeds[part], scale=0.5)
        try:
            result = fit(network, start, X, y, optimiser=KINDS[kind](rate), n_epochs=n_epochs)
        except DivergenceError:
            continue                    # of a stack, one network or more: each by itself, then
        loss[part] = np.minimum(result.history.training_loss[-1], CAP)
        right[part] = accuracy(network.predict(result.theta, X_fresh), y_fresh)
        if part == slice(None):
            break
    return {"loss": loss, "fresh_accuracy": right}


class Plane:
    """The loss of a network over a plane in the space of its parameters.

    The plane goes through a network in the middle of its training, and lies along two
    eigenvectors of the Hessian there: that of its largest eigenvalue, `curvature`, and that of
    the eigenvalue nearest to a thirtieth of it. Points of the plane are (first, second)
    coordinates, first along the flatter one.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.network, self.X, self.y = Network((2, 8, 8, 1), hidden="tanh"), X, y
        start = self.network.initialise(0, scale=0.5)
        self.origin = fit(self.network, start, X, y, optimiser=Adam(0.03), n_epochs=60).theta
        values, vectors = np.linalg.eigh(self.hessian())
        flatter = np.abs(values - values[-1] / 30).argmin()
        self.curvature = float(values[-1])
        chosen = vectors[:, [flatter, -1]].T
        largest = chosen[[0, 1], np.abs(chosen).argmax(axis=1)]
        self.directions = chosen * np.sign(largest)[:, None]    # the sign of each is free

    def hessian(self, h: float = 1e-4) -> np.ndarray:
        """Return the matrix of second derivatives at the origin, by differences of gradients."""
        steps = h * np.eye(len(self.origin))
        there, back = (self.network.loss_and_gradient(self.origin + sign * steps, self.X, self.y)[1]
                       for sign in (1, -1))
        return (there - back + (there - back).T) / (4 * h)

    def surface(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the loss on a grid, a row for each second coordinate."""
        places = np.stack(np.meshgrid(first, second), axis=-1)
        return np.array([self.network.loss(self.origin + row @ self.directions, self.X, self.y)
                         for row in places])

    def path(self, optimiser: Optimiser, n_steps: int, batch_size: int | None = None,
             start: tuple[float, float] = (-3.0, 1.2)) -> np.ndarray:
        """Return where the steps lead from `start`, (n_steps + 1, 2)."""
        place, rng = np.array(start), default_rng(1)
        state, places = optimiser.start(place), [place.copy()]
        for t in range(1, n_steps + 1):
            batch = (slice(None) if batch_size is None
                     else rng.integers(len(self.y), size=batch_size))
            gradient = self.network.loss_and_gradient(
                self.origin + place @ self.directions, self.X[batch], self.y[batch])[1]
            optimiser.step(place, self.directions @ gradient, state, t)
            places.append(place.copy())
        return np.array(places)


@styled
def draw(result: Optimisers) -> Figure:
    """Draw losses over the rates above; paths with all points and with mini-batches below."""
    figure = plt.figure(figsize=(WIDTH, 5.6))
    [above] = figure.add_gridspec(1, 1, left=0.1, right=0.985, bottom=0.66, top=0.95).subplots(
        squeeze=False).flat
    [below] = figure.add_gridspec(1, 2, left=0.1, right=0.985, bottom=0.075, top=0.515,
                                  wspace=0.1).subplots(sharey=True, squeeze=False)
    styles = dict(zip(result.kinds, ((BLUE, "o-"), (VERMILLION, "s--"), (GREEN, "D-."))))
    for kind, loss in zip(result.kinds, result.loss):
        colour, line = styles[kind]
        draw_band(above, result.rates, loss, colour, kind, line, markersize=4.5)
    above.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="training loss")
    above.legend(loc="lower left")
    letter(above, "a", "after training")
    for axes in below:
        draw_surface(axes, result)
    for kind, path in zip(result.kinds, result.paths):
        draw_path(below[0], path, kind, *styles[kind])
    letter(below[0], "b", "all points in each step")
    draw_path(below[1], result.noisy_path, f"{result.batch_size} points a step", PURPLE, "^:")
    draw_path(below[1], result.paths[0], "all points", *styles["gradient descent"])
    letter(below[1], "c", "gradient descent")
    below[0].set_ylabel("steeper direction", labelpad=0)
    for axes in below:
        axes.legend(loc="lower left", fontsize=8.5, borderaxespad=0.2, facecolor="white",
                    framealpha=0.9, frameon=True, edgecolor="none")
    return figure


def draw_surface(axes: Axes, result: Optimisers) -> None:
    """Draw level lines of the loss."""
    levels = np.quantile(result.surface, np.linspace(0.01, 0.97, 13))
    axes.contour(result.first, result.second, result.surface, levels=levels, colors=GREY,
                 linewidths=0.7)
    axes.set(xlim=result.first[[0, -1]], ylim=result.second[[0, -1]], xlabel="flatter direction")


def draw_path(axes: Axes, path: np.ndarray, name: str, colour: str, line: str) -> None:
    """Draw a path with a marker for each step, from its start, a black dot."""
    axes.plot(*path.T, line, color=colour, markersize=2.5, linewidth=1.1, label=name)
    axes.plot(*path[0], "o", color=BLACK, markersize=6)
    axes.plot(*path[-1], "*", color=ORANGE, markersize=10, markeredgecolor=BLACK,
              markeredgewidth=0.6, zorder=4)
