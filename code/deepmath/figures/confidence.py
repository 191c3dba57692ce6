"""Figure: how sure networks are of themselves far from all points that they have seen.

The networks are those of the figure `overfitting`.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from deepmath.activations import SIGMOID
from deepmath.checks import check_positive, check_whole
from deepmath.figures.bands import draw_band
from deepmath.figures.overfitting import large_network, trained
from deepmath.figures.style import BLACK, BLUE, VERMILLION, WIDTH, letter, styled


@dataclass(frozen=True)
class Confidence:
    """Confidence over the plane; the first axis is without and with the penalty.

    Attributes
    ----------
    l2 : array of shape (2,)
    side : array of shape (g,)
        Coordinates of the map's grid.
    map : array of shape (2, g, g)
        The median over the networks of the probability that they give to the class they predict.
    distance : array of shape (m,)
    by_distance : array of shape (2, m, n_seeds)
        Each network's median over a circle around the origin.
    """

    l2: np.ndarray
    side: np.ndarray
    map: np.ndarray
    distance: np.ndarray
    by_distance: np.ndarray


def compute(limit: float = 6.0, l2: float = 0.01, n_grid: int = 61, n_epochs: int = 300,
            n_seeds: int = 16) -> Confidence:
    """Train the networks, and ask them about points as far away as `limit`.

    Parameters
    ----------
    limit : float
        Half the side of the map; the points of the training lie within a distance of 1 in each
        coordinate.
    l2 : float
        The penalty of the second half of the networks.
    n_grid : int
        Points along a side of the map.
    n_epochs, n_seeds : int
        As in the figure `overfitting`.

    Examples
    --------
    >>> result = compute(n_grid=5, n_epochs=3, n_seeds=2)
    >>> result.map.shape, result.by_distance.shape
    ((2, 5, 5), (2, 25, 2))
    """
    check_positive("limit", limit)
    check_whole("n_grid", n_grid, at_least=2)
    thetas, network = trained(l2, n_epochs, n_seeds), large_network()
    side, distance = np.linspace(-limit, limit, n_grid), np.linspace(0.0, limit, 25)
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    angle = 2 * np.pi * np.arange(60) / 60
    circles = (distance[:, None, None] * np.column_stack([np.cos(angle), np.sin(angle)]))

    def sure(theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        return SIGMOID(np.abs(network.predict(theta, X)))

    maps = [np.median([sure(one, places) for one in theta], axis=0).reshape(n_grid, n_grid)
            for theta in thetas]
    around = [sure(theta, circles.reshape(-1, 2)).reshape(n_seeds, 25, 60)
              for theta in thetas]
    by_distance = [np.median(each, axis=-1).T for each in around]
    return Confidence(np.array([0.0, l2]), side, np.array(maps), distance, np.array(by_distance))


@styled
def draw(result: Confidence) -> Figure:
    """Draw two maps with the square of the data, and the confidence by distance."""
    figure = plt.figure(figsize=(WIDTH, 2.75))
    frame = {"bottom": 0.17, "top": 0.9}
    [maps] = figure.add_gridspec(1, 2, left=0.07, right=0.56, wspace=0.2, **frame).subplots(
        sharey=True, squeeze=False)
    bar = figure.add_subplot(figure.add_gridspec(1, 1, left=0.575, right=0.59, **frame)[0])
    curves = figure.add_subplot(figure.add_gridspec(1, 1, left=0.725, right=0.985, **frame)[0])
    limit = result.side[-1]
    for i, (axes, l2) in enumerate(zip(maps, result.l2)):
        shown = axes.imshow(result.map[i], extent=(-limit, limit, -limit, limit), origin="lower",
                            cmap="Greys", vmin=0.5, vmax=1.0, interpolation="nearest")
        axes.add_patch(Rectangle((-1, -1), 2, 2, fill=False, edgecolor=VERMILLION, linewidth=1.6))
        letter(axes, "ab"[i], f"$\\lambda = {l2:g}$")
        axes.set_xlabel("$x_1$", labelpad=1)
        axes.set(xticks=[-limit, 0, limit], yticks=[-limit, limit])
    maps[0].set_ylabel("$x_2$", labelpad=-8)
    figure.colorbar(shown, cax=bar, ticks=[0.5, 0.75, 1.0])
    for values, l2, colour, line in zip(result.by_distance, result.l2, (VERMILLION, BLUE),
                                        ("--", "-")):
        draw_band(curves, result.distance, values, colour, f"$\\lambda = {l2:g}$", line)
    curves.axvline(np.sqrt(2), color=BLACK, linewidth=0.8, linestyle=":")
    curves.annotate("data end", (np.sqrt(2), 0.5), (4, 3), textcoords="offset points")
    curves.set(xlabel="distance from the origin", xlim=(0, limit), ylim=(0.5, 1.01),
               yticks=[0.5, 0.75, 1.0])
    curves.legend(loc="center right")
    letter(curves, "c", "confidence")
    return figure
