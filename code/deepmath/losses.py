"""Losses, each beside its gradient: means over the points, which are the last axis.

Those in `LOSSES` take each output by itself: targets have the shape of the outputs, or are shared
by a stack; labels lie from 0 to 1. Softmax cross-entropy takes the K outputs of a point together,
and labels from 0 to K - 1. Anything else is refused, by the losses as by `fit`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepmath.activations import sigmoid
from deepmath.arrays import analytic, check_classes, check_labels, matching, real
from deepmath.checks import check_choice


@dataclass(frozen=True)
class Loss:
    """A mean over n points of what an output costs, and its gradient.

    Attributes
    ----------
    name : str
        The word by which `fit` knows it.
    value : callable
        `value(outputs, targets)`: (..., n) and (..., n) or (n,) to (...).
    gradient : callable
        `gradient(outputs, targets)`: dL/d(outputs), of shape (..., n).
    of_classes : bool
        Whether it takes k outputs a point together, of shape (..., k, n), and a label for each.

    Examples
    --------
    >>> outputs, y = np.array([1.0, 3.0]), np.array([1.0, 1.0])
    >>> print(MEAN_SQUARED_ERROR.value(outputs, y), MEAN_SQUARED_ERROR.gradient(outputs, y))
    2.0 [0. 2.]
    """

    name: str
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]
    of_classes: bool = False


def mean(losses: np.ndarray) -> np.ndarray:
    """Mean over the last axis; `np.mean` does the same, at these sizes in three times the time."""
    return losses.sum(axis=-1) / losses.shape[-1]


def checked(outputs: np.ndarray, y: np.ndarray,
            labels: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return outputs and targets as arrays, or raise ValueError if they do not fit."""
    outputs = analytic("outputs", outputs)
    y = matching("y", real("y", y), "the outputs", outputs)
    return outputs, check_labels("y", y) if labels else y


def binary_cross_entropy(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean of -y log p - (1 - y) log(1 - p) with p = sigmoid(logits).

    Written as max(z, 0) - z y + log(1 + exp(-|z|)), which has no logarithm of zero and no
    cancellation. `np.maximum(z, -z)` is |z|, and analytic for the complex step.
    """
    logits, y = checked(logits, y, labels=True)
    log_term = np.log1p(np.exp(-np.maximum(logits, -logits)))
    return mean(np.maximum(logits, 0.0) - logits * y + log_term)


def binary_cross_entropy_gradient(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(p - y) / n (Bishop 2006, eq. 4.109)."""
    logits, y = checked(logits, y, labels=True)
    return (sigmoid(logits) - y) / logits.shape[-1]


def mean_squared_error(outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean of (output - y)^2."""
    outputs, y = checked(outputs, y)
    return mean((outputs - y) ** 2)


def mean_squared_error_gradient(outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """2 (output - y) / n."""
    outputs, y = checked(outputs, y)
    return 2.0 * (outputs - y) / outputs.shape[-1]


def softmax(logits: np.ndarray) -> np.ndarray:
    """exp(z_j) / sum_k exp(z_k) along the last axis, the probabilities of K classes.

    Parameters
    ----------
    logits : array of shape (..., K)

    Returns
    -------
    array of shape (..., K)

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    logits = analytic("logits", logits)
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def labelled(logits: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (..., K, n) as (..., n, K) and labels (..., n), or raise ValueError."""
    logits, y = analytic("logits", logits), real("y", y)
    if logits.ndim < 2 or logits.shape[-2] < 2:
        raise ValueError("logits must have the shape (..., K, n) of at least K = 2 classes; "
                         f"got {logits.shape}")
    matching("y", y, "the points", logits[..., 0, :])
    return logits.mT, np.broadcast_to(check_classes("y", y, logits.shape[-2]), logits.mT.shape[:-1])


def softmax_cross_entropy(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean of -log softmax(z)_y, for logits (..., K, n) and labels from 0 to K - 1.

    Written as log(sum_k exp(z_k - m)) - (z_y - m) with the largest logit m, so that no
    exponential overflows and one of them is 1.
    """
    z, labels = labelled(logits, y)
    z = z - z.max(axis=-1, keepdims=True)
    own = np.take_along_axis(z, labels[..., None].astype(int), axis=-1)[..., 0]
    return mean(np.log(np.exp(z).sum(axis=-1)) - own)


def softmax_cross_entropy_gradient(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(softmax(z) - e_y) / n, where e_y is 1 in row y and 0 elsewhere (Bishop 2006, eq. 4.109)."""
    z, labels = labelled(logits, y)
    is_own = labels[..., None] == np.arange(z.shape[-1])
    return (softmax(z) - is_own).mT / labels.shape[-1]


BINARY_CROSS_ENTROPY = Loss(
    "binary_cross_entropy", binary_cross_entropy, binary_cross_entropy_gradient)
MEAN_SQUARED_ERROR = Loss(
    "mean_squared_error", mean_squared_error, mean_squared_error_gradient)

SOFTMAX_CROSS_ENTROPY = Loss(
    "softmax_cross_entropy", softmax_cross_entropy, softmax_cross_entropy_gradient,
    of_classes=True)

LOSSES = {loss.name: loss for loss in (BINARY_CROSS_ENTROPY, MEAN_SQUARED_ERROR)}
ALL_LOSSES = LOSSES | {SOFTMAX_CROSS_ENTROPY.name: SOFTMAX_CROSS_ENTROPY}


def loss_function(choice: str | Loss) -> Loss:
    """Return the loss called `choice`; a `Loss` is returned as it is.

    Raises
    ------
    ValueError
        If there is no such loss; it lists the choices.
    """
    return choice if isinstance(choice, Loss) else check_choice("loss", choice, ALL_LOSSES)


def l2_penalty(weights: np.ndarray, l2: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (l2 / 2) ||weights||^2 and its gradient (Goodfellow et al. 2016, eq. 7.2).

    Parameters
    ----------
    weights : array of shape (..., P)
        With zeros in the place of biases, which go free.
    l2 : float

    Returns
    -------
    penalty : array of shape (...)
    gradient : array of shape (..., P)

    Examples
    --------
    >>> value, gradient = l2_penalty(np.array([3.0, 4.0]), l2=0.1)
    >>> print(value, gradient)
    1.25 [0.3 0.4]
    """
    weights = analytic("weights", weights)
    return 0.5 * l2 * (weights**2).sum(axis=-1), l2 * weights


def accuracy(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the share of points on the right side of logit 0, that is of probability 1/2.

    Parameters
    ----------
    logits : array of shape (..., n)
    y : array of shape (..., n), or (n,) for a stack, of labels 0 and 1

    Returns
    -------
    array of shape (...)

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no point, or a label is not from 0 to 1.

    Examples
    --------
    >>> print(accuracy(np.array([-2.0, 0.5, 3.0, 1.0]), np.array([0, 1, 1, 0])))
    0.75
    """
    logits, y = checked(real("logits", logits), y, labels=True)
    return ((logits > 0) == (y > 0.5)).mean(axis=-1)


def class_accuracy(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the share of points whose largest logit is that of their class.

    Parameters
    ----------
    logits : array of shape (..., n, K)
        As a network's `predict` gives them.
    y : array of shape (..., n), or (n,) for a stack, of whole numbers from 0 to K - 1

    Returns
    -------
    array of shape (...)

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no point, or a label is out of range.

    Examples
    --------
    >>> logits = np.array([[2.0, 1.0, 0.0], [0.0, 0.5, 3.0]])
    >>> print(class_accuracy(logits, np.array([0, 1])))
    0.5
    """
    z, labels = labelled(real("logits", logits).mT, y)
    return (z.argmax(axis=-1) == labels).mean(axis=-1)
