"""Figure: what two hidden layers make of two spirals, with random weights and trained.

Separability is measured by a linear probe. A representation of more than two units is shown
as the probe sees it, projected at right angles on a plane: to the right the distance from
the probe's boundary, upwards the direction, of those left, in which the points vary most.
Each axis is stretched to fill its panel.
"""

from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_whole
from deepmath.datasets import spirals
from deepmath.figures.style import (
    BLACK, CLASS_COLOURS, CLASS_MARKERS, GREEN, PURPLE, VERMILLION, WIDTH, letter, styled)
from deepmath.layers import views
from deepmath.network import Network
from deepmath.optimisers import Adam
from deepmath.probe import linear_probe, logistic_regression
from deepmath.sweep import sweep
from deepmath.training import fit

KINDS = ("zero biases", "random biases", "trained")
L2 = 1e-3          # the probe's penalty
N_DRAWN = 400      # of the held-out points
BOUNDARY: dict[str, Any] = {"color": BLACK, "linewidth": 1.0, "linestyle": "--", "zorder": 0}


@dataclass(frozen=True)
class Spirals:
    """Probes of a network 2-h-h-1 at three stages: the plane, layer 1, layer 2.

    Attributes
    ----------
    kinds : tuple of str
        "zero biases": random weights, as `Network.initialise` draws them; "random biases":
        the same weights, the biases drawn like them; "trained": the first, after training.
    probe_accuracy : array of shape (3 kinds, n_seeds, 3 stages)
        On held-out points. The plane's is the same in all.
    network_accuracy : array of shape (n_seeds,)
        Of the trained networks themselves, on the held-out points.
    X : array of shape (m, 2)
    y : array of shape (m,)
        The held-out points.
    boundary : array of shape (3,)
        w1, w2, b of the probe in the plane: w1 x1 + w2 x2 + b = 0.
    shown : int
        The seed whose representations are kept: of the middle accuracy, among the networks
        with random biases, in layer 2.
    planes : array of shape (3 kinds, 2 layers, m, 2)
        The held-out points in the planes drawn: distance from the probe's boundary, and the
        principal component of the rest.
    """

    kinds: tuple[str, ...]
    probe_accuracy: np.ndarray
    network_accuracy: np.ndarray
    X: np.ndarray
    y: np.ndarray
    boundary: np.ndarray
    shown: int
    planes: np.ndarray

    @property
    def n_seeds(self) -> int:
        return self.probe_accuracy.shape[1]


def compute(n_hidden: int = 8, n_seeds: int = 32, n_points: int = 300, n_held_out: int = 1000,
            turns: float = 1.0, n_epochs: int = 500, learning_rate: float = 0.01,
            points_seed: int = 100) -> Spirals:
    """Draw and train `n_seeds` networks, all on the same points, and probe their layers.

    Parameters
    ----------
    n_hidden : int
        Units in each of the two hidden layers, at least 2.
    n_seeds : int
        The networks start from the seeds 0, 1, ...
    n_points, n_held_out : int
        Points on which networks and probes are fitted, and on which they are judged.
    turns : float
        Of each spiral.
    n_epochs, learning_rate
        Of Adam with all points in each step.
    points_seed : int
        From which all points are drawn.

    Examples
    --------
    >>> result = compute(n_hidden=4, n_seeds=2, n_points=50, n_held_out=60, n_epochs=3)
    >>> result.probe_accuracy.shape, result.planes.shape
    ((3, 2, 3), (3, 2, 60, 2))
    """
    check_whole("n_hidden", n_hidden, at_least=2)
    check_whole("n_seeds", n_seeds)
    drawn: dict[str, Any] = {"n_points": n_points, "n_held_out": n_held_out, "turns": turns,
                             "points_seed": points_seed}
    [runs] = sweep(train, range(n_seeds), [
        {"n_hidden": n_hidden, "n_epochs": n_epochs, "learning_rate": learning_rate, **drawn}])
    X, y, X_held, y_held = draw_spirals(**drawn)
    accuracy = np.moveaxis(runs["probe_accuracy"], 0, 1)
    shown = int(np.argsort(accuracy[1, :, 2], kind="stable")[n_seeds // 2])
    network = hidden_network(n_hidden)
    planes = np.array([[probe_plane(fitted, y, held) for fitted, held in zip(
        network.representations(theta, X), network.representations(theta, X_held))]
        for theta in runs["theta"][shown]])
    return Spirals(KINDS, accuracy, runs["network_accuracy"], X_held, y_held,
                   probe_boundary(X, y), shown, planes)


def hidden_network(n_hidden: int) -> Network:
    """Return the network 2-h-h-1."""
    return Network((2, n_hidden, n_hidden, 1), hidden="relu")


def draw_spirals(n_points: int, n_held_out: int, turns: float,
                 points_seed: int) -> tuple[np.ndarray, ...]:
    """Return points and labels to fit on, and those held out."""
    rng = default_rng(points_seed)
    return *spirals(n_points, rng, turns), *spirals(n_held_out, rng, turns)


def train(seeds: list[int], n_hidden: int, n_epochs: int, learning_rate: float,
          **drawn: Any) -> dict[str, np.ndarray]:
    """Draw, train and probe networks from some seeds, the first axis of all arrays returned."""
    X, y, X_held, y_held = draw_spirals(**drawn)
    network = hidden_network(n_hidden)
    theta = network.initialise_stack(seeds, "he")
    trained = fit(network, theta, X, y, optimiser=Adam(learning_rate), n_epochs=n_epochs).theta
    kinds = (theta, with_random_biases(network, theta, seeds), trained)
    accuracy = np.full((len(seeds), len(KINDS), 3), linear_probe(X, y, X_held, y_held, L2))
    for kind, theta in enumerate(kinds):
        layers = zip(network.representations(theta, X), network.representations(theta, X_held))
        for stage, (fitted, held) in enumerate(layers, start=1):
            accuracy[:, kind, stage] = linear_probe(fitted, y, held, y_held, L2)
    right = (network.predict(trained, X_held) > 0) == (y_held > 0.5)
    return {"theta": np.stack(kinds, axis=1), "probe_accuracy": accuracy,
            "network_accuracy": right.mean(axis=1)}


def with_random_biases(network: Network, theta: np.ndarray, seeds: list[int]) -> np.ndarray:
    """Return a copy of a stack whose biases are drawn with their layers' He deviation."""
    theta = theta.copy()
    for seed, own in zip(seeds, theta):
        rng = default_rng([seed, 1])
        for W, b in views(own, network.sizes):
            b[...] = rng.normal(0.0, np.sqrt(2 / W.shape[1]), b.shape)
    return theta


def probe_boundary(R: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return w and b of the probe's boundary w . r + b = 0 in a representation (n, h)."""
    centre, spread = R.mean(axis=0), R.std(axis=0)
    spread[spread == 0] = 1.0
    *w, b = logistic_regression((R - centre) / spread, y, L2)
    return np.append(w / spread, b - centre @ (w / spread))


def probe_plane(R: np.ndarray, y: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Fit a probe to R, (n, h), and return the points `shown`, (m, h), in its plane, (m, 2)."""
    *w, b = probe_boundary(R, y)
    length = np.linalg.norm(w) or 1.0
    normal = np.array(w) / length
    rest = shown - np.outer(shown @ normal, normal)
    rest -= rest.mean(axis=0)
    upwards = np.linalg.svd(rest, full_matrices=False)[2][0]
    upwards *= np.sign(upwards[np.abs(upwards).argmax()])  # the sign of a component is free
    return np.column_stack([shown @ normal + b / length, rest @ upwards])


@styled
def draw(result: Spirals) -> Figure:
    """Draw the plane, a row of two layers for each kind of network, and all accuracies."""
    figure = plt.figure(figsize=(WIDTH, 7.2))
    frame = {"bottom": 0.045, "top": 0.925, "hspace": 0.3, "wspace": 0.1}
    left = figure.add_gridspec(3, 1, left=0.065, right=0.35, **frame)
    right = figure.add_gridspec(3, 2, left=0.385, right=0.99, **frame)
    plane = figure.add_subplot(left[0])
    letter(plane, "a", "the plane")
    draw_points(plane, result.X, result.y)
    draw_boundary(plane, result.boundary)
    plane.set_xlabel(f"probe {result.probe_accuracy[0, 0, 0]:.2f}")
    figure.legend(*plane.get_legend_handles_labels(), loc="upper center", ncols=3,
                  bbox_to_anchor=(0.5, 1.0), markerscale=2)
    accuracies = figure.add_subplot(left[1:])
    letter(accuracies, "d", "probe accuracy")
    draw_accuracies(accuracies, result)
    marks = iter("bcefgh")
    for kind, name in enumerate(result.kinds):
        for layer in (0, 1):
            axes = figure.add_subplot(right[kind, layer])
            letter(axes, next(marks), f"layer {layer + 1}, {name}")
            draw_points(axes, result.planes[kind, layer], result.y)
            axes.axvline(0, **BOUNDARY)
            axes.set_xlabel(f"probe {summary(result.probe_accuracy[kind, :, layer + 1])}")
    return figure


def summary(accuracy: np.ndarray) -> str:
    """Return the median, with the quartiles."""
    low, middle, high = np.percentile(accuracy, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def draw_points(axes: Axes, points: np.ndarray, y: np.ndarray) -> None:
    """Draw the points of both classes, in a frame without ticks."""
    points, y = points[:N_DRAWN], y[:N_DRAWN]
    for label, (colour, marker) in enumerate(zip(CLASS_COLOURS, CLASS_MARKERS)):
        axes.plot(*points[y == label].T, marker, color=colour, markersize=3,
                  markeredgewidth=0, label=f"class {label}")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#BBBBBB")


def draw_boundary(axes: Axes, boundary: np.ndarray) -> None:
    """Draw the line w1 x1 + w2 x2 + b = 0 across the plane."""
    w, b = boundary[:2], boundary[2]
    point = -b * w / (w @ w)
    axes.set_aspect("equal", "datalim")
    axes.apply_aspect()                 # the limits are those of the points, not of the line
    axes.set_autoscale_on(False)
    axes.axline(point, point + [-w[1], w[0]], label="the probe's boundary", **BOUNDARY)


def draw_accuracies(axes: Axes, result: Spirals) -> None:
    """Draw a thin line for each network and a thick one for each kind's median."""
    styles = zip(result.kinds, result.probe_accuracy, (VERMILLION, PURPLE, GREEN), "sDo",
                 ("--", "-.", "-"))
    for name, accuracy, colour, marker, line in styles:
        axes.plot(accuracy.T, color=colour, alpha=0.3, linewidth=0.7)
        axes.plot(np.median(accuracy, axis=0), marker + line, color=colour, label=name)
    axes.set_xticks([0, 1, 2], ["plane", "layer 1", "layer 2"])
    axes.set(xlim=(-0.12, 2.12), ylim=(0.39, 1.01))
    axes.tick_params(axis="x", length=0)
    axes.legend(loc="lower left", borderaxespad=0, title=f"median of {result.n_seeds} networks",
                alignment="left")
