"""Figure: a network that is too large learns flipped labels, without and with a penalty.

Each seed has its own points, its own flips and its own initial weights.
"""

from dataclasses import dataclass
from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import Generator, default_rng

from deepmath.checks import check_not_negative, check_number, check_whole
from deepmath.datasets import xor
from deepmath.figures.bands import draw_band
from deepmath.figures.style import (
    BLACK, BLUE, GREEN, GREY, ORANGE, VERMILLION, WIDTH, letter, styled)
from deepmath.network import Network
from deepmath.optimisers import Adam
from deepmath.sweep import sweep
from deepmath.training import fit


@dataclass(frozen=True)
class Overfitting:
    """What each epoch finds; the first axis is without and with the penalty.

    Attributes
    ----------
    l2 : array of shape (2,)
    training_loss, validation_loss : arrays of shape (2, n_epochs, n_seeds)
        Before each epoch's update; the validation labels are flipped as often.
    clean, flipped : arrays of shape (2, n_epochs, n_seeds)
        The shares of the training labels that the network reproduces after each epoch's update,
        among those that are as they should be and among those that were flipped.
    theta : array of shape (2, n_seeds, P)
        The trained networks, of `large_network`.
    """

    l2: np.ndarray
    training_loss: np.ndarray
    validation_loss: np.ndarray
    clean: np.ndarray
    flipped: np.ndarray
    theta: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """Where the median validation loss is lowest, counted from 0, (2,)."""
        return np.median(self.validation_loss, axis=-1).argmin(axis=-1)


def compute(l2: float = 0.01, flipped: float = 0.15, n_points: int = 80, n_validation: int = 400,
            n_epochs: int = 300, n_seeds: int = 16) -> Overfitting:
    """Train networks of two hidden layers of 32 rectified units on XOR points with flipped labels.

    Parameters
    ----------
    l2 : float
        The penalty of the second half of the runs; the first half has none.
    flipped : float
        The probability, above 0 and below 1/2, with which each label is flipped.
    n_points, n_validation : int
        Points for training, at least 20, and for validation.
    n_epochs : int
        Of Adam with rate 0.01 and all points in each step.
    n_seeds : int

    Examples
    --------
    >>> result = compute(n_epochs=3, n_seeds=2)
    >>> result.training_loss.shape, result.theta.shape
    ((2, 3, 2), (2, 2, 1185))
    """
    check_not_negative("l2", l2)
    check_number("flipped", flipped, "a number above 0 and below 0.5", 0.0, 0.5, open_low=True)
    check_whole("n_points", n_points, at_least=20)
    check_whole("n_seeds", n_seeds)
    penalties = np.array([0.0, l2])
    runs = sweep(train, range(n_seeds), [
        {"l2": float(each), "flipped": flipped, "n_points": n_points,
         "n_validation": n_validation, "n_epochs": n_epochs} for each in penalties])
    training, validation, clean, learned = (
        np.array([run[name].T for run in runs])
        for name in ("training_loss", "validation_loss", "clean", "flipped"))
    return Overfitting(penalties, training, validation, clean, learned,
                       np.array([run["theta"] for run in runs]))


def large_network() -> Network:
    """Return the network 2-32-32-1."""
    return Network((2, 32, 32, 1), hidden="relu")


def noisy_xor(n_points: int, rng: Generator,
              flipped: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return XOR points, their labels, and which of these were flipped."""
    X, y = xor(n_points, rng)
    flips = rng.random(n_points) < flipped
    return X, np.where(flips, 1 - y, y), flips


def trained(l2: float, n_epochs: int, n_seeds: int, flipped: float = 0.15) -> np.ndarray:
    """Return the networks that `compute` trains, (2, n_seeds, P), and follow no epoch.

    Two figures judge the same networks: those of the last call are remembered.
    """
    check_not_negative("l2", l2)
    check_whole("n_seeds", n_seeds)
    return remembered(float(l2), n_epochs, int(n_seeds), float(flipped))


@lru_cache(maxsize=1)
def remembered(l2: float, n_epochs: int, n_seeds: int, flipped: float) -> np.ndarray:
    """Train the networks of `trained`."""
    runs = sweep(train, range(n_seeds), [
        {"l2": each, "flipped": flipped, "n_points": 80, "n_validation": 400,
         "n_epochs": n_epochs, "followed": False} for each in (0.0, l2)])
    theta = np.array([run["theta"] for run in runs])
    theta.flags.writeable = False
    return theta


def train(seeds: list[int], l2: float, flipped: float, n_points: int, n_validation: int,
          n_epochs: int, followed: bool = True) -> dict[str, np.ndarray]:
    """Train a network from each seed, the first axis of all arrays returned."""
    generators = [default_rng(seed) for seed in seeds]
    (X, y, flips), (X_val, y_val, _) = (
        map(np.stack, zip(*(noisy_xor(n, rng, flipped) for rng in generators)))
        for n in (n_points, n_validation))
    network, shares = large_network(), []
    start, adam = network.initialise_stack(generators, "he"), Adam(0.01)
    if not followed:
        return {"theta": fit(network, start, X, y, optimiser=adam, n_epochs=n_epochs, l2=l2).theta}

    def count(epoch: int, theta: np.ndarray, *losses: np.ndarray | None) -> None:
        right = (network.predict(theta, X) > 0) == (y > 0.5)
        shares.append([(right & which).sum(axis=-1) / np.maximum(which.sum(axis=-1), 1)
                       for which in (~flips, flips)])

    result = fit(network, start, X, y, optimiser=adam, n_epochs=n_epochs, l2=l2,
                 validation=(X_val, y_val), on_epoch=count)
    clean, learned = np.moveaxis(np.array(shares), 1, 0)
    assert result.history.validation_loss is not None
    return {"training_loss": result.history.training_loss.T,
            "validation_loss": result.history.validation_loss.T,
            "clean": clean.T, "flipped": learned.T, "theta": result.theta}


@styled
def draw(result: Overfitting) -> Figure:
    """Draw losses above, and the shares of labels reproduced below; left without the penalty."""
    figure, rows = plt.subplots(2, 2, figsize=(WIDTH, 4.7), sharex=True, sharey="row")
    figure.subplots_adjust(left=0.085, right=0.97, bottom=0.1, top=0.94, wspace=0.08, hspace=0.26)
    epochs = np.arange(1, result.training_loss.shape[1] + 1)
    for i, l2 in enumerate(result.l2):
        above, below = rows[:, i]
        draw_band(above, epochs, result.validation_loss[i], VERMILLION, "validation", "--")
        draw_band(above, epochs, result.training_loss[i], BLUE, "training")
        draw_band(below, epochs, result.clean[i], GREEN, "clean labels")
        draw_band(below, epochs, result.flipped[i], ORANGE, "flipped labels", "-.")
        letter(above, "ab"[i], f"loss, penalty $\\lambda = {l2:g}$")
        letter(below, "cd"[i], "training labels reproduced")
        mark_best(above, below, result, i)
        above.axhline(np.log(2), color=GREY, linewidth=0.8, linestyle=":", zorder=0)
        below.set_xlabel("epoch")
    rows[0, 0].annotate("a coin", (epochs[-1], np.log(2)), (-2, 2), textcoords="offset points",
                        ha="right", color=GREY)
    rows[0, 0].set(ylabel="cross-entropy", ylim=(0, None), xlim=(0, epochs[-1]))
    rows[1, 0].set(ylabel="share", ylim=(0, 1.02))
    rows[0, 0].legend(loc="upper left")
    rows[1, 1].legend(loc="center right")
    return figure


def mark_best(above: Axes, below: Axes, result: Overfitting, i: int) -> None:
    """Mark the epoch of the lowest validation loss with a star and a line."""
    best = int(result.best[i])
    above.plot(best + 1, np.median(result.validation_loss[i, best]), "*", color=BLACK,
               markersize=10, zorder=4, linestyle="none", label="lowest validation loss")
    for axes in (above, below):
        axes.axvline(best + 1, color=BLACK, linewidth=0.7, linestyle=(0, (1, 2)), zorder=0)
