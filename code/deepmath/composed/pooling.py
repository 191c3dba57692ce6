"""Pooling: what windows, or all places, have in common."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from deepmath.checks import check_choice, check_whole
from deepmath.composed.layer import Layer, Parameters, Shape
from deepmath.composed.windows import as_size, overlaid, places_of, windows

KINDS = {kind: kind for kind in ("max", "mean")}


@dataclass(frozen=True)
class Pool(Layer):
    """The maximum or mean of each window, feature by feature: (c, T) to (c, T'), or pictures.

    Of equal maxima the first gets the gradient.

    Parameters
    ----------
    size : int or tuple of int
        Places of a window, along each axis.
    kind : {"max", "mean"}
    stride : int or None
        Places from one window to the next; None takes the size, which must then be one number.

    Examples
    --------
    >>> Pool(2).output_shape((8, 14, 14)), Pool(3, "mean", stride=1).output_shape((8, 7))
    ((8, 7, 7), (8, 5))
    """

    size: int | Shape
    kind: str = "max"
    stride: int | None = None

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        if self.stride is not None:
            check_whole("stride", self.stride)
        n_axes = len(self.size) if isinstance(self.size, (tuple, list)) else 1
        size = as_size("size", self.size, n_axes)
        if self.stride is None and len(set(size)) > 1:
            raise ValueError(f"stride must be a whole number, at least 1, where size is {size}; "
                             "got None")

    def window(self, shape: Shape) -> tuple[Shape, int]:
        """Return the size along each axis of a point's places, and the stride."""
        if len(shape) < 2:
            raise ValueError(f"what comes in must have the shape (c, T) or (c, H, W) of a point; "
                             f"got ({shape[0]},)")
        size = as_size("size", self.size, len(shape) - 1)
        return size, self.stride or size[0]

    def output_shape(self, shape: Shape) -> Shape:
        size, stride = self.window(shape)
        return (shape[0], *places_of(shape[1:], size, stride))

    def n_numbers(self, shape: Shape) -> int:
        return prod(self.window(shape)[0]) * prod(self.output_shape(shape))

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        seen = windows(A, *self.window(A.shape[1:-1]))
        cells = seen.reshape(len(A), -1, *seen.shape[A.ndim - 2:])     # a window's places together
        if self.kind == "mean":
            return cells.mean(axis=1), (A.shape, None)
        largest = cells.max(axis=1)             # several times as quick as `argmax`
        return largest, (A.shape, (cells, largest))

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        (_, *shape, _), known = kept
        size, stride = self.window(tuple(shape))
        if self.kind == "mean":
            shares = np.broadcast_to(dZ[:, None] / prod(size), (len(dZ), prod(size), *dZ.shape[1:]))
        else:
            cells, largest = known
            shares, left = np.empty(cells.shape), dZ.copy()
            for i in range(prod(size)):
                np.multiply(left, cells[:, i] == largest, out=shares[:, i])
                left -= shares[:, i]            # the next of equal maxima gets nothing
        return overlaid(shares.reshape(len(dZ), *size, *dZ.shape[1:]), tuple(shape[1:]), stride)


@dataclass(frozen=True)
class GlobalPool(Layer):
    """The maximum or mean over all places, feature by feature: (c, ...) to (c,).

    Of equal maxima the first gets the gradient.

    Parameters
    ----------
    kind : {"max", "mean"}

    Examples
    --------
    >>> GlobalPool("mean").output_shape((16, 6, 6))
    (16,)
    """

    kind: str = "mean"

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) < 2:
            raise ValueError("what comes in must have places, as in (c, T) or (c, H, W); "
                             f"got ({shape[0]},)")
        return shape[:1]

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        cells = A.reshape(*A.shape[:2], -1, A.shape[-1])
        if self.kind == "mean":
            return cells.mean(axis=2), (A.shape, None)
        which = cells.argmax(axis=2)[:, :, None]
        return np.take_along_axis(cells, which, axis=2)[:, :, 0], (A.shape, which)

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        (_, c, *places, n), which = kept
        dZ, cells = dZ[:, :, None], prod(places)
        if self.kind == "mean":
            shares = np.broadcast_to(dZ / cells, (*dZ.shape[:2], cells, n))
        else:
            shares = dZ * (np.arange(cells)[:, None] == which)
        return shares.reshape(len(dZ), c, *places, n)
