"""Locks that end with the process that holds them, however it ends."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bookbuild.files.writing import writing


@contextmanager
def locked(file: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock; `on_wait` is called where another process holds it.

    The lock belongs to the open file, so that it ends with the process, however it ends.
    """
    with writing(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = open(file, "w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
