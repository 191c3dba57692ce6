"""Figure: networks learn the tosses of a coin by heart, and nothing about the next ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.random import Generator

from deepmath.checks import check_whole, generator
from deepmath.figures.bands import draw_band, spread_out
from deepmath.figures.style import GREY, PURPLE, VERMILLION, WIDTH, styled
from deepmath.losses import accuracy
from deepmath.network import Network
from deepmath.optimisers import Adam
from deepmath.training import fit


@dataclass(frozen=True)
class CoinTosses:
    """Shares of labels that trained networks reproduce.

    Attributes
    ----------
    widths, n_parameters : arrays of shape (m,)
        Units of each of the two hidden layers, and all parameters.
    learned : array of shape (m, n_tosses)
        Of the labels that the network was trained on.
    next_toss : array of shape (m, n_tosses)
        Of other labels for the same points, tossed independently.
    """

    widths: np.ndarray
    n_parameters: np.ndarray
    learned: np.ndarray
    next_toss: np.ndarray


def compute(n_points: int = 40, widths: Sequence[int] = (1, 2, 4, 8, 16), n_tosses: int = 16,
            n_epochs: int = 1000, seed: int | Generator = 0) -> CoinTosses:
    """Train a network of each width on each of several tosses of labels for the same points.

    Parameters
    ----------
    n_points : int
        Uniform on the square.
    widths : sequence of int
        Rectified units of each of two hidden layers, each number at least 1.
    n_tosses : int
        Of all labels, at least two.
    n_epochs : int
        Of Adam with rate 0.01 and all points in each step.
    seed : int or numpy.random.Generator
        Of points and tosses.

    Examples
    --------
    >>> result = compute(n_points=10, widths=(1, 2), n_tosses=3, n_epochs=5)
    >>> result.learned.shape, result.n_parameters
    ((2, 3), array([ 7, 15]))
    """
    check_whole("n_points", n_points)
    widths = [check_whole("each of widths", width) for width in widths]
    check_whole("n_tosses", n_tosses, at_least=2)
    rng = generator(seed)
    X = rng.uniform(-1, 1, (n_points, 2))
    y = rng.integers(0, 2, (n_tosses, n_points)).astype(float)
    networks = [Network((2, width, width, 1), hidden="relu") for width in widths]
    learned, next_toss = [], []
    for network in networks:
        theta = network.initialise_stack(range(n_tosses), "he")
        theta = fit(network, theta, X, y, optimiser=Adam(0.01), n_epochs=n_epochs).theta
        output = network.predict(theta, X)
        learned.append(accuracy(output, y))
        next_toss.append(accuracy(output, np.roll(y, -1, axis=0)))
    return CoinTosses(np.array(widths), np.array([each.n_parameters for each in networks]),
                      np.array(learned), np.array(next_toss))


@styled
def draw(result: CoinTosses) -> Figure:
    """Draw both shares against the width: a point a toss, medians and quartiles."""
    figure, axes = plt.subplots(figsize=(WIDTH, 2.9))
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.2, top=0.96)
    for shares, colour, label, marker, line in (
            (result.learned, VERMILLION, "the tosses that it was trained on", "o", "-"),
            (result.next_toss, PURPLE, "the next toss of the same points", "s", "--")):
        draw_band(axes, result.widths, shares, colour, label, marker + line, markersize=5)
        for width, values in zip(result.widths, shares):
            axes.plot(width * 2 ** spread_out(len(values), 0.35), values, marker, color=colour,
                      markersize=2.5, alpha=0.45, markeredgewidth=0)
    axes.axhline(0.5, color=GREY, linewidth=0.9, linestyle=":", zorder=0)
    axes.set_xscale("log", base=2)
    axes.set_xticks(result.widths, [f"{width}\n({n})" for width, n in
                                    zip(result.widths, result.n_parameters)])
    axes.minorticks_off()
    axes.set(xlabel="units of each hidden layer (parameters)", ylabel="share of labels reproduced",
             ylim=(0.15, 1.03))
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.72))
    return figure
