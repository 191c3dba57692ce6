"""Programs that the press runs: for so long at most, and no longer than the press itself."""

import signal
import subprocess
import sys
from collections.abc import Sequence

IDLE = 10           # times its seconds of work that a program may take by the clock
GRACE = 5           # seconds between the signal that ends a program and the one that must

_running: set[subprocess.Popen] = set()


class TookTooLong(Exception):
    """A program was ended, since its time was up; `seconds` is what it had."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"took more than {seconds} s")
        self.seconds = seconds


def start(command: Sequence[str]) -> subprocess.Popen:
    """Start a program that speaks UTF-8; `finish` waits for it."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, encoding="utf-8")
    _running.add(process)
    return process


def finish(process: subprocess.Popen, source: str, seconds: int) -> subprocess.CompletedProcess:
    """Give a program its input and wait for what it says.

    Parameters
    ----------
    process : Popen
        From `start`.
    source : str
        Its input.
    seconds : int
        Of processor time; by the clock, it may take longer. Where the system can, it counts them
        itself, so that the program ends even if the press is killed.

    Raises
    ------
    TookTooLong
        The program was ended.
    """
    try:
        limit(process, seconds)
        said, told = process.communicate(source, IDLE * seconds)
    except subprocess.TimeoutExpired:
        raise TookTooLong(seconds) from None
    finally:
        _running.discard(process)
        if process.poll() is None:
            process.kill()
            process.wait()
    if sys.platform != "win32" and process.returncode == -signal.SIGXCPU:
        raise TookTooLong(seconds)
    return subprocess.CompletedProcess(process.args, process.returncode, said, told)


def run(command: Sequence[str], source: str, seconds: int) -> subprocess.CompletedProcess:
    """What a program says to an input; see `finish`."""
    return finish(start(command), source, seconds)


def limit(process: subprocess.Popen, seconds: int) -> None:
    if sys.platform == "linux":
        import resource

        try:
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (seconds, seconds + GRACE))
        except (OSError, ValueError):       # it has ended already, or is limited more
            return


def end_all() -> None:
    """End all programs that are running."""
    for process in list(_running):
        process.kill()

