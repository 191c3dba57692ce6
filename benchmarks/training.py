"""Time training by `deepmath` against a naive numpy loop and three libraries.

    python benchmarks/training.py            # three repeats of everything, some minutes
    python benchmarks/training.py --quick    # a tenth of the epochs
    python benchmarks/training.py processors # one of the tables, such as this one, in seconds

Trains the network of the chapter's interactive cell, both networks of its depth comparison
(with the validation loss in each epoch) and one like those of the forecast (Adam, mini-batches),
one and 32 seeds, and 512 of the first; and a convolutional network that tells four species of
simulated leaves on 32 x 32 pixels (Adam, mini-batches). All in float64 with one thread and with
the instructions that the libraries find. Each contestant has a process of its own, since what one
does to the allocator changes the speed of the others, and a warm-up, in which all must agree on the
loss of the last epoch before any time is believed. Repeats are interleaved. Reported is the median
processor time per network over that of the naive loop, which knows no stacks: it trains the
first of a stack. The same by the clock is beside it. A second table has the first result of a
new process, imports and compilation counted; numba's and deepmath's files are on the disk by
then. A third one tells how much sooner the compiled engine has trained a stack on two processors
than on one, by the clock: on a machine that does nothing else. Libraries that are not installed
(`pip install scikit-learn torch jax numba`) are skipped.
"""

import os

CHOOSING = ("DEEPMATH_ENGINE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES",
            "OPENBLAS_CORETYPE")       # what chooses instructions is left to the libraries
UNSET = [name for name in CHOOSING if os.environ.pop(name, None)]
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import argparse
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from statistics import median
from time import perf_counter, process_time

import numpy as np

from deepmath import (
    Adam, Conv2d, Dense, GlobalPool, GradientDescent, Network, Sequential, checkerboard,
    default_rng, fit, views, xor)
from deepmath.leaves import photograph, specimens

TOLERANCE = 1e-6
STRIDE = 2
CONVOLUTIONS = Conv2d(1, 8, 6, STRIDE), Conv2d(8, 16, 4, STRIDE)
LEAVES = Sequential([CONVOLUTIONS[0], "relu", CONVOLUTIONS[1], "relu", GlobalPool(), Dense(16, 4)],
                    input_shape=(1, 32, 32))


@dataclass(frozen=True)
class Task:
    """One network, or a stack, to train from `theta` on: by full-batch gradient descent on the
    cross-entropy, or, where `batch_size` is told, by Adam on the squared error.
    """

    name: str
    sizes: tuple[int, ...]
    theta: np.ndarray
    X: np.ndarray
    y: np.ndarray
    validation: tuple[np.ndarray, np.ndarray] | None
    learning_rate: float
    n_epochs: int
    batch_size: int | None = None

    @property
    def n_networks(self) -> int:
        return 1 if self.theta.ndim == 1 else len(self.theta)

    @property
    def orders(self) -> np.ndarray:
        """The points of each step, (epochs, steps, batch): what `fit` draws, or all of them."""
        n = len(self.X)
        if self.batch_size is None:
            return np.broadcast_to(np.arange(n), (self.n_epochs, 1, n))
        rng = default_rng(0)
        return np.stack([rng.permutation(n).reshape(-1, self.batch_size)
                         for _ in range(self.n_epochs)])

    @property
    def operations(self) -> tuple[float, float]:
        """Multiplications and additions of a network's products, and its exponentials."""
        forward = 2.0 * Network(self.sizes).n_parameters
        n_checked = len(self.validation[0]) if self.validation else 0
        unused = 2.0 * self.sizes[0] * self.sizes[1]        # no gradient goes to the inputs
        flops = len(self.X) * (3 * forward - unused) + n_checked * forward
        exponentials = 0 if self.batch_size else 2 * (len(self.X) + n_checked)
        return self.n_epochs * flops, float(self.n_epochs * exponentials)

    def layers(self, network: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return copies of W (h, d) and b (h,) of each layer of one of the networks."""
        theta = np.atleast_2d(self.theta)[network]
        return [(W.copy(), b[:, 0].copy()) for W, b in views(theta, self.sizes)]


class Pictures(Task):
    """`LEAVES` to train by Adam on the softmax cross-entropy."""

    @property
    def operations(self) -> tuple[float, float]:
        places = [np.prod(shape[1:]) for shape in LEAVES.point_shapes if len(shape) == 3][1::2]
        forward, unused = (2.0 * np.array(places) * [np.prod(layer.shapes) for layer in
                           CONVOLUTIONS]), np.array([1.0, 0.0])      # none goes to the pictures
        return self.n_epochs * len(self.X) * float(forward @ (3 - unused)), 0.0

    def layers(self, network: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return copies of the kernels (h, c, 6, 6) or W (h, d), and b (h,), of each layer."""
        (W, b), (V, c), (U, d) = LEAVES.layers(self.theta.copy())
        W, V = (np.ascontiguousarray(np.moveaxis(layer.kernels(each), -1, 1))
                for layer, each in zip(CONVOLUTIONS, (W, V)))
        return [(W, b[:, 0].copy()), (V, c[:, 0].copy()), (U.copy(), d[:, 0].copy())]


@cache
def tasks(shrink: int) -> list[Task]:
    """Return the tasks in the order of the table."""
    cell = xor(120, 42), None, 0.05, 500 // shrink
    depth = checkerboard(400, 0), checkerboard(400, 1), 0.05, 1000 // shrink
    forecast = wave(960, 0), wave(320, 1), 0.003, 100 // shrink, 64
    plan = [("XOR 2x8", (2, 8, 8, 1), cell), ("depth 1x64", (2, 64, 1), depth),
            ("depth 4x16", (2, 16, 16, 16, 16, 1), depth),
            ("forecast 2x32", (21, 32, 32, 1), forecast)]
    made = []
    for n_seeds, rows in ((1, plan), (32, plan), (512, plan[:1])):
        for name, sizes, ((X, y), validation, rate, n_epochs, *batch) in rows:
            thetas = Network(sizes).initialise_stack(range(n_seeds), "he")
            made.append(Task(f"{name}, {n_epochs} epochs, {n_seeds} seed{'s'[:n_seeds > 1]}",
                             sizes, thetas if n_seeds > 1 else thetas[0], X, y, validation,
                             rate, n_epochs, *batch))
    leaves = photograph(specimens(320, 0))
    made.append(Pictures(f"leaves, {20 // shrink} epochs, 1 seed", (), LEAVES.initialise(0, "he"),
                         leaves.pictures[:, None], leaves.species, None, 0.003, 20 // shrink, 64))
    return made


def wave(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points of 21 numbers, and a smooth function of three of them with noise."""
    rng = default_rng(seed)
    X = rng.normal(size=(n, 21))
    return X, np.sin(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=n)


# Contestants. Each takes a task, and returns a function that trains it from the start and
# returns the loss computed in the last epoch, () or (S,).

def naive(task: Task) -> Callable[[], np.ndarray]:
    """The loop that one writes first: rows are points, new arrays everywhere."""
    def forward(X, weights, biases):
        activations = [X]
        for W, b in zip(weights[:-1], biases[:-1]):
            activations.append(np.maximum(0, activations[-1] @ W.T + b))
        return activations, (activations[-1] @ weights[-1].T + biases[-1]).ravel()

    def loss_and_slope(z, y):
        if task.batch_size:
            return np.mean((z - y) ** 2), 2 * (z - y) / len(y)
        p = np.clip(1 / (1 + np.exp(-np.clip(z, -40, 40))), 1e-12, 1 - 1e-12)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) / len(y)

    def train():
        weights, biases = (list(arrays) for arrays in zip(*task.layers()))
        m, v = ([np.zeros_like(each) for each in weights + biases] for _ in range(2))
        training_losses, validation_losses, t = [], [], 0
        for steps in task.orders:
            if task.validation:
                X, y = task.validation
                validation_losses.append(loss_and_slope(forward(X, weights, biases)[1], y)[0])
            losses = []
            for batch in steps:
                X, y = (task.X[batch], task.y[batch]) if task.batch_size else (task.X, task.y)
                activations, z = forward(X, weights, biases)
                loss, slope = loss_and_slope(z, y)
                losses.append(loss)
                delta, t, gradients = slope[:, None], t + 1, {}
                for i in reversed(range(len(weights))):
                    gradients[i], gradients[i + len(weights)] = delta.T @ activations[i], delta.sum(
                        axis=0)
                    delta = (delta @ weights[i]) * (activations[i] > 0).astype(float)
                parameters = weights + biases
                for i, gradient in gradients.items():
                    if task.batch_size:
                        m[i] = 0.9 * m[i] + 0.1 * gradient
                        v[i] = 0.999 * v[i] + 0.001 * gradient**2
                        gradient = (m[i] / (1 - 0.9**t)
                                    / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8))
                    parameters[i] = parameters[i] - task.learning_rate * gradient
                weights, biases = parameters[:len(weights)], parameters[len(weights):]
            training_losses.append(np.mean(losses))
        return np.array(training_losses[-1])

    return train


def deepmath(engine: str) -> Callable[[Task], Callable[[], np.ndarray]]:
    """`deepmath.fit` with one of its engines."""
    def contestant(task):
        if engine == "compiled":
            import_module("numba")
        optimiser = (Adam if task.batch_size else GradientDescent)(task.learning_rate)
        loss = "mean_squared_error" if task.batch_size else "binary_cross_entropy"

        def train():
            result = fit(Network(task.sizes), task.theta, task.X, task.y, loss, optimiser,
                         task.n_epochs, task.batch_size, validation=task.validation,
                         engine=engine)
            return result.history.training_loss[-1]

        return train

    return contestant


def scikit_learn(task: Task) -> Callable[[], np.ndarray] | None:
    """`MLPClassifier`; with a validation set by `partial_fit`, epoch by epoch."""
    if task.n_networks > 1 or task.batch_size:      # it draws batches of its own
        return None
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    def train():
        network = MLPClassifier(
            task.sizes[1:-1], solver="sgd", momentum=0.0, alpha=0.0, batch_size=len(task.X),
            learning_rate_init=task.learning_rate, shuffle=False, tol=0.0,
            n_iter_no_change=task.n_epochs + 1, max_iter=task.n_epochs, warm_start=True)
        network.partial_fit(task.X, task.y, classes=[0.0, 1.0])  # makes the arrays
        for (W, b), coef, intercept in zip(task.layers(), network.coefs_, network.intercepts_):
            coef[...], intercept[...] = W.T, b
        if task.validation is None:
            with warnings.catch_warnings(action="ignore"):  # not converged
                return np.array(network.fit(task.X, task.y).loss_curve_[-1])
        validation_losses = []
        X, y = task.validation
        for _ in range(task.n_epochs):
            validation_losses.append(log_loss(y, network.predict_proba(X)))
            network.partial_fit(task.X, task.y)
        return np.array(network.loss_curve_[-1])

    return train


def pytorch(task: Task) -> Callable[[], np.ndarray]:
    """PyTorch eager; a stack by batched products."""
    import torch

    torch.set_num_threads(1)
    seeds = range(task.n_networks)
    as_rows = [[torch.from_numpy(np.stack(arrays)) for arrays in zip(*layer)]
               for layer in zip(*[task.layers(s) for s in seeds])]
    start = [(W.mT.contiguous(), b[:, None, :]) for W, b in as_rows]
    points = torch.from_numpy(task.X), torch.from_numpy(task.y)
    validation = task.validation and [torch.from_numpy(a) for a in task.validation]
    orders = torch.from_numpy(np.ascontiguousarray(task.orders))
    entropy = torch.nn.functional.binary_cross_entropy_with_logits

    def losses(layers, X, y):
        A = X.expand(task.n_networks, *X.shape)
        for W, b in layers[:-1]:
            A = torch.relu(torch.baddbmm(b, A, W))
        z = torch.baddbmm(layers[-1][1], A, layers[-1][0])[..., 0]
        if task.batch_size:
            return ((z - y) ** 2).mean(dim=-1)
        return entropy(z, y.expand_as(z), reduction="none").mean(dim=-1)

    def train():
        layers = [(W.clone().requires_grad_(), b.clone().requires_grad_()) for W, b in start]
        rule = torch.optim.Adam if task.batch_size else torch.optim.SGD
        optimiser = rule([p for layer in layers for p in layer], lr=task.learning_rate)
        training_losses, validation_losses = [], []
        for steps in orders:
            if validation:
                with torch.no_grad():
                    validation_losses.append(losses(layers, *validation).numpy())
            batch_losses = []
            for batch in steps:
                X, y = [a[batch] for a in points] if task.batch_size else points
                optimiser.zero_grad()
                loss = losses(layers, X, y)
                loss.sum().backward()
                optimiser.step()
                batch_losses.append(loss.detach().numpy())
            training_losses.append(np.mean(batch_losses, axis=0))
        return training_losses[-1]

    return train


def jax(task: Task) -> Callable[[], np.ndarray]:
    """JAX: all epochs in one compiled `lax.scan`, a stack by `vmap`; compiled before."""
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    start = [[np.stack(arrays) for arrays in zip(*layer)]
             for layer in zip(*[task.layers(s) for s in range(task.n_networks)])]
    points = jnp.asarray(task.X), jnp.asarray(task.y)

    def loss(layers, X, y):
        A = X
        for W, b in layers[:-1]:
            A = jax.nn.relu(A @ W.T + b)
        z = (A @ layers[-1][0].T + layers[-1][1])[:, 0]
        return jnp.mean((z - y) ** 2 if task.batch_size else jax.nn.softplus(z) - z * y)

    def step(state, batch):
        layers, m, v, t = state
        X, y = [a[batch] for a in points] if task.batch_size else points
        value, g = jax.value_and_grad(loss)(layers, X, y)
        if task.batch_size:
            t = t + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            g = jax.tree.map(lambda m, v: m / (1 - 0.9**t) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8),
                             m, v)
        return (jax.tree.map(lambda p, g: p - task.learning_rate * g, layers, g), m, v, t), value

    def epoch(state, batches):
        checked = loss(state[0], *task.validation) if task.validation else 0.0
        state, values = jax.lax.scan(step, state, batches) if task.batch_size else step(
            state, None)
        return state, (jnp.mean(values), checked)

    orders = jnp.asarray(task.orders) if task.batch_size else None

    def train_one(layers):
        zeros = jax.tree.map(jnp.zeros_like, layers) if task.batch_size else None
        return jax.lax.scan(epoch, (layers, zeros, zeros, 0.0), orders, length=task.n_epochs)

    train_all = jax.jit(jax.vmap(train_one))

    def train():
        _, (training_losses, _) = jax.block_until_ready(train_all(start))
        return np.asarray(training_losses)[:, -1]

    return train


# The same for pictures.

def naive_pictures(task: Task) -> Callable[[], np.ndarray]:
    """The loops that one writes first: each place by itself."""
    def places(A, W):
        k = W.shape[-1]
        starts = range(0, A.shape[-1] - k + 1, STRIDE)
        return [(i, j, (slice(None), slice(None), slice(STRIDE * i, STRIDE * i + k),
                        slice(STRIDE * j, STRIDE * j + k)))
                for i in range(len(starts)) for j in range(len(starts))]

    def convolve(A, W, b):
        m = (A.shape[-1] - W.shape[-1]) // STRIDE + 1
        Z = np.empty((len(A), len(W), m, m))
        for i, j, window in places(A, W):
            Z[:, :, i, j] = A[window].reshape(len(A), -1) @ W.reshape(len(W), -1).T + b
        return Z

    def back(A, W, dZ):
        dA, dW = np.zeros_like(A), np.zeros_like(W)
        for i, j, window in places(A, W):
            d = dZ[:, :, i, j]
            dW += (d.T @ A[window].reshape(len(A), -1)).reshape(W.shape)
            dA[window] += (d @ W.reshape(len(W), -1)).reshape(A[window].shape)
        return dA, dW, dZ.sum(axis=(0, 2, 3))

    def loss_and_gradient(parameters, X, y):
        W, b, V, c, U, d = parameters
        Z = convolve(X, W, b)
        A = np.maximum(0, Z)
        Y = convolve(A, V, c)
        pooled = np.maximum(0, Y).mean(axis=(2, 3))
        z = pooled @ U.T + d
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        dz = (p - np.eye(4)[y]) / len(y)
        dY = (dz @ U)[:, :, None, None] / Y[0, 0].size * (Y > 0)
        dA, dV, dc = back(A, V, dY)
        _, dW, db = back(X, W, dA * (Z > 0))
        return loss, [dW, db, dV, dc, dz.T @ pooled, dz.sum(axis=0)]

    def train():
        parameters = [array for layer in task.layers() for array in layer]
        m, v = ([np.zeros_like(each) for each in parameters] for _ in range(2))
        t = 0
        for steps in task.orders:
            losses = []
            for batch in steps:
                loss, gradients = loss_and_gradient(parameters, task.X[batch], task.y[batch])
                losses.append(loss)
                t += 1
                for i, g in enumerate(gradients):
                    m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.999 * v[i] + 0.001 * g**2
                    parameters[i] = parameters[i] - task.learning_rate * (
                        m[i] / (1 - 0.9**t) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8))
        return np.mean(losses)

    return train


def deepmath_pictures(task: Task) -> Callable[[], np.ndarray]:
    """`deepmath.fit`, which has one engine for a `Sequential`."""
    def train():
        result = fit(LEAVES, task.theta, task.X, task.y, "softmax_cross_entropy",
                     Adam(task.learning_rate), task.n_epochs, task.batch_size)
        return result.history.training_loss[-1]

    return train


def pytorch_pictures(task: Task) -> Callable[[], np.ndarray]:
    """PyTorch eager, with its own convolution."""
    import torch

    torch.set_num_threads(1)
    start = [torch.from_numpy(array) for layer in task.layers() for array in layer]
    X, y = torch.from_numpy(task.X), torch.from_numpy(task.y)
    orders = torch.from_numpy(task.orders)
    F = torch.nn.functional

    def train():
        W, b, V, c, U, d = parameters = [each.clone().requires_grad_() for each in start]
        optimiser = torch.optim.Adam(parameters, lr=task.learning_rate)
        for steps in orders:
            losses = []
            for batch in steps:
                optimiser.zero_grad()
                A = torch.relu(F.conv2d(X[batch], W, b, STRIDE))
                pooled = torch.relu(F.conv2d(A, V, c, STRIDE)).mean(dim=(2, 3))
                loss = F.cross_entropy(F.linear(pooled, U, d), y[batch])
                loss.backward()
                optimiser.step()
                losses.append(loss.item())
        return np.mean(losses)

    return train


def jax_pictures(task: Task) -> Callable[[], np.ndarray]:
    """JAX: all steps in one compiled `lax.scan`. Its own convolution of float64 takes eight times
    as long on a processor as this product with the windows, put together from slices.
    """
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    (W, b), (V, c), last = task.layers()
    start = [(W.transpose(2, 3, 1, 0), b), (V.transpose(2, 3, 1, 0), c), last]
    X, y = jnp.asarray(task.X.transpose(0, 2, 3, 1)), jnp.asarray(task.y)
    orders = jnp.asarray(task.orders)

    def convolve(A, W, b):
        k, stop = len(W), A.shape[1] - len(W) + 1
        windows = jnp.concatenate([A[:, i:i + stop:STRIDE, j:j + stop:STRIDE]
                                   for i in range(k) for j in range(k)], axis=-1)
        return windows @ W.reshape(-1, W.shape[-1]) + b

    def loss(layers, X, y):
        A = X
        for W, b in layers[:-1]:
            A = jax.nn.relu(convolve(A, W, b))
        z = A.mean(axis=(1, 2)) @ layers[-1][0].T + layers[-1][1]
        return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1).mean()

    def step(state, batch):
        layers, m, v, t = state
        value, g = jax.value_and_grad(loss)(layers, X[batch], y[batch])
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        layers = jax.tree.map(lambda p, m, v: p - task.learning_rate * m / (1 - 0.9**t) / (
            jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), layers, m, v)
        return (layers, m, v, t), value

    @jax.jit
    def train_all(layers):
        zeros = jax.tree.map(jnp.zeros_like, layers)
        return jax.lax.scan(lambda state, steps: jax.lax.scan(step, state, steps),
                            (layers, zeros, zeros, 0.0), orders)[1]

    def train():
        return np.asarray(jax.block_until_ready(train_all(start)))[-1].mean()

    return train


CONTESTANTS = {
    "naive numpy": naive, "readable": deepmath("readable"), "fast": deepmath("fast"),
    "compiled": deepmath("compiled"), "scikit-learn": scikit_learn, "PyTorch eager": pytorch,
    "JAX scan": jax,
}
OF_PICTURES = {
    "naive numpy": naive_pictures, "readable": deepmath_pictures,
    "PyTorch eager": pytorch_pictures, "JAX scan": jax_pictures,
}
TABLES = ["engines", "cold", "processors"]
COLD = ("fast", "compiled", "JAX scan", "PyTorch eager")
Times = dict[str, tuple[float, float]]      # of the processor and of the clock, in seconds


@cache
def trainer(name: str, index: int, shrink: int) -> Callable[[], np.ndarray] | None:
    """Return a contestant's function for a task, the same one each time."""
    task = tasks(shrink)[index]
    contestant = (OF_PICTURES if isinstance(task, Pictures) else CONTESTANTS).get(name)
    return contestant and contestant(task)


def timed(name: str, index: int, shrink: int) -> tuple[float, float, np.ndarray] | None:
    """Train once: seconds of processor and clock, and each network's loss in the last epoch."""
    if (train := trainer(name, index, shrink)) is None:
        return None
    start, clock = process_time(), perf_counter()
    loss = train()
    return process_time() - start, perf_counter() - clock, np.atleast_1d(loss)


def measure(index: int, task: Task, shrink: int, n_repeats: int,
            processes: dict[str, Executor]) -> Times:
    """Return seconds per network by contestant, after a warm-up in which all must agree."""
    first = {name: process.submit(timed, name, index, shrink).result()
             for name, process in processes.items()}
    losses = {name: result[-1] for name, result in first.items() if result}
    for name, loss in losses.items():
        expected = losses["readable" if len(loss) > 1 else "naive numpy"]
        if not np.allclose(loss, expected, rtol=TOLERANCE, atol=0.0):
            sys.exit(f"{task.name}: {name} ends with loss {loss}, not {expected}")
    if not np.isclose(losses["naive numpy"][0], losses["readable"][0], rtol=TOLERANCE):
        sys.exit(f"{task.name}: the naive loop and the readable path do not agree")
    times: dict[str, list[np.ndarray]] = {name: [] for name in losses}
    for _ in range(n_repeats):
        for name in losses:
            *taken, _ = processes[name].submit(timed, name, index, shrink).result()
            times[name].append(np.array(taken) / len(losses[name]))
    return {name: tuple(np.median(taken, axis=0)) for name, taken in times.items()}


def start_processes() -> dict[str, Executor]:
    """Give each contestant a process, and name those whose library is missing."""
    processes = {}
    for name in CONTESTANTS:
        process = new_process()
        try:
            process.submit(trainer_exists, name).result()
            processes[name] = process
        except ImportError as error:
            print(f"Skipped: {name} ({error})")
    return processes


def new_process() -> Executor:
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))


def trainer_exists(name: str) -> None:
    """Build a contestant's smallest task, which raises ImportError without its library."""
    trainer(name, 0, 10)


def machine() -> tuple[float, float]:
    """Return what numpy reaches here: operations a second of a large product, exponentials."""
    A, x = np.random.default_rng(0).normal(size=(2, 384, 384)), np.linspace(-5, 5, 4096)
    product, exponential = ([], [])
    for _ in range(20):
        start = process_time()
        A[0] @ A[1]
        product.append(process_time() - start)
        start = process_time()
        for _ in range(50):
            np.exp(x)
        exponential.append(process_time() - start)
    return 2 * 384**3 / median(product), 50 * len(x) / median(exponential)


def cold(names: list[str], index: int, shrink: int, n_repeats: int) -> Times:
    """Return seconds until a new process has trained a task."""
    command = [sys.executable, __file__, *["--quick"] * (shrink > 1), "--cold", str(index)]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(n_repeats):
        for name in names:
            before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
            subprocess.run([*command, name], check=True, stderr=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times[name].append((after.ru_utime + after.ru_stime - before.ru_utime
                                - before.ru_stime, perf_counter() - clock))
    return {name: tuple(np.median(taken, axis=0)) for name, taken in times.items()}


def on_processors(index: int, shrink: int, n_repeats: int) -> tuple[float, float]:
    """Return the median seconds, by the clock, in which one and two processors train a stack."""
    train = deepmath("compiled")(tasks(shrink)[index])
    train()
    times: list[list[float]] = [[], []]
    for _ in range(n_repeats):
        for n_processors, taken in enumerate(times, start=1):
            os.environ["OMP_NUM_THREADS"] = str(n_processors)
            start = perf_counter()
            train()
            taken.append(perf_counter() - start)
    return median(times[0]), median(times[1])


def report(rows: dict[str, Times], names: list[str], what: str,
           value: Callable[[str, str], str]) -> None:
    """Print a table."""
    width = max(map(len, rows))
    print(f"\n{what:{width}}", *(f"{name:>13}" for name in names))
    for task, times in rows.items():
        print(f"{task:{width}}", *(f"{value(task, name) if name in times else '-':>13}"
                                   for name in names))


def both(rows: dict[str, Times]) -> Times:
    """Add the times of the two depth networks with 32 seeds."""
    depth = [times for task, times in rows.items() if "depth" in task and "32" in task]
    return {name: tuple(np.sum([times[name] for times in depth], axis=0)) for name in depth[0]}


def peak_memory(engine: str) -> float:
    """Train the depth networks' 32 seeds; return the process's peak memory in MB."""
    for task in tasks(shrink=1):
        if "depth" in task.name and task.n_networks == 32:
            deepmath(engine)(task)()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=TABLES, metavar="TABLE",
                        help=f"{', '.join(TABLES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the epochs")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cold", nargs=2, metavar=("TASK", "NAME"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.what) - set(TABLES):
        parser.error(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    shrink = 10 if options.quick else 1
    if options.cold:
        trainer(options.cold[1], int(options.cold[0]), shrink)()
        return
    if UNSET:
        print(f"Left out of the environment: {', '.join(UNSET)}")
    plan = dict(enumerate(tasks(shrink)))
    if "engines" in options.what or "cold" in options.what:
        processes = start_processes()
        if "engines" in options.what:
            report_engines(plan, shrink, options.repeats, processes)
        if "cold" in options.what:
            first = [name for name in COLD if name in processes]
            rows = {plan[index].name: cold(first, index, shrink, options.repeats)
                    for index in (0, 1, 5)}
            report(rows, first, "s of a new process, processor / clock", lambda task, name:
                   "{:.2f} / {:.2f}".format(*rows[task][name]))
        for process in processes.values():
            process.shutdown()
    if "processors" in options.what:
        with new_process() as process:
            pairs = {task.name: process.submit(on_processors, index, shrink,
                                               3 * options.repeats).result()
                     for index, task in plan.items() if task.n_networks > 1}
        report({name: {"compiled": pair} for name, pair in pairs.items()}, ["compiled"],
               "one processor / two, by the clock", lambda task, name:
               f"{pairs[task][0] / pairs[task][1]:.2f}")


def report_engines(plan: dict[int, Task], shrink: int, n_repeats: int,
                   processes: dict[str, Executor]) -> None:
    """Measure and print what contestants take once they run."""
    with new_process() as process:
        memory = process.submit(peak_memory, "fast").result()
    print(f"Peak memory of the depth networks with 32 seeds, fast engine: {memory:.0f} MB")
    flops, exponentials = machine()
    print(f"The machine, one thread: {flops / 1e9:.0f} GFLOP/s in a product of 384 x 384, "
          f"{exponentials / 1e9:.2f} billion exponentials a second")
    rows = {task.name: measure(index, task, shrink, n_repeats, processes)
            for index, task in plan.items()}
    floors = {task.name: task.operations[0] / flops + task.operations[1] / exponentials
              for task in plan.values()}
    names = [name for name in CONTESTANTS if any(name in times for times in rows.values())]
    report(rows, names[:1], "ms of a network, processor", lambda task, name:
           f"{rows[task][name][0] * 1e3:.1f}")
    report(rows, names[1:], "share of the floor", lambda task, name:
           f"{floors[task] / rows[task][name][0]:.2f}")
    rows["both depth networks, 32 seeds"] = both(rows)
    for place, what in enumerate(("processor time, naive = 1", "by the clock, naive = 1")):
        report(rows, names[1:], what, lambda task, name, place=place:
               f"{rows[task][name][place] / rows[task]['naive numpy'][place]:.3f}")


if __name__ == "__main__":
    main()
