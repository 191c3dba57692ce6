"""Digests of a station's files, in the form that `sha256sum -c` reads."""

import hashlib
import os
import re
from pathlib import Path

from deepmath.smoke.tables import RecordError

CHECKSUMS = "checksums.txt"
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)", re.IGNORECASE)


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each complete file of a folder, by its name.

    Raises
    ------
    RecordError
        Where a line says something else: a file that it means would not be checked.
    """
    path, known = folder / CHECKSUMS, dict[str, str]()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        if not line.strip():
            continue
        if not (found := LINE.fullmatch(line)):
            raise RecordError(path, f"expected a SHA-256 and a file's name, got {line[:80]!r}: "
                              "mend the line, or move the file away to do without checks", number)
        digest, name = found[1].lower(), os.path.normpath(found[2])
        if known.setdefault(name, digest) != digest:
            raise RecordError(path, f"another SHA-256 of {name} stands above: leave one of them "
                              "out", number)
    return known


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
