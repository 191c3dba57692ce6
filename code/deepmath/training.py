"""Training: forward, backward, step, and again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, default_rng

from deepmath.checks import DivergenceError, check_finite, check_not_negative, check_whole
from deepmath.losses import Loss, loss_function
from deepmath.network import Network
from deepmath.optimisers import GradientDescent, Optimiser

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
    for epoch in range(n_epochs):
        with np.errstate(all="ignore"):
            if validation is not None:
                Xv, yv = validation
                validation_losses.append(loss.value(network.predict(theta, Xv), yv))
            order = np.arange(n_points) if size >= n_points else rng.permutation(n_points)
            total = 0.0
            for start in range(0, n_points, size):
                batch = order[start:start + size]
                value, gradient = network.loss_and_gradient(
                    theta, X[..., batch, :], y[..., batch], loss)
                total = total + value * len(batch) / n_points
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
