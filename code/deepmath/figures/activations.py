"""Figure: four activation functions and their derivatives."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.activations import ACTIVATIONS
from deepmath.checks import check_positive, check_whole
from deepmath.figures.style import BLUE, GREY, VERMILLION, WIDTH, letter, styled

SHOWN = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "sigmoid": "sigmoid", "tanh": "tanh"}


@dataclass(frozen=True)
class Activations:
    """Values of each activation and its derivative.

    Attributes
    ----------
    names : tuple of str
        As `deepmath.activation` knows them.
    z : array of shape (n,)
    values, derivatives : arrays of shape (4, n)
    """

    names: tuple[str, ...]
    z: np.ndarray
    values: np.ndarray
    derivatives: np.ndarray


def compute(limit: float = 3.0, n_points: int = 601) -> Activations:
    """Evaluate ReLU, leaky ReLU, sigmoid and tanh over [-limit, limit]."""
    check_positive("limit", limit)
    check_whole("n_points", n_points, at_least=2)
    z = np.linspace(-limit, limit, n_points)
    shown = [ACTIVATIONS[name] for name in SHOWN]
    return Activations(tuple(SHOWN), z, np.array([a.function(z) for a in shown]),
                       np.array([a.derivative(z) for a in shown]))


@styled
def draw(result: Activations) -> Figure:
    """Draw a panel for each activation: the function solid, its derivative dashed."""
    figure, panels = plt.subplots(2, 2, figsize=(WIDTH, 4.6), sharex=True)
    figure.subplots_adjust(left=0.055, right=0.985, bottom=0.1, top=0.94, wspace=0.12, hspace=0.25)
    curves = zip(panels.flat, "abcd", result.names, result.values, result.derivatives)
    for axes, mark, name, values, derivative in curves:
        letter(axes, mark, SHOWN[name])
        axes.axhline(0, color=GREY, linewidth=0.7)
        axes.axvline(0, color=GREY, linewidth=0.7)
        axes.plot(result.z, values, color=BLUE)
        axes.plot(result.z, without_jumps(derivative), color=VERMILLION, linestyle=(0, (4, 1.5)))
    plt.show
    return figure
