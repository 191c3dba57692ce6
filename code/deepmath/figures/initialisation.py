"""Figure: the mean square of the activations through many layers, before any training."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.random import default_rng

from deepmath.checks import check_positive, check_whole
from deepmath.figures.bands import draw_band
from deepmath.figures.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, WIDTH, styled
from deepmath.network import Network

COLOURS = (VERMILLION, BLUE, PURPLE, ORANGE, GREEN, BLACK)


@dataclass(frozen=True)
class Initialisation:
    """Mean squares by layer.

    Attributes
    ----------
    deviations : array of shape (k,)
        Standard deviations of the weights.
    he : float
        He's, sqrt(2 / width).
    mean_square : array of shape (k, depth + 1, n_seeds)
        Over inputs and units; the first is that of the inputs.
    predicted : array of shape (k, depth + 1)
        (width deviation^2 / 2)^l.
    """

    deviations: np.ndarray
    he: float
    mean_square: np.ndarray
    predicted: np.ndarray


def compute(factors: Sequence[float] = (0.57, 1.0, 1.41), depth: int = 20, width: int = 64,
            n_seeds: int = 16, n_inputs: int = 100) -> Initialisation:
    """Send normal inputs through rectified layers with normal weights and zero biases.

    Parameters
    ----------
    factors : sequence of float
        Standard deviations of the weights as multiples of He's.
    depth, width : int
        Layers, and units of each.
    n_seeds : int
        Networks for each deviation.
    n_inputs : int

    Examples
    --------
    >>> result = compute(factors=(1.0,), depth=3, width=8, n_seeds=2)
    >>> result.mean_square.shape, result.predicted[0]
    ((1, 4, 2), array([1., 1., 1., 1.]))
    """
    for name, value in (("depth", depth), ("width", width), ("n_seeds", n_seeds),
                        ("n_inputs", n_inputs)):
        check_whole(name, value)
    he = float(np.sqrt(2 / width))
    deviations = he * np.array([check_positive("each of factors", each) for each in factors])
    inputs = default_rng(1000).normal(size=(n_inputs, width))
    network = Network((width,) * (depth + 2), hidden="relu")

    def by_layer(deviation: float) -> np.ndarray:
        theta = network.initialise_stack(range(n_seeds), "normal", deviation)
        layers = network.representations(theta, inputs)
        start = np.full(n_seeds, np.mean(inputs**2))
        return np.array([start, *((A**2).mean(axis=(-2, -1)) for A in layers)])

    growth = 0.5 * width * deviations**2
    return Initialisation(deviations, he, np.array([by_layer(each) for each in deviations]),
                          np.round(growth, 12)[:, None] ** np.arange(depth + 1))


@styled
def draw(result: Initialisation) -> Figure:
    """Draw the mean squares by layer, with the predictions as dots."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.0))
    figure.subplots_adjust(left=0.09, right=0.72, bottom=0.155, top=0.96)
    layers = np.arange(result.mean_square.shape[1])
    for i, (deviation, values) in enumerate(zip(result.deviations, result.mean_square)):
        colour, line = COLOURS[i % 6], ("--", "-", "-.")[i % 3]
        draw_band(axes, layers, values, colour, line=line)
        axes.plot(layers, result.predicted[i], ".", color=BLACK, markersize=4,
                  label="predicted mean" if i == 0 else None)
        of_he = ("He's rule" if np.isclose(deviation, result.he)
                 else f"{deviation / result.he:.2f} of He's")
        axes.annotate(f"deviation {deviation:.2f},\n{of_he}", (layers[-1], np.median(values[-1])),
                      (8, 0), textcoords="offset points", va="center", color=colour,
                      annotation_clip=False)
    axes.set(yscale="log", xlabel="layer", ylabel="mean square", xlim=(0, layers[-1]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")
    axes.legend(loc="lower left")
    return figure
