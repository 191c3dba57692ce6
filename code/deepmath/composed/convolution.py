"""Convolution: one small layer, used at every place of a sequence or a picture."""

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from deepmath.checks import check_whole
from deepmath.composed.layer import (
    Layer, Parameters, Shape, affine, backward_affine, check_features, side_by_side)
from deepmath.composed.windows import as_size, inner, overlaid, padded, places_of, windows


@dataclass(frozen=True)
class Convolution(Layer):
    """z = W [window] + b at each place: one product with all windows, side by side as columns.

    A row of W holds one kernel, of shape (*size, d): all features of the window's first place,
    then of the next. (As in the field, the kernel is not turned round: a cross-correlation.)

    Parameters
    ----------
    n_inputs, n_outputs : int
        d features that come in, and h kernels.
    size : int or tuple of int
        Places of a window, along each axis.
    stride : int
        Places from one window to the next.
    padding : int
        Zeros before the first place and after the last, along each axis; below the size.
    """

    n_inputs: int
    n_outputs: int
    size: int | Shape
    stride: int = 1
    padding: int = 0
    n_axes: ClassVar[int]

    def __post_init__(self) -> None:
        check_whole("n_inputs", self.n_inputs)
        check_whole("n_outputs", self.n_outputs)
        check_whole("stride", self.stride)
        size = as_size("size", self.size, self.n_axes)
        if check_whole("padding", self.padding, at_least=0) >= min(size):
            raise ValueError(f"padding must be below the size, {min(size)}, or a window would "
                             f"hold zeros alone; got {self.padding}")
        object.__setattr__(self, "size", size)

    @property
    def window(self) -> Shape:
        """The size, along each axis."""
        return as_size("size", self.size, self.n_axes)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(prod(self.window) * self.n_inputs, self.n_outputs)]

    def kernels(self, W: np.ndarray) -> np.ndarray:
        """Return a view of W (..., h, *) as kernels (..., h, *size, d)."""
        return W.reshape(*W.shape[:-1], *self.window, self.n_inputs)

    def output_shape(self, shape: Shape) -> Shape:
        check_features("n_inputs", self.n_inputs, shape, self.n_axes)
        return (self.n_outputs, *places_of(shape[1:], self.window, self.stride, self.padding))

    def n_numbers(self, shape: Shape) -> int:
        (d, h), = self.shapes
        return (d + h) * prod(self.output_shape(shape)[1:])

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        (W, b), = parameters
        around = padded(A, self.padding)
        seen = windows(around, self.window, self.stride)
        columns = seen.reshape(len(A), W.shape[-1], -1)
        Z = affine(W, b, columns)
        outputs = Z.reshape(*Z.shape[:2], *seen.shape[2 + self.n_axes:])
        return outputs, (columns, around.shape[2:-1])

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        ((W, _),), ((dW, db),), (columns, places) = parameters, gradients, kept
        found = dZ.shape[2:]
        dZ = side_by_side(dZ)
        backward_affine(dW, db, dZ, columns)
        if not to_inputs:
            return dZ
        dA = (W.mT @ dZ).reshape(len(dZ), *self.window, self.n_inputs, *found)
        return inner(overlaid(dA, places, self.stride), self.padding)


class Conv1d(Convolution):
    """Kernels that slide along a sequence: (d, T) to (h, T').

    T' = (T + 2 padding - size) / stride + 1.

    Examples
    --------
    >>> Conv1d(3, 8, size=3).output_shape((3, 7))
    (8, 5)
    """

    n_axes = 1


class Conv2d(Convolution):
    """Kernels that slide over a picture: (d, H, W) to (h, H', W').

    Both lengths become shorter as that of a sequence does.

    Examples
    --------
    >>> layer = Conv2d(1, 8, size=6, stride=2)
    >>> layer.output_shape((1, 32, 32)), layer.shapes
    ((8, 14, 14), [(36, 8)])
    """

    n_axes = 2
