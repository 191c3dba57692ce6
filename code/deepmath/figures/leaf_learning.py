"""Figure: a convolutional and a fully connected network learn to tell leaves; where that ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_not_negative, check_whole
from deepmath.figures.bands import draw_band
from deepmath.figures.leaf_networks import (
    CONNECTED, CONVOLUTIONAL, FRESH, KINDS, points, probabilities, trained)
from deepmath.figures.style import (
    BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, WIDTH, letter, styled)
from deepmath.leaves import SPECIES, Specimens, photograph, specimens

LEVELS = np.linspace(0.25, 1.0, 31)
UNKNOWN = len(SPECIES) - 1


@dataclass(frozen=True)
class Learning:
    """Accuracies, whose first axis is convolutional and fully connected, and confidences.

    Attributes
    ----------
    kinds : tuple of str
    n_leaves : array of shape (m,)
        Leaves from which a network learns.
    accuracy : array of shape (2, m, n_seeds)
        On fresh leaves, of networks that have learned from so many.
    turns, shifts : arrays
        Degrees and pixels, either way.
    turned, shifted : arrays of shape (2, len(turns), n_seeds) and (2, len(shifts), n_seeds)
        Accuracies, after the largest number of leaves, on leaves that lie so.
    lobes, margin : arrays of shape (len(turns), n_seeds)
        The shares of the turned leaves of which the convolutional network names the lobes rightly,
        and the margin, whatever it says of the other.
    levels : array of shape (l,)
    above : array of shape (3, l, n_seeds)
        The share of leaves of which the convolutional network is as sure as that; of those that
        it names rightly, of those that it names wrongly, and of the fifth species, of which it
        knows nothing.
    sure : array of shape (2, n_seeds)
        Its mean confidence on the leaves of the four species, and on those of the fifth.
    """

    kinds: tuple[str, ...]
    n_leaves: np.ndarray
    accuracy: np.ndarray
    turns: np.ndarray
    turned: np.ndarray
    shifts: np.ndarray
    shifted: np.ndarray
    lobes: np.ndarray
    margin: np.ndarray
    levels: np.ndarray
    above: np.ndarray
    sure: np.ndarray


def compute(n_leaves: Sequence[int] = (10, 100, 1000), n_seeds: int = 32,
            turns: Sequence[float] = (0, 30, 60, 90, 120, 150, 180),
            shifts: Sequence[float] = (0, 2, 4, 6, 8), n_fresh: int = 200) -> Learning:
    """Train both networks on each number of leaves, and judge them on others.

    Parameters
    ----------
    n_leaves : sequence of int
        Each from 1 to 1000; in the training leaves are turned by up to 30 degrees and shifted
        by up to 2 pixels in each direction.
    n_seeds : int
        Each draws leaves, of 2000, and initial weights of its own.
    turns, shifts : sequences of numbers
        Degrees by which the leaves of one test are turned, and pixels by which those of another
        are shifted; the other of the two is as in the training.
    n_fresh : int
        Leaves to be judged on; half as many in the tests with turns and shifts, and of the fifth
        species.

    Examples
    --------
    >>> result = compute((8,), n_seeds=2, turns=(0, 90), shifts=(0,), n_fresh=8)
    >>> result.accuracy.shape, result.turned.shape, result.above.shape
    ((2, 1, 2), (2, 2, 2), (3, 31, 2))
    """
    numbers = [check_whole("each of n_leaves", n) for n in n_leaves]
    if not numbers:
        raise ValueError("n_leaves must name at least one number of leaves; got none")
    check_whole("n_fresh", n_fresh, at_least=2)
    for name, values in (("turns", turns), ("shifts", shifts)):
        for value in values:
            check_not_negative(f"each of {name}", value)
    fresh, few = specimens(n_fresh, FRESH), specimens(n_fresh // 2, FRESH + 1)
    unknown = specimens(n_fresh // 2, FRESH + 2, species=(UNKNOWN,))
    X, species = points(photograph(fresh)), fresh.species
    X_unknown = points(photograph(unknown))
    tests = [points(photograph(each)) for each in (
        *(turned_by(few, turn) for turn in turns), *(shifted_by(few, shift) for shift in shifts))]
    accuracy, moved, last = [], [], {}
    for kind in KINDS:
        thetas = {n: trained(kind, n, n_seeds) for n in numbers}
        last[kind] = thetas[max(numbers)]
        accuracy.append([right(probabilities(kind, thetas[n], X), species) for n in numbers])
        answers = [probabilities(kind, last[kind], each) for each in tests]
        moved.append([right(each, few.species) for each in answers])
        if kind == CONVOLUTIONAL:
            lobes, margin = np.moveaxis(np.array([traits(each, few.species)
                                                  for each in answers[:len(turns)]]), 1, 0)
    known, new = (probabilities(CONVOLUTIONAL, last[CONVOLUTIONAL], each)
                  for each in (X, X_unknown))
    named = known.argmax(axis=-1) == species
    groups = ((known, named), (known, ~named), (new, np.ones(new.shape[:2], dtype=bool)))
    return Learning(
        KINDS, np.array(numbers), np.array(accuracy), np.array(turns),
        np.array(moved)[:, :len(turns)], np.array(shifts), np.array(moved)[:, len(turns):],
        lobes, margin, LEVELS,
        np.array([share_above(found.max(axis=-1), which) for found, which in groups]),
        np.array([each.max(axis=-1).mean(axis=-1) for each in (known, new)]))


def right(found: np.ndarray, species: np.ndarray) -> np.ndarray:
    """Return the share of leaves (S, n, 4) whose likeliest species is theirs, (S,)."""
    return (found.argmax(axis=-1) == species).mean(axis=-1)


def traits(found: np.ndarray, species: np.ndarray) -> np.ndarray:
    """Return the shares of leaves (S, n, 4) whose lobes, and whose margin, are right, (2, S)."""
    named = found.argmax(axis=-1)
    return np.array([(named // 2 == species // 2).mean(axis=-1),
                     (named % 2 == species % 2).mean(axis=-1)])


def share_above(confidence: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Return the share of some leaves, (S, n), with at least each of the `LEVELS`, (l, S)."""
    of = np.maximum(which.sum(axis=-1), 1)
    return np.array([((confidence >= level) & which).sum(axis=-1) / of for level in LEVELS])


def turned_by(leaves: Specimens, degrees: float) -> Specimens:
    """Return the leaves turned by so much, one against the clock, the next with it."""
    return replace(leaves, turn=degrees * (-1.0) ** (np.arange(len(leaves)) // 4))


def shifted_by(leaves: Specimens, pixels: float) -> Specimens:
    """Return the leaves shifted by so much, in random directions."""
    angle = default_rng(0).uniform(0, 2 * np.pi, len(leaves))
    return replace(leaves, shift=pixels * np.column_stack([np.cos(angle), np.sin(angle)]))


@styled
def draw(result: Learning) -> Figure:
    """Draw accuracies over leaves, turns and shifts, and confidences."""
    figure, panels = plt.subplots(2, 2, figsize=(WIDTH, 5.0))
    figure.subplots_adjust(left=0.075, right=0.985, bottom=0.095, top=0.945, wspace=0.17,
                           hspace=0.4)
    by_number, by_turn, by_shift, confidence = panels.flat
    for axes, x, values, mark, title, label in (
            (by_number, result.n_leaves, result.accuracy, "a", "accuracy on fresh leaves",
             "leaves to learn from"),
            (by_turn, result.turns, result.turned, "b", "on leaves turned further",
             "degrees, either way"),
            (by_shift, result.shifts, result.shifted, "c", "on leaves shifted further", "pixels")):
        draw_accuracies(axes, x, values)
        letter(axes, mark, title)
        axes.set(xlabel=label, ylim=(0, 1.02))
    by_number.set_xscale("log")
    by_number.set_xticks(result.n_leaves, map(str, result.n_leaves))
    by_number.minorticks_off()
    by_number.legend(loc="upper left")
    for values, colour, line, name, place in (
            (result.lobes, GREEN, "--", "lobes alone", (50, 0.73)),
            (result.margin, PURPLE, ":", "margin alone", (124, 0.94))):
        by_turn.plot(result.turns, np.median(values, axis=-1), line, color=colour, label=name,
                     linewidth=1.5)
        by_turn.annotate(name, place, color=colour)
    by_turn.set_xticks(result.turns)
    by_turn.axvspan(0, 30, color=GREY, alpha=0.15, linewidth=0)
    by_shift.axvspan(0, 2, color=GREY, alpha=0.15, linewidth=0)
    by_shift.annotate("training", (0.85, 0.03), rotation=90, color=GREY)
    for name, values, colour, line in zip(("right", "wrong", "of the fifth species"), result.above,
                                          (BLUE, ORANGE, PURPLE), ("-", "-.", "--")):
        draw_band(confidence, result.levels, values, colour, name, line)
    letter(confidence, "d", "share of leaves above a confidence")
    confidence.set(xlabel="confidence (convolutional)", ylim=(0, 1.02), xlim=(0.25, 1.0))
    confidence.legend(loc="lower left")
    return figure


def draw_accuracies(axes: Axes, x: np.ndarray, values: np.ndarray) -> None:
    """Draw accuracies of both kinds, (2, len(x), seeds), and that of a guess."""
    for kind, of_kind, colour, line in zip((CONVOLUTIONAL, CONNECTED), values,
                                           (BLUE, VERMILLION), ("o-", "D-.")):
        draw_band(axes, x, of_kind, colour, kind, line, markersize=4.5)
    axes.axhline(0.25, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
