"""Figure: how large the gradient is on its way back through many layers.

Networks of equally wide hidden layers, with weights as they are before training, plain and with
residual connections: A_l = A_(l-1) + f(W_l A_(l-1)) from the second layer on (He et al. 2016).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.activations import ACTIVATIONS
from deepmath.checks import check_whole
from deepmath.datasets import xor
from deepmath.figures.bands import draw_band
from deepmath.figures.style import BLUE, GREY, PURPLE, VERMILLION, WIDTH, letter, styled
from deepmath.layers import views
from deepmath.losses import BINARY_CROSS_ENTROPY
from deepmath.network import Network
from deepmath.sweep import sweep

SCHEMES = {"sigmoid": "glorot", "tanh": "glorot", "relu": "he"}
SHOWN = {"sigmoid": (VERMILLION, "--", "sigmoid"), "tanh": (PURPLE, "-.", "tanh"),
         "relu": (BLUE, "-", "ReLU")}


@dataclass(frozen=True)
class GradientNorms:
    """Norms of dL/dZ by layer, divided by that of the last hidden layer.

    Attributes
    ----------
    activations : tuple of str
    plain, residual : arrays of shape (3 activations, depth, n_seeds)
        Of the hidden layers from the first to the last.
    bound : array of shape (depth, n_seeds)
        The most that the theorem on vanishing gradients allows for the plain sigmoid networks.
    """

    activations: tuple[str, ...]
    plain: np.ndarray
    residual: np.ndarray
    bound: np.ndarray


def compute(depth: int = 30, width: int = 32, seeds: Iterable[int] = range(16),
            n_points: int = 100) -> GradientNorms:
    """Send points through untrained networks and the gradient of their loss back.

    Parameters
    ----------
    depth : int
        Hidden layers, at least 2.
    width : int
        Units of each.
    seeds : iterable of int
    n_points : int
        Of the task `xor`.

    Examples
    --------
    >>> result = compute(depth=5, width=4, seeds=range(3), n_points=20)
    >>> result.plain.shape, result.bound.shape
    ((3, 5, 3), (5, 3))
    """
    check_whole("depth", depth, at_least=2)
    check_whole("width", width)
    check_whole("n_points", n_points)
    sizes = (2, *[width] * depth, 1)
    runs = sweep(norms, seeds, [
        {"sizes": sizes, "hidden": hidden, "skip": skip, "n_points": n_points}
        for skip in (0.0, 1.0) for hidden in SCHEMES])
    plain, residual = (np.array([run["norms"].T for run in half])
                       for half in (runs[:3], runs[3:]))
    return GradientNorms(tuple(SCHEMES), plain, residual, runs[0]["bound"].T)


def norms(seeds: list[int], sizes: tuple[int, ...], hidden: str, skip: float,
          n_points: int) -> dict[str, np.ndarray]:
    """Return the norms of some seeds, relative to the last hidden layer, (seeds, depth)."""
    f = ACTIVATIONS[hidden]
    X, y = xor(n_points, 1000)
    network = Network(sizes, hidden=hidden)
    first, *middle, last = views(network.initialise_stack(seeds, SCHEMES[hidden]), sizes)
    Z = [first[0] @ X.T + first[1]]
    A = f(Z[0])
    for W, b in middle:
        Z.append(W @ A + b)
        A = skip * A + f(Z[-1])
    logits = (last[0] @ A + last[1])[:, 0, :]
    dA = last[0].mT @ BINARY_CROSS_ENTROPY.gradient(logits, y)[:, None, :]
    found = []
    for l in range(len(Z) - 1, -1, -1):
        dZ = dA * f.derivative(Z[l])
        found.append(np.linalg.norm(dZ, axis=(-2, -1)))
        if l > 0:
            dA = skip * dA + middle[l - 1][0].mT @ dZ
    steps = [np.linalg.norm(W, 2, axis=(-2, -1)) / 4 for W, _ in reversed(middle)]
    bound = np.cumprod([np.ones(len(seeds)), *steps], axis=0)
    return {"norms": np.array(found[::-1]).T / found[0][:, None], "bound": bound[::-1].T}


@styled
def draw(result: GradientNorms) -> Figure:
    """Draw the norms by layer on a logarithmic scale, plain and residual side by side."""
    figure, (plain, residual) = plt.subplots(1, 2, figsize=(WIDTH, 3.1), sharey=True)
    figure.subplots_adjust(left=0.105, right=0.985, bottom=0.155, top=0.915, wspace=0.08)
    layers = np.arange(1, result.plain.shape[1] + 1)
    for axes, norms in ((plain, result.plain), (residual, result.residual)):
        for name, each in zip(result.activations, norms):
            colour, line, label = SHOWN[name]
            draw_band(axes, layers, each, colour, label, line)
        axes.set_yscale("log")
        axes.set_xlabel("hidden layer")
        axes.grid(axis="y")
        axes.set_xlim(1, layers[-1])
    plain.plot(layers, np.median(result.bound, axis=-1), ":", color=GREY, linewidth=1.3,
               label="bound for sigmoid")
    letter(plain, "a", "plain")
    letter(residual, "b", "with residual connections")
    plain.set_ylabel(r"$\|\mathrm{d}Z_l\|$ / that of the last")
    plain.legend(loc="lower right")
    return figure
