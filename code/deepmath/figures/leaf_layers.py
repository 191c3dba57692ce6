"""Figure: what each layer of a convolutional network makes of a leaf, however it lies."""

from dataclasses import dataclass, replace

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepmath.checks import check_number, check_whole
from deepmath.figures.leaf_networks import (
    CONVOLUTIONAL, KERNELS, MOST, SIZE, everywhere, network, points, probabilities, train_stack)
from deepmath.figures.leaves import mosaic, photograph_of
from deepmath.figures.style import BLACK, BLUE, WIDTH, letter, styled
from deepmath.leaves import SPECIES, photograph, specimens


@dataclass(frozen=True)
class Layers:
    """A leaf, and what a trained network makes of it.

    Attributes
    ----------
    species : int
        Of the leaf.
    picture : array of shape (32, 32)
    kernels : array of shape (8, 4, 4)
    first : array of shape (8, 29, 29)
        Responses of the first layer's units at every pixel.
    second : array of shape (25, 13, 13)
        Those of the second layer's.
    probabilities : array of shape (4,)
    """

    species: int
    picture: np.ndarray
    kernels: np.ndarray
    first: np.ndarray
    second: np.ndarray
    probabilities: np.ndarray


def compute(species: int = 3, turn: float = 0.0, right: float = 0.0, down: float = 0.0,
            leaf: int = 0, seed: int = 0) -> Layers:
    """Photograph a leaf, and show it to a network that has learned from 1000 others.

    Parameters
    ----------
    species : int
        Place in `deepmath.leaves.SPECIES`. The network does not know the fifth.
    turn : float
        Degrees, against the clock.
    right, down : float
        Pixels.
    leaf, seed : int
        Seeds of the leaf and of the network.

    Examples
    --------
    >>> result = compute(species=0, turn=90.0)
    >>> result.first.shape, result.second.shape, result.probabilities.shape
    ((8, 29, 29), (25, 13, 13), (4,))
    """
    drawn = specimens(1, check_whole("leaf", leaf, at_least=0), species=(species,))
    turn, right, down = (check_number(name, value, "a number", -np.inf, np.inf)
                         for name, value in (("turn", turn), ("right", right), ("down", down)))
    seen = photograph(replace(drawn, turn=np.array([turn]), shift=np.array([[down, right]])))
    X = points(seen)
    theta = train_stack((check_whole("seed", seed, at_least=0),), CONVOLUTIONAL, MOST)[0]
    first, second = (np.moveaxis(each[0], -1, 0) for each in everywhere(theta, X))
    kernels = network(CONVOLUTIONAL).layers(theta)[0][0].reshape(KERNELS[0], SIZE, SIZE)
    return Layers(species, seen.pictures[0], kernels, first, second,
                  probabilities(CONVOLUTIONAL, theta[None], X)[0, 0])


@styled
def draw(result: Layers) -> Figure:
    """Draw the leaf, kernels, both layers' responses, and the probabilities."""
    figure = plt.figure(figsize=(WIDTH, 4.6))

    def panel(left: float, right: float, bottom: float, top: float) -> Axes:
        frame = {"left": left, "right": right, "bottom": bottom, "top": top}
        return figure.add_subplot(figure.add_gridspec(1, 1, **frame)[0])

    leaf = panel(0.01, 0.25, 0.575, 0.945)
    leaf.imshow(photograph_of(result.picture), interpolation="nearest")
    letter(leaf, "a", "the picture")
    draw_tiles(panel(0.29, 0.62, 0.6, 0.92), result.kernels, 4, "b", "kernels of layer 1")
    draw_tiles(panel(0.01, 0.99, 0.305, 0.5), result.first, 8, "c", "responses of layer 1")
    draw_tiles(panel(0.01, 0.99, 0.01, 0.24), result.second, 13, "d", "responses of layer 2")
    bars = panel(0.83, 0.985, 0.66, 0.92)
    names = [each.name for each in SPECIES[:len(result.probabilities)]]
    bars.barh(names, result.probabilities, color=BLUE)
    bars.invert_yaxis()
    bars.set(xlim=(0, 1), xticks=[0, 0.5, 1])
    bars.tick_params(labelsize=8)
    bars.set_title("$\\bf{(e)}$ probabilities", loc="right")
    for axes in (leaf, *figure.axes[1:4]):
        axes.axis("off")
    return figure


def draw_tiles(axes: Axes, tiles: np.ndarray, n_columns: int, mark: str, title: str) -> None:
    """Draw small maps side by side, in one scale; strokes mark what is clearly negative."""
    size, whole = np.abs(tiles).max(), mosaic(tiles, n_columns)
    axes.imshow(whole, cmap="PuOr_r", vmin=-size, vmax=size, interpolation="nearest")
    mark_negative(axes, whole, size)
    letter(axes, mark, title)


def mark_negative(axes: Axes, values: np.ndarray, size: float) -> None:
    """Draw a stroke on each pixel with less than -1/4 of `size`, for readers without colours."""
    deep, clear = values < -0.65 * size, values < -0.25 * size
    for which, colour in ((clear & ~deep, BLACK), (deep, "white")):
        rows, columns = np.nonzero(which)
        axes.plot(columns, rows, "_", color=colour, markersize=3.2, markeredgewidth=0.9)
