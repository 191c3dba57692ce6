"""Figure: two spirals on their way through random layers and through trained ones."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.datasets import spirals
from deepmath.figures.boundary import draw_points
from deepmath.figures.style import WIDTH, letter, styled
from deepmath.network import Network
from deepmath.optimisers import Adam
from deepmath.probe import linear_probe
from deepmath.training import fit

STAGES = ("input plane", "after one layer", "after two layers")


@dataclass(frozen=True)
class Spirals:
    """Representations of one set of points, and how separable they are over seeds.

    Attributes
    ----------
    y : array of shape (n,)
    random_views, trained_views : arrays of shape (3, n, 2)
        The points as the plane, the first and the second hidden layer show them: of a hidden
        layer the two leading principal components, for the first seed.
    random_accuracy, trained_accuracy : arrays of shape (S, 3)
        Accuracy of a linear probe on held-out points, for each seed and stage.
    """

    y: np.ndarray
    random_views: np.ndarray
    trained_views: np.ndarray
    random_accuracy: np.ndarray
    trained_accuracy: np.ndarray


def compute(n_seeds: int = 32, n_points: int = 300, width: int = 16,
            n_epochs: int = 1000) -> Spirals:
    """Draw random layers, train the same networks, and probe every stage.

    Parameters
    ----------
    n_seeds : int
        Networks, of two hidden ReLU layers, with He's initialisation.
    n_points : int
        Points to train and fit probes on; as many are held out.
    width : int
        Units of each hidden layer.
    n_epochs : int
        Epochs of Adam, with the learning rate 0.01, on all points at once.
    """
    check_whole("n_seeds", n_seeds)
    X, y = spirals(n_points, 0)
    held_X, held_y = spirals(n_points, 1)
    network = Network((2, width, width, 1), hidden="relu")
    random = network.initialise_stack(range(n_seeds), "he")
    trained = fit(network, random, X, y, optimiser=Adam(0.01), n_epochs=n_epochs).theta

    def probed(theta):
        train = [np.broadcast_to(X, (n_seeds, *X.shape)), *network.representations(theta, X)]
        held = [np.broadcast_to(held_X, (n_seeds, *X.shape)),
                *network.representations(theta, held_X)]
        return np.stack([linear_probe(a, y, b, held_y) for a, b in zip(train, held)], axis=-1)

    def seen(theta):
        return np.stack([X, *map(leading_components, network.representations(theta, X))])

    return Spirals(y, seen(random[0]), seen(trained[0]), probed(random), probed(trained))


def leading_components(A: np.ndarray) -> np.ndarray:
    """Return the points' two leading principal components, (n, 2), of A, (n, h)."""
    centred = A - A.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:2].T


@styled
def draw(result: Spirals) -> Figure:
    """Draw the random layers above and the trained ones below, with the probes' accuracy."""
    figure, rows = plt.subplots(2, 3, figsize=(WIDTH, 5.2))
    figure.subplots_adjust(left=0.05, right=0.99, bottom=0.07, top=0.95, wspace=0.12, hspace=0.42)
    shown = ((result.random_views, result.random_accuracy, "random"),
             (result.trained_views, result.trained_accuracy, "trained"))
    letters = iter("abcdef")
    for axes_row, (views, accuracies, kind) in zip(rows, shown):
        axes_row[0].set_ylabel(f"{kind} weights")
        for axes, points, accuracy, stage in zip(axes_row, views, accuracies.T, STAGES):
            draw_points(axes, points, result.y, size=9)
            low, middle, high = np.percentile(accuracy, [25, 50, 75])
            letter(axes, next(letters), stage)
            axes.set_xlabel(f"probe {middle:.2f} ({low:.2f} to {high:.2f})")
            axes.set(xticks=[], yticks=[])
            axes.margins(0.08)
    return figure
