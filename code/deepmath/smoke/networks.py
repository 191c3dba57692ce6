"""The four networks of the chapter, trained on the same row of numbers.

What they are told is the same; what they assume is not. The dense network treats each number
of each day by itself, the recurrent one applies one rule from day to day, the convolutional one
looks for the same short patterns anywhere in the week, and attention has the last day choose
from which days it takes how much.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from deepmath.checks import check_choice
from deepmath.composed import Attention, Dense, Places, Sequential, Steps
from deepmath.network import AnyNetwork, Network
from deepmath.optimisers import Adam
from deepmath.sequence import ConvolutionalNetwork, RecurrentNetwork
from deepmath.smoke.metrics import mae
from deepmath.smoke.pairs import Pairs, Scaler, Split
from deepmath.stopping import EarlyStopping
from deepmath.training import History, fit

PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)
N_TUNING = 8         # seeds that suffice to tell penalties apart


def dense(n_steps: int, n_inputs: int, n_hidden: int) -> Network:
    """One hidden layer on all numbers of all days."""
    return Network((n_steps * n_inputs, n_hidden, 1), hidden="tanh")


def recurrent(n_steps: int, n_inputs: int, n_hidden: int) -> RecurrentNetwork:
    """One rule from day to day."""
    return RecurrentNetwork(n_steps=n_steps, n_inputs=n_inputs, n_hidden=n_hidden)


def convolutional(n_steps: int, n_inputs: int, n_hidden: int) -> ConvolutionalNetwork:
    """The same patterns of three days anywhere in the week."""
    return ConvolutionalNetwork(n_steps=n_steps, n_inputs=n_inputs, n_hidden=n_hidden, width=3)


def attention(n_steps: int, n_inputs: int, n_hidden: int) -> Sequential:
    """A mean over the days, with weights that the last day's and each day's numbers decide."""
    return Sequential([Steps(n_steps), Places(),
                       Attention(n_inputs + n_steps, n_hidden, n_hidden, last=True), "tanh",
                       Dense(n_hidden, 1)], (n_steps * n_inputs,))


Build = Callable[[int, int, int], AnyNetwork]
NETWORKS: dict[str, Build] = {
    "dense": dense, "recurrent": recurrent, "convolutional": convolutional,
    "attention": attention}


@dataclass(frozen=True)
class Trained:
    """Networks of S seeds, trained and stopped early.

    Attributes
    ----------
    network : AnyNetwork
    forecast : array of shape (S, n)
        For every pair, in µg/m³.
    history : History
        Mean squared errors of the scaled change of log(1 + PM2.5) by epoch, (n_epochs, S).
    epoch : array of shape (S,)
        The epoch whose parameters were kept.
    """

    network: AnyNetwork
    forecast: np.ndarray
    history: History
    epoch: np.ndarray


def train(kind: str, pairs: Pairs, split: Split, seeds: Iterable[int] = range(32),
          n_hidden: int = 8, l2: float = 0.1, n_epochs: int = 400, patience: int = 20,
          learning_rate: float = 0.003, batch_size: int = 64) -> Trained:
    """Train a network from each seed, and forecast every pair with its best parameters.

    Parameters
    ----------
    kind : {"dense", "recurrent", "convolutional", "attention"}
    pairs : Pairs
    split : Split
        Scaling and fitting see the training days, early stopping the validation days.
    seeds : iterable of int
        Of the initial weights; the mini-batches are the same for all.
    n_hidden : int
        Units, state, patterns, or numbers of each query, key and value.
    l2, n_epochs, learning_rate, batch_size
        As in `deepmath.fit`, with Adam.
    patience : int
        As in `EarlyStopping`; n_epochs or more trains to the end, and keeps the best all the same.

    Returns
    -------
    Trained

    Examples
    --------
    >>> from deepmath.smoke import make_pairs, simulate, split_by_time
    >>> pairs = make_pairs(simulate(1))
    >>> split = split_by_time(pairs)
    >>> trained = train("recurrent", pairs, split, seeds=range(3), n_epochs=5)
    >>> trained.forecast.shape == (3, len(pairs)), trained.history.training_loss.shape
    (True, (5, 3))
    """
    build = check_choice("kind", kind, NETWORKS)
    scaler = Scaler.fit(pairs, split.training)
    X, z = scaler.inputs(pairs), scaler.target(pairs)
    _, n_steps, n_inputs = pairs.X.shape
    network = build(n_steps, n_inputs, n_hidden)
    theta = network.initialise_stack(seeds, "glorot")
    stopping = EarlyStopping(theta, patience)
    result = fit(network, theta, X[split.training], z[split.training], "mean_squared_error",
                 Adam(learning_rate), n_epochs, batch_size, l2=l2,
                 validation=(X[split.validation], z[split.validation]), on_epoch=stopping)
    forecast = scaler.pm25(pairs, network.predict(stopping.theta, X))
    return Trained(network, forecast, result.history, stopping.epoch)


def tried_penalties(kind: str, pairs: Pairs, split: Split, seeds: Iterable[int] = range(N_TUNING),
                    penalties: Iterable[float] = PENALTIES) -> dict[float, Trained]:
    """Train a network with each size of the penalty, to choose one of them.

    Parameters
    ----------
    kind, pairs, split, seeds
        As in `train`.
    penalties : iterable of float

    Returns
    -------
    dict of Trained
        By the penalty; `best_penalty` chooses.

    Examples
    --------
    >>> from deepmath.smoke import make_pairs, simulate, split_by_time
    >>> pairs = make_pairs(simulate(1))
    >>> split = split_by_time(pairs)
    >>> tried = tried_penalties("dense", pairs, split, range(2), (0.1, 1.0))
    >>> list(tried), tried[0.1].forecast.shape == (2, len(pairs))
    ([0.1, 1.0], True)
    """
    seeds = list(seeds)
    return {l2: train(kind, pairs, split, seeds, l2=l2) for l2 in penalties}


def best_penalty(tried: dict[float, Trained], pairs: Pairs, split: Split) -> float:
    """Return the penalty with the least absolute error on the validation days, as ridge's is.

    Parameters
    ----------
    tried : dict of Trained
        As `tried_penalties` returns it.
    pairs, split
        With which they were trained.

    Returns
    -------
    float
        That of the least median over the seeds.

    Examples
    --------
    >>> from deepmath.smoke import make_pairs, simulate, split_by_time
    >>> pairs = make_pairs(simulate(1))
    >>> split = split_by_time(pairs)
    >>> tried = tried_penalties("dense", pairs, split, range(2), (0.1, 1.0))
    >>> best_penalty(tried, pairs, split) in (0.1, 1.0)
    True
    """
    held = split.validation
    return min(tried, key=lambda l2: float(np.median(
        mae(pairs.y[held], tried[l2].forecast[:, held]))))
