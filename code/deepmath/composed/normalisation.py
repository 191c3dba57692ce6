"""Layer normalisation.

Not that of a batch, which makes what a point gives depend on the points beside it: the loss
were no mean over points any more, and a network one thing in training and another afterwards.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepmath.checks import check_positive, check_whole
from deepmath.composed.layer import Layer, Parameters, Shape, check_features, side_by_side


@dataclass(frozen=True)
class LayerNorm(Layer):
    """g (a - mean) / sqrt(variance + epsilon) + b over the features, at each place by itself.

    Shapes are kept, (c,) or (c, ...); g and b have a number for each feature. (Ba, Kiros and
    Hinton 2016, eqs. 3 and 4.)

    Parameters
    ----------
    n_inputs : int
        c, at least 2.
    epsilon : float
        Above 0.

    Examples
    --------
    >>> LayerNorm(8).output_shape((8, 5)), LayerNorm(8).shapes
    ((8, 5), [(1, 8)])
    """

    n_inputs: int
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        check_whole("n_inputs", self.n_inputs, at_least=2)
        check_positive("epsilon", self.epsilon)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(1, self.n_inputs)]

    @property
    def gains(self) -> list[bool]:
        return [True]

    def output_shape(self, shape: Shape) -> Shape:
        check_features("n_inputs", self.n_inputs, shape)
        return shape

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        (g, b), = parameters
        columns = side_by_side(A)
        centred = columns - mean(columns)
        deviation = np.sqrt(mean(centred * centred) + self.epsilon)
        normal = centred / deviation
        return (g * normal + b).reshape(-1, *A.shape[1:]), (normal, deviation)

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        ((g, _),), ((dg, db),), (normal, deviation) = parameters, gradients, kept
        shape, dZ = dZ.shape, side_by_side(dZ)
        dg[...] = (dZ * normal).sum(axis=-1, keepdims=True)
        db[...] = dZ.sum(axis=-1, keepdims=True)
        d = g * dZ
        return ((d - mean(d) - normal * mean(d * normal)) / deviation).reshape(shape)


def mean(A: np.ndarray) -> np.ndarray:
    """Return the mean over the features of A (S, c, m), (S, 1, m): as a product, the quickest."""
    return np.full((1, A.shape[1]), 1.0 / A.shape[1]) @ A
