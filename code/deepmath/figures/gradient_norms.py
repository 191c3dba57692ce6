"""Figure: how large the gradient is on its way back through many layers.

Networks of equally wide hidden layers, with weights as they are before training. From the second
hidden layer on they come in four kinds: a plain layer, f(W a + b); with a residual connection,
a + f(W a + b) (He et al. 2016); with layer normalisation N, f(N(W a + b)) (Ba et al. 2016); and
with both, a + f(W N(a) + b), where what is passed on is not normalised (Xiong et al. 2020).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.composed import Chain, Dense, Layer, LayerNorm, Residual, Sequential
from deepmath.datasets import xor
from deepmath.figures.bands import draw_band
from deepmath.figures.style import BLUE, GREY, PURPLE, VERMILLION, WIDTH, letter, styled
from deepmath.sweep import grid, sweep

SCHEMES = {"sigmoid": "glorot", "tanh": "glorot", "relu": "he"}
SHOWN = {"sigmoid": (VERMILLION, "--", "sigmoid"), "tanh": (PURPLE, "-.", "tanh"),
         "relu": (BLUE, "-", "ReLU")}
KINDS = {"plain": "plain", "residual": "residual", "normalised": "normalised",
         "both": "residual, normalised within"}


@dataclass(frozen=True)
class GradientNorms:
    """Norms of dL/dA by layer, where A is what it gives on, divided by that of the last.

    Attributes
    ----------
    activations : tuple of str
    plain, residual, normalised, both : arrays of shape (3 activations, depth, n_seeds)
        Of the hidden layers from the first to the last.
    bound : array of shape (depth, n_seeds)
        The most that the theorem on vanishing gradients allows for the plain sigmoid networks.
    """

    activations: tuple[str, ...]
    plain: np.ndarray
    residual: np.ndarray
    normalised: np.ndarray
    both: np.ndarray
    bound: np.ndarray


def compute(depth: int = 30, width: int = 32, seeds: Iterable[int] = range(32),
            n_points: int = 25) -> GradientNorms:
    """Send points through untrained networks and the gradient of their loss back.

    Parameters
    ----------
    depth : int
        Hidden layers, at least 2.
    width : int
        Units of each, at least 2.
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
    check_whole("width", width, at_least=2)
    check_whole("n_points", n_points)
    runs = sweep(norms, seeds, grid(kind=KINDS, hidden=SCHEMES, depth=[depth], width=[width],
                                    n_points=[n_points]), stack=32)
    found = np.array([run["norms"].T for run in runs])
    by_kind = dict(zip(KINDS, found.reshape(len(KINDS), -1, *found.shape[1:])))
    return GradientNorms(activations=tuple(SCHEMES), bound=runs[0]["bound"].T, **by_kind)


def deep_network(kind: str, depth: int, width: int, hidden: str) -> Sequential:
    """Return a network from the plane to one logit, of which each hidden layer is one layer."""
    dense, N = Dense(width, width), LayerNorm(width)
    block: Layer = {"plain": Chain([dense, hidden]), "residual": Residual([dense, hidden]),
                    "normalised": Chain([dense, N, hidden]),
                    "both": Residual([N, dense, hidden])}[kind]
    return Sequential([Chain([Dense(2, width), hidden]), *[block] * (depth - 1),
                       Dense(width, 1)], (2,))


def norms(seeds: list[int], kind: str, hidden: str, depth: int, width: int,
          n_points: int) -> dict[str, np.ndarray]:
    """Return the norms of some seeds, relative to the last hidden layer, (seeds, depth)."""
    network = deep_network(kind, depth, width, hidden)
    theta = network.initialise_stack(seeds, SCHEMES[hidden])
    *found, _ = network.gradient_norms(theta, *xor(n_points, 1000))
    relative = {"norms": np.array(found).T / found[-1][:, None]}
    if (kind, hidden) != ("plain", "sigmoid"):
        return relative
    steps = [np.linalg.norm(W, 2, axis=(-2, -1)) / 4
             for (W, _), in reversed(network.by_layer(theta)[1:-1])]
    bound = np.cumprod([np.ones(len(seeds)), *steps], axis=0)
    return {**relative, "bound": bound[::-1].T}


@styled
def draw(result: GradientNorms) -> Figure:
    """Draw the norms by layer on a logarithmic scale, a panel for each kind of layer."""
    figure, panels = plt.subplots(2, 2, figsize=(WIDTH, 4.7), sharex=True, sharey=True)
    figure.subplots_adjust(left=0.105, right=0.985, bottom=0.1, top=0.945, wspace=0.08, hspace=0.2)
    layers = np.arange(1, result.plain.shape[1] + 1)
    for panel, axes, (kind, title) in zip("abcd", panels.flat, KINDS.items()):
        for name, each in zip(result.activations, getattr(result, kind)):
            colour, line, label = SHOWN[name]
            draw_band(axes, layers, each, colour, label, line)
        axes.set_yscale("log")
        axes.grid(axis="y")
        axes.set_xlim(1, layers[-1])
        letter(axes, panel, title)
    panels[0, 0].plot(layers, np.median(result.bound, axis=-1), ":", color=GREY, linewidth=1.3,
                      label="bound for sigmoid")
    for row in panels:
        row[0].set_ylabel(r"$\|\mathrm{d}A_l\|$ / that of the last")
    for axes in panels[1]:
        axes.set_xlabel("hidden layer")
    panels[0, 0].set_yticks(10.0 ** np.arange(-18, 7, 6))       # versions choose others
    panels[1, 1].legend(*panels[0, 0].get_legend_handles_labels(), loc="lower right")
    return figure
