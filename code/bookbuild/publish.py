"""Putting a finished build in its place: nothing half-made is ever seen, nothing is lost."""

import ctypes
import errno
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bookbuild.problems import BookError, Problem

AT_FDCWD = -100
RENAME_EXCHANGE = 2         # Linux renameat2(2)
RENAME_SWAP = 2             # macOS renamex_np(2)
PUT_ASIDE = "replaced-book"


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
        yield


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


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a refusal of the file system into one line."""
    try:
        yield
    except OSError as error:
        # shutil.Error holds a list of (source, target, reason)
        reason = error.strerror or str(error.args[0][0][2])
        raise BookError([Problem(error.filename or path, None,
                                 f"cannot write here: {reason}")]) from None


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
    libc = ctypes.CDLL(None, use_errno=True)
    a, b = os.fsencode(first), os.fsencode(second)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        return libc.renamex_np(a, b, RENAME_SWAP) == 0
    if hasattr(libc, "renameat2"):
        return libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0
    return False


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file into a build."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file so that the old one stands, whole, until the new one is.

    A link is followed, and a file that was made read-only stays as it is.

    Raises
    ------
    OSError
        The file system refuses; nothing was changed.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not is_writable(path):
        raise PermissionError(errno.EACCES, "the file is read-only", str(path))
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~umask())
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def put_file(path: Path, content: str | bytes) -> None:
    """Replace a file, in a folder that is made where it is missing, or say why it can't be."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)


def keep(path: Path) -> Path:
    """Copy a file that is about to be replaced; the copy stands beside it, with the date."""
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    copy = path.with_name(f"{path.stem}.replaced-{now}{path.suffix}")
    with writing(copy):
        shutil.copy2(path, copy)
    return copy


def is_writable(path: Path) -> bool:
    """Whether a file may be written; to its owner's wish even the administrator keeps."""
    return os.access(path, os.W_OK) and bool(os.stat(path).st_mode & 0o222)


def umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
