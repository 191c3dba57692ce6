"""Many runs of one experiment - seeds, widths, depths - here or on a cluster.

A *run* is a function that trains a stack of networks, one a seed. `sweep` calls it for each
setting with a few seeds at a time, on one processor, on all of them or on a cluster of Dask
workers, and returns the same numbers whichever it was. With a store, what was run once is
not run again: a sweep that was killed goes on where it stopped.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from deepmath.checks import check_whole, require
from deepmath.engines import in_sweep
from deepmath.store import (
    ONE_THREAD, Arrays, Run, Setting, arithmetic, file_name, folder_of, locked, read_file,
    read_folder, split, write_file)

STACK = 8
PATIENCE = "10s"    # for a scheduler to answer

Call = tuple[Run, list[int], dict[str, Any], Path | None]


def progress_bar(done: int, total: int) -> None:
    """Draw how many networks are trained, if the error stream is a terminal."""
    if sys.stderr.isatty():
        bar = "#" * (30 * done // total)
        print(f"\r[{bar:30}] {done} of {total} networks", end="\n" if done == total else "",
              file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Execution:
    """Where runs take place, and what is kept of them.

    Attributes
    ----------
    n_jobs : int
        Processes on this machine; -1 takes all its processors, 1 is the caller's process.
    scheduler : str or None
        Address of a Dask scheduler, such as "tcp://10.0.0.1:8786", whose workers run instead.
    store : path or None
        A folder that keeps finished stacks. It may outlive the process and be shared by
        processes of one machine. What another arithmetic made, of a cluster or of this machine,
        is not taken from it.
    progress : callable or None
        `progress(done, total)` is called with numbers of networks whenever some are done.
    """

    n_jobs: int = 1
    scheduler: str | None = None
    store: str | Path | None = None
    progress: Callable[[int, int], None] | None = progress_bar


CURRENT = ContextVar("execution", default=Execution())


@contextmanager
def executing(**options: Any) -> Iterator[None]:
    """Let sweeps in the `with` block take other fields of `Execution` where they name none."""
    token = CURRENT.set(replace(CURRENT.get(), **options))
    try:
        yield
    finally:
        CURRENT.reset(token)


def grid(**axes: Iterable[Any]) -> list[dict[str, Any]]:
    """Return all combinations as settings: `grid(width=[8, 16], depth=[1, 2])` are four.

    Examples
    --------
    >>> grid(width=[8, 16], depth=[1, 2])[1]
    {'width': 8, 'depth': 2}
    """
    return [dict(zip(axes, values)) for values in product(*axes.values())]


def sweep(run: Run, seeds: Iterable[int], settings: Sequence[Setting] = ({},),
          stack: int = STACK, **execution: Any) -> list[Arrays]:
    """Run an experiment under each setting from each seed.

    Parameters
    ----------
    run : callable
        `run(seeds, **setting)` returns a dictionary of arrays whose first axis is the seeds.
        A seed's rows must depend on the seed and the setting alone. For other processes it
        must be a function of a module, or one that cloudpickle can send.
    seeds : iterable of int
        All different.
    settings : sequence of mappings
        Keyword arguments of `run`; see `grid`.
    stack : int
        Seeds a call. It decides how fast the sweep is, not what it returns.
    **execution
        Fields of `Execution`.

    Returns
    -------
    list of dict
        For each setting, `run`'s arrays with a row for each of `seeds`.

    Raises
    ------
    ValueError
        If an argument is out of range, or `run` returns something else; or, with a store, if a
        setting has no stable form (see `deepmath.store.digest`).
    ImportError
        If what a store, several processes or a cluster need is not installed.
    ConnectionError
        If no scheduler answers.
    Exception
        What a run raises, with a note that tells its setting and seeds. What was finished
        before is kept in the store.

    Examples
    --------
    >>> def powers(seeds, exponent):
    ...     return {"x": np.array(seeds) ** exponent}
    >>> for arrays in sweep(powers, range(4), grid(exponent=[2, 3])):
    ...     print(arrays["x"])
    [0 1 4 9]
    [ 0  1  8 27]
    """
    how = replace(CURRENT.get(), **execution)
    seeds = [check_whole("each of seeds", seed, at_least=0) for seed in seeds]
    if len(set(seeds)) < max(1, len(seeds)):
        raise ValueError(f"seeds must be different from each other, and at least one; got {seeds}")
    check_whole("stack", stack)
    if how.store:
        require("filelock", "cluster")
    folders = [folder_of(Path(how.store), run, setting, arithmetic_of(how)) if how.store else None
               for setting in settings]
    rows = [read_folder(folder, seeds) if folder else {} for folder in folders]
    calls: list[Call] = []
    owners = []
    for setting, folder, known in zip(settings, folders, rows):
        missing = [seed for seed in seeds if seed not in known]
        for chunk in (missing[i:i + stack] for i in range(0, len(missing), stack)):
            calls.append((run, chunk, dict(setting),
                          folder / file_name(chunk) if folder else None))
            owners.append(known)
    total = len(seeds) * len(rows)
    for number, arrays in results(calls, how):
        owners[number].update(split(calls[number][1], arrays))
        if how.progress:
            how.progress(sum(map(len, rows)), total)
    return [{name: np.stack([known[seed][name] for seed in seeds]) for name in known[seeds[0]]}
            for known in rows]


# ------------------------------------------------------------------------- where runs run

def arithmetic_of(how: Execution) -> dict[str, str]:
    """Return what decides the digits of runs there."""
    if how.scheduler:
        return {"numpy": np.__version__, "computed by": "workers of a cluster"}
    return arithmetic() | ({} if how.n_jobs == 1 else ONE_THREAD)


def results(calls: list[Call], how: Execution) -> Iterator[tuple[int, Arrays]]:
    """Yield calls' numbers and results as they come."""
    if how.scheduler and calls:
        yield from on_cluster(calls, how.scheduler)
    elif how.n_jobs == 1 or (len(calls) < 2 and os.environ.items() >= ONE_THREAD.items()):
        yield from (numbered(*call) for call in enumerate(calls))
    else:
        yield from on_processes(calls, how.n_jobs)


def numbered(number: int, call: Call) -> tuple[int, Arrays]:
    return number, run_stack(*call)


def on_processes(calls: list[Call], n_jobs: int) -> Iterator[tuple[int, Arrays]]:
    """Run on this machine, with one thread of linear algebra a process."""
    require("joblib", "cluster")
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
        parallel = Parallel(return_as="generator_unordered", batch_size=1)
        yield from parallel(delayed(numbered)(*call) for call in enumerate(calls))


def on_cluster(calls: list[Call], scheduler: str) -> Iterator[tuple[int, Arrays]]:
    """Run on a cluster, which starts a stack again if its worker is lost.

    The workers may not see this machine's files: the store is filled from here.
    """
    require("distributed", "cluster")
    from distributed import Client, as_completed

    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        futures = {client.submit(run_stack, *call[:3], pure=False): number
                   for number, call in enumerate(calls)}
        for future in as_completed(futures):
            number, arrays = futures[future], future.result()
            if file := calls[number][3]:
                write_file(file, calls[number][1], arrays)
            future.release()
            yield number, arrays


def run_stack(run: Run, seeds: list[int], setting: dict[str, Any],
              file: Path | None = None) -> Arrays:
    """Run one stack, and keep it; or load it, if another process runs it or has done so."""
    with locked(file) if file else nullcontext():
        if file and (kept := read_file(file)):
            return kept[1]
        try:
            with in_sweep():
                arrays = {name: np.asarray(a) for name, a in run(seeds, **setting).items()}
        except Exception as error:
            error.add_note(f"in {run.__name__} with {setting}, seeds {seeds}")
            raise
        for name, array in arrays.items():
            if array.shape[:1] != (len(seeds),):
                raise ValueError(f"{run.__name__} must return arrays with a row for each of "
                                 f"{len(seeds)} seeds; {name} has the shape {array.shape}")
        if file:
            write_file(file, seeds, arrays)
    return arrays
