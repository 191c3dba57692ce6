"""Making figures side by side, each in a process with one thread of linear algebra."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import import_module
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

import numpy as np

from bookbuild.say import Problem, progress


@dataclass(frozen=True)
class Job:
    """A figure to make.

    Attributes
    ----------
    name, module : str
    formats : tuple of str
    values : dict
        Arguments of `compute` that are not as usual.
    width : int or None
        Of a PNG, in pixels; None for the book's resolution.
    dark : bool
    root : Path or None
        The project's folder, of which files that are read count as data.
    execution : dict
        Where sweeps run; see `deepmath.sweep.Execution`.
    """

    name: str
    module: str
    formats: tuple[str, ...]
    values: dict = field(default_factory=dict)
    width: int | None = None
    dark: bool = False
    root: Path | None = None
    execution: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What comes of a job.

    Attributes
    ----------
    files : dict
        Content by format.
    arrays : dict
    lines : bytes
        The figure without text and legends, as a PNG: versions of matplotlib set text
        differently, and legends are as wide as theirs.
    data : tuple of str
        Files that were read, relative to the root.
    """

    files: dict[str, bytes]
    arrays: dict[str, np.ndarray]
    lines: bytes
    data: tuple[str, ...]


def make_all(jobs: list[Job], n_jobs: int) -> Iterator[tuple[Job, Made | Problem]]:
    """Yield each figure when it is made; one that fails is a Problem and stops no other.

    A single figure is made in this process, and the processors go to the sweeps within it.
    Close the generator, as `contextlib.closing` does, to end processes that are at work.
    """
    if len(jobs) < 2 or n_jobs == 1:
        yield from ((job, make(job, n_jobs)) for job in jobs)
        return
    pool = ProcessPoolExecutor(min(n_jobs, len(jobs)), get_context("spawn"), initializer=prepare)
    try:
        futures = {pool.submit(make, job): job for job in jobs}
        for future in as_completed(futures):
            job = futures[future]
            try:
                yield job, future.result()
            except BrokenProcessPool:
                yield job, Problem(job.module, None, f"the figure {job.name} failed: its process "
                                   "ended early (out of memory, or killed)")
    except BaseException:
        for process in active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def prepare() -> None:
    """Let the process end with its parent, and leave an interrupt to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with, args=[parent_process()], daemon=True).start()


def end_with(process) -> None:
    process.join()
    os._exit(1)


def make(job: Job, n_jobs: int = 1) -> Made | Problem:
    """Compute and draw a figure once, and render it in each format."""
    from deepmath.sweep import executing

    try:
        with executing(n_jobs=n_jobs, **job.execution, progress=Progress(job.name)):
            return make_here(job)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = " ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
        return Problem(place.filename, place.lineno,
                       f"the figure {job.name} failed: {' '.join(told.split())}")


def make_here(job: Job) -> Made:
    from matplotlib import pyplot
    from matplotlib.legend import Legend
    from matplotlib.text import Text
    from deepmath.figures.style import DPI, darken, render

    module = import_module(job.module)
    with reading(job.root) as data:
        result = module.compute(**job.values)
        figure = module.draw(result)
    if job.dark:
        darken(figure)
    # The hundredth of a pixel keeps rounding from taking one away.
    dpi = (job.width + 0.01) / figure.get_size_inches()[0] if job.width else DPI
    files = {suffix: render(figure, suffix, dpi) for suffix in job.formats}
    for written in [*figure.findobj(Text), *figure.findobj(Legend)]:
        written.set_visible(False)
    lines = render(figure, "png", DPI / 2)
    pyplot.close(figure)
    return Made(files, dict(arrays_of(result)), lines, tuple(sorted(data)))


class Progress:
    """Tell how far a figure's sweep is: on a terminal always, elsewhere at each tenth."""

    def __init__(self, name: str) -> None:
        self.name, self.tenth = name, 0

    def __call__(self, done: int, total: int) -> None:
        tenth = 10 * done // total
        is_due = done < total and tenth > self.tenth
        if is_due:
            self.tenth = tenth
        progress(f"{self.name}: {done} of {total} networks", everywhere=is_due)


READ: set[str] | None = None    # the files opened while `reading`


@contextmanager
def reading(root: Path | None) -> Iterator[set[str]]:
    """Collect the project's files that are read within, but for code and what is hidden."""
    global READ
    data, READ = set(), set()
    sys.addaudithook(note_opened)
    try:
        yield data
    finally:
        opened, READ = READ, None
        for path in filter(None, [root and inside(path, root) for path in opened]):
            hidden = any(part.startswith(".") or part == "site-packages" for part in path.parts)
            if not hidden and path.suffix not in (".py", ".pyc"):
                data.add(path.as_posix())


def note_opened(event: str, arguments: tuple) -> None:
    if event == "open" and READ is not None and isinstance(arguments[0], (str, os.PathLike)):
        if not set(arguments[1] or "r") & set("wax+"):
            READ.add(os.path.abspath(arguments[0]))


def inside(path: str, root: Path) -> Path | None:
    """Return a file's path from the root, or None if it is not a file there."""
    resolved = Path(path).resolve()
    return resolved.relative_to(root) if resolved.is_relative_to(root) and resolved.is_file() \
        else None


def arrays_of(value, name: str = "") -> Iterable[tuple[str, np.ndarray]]:
    """Yield all numbers and words in a result as arrays, each named by the way to it."""
    if is_dataclass(value):
        parts = [(f.name, getattr(value, f.name)) for f in fields(value)]
    elif isinstance(value, Mapping):
        parts = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, (tuple, list)) and not is_plain(value):
        parts = [(str(i), part) for i, part in enumerate(value)]
    elif value is None or callable(value):
        return
    else:
        array = np.asarray(value)
        yield name, array.astype(str) if array.dtype == object else array
        return
    for key, part in parts:
        yield from arrays_of(part, f"{name}.{key}" if name else key)


def is_plain(sequence: tuple | list) -> bool:
    """Is this a row of numbers, or of words?"""
    return all(isinstance(part, (str, int, float, np.number)) for part in sequence)
