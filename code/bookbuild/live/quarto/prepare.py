"""Quarto runs this before it renders: it puts together what live cells load.

The environment variable BOOK_RUNTIME names a folder with the runtime to put into the book.
"""

import os
import shutil
import sys
from pathlib import Path

from bookbuild.live import STAGE, assemble
from bookbuild.say import BookError, say
from bookbuild.source import find_root


def main() -> int:
    root = find_root(Path(os.environ.get("QUARTO_PROJECT_DIR", ".")))
    runtime = os.environ.get("BOOK_RUNTIME")
    target = root / STAGE / "parts"
    shutil.rmtree(target, ignore_errors=True)
    try:
        assemble(root, target, Path(runtime) if runtime else None, say)
    except BookError as error:
        for problem in error.problems:
            say(str(problem))
        return 1
    return 0


sys.exit(main())
