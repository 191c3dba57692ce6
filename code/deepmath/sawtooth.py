"""What depth can do, exactly: a sawtooth of 2^k pieces from k folds (Telgarsky 2016).

The tent map folds [0, 1] in the middle and stretches it back to [0, 1]. Two rectified units
compute it, tent(x) = 2 relu(x) - 4 relu(x - 1/2), so k layers of two units compute its
k-fold composition, which climbs and falls 2^(k-1) times. One hidden layer of m rectified
units bends at most m times and needs 2^k of them for the same function.

Nothing here is trained: the parameters are written down. All are dyadic numbers, so the
networks compute dyadic points without rounding.
"""

import numpy as np

from deepmath.checks import check_whole
from deepmath.layers import views
from deepmath.network import Network


def tent(x: np.ndarray) -> np.ndarray:
    """2 x up to 1/2, then 2 - 2 x."""
    return 1.0 - np.abs(2.0 * x - 1.0)


def folded_sawtooth(k: int) -> tuple[Network, np.ndarray]:
    """Return the network of k hidden layers of two rectified units, and its `theta`.

    Each layer takes u, the tent of the layer before, to relu(u) and relu(u - 1/2).

    Parameters
    ----------
    k : int
        How often the interval is folded, at least once.

    Returns
    -------
    network : Network
    theta : array of shape (P,)

    Examples
    --------
    >>> network, theta = folded_sawtooth(3)
    >>> network.sizes
    (1, 2, 2, 2, 1)
    >>> network.predict(theta, np.array([[0.0], [0.125], [0.25]]))
    array([0., 1., 0.])
    """
    check_whole("k", k)
    network = Network((1, *[2] * k, 1), hidden="relu")
    theta = np.zeros(network.n_parameters)
    (W, b), *folds, (last, _) = views(theta, network.sizes)
    W[...], b[...] = 1.0, [[0.0], [-0.5]]
    for W, b in folds:
        W[...], b[...] = [2.0, -4.0], [[0.0], [-0.5]]
    last[...] = [2.0, -4.0]
    return network, theta


def shallow_sawtooth(k: int) -> tuple[Network, np.ndarray]:
    """Return the network of one hidden layer, 2^k rectified units, equal to it on [0, 1].

    Unit j starts at j / 2^k and turns the slope from 2^k to -2^k or back. No smaller layer
    will do: the 2^k - 1 bends inside need a unit each, of slope 2 * 2^k; their sum left of
    all bends is a multiple of that, and not the slope 2^k with which the sawtooth begins.

    Parameters
    ----------
    k : int
        How often the interval is folded, at least once.

    Returns
    -------
    network : Network
    theta : array of shape (P,)

    Examples
    --------
    >>> network, theta = shallow_sawtooth(3)
    >>> network.sizes
    (1, 8, 1)
    >>> network.predict(theta, np.array([[0.0], [0.125], [0.25]]))
    array([0., 1., 0.])
    """
    n_pieces = 2 ** check_whole("k", k)
    network = Network((1, n_pieces, 1), hidden="relu")
    theta = np.zeros(network.n_parameters)
    (W, b), (turns, _) = views(theta, network.sizes)
    W[...] = 1.0
    b[:, 0] = -np.arange(n_pieces) / n_pieces
    turns[...] = 2.0 * n_pieces * (-1.0) ** np.arange(n_pieces)
    turns[0, 0] = n_pieces
    return network, theta


def count_pieces(x: np.ndarray, f: np.ndarray) -> int:
    """Count the linear pieces of f, of shape (n,), given at increasing x that hold its bends."""
    slopes = np.diff(f) / np.diff(x)
    return 1 + int(np.count_nonzero(~np.isclose(slopes[1:], slopes[:-1])))
