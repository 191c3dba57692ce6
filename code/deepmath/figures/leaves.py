"""Figure: how many simulated leaves three classifiers need, to tell five lobes from seven."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.activations import RELU
from deepmath.checks import check_whole
from deepmath.datasets import Dataset
from deepmath.figures.bands import draw_band
from deepmath.figures.style import (
    BLUE, CLASS_COLOURS, GREEN, GREY, VERMILLION, WIDTH, letter, styled)
from deepmath.losses import accuracy
from deepmath.network import Network
from deepmath.optimisers import Adam
from deepmath.probe import linear_probe
from deepmath.sweep import sweep
from deepmath.training import fit

KINDS = ("linear", "fully connected", "convolved and pooled")
LOBES = (5, 7)
N_DIRECTIONS = 64
N_SHOWN = 3


@dataclass(frozen=True)
class Leaves:
    """Accuracies on 500 fresh leaves.

    Attributes
    ----------
    kinds : tuple of str
    n_leaves : array of shape (m,)
        Leaves from which a classifier learns.
    accuracy : array of shape (3 kinds, m, n_seeds)
    outlines : array of shape (2 species, 3, 64)
        Some leaves: distance of the margin from the centre, less its mean.
    """

    kinds: tuple[str, ...]
    n_leaves: np.ndarray
    accuracy: np.ndarray
    outlines: np.ndarray


def compute(n_leaves: Sequence[int] = (4, 6, 10, 20, 40), n_seeds: int = 16,
            n_kernels: int = 8) -> Leaves:
    """Fit each classifier to each number of leaves.

    Parameters
    ----------
    n_leaves : sequence of int
        Each at least 2: half of the leaves are of either species.
    n_seeds : int
        Each draws leaves, kernels and initial weights of its own.
    n_kernels : int
        Random kernels of nine places.

    Examples
    --------
    >>> result = compute(n_leaves=(4, 6), n_seeds=2)
    >>> result.accuracy.shape, result.outlines.shape
    ((3, 2, 2), (2, 3, 64))
    """
    numbers = [check_whole("each of n_leaves", n, at_least=2) for n in n_leaves]
    check_whole("n_seeds", n_seeds)
    check_whole("n_kernels", n_kernels)
    if not numbers:
        raise ValueError("n_leaves must name at least one number of leaves; got none")
    runs = sweep(train, range(n_seeds), [{"n": n, "n_kernels": n_kernels} for n in numbers])
    shown, _ = leaves(2 * N_SHOWN, 1)
    found = np.array([run["accuracy"] for run in runs])
    return Leaves(KINDS, np.array(numbers), np.moveaxis(found, -1, 0),
                  np.array([shown[0::2], shown[1::2]]))


def leaves(n: int, seed: int) -> Dataset:
    """Return outlines (n, 64) and species (n,): 0 with five lobes, 1 with seven.

    How deep the lobes are cut and which way the leaf is turned is random, and so is some noise.
    """
    rng = default_rng(seed)
    y = np.arange(n) % 2.0
    lobes = np.where(y == 1, LOBES[1], LOBES[0])[:, None]
    turn, depth = rng.uniform(0, 2 * np.pi, (n, 1)), rng.uniform(0.1, 0.3, (n, 1))
    angle = 2 * np.pi * np.arange(N_DIRECTIONS) / N_DIRECTIONS
    return depth * np.cos(lobes * (angle - turn)) + rng.normal(0, 0.05, (n, N_DIRECTIONS)), y


def convolve_and_pool(X: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Slide each kernel (k, 9) around the outlines (n, 64); return (n, 2 k) maxima and means."""
    windows = np.stack([np.roll(X, -j, axis=1) for j in range(kernels.shape[1])], axis=-1)
    responses = RELU(windows @ kernels.T)
    return np.hstack([responses.max(axis=1), responses.mean(axis=1)])


def train(seeds: list[int], n: int, n_kernels: int) -> dict[str, np.ndarray]:
    """Return the accuracies of the three classifiers for each seed, (seeds, 3)."""
    test, test_y = leaves(500, 999)
    X, y = (np.stack(each) for each in zip(*(leaves(n, seed) for seed in seeds)))
    network = Network((N_DIRECTIONS, 16, 1), hidden="relu")
    generators = [default_rng([seed, 1]) for seed in seeds]
    theta = fit(network, network.initialise_stack(generators, "he"), X, y, optimiser=Adam(0.01),
                n_epochs=200).theta
    found = []
    for rng, X_n, y_n in zip(generators, X, y):
        kernels = rng.normal(size=(n_kernels, 9))
        found.append((linear_probe(X_n, y_n, test, test_y),
                      linear_probe(convolve_and_pool(X_n, kernels), y_n,
                                   convolve_and_pool(test, kernels), test_y)))
    linear, pooled = np.array(found).T
    return {"accuracy": np.stack(
        [linear, accuracy(network.predict(theta, test), test_y), pooled], axis=1)}


@styled
def draw(result: Leaves) -> Figure:
    """Draw some leaves of both species, and accuracies over the number of leaves."""
    figure = plt.figure(figsize=(WIDTH, 3.0))
    shapes = figure.add_gridspec(2, N_SHOWN, left=0.01, right=0.43, bottom=0.05, top=0.88,
                                 wspace=0.05, hspace=0.25).subplots(squeeze=False)
    for species, row in enumerate(shapes):
        for axes, outline in zip(row, result.outlines[species]):
            draw_leaf(axes, outline, CLASS_COLOURS[species])
        letter(row[0], "ab"[species], f"{('five', 'seven')[species]} lobes")
    [curves] = figure.add_gridspec(1, 1, left=0.525, right=0.985, bottom=0.155, top=0.88).subplots(
        squeeze=False).flat
    styles = zip(result.kinds, result.accuracy, (VERMILLION, BLUE, GREEN), ("s--", "D-.", "o-"))
    for kind, values, colour, line in styles:
        draw_band(curves, result.n_leaves, values, colour, kind, line, markersize=4.5)
    curves.set_xscale("log")
    curves.set_xticks(result.n_leaves, map(str, result.n_leaves))
    curves.minorticks_off()
    curves.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    curves.set(xlabel="leaves to learn from", ylim=(0.45, 1.02))
    curves.legend(loc="lower right", bbox_to_anchor=(1.0, 0.16))
    letter(curves, "c", "accuracy on fresh leaves")
    return figure


def draw_leaf(axes: Axes, outline: np.ndarray, colour: str) -> None:
    """Draw a leaf of mean radius 1 from its outline."""
    angle = 2 * np.pi * np.arange(len(outline)) / len(outline)
    radius = 1.0 + outline
    axes.fill(radius * np.cos(angle), radius * np.sin(angle), facecolor=colour, alpha=0.35,
              edgecolor=colour, linewidth=1.3)
    axes.set(xlim=(-1.45, 1.45), ylim=(-1.45, 1.45), aspect="equal")
    axes.axis("off")
