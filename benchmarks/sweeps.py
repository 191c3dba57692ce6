"""What a sweep costs beside the training itself, here and on a cluster of many workers.

    python benchmarks/sweeps.py                   # both tables, some minutes
    python benchmarks/sweeps.py --networks 10000  # fewer
    python benchmarks/sweeps.py --epochs 500      # as long as the chapter trains: half an hour

The first table: the network of the chapter's interactive cell, on its 120 points, from 100,000
seeds, for few epochs, so that what a sweep adds weighs most. It is trained by one process that
calls `train` itself, which is the ideal; by a sweep in one process; by one on two processes; and by
one on a Dask cluster of two workers, that keeps all rows in a store, or reduces them. Each way has
a process of its own. Told are seconds by the clock; processor seconds of all processes; what they
are more than the ideal's, a network; and the most memory that the caller held.

The second table: 1,000,000 such networks on 100 workers, by a simulated scheduler. What a task
costs each of client, scheduler and worker is measured on the cluster of two with a run that does
nothing; training takes what the ideal took, an epoch and a network, times the chapter's 500 epochs,
and 15% more or less. Workers, the scheduler and the client are servers, each of which does one
thing after another; tasks are sized by the same code as in a sweep. Told is where the time goes.
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
                                "1"))      # before numpy

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from deepmath import GradientDescent, Network, default_rng, fit, xor
from deepmath.kept import Stack, write_file
from deepmath.places import AHEAD, MOST, SECONDS, Pace
from deepmath.store import code, content_of
from deepmath.sweep import Folded, sweep

NETWORK = Network((2, 8, 8, 1), hidden="relu")
X, Y = xor(120, 42)
CHAPTER = 500       # epochs
LATENCY = 0.0005    # seconds that a message takes
WAYS = ("ideal", "one process", "two processes", "cluster, store", "cluster, reduced")


def train(seeds: list[int], n_epochs: int) -> dict[str, np.ndarray]:
    """Return the last loss of each seed's network."""
    start = NETWORK.initialise_stack(seeds, "normal", scale=0.5)
    result = fit(NETWORK, start, X, Y, optimiser=GradientDescent(0.05), n_epochs=n_epochs)
    return {"loss": result.history.training_loss[-1]}


def nothing(seeds: list[int], n_epochs: int) -> dict[str, np.ndarray]:
    return {"loss": np.zeros(len(seeds))}


def histogram(so_far: np.ndarray | None, rows: dict[str, np.ndarray]) -> np.ndarray:
    """A reduction: how many losses are in each of 50 bins."""
    counts = np.histogram(rows["loss"], 50, (0, 1))[0]
    return counts if so_far is None else so_far + counts


# ------------------------------------------------------------------------ on this machine

@contextmanager
def cluster(n_workers: int) -> Iterator[str]:
    """Start a scheduler and workers as processes, and yield its address."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "scheduler.json"

        def start(*command: str) -> subprocess.Popen:
            return subprocess.Popen(
                [sys.executable, "-m", *command, "--scheduler-file", str(told), "--no-dashboard"],
                cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)})

        processes = [start("distributed.cli.dask_scheduler", "--port", "0")]
        try:
            processes += [start("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny")
                          for _ in range(n_workers)]
            with Client(scheduler_file=str(told), timeout=60) as client:
                client.wait_for_workers(n_workers, timeout=60)
                address = client.scheduler.address
            yield address
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


def processor_seconds() -> dict[str, float]:
    """Return what this process, and those that it started, have used so far."""
    import psutil

    used = {"client": process_time(), "scheduler": 0.0, "worker": 0.0}
    for child in psutil.Process().children(recursive=True):
        times = child.cpu_times()
        who = "scheduler" if any("dask_scheduler" in word for word in child.cmdline()) else "worker"
        used[who] += times.user + times.system
    return used


def measured(call: Callable[[], object]) -> dict[str, float]:
    """Return seconds by the clock and of the processors, by who used them."""
    before, begin = processor_seconds(), perf_counter()
    call()
    seconds, after = perf_counter() - begin, processor_seconds()
    return {"seconds": seconds} | {who: after[who] - before[who] for who in after}


def way(name: str, n_networks: int, n_epochs: int) -> dict[str, float]:
    """Measure one of `WAYS` in this process."""
    from sweeps import train        # by the name that workers know

    settings, seeds = [{"n_epochs": n_epochs}], range(n_networks)

    def ideal() -> None:
        for start in range(0, n_networks, MOST):
            train(list(seeds[start:start + MOST]), n_epochs)

    def swept(**how: object) -> Callable[[], object]:
        sweep(train, range(64), settings, progress=None, **how)        # starts processes
        return lambda: sweep(train, range(64, n_networks + 64), settings, progress=None, **how)

    if not name.startswith("cluster"):
        call = {"ideal": lambda: ideal, "one process": swept,
                "two processes": lambda: swept(n_jobs=2)}[name]()
        found = measured(call)
    else:
        with cluster(2) as scheduler, tempfile.TemporaryDirectory() as store:
            how = {"reduce": histogram} if "reduced" in name else {"store": store}
            found = measured(swept(scheduler=scheduler, **how))
    return found | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def alone(name: str, n_networks: int, n_epochs: int) -> dict[str, float]:
    """Measure a way in a process of its own."""
    command = [sys.executable, __file__, "--way", name, "--networks", str(n_networks), "--epochs",
               str(n_epochs)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def table(n_networks: int, n_epochs: int) -> float:
    """Print the first table, and return the ideal's seconds an epoch and a network."""
    print(f"XOR cell (2-8-8-1, 120 points), {n_epochs} epochs, {n_networks:,} networks")
    print(f"{'':18} {'clock':>9} {'processors':>11} {'overhead a network':>19} {'memory':>8}"
          f" {'with a tenth':>13}")
    for name in WAYS:
        tenth, found = (alone(name, n, n_epochs) for n in (n_networks // 10, n_networks))
        used = found["client"] + found["scheduler"] + found["worker"]
        if name == WAYS[0]:
            ideal = used
        print(f"{name:18} {found['seconds']:7.1f} s {used:9.1f} s "
              f"{1e3 * (used - ideal) / n_networks:16.4f} ms {found['memory']:5.0f} MB "
              f"{tenth['memory']:10.0f} MB", flush=True)
    return ideal / n_networks / n_epochs


# ----------------------------------------------------------------- on workers that are not

@dataclass(frozen=True)
class Costs:
    """Seconds: of a network's training, of a task at each place, of what a client does more."""

    network: float
    client: float
    scheduler: float
    worker: float
    reduction: float        # a network
    write: float            # a file with the stacks of a second
    write_one: float        # a file with one stack of 8
    digest: float           # of all sources, once


def costs(network: float) -> Costs:
    """Measure what tasks cost with a run that does nothing."""
    from sweeps import nothing

    n_tasks = 1000
    with cluster(2) as scheduler:
        def tasks(n: int) -> object:
            return sweep(nothing, range(n * 100), [{"n_epochs": 1}], 100, scheduler=scheduler,
                         progress=None, reduce=histogram)
        tasks(50)
        found = measured(lambda: tasks(n_tasks))
    rows, n = nothing(range(100), 1), 1000

    def reduced() -> None:
        folded = Folded(histogram, 100 * n)
        for start in range(n):
            folded.add(100 * start, rows)

    def written(n_stacks: int, n_seeds: int, repeats: int = 5) -> float:
        stack = Stack("0" * 32, range(n_seeds), {"loss": np.zeros(n_seeds)})
        with tempfile.TemporaryDirectory() as folder:
            return measured(lambda: [write_file(Path(folder) / f"{i}.npz", [stack] * n_stacks)
                                     for i in range(repeats)])["seconds"] / repeats

    content_of.cache_clear()
    begin = process_time()
    code()
    digest = process_time() - begin
    reduction = measured(reduced)["client"] / n / 100
    return Costs(network, found["client"] / n_tasks - 100 * reduction, found["scheduler"] / n_tasks,
                 found["worker"] / n_tasks, reduction, written(100, 150), written(1, 8), digest)


def simulated(cost: Costs, n_networks: int, n_workers: int, stack: int | None,
              a_file_a_task: bool = False) -> dict[str, float]:
    """Return the seconds that a sweep takes, and those that each place is at work.

    Events are (when, what, worker, networks); `free` tells when a server has done what it has.
    """
    rng, pace = default_rng(0), Pace(n_networks)
    pace.n_places = n_workers
    free = dict.fromkeys(("client", "scheduler"), 0.0)
    busy = dict.fromkeys(("client", "scheduler", "worker", "reduction", "store"), 0.0)
    workers, events, written = [0.0] * n_workers, [], 0.0
    left, end, n_tasks = n_networks, 0.0, 0

    def serve(place: str, when: float, seconds: float) -> float:
        free[place] = max(free[place], when) + seconds
        busy[place] += seconds
        return free[place]

    def submit(when: float, worker: int) -> None:
        nonlocal left, n_tasks
        size = min(stack or pace.next(), left)
        if size:
            left, n_tasks = left - size, n_tasks + 1
            heappush(events, (serve("client", when, cost.client / 2) + LATENCY, "to", worker, size))

    for worker in list(range(n_workers)) * AHEAD:
        submit(cost.digest, worker)
    while events:
        when, what, worker, size = heappop(events)
        if what == "to":            # the scheduler sends it, and the worker does it in its turn
            when = serve("scheduler", when, cost.scheduler / 2) + LATENCY
            took = size * cost.network * rng.normal(1, 0.15 / np.sqrt(1 + size / 100))
            workers[worker] = max(workers[worker], when) + took + cost.worker
            busy["worker"] += took
            heappush(events, (workers[worker] + LATENCY, "done", worker, size))
        elif what == "done":
            when = serve("scheduler", when, cost.scheduler / 2) + LATENCY
            heappush(events, (when, "back", worker, size))
        else:
            reduction, store = size * cost.reduction, 0.0
            if a_file_a_task:
                store = cost.write_one
            elif when - written >= SECONDS:
                store, written = cost.write, when
            end = serve("client", when, cost.client / 2 + reduction + store)
            busy["reduction"] += reduction
            busy["store"] += store
            pace.took(size, size * cost.network)
            submit(end, worker)
    return {"seconds": end, "tasks": n_tasks} | busy


def on_paper(cost: Costs, n_networks: int = 1_000_000, n_workers: int = 100) -> None:
    """Print the second table."""
    told = {"a network's training": cost.network, "a task, at the client": cost.client,
            "a task, at the scheduler": cost.scheduler, "a task, at its worker": cost.worker,
            "reduction, a network": cost.reduction, "a store's file, a second": cost.write,
            "a store's file of 8": cost.write_one,
            "digest of the sources": cost.digest}
    print("\nMeasured, in ms")
    for name, seconds in told.items():
        print(f"  {name:26} {1e3 * seconds:9.4f}")
    print(f"\nSimulated: {n_networks:,} networks; of the seconds, how many each place is at work")
    print(f"{'':34} {'seconds':>8} {'ideal':>7} {'tasks':>8} {'a worker':>9} {'scheduler':>10} "
          f"{'client':>7} {'of it: store':>13} {'reduction':>10}")
    short = replace(cost, network=cost.network / 100)
    for name, some, workers, stack, a_file in (
            (f"{n_workers} workers, by time", cost, n_workers, None, False),
            (f"{n_workers} workers, stacks of 8, files", cost, n_workers, 8, True),
            (f"{10 * n_workers} workers, by time", cost, 10 * n_workers, None, False),
            (f"{n_workers} workers, a 100th of epochs", short, n_workers, None, False),
            (f"{n_workers} workers, that in stacks of 8", short, n_workers, 8, True)):
        found = simulated(some, n_networks, workers, stack, a_file)
        print(f"{name:34} {found['seconds']:8.1f} {n_networks * some.network / workers:7.1f} "
              f"{found['tasks']:8,} {found['worker'] / workers:9.1f} {found['scheduler']:10.1f} "
              f"{found['client']:7.1f} {found['store']:13.1f} {found['reduction']:10.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=5, help="a network, in the first table")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(way(options.way, options.networks, options.epochs)))
        return
    print(f"Processors: {os.cpu_count()}, load before: {os.getloadavg()[0]:.1f}")
    on_paper(costs(CHAPTER * table(options.networks, options.epochs)))


if __name__ == "__main__":
    main()
