"""Two networks that name the species of a simulated leaf; the figures of leaves share them.

The convolutional one has two layers of kernels with a local maximum between them and the maximum
over all places behind them, 2065 parameters; the fully connected one two hidden units, 2062. A
fully connected layer has 1025 parameters a unit here: it cannot have fewer than the other.
"""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.random import default_rng

from deepmath import Adam, Conv2d, Dense, Flatten, GlobalPool, Pool, Sequential, fit
from deepmath.activations import LEAKY_RELU
from deepmath.checks import check_whole
from deepmath.leaves import SIDE, Leaves, photograph, specimens
from deepmath.losses import softmax
from deepmath.sweep import sweep

CONVOLUTIONAL, CONNECTED = KINDS = "convolutional", "fully connected"
N_POOL, MOST = 2000, 1000       # leaves to draw from, and the most that a network gets
POOL, FRESH = 0, 999            # seeds of leaves: to learn from, and to be judged on
BATCH = 10
RATES = {CONVOLUTIONAL: 0.015, CONNECTED: 0.008}     # the best of three, on other leaves
STACK = 4
SIZE, STRIDE, POOLED, KERNELS = 4, 2, 3, (8, 25)


def network(kind: str, n_hidden: int = 2) -> Sequential:
    """Return a network of one of the `KINDS`; a connected one has `n_hidden` units."""
    if kind == CONNECTED:
        return Sequential([Flatten(), Dense(SIDE**2, n_hidden), LEAKY_RELU, Dense(n_hidden, 4)],
                          input_shape=(1, SIDE, SIDE))
    first, second = KERNELS
    return Sequential([Conv2d(1, first, SIZE, stride=STRIDE), LEAKY_RELU, Pool(POOLED),
                       Conv2d(first, second, 3), LEAKY_RELU, GlobalPool("max"), Dense(second, 4)],
                      input_shape=(1, SIDE, SIDE))


def points(leaves: Leaves) -> np.ndarray:
    """Return pictures as networks take them, (n, 1, 32, 32): each of mean 0 and deviation 1."""
    pictures = leaves.pictures[:, None]
    places = (-2, -1)
    centred = pictures - pictures.mean(axis=places, keepdims=True)
    return centred / centred.std(axis=places, keepdims=True)


@cache
def pool() -> tuple[np.ndarray, np.ndarray]:
    """Return the leaves from which each seed draws its own, as points and species."""
    leaves = photograph(specimens(N_POOL, POOL))
    return points(leaves), leaves.species


def initial(kind: str, seeds: list[int]) -> np.ndarray:
    """Return the parameters with which each seed's training begins, (S, P)."""
    return network(kind).initialise_stack([default_rng([seed, 1]) for seed in seeds], "he")


def n_epochs(kind: str, n: int) -> int:
    """Return the passes over n leaves; the connected network, which is cheap, gets more."""
    return min(20, max(2, 1000 // n)) if kind == CONVOLUTIONAL else min(40, max(5, 2000 // n))


@cache
def train_stack(seeds: tuple[int, ...], kind: str, n: int) -> np.ndarray:
    """Train a network a seed on n leaves of its own; the array must not be written to."""
    X, species = pool()
    chosen = np.array([default_rng(seed).permutation(N_POOL)[:n] for seed in seeds])
    found = fit(network(kind), initial(kind, list(seeds)), X[chosen], species[chosen],
                "softmax_cross_entropy", Adam(RATES[kind]), n_epochs(kind, n), BATCH).theta
    found.flags.writeable = False
    return found


def train(seeds: list[int], kind: str, n: int) -> dict[str, np.ndarray]:
    """Train a network a seed: a run of `deepmath.sweep`."""
    return {"theta": train_stack(tuple(seeds), kind, n)}


def trained(kind: str, n: int, n_seeds: int) -> np.ndarray:
    """Return trained networks, (n_seeds, P); what this process has trained it does not again."""
    check_whole("each of n_leaves", n)
    if n > MOST:
        raise ValueError(f"each of n_leaves must be at most {MOST}; got {n}")
    [run] = sweep(train, range(check_whole("n_seeds", n_seeds)), [{"kind": kind, "n": n}], STACK)
    return run["theta"]


def probabilities(kind: str, thetas: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return the probabilities of the four species, (S, n, 4), by one network after another."""
    asked = network(kind)
    some = [X[i:i + 50] for i in range(0, len(X), 50)]          # within the processor's cache
    return np.array([softmax(np.concatenate([asked.predict(theta, each) for each in some]))
                     for theta in thetas])


def everywhere(theta: np.ndarray, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Use both layers of kernels at every pixel, not at each second or sixth as the network does.

    Returns
    -------
    first : array of shape (n, 29, 29, 8)
        A unit at (i, j) sees the 4 by 4 pixels from there on, down and to the right.
    second : array of shape (n, 13, 13, 25)
        It sees 20 by 20 pixels.
    """
    (W, b), (V, c) = network(CONVOLUTIONAL).layers(theta)[:2]
    seen = sliding_window_view(X[:, 0], (SIZE, SIZE), axis=(1, 2))
    first = LEAKY_RELU(seen.reshape(*seen.shape[:3], -1) @ W.T + b[:, 0])
    apart = STRIDE * np.arange(POOLED)
    width = first.shape[1] - apart[-1]
    pooled = np.max([first[:, i:i + width, j:j + width] for i in apart for j in apart], axis=0)
    apart = STRIDE * POOLED * np.arange(3)
    width -= apart[-1]
    seen = np.concatenate([pooled[:, i:i + width, j:j + width] for i in apart for j in apart],
                          axis=-1)
    return first, LEAKY_RELU(seen @ V.T + c[:, 0])
