"""A network: the shape of a composition of layers, and what one can do with it.

All parameters of a network are one flat vector `theta` of shape (P,), and a stack of S
networks of one shape is (S, P). Every function takes either. Data sets come in the usual
layout, one row a point, and are turned once, on their way in, into columns (see `layers`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.random import Generator

from deepmath.activations import IDENTITY, RELU, SIGMOID, Activation, activation
from deepmath.arrays import analytic, check_classes, check_labels, real
from deepmath.checks import (
    check_choice, check_finite, check_positive, check_shape, check_whole, generator)
from deepmath.layers import (
    Layer, Trace, backward, forward, shaped_matrices, weights_and_biases)
from deepmath.losses import BINARY_CROSS_ENTROPY, Loss, l2_penalty, loss_function
from deepmath.objective import Objective


class AnyNetwork(ABC):
    """What one can do with a network of any kind.

    A kind says which layers it has, and how its two passes go through them.

    Attributes
    ----------
    output : Activation
        Of the last layer.
    """

    output: Activation

    @property
    @abstractmethod
    def input_size(self) -> int:
        """Numbers that describe a point: the columns of X."""

    @property
    @abstractmethod
    def output_size(self) -> int:
        """Units of the last layer."""

    @property
    @abstractmethod
    def shapes(self) -> list[tuple[int, int]]:
        """Each layer's (d, h), in the order in which `theta` holds them."""

    @property
    def gains(self) -> list[bool]:
        """Of each of `shapes`, whether W is a gain: 1 at first, and not penalised."""
        return [False] * len(self.shapes)

    @property
    @abstractmethod
    def activations(self) -> list[Activation]:
        """The activation of each `trace.z[l]`."""

    @property
    @abstractmethod
    def n_activations(self) -> int:
        """Numbers that a point's forward pass makes, its inputs with them."""

    @abstractmethod
    def forward_pass(self, layers: list[Layer], A: np.ndarray) -> Trace:
        """Take columns A, of shape (..., d, n), through the layers."""

    @abstractmethod
    def backward_pass(self, layers: list[Layer], trace: Trace, dA: np.ndarray,
                      gradients: list[Layer]) -> list[np.ndarray]:
        """Write the gradients of all layers, and return dL/d(trace.z[l]) of each l."""

    @property
    def n_parameters(self) -> int:
        """P, the number of weights and biases."""
        return sum(h * (d + 1) for d, h in self.shapes)

    @property
    def weight_mask(self) -> np.ndarray:
        """1 in the place of each weight, 0 in that of each bias or gain, of shape (P,)."""
        mask = np.zeros(self.n_parameters)
        for (W, _), gain in zip(self.layers(mask), self.gains):
            W[...] = 0.0 if gain else 1.0
        return mask

    def layers(self, theta: np.ndarray) -> list[Layer]:
        """Return each layer's W (..., h, d) and b (..., h, 1) as views of `theta`."""
        return weights_and_biases(shaped_matrices(theta, self.shapes))

    def initialise(self, seed: int | Generator, scheme: str = "normal",
                   scale: float = 0.5) -> np.ndarray:
        """Draw weights from a normal distribution, layer by layer; biases are zero.

        Parameters
        ----------
        seed : int or numpy.random.Generator
        scheme : {"normal", "he", "glorot"}
            Standard deviation of the weights of a layer from d to h units: `scale`;
            sqrt(2 / d) (He et al. 2015, eq. 10); or sqrt(2 / (d + h)) (Glorot and Bengio
            2010, eq. 12).
        scale : float
            Standard deviation for the scheme "normal"; the others do not use it.

        Returns
        -------
        theta : array of shape (P,)

        Examples
        --------
        >>> network = Network((2, 8, 8, 1))
        >>> network.initialise(42, "he").shape
        (105,)
        """
        check_positive("scale", scale)
        schemes: dict[str, Callable[[int, int], float]] = {
            "normal": lambda d, h: scale,
            "he": lambda d, h: sqrt(2 / d),
            "glorot": lambda d, h: sqrt(2 / (d + h)),
        }
        deviation = check_choice("scheme", scheme, schemes)
        rng = generator(seed)
        theta = np.zeros(self.n_parameters)
        for (W, _), gain in zip(self.layers(theta), self.gains):
            h, d = W.shape
            W[...] = 1.0 if gain else rng.normal(0.0, deviation(d, h), (h, d))
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
            Complex numbers are taken too, for the complex step of `check_gradient`.
        X : array of shape (n, d), or (S, n, d) for one data set a network

        Returns
        -------
        Trace
            Its arrays hold one point a column; its `output` has the shape (..., n), or
            (..., n, k) for k > 1 output units.

        Raises
        ------
        ValueError
            If a shape does not fit the network, or X holds NaN or infinity.

        Examples
        --------
        >>> network = Network((2, 8, 3))
        >>> thetas = network.initialise_stack(range(4))
        >>> network.forward(thetas, np.ones((5, 2))).output.shape
        (4, 5, 3)
        """
        theta = self.check_theta(theta)
        return self.forward_pass(self.layers(theta), self.columns(theta, X))

    def backward(self, theta: np.ndarray, trace: Trace,
                 output_gradient: np.ndarray) -> np.ndarray:
        """Walk the trace backwards, to dL/d(theta), of theta's shape.

        Parameters
        ----------
        theta : array of shape (P,) or (S, P)
            The parameters with which `trace` was made.
        trace : Trace
        output_gradient : array
            dL/d(output), of the shape of `trace.output` or else of `trace.a[-1]`.

        Raises
        ------
        ValueError
            If `output_gradient` has neither shape.
        """
        return self._backward(theta, trace, output_gradient)[0]

    def deltas(self, theta: np.ndarray, trace: Trace,
               output_gradient: np.ndarray) -> list[np.ndarray]:
        """Return what `backward` meets on its way: dL/d(trace.z[l]) of each layer l."""
        return self._backward(theta, trace, output_gradient)[1]

    def _backward(self, theta: np.ndarray, trace: Trace,
                  output_gradient: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        theta = self.check_theta(real("theta", theta))
        gradient = np.empty(theta.shape)
        deltas = self.backward_pass(self.layers(theta), trace,
                                    self.like_columns(trace, output_gradient),
                                    self.layers(gradient))
        return gradient, deltas

    def like_columns(self, trace: Trace, output_gradient: np.ndarray) -> np.ndarray:
        """Return dL/d(output) as columns, or raise ValueError if it does not fit the trace."""
        dA, output, columns = real("output_gradient", output_gradient), trace.output, trace.a[-1]
        if dA.shape == output.shape:
            return self.outputs_as_columns(dA)
        if dA.shape != columns.shape:
            raise ValueError(f"output_gradient must have the shape {output.shape} of the output "
                             f"or {columns.shape} of its columns; got {dA.shape}")
        return dA

    def predict(self, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Return the outputs: (..., n) for one output unit, else (..., n, k)."""
        return self.forward(theta, X).output

    def loss(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
             loss: str | Loss = "binary_cross_entropy", l2: float = 0.0) -> np.ndarray:
        """Return the loss alone, of shape () or (S,); see `loss_and_gradient`.

        `theta` may be complex, for the complex step of `check_gradient`.
        """
        theta, loss = self.check_theta(theta), loss_function(loss)
        value = Objective(self, loss, theta).value(*self.data(theta, X, y, loss))
        return value + l2_penalty(theta * self.weight_mask, l2)[0]

    def loss_and_gradient(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
                          loss: str | Loss = "binary_cross_entropy",
                          l2: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss plus (l2 / 2) ||weights||^2, and its gradient.

        Parameters
        ----------
        theta : array of shape (P,) or (S, P)
        X : array of shape (n, d) or (S, n, d)
        y : array of shape (n,) or (S, n); (n, k) or (S, n, k) for k > 1 output units
        loss : str or Loss
            "binary_cross_entropy", "mean_squared_error", or "softmax_cross_entropy", for which
            y (n,) or (S, n) holds labels from 0 to k - 1.
        l2 : float

        Returns
        -------
        loss : array of shape () or (S,)
        gradient : array of theta's shape

        Raises
        ------
        ValueError
            If a shape does not fit the network, a number is not finite, or labels or the output's
            activation do not fit the loss.

        Examples
        --------
        >>> network = Network((2, 8, 1))
        >>> X, y = np.ones((5, 2)), np.ones(5)
        >>> loss, gradient = network.loss_and_gradient(np.zeros(33), X, y)
        >>> print(loss.round(4), gradient.shape)    # log 2, that of a coin
        0.6931 (33,)
        >>> print(gradient[-1].round(4))            # of the last bias: sigmoid(0) - 1
        -0.5
        """
        theta, loss = self.check_theta(real("theta", theta)), loss_function(loss)
        value, gradient = Objective(self, loss, theta).value_and_gradient(
            *self.data(theta, X, y, loss))
        penalty, penalty_gradient = l2_penalty(theta * self.weight_mask, l2)
        return value + penalty, gradient + penalty_gradient

    def check_theta(self, theta: np.ndarray) -> np.ndarray:
        """Return `theta` as an array, or raise ValueError unless it is (P,) or (S, P)."""
        return check_shape("theta", analytic("theta", theta), (self.n_parameters,), ("S",))

    def data(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray, loss: Loss,
             which: str = "") -> tuple[np.ndarray, np.ndarray]:
        """Return X and y as columns, or raise ValueError if they do not fit network and loss."""
        X_columns = self.columns(theta, X, f"{which}X")
        n = X_columns.shape[-1]
        if loss.of_classes:
            return X_columns, self.labels(theta, n, y, loss, f"{which}y")
        Y = self.targets(theta, n, y, f"{which}y")
        if loss is BINARY_CROSS_ENTROPY:
            check_labels(f"{which}y", Y)
            if self.output is SIGMOID:
                raise ValueError("output must be 'identity' for binary_cross_entropy, which takes "
                                 "logits; got 'sigmoid'")
        return X_columns, Y

    def columns(self, theta: np.ndarray, X: np.ndarray, name: str = "X") -> np.ndarray:
        """Return `X` with one point a column, or raise ValueError if it does not fit."""
        X = check_shape(name, check_finite(name, X), ("n", self.input_size),
                        theta.shape[:-1])
        return X.mT

    def labels(self, theta: np.ndarray, n: int, y: np.ndarray, loss: Loss,
               name: str = "y") -> np.ndarray:
        """Return `y` as columns (..., 1, n), or raise ValueError unless it labels n points."""
        if self.output_size < 2:
            raise ValueError(f"{loss.name} needs a network with at least 2 outputs, one a class; "
                             f"got {self.output_size}")
        y = check_shape(name, check_finite(name, y), (n,), theta.shape[:-1])
        return check_classes(name, y, self.output_size)[..., None, :]

    def targets(self, theta: np.ndarray, n: int, y: np.ndarray, name: str = "y") -> np.ndarray:
        """Return `y` as columns like the outputs, or raise ValueError if it does not fit."""
        k = self.output_size
        point = (n,) if k == 1 else (n, k)
        return self.outputs_as_columns(
            check_shape(name, check_finite(name, y), point, theta.shape[:-1]))

    def outputs_as_columns(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs, (..., n) or (..., n, k), as (..., k, n)."""
        return outputs[..., None, :] if self.output_size == 1 else outputs.mT


@dataclass(init=False)
class Network(AnyNetwork):
    """Layers one after the other; their parameters are passed to each function as `theta`.

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

    Examples
    --------
    >>> network = Network((2, 8, 8, 1), hidden="tanh")
    >>> network.n_parameters, network.input_size, network.output_size
    (105, 2, 1)
    >>> network.shapes
    [(2, 8), (8, 8), (8, 1)]
    >>> theta = network.initialise(seed=0)
    >>> network.predict(theta, np.zeros((5, 2)))
    array([0., 0., 0., 0., 0.])
    """

    sizes: tuple[int, ...]
    hidden: Activation
    output: Activation

    def __init__(self, sizes: Iterable[int], hidden: str | Activation = RELU,
                 output: str | Activation = IDENTITY) -> None:
        self.sizes = check_sizes(sizes)
        self.hidden = activation(hidden, "hidden")
        self.output = activation(output, "output")

    @property
    def input_size(self) -> int:
        return self.sizes[0]

    @property
    def output_size(self) -> int:
        return self.sizes[-1]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return list(pairwise(self.sizes))

    @property
    def activations(self) -> list[Activation]:
        return [self.hidden] * (len(self.sizes) - 2) + [self.output]

    @property
    def n_activations(self) -> int:
        return sum(self.sizes)

    def forward_pass(self, layers: list[Layer], A: np.ndarray) -> Trace:
        return forward(layers, self.activations, A)

    def backward_pass(self, layers: list[Layer], trace: Trace, dA: np.ndarray,
                      gradients: list[Layer]) -> list[np.ndarray]:
        return backward(layers, self.activations, trace, dA, gradients)

    def representations(self, theta: np.ndarray, X: np.ndarray) -> list[np.ndarray]:
        """Return what each hidden layer makes of the points, (..., n, h), one row a point."""
        return [A.mT for A in self.forward(theta, X).a[1:-1]]


def check_sizes(sizes: Iterable[int]) -> tuple[int, ...]:
    """Return widths as a tuple of at least two, or raise ValueError."""
    widths = tuple(sizes) if isinstance(sizes, Iterable) else ()
    if len(widths) < 2 or isinstance(sizes, str):
        raise ValueError("sizes must hold the widths of the input, of each hidden layer and "
                         f"of the output, such as (2, 8, 1); got {sizes!r}")
    return tuple(check_whole(f"each width in sizes={widths}", width) for width in widths)
