"""The idea itself: layers a -> f(W a + b) one after the other, and the chain rule back.

Columns are points. A batch of n points is a matrix of shape (width, n), so that the code
reads as the mathematics does, `Z = W @ A + b`. Every array may carry a leading axis, one
entry a network of a stack: `@` and `.mT` act on the last two axes and leave it alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from deepmath.activations import Activation
from deepmath.arrays import viewable

Layer = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Trace:
    """What a forward pass leaves behind for the backward pass.

    Attributes
    ----------
    z : list of arrays
        Pre-activations: `z[l]` is W a[l] + b of layer l, of shape (..., h, n).
    a : list of arrays
        Activations: `a[0]` is the input, of shape (..., d, n), and `a[l + 1]` is what layer l
        makes of `z[l]`.

    Examples
    --------
    >>> from deepmath import Network
    >>> network = Network((2, 3, 1))
    >>> trace = network.forward(network.initialise(0), np.ones((5, 2)))
    >>> [z.shape for z in trace.z], [a.shape for a in trace.a]
    ([(3, 5), (1, 5)], [(2, 5), (3, 5), (1, 5)])
    >>> trace.output.shape
    (5,)
    """

    z: list[np.ndarray]
    a: list[np.ndarray]

    @property
    def inputs(self) -> np.ndarray:
        """The points, one a column, of shape (..., d, n)."""
        return self.a[0]

    @property
    def output(self) -> np.ndarray:
        """The last activation: (..., n) for one output unit, else (..., n, k)."""
        last = self.a[-1]
        return last[..., 0, :] if last.shape[-2] == 1 else last.mT


def forward(layers: list[Layer], activations: list[Activation], A: np.ndarray) -> Trace:
    """Take points A, of shape (..., d, n), through the layers, and keep every step."""
    z, a = [], [A]
    for (W, b), activation in zip(layers, activations):
        Z = W @ A + b
        A = activation.function(Z)
        z.append(Z)
        a.append(A)
    return Trace(z, a)


def backward(layers: list[Layer], activations: list[Activation], trace: Trace,
             dA: np.ndarray, gradients: list[Layer]) -> list[np.ndarray]:
    """Walk the trace backwards, from dA = dL/da of the last layer.

    Writes dL/dW and dL/db of each layer to `gradients`, and returns each layer's dL/dz. The
    recursion is that of Rumelhart, Hinton and Williams (1986), eqs. 4 to 7.
    """
    deltas = []
    steps = zip(layers, activations, trace.z, trace.a, gradients)
    for (W, _), activation, Z, A, (dW, db) in reversed(list(steps)):
        dZ = dA * activation.derivative(Z)
        dW[...] = dZ @ A.mT
        db[...] = dZ.sum(axis=-1, keepdims=True)
        if A is not trace.inputs:
            dA = W.mT @ dZ
        deltas.append(dZ)
    return deltas[::-1]


def layer_matrices(theta: np.ndarray, sizes: Iterable[int]) -> list[np.ndarray]:
    """Return each layer's [W | b], of shape (..., h, d + 1), as views of `theta` (..., P)."""
    return shaped_matrices(theta, pairwise(sizes))


def shaped_matrices(theta: np.ndarray, shapes: Iterable[tuple[int, int]]) -> list[np.ndarray]:
    """Return [W | b] of layers from d to h, given as pairs (d, h), as views of `theta`."""
    matrices, start = [], 0
    for d, h in shapes:
        stop = start + h * (d + 1)
        matrices.append(theta[..., start:stop].reshape(*theta.shape[:-1], h, d + 1))
        start = stop
    return matrices


def views(theta: np.ndarray, sizes: Iterable[int]) -> list[Layer]:
    """Return each layer's W (..., h, d) and b (..., h, 1) as views of `theta` (..., P).

    Parameters
    ----------
    theta : array of shape (P,) or (S, P)
    sizes : iterable of int
        The widths d_0, ..., d_L.

    Returns
    -------
    list of pairs
        One (W, b) a layer, of shapes (..., h, d) and (..., h, 1).

    Raises
    ------
    ValueError
        If `theta` is no array of floating-point numbers, or not as long as the widths ask.

    Examples
    --------
    >>> theta = np.arange(13.0)
    >>> for W, b in views(theta, (2, 3, 1)):
    ...     print(W.shape, b.shape)
    (3, 2) (3, 1)
    (1, 3) (1, 1)
    >>> b[...] = 100.0                  # a view: theta's last number
    >>> print(theta[-1])
    100.0
    """
    shapes = list(pairwise(sizes))
    viewable("theta", theta, sum(h * (d + 1) for d, h in shapes))
    return weights_and_biases(shaped_matrices(theta, shapes))


def weights_and_biases(matrices: list[np.ndarray]) -> list[Layer]:
    """Return W and b of each [W | b], as views."""
    return [(M[..., :-1], M[..., -1:]) for M in matrices]
