"""Figure: how strongly the state of a recurrent network still depends on where it began."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_number, check_positive, check_whole
from deepmath.figures.bands import draw_band
from deepmath.figures.style import BLUE, GREY, ORANGE, PURPLE, VERMILLION, WIDTH, letter, styled

COLOURS, LINES = (VERMILLION, BLUE, PURPLE, ORANGE), ("--", "-", "-.", ":")


@dataclass(frozen=True)
class Memory:
    """Spectral norms of dh_t / dh_0.

    Attributes
    ----------
    norms : array of shape (k,)
        Of the recurrent matrix U.
    gate : float
    plain, gated : arrays of shape (k, n_steps + 1, n_seeds)
        By time, from 0 on.
    bound : array of shape (k, n_steps + 1)
        The norm of U to the power t.
    """

    norms: np.ndarray
    gate: float
    plain: np.ndarray
    gated: np.ndarray
    bound: np.ndarray


def compute(norms: Sequence[float] = (0.5, 1.0, 1.5), n_steps: int = 50, gate: float = 0.05,
            n_units: int = 16, n_seeds: int = 16) -> Memory:
    """Follow dh_t / dh_0 of h_t = tanh(U h_(t-1) + x_t), and of a state behind a gate.

    The gated state is h_t = (1 - g) h_(t-1) + g tanh(U h_(t-1) + x_t), with a fixed gate g. U is
    a multiple of a random orthogonal matrix; the inputs are normal, of deviation 0.1.

    Parameters
    ----------
    norms : sequence of float
        Norms of U.
    n_steps : int
    gate : float
        g, above 0 and at most 1.
    n_units, n_seeds : int

    Examples
    --------
    >>> result = compute(norms=(0.5,), n_steps=3, n_units=4, n_seeds=2)
    >>> result.plain.shape, result.bound[0]
    ((1, 4, 2), array([1.   , 0.5  , 0.25 , 0.125]))
    """
    sizes = np.array([check_positive("each of norms", each) for each in norms])
    check_number("gate", gate, "a number above 0 and at most 1", 0.0, np.nextafter(1, 2), True)
    for name, value in (("n_steps", n_steps), ("n_units", n_units), ("n_seeds", n_seeds)):
        check_whole(name, value)
    plain, gated = (np.array([[influence(seed, size, n_steps, n_units, g)
                               for seed in range(n_seeds)] for size in sizes]).swapaxes(1, 2)
                    for g in (1.0, gate))
    return Memory(sizes, gate, plain, gated, sizes[:, None] ** np.arange(n_steps + 1))


def influence(seed: int, size: float, n_steps: int, n_units: int, gate: float) -> np.ndarray:
    """Return the norm of dh_t / dh_0 for t = 0, ..., n_steps."""
    rng = default_rng(seed)
    U = size * np.linalg.qr(rng.normal(size=(n_units, n_units)))[0]
    h, J, found = np.zeros(n_units), np.eye(n_units), [np.eye(n_units)]
    for x_t in rng.normal(0.0, 0.1, (n_steps, n_units)):
        new = np.tanh(U @ h + x_t)
        J = (1 - gate) * J + gate * (1 - new**2)[:, None] * (U @ J)
        h = (1 - gate) * h + gate * new
        found.append(J)
    return np.linalg.norm(found, 2, axis=(-2, -1))


@styled
def draw(result: Memory) -> Figure:
    """Draw the influence of the start by time, plain and behind a gate."""
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 3.0), sharey=True)
    figure.subplots_adjust(left=0.1, right=0.975, bottom=0.16, top=0.91, wspace=0.08)
    times = np.arange(result.plain.shape[1])
    for axes, each in zip(panels, (result.plain, result.gated)):
        for i, (size, values) in enumerate(zip(result.norms, each)):
            draw_band(axes, times, values, COLOURS[i % 4], f"norm of $U$ {size:g}", LINES[i % 4])
        axes.set(yscale="log", xlabel="time $t$", xlim=(0, times[-1]))
        axes.grid(axis="y")
    panels[0].plot(times, result.bound.T, color=GREY, linewidth=0.8, zorder=0,
                   label=["bounds", *[None] * (len(result.bound) - 1)])
    panels[0].set_yticks(10.0 ** np.arange(-15, 10, 3))     # versions choose others
    panels[0].set_ylabel(r"norm of $\partial h_t / \partial h_0$")
    panels[0].legend(loc="lower left", borderaxespad=0.2)
    letter(panels[0], "a", "plain")
    letter(panels[1], "b", f"with a gate of {result.gate:g}")
    return figure
