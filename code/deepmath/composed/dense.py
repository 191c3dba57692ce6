"""Dense layers and activations, as layers of a composition."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from deepmath.activations import Activation, slope
from deepmath.checks import check_whole
from deepmath.composed.layer import (
    Layer, Parameters, Shape, affine, backward_affine, check_features, side_by_side)


@dataclass(frozen=True)
class Dense(Layer):
    """z = W a + b, at each place by itself: (d,) to (h,), or (d, ...) to (h, ...).

    Parameters
    ----------
    n_inputs, n_outputs : int
        d and h.

    Examples
    --------
    >>> Dense(3, 5).output_shape((3,)), Dense(3, 5).output_shape((3, 7))
    ((5,), (5, 7))
    """

    n_inputs: int
    n_outputs: int

    def __post_init__(self) -> None:
        check_whole("n_inputs", self.n_inputs)
        check_whole("n_outputs", self.n_outputs)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(self.n_inputs, self.n_outputs)]

    def output_shape(self, shape: Shape) -> Shape:
        check_features("n_inputs", self.n_inputs, shape)
        return (self.n_outputs, *shape[1:])

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        (W, b), = parameters
        Z = affine(W, b, side_by_side(A))
        return Z.reshape(*Z.shape[:2], *A.shape[2:]), A

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        ((W, _),), ((dW, db),) = parameters, gradients
        dZ = side_by_side(dZ)
        backward_affine(dW, db, dZ, side_by_side(kept))
        return (W.mT @ dZ).reshape(-1, *kept.shape[1:]) if to_inputs else dZ


@dataclass(frozen=True)
class Activate(Layer):
    """a = f(z), elementwise; a composition also takes f, or its name, in this layer's place."""

    activation: Activation

    def __repr__(self) -> str:
        return repr(self.activation.name)

    @property
    def activations(self) -> list[Activation]:
        return [self.activation]

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        a = self.activation.function(A)
        return a, (A, a)

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        return dZ * slope(self.activation, *kept)

    def pre_activations(self, kept: Any) -> list[np.ndarray]:
        return [kept[0]]


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers of a point as one vector: (c, ...) to (c ...,), feature by feature.

    Examples
    --------
    >>> Flatten().output_shape((8, 5, 5))
    (200,)
    """

    def output_shape(self, shape: Shape) -> Shape:
        return (prod(shape),)

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        return A.reshape(len(A), -1, A.shape[-1]), A.shape

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        return dZ.reshape(-1, *kept[1:])
