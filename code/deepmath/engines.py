"""How the epochs of a training are computed: by numpy, or by loops that numba has compiled.

    readable    the passes of `deepmath.layers`, and those of networks of every other kind
    fast        those of `deepmath.fast`: numpy, without new arrays
    compiled    `deepmath.compiled`: whole epochs as machine code; needs numba
    auto        compiled where that pays, else fast where the network allows, else readable

They differ by rounding alone. The variable DEEPMATH_ENGINE says what "auto" takes, for numbers
that shall be the same wherever they are computed.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from importlib.util import find_spec
from itertools import count
from math import ceil
from types import ModuleType

import numpy as np
from numpy.random import Generator

from deepmath.checks import check_choice
from deepmath.fast import IN_PLACE, FastObjective
from deepmath.losses import BINARY_CROSS_ENTROPY, MEAN_SQUARED_ERROR, SOFTMAX_CROSS_ENTROPY, Loss
from deepmath.network import AnyNetwork, Network
from deepmath.objective import InChunks, Objective, Trainable
from deepmath.optimisers import Adam, GradientDescent, Momentum, Optimiser

CHUNK_BYTES = 2**22
GROUP = 32          # epochs
# From how many products with a weight in the passes forward "auto" compiles: what takes numpy
# about a second, three times what loading numba does. Of a sweep's many networks each needs less.
WORTH_LOADING = 1e9
WORTH_IN_SWEEPS = 2e6

ENGINES = {name: name for name in ("auto", "compiled", "fast", "readable")}
IN_SWEEP: ContextVar[bool] = ContextVar("in a sweep", default=False)

Losses = tuple[np.ndarray, np.ndarray | None]       # training and validation, (epochs, ...)


@dataclass(frozen=True)
class Epochs:
    """What is to be computed: `theta` moves in place; data are columns, as in `Objective`."""

    network: AnyNetwork
    theta: np.ndarray
    X: np.ndarray
    Y: np.ndarray
    validation: tuple[np.ndarray, np.ndarray] | None
    loss: Loss
    optimiser: Optimiser
    n_epochs: int
    batch_size: int
    rng: Generator
    l2: float
    at_once: Callable[[], int]      # how many may be computed now before anybody is told of them

    @property
    def n_points(self) -> int:
        return self.X.shape[-1]

    @property
    def work(self) -> int:
        """Products with a weight in the passes forward."""
        return self.theta.size * self.n_points * self.n_epochs


def computed(epochs: Epochs, engine: str) -> Iterator[Losses]:
    """Compute the epochs as they are asked for: losses of one or more, before their updates."""
    engine = check_choice("engine", engine, ENGINES)
    if engine == "auto":
        engine = told_by_environment()
    elif engine == "compiled" and (reason := not_compiled(epochs)):
        raise ValueError(f"engine='compiled' {reason}")
    wanted = engine == "compiled" or (engine == "auto" and pays(epochs))
    if wanted and not not_compiled(epochs) and (compiled := load_compiled()):
        return compiled.computed(epochs)
    return by_numpy(epochs, readable=engine == "readable")


def told_by_environment() -> str:
    """Return the engine that "auto" stands for, which may be itself."""
    return check_choice("DEEPMATH_ENGINE", os.environ.get("DEEPMATH_ENGINE") or "auto", ENGINES)


def what_auto_takes() -> str:
    """Return an engine's name or, where "auto" may compile, numba's version."""
    engine = told_by_environment()
    compiles = engine in ("auto", "compiled") and find_spec("numba") is not None
    return f"numba {version('numba')}" if compiles else engine


# ------------------------------------------------------------------------- the compiled one

def not_compiled(epochs: Epochs) -> str:
    """Return why the compiled engine cannot compute these, or nothing."""
    network, optimiser = epochs.network, epochs.optimiser
    if type(network) is not Network:
        return f"trains a Network; got a {type(network).__name__}: use 'readable'"
    if not IN_PLACE.keys() >= set(network.activations):
        own = next(each for each in network.activations if each not in IN_PLACE)
        return f"knows deepmath's activations alone; got {own.name!r}: use 'auto'"
    if epochs.loss is SOFTMAX_CROSS_ENTROPY:
        return f"knows losses of single outputs alone; got {epochs.loss.name!r}: use 'auto'"
    if epochs.loss not in (BINARY_CROSS_ENTROPY, MEAN_SQUARED_ERROR):
        return f"knows deepmath's losses alone; got {epochs.loss.name!r}: use 'auto'"
    if type(optimiser) not in (GradientDescent, Momentum, Adam):
        return f"knows deepmath's optimisers alone; got {optimiser!r}: use 'auto'"
    if find_spec("numba") is None:
        return "needs numba: pip install 'deepmath-book[compiled]'"
    return ""


def pays(epochs: Epochs) -> bool:
    """Return whether these are worth loading numba. In a sweep a network's own length decides.

    So a sweep's numbers do not depend on how its networks are put together.
    """
    if IN_SWEEP.get():
        return epochs.work * epochs.network.n_parameters / epochs.theta.size >= WORTH_IN_SWEEPS
    return epochs.work >= WORTH_LOADING


@contextmanager
def in_sweep() -> Iterator[None]:
    """Let "auto" know that many networks are trained, of which each may be small."""
    token = IN_SWEEP.set(True)
    try:
        yield
    finally:
        IN_SWEEP.reset(token)


@cache
def load_compiled() -> ModuleType | None:
    """Return `deepmath.compiled`, compiled or loaded from its cache; None where that fails.

    numba keeps machine code beside the package, or else in the user's cache.
    """
    try:
        from deepmath import compiled

        compiled.warm_up()
    except Exception as error:      # of numba, of its cache's files, of their folders
        module = sys.modules.get("deepmath.compiled")
        kept = f"; what is kept of it in {module.train.stats.cache_path} may go" if module else ""
        warnings.warn(f"training goes on with numpy: the compiled engine cannot be loaded "
                      f"({type(error).__name__}: {error}){kept}", RuntimeWarning, stacklevel=2)
        return None
    return compiled


# ------------------------------------------------------------------------ those with numpy

def by_numpy(epochs: Epochs, readable: bool) -> Iterator[Losses]:
    """Compute one epoch after the other, and hand their losses over in groups."""
    theta, optimiser = epochs.theta, epochs.optimiser
    objective = make_objective(epochs, readable)
    decay = epochs.l2 * epochs.network.weight_mask
    state, steps = optimiser.start(theta), count(1)

    def trained() -> np.ndarray:
        loss = np.zeros(theta.shape[:-1])
        for X, Y, share in batches(epochs):
            value, gradient = objective.value_and_gradient(X, Y)
            loss = loss + share * value
            if epochs.l2:
                gradient += decay * theta
            optimiser.step(theta, gradient, state, next(steps))
        return loss

    left = epochs.n_epochs
    while left:
        training, checked = [], []
        group = min(left, epochs.at_once(), GROUP)
        with np.errstate(all="ignore"):     # divergence is reported by `fit`
            for _ in range(group):
                if epochs.validation:
                    checked.append(objective.value(*epochs.validation))
                training.append(trained())
        yield np.array(training), np.array(checked) if checked else None
        left -= group


def batches(epochs: Epochs) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Yield the points in batches, in an order drawn anew, each with its share of them."""
    X, Y, n, size = epochs.X, epochs.Y, epochs.n_points, epochs.batch_size
    if size == n:
        yield X, Y, 1.0
        return
    order = epochs.rng.permutation(n)
    for start in range(0, n, size):
        batch = order[start:start + size]
        yield X[..., batch], Y[..., batch], len(batch) / n


def make_objective(epochs: Epochs, readable: bool) -> Trainable:
    """Return the loss as a function; that of a stack in even chunks of CHUNK_BYTES."""
    network, theta = epochs.network, epochs.theta
    objective: Callable[[np.ndarray], Trainable]
    if (not readable and type(network) is Network
            and IN_PLACE.keys() >= set(network.activations)):
        objective = partial(FastObjective, network, epochs.loss, arrays={})
    else:
        keep_freed_memory()
        objective = partial(Objective, network, epochs.loss)
    if theta.ndim == 1:
        return objective(theta)
    n_bytes = len(theta) * epochs.batch_size * network.n_activations * 8
    n_chunks = min(ceil(n_bytes / CHUNK_BYTES), len(theta))
    return InChunks(objective, theta, ceil(len(theta) / n_chunks))


def keep_freed_memory(n_bytes: int = 2**24) -> None:
    """Have glibc keep freed arrays of up to `n_bytes` for the next ones.

    At first its malloc returns each block above 128 KB to the system, and the next costs a
    page fault for every 4 KB. It raises that limit to the size of the largest such block
    that it has seen freed (mallopt(3), M_MMAP_THRESHOLD), so one is made and freed, unused.
    """
    np.empty(n_bytes, dtype=np.uint8)
