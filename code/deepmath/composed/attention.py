"""Softmax attention with one head."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from deepmath.arrays import brief, is_masked
from deepmath.checks import check_whole, describe
from deepmath.composed.layer import (
    Layer, Parameters, Shape, affine, backward_affine, check_features, side_by_side)

Mask = Sequence[Sequence[bool]] | np.ndarray | None


@dataclass(frozen=True)
class Attention(Layer):
    """V P^T with P = softmax(Q^T K / sqrt(k)), row by row: (d, T) to (h, T), T at least 2.

    Or to (h,), where the last place alone asks: what `Last` would leave of it, for less.

    Each place asks (a column of Q), and offers a key and a value: Q, K (k, T) and V (h, T) are
    layers W a + b of the places' d features. P (T, T) says in row t how much place t takes from
    each place. (Vaswani et al. 2017, eq. 1, with columns for rows.)

    Parameters
    ----------
    n_inputs, n_keys, n_outputs : int
        d, k and h.
    mask : array of bool, of shape (T, T), or None
        Whether place t (row) may look at place s (column); None lets each look at all. Each must
        be allowed to look somewhere, and some place at two.
    last : bool
        Whether the last place alone asks. P then is its row, (1, T).

    Examples
    --------
    >>> layer = Attention(3, 4, 8)
    >>> layer.output_shape((3, 20)), layer.shapes
    ((8, 20), [(3, 4), (3, 4), (3, 8)])
    >>> earlier = Attention(3, 4, 8, mask=np.tri(20, dtype=bool))
    >>> Attention(3, 4, 8, last=True).output_shape((3, 20))
    (8,)
    """

    n_inputs: int
    n_keys: int
    n_outputs: int
    mask: Mask = field(default=None, repr=False)
    last: bool = False

    def __post_init__(self) -> None:
        for name in ("n_inputs", "n_keys", "n_outputs"):
            check_whole(name, getattr(self, name))
        if self.mask is not None:
            rows = check_mask(self.mask).tolist()       # comparable, and nobody's to change
            object.__setattr__(self, "mask", tuple(map(tuple, rows)))

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(self.n_inputs, h) for h in (self.n_keys, self.n_keys, self.n_outputs)]

    def output_shape(self, shape: Shape) -> Shape:
        check_features("n_inputs", self.n_inputs, shape, n_axes=1)
        T = shape[1]
        if T < 2:
            raise ValueError("what comes in must have at least 2 places, or there is nothing to "
                             f"choose among; got the shape {describe(shape)}")
        if self.mask is not None and len(self.mask) != T:
            raise ValueError(f"mask must have the shape ({T}, {T}), by the places that come in; "
                             f"got ({len(self.mask)}, {len(self.mask)})")
        return (self.n_outputs,) if self.last else (self.n_outputs, T)

    def n_numbers(self, shape: Shape) -> int:
        asking = 1 if self.last else shape[1]
        return (shape[1] * (self.n_keys + self.n_outputs)
                + asking * (self.n_keys + self.n_outputs + 2 * shape[1]))

    def seen(self, A: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what queries, keys and values are made of."""
        return (A[:, :, -1:] if self.last else A), A, A

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        Q, K, V = (affine(W, b, side_by_side(a)).reshape(-1, W.shape[1], *a.shape[2:])
                   for (W, b), a in zip(parameters, self.seen(A)))
        P = self.weights(Q, K)
        Z = np.einsum("...rtn,...htn->...hrn", P, V)
        return (Z[:, :, 0] if self.last else Z), (A, Q, K, V, P)

    def weights(self, Q: np.ndarray, K: np.ndarray) -> np.ndarray:
        """Return P (S, T, T, n), or (S, 1, T, n) of the last; its rows add up to 1."""
        scores = np.einsum("...krn,...ktn->...rtn", Q, K) / sqrt(self.n_keys)
        if self.mask is not None:
            mask = np.array(self.mask)[-scores.shape[1]:, :, None]
            scores = np.where(mask, scores, -np.inf)
        e = np.exp(scores - scores.max(axis=2, keepdims=True))
        return e / e.sum(axis=2, keepdims=True)

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        A, Q, K, V, P = kept
        dO = dZ[:, :, None] if self.last else dZ
        dP = np.einsum("...hrn,...htn->...rtn", dO, V)
        dS = P * (dP - (dP * P).sum(axis=2, keepdims=True)) / sqrt(self.n_keys)
        deltas = (np.einsum("...rtn,...ktn->...krn", dS, K),
                  np.einsum("...rtn,...krn->...ktn", dS, Q),
                  np.einsum("...rtn,...hrn->...htn", P, dO))
        dA = np.zeros((len(dZ) if to_inputs else 1, *A.shape[1:]))
        for (W, _), (dW, db), d, a, da in zip(parameters, gradients, deltas, self.seen(A),
                                              self.seen(dA)):
            d = side_by_side(d)
            backward_affine(dW, db, d, side_by_side(a))
            if to_inputs:
                da += (W.mT @ d).reshape(da.shape)
        return dA

    def attention(self, kept: Any) -> list[np.ndarray]:
        return [np.moveaxis(kept[-1], -1, 1)]


def check_mask(mask: Mask) -> np.ndarray:
    """Return a mask as an array of booleans, or raise ValueError if a place can look nowhere."""
    try:
        array = np.asarray(mask)
    except ValueError:          # rows of different lengths
        array = np.empty(0)
    if is_masked(mask) or array.dtype != bool or array.ndim != 2 or len(set(array.shape)) != 1:
        raise ValueError("mask must be an array of booleans, of the shape (T, T); "
                         f"got {brief(mask)}")
    allowed = array.sum(axis=1)
    if not allowed.all():
        raise ValueError("mask must let each place look at one at least; "
                         f"row {int(allowed.argmin())} is all False")
    if allowed.max(initial=0) < 2:
        raise ValueError("mask must let some place look at two at least, or there is nothing to "
                         f"choose among; got one in each of {len(array)} rows")
    return array
