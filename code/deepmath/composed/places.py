"""Which place is which: what layers that treat all places alike are not told otherwise."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepmath.composed.layer import Layer, Parameters, Shape, check_features


@dataclass(frozen=True)
class Places(Layer):
    """At each place which of the T it is, as T more features, 1 at its own: (c, T) to (c + T, T).

    Without it, attention gives the same whatever the order of the places; behind it, W and b of
    its queries, keys and values hold a vector for each place (as Gehring et al. 2017 learn them).

    Examples
    --------
    >>> Places().output_shape((3, 7))
    (10, 7)
    """

    def output_shape(self, shape: Shape) -> Shape:
        check_features("c", shape[0], shape, n_axes=1)
        return (shape[0] + shape[1], shape[1])

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        S, c, T, n = A.shape
        which = np.broadcast_to(np.eye(T)[None, :, :, None], (S, T, T, n))
        return np.concatenate([A, which], axis=1), c

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        return dZ[:, :kept]
