"""How long figures and sweeps take, as ratios; run on a machine that has nothing else to do.

Figures: all of them made side by side, one after another, and when nothing has changed. The
sweep: 64 seeds of 8 architectures on the XOR points, on all processors and in one process, with
numpy, with what a sweep takes by itself (compiled where a network is long enough), all compiled;
and scikit-learn and PyTorch eager, which train one network after another in one process and one
thread: they get an eighth of the seeds, and eight times their time is told.
Ways take turns; of each the quickest turn counts, as whatever else the machine does can only add.
A library that is not installed is skipped by name.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from bookbuild.figures import environment

os.environ.update(environment())    # before numpy
os.environ.pop("DEEPMATH_ENGINE")   # each way says it

import numpy as np

from deepmath import GradientDescent, Network, fit, xor
from deepmath.sweep import grid, sweep

ROOT = Path(__file__).resolve().parents[1]
WIDTHS, DEPTHS = (4, 8, 16, 32), (1, 2)
RATE, N_EPOCHS = 0.1, 300
X, Y = xor(120, 42)


def train(seeds: list[int], width: int, depth: int, n_epochs: int,
          engine: str) -> dict[str, np.ndarray]:
    """Train one network a seed."""
    network = Network((2, *[width] * depth, 1), hidden="relu")
    result = fit(network, network.initialise_stack(seeds, "he"), X, Y,
                 optimiser=GradientDescent(RATE), n_epochs=n_epochs, engine=engine)
    return {"loss": result.history.training_loss[-1]}


def scikit_learn(n_seeds: int, settings: list[dict]) -> None:
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")     # not converged
    for setting in settings:
        for seed in range(n_seeds):
            MLPClassifier([setting["width"]] * setting["depth"], solver="sgd", momentum=0.0,
                          alpha=0.0, batch_size=len(X), learning_rate_init=RATE, tol=0.0,
                          max_iter=setting["n_epochs"], n_iter_no_change=setting["n_epochs"] + 1,
                          shuffle=False, random_state=seed).fit(X, Y)


def pytorch(n_seeds: int, settings: list[dict]) -> None:
    import torch
    from torch.nn import BCEWithLogitsLoss, Linear, ReLU, Sequential

    torch.set_num_threads(1)
    points, labels = torch.from_numpy(X), torch.from_numpy(Y)[:, None]
    for setting in settings:
        for seed in range(n_seeds):
            torch.manual_seed(seed)
            sizes = [2, *[setting["width"]] * setting["depth"]]
            hidden = [layer for d, h in zip(sizes, sizes[1:]) for layer in (Linear(d, h), ReLU())]
            network = Sequential(*hidden, Linear(sizes[-1], 1)).double()
            optimiser = torch.optim.SGD(network.parameters(), RATE)
            for _ in range(setting["n_epochs"]):
                optimiser.zero_grad()
                BCEWithLogitsLoss()(network(points), labels).backward()
                optimiser.step()


def timed(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def book_figures(folder: Path, *options: str) -> float:
    """Run `book figures` in a copy of the project."""
    command = [sys.executable, "-m", "bookbuild.cli", "figures", *options]
    return timed(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))


def measure_figures(n_repeats: int) -> dict[str, float]:
    """Return the least seconds of each way to make all figures."""
    ways = {"side by side": ["--force"], "one after another": ["--force", "--jobs", "1"],
            "unchanged": [], "unchanged, --check": ["--check"]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("_quarto.yml", "code", "data", "figures"):
            if (source := ROOT / part).is_dir():
                shutil.copytree(source, folder / part)
            elif source.exists():
                shutil.copy(source, folder)
        book_figures(folder)
        times = {way: [] for way in ways}
        for _ in range(n_repeats):
            for way, options in ways.items():
                times[way].append(book_figures(folder, *options))
    return {way: min(taken) for way, taken in times.items()}


def measure_sweep(n_repeats: int, n_seeds: int) -> dict[str, float]:
    """Return the least seconds of the sweep on all processors, and of others."""
    settings = grid(width=WIDTHS, depth=DEPTHS, n_epochs=[N_EPOCHS])
    part = n_seeds // 8

    def swept(engine: str, n_jobs: int) -> tuple[int, Callable[[], object]]:
        told = [setting | {"engine": engine} for setting in settings]
        return 1, lambda: sweep(train, range(n_seeds), told, n_jobs=n_jobs)

    contestants = {
        "all processors": swept("fast", -1), "one process": swept("fast", 1),
        "all, by itself": swept("auto", -1), "one, by itself": swept("auto", 1),
        "all, compiled": swept("compiled", -1), "one, compiled": swept("compiled", 1),
        "scikit-learn": (8, lambda: scikit_learn(part, settings)),
        "PyTorch eager": (8, lambda: pytorch(part, settings)),
    }
    swept("fast", -1)[1]()              # starts the processes
    times = {name: [] for name in contestants}
    for _ in range(n_repeats):
        for name, (share, contestant) in contestants.items():
            try:
                times[name].append(share * timed(contestant))
            except (ImportError, ValueError) as error:      # one that is not installed
                print(f"Skipped: {name} ({error})")
    return {name: min(taken) for name, taken in times.items() if taken}


def report(title: str, times: dict[str, float]) -> None:
    """Print seconds, and ratios to the first."""
    first = next(iter(times.values()))
    print(title)
    for name, taken in times.items():
        print(f"  {name:20} {taken:8.2f} s   {taken / first:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=["sweep", "figures"],
                        help="sweep, figures (default: both)")
    parser.add_argument("--quick", action="store_true", help="8 seeds, and each once")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    n_repeats, n_seeds = (1, 8) if options.quick else (options.repeats, 64)
    print(f"Processors: {os.cpu_count()}, load before: {os.getloadavg()[0]:.1f}")
    if "sweep" in options.what:
        report(f"Sweep of {n_seeds} seeds x {len(WIDTHS) * len(DEPTHS)} architectures, "
               f"{N_EPOCHS} epochs", measure_sweep(n_repeats, n_seeds))
    if "figures" in options.what:
        report("All figures", measure_figures(n_repeats))


if __name__ == "__main__":
    main()
