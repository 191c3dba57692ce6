"""Whole epochs as machine code: the passes of `network` as plain loops, which numba compiles.

A unit is a row and a point a column of one table `A`, as in `layers`; [the inputs; layer 1; ...;
the outputs] stand below each other, a block of points at a time, so that the table stays in the
processor's cache. On the way back a layer's rows turn from activations into their deltas. The
innermost loop always runs over the points: it is what the compiler makes wide instructions of.

Import this module only where numba is wanted: `engines.load_compiled` does.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import astuple
from functools import partial
from math import log
from threading import Timer
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.random import default_rng

from deepmath.activations import IDENTITY, LEAK, LEAKY_RELU, RELU, SIGMOID, TANH
from deepmath.engines import Epochs, Losses
from deepmath.losses import BINARY_CROSS_ENTROPY, MEAN_SQUARED_ERROR
from deepmath.network import AnyNetwork, Network
from deepmath.optimisers import Adam, GradientDescent, Momentum

ACTIVATIONS = {RELU: 0, LEAKY_RELU: 1, SIGMOID: 2, TANH: 3, IDENTITY: 4}
LOSSES = {BINARY_CROSS_ENTROPY: 0, MEAN_SQUARED_ERROR: 1}
OPTIMISERS = {GradientDescent: 0, Momentum: 1, Adam: 2}

BLOCK = 256             # points
WIDE = 16               # numbers that two of the widest instructions take
GROUP = 2e7             # multiplications with a weight in a call: about 10 ms
SHARE = 1e6             # and of a thread that is worth its start
PATIENCE = 2.0          # seconds

# Sums may be taken in any order, and `x * y + z` rounded once. The functions of numbers below
# stand on their order.
loops = njit(nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
exact = njit(nogil=True, error_model="numpy", fastmath={"contract"})

# --------------------------------------------------------------------- functions of a number
# Those of the C library are called one by one; these go wide with the loop around them.

ROUND = 1.5 * 2.0**52                           # x + ROUND - ROUND is the nearest whole number
LN2_HIGH = np.floor(log(2) * 2.0**32) / 2.0**32     # k LN2_HIGH is exact for |k| < 2^20
LN2_LOW = 1.9082149292705877e-10
EXP = tuple(float(1 / np.prod(np.arange(1.0, i + 1))) for i in range(13, 0, -1))   # 1 / i!
ARTANH = tuple(2 / i for i in range(21, 0, -2))


@exact
def power(x):
    """Return 2^k and e^r - 1 of x = k log 2 + r, with |r| at most (log 2) / 2."""
    x = -708.0 if x < -708.0 else 709.0 if x > 709.0 else x
    k = (x * (1 / log(2)) + ROUND) - ROUND
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    series = 0.0
    for coefficient in EXP:
        series = series * r + coefficient
    return np.int64((np.int64(k) + 1023) << 52).view(np.float64), series * r


@exact
def exp(x):
    scale, rest = power(x)
    return scale + scale * rest


@exact
def tanh(x):
    """(e^2x - 1) / (e^2x + 1)."""
    scale, rest = power(2.0 * x)
    e = scale * rest + (scale - 1.0)
    return e / (e + 2.0)


@exact
def log1p(x):
    """2 artanh(x / (x + 2)), or half the way from 1: log 2 + log((1 + x) / 2), for 0 <= x <= 1."""
    s, start = (x / (x + 2.0), 0.0) if x < 0.41 else ((x - 1.0) / (x + 3.0), log(2))
    series = 0.0
    for coefficient in ARTANH:
        series = series * (s * s) + coefficient
    return start + series * s


@exact
def activate(which, A, start, stop, width):
    """Make pre-activations activations. What is not a number stays so."""
    for j in range(start, stop):
        if which == 0:
            for p in range(width):
                A[j, p] = 0.0 if A[j, p] < 0.0 else A[j, p]
        elif which == 1:
            for p in range(width):
                A[j, p] = LEAK * A[j, p] if A[j, p] < 0.0 else A[j, p]
        elif which == 2:
            for p in range(width):
                A[j, p] = 1.0 / (1.0 + exp(-A[j, p]))
        elif which == 3:
            for p in range(width):
                A[j, p] = tanh(A[j, p])


@exact
def to_deltas(which, A, start, stop, dA, width):
    """Make activations deltas: the derivative, said in terms of the activation, times dA."""
    for j in range(start, stop):
        i = j - start
        if which == 0:
            for p in range(width):
                A[j, p] = dA[i, p] if A[j, p] > 0.0 else 0.0 * dA[i, p]
        elif which == 1:
            for p in range(width):
                A[j, p] = dA[i, p] if A[j, p] > 0.0 else LEAK * dA[i, p]
        elif which == 2:
            for p in range(width):
                A[j, p] = A[j, p] * (1.0 - A[j, p]) * dA[i, p]
        elif which == 3:
            for p in range(width):
                A[j, p] = (1.0 - A[j, p] * A[j, p]) * dA[i, p]
        else:
            for p in range(width):
                A[j, p] = dA[i, p]


# ------------------------------------------------------------------------------ a layer

@loops
def four(theta, at, k, step):
    """Return weights k to k + 3 of those that begin at `at`; 0 for those before the first."""
    i = at + k * step
    return (theta[i] if k >= 0 else 0.0, theta[i + step] if k >= -1 else 0.0,
            theta[i + 2 * step] if k >= -2 else 0.0, theta[i + 3 * step])


@loops
def product(theta, at, next_row, next_column, bias, d, h, A, below, Z, above, width):
    """Write W A + b: rows `above` to `above + h` of Z, from the d rows of A from `below` on.

    W (h, d) begins at `at` of theta, its rows and columns `next_row` and `next_column` apart;
    b stands `bias` behind each row's start, unless that is 0. Two rows are made at a time, of
    four columns at a time: for odd h one of them is made twice, and a single one spoils the row
    below it; for d that four does not divide, rows before `below` are taken 0 times.
    """
    for row in range(0, h, 2):
        row = max(0, min(row, h - 2))
        w = at + row * next_row
        v = w + (next_row if h > 1 else 0)
        b, c = (theta[w + bias], theta[v + bias]) if bias else (0.0, 0.0)
        j = above + row
        for k in range(-(-d % 4), d, 4):
            w0, w1, w2, w3 = four(theta, w, k, next_column)
            v0, v1, v2, v3 = four(theta, v, k, next_column)
            i = below + k
            for p in range(width):
                a0, a1, a2, a3 = A[i, p], A[i + 1, p], A[i + 2, p], A[i + 3, p]
                Z[j, p] = ((b if k <= 0 else Z[j, p])
                           + (w0 * a0 + w1 * a1 + w2 * a2 + w3 * a3))
                Z[j + 1, p] = ((c if k <= 0 else Z[j + 1, p])
                               + (v0 * a0 + v1 * a1 + v2 * a2 + v3 * a3))


@loops
def add_gradient(gradient, at, d, h, A, below, above, width):
    """Add dZ A^T and the sums of dZ, whose rows begin at `above`, to [dW | db] at `at`."""
    for j in range(above, above + h):
        total = 0.0
        for k in range(-(-d % 4), d, 4):
            i = below + k
            s0 = s1 = s2 = s3 = total = 0.0
            for p in range(width):
                dz = A[j, p]
                total += dz
                s0 += dz * A[i, p]
                s1 += dz * A[i + 1, p]
                s2 += dz * A[i + 2, p]
                s3 += dz * A[i + 3, p]
            if k >= 0:
                gradient[at + k] += s0
            if k >= -1:
                gradient[at + k + 1] += s1
            if k >= -2:
                gradient[at + k + 2] += s2
            gradient[at + k + 3] += s3
        gradient[at + d] += total
        at += d + 1


@loops
def add_loss(which, A, above, h, targets, n_points, width, share):
    """Return the losses of the outputs times `share`; make `targets` the outputs' gradient.

    Columns from `n_points` on are no points.
    """
    total = 0.0
    for j in range(h):
        for p in range(width):
            z, y, weight = A[above + j, p], targets[j, p], share if p < n_points else 0.0
            if which == 0:
                e = exp(-abs(z))
                total += weight * ((z if z > 0.0 else 0.0) - z * y + log1p(e))
                targets[j, p] = weight * ((1.0 if z > 0.0 else e) / (1.0 + e) - y)
            else:
                total += weight * ((z - y) * (z - y))
                targets[j, p] = weight * 2.0 * (z - y)
    return total


# ---------------------------------------------------------------------------- the passes

@loops
def lay(data, order, first, n_points, width, table, row):
    """Write columns of `data`, from `first` of `order` on, to rows of a table, then zeros."""
    for k in range(len(data)):
        if len(order):
            for p in range(n_points):
                table[row + k, p] = data[k, order[first + p]]
        else:
            for p in range(n_points):
                table[row + k, p] = data[k, first + p]
        for p in range(n_points, width):
            table[row + k, p] = 0.0


@loops
def passes(learn, theta, gradient, layers, loss, X, Y, order, start, stop, A, dA):
    """Return the mean loss of points `start` to `stop`; if it is to learn, write its gradient."""
    if learn:
        gradient[:] = 0.0
    n_blocks = -(-(stop - start) // BLOCK)
    width = -(-(stop - start) // (n_blocks * WIDE)) * WIDE
    share, total = 1.0 / ((stop - start) * len(Y)), 0.0
    for first in range(start, stop, width):
        n_points = min(width, stop - first)
        lay(X, order, first, n_points, width, A, layers[0, 3])
        lay(Y, order, first, n_points, width, dA, 0)
        for l in range(len(layers)):
            d, h, at, below, above, which = unpack(layers, l)
            product(theta, at, d + 1, 1, d, d, h, A, below, A, above, width)
            activate(which, A, above, above + h, width)
        total += add_loss(loss, A, above, h, dA, n_points, width, share)
        for l in range(len(layers) - 1, -1, -1) if learn else range(0):
            d, h, at, below, above, which = unpack(layers, l)
            to_deltas(which, A, above, above + h, dA, width)
            add_gradient(gradient, at, d, h, A, below, above, width)
            if l:
                product(theta, at, 1, d + 1, 0, h, d, A, above, dA, 0, width)
    return total


@loops
def unpack(layers, l):
    return (layers[l, 0], layers[l, 1], layers[l, 2], layers[l, 3], layers[l, 4], layers[l, 5])


@exact
def update(which, theta, gradient, decay, state, settings, t):
    """Move theta, as `deepmath.optimisers` does; `state` holds the velocity, or both moments."""
    rate, beta1, beta2, epsilon = settings[0], settings[1], settings[2], settings[3]
    m, v = state[0], state[1]
    correct1, correct2 = 1.0 - beta1**t, 1.0 - beta2**t
    for i in range(len(theta)):
        g = gradient[i] + decay[i] * theta[i]
        if which == 0:
            theta[i] -= rate * g
        elif which == 1:
            m[i] = beta1 * m[i] - rate * g
            theta[i] += m[i]
        else:
            m[i] += (1.0 - beta1) * (g - m[i])
            v[i] += (1.0 - beta2) * (g * g - v[i])
            theta[i] -= rate * (m[i] / correct1) / (np.sqrt(v[i] / correct2) + epsilon)


class Share(NamedTuple):
    """A thread's networks and all that it needs to train them. `theta` and `state` move."""

    theta: np.ndarray           # (S, P)
    state: np.ndarray           # (S, 2, P), of the optimiser
    X: np.ndarray               # (S or 1, d, n), and Y, of n points
    Y: np.ndarray
    X_checked: np.ndarray       # those of validation, perhaps of none
    Y_checked: np.ndarray
    layers: np.ndarray          # (L, 6): d, h, where W begins, rows below and above, activation
    loss: int
    batch_size: int
    optimiser: int
    settings: np.ndarray        # (4,), its numbers in their order
    decay: np.ndarray           # (P,), l2 in the place of weights
    gradient: np.ndarray        # (P,), to work in, and so are
    A: np.ndarray               # the table
    dA: np.ndarray              # and one of the tallest layer's height


@njit(nogil=True, error_model="numpy", cache=True)
def train(own, orders, step, losses, losses_checked):
    """Train networks, one after the other, for as many epochs as the losses (S, epochs) have.

    The points are taken in the order of each epoch's row of `orders` (epochs, n), or else, if
    that is (1, 0), in their own.
    """
    n, n_checked, in_order = own.X.shape[2], own.X_checked.shape[2], orders[0, :0]
    for s in range(len(own.theta)):
        theta, t = own.theta[s], step
        X, Y = own.X[min(s, len(own.X) - 1)], own.Y[min(s, len(own.Y) - 1)]
        X_checked = own.X_checked[min(s, len(own.X_checked) - 1)]
        Y_checked = own.Y_checked[min(s, len(own.Y_checked) - 1)]
        for epoch in range(losses.shape[1]):
            if n_checked:
                losses_checked[s, epoch] = passes(
                    False, theta, own.gradient, own.layers, own.loss, X_checked, Y_checked,
                    in_order, 0, n_checked, own.A, own.dA)
            losses[s, epoch], order = 0.0, orders[min(epoch, len(orders) - 1)]
            for start in range(0, n, own.batch_size):
                stop = min(n, start + own.batch_size)
                losses[s, epoch] += (stop - start) / n * passes(
                    True, theta, own.gradient, own.layers, own.loss, X, Y, order, start, stop,
                    own.A, own.dA)
                t += 1
                update(own.optimiser, theta, own.gradient, own.decay, own.state[s],
                       own.settings, t)


# --------------------------------------------------------------------- from numpy's side

def computed(epochs: Epochs) -> Iterator[Losses]:
    """Compute the epochs in groups, and each group's networks on all processors.

    A group takes some milliseconds, so that an interrupt is answered soon; where each epoch is
    watched it is one.
    """
    n, size, stack = epochs.n_points, epochs.batch_size, epochs.theta.shape[:-1]
    work = epochs.work / epochs.n_epochs
    n_threads = min(n_processors(), *stack, int(epochs.work / SHARE)) if stack else 1
    shares = shared_out(epochs, max(1, n_threads))
    group = 1 if epochs.watched else max(1, int(GROUP * len(shares) / work))
    with ThreadPoolExecutor(len(shares)) if len(shares) > 1 else nullcontext() as pool:
        for first in range(0, epochs.n_epochs, group):
            n_epochs = min(group, epochs.n_epochs - first)
            orders = (np.empty((1, 0), dtype=np.int64) if size == n else
                      np.stack([epochs.rng.permutation(n) for _ in range(n_epochs)]))
            call = partial(train_share, orders, first * -(-n // size), n_epochs)
            parts = list((pool.map if pool else map)(call, shares))
            losses = np.concatenate(parts, axis=1).mT.reshape(2, n_epochs, *stack)
            yield losses[0], losses[1] if epochs.validation else None


def train_share(orders: np.ndarray, step: int, n_epochs: int, share: Share) -> np.ndarray:
    """Train a thread's networks; return their losses, of training and validation, (2, S, .)."""
    losses = np.empty((2, len(share.theta), n_epochs))
    train(share, orders, step, *losses)
    return losses


def shared_out(epochs: Epochs, n_shares: int) -> list[Share]:
    """Divide the networks among threads."""
    network, optimiser = epochs.network, epochs.optimiser
    theta = epochs.theta.reshape(-1, network.n_parameters)
    state = np.zeros((len(theta), 2, network.n_parameters))
    data = [own_copy(each) for each in (epochs.X, epochs.Y, *(
        epochs.validation or (epochs.X[..., :0], epochs.Y[..., :0])))]
    settings = np.zeros(4)
    settings[:len(astuple(optimiser))] = astuple(optimiser)
    n_columns = -(-min(BLOCK, max(data[0].shape[-1], data[2].shape[-1])) // WIDE) * WIDE
    layers, n_rows = plan(network)
    tallest = max(max(shape) for shape in network.shapes)
    shares = []
    for part in np.array_split(np.arange(len(theta)), n_shares):
        those = slice(part[0], part[-1] + 1)
        X, Y, X_checked, Y_checked = (each[those] if len(each) > 1 else each for each in data)
        shares.append(Share(
            theta[those], state[those], X, Y, X_checked, Y_checked, layers,
            LOSSES[epochs.loss], epochs.batch_size, OPTIMISERS[type(optimiser)], settings,
            epochs.l2 * network.weight_mask, np.empty(network.n_parameters),
            aligned(n_rows, n_columns), aligned(tallest + 1, n_columns)))
    return shares


def own_copy(columns: np.ndarray) -> np.ndarray:
    """Return data, (..., d, n), as (S, d, n) or (1, d, n), each row in one piece."""
    return np.array(columns if columns.ndim == 3 else columns[None], order="C")


def plan(network: AnyNetwork) -> tuple[np.ndarray, int]:
    """Return `Share.layers`, and the table's rows, with those that `product` needs around it."""
    layers, at, below = [], 0, 3
    for (d, h), activation in zip(network.shapes, network.activations):
        layers.append((d, h, at, below, below + d, ACTIVATIONS[activation]))
        at, below = at + h * (d + 1), below + d
    return np.array(layers, dtype=np.int64), below + network.output_size + 1


def aligned(n_rows: int, n_columns: int) -> np.ndarray:
    """Return zeros whose rows begin where the widest instructions like to read."""
    numbers = np.zeros(n_rows * n_columns + 8)
    start = -(numbers.ctypes.data // 8) % 8
    return numbers[start:start + n_rows * n_columns].reshape(n_rows, n_columns)


def n_processors() -> int:
    """Return the processors that this process may use; the variables are those of joblib, Dask."""
    told = [int(os.environ[name]) for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
            if os.environ.get(name, "").isdecimal()]
    has = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min([has or 1, *told]))


def warm_up() -> None:
    """Load `train` from its cache or else compile it, and say so if that takes long."""
    telling = Timer(PATIENCE, tell)
    telling.daemon = True
    telling.start()
    X = np.zeros((1, 1))
    try:
        list(computed(Epochs(Network((1, 1)), np.zeros((1, 2)), X, X, None, MEAN_SQUARED_ERROR,
                             GradientDescent(), 1, 1, default_rng(0), 0.0, watched=True)))
    finally:
        telling.cancel()


def tell() -> None:
    if train.stats.cache_misses:
        print("deepmath: compiling the training loops, once for this machine; later runs load "
              "them", file=sys.stderr, flush=True)
