"""Optimisers: how a gradient moves the parameters, one line each.

An optimiser holds only its settings. What it remembers from step to step is the list of
arrays that `start` makes, and belongs to one call of `fit`. `step` moves `theta`, of shape
(P,) or (S, P), in place; t counts the steps from 1.
"""

from dataclasses import dataclass

import numpy as np

from deepmath.checks import check_number, check_positive


@dataclass(frozen=True)
class GradientDescent:
    """theta <- theta - learning_rate * gradient.

    Parameters
    ----------
    learning_rate : float
        Above 0.

    Examples
    --------
    >>> theta = np.array([1.0, 2.0])
    >>> GradientDescent(0.1).step(theta, np.array([10.0, 0.0]), [], t=1)
    >>> theta
    array([0., 2.])
    """

    learning_rate: float = 0.05

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate)

    def start(self, theta: np.ndarray) -> list[np.ndarray]:
        return []

    def step(self, theta: np.ndarray, gradient: np.ndarray, state: list[np.ndarray],
             t: int) -> None:
        theta -= self.learning_rate * gradient


@dataclass(frozen=True)
class Momentum:
    """A velocity that remembers earlier gradients (Polyak 1964; Goodfellow 2016, eq. 8.15).

    Parameters
    ----------
    learning_rate : float
        Above 0.
    momentum : float
        The share of the velocity that the next step keeps, from 0 to below 1.

    Examples
    --------
    >>> theta, slope, optimiser = np.zeros(1), np.ones(1), Momentum(0.1, 0.5)
    >>> state = optimiser.start(theta)
    >>> for t in (1, 2):
    ...     optimiser.step(theta, slope, state, t)
    >>> theta                           # -0.1, and then -0.1 - 0.5 * 0.1
    array([-0.25])
    """

    learning_rate: float = 0.05
    momentum: float = 0.9

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate)
        check_number("momentum", self.momentum, "a number from 0 to below 1", 0.0, 1.0)

    def start(self, theta: np.ndarray) -> list[np.ndarray]:
        return [np.zeros_like(theta)]

    def step(self, theta: np.ndarray, gradient: np.ndarray, state: list[np.ndarray],
             t: int) -> None:
        velocity, = state
        velocity *= self.momentum
        velocity -= self.learning_rate * gradient
        theta += velocity


@dataclass(frozen=True)
class Adam:
    """Steps scaled by running moments of the gradient (Kingma and Ba 2015, Algorithm 1).

    Parameters
    ----------
    learning_rate : float
        Above 0.
    beta1, beta2 : float
        How slowly the running means of the gradient and of its square forget, from 0 to below 1.
    epsilon : float
        Keeps the division from one by zero.

    Examples
    --------
    >>> theta, optimiser = np.zeros(2), Adam(0.01)
    >>> optimiser.step(theta, np.array([1000.0, -0.001]), optimiser.start(theta), t=1)
    >>> theta.round(4)                  # the first step is as long as the learning rate
    array([-0.01,  0.01])
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate)
        check_number("beta1", self.beta1, "a number from 0 to below 1", 0.0, 1.0)
        check_number("beta2", self.beta2, "a number from 0 to below 1", 0.0, 1.0)
        check_positive("epsilon", self.epsilon)

    def start(self, theta: np.ndarray) -> list[np.ndarray]:
        return [np.zeros_like(theta), np.zeros_like(theta)]

    def step(self, theta: np.ndarray, gradient: np.ndarray, state: list[np.ndarray],
             t: int) -> None:
        m, v = state
        m += (1 - self.beta1) * (gradient - m)
        v += (1 - self.beta2) * (gradient * gradient - v)
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        theta -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


Optimiser = GradientDescent | Momentum | Adam
