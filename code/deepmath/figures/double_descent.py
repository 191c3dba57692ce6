"""Figure: the error of a least-squares fit on random features, over their number.

The features are rectified units with random weights of length 1, as in the theorem on capacity;
only the output weights are fitted. With as many features as points or more, of the weights that
fit all points the shortest are taken (Belkin et al. 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_not_negative, check_whole
from deepmath.figures.bands import draw_band
from deepmath.figures.style import BLUE, GREY, PURPLE, VERMILLION, WIDTH, letter, styled
from deepmath.sweep import sweep

FEATURES = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100, 120, 160, 320, 640)


@dataclass(frozen=True)
class DoubleDescent:
    """Errors and sizes of weights; the first axis is the number of inputs.

    Attributes
    ----------
    n_inputs, n_features : arrays of shape (k,) and (m,)
    n_points : int
    test_error : array of shape (k, m, n_seeds)
        Mean squared distance from the target, without noise, on fresh points.
    training_error : array of shape (k, m, n_seeds)
        Mean squared distance from the noisy values that were fitted.
    size : array of shape (k, m, n_seeds)
        B, the sum of |output weight| times length of the unit's weights.
    zero_error : array of shape (k,)
        The test error of the function 0, median over the seeds.
    """

    n_inputs: np.ndarray
    n_features: np.ndarray
    n_points: int
    test_error: np.ndarray
    training_error: np.ndarray
    size: np.ndarray
    zero_error: np.ndarray


def compute(n_inputs: Sequence[int] = (2, 5), n_points: int = 80, noise: float = 0.5,
            n_features: Sequence[int] = FEATURES, n_seeds: int = 16) -> DoubleDescent:
    """Fit the output weights of random layers of growing width.

    The target is |x1 + x2| - |x1 - x2|, the network that computes "exclusive or" by hand; the
    inputs are normal.

    Parameters
    ----------
    n_inputs : sequence of int
        Numbers of inputs, each at least 2; those after the second do not matter to the target.
    n_points : int
        Points that are fitted.
    noise : float
        Standard deviation of what is added to their values.
    n_features : sequence of int
        Widths of the random layer.
    n_seeds : int
        Each draws points, noise and features of its own.

    Examples
    --------
    >>> result = compute(n_inputs=(2,), n_points=10, n_features=(5, 10, 20), n_seeds=4)
    >>> result.test_error.shape
    (1, 3, 4)
    >>> bool((result.training_error[0, 2] < 1e-12).all())     # 20 features fit 10 points
    True
    """
    inputs = [check_whole("each of n_inputs", d, at_least=2) for d in n_inputs]
    features = [check_whole("each of n_features", m) for m in n_features]
    check_whole("n_points", n_points)
    check_whole("n_seeds", n_seeds)
    check_not_negative("noise", noise)
    if not inputs or not features:
        raise ValueError("n_inputs and n_features must name at least one number each")
    runs = sweep(fit_all, range(n_seeds), [
        {"d": d, "n_points": n_points, "noise": noise, "features": features} for d in inputs])
    test, training, size = (np.array([run[name].T for run in runs])
                            for name in ("test_error", "training_error", "size"))
    return DoubleDescent(np.array(inputs), np.array(features), n_points, test, training, size,
                         np.array([np.median(run["zero_error"]) for run in runs]))


def target(X: np.ndarray) -> np.ndarray:
    """Return |x1 + x2| - |x1 - x2| of points (n, d)."""
    return np.abs(X[:, 0] + X[:, 1]) - np.abs(X[:, 0] - X[:, 1])


def fit_all(seeds: list[int], d: int, n_points: int, noise: float,
            features: list[int]) -> dict[str, np.ndarray]:
    """Fit each number of features from each seed; arrays (seeds, features)."""
    found = []
    for seed in seeds:
        rng = default_rng(seed)
        X, X_test = rng.normal(size=(n_points, d)), rng.normal(size=(500, d))
        y, truth = target(X) + rng.normal(0.0, noise, n_points), target(X_test)
        weights = rng.normal(size=(d + 1, max(features)))
        weights /= np.linalg.norm(weights, axis=0)
        all_features, all_test = (random_layer(points, weights) for points in (X, X_test))
        rows = []
        for m in features:
            v = np.linalg.lstsq(all_features[:, :m], y, rcond=None)[0]
            rows.append((np.mean((all_test[:, :m] @ v - truth)**2),
                         np.mean((all_features[:, :m] @ v - y)**2), np.abs(v).sum()))
        found.append((*np.array(rows).T, np.mean(truth**2)))
    return {name: np.array(column) for name, column in
            zip(("test_error", "training_error", "size", "zero_error"), zip(*found))}


def random_layer(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return max(0, w . (x, 1)) of points (n, d) for each column w of the weights."""
    return np.maximum(0.0, X @ weights[:-1] + weights[-1])


@styled
def draw(result: DoubleDescent) -> Figure:
    """Draw errors for each number of inputs, and the sizes of the weights."""
    n_panels = len(result.n_inputs) + 1
    figure, panels = plt.subplots(1, n_panels, figsize=(WIDTH, 2.9))
    figure.subplots_adjust(left=0.088, right=0.985, bottom=0.165, top=0.91, wspace=0.3)
    x = result.n_features
    for i, d in enumerate(result.n_inputs):
        axes = panels[i]
        draw_band(axes, x, result.test_error[i], VERMILLION, "test", "o-", markersize=3.5)
        fitted = np.maximum(result.training_error[i], 1e-9)
        draw_band(axes, x, fitted, BLUE, "training", "s--", markersize=3)
        axes.axhline(result.zero_error[i], color=GREY, linewidth=0.9, linestyle="-.",
                     label="always 0")
        letter(axes, "abcdefg"[i], f"{d} inputs")
        axes.set_ylim(0.02, 1000)
    panels[0].set_ylabel("mean squared error", labelpad=1)
    panels[n_panels - 2].legend(loc="upper left", borderaxespad=0.0, handlelength=1.6)
    for i, d in enumerate(result.n_inputs):
        draw_band(panels[-1], x, result.size[i], (PURPLE, BLUE, VERMILLION, GREY)[i % 4],
                  f"{d} inputs", ("D-", "o--", "s-.", "^:")[i % 4], markersize=3.5)
    letter(panels[-1], "abcdefgh"[n_panels - 1], "size $B$ of the weights")
    panels[-1].legend(loc="lower right", borderaxespad=0.1)
    for axes in panels:
        axes.axvline(result.n_points, color=GREY, linewidth=0.9, linestyle=":", zorder=0)
        axes.set(xscale="log", yscale="log")
        axes.set_xlabel("random features")
    return figure
