"""Figure: one wide hidden layer against four narrow ones, over many seeds."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.datasets import checkerboard
from deepmath.figures.style import BLUE, VERMILLION, WIDTH, letter, styled
from deepmath.network import Network
from deepmath.optimisers import GradientDescent
from deepmath.training import fit

SHALLOW, DEEP = (2, 64, 1), (2, 16, 16, 16, 16, 1)


@dataclass(frozen=True)
class Depth:
    """Losses by epoch of a shallow and a deep network.

    Attributes
    ----------
    n_parameters : tuple of int
        Of the shallow and of the deep network.
    training_loss, validation_loss : arrays of shape (2, n_epochs, S)
        Binary cross-entropy: shallow first, then deep.
    """

    n_parameters: tuple[int, int]
    training_loss: np.ndarray
    validation_loss: np.ndarray


def compute(n_seeds: int = 32, n_epochs: int = 1000, n_points: int = 400,
            learning_rate: float = 0.1) -> Depth:
    """Train both architectures from the same seeds, on the same checkerboard.

    Full-batch gradient descent with one learning rate for both, weights by He's
    initialisation, ReLU; as many points are held out for validation as are trained on.
    """
    check_whole("n_seeds", n_seeds)
    data, validation = checkerboard(n_points, 0), checkerboard(n_points, 1)
    histories, counts = [], []
    for sizes in (SHALLOW, DEEP):
        network = Network(sizes, hidden="relu")
        theta = network.initialise_stack(range(n_seeds), "he")
        result = fit(network, theta, *data, optimiser=GradientDescent(learning_rate),
                     n_epochs=n_epochs, validation=validation)
        histories.append(result.history)
        counts.append(network.n_parameters)
    return Depth(tuple(counts), np.stack([each.training_loss for each in histories]),
                 np.stack([each.validation_loss for each in histories]))


@styled
def draw(result: Depth) -> Figure:
    """Draw the median and the interquartile band of each loss, a panel for each network."""
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 3.3), sharey=True)
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.15, top=0.91, wspace=0.08)
    names = ("1 hidden layer of 64", "4 hidden layers of 16")
    for place, (axes, name) in enumerate(zip(panels, names)):
        for losses, label, colour, style in (
                (result.training_loss[place], "training", BLUE, "-"),
                (result.validation_loss[place], "validation", VERMILLION, "--")):
            low, middle, high = np.percentile(losses, [25, 50, 75], axis=1)
            epochs = np.arange(1, len(middle) + 1)
            axes.plot(epochs, middle, style, color=colour, label=label)
            axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
        letter(axes, "ab"[place], name)
        axes.legend(title=f"{result.n_parameters[place]} parameters", loc="lower left")
        axes.set(xlabel="epoch", ylim=(0, None))
    panels[0].set_ylabel("binary cross-entropy")
    return figure
