"""Many runs of one experiment - seeds, widths, depths - here or on a cluster.

A *run* is a function that trains a stack of networks, one a seed. `sweep` calls it for each
setting with a few seeds at a time, on one processor, on all of them or on a cluster of Dask
workers, and returns the same numbers whichever it was. With a store, what was run once is
not run again: a sweep that was killed goes on where it stopped. With `reduce` it holds no more
than what is at work, however many networks there are.
"""

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from deepmath.checks import check_whole, require
from deepmath.kept import Store
from deepmath.places import FIRST, MOST, Done, Pace, Task, here, on_cluster, on_processes
from deepmath.store import ONE_THREAD, Arrays, Run, Setting, arithmetic

BLOCK = 1000        # seeds whose rows a reduction gets at once

Part = Arrays | Callable[[], Arrays]        # rows, or how to read them
Reduce = Callable[[Any, Arrays], Any]


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
        The workers need this deepmath; one that would compute other digits
        does so in a process beside it, with this process's variables for numpy.
    same_numbers : bool
        Refuse a worker that cannot compute the digits of this machine; else take its own.
    store : path or None
        A folder that keeps finished stacks. It may outlive the process and be shared by
        processes of one machine. What another arithmetic made, of a cluster or of this machine,
        is not taken from it.
    progress : callable or None
        `progress(done, total)` is called with numbers of networks whenever some are done.
    """

    n_jobs: int = 1
    scheduler: str | None = None
    same_numbers: bool = True
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
          stack: int | None = None, reduce: Reduce | None = None, **execution: Any) -> list[Any]:
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
    stack : int, optional
        Seeds a call. It decides how fast the sweep is, not what it returns. By default as many
        as take about a second, told by the calls before; processes that share a store and are
        not to do the same work side by side need a number.
    reduce : callable, optional
        `reduce(so_far, arrays)` is called in this process with the rows of the next 1000 seeds of
        a setting, in their order, the last time with the rest; `so_far` is what it returned
        before, at first None. It makes room: rows are not kept after it.
    **execution
        Fields of `Execution`.

    Returns
    -------
    list
        For each setting, `run`'s arrays with a row for each of `seeds`, in a dictionary; or what
        `reduce` returned last.

    Raises
    ------
    ValueError
        If an argument is out of range, or `run` returns something else; or, with a store, if a
        setting has no stable form (see `deepmath.store.digest`).
    ImportError
        If what a store, several processes or a cluster need is not installed.
    ConnectionError
        If no scheduler answers, or it has no worker, for 10 seconds.
    RuntimeError
        If a worker cannot compute the same numbers.
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
    >>> def add(so_far, arrays):
    ...     return (so_far or 0) + arrays["x"].sum()
    >>> int(sweep(powers, range(100_000), [{"exponent": 1}], reduce=add)[0])
    4999950000
    """
    how = replace(CURRENT.get(), **execution)
    seeds = checked(seeds)
    own = [dict(setting) for setting in settings]
    if stack is not None:
        check_whole("stack", stack)
    if how.store:
        require("filelock", "cluster")
    store = Store(Path(how.store), run, own, arithmetic_of(how)) if how.store else None
    collected = [Folded(reduce, len(seeds)) if reduce else Rows() for _ in own]
    missing = [(number, start, stop) for number, rows in enumerate(collected)
               for start, stop in rows.take_kept(store, number, seeds)]
    total = len(seeds) * len(own)
    done = total - sum(stop - start for _, start, stop in missing)
    pace = Pace(total - done)
    tasks = tasks_of(run, seeds, own, missing, store, stack, pace)
    if total - done <= (stack or FIRST) and len(missing) < 2:
        how = alone(how)
    with closing(done_tasks(tasks, pace, how)) as ended:
        for task, found in ended:
            for (number, start), arrays in zip(task.where, found):
                collected[number].add(start, arrays)
            done += task.n_networks
            if how.progress:
                how.progress(done, total)
    return [rows.result() for rows in collected]


def checked(seeds: Iterable[int]) -> Sequence[int]:
    """Return seeds as a range, if they are one, or a list; or raise ValueError."""
    if isinstance(seeds, range) and seeds and min(seeds[0], seeds[-1]) >= 0:
        return seeds
    seeds = [check_whole("each of seeds", seed, at_least=0) for seed in seeds]
    if len(set(seeds)) < max(1, len(seeds)):
        raise ValueError(f"seeds must be different from each other, and at least one; got {seeds}")
    return seeds


def tasks_of(run: Run, seeds: Sequence[int], settings: Sequence[dict[str, Any]],
             missing: Iterable[tuple[int, int, int]], store: Store | None, stack: int | None,
             pace: Pace) -> Iterator[Task]:
    """Yield what is to be done: a call a task of `stack` seeds, or else as the pace is."""
    calls: list[tuple[list[int], dict[str, Any]]] = []
    where: list[tuple[int, int]] = []

    def task() -> Task:
        keys = [store.keys[number] for number, _ in where] if store else []
        file = store.file(zip(keys, (some for some, _ in calls))) if store else None
        return Task(run, calls, where, keys, file)

    room = stack or pace.next()
    for number, start, stop in missing:
        while start < stop:
            some = list(seeds[start:min(start + (stack or min(room, MOST)), stop)])
            calls.append((some, settings[number]))
            where.append((number, start))
            start += len(some)
            room -= len(some)
            if stack or not room:
                yield task()
                calls, where = [], []
                room = stack or pace.next()
    if calls:
        yield task()


# --------------------------------------------------------------------- what comes of them

class Rows:
    """All rows of a setting, as they come."""

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}        # by the place of the first seed

    def add(self, start: int, part: Part) -> None:
        self.parts[start] = part

    def take_kept(self, store: Store | None, number: int,
                  seeds: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Take what the store has of a setting, and yield the rest: starts and stops."""
        if not store:
            yield 0, len(seeds)
            return
        for start, stop, read in store.segments(store.keys[number], seeds):
            if read:
                self.add(start, read)
            else:
                yield start, stop

    def result(self) -> Any:
        return joined([rows_of(self.parts.pop(start)) for start in sorted(self.parts)])


class Folded(Rows):
    """The rows of a setting reduced in the order of the seeds, in blocks of one size.

    So the result does not depend on which tasks there were and how they ended.
    """

    def __init__(self, reduce: Reduce, n_seeds: int) -> None:
        super().__init__()
        self.reduce, self.n_seeds, self.so_far, self.next = reduce, n_seeds, None, 0
        self.waiting: list[Arrays] = []
        self.n_waiting = 0

    def add(self, start: int, part: Part) -> None:
        super().add(start, part)
        while self.next in self.parts:
            rows = rows_of(self.parts.pop(self.next))
            n = len(next(iter(rows.values())))
            self.waiting.append(rows)
            self.next += n
            self.n_waiting += n
            if self.n_waiting >= BLOCK or self.next == self.n_seeds:
                self.fold()

    def fold(self) -> None:
        """Reduce whole blocks; at the end what is left too."""
        rows, is_end = joined(self.waiting), self.next == self.n_seeds
        stop = self.n_waiting if is_end else self.n_waiting // BLOCK * BLOCK
        for start in range(0, stop, BLOCK):
            block = {name: array[start:min(start + BLOCK, stop)] for name, array in rows.items()}
            self.so_far = self.reduce(self.so_far, block)
        self.n_waiting -= stop
        self.waiting = [{name: array[stop:].copy() for name, array in rows.items()}]

    def result(self) -> Any:
        return self.so_far


def rows_of(part: Part) -> Arrays:
    return part() if callable(part) else part


def joined(parts: Sequence[Arrays]) -> Arrays:
    """Return the rows of parts one behind the other, in memory too."""
    if other := next((part for part in parts if part.keys() != parts[0].keys()), None):
        raise ValueError(f"a run must always return arrays of the same names; got "
                         f"{sorted(parts[0])} and {sorted(other)}")
    return {name: np.ascontiguousarray(np.concatenate([part[name] for part in parts]))
            for name in parts[0]}


# ------------------------------------------------------------------------- where runs run

def arithmetic_of(how: Execution) -> dict[str, str]:
    """Return what decides the digits of runs there."""
    if how.scheduler and not how.same_numbers:
        return {"numpy": np.__version__, "computed by": "workers of a cluster"}
    return arithmetic() | ({} if how.n_jobs == 1 and not how.scheduler else ONE_THREAD)


def alone(how: Execution) -> Execution:
    """Return where one call or none runs: in this process, if that computes the same."""
    same = how.scheduler is None and os.environ.items() >= ONE_THREAD.items()
    return replace(how, n_jobs=1) if same else how


def done_tasks(tasks: Iterator[Task], pace: Pace, how: Execution) -> Generator[Done]:
    """Yield tasks and what came of them, as they end."""
    if not pace.total:
        return
    if how.scheduler:
        yield from on_cluster(tasks, pace, how.scheduler, how.same_numbers)
    elif how.n_jobs == 1:
        yield from here(tasks, pace)
    else:
        yield from on_processes(tasks, pace, how.n_jobs)
