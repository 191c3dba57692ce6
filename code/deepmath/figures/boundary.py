"""Figure: a trained classifier of points in the plane, and its loss by epoch."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepmath.activations import sigmoid
from deepmath.figures.style import BLUE, CLASS_COLOURS, CLASS_MARKERS, WIDTH, letter, styled
from deepmath.network import Network
from deepmath.training import History


@styled
def draw(network: Network, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
         history: History) -> Figure:
    """Draw the predicted probability with the points on it, and the training loss.

    Parameters
    ----------
    network : Network
        With two inputs and one output, the logit.
    theta : array of shape (P,)
    X : array of shape (n, 2)
    y : array of shape (n,), of labels 0 and 1
    history : History
    """
    figure, (plane, loss) = plt.subplots(1, 2, figsize=(WIDTH, 3.2))
    figure.subplots_adjust(left=0.07, right=0.985, bottom=0.15, top=0.91, wspace=0.25)
    draw_plane(plane, network, theta)
    draw_points(plane, X, y)
    letter(plane, "a", "probability of class 1")
    plane.set(xlabel="$x_1$", ylabel="$x_2$", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    epochs = np.arange(1, len(history.training_loss) + 1)
    loss.plot(epochs, history.training_loss, color=BLUE)
    letter(loss, "b", "training loss")
    top = 1.05 * history.training_loss.max()
    loss.set(xlabel="epoch", ylabel="binary cross-entropy", ylim=(0, top or 1.0))
    return figure


def draw_plane(axes: Axes, network: Network, theta: np.ndarray, limit: float = 1.0,
               n_grid: int = 101) -> None:
    """Shade a square by the predicted probability; a line marks probability 1/2."""
    side = np.linspace(-limit, limit, n_grid)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    logits = network.predict(theta, points).reshape(n_grid, n_grid)
    axes.imshow(sigmoid(logits), extent=(-limit, limit, -limit, limit), origin="lower",
                cmap="PuOr_r", vmin=-0.3, vmax=1.3, interpolation="bilinear", aspect="auto")
    if logits.min() < 0 < logits.max():
        axes.contour(side, side, logits, levels=[0.0], colors="black", linewidths=1.2)


def draw_points(axes: Axes, X: np.ndarray, y: np.ndarray, size: float = 16) -> None:
    """Draw the points of each class in its colour and with its marker."""
    for label, (colour, marker) in enumerate(zip(CLASS_COLOURS, CLASS_MARKERS)):
        x1, x2 = X[y == label].T
        axes.scatter(x1, x2, s=size, color=colour, marker=marker, edgecolors="white",
                     linewidths=0.5, label=f"class {label}")
