"""A network as a composition of layers a -> activation(W a + b), and its gradient.

Columns are points: a batch of n points inside the network is a matrix of shape (width, n),
so that the code reads as the mathematics does, `Z = W @ A + b`. Data sets keep the usual
layout, one row a point, and are transposed once on their way in.

All parameters of a network are one flat vector `theta` of shape (P,). A leading axis
makes a stack of S networks, (S, P), and every function here takes either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.random import Generator, default_rng

from deepmath.activations import IDENTITY, RELU, Activation, activation
from deepmath.checks import check_choice, check_finite, check_positive, check_whole
from deepmath.losses import Loss, l2_penalty, loss_function

Layer = tuple[np.ndarray, np.ndarray]


def layer_matrices(theta: np.ndarray, sizes: tuple[int, ...]) -> list[np.ndarray]:
    """Return each layer's [W | b], of shape (..., h, d + 1), as views of `theta` (..., P)."""
    matrices, start = [], 0
    for d, h in pairwise(sizes):
        stop = start + h * (d + 1)
        matrices.append(theta[..., start:stop].reshape(*theta.shape[:-1], h, d + 1))
        start = stop
    return matrices


def views(theta: np.ndarray, sizes: tuple[int, ...]) -> list[Layer]:
    """Return each layer's W (..., h, d) and b (..., h, 1) as views of `theta` (..., P)."""
    return [(M[..., :-1], M[..., -1:]) for M in layer_matrices(theta, sizes)]


@dataclass(frozen=True)
class Trace:
    """What a forward pass leaves behind for the backward pass.

    Attributes
    ----------
    z : list of arrays
        Pre-activations: `z[l]` is W a[l] + b of layer l, of shape (..., h, n).
    a : list of arrays
        Activations: `a[0]` is the input, transposed, (..., d, n); `a[l + 1]` is what layer l
        makes of `z[l]`.
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


@dataclass(frozen=True)
class Network:
    """The shape of a network; its parameters are passed to each function as `theta`.

    Parameters
    ----------
    sizes : tuple of int
        Widths from the input to the output, such as (2, 8, 8, 1).
    hidden : str or Activation
        Activation of the hidden layers.
    output : str or Activation
        Activation of the last layer. Binary cross-entropy takes logits: leave "identity".

    Raises
    ------
    ValueError
        If a width is not a whole number of at least 1, or an activation is not known.
    """

    sizes: tuple[int, ...]
    hidden: str | Activation = RELU
    output: str | Activation = IDENTITY

    def __post_init__(self):
        if isinstance(self.sizes, str) or not isinstance(self.sizes, Iterable):
            raise ValueError(f"sizes must be a tuple such as (2, 8, 1); got {self.sizes!r}")
        sizes = tuple(self.sizes)
        if len(sizes) < 2:
            raise ValueError(f"sizes must name an input and an output width; got {sizes}")
        sizes = tuple(check_whole(f"each width in sizes={sizes}", size) for size in sizes)
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "hidden", activation(self.hidden, "hidden"))
        object.__setattr__(self, "output", activation(self.output, "output"))

    @property
    def n_parameters(self) -> int:
        """P, the number of weights and biases."""
        return sum(h * (d + 1) for d, h in pairwise(self.sizes))

    @property
    def activations(self) -> list[Activation]:
        """Each layer's activation."""
        return [self.hidden] * (len(self.sizes) - 2) + [self.output]

    def initialise(self, seed: int | Generator, scheme: str = "normal",
                   scale: float = 0.5) -> np.ndarray:
        """Draw weights from a normal distribution, layer by layer; biases are zero.

        Parameters
        ----------
        seed : int or numpy.random.Generator
        scheme : {"normal", "he", "glorot"}
            Standard deviation of a weight of a layer from d to h units: `scale`;
            sqrt(2 / d) (He et al. 2015, eq. 10); sqrt(2 / (d + h)) (Glorot and Bengio 2010,
            eq. 12).
        scale : float
            Standard deviation for the scheme "normal"; the others don't use it.

        Returns
        -------
        theta : array of shape (P,)
        """
        check_positive("scale", scale)
        deviation = check_choice("scheme", scheme, {
            "normal": lambda d, h: scale,
            "he": lambda d, h: sqrt(2 / d),
            "glorot": lambda d, h: sqrt(2 / (d + h)),
        })
        rng = default_rng(seed)
        theta = np.zeros(self.n_parameters)
        for W, _ in views(theta, self.sizes):
            h, d = W.shape
            W[...] = rng.normal(0.0, deviation(d, h), (h, d))
        return theta

    def initialise_stack(self, seeds: Iterable[int | Generator], scheme: str = "normal",
                         scale: float = 0.5) -> np.ndarray:
        """Return a stack of networks, one a seed, of shape (S, P)."""
        return np.stack([self.initialise(seed, scheme, scale) for seed in seeds])

    def forward(self, theta: np.ndarray, X: np.ndarray) -> Trace:
        """Evaluate the network on points and keep every step.

        Parameters
        ----------
        theta : array of shape (P,) or (S, P)
        X : array of shape (n, d), or (S, n, d) for one data set a network

        Returns
        -------
        Trace
        """
        A = self.columns(theta, X)
        z, a = [], [A]
        for (W, b), activation in zip(views(theta, self.sizes), self.activations):
            Z = W @ A + b
            A = activation.function(Z)
            z.append(Z)
            a.append(A)
        return Trace(z, a)

    def backward(self, theta: np.ndarray, trace: Trace,
                 output_gradient: np.ndarray) -> np.ndarray:
        """Walk the trace backwards: dL/d(theta) from dL/d(output).

        Parameters
        ----------
        theta : array of shape (P,) or (S, P)
            The parameters with which `trace` was made.
        trace : Trace
        output_gradient : array
            dL/d(trace.a[-1]), of that shape, or of the shape of `trace.output`.

        Returns
        -------
        gradient : array of theta's shape
        """
        gradient = np.empty(theta.shape)
        layers = zip(views(gradient, self.sizes), trace.a,
                     self.deltas(theta, trace, output_gradient))
        for (dW, db), A, dZ in layers:
            dW[...] = dZ @ A.mT
            db[...] = dZ.sum(axis=-1, keepdims=True)
        return gradient

    def deltas(self, theta: np.ndarray, trace: Trace,
               output_gradient: np.ndarray) -> list[np.ndarray]:
        """Return dL/d(trace.z[l]) of each layer l, by the chain rule from the last backwards."""
        last = trace.a[-1]
        dA = output_gradient if output_gradient.shape == last.shape else (
            output_gradient[..., None, :] if last.shape[-2] == 1 else output_gradient.mT)
        deltas = []
        steps = zip(views(theta, self.sizes), trace.z, self.activations)
        for (W, _), Z, activation in reversed(list(steps)):
            dZ = dA * activation.derivative(Z)
            dA = W.mT @ dZ
            deltas.insert(0, dZ)
        return deltas

    def predict(self, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Return the outputs: (..., n) for one output unit, else (..., n, k)."""
        return self.forward(theta, X).output

    def representations(self, theta: np.ndarray, X: np.ndarray) -> list[np.ndarray]:
        """Return what each hidden layer makes of the points, (..., n, h), one row a point."""
        return [A.mT for A in self.forward(theta, X).a[1:-1]]

    def loss_and_gradient(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
                          loss: str | Loss = "binary_cross_entropy",
                          l2: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss, of shape () or (S,), and its gradient, of theta's shape.

        `y` has the shape of the outputs, or is shared by the stack. With `l2` the penalty
        (l2 / 2) ||weights||^2 is added.
        """
        loss = loss_function(loss)
        trace = self.forward(theta, X)
        value = loss.value(trace.output, y)
        gradient = self.backward(theta, trace, loss.gradient(trace.output, y))
        if l2:
            penalty, penalty_gradient = l2_penalty(theta * self.weight_mask, l2)
            value, gradient = value + penalty, gradient + penalty_gradient
        return value, gradient

    def loss(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
             loss: str | Loss = "binary_cross_entropy", l2: float = 0.0) -> np.ndarray:
        """Return the loss alone, of shape () or (S,)."""
        value = loss_function(loss).value(self.predict(theta, X), y)
        return value + l2_penalty(theta * self.weight_mask, l2)[0] if l2 else value

    @property
    def weight_mask(self) -> np.ndarray:
        """1 in the place of each weight, 0 in that of each bias, of shape (P,)."""
        mask = np.zeros(self.n_parameters)
        for W, _ in views(mask, self.sizes):
            W[...] = 1.0
        return mask

    def columns(self, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Return `X` with points as columns, or raise ValueError if the shapes don't fit."""
        X = check_finite("X", X)
        return X.mT
