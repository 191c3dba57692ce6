"""Training: forward, backward, step, and again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator, default_rng

from deepmath.checks import (
    DivergenceError, check_choice, check_finite, check_not_negative, check_whole)
from deepmath.fast import FastObjective
from deepmath.losses import Loss, loss_function
from deepmath.network import Network
from deepmath.optimisers import GradientDescent, Optimiser

CHUNK_BYTES = {"readable": 100_000, "fast": 250_000}

OnEpoch = Callable[[int, np.ndarray, np.ndarray, np.ndarray | None], bool | None]


@dataclass(frozen=True)
class History:
    """Losses by epoch, of shape (n_epochs,) or (n_epochs, S).

    Attributes
    ----------
    training_loss : array
        The loss computed in each epoch before its update (with mini-batches: the mean over
        the batches, each before its own update). The L2 penalty is not in it.
    validation_loss : array or None
        The loss on the validation set, before the epoch's first update.
    """

    training_loss: np.ndarray
    validation_loss: np.ndarray | None


@dataclass(frozen=True)
class Fit:
    """A trained network's parameters, of shape (P,) or (S, P), and how they came about."""

    theta: np.ndarray
    history: History


class ReadableObjective:
    """The loss of a network, or of a stack, and its gradient, at parameters moved in place."""

    def __init__(self, network: Network, loss: Loss, theta: np.ndarray):
        self.network, self.loss, self.theta = network, loss, theta

    def value(self, X, y):
        return self.network.loss(self.theta, X, y, self.loss)

    def value_and_gradient(self, X, y):
        return self.network.loss_and_gradient(self.theta, X, y, self.loss)


class InChunks:
    """An objective for a stack, evaluated a few networks at a time.

    Arrays that outgrow the processor's cache cost more than the shorter loop saves.
    """

    def __init__(self, objective: Callable, theta: np.ndarray, size: int):
        starts = range(0, len(theta), size)
        self.slices = [slice(start, start + size) for start in starts]
        self.parts = [objective(theta[s]) for s in self.slices]

    def value(self, X, y):
        return np.concatenate([part.value(own(X, 2, s), own(y, 1, s))
                               for part, s in zip(self.parts, self.slices)])

    def value_and_gradient(self, X, y):
        values, gradients = zip(*[
            part.value_and_gradient(own(X, 2, s), own(y, 1, s))
            for part, s in zip(self.parts, self.slices)])
        return np.concatenate(values), np.concatenate(gradients)


def own(data: np.ndarray, shared_ndim: int, networks: slice) -> np.ndarray:
    """Return the networks' own data, or the data that all share."""
    return data if data.ndim == shared_ndim else data[networks]


def make_objective(engine, network, loss, theta, n_points):
    make = (partial(ReadableObjective, network, loss) if engine == "readable"
            else partial(FastObjective, network, loss, arrays={}))
    if theta.ndim == 1:
        return make(theta)
    size = max(1, CHUNK_BYTES[engine] // (8 * n_points * max(network.sizes)))
    return InChunks(make, theta, size)


def batches(X: np.ndarray, y: np.ndarray, size: int,
            rng: Generator) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Yield batches of points, with each one's share of them, in an order drawn anew."""
    n = X.shape[-2]
    if size >= n:
        yield X, y, 1.0
        return
    order = rng.permutation(n)
    for start in range(0, n, size):
        batch = order[start:start + size]
        yield X[..., batch, :], y[..., batch], len(batch) / n


def fit(network: Network, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
        loss: str | Loss = "binary_cross_entropy",
        optimiser: Optimiser = GradientDescent(0.05), n_epochs: int = 500,
        batch_size: int | None = None, batch_seed: int | Generator = 0, l2: float = 0.0,
        validation: tuple[np.ndarray, np.ndarray] | None = None,
        on_epoch: OnEpoch | None = None, engine: str = "fast") -> Fit:
    """Train a network, or a stack of networks at once."""
    loss = loss_function(loss)
    check_whole("n_epochs", n_epochs)
    check_not_negative("l2", l2)
    X, y = check_finite("X", X), check_finite("y", y)
    n_points = X.shape[-2]
    size = n_points if batch_size is None else check_whole("batch_size", batch_size)
    theta = np.array(theta, dtype=float)
    decay = l2 * network.weight_mask
    state, step, rng = optimiser.start(theta), 0, default_rng(batch_seed)
    training_losses, validation_losses = [], []
    objective = make_objective(engine, network, loss, theta, min(size, n_points))
    for epoch in range(n_epochs):
        with np.errstate(all="ignore"):
            if validation is not None:
                validation_losses.append(objective.value(*validation))
            total = 0.0
            for Xb, yb, share in batches(X, y, size, rng):
                value, gradient = objective.value_and_gradient(Xb, yb)
                total = total + share * value
                if l2:
                    gradient += decay * theta
                step += 1
                optimiser.step(theta, gradient, state, step)
        training_losses.append(total)
        if not (np.isfinite(total).all() and np.isfinite(theta).all()):
            raise DivergenceError(
                f"training diverged in epoch {epoch}: the loss or the parameters are no longer "
                f"finite; lower learning_rate={optimiser.learning_rate}")
        if on_epoch is not None and on_epoch(
                epoch, theta, total, validation_losses[-1] if validation else None):
            break
    return Fit(theta, History(np.array(training_losses),
                              np.array(validation_losses) if validation else None))
