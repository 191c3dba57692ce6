"""What a layer of a composition is: a map of arrays, and the chain rule through it.

The arrays that go through the layers have the shape (S, c, ..., n): S networks of a stack, c
features, then places - none for a vector, T of a sequence, H and W of a picture - and n points.
S is 1 for one network, and for what all networks of a stack share. As in `deepmath.layers`,
columns are points: with the places written side by side, a layer used at m places acts on one
matrix of m n columns, `Z = W @ A + b`.
"""

from abc import ABC, abstractmethod
from math import prod
from typing import Any

import numpy as np

from deepmath.activations import Activation
from deepmath.checks import describe

Parameters = tuple[np.ndarray, np.ndarray]      # W (S, h, d) and b (S, h, 1)
Shape = tuple[int, ...]         # of one point: (c,), (c, T) or (c, H, W)


class Layer(ABC):
    """A map from points of one shape to points of another, with or without parameters.

    Parameters come as `deepmath.layers` has them, pairs of W (S, h, d) and b (S, h, 1), and
    gradients are written to pairs of the same shapes.
    """

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(d, h) of each W, in the order in which `theta` holds them."""
        return []

    @property
    def gains(self) -> list[bool]:
        """Whether each W is a gain: 1 at first, and not among the penalised weights."""
        return [False] * len(self.shapes)

    @property
    def activations(self) -> list[Activation]:
        """The activation of each of the `pre_activations`."""
        return []

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape that points of `shape` get, or raise ValueError if they do not fit."""

    def n_numbers(self, shape: Shape) -> int:
        """Return how many numbers a forward pass makes of a point of `shape`."""
        return prod(self.output_shape(shape))

    @abstractmethod
    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        """Return what the layer makes of A, and what its backward pass needs to know of it."""

    @abstractmethod
    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        """Write dL/dW and dL/db from dZ = dL/d(outputs), and return dL/d(inputs).

        Where `to_inputs` is False, nothing below has weights: the latter may be anything.
        """

    def pre_activations(self, kept: Any) -> list[np.ndarray]:
        """Return what went into each of the layer's `activations`."""
        return []

    def attention(self, kept: Any) -> list[np.ndarray]:
        """Return the weights (S, n, T, T) of each attention in the layer."""
        return []


def side_by_side(A: np.ndarray) -> np.ndarray:
    """Return (S, c, ..., n) as (S, c, m n), the m places side by side."""
    return A.reshape(*A.shape[:2], -1)


def product(W: np.ndarray, A: np.ndarray) -> np.ndarray:
    """Return W A (S, h, m); with what all networks of a stack share, for their rows together."""
    if len(A) > 1:
        return W @ A
    return (W.reshape(-1, W.shape[-1]) @ A[0]).reshape(*W.shape[:2], -1)


def affine(W: np.ndarray, b: np.ndarray, A: np.ndarray) -> np.ndarray:
    """Return W A + b."""
    Z = product(W, A)
    Z += b
    return Z


def backward_affine(dW: np.ndarray, db: np.ndarray, dZ: np.ndarray, A: np.ndarray) -> None:
    """Write the gradients of `affine` from dZ = dL/dZ (S, h, m)."""
    dW[...] = product(dZ, A.mT)
    db[...] = dZ.sum(axis=-1, keepdims=True)


def check_features(name: str, features: int, shape: Shape, n_axes: int | None = None) -> None:
    """Raise ValueError unless a point has so many features, at places along so many axes."""
    if n_axes is not None and len(shape) != n_axes + 1:
        letters = ("c", *("T" if n_axes == 1 else "HW"))
        raise ValueError(f"what comes in must have the shape {describe(letters)} of a point; "
                         f"got {describe(shape)}")
    if shape[0] != features:
        raise ValueError(f"{name} must be {shape[0]}, the features of what comes in, of shape "
                         f"{describe(shape)}; got {features}")
