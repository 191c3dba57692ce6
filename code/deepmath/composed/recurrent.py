"""A recurrent layer, and what brings sequences into form."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepmath.activations import TANH, Activation, activation
from deepmath.checks import check_whole, describe
from deepmath.composed.layer import Layer, Parameters, Shape, affine, check_features


@dataclass(frozen=True)
class Recurrent(Layer):
    """h_t = f(U h_(t-1) + V x_t + c) from h_0 = 0: (d, T) to (h, T) (Elman 1990).

    One matrix [U | V] acts on [h_(t-1); x_t] at each time, and its gradient is a sum over times.

    Parameters
    ----------
    n_inputs, n_outputs : int
        d and h.
    hidden : str or Activation
        f.

    Examples
    --------
    >>> layer = Recurrent(3, 8)
    >>> layer.output_shape((3, 7)), layer.shapes
    ((8, 7), [(11, 8)])
    """

    n_inputs: int
    n_outputs: int
    hidden: str | Activation = TANH

    def __post_init__(self) -> None:
        check_whole("n_inputs", self.n_inputs)
        check_whole("n_outputs", self.n_outputs)
        object.__setattr__(self, "hidden", activation(self.hidden, "hidden"))

    def __repr__(self) -> str:
        f = self.activations[0].name
        return f"Recurrent({self.n_inputs}, {self.n_outputs}, hidden={f!r})"

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(self.n_outputs + self.n_inputs, self.n_outputs)]

    @property
    def activations(self) -> list[Activation]:
        return [activation(self.hidden)]

    def output_shape(self, shape: Shape) -> Shape:
        check_features("n_inputs", self.n_inputs, shape, n_axes=1)
        return (self.n_outputs, shape[1])

    def n_numbers(self, shape: Shape) -> int:
        return shape[1] * (2 * self.n_outputs + self.n_inputs)

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        (W, b), = parameters
        f, stack = activation(self.hidden).function, max(len(W), len(A))
        _, d, T, n = A.shape
        x, h = np.broadcast_to(A, (stack, d, T, n)), np.zeros((stack, self.n_outputs, n), W.dtype)
        z, a, outputs = [], [], []
        for t in range(T):
            a.append(np.concatenate([h, x[:, :, t]], axis=1))
            z.append(affine(W, b, a[-1]))
            h = f(z[-1])
            outputs.append(h)
        return np.stack(outputs, axis=2), (z, a)

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        ((W, _),), ((dW, db),), (z, a) = parameters, gradients, kept
        U, V = W[..., :self.n_outputs], W[..., self.n_outputs:]
        dx, dh = np.empty((len(dZ), self.n_inputs, *dZ.shape[2:])), np.zeros(z[0].shape)
        dW[...], db[...] = 0.0, 0.0
        for t in reversed(range(len(z))):
            d = (dZ[:, :, t] + dh) * activation(self.hidden).derivative(z[t])
            dW += d @ a[t].mT
            db += d.sum(axis=-1, keepdims=True)
            dh = U.mT @ d
            if to_inputs:
                dx[:, :, t] = V.mT @ d
        return dx

    def pre_activations(self, kept: Any) -> list[np.ndarray]:
        z, _ = kept
        return [np.stack(z, axis=2)]


@dataclass(frozen=True)
class Last(Layer):
    """The last place alone: (c, T) to (c,).

    Examples
    --------
    >>> Last().output_shape((8, 7))
    (8,)
    """

    def output_shape(self, shape: Shape) -> Shape:
        check_features("c", shape[0], shape, n_axes=1)
        return shape[:1]

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        return A[:, :, -1], A.shape

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        dA = np.zeros((len(dZ), *kept[1:]))
        dA[:, :, -1] = dZ
        return dA


@dataclass(frozen=True)
class Steps(Layer):
    """A row of numbers, those of the first time first, as a sequence: (T d,) to (d, T).

    Parameters
    ----------
    n_steps : int
        T.

    Examples
    --------
    >>> Steps(7).output_shape((21,))
    (3, 7)
    """

    n_steps: int

    def __post_init__(self) -> None:
        check_whole("n_steps", self.n_steps)

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1 or shape[0] % self.n_steps:
            raise ValueError(f"n_steps must divide the length of the row that comes in, of shape "
                             f"{describe(shape)}; got {self.n_steps}")
        return (shape[0] // self.n_steps, self.n_steps)

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        apart = A.reshape(len(A), self.n_steps, -1, A.shape[-1])
        return apart.swapaxes(1, 2), None

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        return dZ.swapaxes(1, 2).reshape(len(dZ), -1, dZ.shape[-1])
