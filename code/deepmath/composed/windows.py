"""Windows on places: laid out for one product, and laid back where they came from."""

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from deepmath.checks import check_whole
from deepmath.composed.layer import Shape


def places_of(places: Shape, size: Shape, stride: int, padding: int = 0) -> Shape:
    """Return how many windows fit along each axis, or raise ValueError if they do not fit."""
    padded = tuple(length + 2 * padding for length in places)
    around = f", padded by {padding}" if padding else ""
    if any(width > length for width, length in zip(size, padded)):
        raise ValueError(f"size must be at most {padded}, the places that come in{around}; "
                         f"got {size}")
    left = tuple(length - width for width, length in zip(size, padded))
    if any(each % stride for each in left):
        raise ValueError(f"stride must divide {left}, the places {places}{around} less size "
                         f"{size}, so that none is left over; got {stride}")
    return tuple(each // stride + 1 for each in left)


def as_size(name: str, value: int | Shape, n_axes: int) -> Shape:
    """Return a whole number, or one for each axis, as a tuple; or raise ValueError."""
    each = value if isinstance(value, (tuple, list)) else (value,) * n_axes
    if len(each) != n_axes:
        raise ValueError(f"{name} must be a whole number, or a tuple of {n_axes}; got {value!r}")
    return tuple(check_whole(name, length) for length in each)


def padded(A: np.ndarray, padding: int) -> np.ndarray:
    """Return A (S, c, ..., n) with zeros around its places."""
    if not padding:
        return A
    places = [length + 2 * padding for length in A.shape[2:-1]]
    around = np.zeros((*A.shape[:2], *places, A.shape[-1]), A.dtype)
    inner(around, padding)[...] = A
    return around


def inner(A: np.ndarray, padding: int) -> np.ndarray:
    """Return a view of what `padded` has put zeros around."""
    cut = slice(padding, -padding or None)
    return A[:, :, *[cut] * (A.ndim - 3)]


def windows(A: np.ndarray, size: Shape, stride: int) -> np.ndarray:
    """Return a view of A (S, c, *places, n) as (S, *size, c, *places of the windows, n)."""
    k = len(size)
    axes = tuple(range(2, 2 + k))
    slid = sliding_window_view(A, size, axes)[:, :, *[slice(None, None, stride)] * k]
    return slid.transpose(0, *range(3 + k, 3 + 2 * k), 1, *axes, 2 + k)


def overlaid(D: np.ndarray, places: Shape, stride: int) -> np.ndarray:
    """Add up D (S, *size, c, *places of the windows, n) where the windows lie: (S, c, *places, n).

    The transpose of `windows`. At each place within a window, its windows lie `stride` apart.
    """
    k = len(places)
    size, found = D.shape[1:1 + k], D.shape[2 + k:2 + 2 * k]
    if size == (stride,) * k:                   # each number has a place of its own
        axes = [axis for i in range(k) for axis in (2 + k + i, 1 + i)]
        return D.transpose(0, 1 + k, *axes, -1).reshape(len(D), -1, *places, D.shape[-1])
    cells = D.reshape(len(D), -1, *D.shape[1 + k:])
    total = np.zeros((len(D), D.shape[1 + k], *places, D.shape[-1]))
    for cell, offset in enumerate(product(*map(range, size))):
        seen = [slice(i, i + stride * m, stride) for i, m in zip(offset, found)]
        there = total[:, :, *seen]
        there += cells[:, cell]
    return total
