"""The files of a sweep's store: stacks of networks, each file whole or not there at all."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from deepmath.store import Arrays, Run, Setting, code, digest, source_of, stable_setting

KEYS = "settings"       # in a file, beside each stack's "0/seeds" and "0/rows/NAME"


class Stack(NamedTuple):
    """Some seeds of one setting, which is told by its key, and what a run returned of them."""

    key: str
    seeds: Sequence[int]
    arrays: Arrays


class Segment(NamedTuple):
    """Neighbours among the seeds of a sweep, and how to read their rows, if they are kept."""

    start: int
    stop: int
    read: Callable[[], Arrays] | None


class Store:
    """What is kept of a run: a folder for its code and arithmetic, where a file holds stacks.

    Parameters
    ----------
    root : Path
    run : callable
    settings : sequence of mappings
        Whose digests are `keys`.
    computed_by : mapping
        The arithmetic.
    """

    def __init__(self, root: Path, run: Run, settings: Sequence[Setting],
                 computed_by: Mapping[str, str]) -> None:
        self.keys = [digest(sorted(stable_setting(setting))).hex()[:32] for setting in settings]
        key = [code(), source_of(run), run.__module__, run.__qualname__, dict(computed_by)]
        self.folder = root / f"{run.__name__}-{digest(key).hex()[:16]}"
        self.found: dict[str, list[tuple[Path, int, Sequence[int]]]] = {}
        for file in sorted(self.folder.glob("*.npz")):
            for number, stack in enumerate(read_file(file)):        # a damaged one has none
                self.found.setdefault(stack.key, []).append((file, number, stack.seeds))

    def file(self, stacks: Iterable[tuple[str, Sequence[int]]]) -> Path:
        """Return the file for stacks, each of a setting's key and seeds."""
        told = [(key, list(seeds)) for key, seeds in stacks]
        name = sha256(repr(told).encode()).hexdigest()[:8]
        return self.folder / f"{told[0][1][0]}-to-{told[-1][1][-1]}-{name}.npz"

    def segments(self, key: str, seeds: Sequence[int]) -> Iterator[Segment]:
        """Yield all seeds in order, those that are kept in a file in a row together."""
        known = self.found.get(key, [])
        if isinstance(seeds, range):
            wanted: range | dict[int, int] = seeds
            place_of: Callable[[int], int] = seeds.index
        else:
            places = dict(zip(seeds, range(len(seeds)))) if known else {}
            wanted, place_of = places, places.__getitem__
        stack, row = np.full((2, len(seeds)), -1)
        for number, (_, _, some) in enumerate(known):
            for i, seed in enumerate(some):
                if seed in wanted and stack[place := place_of(seed)] < 0:
                    stack[place], row[place] = number, i
        apart = (np.diff(stack) != 0) | ((stack[1:] >= 0) & (np.diff(row) != 1))
        bounds = [0, *(np.flatnonzero(apart) + 1).tolist(), len(seeds)]
        for start, stop in zip(bounds, bounds[1:]):
            read = None
            if stack[start] >= 0:
                file, number, _ = known[stack[start]]
                read = partial(read_rows, file, number, row[start], row[start] + stop - start)
            yield Segment(start, stop, read)


def read_file(file: Path) -> list[Stack]:
    """Return a file's stacks; none if it is missing or damaged."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            arrays: list[Arrays] = [{} for _ in kept[KEYS]]
            for name in kept.files:
                number, _, rest = name.partition("/")
                if rest.startswith("rows/"):
                    arrays[int(number)][rest.removeprefix("rows/")] = kept[name]
            return [Stack(str(key), kept[f"{i}/seeds"].tolist(), arrays[i])
                    for i, key in enumerate(kept[KEYS])]
    except (OSError, ValueError, KeyError, IndexError, EOFError, BadZipFile):
        return []


def read_rows(file: Path, number: int, start: int, stop: int) -> Arrays:
    """Return some rows of one of a file's stacks."""
    head = f"{number}/rows/"
    with np.load(file, allow_pickle=False) as kept:
        return {name.removeprefix(head): kept[name][start:stop] for name in kept.files
                if name.startswith(head)}


def write_file(file: Path, stacks: Sequence[Stack]) -> None:
    """Write stacks into a file in one step: it is there whole or not at all."""
    content: dict[str, Any] = {KEYS: [stack.key for stack in stacks]}
    for i, stack in enumerate(stacks):
        content[f"{i}/seeds"] = stack.seeds
        content |= {f"{i}/rows/{name}": array for name, array in stack.arrays.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with open(handle, "wb") as stream:
            np.savez(stream, **content)
            stream.flush()
            os.fsync(handle)
        os.replace(part, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a stack's lock, which ends with the process that holds it, however that ends."""
    from filelock import FileLock

    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")) as lock:
        yield
        with suppress(OSError):     # only after success, when the file itself tells others
            os.unlink(lock.lock_file)
