"""Whole epochs as machine code: `deepmath.loops` from numpy's side.

Import this module only where numba is wanted: `engines.load_compiled` does.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import astuple
from functools import partial
from math import ceil, prod
from threading import Timer

import numpy as np
from numpy.random import default_rng

from deepmath.engines import Epochs, Losses
from deepmath.loops import ACTIVATIONS, LOSSES, MARGIN, OPTIMISERS, PITCH, Share, train
from deepmath.losses import MEAN_SQUARED_ERROR
from deepmath.network import AnyNetwork, Network
from deepmath.optimisers import GradientDescent

GROUP = 5e7             # multiplications with a weight in a call: about 25 ms
THREAD = 1e6            # and of a thread that is worth its start
PATIENCE = 2.0          # seconds


def computed(epochs: Epochs) -> Iterator[Losses]:
    """Compute the epochs in groups, and each group's networks in shares, on all processors.

    A share of a group takes some milliseconds, so that an interrupt is answered soon. Each
    thread has as many shares as any other: all wait for the last at the end of a group.
    """
    n, size, stack = epochs.n_points, epochs.batch_size, epochs.theta.shape[:-1]
    n_networks, work = prod(stack), epochs.work / epochs.n_epochs
    n_threads = max(1, min(n_processors(), n_networks, int(epochs.work / THREAD)))
    n_each = max(1, ceil(work / GROUP / n_threads))
    shares = shared_out(epochs, min(n_networks, n_threads * n_each))
    group = max(1, int(GROUP * len(shares) / work))
    first = 0
    with ThreadPoolExecutor(n_threads) if n_threads > 1 else nullcontext() as pool:
        while first < epochs.n_epochs:
            n_epochs = min(group, epochs.at_once(), epochs.n_epochs - first)
            orders = (np.empty((1, 0), dtype=np.int64) if size == n else
                      np.stack([epochs.rng.permutation(n) for _ in range(n_epochs)]))
            call = partial(train_share, orders, first * -(-n // size), n_epochs)
            parts = list((pool.map if pool else map)(call, shares))
            losses = np.concatenate(parts, axis=1).mT.reshape(2, n_epochs, *stack)
            yield losses[0], losses[1] if epochs.validation else None
            first += n_epochs


def train_share(orders: np.ndarray, step: int, n_epochs: int, share: Share) -> np.ndarray:
    """Train a share's networks; return their losses, of training and validation, (2, S, .)."""
    losses = np.empty((2, len(share.theta), n_epochs))
    train(share, orders, step, *losses)
    return losses


def shared_out(epochs: Epochs, n_shares: int) -> list[Share]:
    """Divide the networks into shares."""
    network, optimiser = epochs.network, epochs.optimiser
    theta = epochs.theta.reshape(-1, network.n_parameters)
    state = np.zeros((len(theta), 2, network.n_parameters))
    data = [own_copy(each) for each in (epochs.X, epochs.Y, *(
        epochs.validation or (epochs.X[..., :0], epochs.Y[..., :0])))]
    settings = (*map(float, astuple(optimiser)), 0.0, 0.0, 0.0)[:4]
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
            table(n_rows), table(tallest)))
    return shares


def own_copy(columns: np.ndarray) -> np.ndarray:
    """Return data, (..., d, n), as (S, d, n) or (1, d, n), each row in one piece."""
    return np.array(columns if columns.ndim == 3 else columns[None], order="C")


def plan(network: AnyNetwork) -> tuple[np.ndarray, int]:
    """Return `Share.layers`, and the table's rows."""
    layers, at, below = [], 0, MARGIN
    for (d, h), activation in zip(network.shapes, network.activations):
        layers.append((d, h, at, below, below + d, ACTIVATIONS[activation]))
        at, below = at + h * (d + 1), below + d
    return np.array(layers, dtype=np.int64), below + network.output_size


def table(n_rows: int) -> np.ndarray:
    """Return zeros whose rows begin where the widest instructions like to read."""
    numbers = np.zeros(n_rows * PITCH + 8)
    start = -(numbers.ctypes.data // 8) % 8
    return numbers[start:start + n_rows * PITCH].reshape(n_rows, PITCH)


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
                             GradientDescent(), 1, 1, default_rng(0), 0.0, at_once=lambda: 1)))
    finally:
        telling.cancel()


def tell() -> None:
    if train.stats.cache_misses:
        print("deepmath: compiling the training loops, once for this machine; later runs load "
              "them", file=sys.stderr, flush=True)
