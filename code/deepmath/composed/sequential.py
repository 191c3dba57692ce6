"""A network of any layers: what `fit`, `check_gradient` and the rest ask of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from deepmath.activations import IDENTITY, Activation
from deepmath.arrays import real
from deepmath.checks import check_finite, check_shape, check_whole, describe
from deepmath.composed.chain import Chain
from deepmath.composed.dense import Activate
from deepmath.composed.layer import Layer, Parameters, Shape
from deepmath.layers import Trace
from deepmath.losses import Loss, loss_function
from deepmath.network import AnyNetwork
from deepmath.objective import flat, for_loss

PREDICT_BYTES = 2**24


@dataclass(frozen=True)
class Passed(Trace):
    """A trace of which `z` are what went into activations, and `a[l + 1]` what layer l made.

    The arrays have the shapes of `deepmath.composed.layer`, without S for one network alone.

    Attributes
    ----------
    kept : list
        What each layer needs for its backward pass.
    """

    kept: list[Any]


@dataclass(init=False)
class Sequential(AnyNetwork):
    """Layers one after the other, on points of any shape; the parameters are `theta`, apart.

    Parameters
    ----------
    layers : iterable of Layer, Activation or str
        An activation, or its name, stands between layers as they do.
    input_shape : tuple of int
        Shape of a point: (d,), (d, T) for a sequence of T vectors of d numbers, or (d, H, W) for
        a picture of d channels, 1 if it is grey. X has the shape (n, *input_shape).

    Attributes
    ----------
    point_shapes : list of tuple
        Shape of a point as it comes in, and after each layer.

    Raises
    ------
    ValueError
        If a layer does not fit what comes in, or they do not end in a vector; it names the layer.

    Examples
    --------
    >>> from deepmath.composed import Conv2d, Dense, GlobalPool
    >>> network = Sequential([Conv2d(1, 8, 6, stride=2), "relu", Conv2d(8, 16, 4, stride=2),
    ...                       "relu", GlobalPool(), Dense(16, 4)], input_shape=(1, 32, 32))
    >>> network.point_shapes[:3], network.n_parameters
    ([(1, 32, 32), (8, 14, 14), (8, 14, 14)], 2428)
    >>> theta = network.initialise(0, "he")
    >>> network.predict(theta, np.zeros((5, 1, 32, 32))).shape
    (5, 4)
    """

    chain: Chain = field(repr=False)
    input_shape: Shape = field(repr=False)

    def __init__(self, layers: Iterable[Layer | Activation | str], input_shape: Shape) -> None:
        self.chain = Chain(layers)
        if not isinstance(input_shape, (tuple, list)) or not 1 <= len(input_shape) <= 3:
            raise ValueError("input_shape must be (d,), (d, T) or (d, H, W); "
                             f"got {input_shape!r}")
        self.input_shape = tuple(
            check_whole(f"each length in input_shape={input_shape}", each) for each in input_shape)
        self.point_shapes = self.chain.all_shapes(self.input_shape)
        last = self.chain.layers[-1]
        self.output = last.activation if isinstance(last, Activate) else IDENTITY
        if len(self.point_shapes[-1]) != 1:
            raise ValueError("layers must end in a vector for each point, as Flatten, GlobalPool "
                             f"or Last give; they end in {describe(self.point_shapes[-1])}")
        if not self.n_parameters:
            raise ValueError("layers must hold one with weights, such as Dense; "
                             f"got {list(self.chain.layers)}")

    def __repr__(self) -> str:
        return f"Sequential({list(self.chain.layers)}, input_shape={self.input_shape})"

    @property
    def input_size(self) -> int:
        return prod(self.input_shape)

    @property
    def output_size(self) -> int:
        return self.point_shapes[-1][0]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return self.chain.shapes

    @property
    def gains(self) -> list[bool]:
        return self.chain.gains

    @property
    def activations(self) -> list[Activation]:
        return self.chain.activations

    @property
    def n_activations(self) -> int:
        return self.input_size + self.chain.n_numbers(self.input_shape)

    def by_layer(self, theta: np.ndarray) -> list[list[Parameters]]:
        """Return a list for each layer: of the W (..., h, d) and b (..., h, 1) that it has.

        Views of `theta`, which is an array of shape (P,) or (S, P).

        Examples
        --------
        >>> from deepmath.composed import Conv2d, Dense, Flatten
        >>> network = Sequential([Conv2d(1, 8, 5), "relu", Flatten(), Dense(32, 1)], (1, 6, 6))
        >>> [[W.shape for W, b in layer] for layer in network.by_layer(network.initialise(0))]
        [[(8, 25)], [], [], [(1, 32)]]
        """
        return self.chain.split(self.layers(theta))

    def forward(self, theta: np.ndarray, X: np.ndarray) -> Passed:
        """Evaluate the network on points and keep every step; see `AnyNetwork.forward`."""
        theta = self.check_theta(theta)
        trace = self.forward_pass(self.layers(theta), self.columns(theta, X))
        z = self.chain.pre_activations(trace.kept)
        return replace(trace, z=z if trace.a[-1].ndim == 3 else [each[0] for each in z])

    def forward_pass(self, layers: list[Parameters], A: np.ndarray) -> Passed:
        """Do the same for columns, and leave out `z`, for which training does not ask."""
        points = np.ascontiguousarray(A).reshape(*A.shape[:-2], *self.input_shape, A.shape[-1])
        alone = layers[0][0].ndim == A.ndim == 2
        stacked = points[None] if A.ndim == 2 else points
        outputs, kept = self.chain.steps(as_stack(layers), stacked)
        return Passed([], [A, *([each[0] for each in outputs[1:]] if alone else outputs[1:])], kept)

    def backward_pass(self, layers: list[Parameters], trace: Trace, dA: np.ndarray,
                      gradients: list[Parameters]) -> list[np.ndarray]:
        """Write the gradients of all layers, and return dL/d(outputs) of all with some below."""
        return self.back(layers, trace, dA, gradients, to_inputs=False)

    def back(self, layers: list[Parameters], trace: Trace, dA: np.ndarray,
             gradients: list[Parameters], to_inputs: bool) -> list[np.ndarray]:
        """Do the same, and where `to_inputs`, return dL/d(trace.a[l + 1]) of each layer l."""
        assert isinstance(trace, Passed)
        alone = dA.ndim == 2
        _, *found = self.chain.steps_back(as_stack(layers), as_stack(gradients), trace.kept,
                                          dA[None] if alone else dA, to_inputs)
        return [each[0] for each in found] if alone else found

    def deltas(self, theta: np.ndarray, trace: Trace,
               output_gradient: np.ndarray) -> list[np.ndarray]:
        """Return dL/d(trace.a[l + 1]) of each layer l."""
        theta = self.check_theta(real("theta", theta))
        return self.back(self.layers(theta), trace, self.like_columns(trace, output_gradient),
                         self.layers(np.empty(theta.shape)), to_inputs=True)

    def gradient_norms(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
                       loss: str | Loss = "binary_cross_entropy") -> np.ndarray:
        """Return the norm of dL/d(outputs) of each layer, over all points: (L,) or (L, S).

        Parameters
        ----------
        theta, X, y, loss
            As in `loss_and_gradient`.

        Returns
        -------
        array of shape (L,) or (L, S)
            Of the layers as they are listed: a residual block is one.

        Examples
        --------
        >>> from deepmath import xor
        >>> from deepmath.composed import Dense, Residual
        >>> blocks = [Residual([Dense(8, 8), "tanh"]) for _ in range(30)]
        >>> network = Sequential([Dense(2, 8), *blocks, Dense(8, 1)], (2,))
        >>> thetas = network.initialise_stack(range(4), "glorot")
        >>> network.gradient_norms(thetas, *xor(20, 0)).shape
        (32, 4)
        """
        theta, loss = self.check_theta(real("theta", theta)), loss_function(loss)
        A, Y = self.data(theta, X, y, loss)
        trace = self.forward_pass(self.layers(theta), A)
        dA = loss.gradient(for_loss(loss, trace.a[-1]), flat(Y)).reshape(trace.a[-1].shape)
        return np.array([np.sqrt((d**2).sum(axis=tuple(range(-len(shape) - 1, 0))))
                         for d, shape in zip(self.deltas(theta, trace, dA), self.point_shapes[1:])])

    def attention(self, theta: np.ndarray, X: np.ndarray) -> list[np.ndarray]:
        """Return the weights of each `Attention`, (n, T, T) or (S, n, T, T); rows add up to 1.

        Parameters
        ----------
        theta : array of shape (P,) or (S, P)
        X : array of shape (n, *input_shape), or (S, n, *input_shape)

        Examples
        --------
        >>> from deepmath.composed import Attention, Dense, Last
        >>> network = Sequential([Attention(3, 2, 4), Last(), Dense(4, 1)], (3, 7))
        >>> P, = network.attention(network.initialise(0), np.ones((5, 3, 7)))
        >>> P.shape, P[0, 6].round(3)           # all days are alike
        ((5, 7, 7), array([0.143, 0.143, 0.143, 0.143, 0.143, 0.143, 0.143]))
        """
        trace = self.forward(theta, X)
        alone = trace.a[-1].ndim == 2
        return [P[0] if alone else P for P in self.chain.attention(trace.kept)]

    def predict(self, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Return the outputs, (..., n) or (..., n, k); some points of a network at a time.

        So that a stack's windows on many pictures need not be kept all at once.
        """
        theta = self.check_theta(theta)
        columns = self.columns(theta, X)
        networks, n = np.atleast_2d(theta), columns.shape[-1]
        size = max(1, PREDICT_BYTES // (8 * self.n_activations))
        outputs = np.empty((len(networks), self.output_size, n), networks.dtype)
        for s, own in enumerate(networks):
            layers, A = self.layers(own), columns if columns.ndim == 2 else columns[s]
            for i in range(0, n, size):
                some = self.forward_pass(layers, A[:, i:i + size])
                outputs[s, :, i:i + size] = some.a[-1]
        return Passed([], [outputs if theta.ndim == 2 else outputs[0]], []).output

    def representations(self, theta: np.ndarray, X: np.ndarray) -> list[np.ndarray]:
        """Return what each layer makes of the points, (n, ...) or (S, n, ...), one row a point.

        Parameters
        ----------
        theta : array of shape (P,) or (S, P)
        X : array of shape (n, *input_shape), or (S, n, *input_shape)

        Examples
        --------
        >>> from deepmath.composed import Conv2d, Dense, GlobalPool
        >>> network = Sequential([Conv2d(1, 8, 5), GlobalPool("max"), Dense(8, 1)], (1, 9, 9))
        >>> found = network.representations(network.initialise(0), np.zeros((3, 1, 9, 9)))
        >>> [each.shape for each in found]
        [(3, 8, 5, 5), (3, 8), (3, 1)]
        """
        trace = self.forward(theta, X)
        stack = trace.a[-1].shape[:-2]          # what all networks share is there for each
        return [np.broadcast_to(np.moveaxis(each, -1, -1 - len(shape)),
                                (*stack, each.shape[-1], *shape))
                for each, shape in zip(trace.a[1:], self.point_shapes[1:])]

    def columns(self, theta: np.ndarray, X: np.ndarray, name: str = "X") -> np.ndarray:
        """Return `X` with one point a column, or raise ValueError if it does not fit."""
        X = check_shape(name, check_finite(name, X), ("n", *self.input_shape), theta.shape[:-1])
        points = X.reshape(*X.shape[:X.ndim - len(self.input_shape)], self.input_size)
        return points.mT


def as_stack(layers: list[Parameters]) -> list[Parameters]:
    """Return W and b with S in front, which is 1 for one network; as views."""
    return [(W[None], b[None]) if W.ndim == 2 else (W, b) for W, b in layers]
