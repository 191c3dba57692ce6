"""Activation functions, each beside its derivative.

Both are functions of the pre-activation `z`, elementwise, for arrays of any shape. None
overflows, and none warns, however large `|z|` is. Whole numbers and float32 are computed, and
returned, as float64. The functions (not the derivatives) also accept complex `z`, which
`check_gradient` uses, with a real part of any size: numpy orders complex numbers by their
real part first, so `maximum(z, 0)` is continued analytically on either side of zero.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepmath.arrays import analytic, real
from deepmath.checks import check_choice

LEAK = 0.1


@dataclass(frozen=True)
class Activation:
    """An elementwise function and its derivative.

    Attributes
    ----------
    name : str
        The word by which `Network` and `activation` know it.
    function : callable
        `a = function(z)`, same shape as `z`.
    derivative : callable
        `da/dz = derivative(z)`, same shape as `z`. At a kink it is the value from the left,
        one of the subgradients there.

    Examples
    --------
    >>> square = Activation("square", lambda z: z**2, lambda z: 2 * z)
    >>> square(np.array([-1.0, 3.0]))
    array([1., 9.])
    >>> square.derivative(np.array([-1.0, 3.0]))
    array([-2.,  6.])
    """

    name: str
    function: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]

    def __call__(self, z: np.ndarray) -> np.ndarray:
        return self.function(z)


def relu(z: np.ndarray) -> np.ndarray:
    """max(0, z)."""
    return np.maximum(analytic("z", z), 0.0)


def relu_derivative(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, else 0; the subgradient 0 is taken at z = 0."""
    return np.greater(real("z", z), 0.0).astype(float)


def leaky_relu(z: np.ndarray) -> np.ndarray:
    """z where z > 0, else 0.1 z (Maas, Hannun and Ng 2013, with their 0.01 made visible)."""
    z = analytic("z", z)
    return np.maximum(z, LEAK * z)


def leaky_relu_derivative(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, else 0.1; the subgradient 0.1 is taken at z = 0."""
    return LEAK + (1.0 - LEAK) * np.greater(real("z", z), 0.0)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)); where exp(-z) overflows to infinity, its limit 0."""
    z = analytic("z", z)
    if z.dtype.kind == "c":              # infinity has no direction in the plane: stay below 1
        e = np.exp(np.where(z.real < 0, z, -z))
        return np.where(z.real < 0, e, 1.0) / (1.0 + e)
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-z))


def sigmoid_derivative(z: np.ndarray) -> np.ndarray:
    """sigmoid(z) sigmoid(-z), written so that neither tail loses its digits."""
    e = np.exp(-np.abs(real("z", z)))
    return e / (1.0 + e) ** 2


def tanh(z: np.ndarray) -> np.ndarray:
    """The hyperbolic tangent, 2 sigmoid(2 z) - 1."""
    return np.tanh(analytic("z", z))


def tanh_derivative(z: np.ndarray) -> np.ndarray:
    """1 - tanh(z)^2, written as 1 / cosh(z)^2, since the difference loses its digits."""
    e = np.exp(-2.0 * np.abs(real("z", z)))
    return 4.0 * e / (1.0 + e) ** 2


def identity(z: np.ndarray) -> np.ndarray:
    """z itself: the activation of an output that is a logit or a real number."""
    return analytic("z", z)


def identity_derivative(z: np.ndarray) -> np.ndarray:
    """1 everywhere."""
    return np.ones_like(real("z", z))


RELU = Activation("relu", relu, relu_derivative)
LEAKY_RELU = Activation("leaky_relu", leaky_relu, leaky_relu_derivative)
SIGMOID = Activation("sigmoid", sigmoid, sigmoid_derivative)
TANH = Activation("tanh", tanh, tanh_derivative)
IDENTITY = Activation("identity", identity, identity_derivative)

ACTIVATIONS = {a.name: a for a in (RELU, LEAKY_RELU, SIGMOID, TANH, IDENTITY)}


def slope(f: Activation, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Return the derivative at z of which a = f(z) is known: that may save an exponential.

    It is as exact as `a`, and so has fewer digits in the tails, where it is small itself.
    """
    if f is TANH:
        return 1.0 - a * a
    return a * (1.0 - a) if f is SIGMOID else f.derivative(z)


def activation(choice: str | Activation, argument: str = "activation") -> Activation:
    """Return the activation called `choice`; an `Activation` is returned as it is.

    Parameters
    ----------
    choice : str or Activation
        The name of an activation, or one itself.
    argument : str
        What the message of the error calls it.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If there is no such activation; it names `argument` and lists the choices.

    Examples
    --------
    >>> activation("relu")(np.array([-2.0, 3.0]))
    array([0., 3.])
    >>> activation("relu") is RELU
    True
    """
    if isinstance(choice, Activation):
        return choice
    return check_choice(argument, choice, ACTIVATIONS)
