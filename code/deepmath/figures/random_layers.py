"""Figure: how well a linear probe separates two spirals behind one layer, over its width.

The layers are random, without and with biases, or trained. The spirals, the networks and the
probe are those of the figure `spirals`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.figures.bands import draw_band
from deepmath.figures.spirals import L2, draw_spirals, with_random_biases
from deepmath.figures.style import GREEN, GREY, PURPLE, VERMILLION, WIDTH, styled
from deepmath.network import Network
from deepmath.optimisers import Adam
from deepmath.probe import linear_probe
from deepmath.sweep import sweep
from deepmath.training import fit

KINDS = ("random, zero biases", "random, random biases", "trained")


@dataclass(frozen=True)
class RandomLayers:
    """Accuracies of probes behind one hidden layer.

    Attributes
    ----------
    kinds : tuple of str
    widths : array of shape (m,)
    probe_accuracy : array of shape (3 kinds, m, n_seeds)
        On points that neither the network nor the probe has seen.
    plane : float
        The accuracy of a probe in the plane itself.
    """

    kinds: tuple[str, ...]
    widths: np.ndarray
    probe_accuracy: np.ndarray
    plane: float


def compute(widths: Sequence[int] = (2, 4, 8, 16, 32, 64), n_seeds: int = 16,
            turns: float = 1.0, n_points: int = 300, n_held_out: int = 1000,
            n_epochs: int = 300) -> RandomLayers:
    """Draw and train networks with one hidden layer of each width, and probe the layer.

    Parameters
    ----------
    widths : sequence of int
        Rectified units of the layer, each number at least 1.
    n_seeds : int
        Networks of each kind and width.
    turns : float
        Of each spiral.
    n_points, n_held_out : int
        Points on which networks and probes are fitted, and on which they are judged.
    n_epochs : int
        Of Adam with rate 0.01 and all points in each step.

    Examples
    --------
    >>> result = compute(widths=(2, 4), n_seeds=3, n_points=50, n_held_out=60, n_epochs=3)
    >>> result.probe_accuracy.shape
    (3, 2, 3)
    """
    widths = [check_whole("each of widths", width) for width in widths]
    check_whole("n_seeds", n_seeds)
    if not widths:
        raise ValueError("widths must name at least one number of units; got none")
    drawn = {"turns": turns, "n_points": n_points, "n_held_out": n_held_out}
    runs = sweep(probe, range(n_seeds), [{"width": width, "n_epochs": n_epochs, **drawn}
                                         for width in widths])
    accuracy = np.array([run["probe_accuracy"] for run in runs])
    X, y, X_held, y_held = draw_spirals(n_points, n_held_out, turns, points_seed=100)
    return RandomLayers(KINDS, np.array(widths), np.moveaxis(accuracy, -1, 0),
                        float(linear_probe(X, y, X_held, y_held, L2)))


def probe(seeds: list[int], width: int, n_epochs: int, turns: float, n_points: int,
          n_held_out: int) -> dict[str, np.ndarray]:
    """Return the accuracies of the three kinds for each seed, (seeds, 3)."""
    X, y, X_held, y_held = draw_spirals(n_points, n_held_out, turns, points_seed=100)
    network = Network((2, width, 1), hidden="relu")
    theta = network.initialise_stack(seeds, "he")
    trained = fit(network, theta, X, y, optimiser=Adam(0.01), n_epochs=n_epochs).theta
    found = [linear_probe(network.representations(each, X)[0], y,
                          network.representations(each, X_held)[0], y_held, L2)
             for each in (theta, with_random_biases(network, theta, seeds), trained)]
    return {"probe_accuracy": np.stack(found, axis=1)}


@styled
def draw(result: RandomLayers) -> Figure:
    """Draw the accuracies against the width, medians and quartiles over the seeds."""
    figure, axes = plt.subplots(figsize=(WIDTH, 2.9))
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.16, top=0.96)
    styles = zip(result.kinds, result.probe_accuracy, (VERMILLION, PURPLE, GREEN), "sDo",
                 ("--", "-.", "-"))
    for kind, accuracy, colour, marker, line in styles:
        draw_band(axes, result.widths, accuracy, colour, kind, marker + line, markersize=4.5)
    axes.axhline(result.plane, color=GREY, linewidth=0.9, linestyle=":", zorder=0,
                 label="the plane itself")
    axes.set_xscale("log", base=2)
    axes.set_xticks(result.widths, map(str, result.widths))
    axes.minorticks_off()
    axes.set(xlabel="units of the layer", ylabel="accuracy of the probe", ylim=(0.45, 1.02))
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.42))
    return figure
