"""Whole epochs as plain loops, which numba compiles: the passes of `layers`, and a step.

A unit is a row and a point a column of one table `A`, as in `layers`; [the inputs; layer 1; ...;
the outputs] stand below each other, a block of points at a time, so that the table stays in the
processor's cache. On the way back a layer's rows turn from activations into their deltas. The
innermost loop always runs over the points: it is what the compiler makes wide instructions of.

numba's cache follows this file alone: all that is compiled is here.
"""

from math import log
from typing import NamedTuple

import numpy as np
from numba import njit

from deepmath.activations import IDENTITY, LEAK, LEAKY_RELU, RELU, SIGMOID, TANH
from deepmath.losses import BINARY_CROSS_ENTROPY, MEAN_SQUARED_ERROR
from deepmath.optimisers import Adam, GradientDescent, Momentum

ACTIVATIONS = {RELU: 0, LEAKY_RELU: 1, SIGMOID: 2, TANH: 3, IDENTITY: 4}
LOSSES = {BINARY_CROSS_ENTROPY: 0, MEAN_SQUARED_ERROR: 1}
OPTIMISERS = {GradientDescent: 0, Momentum: 1, Adam: 2}

WIDE = 16               # numbers that two of the widest instructions take
BLOCK = 256             # points, a multiple of WIDE
PITCH = BLOCK + 8       # numbers from row to row: a power of two would have rows evict each other
MARGIN = 3              # rows before a table, that four at a time may touch

# Sums may be taken in any order, and `x * y + z` rounded once. The functions of numbers below
# stand on their order.
any_order = njit(nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
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

@any_order
def four(theta, at, k, step):
    """Return weights k to k + 3 of those that begin at `at`; 0 for those before the first."""
    i = at + k * step
    return (theta[i] if k >= 0 else 0.0, theta[i + step] if k >= -1 else 0.0,
            theta[i + 2 * step] if k >= -2 else 0.0, theta[i + 3 * step])


@any_order
def product(theta, at, next_row, next_column, bias, d, h, A, below, Z, above, width):
    """Write W A + b: rows `above` to `above + h` of Z, from the d rows of A from `below` on.

    W (h, d) begins at `at` of theta, its rows and columns `next_row` and `next_column` apart;
    b stands `bias` behind each row's start, unless that is 0. Four rows are made at a time, and
    then those that are left one at a time, of four columns at a time: where four does not divide
    d, rows before `below` are taken 0 times.
    """
    assert A.shape[1] == PITCH and Z.shape[1] == PITCH      # now the compiler knows it, too
    for row in range(0, h - h % 4, 4):
        j, s = above + row, at + row * next_row
        t, u, v = s + next_row, s + 2 * next_row, s + 3 * next_row
        b0, b1, b2, b3 = (0.0, 0.0, 0.0, 0.0) if not bias else (
            theta[s + bias], theta[t + bias], theta[u + bias], theta[v + bias])
        for k in range(-(-d % 4), d, 4):
            s0, s1, s2, s3 = four(theta, s, k, next_column)
            t0, t1, t2, t3 = four(theta, t, k, next_column)
            u0, u1, u2, u3 = four(theta, u, k, next_column)
            v0, v1, v2, v3 = four(theta, v, k, next_column)
            i = below + k
            for p in range(width):
                a0, a1, a2, a3 = A[i, p], A[i + 1, p], A[i + 2, p], A[i + 3, p]
                Z[j, p] = (b0 if k <= 0 else Z[j, p]) + (
                    s0 * a0 + s1 * a1 + s2 * a2 + s3 * a3)
                Z[j + 1, p] = (b1 if k <= 0 else Z[j + 1, p]) + (
                    t0 * a0 + t1 * a1 + t2 * a2 + t3 * a3)
                Z[j + 2, p] = (b2 if k <= 0 else Z[j + 2, p]) + (
                    u0 * a0 + u1 * a1 + u2 * a2 + u3 * a3)
                Z[j + 3, p] = (b3 if k <= 0 else Z[j + 3, p]) + (
                    v0 * a0 + v1 * a1 + v2 * a2 + v3 * a3)
    for row in range(h - h % 4, h):
        j, s = above + row, at + row * next_row
        b0 = theta[s + bias] if bias else 0.0
        for k in range(-(-d % 4), d, 4):
            s0, s1, s2, s3 = four(theta, s, k, next_column)
            i = below + k
            for p in range(width):
                Z[j, p] = (b0 if k <= 0 else Z[j, p]) + (
                    s0 * A[i, p] + s1 * A[i + 1, p] + s2 * A[i + 2, p] + s3 * A[i + 3, p])


@any_order
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
            gradient[at + k] += s0 if k >= 0 else 0.0
            gradient[at + k + 1] += s1 if k >= -1 else 0.0
            gradient[at + k + 2] += s2 if k >= -2 else 0.0
            gradient[at + k + 3] += s3
        gradient[at + d] += total
        at += d + 1


@any_order
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

@any_order
def lay(data, order, first, n_points, width, table, row):
    """Write columns of `data`, from `first` of `order` on, to rows of a table, then zeros."""
    for k in range(len(data)):
        for p in range(n_points):
            table[row + k, p] = data[k, order[first + p] if len(order) else first + p]
        for p in range(n_points, width):
            table[row + k, p] = 0.0


@any_order
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


@any_order
def unpack(layers, l):
    return (layers[l, 0], layers[l, 1], layers[l, 2], layers[l, 3], layers[l, 4], layers[l, 5])


@exact
def update(which, theta, gradient, decay, state, settings, t):
    """Move theta, as `deepmath.optimisers` does; `state` holds the velocity, or both moments."""
    rate, beta1, beta2, epsilon = settings
    m, v = state[0], state[1]
    scale1, scale2 = 1.0 / (1.0 - beta1**t), 1.0 / (1.0 - beta2**t)
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
            theta[i] -= rate * (m[i] * scale1) / (np.sqrt(v[i] * scale2) + epsilon)


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
    settings: tuple[float, ...]     # its numbers in their order, and 0 up to four
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
        X, Y = own.X[s % len(own.X)], own.Y[s % len(own.Y)]
        X_checked = own.X_checked[s % len(own.X_checked)]
        Y_checked = own.Y_checked[s % len(own.Y_checked)]
        for epoch in range(losses.shape[1]):
            if n_checked:
                losses_checked[s, epoch] = passes(
                    False, theta, own.gradient, own.layers, own.loss, X_checked, Y_checked,
                    in_order, 0, n_checked, own.A, own.dA)
            losses[s, epoch], order = 0.0, orders[epoch % len(orders)]
            for start in range(0, n, own.batch_size):
                stop = min(n, start + own.batch_size)
                losses[s, epoch] += (stop - start) / n * passes(
                    True, theta, own.gradient, own.layers, own.loss, X, Y, order, start, stop,
                    own.A, own.dA)
                t += 1
                update(own.optimiser, theta, own.gradient, own.decay, own.state[s],
                       own.settings, t)
