"""Cells in kernels that stay: after an edit no more runs than has to, and then all is confirmed."""

import asyncio
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from itertools import takewhile
from time import monotonic
from typing import TYPE_CHECKING

from bookbuild.run import (Answers, ChapterCode, CodeRaised, KeptResults, Look, Ran, Result,
                           run_unit, started, unit_key)
from bookbuild.say import BookError, Problem, Say
from bookbuild.source import Cell, Unit

if TYPE_CHECKING:
    from bookbuild.run import kernel as kernels

BETWEEN_NEWS = 4.0        # seconds
REST = 1.0                # seconds without an edit before all cells are run anew
TURNS = 5                 # times that all cells run again since others change what they read
CLOCKS = 50_000_000       # nanoseconds by which a file's time may lie behind the clock
LISTINGS = {"names", "entries", "project"}      # looks that what is written anywhere can change


def alike(first: Iterable, second: Iterable) -> int:
    """How many elements two sequences have in common at their beginnings."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class Loop:
    """An event loop in a thread of its own, in which kernels are talked to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, work: Coroutine):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def cancel(self) -> None:
        """End what is at work, such as what was asked for when the author ended the preview."""
        async def cancelled() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        self.run(cancelled())

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=5)
        if not self.thread.is_alive():
            self.loop.close()


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
        Whether cells are running whose results are waited for.
    """

    results: list[Result | None]
    problems: list[Problem]
    busy: bool


@dataclass(frozen=True)
class Failure:
    """A unit that has no result, why, and what it had read until then."""

    unit: Unit
    problems: list[Problem]
    looks: tuple[Look, ...] = ()


class Session:
    """A chapter's cells, their results so far, and the kernel that made them.

    After an edit of the text, or of a file that cells read, the kernel goes on from the first
    cell that is concerned: that cell runs again and all after it, in the state in which the last
    run left the kernel. A kernel that has not run the cells before it runs them first. What such
    a kernel says may depend on what it ran before; so when the author rests, a new kernel runs
    all cells in order, and its results stand. They are also kept, and no others.

    Cells that change what they read (a listing of the folder that they write to, a file that they
    append to) run once more, and then what they left of that is taken as settled. What is another
    for the first time is not: somebody else may have changed it. What others change on and on is
    left after some turns: the preview is told of it, too.

    Parameters
    ----------
    chapter : ChapterCode
        The cells and expressions at first.
    kept : KeptResults
        Where results of whole runs are found and kept.
    on_news : callable
        Called without arguments, in the loop's thread, when there is something new to show.
    say : callable
        Told of each cell that begins: a line.
    cell_timeout : float
        The most seconds for one cell.
    """

    def __init__(self, chapter: ChapterCode, kept: KeptResults, on_news: Callable[[], None],
                 say: Say, cell_timeout: float) -> None:
        self.chapter, self.kept, self.on_news, self.say = chapter, kept, on_news, say
        self.cell_timeout = cell_timeout
        self.keys = keys_of(chapter)
        self.made = list(zip(self.keys, kept.load(chapter), strict=False))  # of the leading units
        self.last: list[Result | None] = []         # what was shown before
        self.older: dict[str, Ran] = {}
        self.failure: Failure | None = None
        self.kernel: kernels.Kernel | None = None
        self.ran: list[str] = []                    # what the kernel's state comes from
        self.is_whole = True                        # it ran each of them once, in order
        self.repeated: set[tuple[str, str, str]] = set()    # what was run again for
        self.settled: dict[tuple[str, str, str], str] = {}
        self.turns = 0
        self.spans: deque[list[float]] = deque(maxlen=99)   # when units began and ended to run
        self.running: str | None = None
        self.task: asyncio.Task | None = None
        self.confirmation: asyncio.Task | None = None

    async def want(self, chapter: ChapterCode, files_changed: bool) -> Shown:
        """Set the cells that are to be shown; what has no result yet begins to run.

        Parameters
        ----------
        chapter : ChapterCode
            The cells and expressions.
        files_changed : bool
            Whether what cells read may be another than it was.
        """
        keys = keys_of(chapter)
        failed = self.keys[len(self.made)] if self.failure else None
        same = alike(keys, (key for key, _ in self.made))
        if files_changed:
            same = min(same, self._holding())
        self.older = {key: ran for key, ran in [*self.older.items(), *self.made] if key in keys}
        if edited := same < len(self.made) or keys != self.keys:
            self.repeated, self.turns = set(), 0
        del self.made[same:]
        self.chapter, self.keys = chapter, keys
        waiting = keys[same:]
        if self.failure and (failed not in waiting[:1] or files_changed and not (
                self.failure.looks and Answers().hold(self.failure.looks))):
            self.failure = None
        if self.kernel and self.running and self.running not in keys:
            await self.kernel.interrupt()
        if edited or waiting:
            await self._stop_confirming()
        if waiting and self.task is None and self.failure is None:
            self.task = asyncio.create_task(self._work())
        elif edited and not waiting and not self.is_whole:
            self.confirmation = asyncio.create_task(self._confirm())
        return self._shown()

    @property
    def looks(self) -> list[Look]:
        """What the cells looked at."""
        return [*(look for _, ran in self.made for look in ran.looks),
                *(self.failure.looks if self.failure else ())]

    @property
    def is_at_rest(self) -> bool:
        """Is nothing running or about to run?"""
        return self.task is None and self.confirmation is None

    def _shown(self) -> Shown:
        """The present state; where a cell stands now tells where its problems are."""
        before = self.last if len(self.last) == len(self.keys) else [None] * len(self.keys)
        self.last = [ran.result for _, ran in self.made]
        for place, key in list(enumerate(self.keys))[len(self.made):]:
            self.last.append(self.older[key].result if key in self.older else before[place])
        problems: list[Problem] = []
        if self.failure:
            shift = self.chapter.units[len(self.made)].line - self.failure.unit.line
            problems = [replace(each, line=each.line and each.line + shift)
                        for each in self.failure.problems]
        return Shown(self.last, problems, self.task is not None)

    async def stop(self) -> None:
        await self._stop_confirming()
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self._drop_kernel()

    # --------------------------------------------------------------------- what still holds

    def _holding(self) -> int:
        """How many of the results hold, from the first on: what they read is as it was, or as
        the chapter's own run left it."""
        answers = Answers()
        for place, (_, ran) in enumerate(self.made):
            if not all(answers.hold([look]) or self.settled.get(look[:3]) == answers[look[:3]]
                       for look in ran.looks):
                return place
        return len(self.made)

    def _own_changes(self) -> set[tuple[str, str, str]]:
        """The questions whose answers the run itself may have changed."""
        looks = [look[:3] for _, ran in self.made for look in ran.looks]
        if any(kind == "project" for kind, *_ in looks):    # who knows
            return set(looks)
        written = {path for _, ran in self.made for path in ran.written}
        written |= {os.path.dirname(path) for path in written}
        return {look for look in looks if look[0] in LISTINGS or look[1] in written}

    def _settle(self) -> None:
        """What the run changed is no edit."""
        answers = Answers()
        self.settled = {question: answers[question] for question in self._own_changes()}

    def _is_settled(self) -> bool:
        """Look whether the files are as the cells read them; those that must be run again lose
        their results: of what the run itself changed once, and whenever someone else did."""
        own, answers = self._own_changes(), Answers()
        for place, (_, ran) in enumerate(self.made):
            broken = {look[:3] for look in ran.looks if not answers.hold([look])}
            if not broken <= self.repeated & own and self.turns < TURNS:
                self.turns += not broken <= own
                self.repeated |= broken
                del self.made[place:]
                return False
        return True

    # ------------------------------------------------------------------------- running

    async def _work(self) -> None:
        """Run what is wanted, also if it changes meanwhile, up to the end or to a failure."""
        told = monotonic()
        try:
            while not self.failure and (len(self.made) < len(self.keys) or not self._is_settled()):
                await self._step()
                if monotonic() - told > BETWEEN_NEWS:
                    told = monotonic()
                    self.on_news()
            if self.is_whole and len(self.made) == len(self.ran) and not self.failure:
                self.kept.store(self.chapter, [ran for _, ran in self.made])
            elif not self.is_whole:
                self.confirmation = asyncio.create_task(self._confirm())
        finally:
            self.task = None
            self.on_news()

    async def _step(self) -> None:
        """Run the next unit: the first without a result, or before it one that the kernel lacks."""
        waiting = self.chapter.units[len(self.made):]
        if self.kernel is None and any(map(self.chapter.runs, waiting)):
            try:
                self.kernel = await started(self.chapter, self.cell_timeout)
            except BookError as error:
                self.failure = Failure(waiting[0], error.problems)
                return
            self.ran, self.is_whole = [], True
        chapter = self.chapter          # which was perhaps edited while the kernel started
        place = min(alike(self.ran, self.keys), len(self.made))
        if place == len(self.keys):
            return
        unit, key = chapter.units[place], self.keys[place]
        if place < len(self.ran):
            del self.ran[place:]
            await self._go_back(chapter)
        try:
            self.running = key
            self._tell(chapter, unit)
            ran = await self._run(self.kernel, chapter, unit)
        except BookError as error:
            looks = await self._looks_after(error, chapter)
            if key in self.keys:
                del self.made[place:]
                self.failure = Failure(unit, error.problems, looks)
            return
        finally:
            self.running = None
        self.ran.append(key)
        if self.keys[place:place + 1] == [key] and place <= len(self.made):
            self.made[place:place + 1] = [(key, ran)]
            if ran.written or any(kind == "project" for kind, *_ in ran.looks):
                self._settle()

    async def _run(self, kernel, chapter: ChapterCode, unit: Unit) -> Ran:
        """Run a unit, and note when."""
        self.spans.append(span := [time.time_ns() - CLOCKS, math.inf])
        try:
            return await run_unit(kernel, chapter, unit)
        finally:
            span[1] = time.time_ns()

    def _tell(self, chapter: ChapterCode, unit: Unit) -> None:
        """Say which cell begins."""
        if isinstance(unit, Cell) and chapter.runs(unit):
            cells = [each for each in chapter.units
                     if isinstance(each, Cell) and chapter.runs(each)]
            self.say(f"{chapter.path}: cell {cells.index(unit) + 1} of {len(cells)}"
                     f"{f' {unit.label}' if unit.label else ''}")

    async def _go_back(self, chapter: ChapterCode) -> None:
        """Make the kernel ready to run again what follows the units that it ran."""
        self.is_whole = False
        if self.kernel:
            await self.kernel.go_back(sum(map(chapter.runs, chapter.units[:len(self.ran)])))

    async def _looks_after(self, error: BookError, chapter: ChapterCode) -> tuple[Look, ...]:
        """What a unit had read when it failed; a kernel that died or does not answer is dropped."""
        if not self.kernel or not isinstance(error, CodeRaised):
            await self._drop_kernel()
            return ()
        looks, _ = await self.kernel.take_looks()
        await self._go_back(chapter)
        return looks

    async def _drop_kernel(self) -> None:
        kernel, self.kernel, self.ran = self.kernel, None, []
        if kernel:
            await kernel.stop()

    async def _confirm(self) -> None:
        """Run all cells in a new kernel, whose results and whose state take the others' place."""
        await asyncio.sleep(REST)
        chapter, keys, error, kernel = self.chapter, self.keys, None, None
        made: list[tuple[str, Ran]] = []
        unit = chapter.units[0]
        try:
            kernel = await started(chapter, self.cell_timeout)
            for unit, key in zip(chapter.units, keys, strict=True):
                made.append((key, await self._run(kernel, chapter, unit)))
        except BookError as raised:
            error = raised
        except BaseException:           # an edit came
            if kernel:
                await kernel.stop()
            raise
        former, self.kernel, self.confirmation = self.kernel, kernel, None
        self.made, self.ran, self.is_whole = made, [key for key, _ in made], True
        self._settle()
        if error:
            self.failure = Failure(unit, error.problems, await self._looks_after(error, chapter))
        elif self._is_settled():
            self.kept.store(chapter, [ran for _, ran in made])
        if former:
            await former.stop()
        self.on_news()

    async def _stop_confirming(self) -> None:
        task, self.confirmation = self.confirmation, None
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def keys_of(chapter: ChapterCode) -> list[str]:
    return [unit_key(chapter, unit) for unit in chapter.units]
