"""How fast the networks of the chapter on smoke train, and how fast a record is read.

One training loop, Adam with mini-batches of 64, on the same features by several hands: a naive
loop in numpy that allocates as it goes, deepmath's two engines, scikit-learn's MLPRegressor and
PyTorch; a library that is not installed is skipped by name. Times are CPU seconds of one thread, as
ratios to the naive loop; the final loss stands beside them, which nobody reaches by doing less.

    python benchmarks/smoke.py [--records FOLDER]
"""

import argparse
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from time import process_time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from deepmath import Adam, ConvolutionalNetwork, Network, RecurrentNetwork, default_rng, fit, smoke

BATCH, RATE, N_HIDDEN, N_EPOCHS = 64, 0.003, 32, 30
SEEDS = 8


def features() -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Return the chapter's scaled training inputs and targets, and (T, d)."""
    pairs = smoke.make_pairs(smoke.simulate())
    training = smoke.split_by_time(pairs).training
    scaler = smoke.Scaler.fit(pairs, training)
    return scaler.inputs(pairs)[training], scaler.target(pairs)[training], pairs.X.shape[1:]


def naive(X: np.ndarray, y: np.ndarray) -> float:
    """Train as a first text on the subject would write it, one row a point."""
    rng = default_rng(0)
    W1 = rng.normal(0, np.sqrt(2 / (X.shape[1] + N_HIDDEN)), (X.shape[1], N_HIDDEN))
    w2 = rng.normal(0, np.sqrt(2 / (N_HIDDEN + 1)), (N_HIDDEN, 1))
    parameters = [W1, np.zeros(N_HIDDEN), w2, np.zeros(1)]
    m = [np.zeros_like(p) for p in parameters]
    v = [np.zeros_like(p) for p in parameters]
    t = 0
    for _ in range(N_EPOCHS):
        order = rng.permutation(len(X))
        for start in range(0, len(X), BATCH):
            rows = order[start:start + BATCH]
            x, target = X[rows], y[rows][:, None]
            hidden = np.tanh(x @ parameters[0] + parameters[1])
            output = hidden @ parameters[2] + parameters[3]
            d_output = 2 * (output - target) / len(rows)
            d_hidden = d_output @ parameters[2].T * (1 - hidden**2)
            gradients = [x.T @ d_hidden, d_hidden.sum(axis=0),
                         hidden.T @ d_output, d_output.sum(axis=0)]
            t += 1
            for i, g in enumerate(gradients):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g**2
                step = (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)
                parameters[i] = parameters[i] - RATE * step
    output = np.tanh(X @ parameters[0] + parameters[1]) @ parameters[2] + parameters[3]
    return float(((output[:, 0] - y) ** 2).mean())


def deepmath(engine: str, network=None, seeds: int = 1) -> Callable[..., float]:
    """Return a function that trains with an engine; of a stack, the median loss."""
    def train(X, y):
        built = network or Network((X.shape[1], N_HIDDEN, 1), "tanh")
        theta = (built.initialise(0, "glorot") if seeds == 1
                 else built.initialise_stack(range(seeds), "glorot"))
        theta = fit(built, theta, X, y, "mean_squared_error", Adam(RATE), N_EPOCHS, BATCH,
                    engine=engine).theta
        return float(np.median(built.loss(theta, X, y, "mean_squared_error")))
    return train


def scikit_learn(X: np.ndarray, y: np.ndarray) -> float:
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(hidden_layer_sizes=(N_HIDDEN,), activation="tanh", alpha=0.0,
                         batch_size=BATCH, learning_rate_init=RATE, max_iter=N_EPOCHS,
                         n_iter_no_change=N_EPOCHS, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")            # "not converged": nobody asked it to
        model.fit(X, y)
    return float(((model.predict(X) - y) ** 2).mean())


def pytorch(X: np.ndarray, y: np.ndarray) -> float:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    inputs, targets = torch.tensor(X), torch.tensor(y)[:, None]
    model = torch.nn.Sequential(torch.nn.Linear(X.shape[1], N_HIDDEN), torch.nn.Tanh(),
                                torch.nn.Linear(N_HIDDEN, 1)).double()
    optimiser = torch.optim.Adam(model.parameters(), RATE)
    for _ in range(N_EPOCHS):
        order = torch.randperm(len(X))
        for rows in order.split(BATCH):
            optimiser.zero_grad()
            torch.nn.functional.mse_loss(model(inputs[rows]), targets[rows]).backward()
            optimiser.step()
    with torch.no_grad():
        return float(torch.nn.functional.mse_loss(model(inputs), targets))


def timed(train: Callable[..., float], n_repeats: int, *data) -> tuple[float, float]:
    """Return the least CPU seconds, after a warm-up, and the loss."""
    loss, times = train(*data), []
    for _ in range(n_repeats):
        start = process_time()
        train(*data)
        times.append(process_time() - start)
    return min(times), loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--records", type=Path, help="a folder with a station's files, to read")
    options = parser.parse_args()
    X, y, (n_steps, n_inputs) = features()
    shape = {"n_steps": n_steps, "n_inputs": n_inputs, "n_hidden": N_HIDDEN}
    contestants = {
        "naive numpy": (naive, 1),
        "deepmath, readable": (deepmath("readable"), 1),
        "deepmath, fast": (deepmath("fast"), 1),
        f"deepmath, fast, {SEEDS} seeds, each": (deepmath("fast", seeds=SEEDS), SEEDS),
        "scikit-learn": (scikit_learn, 1),
        "PyTorch eager": (pytorch, 1),
        "recurrent network": (deepmath("fast", RecurrentNetwork(**shape)), 1),
        "convolutional network": (deepmath("fast", ConvolutionalNetwork(**shape)), 1),
    }
    print(f"{len(X)} days, {X.shape[1]} inputs, {N_HIDDEN} units, {N_EPOCHS} epochs")
    unit = None
    for name, (train, share) in contestants.items():
        try:
            seconds, loss = timed(train, options.repeats, X, y)
        except ImportError as error:
            print(f"Skipped: {name} ({error})")
            continue
        unit = unit or seconds
        print(f"{name:33} {seconds / share / unit:6.2f}   loss {loss:.3f}")
    print(f"naive numpy took {unit * 1e3:.0f} ms")
    if options.records:
        seconds, _ = timed(lambda: smoke.load(options.records).table.pm25.max(), options.repeats)
        print(f"reading {options.records.name}: {seconds * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
