"""Steps on the file system, counted, and a process that dies at one of them.

A step is what changes files: opening one to write, a write, a sync, a rename, an exchange, a
folder made or removed, a file removed. `Watch(n, within=folder).start()` makes
this process kill itself when it comes to its n-th step there, before it is taken; of a write it
takes half. So a test can kill a program at each step in turn, on any machine, whatever else the
machine does.

Programs that a test starts take part without knowing it: `killed/sitecustomize.py`, which a Python
process runs before anything else, reads what `environment` writes. A forked process calls `Watch`
itself.
"""

import builtins
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

HOOK = Path(__file__).parent / "killed"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Audit events, and which of their arguments are paths and folders that paths are relative to.
CHANGES = {"os.rename": [(0, 2), (1, 3)], "os.link": [(0, 2), (1, 3)], "os.symlink": [(1, 2)],
           "os.mkdir": [(0, 2)], "os.remove": [(0, 1)], "os.rmdir": [(0, 1)],
           "os.truncate": [(0, None)]}
EXCHANGES = {"renameat2", "renamex_np"}     # looked up right before they are called


class Watch:
    """Counts this process's steps.

    Parameters
    ----------
    fatal : int or None
        The step that is not survived; the first is 1. With None all are counted.
    within : path
        Steps count whose file lies here.
    group : bool
        Take the process group along.
    delay : float or None
        Seconds from the step to the death: some moment between two steps.
    """

    def __init__(self, fatal: int | None = None, within: str | Path = "/", group: bool = False,
                 delay: float | None = None) -> None:
        self.fatal, self.within = fatal, os.path.join(os.path.realpath(within), "")
        self.group, self.delay = group, delay
        self.count, self.lock = 0, threading.Lock()

    def start(self) -> "Watch":
        sys.addaudithook(self.heard)
        builtins.open = io.open = self.opening(io.open)
        for name in ("fsync", "fdatasync", "sendfile", "copy_file_range"):
            if hasattr(os, name):
                setattr(os, name, self.counted(getattr(os, name), name == "copy_file_range"))
        write = os.write
        os.write = lambda file, data: self.written(lambda part: write(file, part), data, file)
        return self

    def heard(self, event: str, arguments: tuple) -> None:
        if event == "open":
            if isinstance(arguments[2], int) and arguments[2] & WRITING:
                self.step((arguments[0], None))
        elif places := CHANGES.get(event):
            self.step(*((arguments[path], folder and arguments[folder]) for path, folder in places))
        elif event == "ctypes.dlsym" and arguments[1] in EXCHANGES:
            self.step((self.within + "x", None))

    def counted(self, function, place: int):
        def call(*arguments, **options):
            self.step((arguments[place], None))
            return function(*arguments, **options)
        return call

    def opening(self, open_):
        """`open`, whose files count what is written into them."""
        def opened(file, mode="r", *arguments, **options):
            found = open_(file, mode, *arguments, **options)
            if set(mode) & set("wax+"):
                write = found.write
                found.write = lambda data: self.written(write, data, found.fileno(), found.flush)
            return found
        return opened

    def written(self, write, data, file: int, flush=lambda: None):
        if self.step((file, None), is_write=True):
            write(data[:len(data) // 2])
            flush()
            self.die()
        return write(data)

    def step(self, *places, is_write: bool = False) -> bool:
        """Count a step, and die if it is the last; of a write, tell."""
        if not any(named(*place).startswith(self.within) for place in places):
            return False
        with self.lock:
            self.count += 1
            is_last = self.count == self.fatal
        if is_last and not (is_write and self.delay is None):
            self.die()
            return False
        return is_last

    def die(self) -> None:
        if self.delay is None:
            (os.killpg if self.group else os.kill)(0 if self.group else os.getpid(), signal.SIGKILL)
        else:
            signal.setitimer(signal.ITIMER_REAL, max(self.delay, 1e-6))     # SIGALRM ends it


def named(path, folder=None) -> str:
    """The full path of a step's file; of an open file, that which it was opened by."""
    if isinstance(path, int):
        try:
            return os.readlink(f"/proc/self/fd/{path}")
        except OSError:
            return ""
    base = named(folder) if isinstance(folder, int) and folder >= 0 else os.getcwd()
    return os.path.join(base, os.fsdecode(path))


def forked(action: Callable[[], object], **options) -> int | None:
    """Do something in a forked process; the number of its steps, or None if it was killed.

    `options` are those of `Watch`.
    """
    ours, theirs = os.pipe()
    process = os.fork()
    if not process:
        status = 1
        try:
            watch = Watch(**options).start()
            status = action() or 0
            os.write(theirs, b"%d" % watch.count)
        finally:
            os._exit(status)
    os.close(theirs)
    with open(ours, "rb") as told:
        count = told.read()
    status = os.waitpid(process, 0)[1]
    if os.WIFSIGNALED(status):
        return None
    assert os.WEXITSTATUS(status) == 0
    return int(count)


def environment(report: Path, path: str | Path = "", **options) -> dict[str, str]:
    """What makes the Python processes of a command count their steps and die at one.

    Parameters
    ----------
    report : Path
        Each process that ends by itself writes a line with its number of steps here.
    path : path
        Where the processes find modules beside; by default where this one does.
    **options
        Of `Watch`.
    """
    places = [str(HOOK), str(path) or os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, places)),
            "STEPS": repr({"report": str(report), **options})}


def spread(count: int, most: int, first: int = 0) -> list[int]:
    """The steps from 1 to `count`; where they are more than `most`, the first and evenly others."""
    if count <= most:
        return list(range(1, count + 1))
    rest = most - first
    return [*range(1, first + 1),
            *(first + 1 + (count - first - 1) * k // (rest - 1) for k in range(rest))]
