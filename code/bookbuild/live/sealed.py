"""What is made once and kept below `.book/live`, and shipped again and again.

A damaged file would be shipped with a checksum of the damage. So a digest is taken when a file is
made, and what does not fit it later is made anew.
"""

from pathlib import Path

from bookbuild.files import digest_file, replace_file

SUFFIX = ".sha256"


def seal(made: Path, name: str = "") -> None:
    """Write a file's digest beside it; `name` is the one that the file is going to have."""
    replace_file(made.with_name((name or made.name) + SUFFIX), digest_file(made))


def is_whole(*files: Path) -> bool:
    """Tell whether files are here as they were made."""
    try:
        return all(file.with_name(file.name + SUFFIX).read_text() == digest_file(file)
                   for file in files)
    except (OSError, ValueError):
        return False
