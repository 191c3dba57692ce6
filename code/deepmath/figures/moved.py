"""Figure: trained networks on points that were moved after the training: turned, and pushed."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.activations import SIGMOID
from deepmath.checks import check_not_negative, check_number, check_whole
from deepmath.datasets import xor
from deepmath.figures.bands import draw_band
from deepmath.figures.overfitting import large_network, trained
from deepmath.figures.style import BLUE, VERMILLION, WIDTH, letter, styled
from deepmath.layers import views
from deepmath.network import Network

ANGLES = tuple(range(0, 46, 5))
PUSHES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)


@dataclass(frozen=True)
class Moved:
    """What trained networks make of moved points; the first axis is without and with a penalty.

    Attributes
    ----------
    l2 : array of shape (2,)
    angles : array of shape (k,)
        Degrees by which the points are turned about the origin; their labels stay.
    accuracy, confidence : arrays of shape (2, k, n_seeds)
        The share of points that are right, and the mean probability of the class predicted.
    pushes : array of shape (m,)
        Lengths of the way that each point is moved.
    random, steepest : arrays of shape (2, m, n_seeds)
        Accuracy when the direction is random, and when it is that in which the logit changes
        fastest to the wrong side.
    """

    l2: np.ndarray
    angles: np.ndarray
    accuracy: np.ndarray
    confidence: np.ndarray
    pushes: np.ndarray
    random: np.ndarray
    steepest: np.ndarray


def compute(l2: float = 0.01, angles: Sequence[float] = ANGLES, pushes: Sequence[float] = PUSHES,
            n_points: int = 1000, n_epochs: int = 300, n_seeds: int = 16) -> Moved:
    """Train the networks of the figure `overfitting`, and ask them about moved fresh points.

    Parameters
    ----------
    l2 : float
        The penalty of the second half of the networks.
    angles : sequence of float
        Degrees, from 0 to 360.
    pushes : sequence of float
        Lengths.
    n_points : int
        Fresh points, with their true labels.
    n_epochs, n_seeds : int
        As in the figure `overfitting`.

    Examples
    --------
    >>> result = compute(angles=(0, 45), pushes=(0, 0.1), n_points=50, n_epochs=3,
    ...                  n_seeds=2)
    >>> result.accuracy.shape, result.steepest.shape
    ((2, 2, 2), (2, 2, 2))
    """
    angles = [check_number("each of angles", angle, "a number of degrees from 0 to 360", 0, 361)
              for angle in angles]
    pushes = [check_not_negative("each of pushes", push) for push in pushes]
    X, y = xor(check_whole("n_points", n_points), 999)
    thetas, network = trained(l2, n_epochs, n_seeds), large_network()
    turned = [X @ rotation(angle).T for angle in angles]
    anywhere = default_rng(0).normal(size=X.shape)
    anywhere /= np.linalg.norm(anywhere, axis=-1, keepdims=True)
    ways = [directions(network, theta, X, y) for theta in thetas]

    def right(theta: np.ndarray, points: np.ndarray) -> np.ndarray:
        return ((network.predict(theta, points) > 0) == (y > 0.5)).mean(axis=-1)

    def sure(theta: np.ndarray, points: np.ndarray) -> np.ndarray:
        return SIGMOID(np.abs(network.predict(theta, points))).mean(axis=-1)

    return Moved(
        np.array([0.0, l2]), np.array(angles),
        np.array([[right(theta, points) for points in turned] for theta in thetas]),
        np.array([[sure(theta, points) for points in turned] for theta in thetas]),
        np.array(pushes),
        np.array([[right(theta, X + push * anywhere) for push in pushes] for theta in thetas]),
        np.array([[right(theta, X + push * way) for push in pushes]
                  for theta, way in zip(thetas, ways)]))


def rotation(degrees: float) -> np.ndarray:
    """Return the matrix that turns the plane about the origin."""
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def directions(network: Network, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return for each point the direction that moves its logit fastest from its class.

    It is the logit's gradient by the input, dX = W_1^T dZ_1, of length 1 and with the sign of the
    other class; zero where no unit is on.
    """
    trace = network.forward(theta, X)
    [first, *_] = network.deltas(theta, trace, np.ones_like(trace.output))
    W, _ = views(theta, network.sizes)[0]
    gradient = np.swapaxes(W.mT @ first, -1, -2) * np.where(y > 0.5, -1.0, 1.0)[:, None]
    length = np.linalg.norm(gradient, axis=-1, keepdims=True)
    return gradient / np.where(length > 0, length, 1.0)


@styled
def draw(result: Moved) -> Figure:
    """Draw accuracy and confidence over the angle, and accuracy over the length of the push."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 2.9), sharey=True)
    figure.subplots_adjust(left=0.075, right=0.985, bottom=0.165, top=0.91, wspace=0.1)
    for i, (l2, colour, marker) in enumerate(zip(result.l2, (VERMILLION, BLUE), "so")):
        name = f"$\\lambda = {l2:g}$"
        draw_band(left, result.angles, result.accuracy[i], colour, f"right, {name}", f"{marker}-",
                  markersize=4)
        draw_band(left, result.angles, result.confidence[i], colour, f"sure, {name}", "--")
        draw_band(right, result.pushes, result.random[i], colour, f"random, {name}", "--")
        draw_band(right, result.pushes, result.steepest[i], colour, f"steepest, {name}",
                  f"{marker}-", markersize=4)
    left.set(xlabel="degrees by which the points are turned", xticks=[0, 15, 30, 45],
             ylim=(0.35, 1.02))
    right.set(xlabel="length of the move of each point")
    letter(left, "a", "turned points")
    letter(right, "b", "share right after a move")
    for axes in (left, right):
        axes.legend(loc="lower left", fontsize=8)
    return figure
