"""Where the tasks of a sweep are done: in this process, in others of this machine, on a cluster.

Each place takes an iterator of tasks, asks for as many as it has processors for, and yields them
with what came of them as they end; so that tasks can be sized by how long the last ones took.
"""

import os
import pickle
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic, perf_counter
from typing import Any

import numpy as np

from deepmath.checks import require
from deepmath.engines import in_sweep
from deepmath.kept import Stack, locked, read_file, write_file
from deepmath.store import ONE_THREAD, Arrays, Run, arithmetic, code

FIRST, MOST = 8, 1024       # seeds a task before one was timed; seeds a call
SECONDS = 1.0               # that a task shall take
PATIENCE = 10.0             # seconds for a scheduler and for workers to appear
AHEAD = 2                   # tasks a worker's thread has or waits for
ARITHMETIC = ("DEEPMATH_ENGINE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES",
              "OPENBLAS_CORETYPE")


@dataclass(frozen=True)
class Task:
    """Calls of a run that travel, and are kept, together.

    Attributes
    ----------
    run : callable
    calls : list of (list of int, dict)
        Seeds and setting of each.
    where : list of (int, int)
        For each call the number of its setting, and the place of its first seed.
    keys : list of str
        Of the settings, if there is a store.
    file : Path or None
        Which keeps it.
    """

    run: Run
    calls: list[tuple[list[int], dict[str, Any]]]
    where: list[tuple[int, int]]
    keys: list[str]
    file: Path | None

    @property
    def n_networks(self) -> int:
        return sum(len(seeds) for seeds, _ in self.calls)

    def stacks(self, found: Sequence[Arrays]) -> list[Stack]:
        """Return what is to be kept."""
        return [Stack(key, seeds, arrays)
                for key, (seeds, _), arrays in zip(self.keys, self.calls, found)]


Done = tuple[Task, list[Arrays]]


class Pace:
    """How many networks a task gets: as many as take `SECONDS`, told by the tasks before it."""

    def __init__(self, total: int) -> None:
        self.left, self.total, self.n_places, self.size = total, total, 1, float(FIRST)

    def next(self) -> int:
        """Return the next one's networks; the last ones are small, so that all end together."""
        share = self.left if self.n_places == 1 else ceil(self.left / (2 * self.n_places))
        least = min(FIRST, ceil(self.total / self.n_places))
        size = max(least, min(int(self.size), share))
        self.left -= size
        return size

    def took(self, n_networks: int, seconds: float) -> None:
        """Note how long a task took."""
        wanted = n_networks * SECONDS / max(seconds, 1e-9)
        self.size = min(max(FIRST, wanted), FIRST * n_networks)


# ------------------------------------------------------------------------ on this machine

def here(tasks: Iterator[Task], pace: Pace) -> Iterator[Done]:
    for task in tasks:
        seconds, found = do(task)
        pace.took(task.n_networks, seconds)
        yield task, found


def on_processes(tasks: Iterator[Task], pace: Pace, n_jobs: int) -> Iterator[Done]:
    """Run on this machine, with one thread of linear algebra a process."""
    require("joblib", "cluster")
    from joblib import Parallel, delayed, effective_n_jobs, parallel_config

    with parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
        pace.n_places = effective_n_jobs()
        parallel = Parallel(return_as="generator_unordered", batch_size=1,
                            pre_dispatch=AHEAD * pace.n_places)
        sent: dict[int, Task] = {}
        for number, seconds, found in parallel(
                delayed(numbered)(number, sent.setdefault(number, task))
                for number, task in enumerate(tasks)):
            task = sent.pop(number)
            pace.took(task.n_networks, seconds)
            yield task, found


def numbered(number: int, task: Task) -> tuple[int, float, list[Arrays]]:
    return number, *do(task)


def do(task: Task) -> tuple[float, list[Arrays]]:
    """Do a task, and keep it; or load it, if another process is at it or has done it."""
    with locked(task.file) if task.file else nullcontext():
        begin = perf_counter()
        if task.file and (kept := read_file(task.file)):
            return SECONDS, [stack.arrays for stack in kept]        # which tells no speed
        found = do_calls(task.run, task.calls)
        seconds = perf_counter() - begin
        if task.file:
            write_file(task.file, task.stacks(found))
    return seconds, found


def do_calls(run: Run, calls: Iterable[tuple[list[int], dict[str, Any]]]) -> list[Arrays]:
    """Return what a run returns for each call, or raise with a note that tells the call."""
    found = []
    for seeds, setting in calls:
        try:
            with in_sweep():
                arrays = {name: np.asarray(a) for name, a in run(seeds, **setting).items()}
        except Exception as error:
            error.add_note(told(run, seeds, setting))
            raise
        for name, array in arrays.items():
            if array.shape[:1] != (len(seeds),):
                raise ValueError(f"{run.__name__} must return arrays with a row for each of "
                                 f"{len(seeds)} seeds; {name} has the shape {array.shape}")
        found.append(arrays)
    return found


def told(run: Run, seeds: Sequence[int], setting: dict[str, Any]) -> str:
    some = list(seeds) if len(seeds) <= FIRST else f"{seeds[0]} to {seeds[-1]}"
    return f"in {run.__name__} with {setting}, seeds {some}"


# ---------------------------------------------------------------------------- on a cluster

def on_cluster(tasks: Iterator[Task], pace: Pace, scheduler: str,
               same_numbers: bool) -> Iterator[Done]:
    """Run on a cluster, which starts a task again if its worker is lost.

    The workers may not see this machine's files: the store is filled from here.
    """
    require("distributed", "cluster")
    import cloudpickle

    wanted = computing() | ONE_THREAD if same_numbers else None
    variables = {name: os.environ.get(name) for name in ARITHMETIC} | ONE_THREAD
    work = worker_function()
    ended: Queue[Any] = Queue()
    flying: dict[Any, Task] = {}
    with connected(scheduler) as cluster, batched() as keep:
        while True:
            for task in cluster.room(tasks, pace, len(flying)):
                sent = cloudpickle.dumps((task.run, task.calls))
                future = cluster.client.submit(work, sent, wanted, variables, pure=False)
                flying[future] = task
                future.add_done_callback(ended.put)
            if not flying:
                return
            try:
                future = ended.get(timeout=1)
            except Empty:
                continue
            task = flying.pop(future)
            seconds, found = cluster.result(future, task)
            pace.took(task.n_networks, seconds)
            if task.file:
                keep(task.file, task.stacks(found))
            yield task, found


class Cluster:
    """A connection to a scheduler, which tells when workers are missing."""

    def __init__(self, client: Any, scheduler: str) -> None:
        self.client, self.scheduler = client, scheduler
        self.n_threads, self.asked, self.alone_since = 0, -PATIENCE, monotonic()
        self.said = False

    def room(self, tasks: Iterator[Task], pace: Pace, n_flying: int) -> Iterator[Task]:
        """Yield as many tasks as the workers have room for."""
        self.ask()
        pace.n_places = max(1, self.n_threads)
        for _ in range(n_flying, AHEAD * self.n_threads or 1):
            if (task := next(tasks, None)) is None:
                return
            yield task

    def ask(self) -> None:
        """Ask now and then how many workers there are.

        Raises
        ------
        ConnectionError
            If nobody answers, or there is none for `PATIENCE`.
        """
        if monotonic() - self.asked < 1:
            return
        try:
            threads = self.client.sync(self.client.scheduler.ncores, callback_timeout=PATIENCE / 2)
        except (OSError, TimeoutError):
            raise self.gone() from None
        self.n_threads, self.asked = sum(threads.values()), monotonic()
        if self.n_threads:
            self.alone_since, self.said = self.asked, False
            return
        left = PATIENCE - (self.asked - self.alone_since)
        if left <= 0:
            raise ConnectionError(f"no worker is at {self.scheduler}, for {PATIENCE:.0f} s: start "
                                  f"one with `dask worker {self.scheduler}`")
        if sys.stderr.isatty():
            print(f"\rwaiting for a worker at {self.scheduler}, {left:2.0f} s", end="",
                  file=sys.stderr, flush=True)
        elif not self.said:
            print(f"waiting for a worker at {self.scheduler}", file=sys.stderr, flush=True)
        self.said = True

    def gone(self) -> ConnectionError:
        return ConnectionError(f"the Dask scheduler at {self.scheduler} is gone")

    def result(self, future: Any, task: Task) -> tuple[float, list[Arrays]]:
        """Return a task's result, or raise what kept it from one."""
        try:
            return future.result()
        except Exception as error:
            if future.cancelled():
                raise self.gone() from None
            if type(error).__name__ == "KilledWorker":
                error = RuntimeError("one worker after another ended early (out of memory?)")
            if not getattr(error, "__notes__", None):
                (seeds, setting), *_ = task.calls
                error.add_note(told(task.run, seeds, setting))
            raise error from None


@contextmanager
def connected(scheduler: str) -> Iterator[Cluster]:
    """Connect to a scheduler, or raise ConnectionError; what Dask logs of losses is said once."""
    import logging

    from distributed import Client

    logs = [logging.getLogger(f"distributed.{part}") for part in ("client", "comm", "core")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        client = answered(lambda: Client(scheduler, timeout=0.8 * PATIENCE, set_as_default=False),
                          scheduler)
        try:
            yield Cluster(client, scheduler)
        finally:
            client.close(timeout=1)
    finally:
        for log, level in zip(logs, levels):
            log.setLevel(level)


def answered(connect: Callable[[], Any], scheduler: str) -> Any:
    """Return the connection, or raise ConnectionError: another kind of server may never answer."""
    answer: Queue[Any] = Queue()

    def ask() -> None:
        try:
            answer.put(connect())
        except (OSError, ValueError) as error:
            answer.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        client = answer.get(timeout=PATIENCE)
    except Empty:
        client = TimeoutError("is it a scheduler's address, and not its dashboard's?")
    if isinstance(client, Exception):
        raise ConnectionError(f"no Dask scheduler answers at {scheduler}: {client}") from None
    return client


@contextmanager
def batched() -> Iterator[Any]:
    """Keep stacks in one file a second, as one a task would keep the disk busy with little."""
    waiting_: list[Stack] = []
    files: list[Path] = []
    since = monotonic()

    def flush() -> None:
        nonlocal since
        if waiting_:
            write_file(files[0], waiting_)
        waiting_.clear()
        files.clear()
        since = monotonic()

    def keep(file: Path, stacks: list[Stack]) -> None:
        files.append(file)
        waiting_.extend(stacks)
        if monotonic() - since >= SECONDS:
            flush()

    try:
        yield keep
    finally:
        flush()


def worker_function() -> Callable[..., Any]:
    """Return what a worker is to call.

    Within another function, so that it is sent as code: a scheduler loads what it passes on, and
    needs no deepmath then.
    """
    def work(sent: bytes, wanted: dict[str, str] | None,
             variables: dict[str, str | None]) -> tuple[float, list[Arrays]]:
        try:
            from deepmath.places import do_on_worker
        except ModuleNotFoundError as error:
            from platform import node

            raise ModuleNotFoundError(f"a worker on {node()} lacks the module {error.name!r}: "
                                      "install this deepmath there", name=error.name) from None
        return do_on_worker(sent, wanted, variables)

    return work


def do_on_worker(sent: bytes, wanted: dict[str, str] | None,
                 variables: dict[str, str | None]) -> tuple[float, list[Arrays]]:
    """Do a task: aside, in a process with the caller's variables, if need be."""
    if wanted is None or computing() == wanted:
        return do_sent(sent)
    from deepmath.aside import aside

    return aside(variables).do(sent, wanted)


def computing() -> dict[str, str]:
    """Return what decides this process's numbers, the package's own code included."""
    return arithmetic() | {"deepmath": code()}


def do_sent(sent: bytes) -> tuple[float, list[Arrays]]:
    """Do a task as it was sent; return its seconds too."""
    try:
        run, calls = pickle.loads(sent)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"a worker on {platform.node()} lacks the module "
                                  f"{error.name!r} of the run: put it where its Python finds it",
                                  name=error.name) from None
    begin = perf_counter()
    found = do_calls(run, calls)
    return perf_counter() - begin, found
