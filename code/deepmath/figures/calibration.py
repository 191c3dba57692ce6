"""Figure: how often a network is right where it says how sure it is; and what a temperature mends.

The networks are those of the figure `overfitting`. A temperature divides all logits; it is chosen
on the validation points, the network's other use of them (Guo et al. 2017).
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.activations import SIGMOID
from deepmath.checks import check_whole
from deepmath.figures.overfitting import large_network, noisy_xor, trained
from deepmath.figures.style import BLUE, GREY, VERMILLION, WIDTH, letter, styled
from deepmath.losses import binary_cross_entropy

FLIPPED = 0.15
TEMPERATURES = np.geomspace(0.2, 40.0, 120)


@dataclass(frozen=True)
class Calibration:
    """Confidence against accuracy on fresh points; the first axis is without and with penalty.

    A network's confidence at a point is the probability that it gives to the class it predicts.

    Attributes
    ----------
    l2 : array of shape (2,)
    says, right, share : arrays of shape (2, 2, n_bins)
        For logits as they are, and divided by the temperature: mean confidence in each bin of
        confidence, share of right predictions, and share of the points; all networks together.
        A bin without points holds NaN.
    sure, accuracy : arrays of shape (2, 2, n_seeds)
        Mean confidence and accuracy of each network.
    loss : array of shape (2, 2, n_seeds)
    temperature : array of shape (2, n_seeds)
    """

    l2: np.ndarray
    says: np.ndarray
    right: np.ndarray
    share: np.ndarray
    sure: np.ndarray
    accuracy: np.ndarray
    loss: np.ndarray
    temperature: np.ndarray


def compute(l2: float = 0.01, n_bins: int = 10, n_fresh: int = 4000, n_epochs: int = 300,
            n_seeds: int = 16) -> Calibration:
    """Train the networks, choose a temperature for each, and judge them on fresh points.

    Parameters
    ----------
    l2 : float
        The penalty of the second half of the networks.
    n_bins : int
        Bins of confidence from 1/2 to 1.
    n_fresh : int
        Points, with 15 per cent of their labels flipped.
    n_epochs, n_seeds : int
        As in the figure `overfitting`.

    Examples
    --------
    >>> result = compute(n_bins=5, n_fresh=200, n_epochs=3, n_seeds=2)
    >>> result.says.shape, result.temperature.shape
    ((2, 2, 5), (2, 2))
    """
    check_whole("n_bins", n_bins)
    check_whole("n_fresh", n_fresh)
    thetas = trained(l2, n_epochs, n_seeds, FLIPPED)
    X, y, _ = noisy_xor(n_fresh, default_rng(999), FLIPPED)
    X_val, y_val, _ = noisy_xor(400, default_rng(998), FLIPPED)
    network, rows = large_network(), []
    for theta in thetas:
        temperature = best_temperature(network.predict(theta, X_val), y_val)
        logits = network.predict(theta, X)
        both = np.stack([logits, logits / temperature[:, None]])
        right = (both > 0) == (y > 0.5)
        sure = SIGMOID(np.abs(both))
        rows.append((*in_bins(sure, right, n_bins), sure.mean(axis=-1), right.mean(axis=-1),
                     binary_cross_entropy(both, y), temperature))
    return Calibration(np.array([0.0, l2]), *map(np.array, zip(*rows)))


def best_temperature(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return, for logits (S, n), the T for which logits / T have the lowest loss, (S,)."""
    losses = [binary_cross_entropy(logits / each, y) for each in TEMPERATURES]
    return TEMPERATURES[np.argmin(losses, axis=0)]


def in_bins(sure: np.ndarray, right: np.ndarray,
            n_bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return confidence, accuracy and share of the points by bins, each (kinds, n_bins)."""
    place = np.minimum(((sure - 0.5) * 2 * n_bins).astype(int), n_bins - 1)
    counts, says, rights = (np.array([
        np.bincount(one.ravel(), None if values is None else values[kind].ravel(), n_bins)
        for kind, one in enumerate(place)]) for values in (None, sure, right))
    filled = np.where(counts > 0, counts, np.nan)
    return says / filled, rights / filled, counts / sure[0].size


@styled
def draw(result: Calibration) -> Figure:
    """Draw a reliability diagram without and with the penalty; below, where the points lie."""
    figure, rows = plt.subplots(2, 2, figsize=(WIDTH, 4.3), sharex=True, sharey="row",
                                height_ratios=(3, 1))
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.11, top=0.93, wspace=0.08, hspace=0.13)
    kinds = (("as trained", VERMILLION, "o-"), ("divided by the temperature", BLUE, "s--"))
    width = 0.5 / result.says.shape[-1]
    edges = 0.5 + width * np.arange(result.says.shape[-1])
    for i, l2 in enumerate(result.l2):
        above, below = rows[:, i]
        above.plot([0.5, 1], [0.5, 1], color=GREY, linewidth=0.9, linestyle=":")
        for j, (name, colour, line) in enumerate(kinds):
            above.plot(result.says[i, j], result.right[i, j], line, color=colour, markersize=4.5,
                       label=name)
            below.bar(edges + width * (0.29 + 0.42 * j), result.share[i, j], 0.4 * width,
                      color=colour, edgecolor=colour, hatch=("", "////")[j],
                      facecolor=(colour, "white")[j])
        letter(above, "ab"[i], f"penalty $\\lambda = {l2:g}$")
        below.set_xlabel("confidence")
    rows[0, 0].set(ylabel="share that is right", ylim=(0.48, 1.0), xlim=(0.5, 1.0))
    rows[1, 0].set(ylabel="share of points", yticks=[0, 0.5])
    rows[0, 0].legend(loc="upper left")
    rows[0, 1].annotate("calibrated", (0.75, 0.685), rotation=38, color=GREY)
    return figure
