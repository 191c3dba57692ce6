"""Writing files: whole or not at all, and a refusal of the file system in one line."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bookbuild.say import BookError, Problem


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
    copy = free_name(path, "replaced")
    with writing(copy):
        shutil.copy2(path, copy)
    return copy


def free_name(path: Path, why: str) -> Path:
    """A name beside a file's that no file has, with the reason and the time in it."""
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    names = (path.with_name(f"{path.stem}.{why}-{now}{more}{path.suffix}")
             for more in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(name for name in names if not name.exists())


def is_writable(path: Path) -> bool:
    """Whether a file may be written; to its owner's wish even the administrator keeps."""
    return os.access(path, os.W_OK) and bool(os.stat(path).st_mode & 0o222)


def umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
