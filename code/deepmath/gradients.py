"""Is the gradient right? Backpropagation against a derivative found without it.

For a direction v, backpropagation says that the loss changes at the rate `gradient . v`.
The loss itself, evaluated beside theta, says the same without any calculus:

- difference: (L(theta + h v) - L(theta - h v)) / 2h, good to about ten digits;
- complex step: Im L(theta + i h v) / h, exact to rounding, since nothing is subtracted
  (Squire and Trapp 1998). It asks that the loss be analytic around theta, which it is for
  every activation here, except exactly on the kink of a rectifier.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from deepmath.checks import check_choice, check_whole, generator
from deepmath.losses import Loss, loss_function
from deepmath.network import AnyNetwork

LossAt = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class GradientCheck:
    """Directional derivatives by backpropagation and by `method`, and how far they differ.

    Attributes
    ----------
    method : str
    backpropagated, independent : arrays of shape (n_directions,) or (n_directions, S)
    on_kink : int
        Pre-activations of a rectifier that are exactly zero, where no derivative exists.
    """

    method: str
    backpropagated: np.ndarray
    independent: np.ndarray
    on_kink: int

    @property
    def relative_error(self) -> float:
        """||backpropagated - independent|| / ||independent||."""
        distance = np.linalg.norm(self.backpropagated - self.independent)
        return float(distance / np.linalg.norm(self.independent)) if distance else 0.0

    def __str__(self) -> str:
        kink = f"; {self.on_kink} pre-activations lie on a kink" if self.on_kink else ""
        return (f"relative error {self.relative_error:.1e} against the {self.method} "
                f"in {len(self.independent)} directions{kink}")

    __repr__ = __str__


def central_difference(loss_at: LossAt, theta: np.ndarray, v: np.ndarray,
                       h: float = 1e-5) -> np.ndarray:
    """(L(theta + h v) - L(theta - h v)) / 2h, with an error of order h^2."""
    return (loss_at(theta + h * v) - loss_at(theta - h * v)) / (2 * h)


def complex_step(loss_at: LossAt, theta: np.ndarray, v: np.ndarray,
                 h: float = 1e-30) -> np.ndarray:
    """Im L(theta + i h v) / h, with an error of order h^2, here below rounding."""
    return loss_at(theta + 1j * h * v).imag / h


METHODS = {"complex step": complex_step, "difference": central_difference}


def check_gradient(network: AnyNetwork, theta: np.ndarray, X: np.ndarray, y: np.ndarray,
                   loss: str | Loss = "binary_cross_entropy", l2: float = 0.0,
                   method: str = "complex step", n_directions: int = 8,
                   seed: int | Generator = 0) -> GradientCheck:
    """Compare backpropagation with directional derivatives of the loss.

    Parameters
    ----------
    network, theta, X, y, loss, l2
        As in the network's `loss_and_gradient`.
    method : {"complex step", "difference"}
    n_directions : int
        How many directions are drawn, each normal in theta's space.
    seed : int or numpy.random.Generator

    Returns
    -------
    GradientCheck
        Prints its relative error; `relative_error` is the number.

    Examples
    --------
    >>> from deepmath import Network, xor
    >>> network = Network((2, 8, 1), hidden="tanh")
    >>> check = check_gradient(network, network.initialise(0), *xor(40, 0), n_directions=5)
    >>> check.independent.shape, check.relative_error < 1e-12
    ((5,), True)
    """
    derivative = check_choice("method", method, METHODS)
    check_whole("n_directions", n_directions)
    loss = loss_function(loss)
    rng = generator(seed)
    directions = rng.standard_normal((n_directions, *np.shape(theta)))
    _, gradient = network.loss_and_gradient(theta, X, y, loss, l2)

    def loss_at(parameters: np.ndarray) -> np.ndarray:
        return network.loss(parameters, X, y, loss, l2)

    return GradientCheck(
        method, (gradient * directions).sum(axis=-1),
        np.array([derivative(loss_at, theta, v) for v in directions]),
        count_on_kink(network, theta, X))


def count_on_kink(network: AnyNetwork, theta: np.ndarray, X: np.ndarray) -> int:
    """Count the pre-activations at which a rectifier's derivative jumps."""
    zs = zip(network.forward(theta, X).z, network.activations)
    return sum(int((Z == 0).sum()) for Z, a in zs if a.name in ("relu", "leaky_relu"))
