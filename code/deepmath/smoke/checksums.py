"""Digests of a station's files, in the form that `sha256sum -c` reads."""

import hashlib
from pathlib import Path

CHECKSUMS = "checksums.txt"


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each complete file of a folder, by its name."""
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {name: known for known, _, name in (line.partition("  ") for line in lines) if name}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
