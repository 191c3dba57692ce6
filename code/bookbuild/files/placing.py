"""Putting a finished build in its place: nothing half-made is ever seen, nothing is lost."""

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bookbuild.files.locks import locked
from bookbuild.files.writes import writing

AT_FDCWD = -100
RENAME_EXCHANGE = 2         # Linux renameat2(2)
RENAME_SWAP = 2             # macOS renamex_np(2)
PUT_ASIDE = "replaced-book"
FORMER_RESULTS = "cache"


@contextmanager
def only_render(state_dir: Path, target: Path, say) -> Iterator[None]:
    """Hold the project's lock; a second render says that it waits, and waits.

    What a killed render left is then put right: the book at `target`, and unfinished builds.
    """
    waiting = "another render is at work in this folder: waiting for it"
    with locked(state_dir / "lock", lambda: say(waiting)):
        with writing(target):
            restore(state_dir / PUT_ASIDE, target)
        sweep(state_dir)
        if (former := state_dir / FORMER_RESULTS).is_dir():
            shutil.rmtree(former, ignore_errors=True)
            say(f"{state_dir.name}/{FORMER_RESULTS}: results of an earlier version, removed")
        yield


def sweep(state_dir: Path) -> None:
    """Remove what killed renders left behind."""
    for left in state_dir.glob("build-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in state_dir.glob(".printed.json.*.part"):
        left.unlink(missing_ok=True)


@contextmanager
def staging(state_dir: Path) -> Iterator[Path]:
    """A new folder to build in, removed at the end whatever happens."""
    with writing(state_dir):
        folder = Path(tempfile.mkdtemp(prefix="build-", dir=state_dir))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(built: Path, target: Path) -> None:
    """Exchange a finished folder with the one that stands at `target`, in one step.

    Where the file system cannot exchange two folders, they are renamed one after the other;
    if that is cut short, the next render puts the old one back.
    """
    target = target.resolve()
    with writing(target):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(built, target)
        elif not exchange(built, target):
            aside = built.parent.with_name(PUT_ASIDE)
            os.rename(target, aside)
            try:
                os.rename(built, target)
            finally:
                restore(aside, target)


def restore(aside: Path, target: Path) -> None:
    """Put back the book that was put aside if none has taken its place; else remove it."""
    if aside.exists():
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            os.rename(aside, target)


def exchange(first: Path, second: Path) -> bool:
    """Swap two paths atomically; false where the system has no such call."""
    if sys.platform == "win32":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    a, b = os.fsencode(first), os.fsencode(second)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        return libc.renamex_np(a, b, RENAME_SWAP) == 0
    if hasattr(libc, "renameat2"):
        return libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0
    return False
