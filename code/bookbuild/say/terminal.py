"""What is told while a command works, on the error stream."""

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Say = Callable[[str], None]
# Colours, movements, titles: what programs write to a terminal beside text.
CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


def without_codes(text: str) -> str:
    """Text without what is meant for a terminal."""
    return CODES.sub("", text)


def can_wipe() -> bool:
    """Is there a terminal that can begin a line anew?"""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def say(message: str) -> None:
    """Tell what is being done, on the error stream, so that the output stays usable."""
    wipe = "\r\x1b[K" if can_wipe() else ""
    if sys.stderr is None:          # closed by who started this, `2>&-`
        return
    print(wipe + message, file=sys.stderr, flush=True)


def show(*lines: object) -> None:
    """Print results on the output; where nobody can take them, this undoes nothing."""
    try:
        print(*lines, sep="\n", flush=True)
    except OSError as error:
        with suppress(OSError, ValueError):     # or what waits is tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say(f"book: done, but the output takes nothing more: {error.strerror}")
        raise SystemExit(1) from None


def progress(message: str, everywhere: bool = False) -> None:
    """Tell how far something is: on a terminal in one line that changes, elsewhere if asked to."""
    if can_wipe():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{message[:width]}", end="", file=sys.stderr, flush=True)
    elif everywhere:
        say(message)


@dataclass
class Timings:
    """Seconds by stage, in the order in which the stages began."""

    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.perf_counter)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - start

    def __str__(self) -> str:
        rows = [*self.seconds.items(), ("all", time.perf_counter() - self.begun)]
        return "\n".join(f"{name:<12}{seconds:7.2f} s" for name, seconds in rows)
