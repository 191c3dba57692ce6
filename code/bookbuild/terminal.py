"""What is told while a command works, on the error stream."""

import shutil
import sys


def say(message: str) -> None:
    """Tell what is being done, on the error stream, so that the output stays usable."""
    wipe = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(wipe + message, file=sys.stderr, flush=True)


def progress(message: str, done: bool) -> None:
    """Tell of a cell: on a terminal in one line that changes, elsewhere when it is done."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{message[:width]}", end="", file=sys.stderr, flush=True)
    elif done:
        say(message)
