"""Training: the loss and its gradient, a step, and again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.random import Generator

from deepmath.arrays import brief, real
from deepmath.checks import (
    DivergenceError, check_finite, check_not_negative, check_whole, generator)
from deepmath.engines import Epochs, Losses, computed
from deepmath.losses import Loss, loss_function
from deepmath.network import AnyNetwork
from deepmath.optimisers import GradientDescent, Optimiser

OnEpoch = Callable[[int, np.ndarray, np.ndarray, np.ndarray | None], bool | None]
Watcher = Callable[[AnyNetwork, np.ndarray, np.ndarray, int, Loss], OnEpoch | None]
WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@dataclass(frozen=True)
class History:
    """Losses by epoch, of shape (n_epochs,) or (n_epochs, S).

    Attributes
    ----------
    training_loss : array
        The loss computed in each epoch before its update; with mini-batches, the mean over
        the batches, each before its own update. The L2 penalty is not in it, so that it
        compares with the validation loss.
    validation_loss : array or None
        The loss on the validation set before the epoch's first update.

    Examples
    --------
    >>> from deepmath import Network, xor
    >>> network = Network((2, 8, 1))
    >>> thetas = network.initialise_stack(range(3))
    >>> history = fit(network, thetas, *xor(40, 0), n_epochs=10).history
    >>> history.training_loss.shape, history.validation_loss
    ((10, 3), None)
    """

    training_loss: np.ndarray
    validation_loss: np.ndarray | None


@dataclass(frozen=True)
class Fit:
    """A trained network's parameters, of shape (P,) or (S, P), and how they came about.

    Attributes
    ----------
    theta : array of shape (P,) or (S, P)
    history : History
    """

    theta: np.ndarray
    history: History


def fit(network: AnyNetwork, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
        loss: str | Loss = "binary_cross_entropy",
        optimiser: Optimiser = GradientDescent(0.05), n_epochs: int = 500,
        batch_size: int | None = None, batch_seed: int | Generator = 0, l2: float = 0.0,
        validation: tuple[np.ndarray, np.ndarray] | None = None,
        on_epoch: OnEpoch | None = None, engine: str = "auto") -> Fit:
    """Train a network, or each network of a stack, from `theta` on.

    A stack of S networks gives what S calls give, in less time: all see the same
    mini-batches, and none knows of the others.

    Parameters
    ----------
    network : Network, Sequential, RecurrentNetwork or ConvolutionalNetwork
    theta : array of shape (P,) or (S, P)
        Where to start; it is not changed.
    X, y : arrays
        Points, (n, d), and targets, (n,), that all networks share, or one data set a
        network, (S, n, d) and (S, n). With k > 1 output units, y is (n, k) or (S, n, k). A
        `Sequential` takes points of other shapes.
    loss : str or Loss
        "binary_cross_entropy", "mean_squared_error", or "softmax_cross_entropy", for which y,
        (n,) or (S, n), holds whole numbers from 0 to k - 1.
    optimiser : GradientDescent, Momentum or Adam
    n_epochs : int
        Passes over the points, at least 1.
    batch_size : int or None
        Points a step; None takes all of them, in their order.
    batch_seed : int or numpy.random.Generator
        Draws the order of the points anew for each epoch, if there are mini-batches.
    l2 : float
        Adds (l2 / 2) ||weights||^2 to what is made small.
    validation : (X, y) or None
        Points on which to follow the loss.
    on_epoch : callable or None
        `on_epoch(epoch, theta, training_loss, validation_loss)` is called after the last
        update of each epoch, counted from 0, with the parameters after it and the losses
        before it. Training stops where it returns True.
    engine : {"auto", "compiled", "fast", "readable"}
        How it is computed: by the passes of `deepmath.layers` ("readable"), by those of
        `deepmath.fast`, or by `deepmath.compiled`, which needs the extra `compiled`. They differ
        by rounding alone. "auto" compiles where numba is installed and the run is long enough to
        repay loading it, and else is "fast"; the variable DEEPMATH_ENGINE has it take another.
        Activations, losses and optimisers of one's own are not compiled, nor is
        "softmax_cross_entropy"; such activations, and networks of other kinds than `Network`,
        always use the readable passes.

    Returns
    -------
    Fit
        `theta` and `history`.

    Raises
    ------
    ValueError
        If an argument is out of its range, or "compiled" cannot be had; the message says why.
    DivergenceError
        If the loss or the parameters stop being finite; it names the epoch.

    Examples
    --------
    >>> from deepmath import Network, accuracy, xor
    >>> X, y = xor(120, 1)
    >>> network = Network((2, 8, 8, 1), hidden="relu")
    >>> theta = network.initialise(0, "he")
    >>> result = fit(network, theta, X, y, optimiser=GradientDescent(0.3), n_epochs=500)
    >>> print(result.theta.shape, f"{accuracy(network.predict(result.theta, X), y):.1f}")
    (105,) 1.0
    """
    loss = loss_function(loss)
    check_whole("n_epochs", n_epochs)
    check_not_negative("l2", l2)
    check_optimiser(optimiser)
    theta = check_finite("theta", network.check_theta(real("theta", theta))).copy()
    watcher = WATCHER.get()
    points = X, y
    X, Y = (own.copy("K") for own in network.data(theta, X, y, loss))   # callbacks may change X
    validation = check_validation(network, theta, validation, loss)
    n_points = X.shape[-1]
    size = n_points if batch_size is None else check_whole("batch_size", batch_size)
    size = min(size, n_points)
    watch = watcher and watcher(network, *points, n_epochs, loss)
    in_groups = watch if hasattr(watch, "group") else None
    callbacks = [each for each in (on_epoch, None if in_groups else watch) if each]
    epochs = Epochs(network, theta, X, Y, validation, loss, optimiser, n_epochs, size,
                    generator(batch_seed, "batch_seed"), l2,
                    at_once=lambda: 1 if callbacks else getattr(in_groups, "group", n_epochs))
    history: list[Losses] = []
    epoch = -1
    for training_losses, validation_losses in computed(epochs, engine):
        if in_groups:
            in_groups(epoch + 1, theta.copy(), training_losses, validation_losses)
        check_converging(training_losses, epoch + 1, optimiser)
        history.append((training_losses, validation_losses))
        epoch += len(training_losses)
        checked = validation_losses if validation_losses is None else validation_losses[0]
        answers = [tell(epoch, theta.copy(), training_losses[0], checked) for tell in callbacks]
        if any(answers):
            break
    check_converging(theta[None], epoch, optimiser)
    training, checked = zip(*history)
    return Fit(theta, History(np.concatenate(training),
                              np.concatenate(checked) if validation else None))


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Have every `fit` in the block watched, without a change to the code that calls it.

    Parameters
    ----------
    watcher : callable
        `watcher(network, X, y, n_epochs, loss)` is called when a training begins, with the
        arguments of `fit`. What it returns, unless that is None, is called as `on_epoch`; or,
        where it has a whole number `group`, which it may change, after up to so many epochs: with
        the first of them, the parameters after the last, and the losses of all, along a first
        axis. It sees a training that diverges, too.

    Examples
    --------
    >>> from deepmath import Network, xor
    >>> def watcher(network, X, y, n_epochs, loss):
    ...     return lambda epoch, theta, training_loss, validation_loss: print(epoch, theta.shape)
    >>> network = Network((2, 3, 1))
    >>> with watched(watcher):
    ...     result = fit(network, network.initialise(0), *xor(20, 0), n_epochs=2)
    0 (13,)
    1 (13,)
    """
    token = WATCHER.set(watcher)
    try:
        yield
    finally:
        WATCHER.reset(token)


def check_validation(network: AnyNetwork, theta: np.ndarray,
                     validation: tuple[np.ndarray, np.ndarray] | None,
                     loss: Loss) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a validation set's X and y as columns, or raise ValueError if it is not a pair."""
    if validation is None:
        return None
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise ValueError("validation must be a pair (X, y) or None; "
                         f"got {type(validation).__name__} {brief(validation)}")
    return network.data(theta, *validation, loss, "validation ")


def check_optimiser(optimiser: Optimiser) -> None:
    """Raise ValueError unless `optimiser` can start and step."""
    if isinstance(optimiser, type) or not (
            hasattr(optimiser, "start") and hasattr(optimiser, "step")):
        raise ValueError("optimiser must be a GradientDescent, Momentum or Adam, such as "
                         f"GradientDescent(learning_rate=0.05); got {optimiser!r}")


def check_converging(numbers: np.ndarray, epoch: int, optimiser: Optimiser) -> None:
    """Raise DivergenceError unless all numbers, of one epoch a row from `epoch` on, are finite."""
    if not isfinite(numbers.sum()):
        finite = np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1)
        raise DivergenceError(
            f"training diverged in epoch {epoch + finite.argmin()}: the loss is no longer finite; "
            f"lower the learning rate ({optimiser})")
