"""Figure: which earlier day had the same key? A recurrent state against one head of attention.

Both are trained on the task `matching_days` in the same way. The recurrent network has the state
whose number of parameters is nearest to that of the network with attention.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_whole
from deepmath.composed import Attention, Dense, Last, Recurrent, Sequential
from deepmath.datasets import matching_days
from deepmath.figures.bands import draw_band
from deepmath.figures.style import BLUE, GREY, VERMILLION, WIDTH, letter, styled
from deepmath.losses import accuracy
from deepmath.optimisers import Adam
from deepmath.sweep import grid, sweep
from deepmath.training import fit

KINDS = ("attention", "recurrent")
N_KEYS, N_VALUES = 4, 2
RATE, BATCH = 0.03, 30
N_SEEN = 8      # sequences that are shown for each matching day


@dataclass(frozen=True)
class Matching:
    """Accuracy by the length of the sequence, and one network's weights at one length.

    Attributes
    ----------
    kinds : tuple of str
    lengths : tuple of int
        Days of a sequence, the last one included.
    n_parameters : array of shape (kinds,)
    accuracy : array of shape (kinds, lengths, n_seeds)
        On 500 fresh sequences.
    weights : array of shape (2, m, shown)
        Of the last day on each day, for some sequences in the order of their matching days,
        before and after training.
    match : array of shape (m,)
        The matching days.
    product : array of shape (4, 5)
        The matrix M with scores x_T^T M x_t / sqrt(k), but for the biases, after training; without
        its last row, as the last entry of x_T is 0.
    """

    kinds: tuple[str, ...]
    lengths: tuple[int, ...]
    n_parameters: np.ndarray
    accuracy: np.ndarray
    weights: np.ndarray
    match: np.ndarray
    product: np.ndarray


def compute(lengths: Sequence[int] = (3, 5, 9, 17), shown: int = 9, n_points: int = 300,
            n_epochs: int = 20, n_seeds: int = 32) -> Matching:
    """Train both kinds at each length, and look into the network of median accuracy at one.

    Parameters
    ----------
    lengths : sequence of int
        Days of a sequence, at least 3.
    shown : int
        One of the lengths.
    n_points : int
        Sequences to learn from; each seed has its own.
    n_epochs, n_seeds : int

    Examples
    --------
    >>> result = compute(lengths=(3, 5), shown=5, n_points=20, n_epochs=2, n_seeds=3)
    >>> result.accuracy.shape, result.weights.shape
    ((2, 2, 3), (2, 32, 5))
    """
    lengths = tuple(check_whole("each of lengths", each, at_least=3) for each in lengths)
    for name, value in (("n_points", n_points), ("n_epochs", n_epochs), ("n_seeds", n_seeds)):
        check_whole(name, value)
    if shown not in lengths:
        raise ValueError(f"shown must be one of the lengths {lengths}; got {shown}")
    runs = sweep(train, range(n_seeds), grid(
        kind=KINDS, length=lengths, n_points=[n_points], n_epochs=[n_epochs]), stack=32)
    right = np.array([run["accuracy"] for run in runs]).reshape(len(KINDS), len(lengths), n_seeds)
    at = lengths.index(shown)
    seed = int(np.argsort(right[0, at], kind="stable")[n_seeds // 2])
    network, thetas = make("attention", shown), runs[at]["thetas"][seed]
    X, match = sorted_days(shown)
    weights = np.array([network.attention(theta, X)[0][:, 0] for theta in thetas])
    (Q, _), (K, _), _ = network.by_layer(thetas[1])[0]
    return Matching(KINDS, lengths, np.array([make(kind, shown).n_parameters for kind in KINDS]),
                    right, weights, match, (Q.T @ K)[:-1])


def make(kind: str, length: int) -> Sequential:
    """Return a network of one kind for sequences of so many days."""
    d, shape = N_KEYS + 1, (N_KEYS + 1, length)
    others = ~np.eye(length, dtype=bool)                # no day looks at itself
    attention = Sequential([Attention(d, N_KEYS, N_VALUES, others, last=True),
                            Dense(N_VALUES, 1)], shape)
    if kind == "attention":
        return attention
    return min((Sequential([Recurrent(d, h), Last(), Dense(h, 1)], shape) for h in range(1, 20)),
               key=lambda each: abs(each.n_parameters - attention.n_parameters))


def train(seeds: list[int], kind: str, length: int, n_points: int, n_epochs: int,
          rate: float = RATE) -> dict[str, np.ndarray]:
    """Train a stack; return each network's accuracy, and its parameters before and after."""
    network = make(kind, length)
    generators = [default_rng(seed) for seed in seeds]
    X, y = (np.stack(each) for each in zip(*(
        matching_days(n_points, length, rng) for rng in generators)))
    start = network.initialise_stack(generators, "glorot")
    end = fit(network, start, X, y, optimiser=Adam(rate), n_epochs=n_epochs,
              batch_size=BATCH).theta
    X_fresh, y_fresh = matching_days(500, length, 1000)
    return {"accuracy": accuracy(network.predict(end, X_fresh), y_fresh),
            "thetas": np.stack([start, end], axis=1)}


def sorted_days(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences, as many for each matching day, in its order, and the matching days."""
    X, _ = matching_days(60 * length, length, 2000)
    match = np.einsum("nkt,nk->nt", X[:, :-1, :-1], X[:, :-1, -1]).argmax(axis=1)
    rows = np.concatenate([np.flatnonzero(match == day)[:N_SEEN] for day in range(length - 1)])
    return X[rows], match[rows]


@styled
def draw(result: Matching) -> Figure:
    """Draw the accuracy over the number of earlier days; the weights; and the matrix M."""
    figure = plt.figure(figsize=(WIDTH, 3.3))
    panels = figure.add_gridspec(
        1, 4, width_ratios=(2.6, 1.25, 1.25, 1.5), left=0.085, right=0.985, bottom=0.15, top=0.905,
        wspace=0.4).subplots(squeeze=False)[0]
    earlier = np.array(result.lengths) - 1
    for right, kind, n, colour, line in zip(result.accuracy, result.kinds, result.n_parameters,
                                            (BLUE, VERMILLION), ("-", "--")):
        draw_band(panels[0], earlier, right, colour, f"{kind}, {n} parameters", line, marker="o",
                  markersize=4)
    panels[0].axhline(0.5, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    panels[0].set(xscale="log", xlabel="earlier days", ylabel="accuracy on fresh sequences",
                  ylim=(0.45, 1.2))
    panels[0].set_xticks(earlier, [str(each) for each in earlier])
    panels[0].set_yticks(np.arange(0.5, 1.01, 0.1))
    panels[0].minorticks_off()
    panels[0].legend(loc="upper left", borderaxespad=0.1, handlelength=1.6)
    days = result.weights.shape[-1]
    for axes, weights in zip(panels[1:3], result.weights):
        axes.imshow(weights, cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        axes.set_xticks([0, days // 2, days - 1], ["1", str(days // 2 + 1), str(days)])
        axes.set(xlabel="day", yticks=[])
    panels[1].set_ylabel("sequences, by the day that matches", labelpad=2)
    largest = 2 * np.abs(result.product).max()           # pale, for numbers to be read on it
    panels[3].imshow(result.product, cmap="PuOr_r", vmin=-largest, vmax=largest,
                     interpolation="nearest")
    for (i, j), value in np.ndenumerate(result.product):
        panels[3].text(j, i, f"{round(value) + 0.0:.0f}".replace("-", "−"), ha="center",
                       va="center", fontsize=7.5)
    sides = [*(f"key {i + 1}" for i in range(N_KEYS)), "value"]
    panels[3].set_yticks(range(N_KEYS), sides[:-1], fontsize=7)
    panels[3].set_xticks(range(len(sides)), sides, fontsize=7, rotation=90)
    panels[3].tick_params(length=0)
    panels[3].set(xlabel="of a day")
    for axes in panels[1:]:
        for spine in axes.spines.values():
            spine.set(visible=True, color="#BBBBBB")
    for axes, mark, title in zip(panels, "abcd", ("found", "before", "after", r"$W_Q^\top W_K$")):
        letter(axes, mark, title)
    return figure
