"""The loss as a function of the parameters: what training makes small.

An objective is bound to an array `theta` that an optimiser moves in place. Data come as
columns, X of shape (..., d, n) and Y of shape (..., k, n).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from deepmath.layers import Layer, Trace
from deepmath.losses import Loss


class Passes(Protocol):
    """What an objective asks of a network; see `deepmath.network.AnyNetwork`."""

    def layers(self, theta: np.ndarray) -> list[Layer]: ...

    def forward_pass(self, layers: list[Layer], A: np.ndarray) -> Trace: ...

    def backward_pass(self, layers: list[Layer], trace: Trace, dA: np.ndarray,
                      gradients: list[Layer]) -> list[np.ndarray]: ...


class Objective:
    """The mean loss of a network, or of each network of a stack, and its gradient."""

    def __init__(self, network: Passes, loss: Loss, theta: np.ndarray) -> None:
        self.network, self.loss = network, loss
        self.gradient = np.empty(theta.shape)
        self.layers = network.layers(theta)
        self.gradients = network.layers(self.gradient)

    def value(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """Return the loss, of shape () or (S,)."""
        outputs = self.network.forward_pass(self.layers, X).a[-1]
        return self.loss.value(for_loss(self.loss, outputs), flat(Y))

    def value_and_gradient(self, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss and its gradient, in an array that the next call overwrites."""
        trace = self.network.forward_pass(self.layers, X)
        outputs, targets = for_loss(self.loss, trace.a[-1]), flat(Y)
        dA = self.loss.gradient(outputs, targets).reshape(trace.a[-1].shape)
        self.network.backward_pass(self.layers, trace, dA, self.gradients)
        return self.loss.value(outputs, targets), self.gradient


class Trainable(Protocol):
    """What `Objective` is, and whatever computes the same in another way."""

    def value(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray: ...

    def value_and_gradient(self, X: np.ndarray,
                           Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


class InChunks:
    """The objective of a stack, evaluated a few networks at a time.

    One pass over a whole stack saves calls, but arrays that outgrow the processor's cache
    cost more than that.
    """

    def __init__(self, objective: Callable[[np.ndarray], Trainable], theta: np.ndarray,
                 size: int) -> None:
        self.chunks: Sequence[slice | int] = (
            range(len(theta)) if size == 1 else
            [slice(i, i + size) for i in range(0, len(theta), size)])
        self.objectives = [objective(theta[chunk]) for chunk in self.chunks]
        self.gradient = np.empty(theta.shape)

    def value(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        values = np.empty(len(self.gradient))
        for objective, chunk in zip(self.objectives, self.chunks):
            values[chunk] = objective.value(own(X, chunk), own(Y, chunk))
        return values

    def value_and_gradient(self, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = np.empty(len(self.gradient))
        for objective, chunk in zip(self.objectives, self.chunks):
            values[chunk], self.gradient[chunk] = objective.value_and_gradient(
                own(X, chunk), own(Y, chunk))
        return values, self.gradient


def own(data: np.ndarray, chunk: slice | int) -> np.ndarray:
    """Return the data of a chunk's networks, or those that all networks share."""
    return data if data.ndim == 2 else data[chunk]


def for_loss(loss: Loss, outputs: np.ndarray) -> np.ndarray:
    """Return outputs (..., k, n) as the loss takes them."""
    return outputs if loss.of_classes else flat(outputs)


def flat(columns: np.ndarray) -> np.ndarray:
    """Return (..., k, n) as (..., k * n), over which a loss takes its mean."""
    return columns.reshape(*columns.shape[:-2], -1)
