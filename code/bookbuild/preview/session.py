"""Cells in kernels that stay: after an edit no more runs than has to."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from time import monotonic

from bookbuild.run import Cache, ChapterCode, Result, run_unit
from bookbuild.say import BookError, Problem
from bookbuild.source import Cell, Unit

BETWEEN_NEWS = 4.0        # seconds


def unit_key(chapter: ChapterCode, unit: Unit, surroundings: Sequence[str]) -> str:
    """What the result of a cell or expression depends on, beside those before it."""
    parts = ([unit.code, *(chapter.option(unit, name) for name in ("eval", "error", "warning"))]
             if isinstance(unit, Cell) else [unit.expression])
    return hashlib.sha256(json.dumps([parts, *surroundings]).encode()).hexdigest()


def alike(first: Iterable, second: Iterable) -> int:
    """How many elements two sequences have in common at their beginnings."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second)))


class Loop:
    """An event loop in a thread of its own, in which kernels are talked to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, work: Coroutine):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=5)


@dataclass(frozen=True)
class Shown:
    """What there is to show of a chapter's cells.

    Attributes
    ----------
    results : list of Result or None
        For each unit its result; of one that is still to run an older result, or None.
    problems : list of Problem
        Why one of them has no result.
    busy : bool
        Whether cells are running.
    """

    results: list[Result | None]
    problems: list[Problem]
    busy: bool


class Bench:
    """A chapter's cells, their results so far, and the kernel that made them.

    After an edit the kernel goes on from the first cell that changed: that cell runs again and
    all after it, in the state in which the last run left the kernel. A kernel that has not run
    the cells before the edited one runs them first. What one new kernel made from the first cell
    to the last is kept in the cache, and nothing else.

    Parameters
    ----------
    cache : Cache
        Where results of whole runs are found and kept.
    on_news : callable
        Called without arguments, in the loop's thread, when there is something new to show.
    say : callable
        Told of each cell that begins: a line.
    cell_timeout : float
        The most seconds for one cell.
    """

    def __init__(self, cache: Cache, on_news: Callable[[], None], say: Callable[[str], None],
                 cell_timeout: float) -> None:
        self.cache, self.on_news, self.say = cache, on_news, say
        self.cell_timeout = cell_timeout
        self.chapter: ChapterCode | None = None
        self.keys: list[str] = []
        self.made: list[tuple[str, Result]] = []    # of the leading units
        self.last: list[Result | None] = []         # what was shown before
        self.older: dict[str, Result] = {}
        self.failure: tuple[Unit, list[Problem]] | None = None
        self.kernel = None
        self.ran: list[str] = []                    # what the kernel's state comes from
        self.clean = False                          # it ran each of them once, in order
        self.forgotten: set[str] = set()
        self.running: str | None = None
        self.task: asyncio.Task | None = None

    async def want(self, chapter: ChapterCode, keys: list[str], changed: Iterable[str] = ()) -> Shown:
        """Set the cells that are to be shown; what has no result yet begins to run.

        Parameters
        ----------
        chapter : ChapterCode
            The cells and expressions.
        keys : list of str
            What the result of each depends on.
        changed : iterable of str
            Modules that a kernel must read anew.
        """
        if self.chapter is None and (kept := self.cache.load(chapter)) is not None:
            self.made = list(zip(keys, kept))
        failed_at = self.keys[len(self.made)] if self.failure else None
        same = alike(keys, (key for key, _ in self.made))
        self.older = {key: result for key, result in [*self.older.items(), *self.made]
                      if key in keys}
        del self.made[same:]
        self.chapter, self.keys = chapter, keys
        self.forgotten |= set(changed)
        waiting = keys[same:]
        if failed_at not in waiting[:1]:
            self.failure = None
        if self.running and self.running not in keys:
            await self.kernel.interrupt()
        if waiting and self.task is None and self.failure is None:
            self.task = asyncio.create_task(self._work())
        return self._shown()

    def _shown(self) -> Shown:
        """The present state; where a cell stands now tells where its problems are."""
        results = [result for _, result in self.made]
        before = self.last if len(self.last) == len(self.keys) else [None] * len(self.keys)
        results += [self.older.get(key, before[place])
                    for place, key in enumerate(self.keys) if place >= len(self.made)]
        self.last = results
        problems: list[Problem] = []
        if self.failure:
            unit, problems = self.failure
            shift = self.chapter.units[len(self.made)].line - unit.line
            problems = [replace(each, line=each.line and each.line + shift) for each in problems]
        return Shown(results, problems, self.task is not None)

    async def stop(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self._drop_kernel()

    async def _work(self) -> None:
        """Run what is wanted, also if it changes meanwhile, up to the end or to a failure."""
        told = monotonic()
        try:
            while len(self.made) < len(self.keys) and not self.failure:
                await self._step()
                if monotonic() - told > BETWEEN_NEWS:
                    told = monotonic()
                    self.on_news()
            if self.clean and len(self.made) == len(self.ran) and not self.failure:
                self.cache.store(self.chapter, [result for _, result in self.made])
        finally:
            self.task = None
            self.on_news()

    async def _step(self) -> None:
        """Run the next unit: the first without a result, or before it one that the kernel lacks."""
        chapter, waiting = self.chapter, self.chapter.units[len(self.made):]
        try:
            if any(map(chapter.runs, waiting)):
                await self._ready_kernel()
        except BookError as error:
            self.failure = waiting[0], error.problems
            return
        place = min(alike(self.ran, self.keys), len(self.made))
        unit, key = chapter.units[place], self.keys[place]
        if place < len(self.ran):
            self.clean = False
            del self.ran[place:]
        try:
            result = await self._run(unit, key)
        except BookError as error:
            if key in self.keys:
                del self.made[place:]
                self.failure = unit, error.problems
            return
        self.ran.append(key)
        if self.keys[place:place + 1] == [key] and place <= len(self.made):
            self.made[place:place + 1] = [(key, result)]

    async def _run(self, unit: Unit, key: str) -> Result:
        from bookbuild.run import CodeRaised

        chapter = self.chapter
        if isinstance(unit, Cell) and chapter.runs(unit):
            cells = [each for each in chapter.units if isinstance(each, Cell) and chapter.runs(each)]
            self.say(f"{chapter.path}: cell {cells.index(unit) + 1} of {len(cells)}"
                     f"{f' {unit.label}' if unit.label else ''}")
        self.running = key
        try:
            return await run_unit(self.kernel, chapter, unit)
        except CodeRaised:
            raise
        except BookError:
            await self._drop_kernel()       # it died, or does not answer
            raise
        finally:
            self.running = None

    async def _ready_kernel(self) -> None:
        """Start a kernel where there is none; let it forget modules that changed."""
        from bookbuild.run.kernel import Kernel

        if self.kernel is None:
            kernel = Kernel(self.chapter.path, self.chapter.folder, self.cell_timeout)
            self.kernel = await kernel.__aenter__()
            self.ran, self.clean = [], True
        elif self.forgotten:
            await self.kernel.forget(self.forgotten)
            self.clean = False
        self.forgotten.clear()

    async def _drop_kernel(self) -> None:
        kernel, self.kernel, self.ran = self.kernel, None, []
        if kernel:
            await kernel.__aexit__()
