"""Making figures side by side, each in a process with one thread of linear algebra."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import import_module
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

import numpy as np

from bookbuild.figures.origin import loaded_modules, read_data
from bookbuild.run import Observer
from bookbuild.say import Problem, progress

# A figure's process is forked from one that has loaded what all of them need, nothing of
# deepmath among it. What macOS calculates with does not bear to be forked.
PROCESSES = get_context("spawn" if sys.platform == "darwin" else "forkserver")
PROCESSES.set_forkserver_preload([
    "bookbuild.cli", "bookbuild.figures.drawn", "bookbuild.figures.making",
    *(f"matplotlib.{part}" for part in ("pyplot", "backends.backend_agg", "backends.backend_pdf",
                                        "backends.backend_svg"))])

ROUNDING = 0.01     # of a pixel, or of a dot an inch: keeps rounding from taking a pixel away


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
        All numbers and words that were computed.
    drawn : dict
        Those that are shown, as `bookbuild.figures.drawn` tells them.
    tolerance : float
        How far these may be from the kept ones, in parts of a panel.
    lines : bytes
        The figure without text and legends, as a PNG: versions of matplotlib set text
        differently, and legends are as wide as theirs.
    modules : tuple of str
        The modules of deepmath that were imported.
    data : tuple of str
        Files that were read, relative to the root.
    """

    files: dict[str, bytes]
    arrays: dict[str, np.ndarray]
    drawn: dict[str, np.ndarray]
    tolerance: float
    lines: bytes
    modules: tuple[str, ...]
    data: tuple[str, ...]


def make_all(jobs: list[Job], n_jobs: int) -> Generator[tuple[Job, Made | Problem]]:
    """Yield each figure when it is made; one that fails is a Problem and stops no other.

    Each is made in a process of its own, which sees what that figure is made from. The
    processors that figures leave go to the sweeps within them. The last of a book's figures train
    longest and come first, so that no processor waits for one of them at the end.
    Close the generator, as `contextlib.closing` does, to end processes that are at work.
    """
    if not jobs:
        return
    side_by_side = min(n_jobs, len(jobs))
    threads = ThreadPoolExecutor(side_by_side)
    try:
        futures = {threads.submit(make_alone, job, n_jobs // side_by_side): job
                   for job in reversed(jobs)}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        for process in active_children():
            process.kill()
        raise
    finally:
        threads.shutdown(cancel_futures=True)


def make_alone(job: Job, n_jobs: int) -> Made | Problem:
    """Make a figure in a process of its own."""
    with ProcessPoolExecutor(1, PROCESSES, initializer=prepare) as pool:
        try:
            return pool.submit(make, job, n_jobs).result()
        except BrokenProcessPool:
            return Problem(job.module, None, f"the figure {job.name} failed: its process ended "
                           "early (out of memory, or killed)")


def prepare() -> None:
    """Let the process end with its parent, and leave an interrupt to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with, args=[parent_process()], daemon=True).start()


def end_with(process) -> None:
    process.join()
    os._exit(1)


def make(job: Job, n_jobs: int = 1) -> Made | Problem:
    """Compute and draw a figure once, and render it in each format."""
    try:
        observer = Observer(str(job.root or Path.cwd()))
        observer.begin()
        from deepmath.sweep import executing

        with executing(n_jobs=n_jobs, **job.execution, progress=Progress(job.name)):
            return make_here(job, observer)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = " ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
        return Problem(place.filename, place.lineno,
                       f"the figure {job.name} failed: {' '.join(told.split())}")


def make_here(job: Job, observer: Observer) -> Made:
    from matplotlib import pyplot
    from bookbuild.figures.differences import TOLERANCE
    from bookbuild.figures.drawn import drawn
    from deepmath.figures.style import DPI, darken, render

    module = import_module(job.module)
    result = module.compute(**job.values)
    figure = module.draw(result)
    data = read_data(observer, job.root) if job.root else ()
    if job.dark:
        darken(figure)
    dpi = (job.width + ROUNDING) / figure.get_size_inches()[0] if job.width else DPI
    files = {suffix: render(figure, suffix, dpi) for suffix in job.formats}
    shown = drawn(figure)
    without_text(figure)
    lines = render(figure, "png", DPI / 2 + ROUNDING)
    pyplot.close(figure)
    return Made(files, dict(arrays_of(result)), shown, getattr(module, "TOLERANCE", TOLERANCE),
                lines, loaded_modules(), data)


def without_text(figure) -> None:
    """Leave out of a figure its text, also that of ticks yet to be made, and its legends."""
    from matplotlib.axis import Axis
    from matplotlib.legend import Legend
    from matplotlib.text import Text
    from matplotlib.ticker import NullFormatter

    for axis in figure.findobj(Axis):
        axis.set_major_formatter(NullFormatter())
        axis.set_minor_formatter(NullFormatter())
    for written in [*figure.findobj(Text), *figure.findobj(Legend)]:
        written.set_visible(False)


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
