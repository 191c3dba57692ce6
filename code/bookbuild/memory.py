"""What steps gave the last time, in one process and from one render to the next."""

import gc
import os
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bookbuild.files import digest, end_all, writing


class Memory:
    """What steps gave the last time, so that an edit costs the pages that it changes.

    A step is a function that depends on nothing but its inputs, and nobody changes what it gave.
    Where a step fails, nothing is kept. A place is for one thread at a time. The preview keeps a
    memory from edit to edit, a render `save`s what it asked for.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple, tuple[tuple, Any]] = {}
        self._asked: set[tuple] = set()
        self._passing: set[tuple] = set()

    def step(self, make: Callable, place, *inputs) -> Any:
        """What `make` gives, or gave at this place when its inputs were the same.

        Inputs are the same if they are equal; for a result of another step, which is the same
        object as long as that one is not done again, this costs nothing.
        """
        key = make.__module__, make.__qualname__, place
        self._asked.add(key)
        kept = self._kept.get(key)
        if kept is None or kept[0] != inputs:
            kept = self._kept[key] = inputs, make(*inputs)
        return kept[1]

    def look(self, make: Callable, place, *inputs) -> Any:
        """The same for a step that looks at files besides: another render looks again."""
        self._passing.add((make.__module__, make.__qualname__, place))
        return self.step(make, place, *inputs)

    def steps(self, *calls: tuple) -> list:
        """What `step` gives for each call, side by side on all cores."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            waiting = [pool.submit(self.step, *call) for call in calls]
            try:
                return [done.result() for done in waiting]
            except BaseException:       # also where the press is ended: no program outlives it
                pool.shutdown(wait=False, cancel_futures=True)
                while not all(each.done() for each in waiting):     # one may be about to start
                    end_all()
                    time.sleep(0.01)
                raise

    def each(self, make: Callable, place, inputs: Iterable) -> dict:
        """What `make` gives for each of many inputs; it is asked for those that are new there."""
        wanted = list(dict.fromkeys(inputs))
        key = make.__module__, make.__qualname__, place
        self._asked.add(key)
        made = dict(self._kept.get(key, ((), {}))[1])
        if new := [each for each in wanted if each not in made]:
            made.update(zip(new, make(new), strict=True))
        made = {each: made[each] for each in wanted}
        self._kept[key] = (), made
        return made

    # ------------------------------------------------------------------ from render to render

    def save(self, file: Path, surroundings: str) -> None:
        """Keep what was asked for, for the next render in the same surroundings."""
        wanted = self._asked - self._passing
        with uncollected(), suppress(RecursionError):
            body = pickle.dumps({key: each for key, each in self._kept.items() if key in wanted},
                                pickle.HIGHEST_PROTOCOL)
            with writing(file):     # one that is not written to its end is none
                file.write_bytes(f"{surroundings} {digest(body)}\n".encode() + body)

    @classmethod
    def of(cls, file: Path, surroundings: str) -> "Memory":
        """What a render kept; empty if there is none, or it is damaged or of other surroundings."""
        memory = cls()
        with suppress(Exception):       # whatever is wrong with it, and with what made it
            told, _, body = file.read_bytes().partition(b"\n")
            if told.decode(errors="replace") == f"{surroundings} {digest(body)}":
                with uncollected():
                    memory._kept = dict(pickle.loads(body))
        return memory


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector, which would look through all that is being made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
