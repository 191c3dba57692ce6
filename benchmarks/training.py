"""Time training by `deepmath` against a naive numpy loop and three libraries.

    python benchmarks/training.py            # three repeats of everything, some minutes
    python benchmarks/training.py --quick    # a tenth of the epochs

Trains the network of the chapter's interactive cell and both networks of its depth
comparison (with the validation loss in each epoch), one and 32 seeds, in float64 with one
thread. Each contestant has a process of its own, since what one does to the allocator
changes the speed of the others, and a warm-up, in which all must agree on the loss of the
last epoch before any time is believed. Repeats are interleaved. Reported is the median
time per network over that of the naive loop, which knows no stacks: it trains the first of
32. Libraries that are not installed (`pip install scikit-learn torch jax`) are skipped.
"""

import os

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import argparse
import resource
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from statistics import median
from time import perf_counter

import numpy as np

from deepmath import GradientDescent, Network, checkerboard, fit, views, xor

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Task:
    """One network, or a stack, to train by full-batch gradient descent from `theta`."""

    name: str
    sizes: tuple[int, ...]
    theta: np.ndarray
    X: np.ndarray
    y: np.ndarray
    validation: tuple[np.ndarray, np.ndarray] | None
    learning_rate: float
    n_epochs: int

    @property
    def n_networks(self) -> int:
        return 1 if self.theta.ndim == 1 else len(self.theta)

    def layers(self, network: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return copies of W (h, d) and b (h,) of each layer of one of the networks."""
        theta = np.atleast_2d(self.theta)[network]
        return [(W.copy(), b[:, 0].copy()) for W, b in views(theta, self.sizes)]


@cache
def tasks(shrink: int) -> list[Task]:
    """Return the tasks in the order of the table."""
    cell = xor(120, 42), None, 0.05, 500 // shrink
    depth = checkerboard(400, 0), checkerboard(400, 1), 0.05, 1000 // shrink
    plan = [("XOR 2x8", (2, 8, 8, 1), cell), ("depth 1x64", (2, 64, 1), depth),
            ("depth 4x16", (2, 16, 16, 16, 16, 1), depth)]
    made = []
    for n_seeds in (1, 32):
        for name, sizes, ((X, y), validation, rate, n_epochs) in plan:
            thetas = Network(sizes).initialise_stack(range(n_seeds), "he")
            made.append(Task(f"{name}, {n_epochs} epochs, {n_seeds} seed{'s'[:n_seeds > 1]}",
                             sizes, thetas if n_seeds > 1 else thetas[0], X, y, validation,
                             rate, n_epochs))
    return made


# Contestants. Each takes a task, and returns a function that trains it from the start and
# returns the loss computed in the last epoch, () or (S,).

def naive(task: Task) -> Callable[[], np.ndarray]:
    """The loop that one writes first: rows are points, new arrays everywhere."""
    def forward(X, weights, biases):
        activations = [X]
        for W, b in zip(weights[:-1], biases[:-1]):
            activations.append(np.maximum(0, activations[-1] @ W.T + b))
        logits = activations[-1] @ weights[-1].T + biases[-1]
        return activations, 1 / (1 + np.exp(-np.clip(logits, -40, 40))).ravel()

    def cross_entropy(p, y):
        p = np.clip(p, 1e-12, 1 - 1e-12)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def train():
        weights, biases = (list(arrays) for arrays in zip(*task.layers()))
        training_losses, validation_losses = [], []
        for _ in range(task.n_epochs):
            activations, p = forward(task.X, weights, biases)
            training_losses.append(cross_entropy(p, task.y))
            if task.validation:
                X, y = task.validation
                validation_losses.append(cross_entropy(forward(X, weights, biases)[1], y))
            delta = (p - task.y)[:, None] / len(task.y)
            for i in reversed(range(len(weights))):
                dW, db = delta.T @ activations[i], delta.sum(axis=0)
                delta = (delta @ weights[i]) * (activations[i] > 0).astype(float)
                weights[i] = weights[i] - task.learning_rate * dW
                biases[i] = biases[i] - task.learning_rate * db
        return np.array(training_losses[-1])

    return train


def deepmath(engine: str) -> Callable[[Task], Callable[[], np.ndarray]]:
    """`deepmath.fit` with one of its engines."""
    def contestant(task):
        def train():
            result = fit(Network(task.sizes), task.theta, task.X, task.y, engine=engine,
                         optimiser=GradientDescent(task.learning_rate),
                         n_epochs=task.n_epochs, validation=task.validation)
            return result.history.training_loss[-1]

        return train

    return contestant


def scikit_learn(task: Task) -> Callable[[], np.ndarray] | None:
    """`MLPClassifier`; with a validation set by `partial_fit`, epoch by epoch."""
    if task.n_networks > 1:
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
    X, y = torch.from_numpy(task.X), torch.from_numpy(task.y)
    validation = task.validation and [torch.from_numpy(a) for a in task.validation]

    def losses(layers, X, y):
        A = X.expand(task.n_networks, *X.shape)
        for W, b in layers[:-1]:
            A = torch.relu(torch.baddbmm(b, A, W))
        logits = torch.baddbmm(layers[-1][1], A, layers[-1][0])[..., 0]
        return torch.nn.functional.binary_cross_entropy_with_logits(
            logits, y.expand_as(logits), reduction="none").mean(dim=-1)

    def train():
        layers = [(W.clone().requires_grad_(), b.clone().requires_grad_()) for W, b in start]
        optimiser = torch.optim.SGD([p for layer in layers for p in layer],
                                    lr=task.learning_rate)
        training_losses, validation_losses = [], []
        for _ in range(task.n_epochs):
            optimiser.zero_grad()
            loss = losses(layers, X, y)
            loss.sum().backward()
            if validation:
                with torch.no_grad():
                    validation_losses.append(losses(layers, *validation).numpy())
            optimiser.step()
            training_losses.append(loss.detach().numpy())
        return training_losses[-1]

    return train


def jax(task: Task) -> Callable[[], np.ndarray]:
    """JAX: all epochs in one compiled `lax.scan`, a stack by `vmap`; compiled before."""
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    start = [[np.stack(arrays) for arrays in zip(*layer)]
             for layer in zip(*[task.layers(s) for s in range(task.n_networks)])]

    def loss(layers, X, y):
        A = X
        for W, b in layers[:-1]:
            A = jax.nn.relu(A @ W.T + b)
        logits = (A @ layers[-1][0].T + layers[-1][1])[:, 0]
        return jnp.mean(jax.nn.softplus(logits) - logits * y)

    def epoch(layers, _):
        value, gradient = jax.value_and_grad(loss)(layers, task.X, task.y)
        checked = loss(layers, *task.validation) if task.validation else 0.0
        step = jax.tree.map(lambda p, g: p - task.learning_rate * g, layers, gradient)
        return step, (value, checked)

    def train_one(layers):
        return jax.lax.scan(epoch, layers, length=task.n_epochs)

    train_all = jax.jit(jax.vmap(train_one))

    def train():
        _, (training_losses, _) = jax.block_until_ready(train_all(start))
        return np.asarray(training_losses)[:, -1]

    return train


CONTESTANTS = {
    "naive numpy": naive, "readable": deepmath("readable"), "fast": deepmath("fast"),
    "scikit-learn": scikit_learn, "PyTorch eager": pytorch, "JAX scan": jax,
}


@cache
def trainer(name: str, index: int, shrink: int) -> Callable[[], np.ndarray] | None:
    """Return a contestant's function for a task, the same one each time."""
    return CONTESTANTS[name](tasks(shrink)[index])


def timed(name: str, index: int, shrink: int) -> tuple[float, np.ndarray] | None:
    """Train once: seconds, and the loss of each network in the last epoch."""
    if (train := trainer(name, index, shrink)) is None:
        return None
    start = perf_counter()
    loss = train()
    return perf_counter() - start, np.atleast_1d(loss)


def measure(index: int, task: Task, shrink: int, n_repeats: int,
            processes: dict[str, Executor]) -> dict[str, float]:
    """Return seconds per network by contestant, after a warm-up in which all must agree."""
    first = {name: process.submit(timed, name, index, shrink).result()
             for name, process in processes.items()}
    losses = {name: result[1] for name, result in first.items() if result}
    for name, loss in losses.items():
        expected = losses["readable" if len(loss) > 1 else "naive numpy"]
        if not np.allclose(loss, expected, rtol=TOLERANCE, atol=0.0):
            sys.exit(f"{task.name}: {name} ends with loss {loss}, not {expected}")
    if not np.isclose(losses["naive numpy"][0], losses["readable"][0], rtol=TOLERANCE):
        sys.exit(f"{task.name}: the naive loop and the readable path do not agree")
    times = {name: [] for name in losses}
    for _ in range(n_repeats):
        for name in losses:
            taken, _ = processes[name].submit(timed, name, index, shrink).result()
            times[name].append(taken / len(losses[name]))
    return {name: median(values) for name, values in times.items()}


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


def report(rows: dict[str, dict[str, float]]) -> None:
    """Print the table: milliseconds of the naive loop, and ratios to it."""
    names = [name for name in CONTESTANTS if any(name in times for times in rows.values())]
    width = max(map(len, rows))
    print(f"{'per network':{width}}  {'naive ms':>9}", *(f"{name:>13}" for name in names[1:]))
    for task, times in rows.items():
        ratios = [f"{times[name] / times['naive numpy']:13.2f}" if name in times else f"{'-':>13}"
                  for name in names[1:]]
        print(f"{task:{width}}  {times['naive numpy'] * 1e3:9.0f}", *ratios)


def both(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """Add the times of the two depth networks with 32 seeds."""
    depth = [times for task, times in rows.items() if "depth" in task and "32" in task]
    return {name: sum(times[name] for times in depth) for name in depth[0]}


def peak_memory() -> float:
    """Train the depth networks' 32 seeds; return the process's peak memory in MB."""
    for task in tasks(shrink=1):
        if "depth" in task.name and task.n_networks == 32:
            deepmath("fast")(task)()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the epochs")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    shrink = 10 if options.quick else 1
    with new_process() as process:
        memory = process.submit(peak_memory).result()
    print(f"Peak memory of the depth networks with 32 seeds, fast engine: {memory:.0f} MB")
    processes = start_processes()
    rows = {task.name: measure(index, task, shrink, options.repeats, processes)
            for index, task in enumerate(tasks(shrink))}
    rows["both depth networks, 32 seeds"] = both(rows)
    report(rows)


if __name__ == "__main__":
    main()
