"""Figure: what the units of a convolutional network respond to, and what it needs to see."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view

from deepmath.checks import check_whole
from deepmath.figures.leaf_layers import mark_negative
from deepmath.figures.leaf_networks import (
    CONVOLUTIONAL, FRESH, MOST, POOLED, SIZE, STRIDE, everywhere, initial, points, probabilities,
    trained)
from deepmath.figures.leaves import photograph_of
from deepmath.figures.style import BLUE, GREY, WIDTH, letter, styled
from deepmath.leaves import SPECIES, Leaves, photograph, specimens

MAPS = ("edges, one way", "edges", "veins", "tips", "blade")
TRAITS = ("lobes", "teeth")
PATCH, STEP = 6, 2              # pixels: side of the square that covers a leaf, and its steps
MIDDLE = 8                      # of the 20 pixels that a unit of the second layer sees


@dataclass(frozen=True)
class Units:
    """Correlations of units; the first axis is before the training, after it.

    Attributes
    ----------
    maps : tuple of str
    first, second : arrays of shape (2, 5, n_seeds, units)
        Of the units' responses, over places and leaves, with each of the `maps`.
    traits : tuple of str
    largest : array of shape (2, 2, n_seeds, units)
        Of the second layer's maxima over all places, over leaves, with each of the `traits`.
    pictures : array of shape (4, 32, 32)
        A leaf of each species.
    covered : array of shape (4, k, k)
        By how much the probability of the right species falls where a square of 6 by 6 pixels is
        covered, which moves in steps of 2; mean over the networks.
    """

    maps: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    traits: tuple[str, ...]
    largest: np.ndarray
    pictures: np.ndarray
    covered: np.ndarray


def compute(n_seeds: int = 16, n_leaves: int = 60, leaf: int = 1) -> Units:
    """Ask networks that have learned from 1000 leaves, and the same before they learned.

    Parameters
    ----------
    n_seeds : int
        Networks.
    n_leaves : int
        Leaves over which responses are correlated, at least 8.
    leaf : int
        Seed of the leaves that are covered.

    Examples
    --------
    >>> result = compute(n_seeds=1, n_leaves=8)
    >>> result.first.shape, result.largest.shape, result.covered.shape
    ((2, 5, 1, 8), (2, 2, 1, 25), (4, 14, 14))
    """
    check_whole("n_leaves", n_leaves, at_least=8)
    leaves = photograph(specimens(n_leaves, FRESH))
    X = points(leaves)
    near, wide = (truth(leaves, seen) for seen in (SIZE, MIDDLE))
    margin = (20 - MIDDLE) // 2
    wide = [[each[:, margin:-margin, margin:-margin] for each in maps] for maps in wide]
    traits = [leaves.species >= 2, leaves.species % 2 == 1]
    thetas = trained(CONVOLUTIONAL, MOST, n_seeds)
    found = []
    for networks in (initial(CONVOLUTIONAL, list(range(n_seeds))), thetas):
        for theta in networks:
            first, second = everywhere(theta, X)
            used = second[:, ::STRIDE * POOLED, ::STRIDE * POOLED].max(axis=(1, 2))
            found.append(([correlation(first, maps) for maps in near],
                          [correlation(second, maps) for maps in wide],
                          [correlation(used, [trait]) for trait in traits]))
    first, second, largest = (
        np.moveaxis(np.array(each).reshape(2, n_seeds, *np.shape(each)[1:]), 1, 2)
        for each in zip(*found))
    shown = photograph(specimens(4, leaf))
    return Units(MAPS, first, second, TRAITS, largest, shown.pictures, covered(thetas, shown))


def truth(leaves: Leaves, side: int) -> list[list[np.ndarray]]:
    """Return for each of the `MAPS` one array or two, means over squares of so many pixels."""
    slopes = np.gradient(leaves.mask, axis=(1, 2))
    return [[sliding_window_view(each, (side, side), axis=(1, 2)).mean(axis=(-2, -1))
             for each in maps]
            for maps in (slopes, [leaves.edges], [leaves.veins], [leaves.tips], [leaves.mask])]


def correlation(responses: np.ndarray, maps: list[np.ndarray]) -> np.ndarray:
    """Return the multiple correlation of each unit's responses, (..., units), with the maps.

    With one map that is the size of the usual one. With the two slopes of the mask it is that
    with the slope in the direction that suits the unit best.
    """
    units = responses.reshape(-1, responses.shape[-1])
    units = units - units.mean(axis=0)
    others = np.column_stack([each.ravel().astype(float) for each in maps])
    basis, _ = np.linalg.qr(others - others.mean(axis=0))
    size = np.sqrt((units**2).sum(axis=0))
    explained = np.sqrt(((basis.T @ units) ** 2).sum(axis=0))
    return np.divide(explained, size, out=np.zeros_like(size), where=size > 0)


def covered(thetas: np.ndarray, leaves: Leaves) -> np.ndarray:
    """Return by how much the probability of the right species falls, (leaves, k, k)."""
    X, species = points(leaves), leaves.species
    corners = range(0, X.shape[-1] - PATCH + 1, STEP)
    hidden = np.repeat(X[:, None], len(corners) ** 2, axis=1)
    places = [(i, j) for i in corners for j in corners]
    for k, (i, j) in enumerate(places):
        hidden[:, k, :, i:i + PATCH, j:j + PATCH] = 0.0         # the picture's mean
    falls = []
    for each, whole, kind in zip(hidden, X, species):
        p = probabilities(CONVOLUTIONAL, thetas, np.concatenate([whole[None], each]))[..., kind]
        falls.append((p[:, :1] - p[:, 1:]).mean(axis=0))
    return np.array(falls).reshape(len(X), len(corners), len(corners))


@styled
def draw(result: Units) -> Figure:
    """Draw correlations above; below, leaves and what covering them costs."""
    figure = plt.figure(figsize=(WIDTH, 4.4))
    [above] = figure.add_gridspec(1, 3, left=0.08, right=0.985, bottom=0.475, top=0.935,
                                  width_ratios=(5, 5, 2.6), wspace=0.1).subplots(
        sharey=True, squeeze=False)
    for axes, names, values, mark, title in (
            (above[0], result.maps, result.first, "a", "layer 1, over places"),
            (above[1], result.maps, result.second, "b", "layer 2, over places"),
            (above[2], result.traits, result.largest, "c", "over leaves")):
        draw_quartiles(axes, names, values)
        letter(axes, mark, title)
    above[0].set(ylabel="correlation", ylim=(0, 1))
    above[1].legend(loc="upper right")
    frame = {"bottom": 0.03, "top": 0.25}
    limit = np.abs(result.covered).max()
    [panels] = figure.add_gridspec(1, 8, left=0.01, right=0.91, wspace=0.06, **frame).subplots(
        squeeze=False)
    for i, (picture, falls) in enumerate(zip(result.pictures, result.covered)):
        leaf, map_ = panels[2 * i], panels[2 * i + 1]
        leaf.imshow(photograph_of(picture), interpolation="nearest")
        shown = map_.imshow(falls, cmap="PuOr_r", vmin=-limit, vmax=limit,
                            interpolation="nearest")
        mark_negative(map_, falls, limit)
        map_.set(xlim=(-1.5, 14.5), ylim=(14.5, -1.5))      # as wide as the leaf's 32 pixels
        leaf.text(0, -2, SPECIES[i].name, fontsize=8.5)
    for axes in panels:
        axes.axis("off")
    panels[0].set_title("$\\bf{(d)}$ where covering a leaf lowers the probability of its species",
                        pad=18)
    bar = figure.add_subplot(figure.add_gridspec(1, 1, left=0.925, right=0.94, **frame)[0])
    figure.colorbar(shown, cax=bar)
    return figure


def draw_quartiles(axes: Axes, names: tuple[str, ...], values: np.ndarray) -> None:
    """Draw medians with quartiles over all units, before the training and after it."""
    for i, (each, colour, marker, label) in enumerate(zip(
            values, (GREY, BLUE), ("s", "o"), ("before training", "after training"))):
        low, middle, high = np.percentile(each.reshape(len(names), -1), [25, 50, 75], axis=-1)
        axes.errorbar(np.arange(len(names)) + 0.24 * i - 0.12, middle,
                      [middle - low, high - middle], fmt=marker, color=colour, label=label,
                      markersize=5, linewidth=1.6)
    axes.set_xticks(range(len(names)), [name.replace(", ", ",\n") for name in names])
    axes.set_xlim(-0.5, len(names) - 0.5)
