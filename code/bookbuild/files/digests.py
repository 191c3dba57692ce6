"""Digests of files and folders."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path


def digest_folder(folder: Path, left_out: Callable[[Path], bool] = lambda path: False) -> str:
    """A digest of all files in a folder: their names and contents, but for compiled modules.

    What `left_out` says of a path leaves out a file, or a folder with all that is in it.
    """
    found, seen = [], set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        if (place := os.path.realpath(parent)) in seen:     # links may lead in a circle
            folders.clear()
            continue
        seen.add(place)
        folders[:] = sorted(name for name in folders if name != "__pycache__"
                            and not left_out(Path(parent, name)))
        files = [path for name in sorted(names) if (path := Path(parent, name)).is_file()
                 and not left_out(path)]
        found += [(path.relative_to(folder).as_posix(), digest_file(path)) for path in files]
    return digest(json.dumps(found).encode())


def digest_file(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return str(error.strerror)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
