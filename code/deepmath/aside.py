"""A process beside a cluster's worker, with variables that numpy reads once, when it is loaded.

A worker has loaded numpy before anybody can tell it which instructions the sweep's caller lets
numpy and OpenBLAS take; and it may have no children of `multiprocessing`.
"""

import os
import pickle
import platform
import subprocess
import sys
import threading
from typing import Any

LOCAL = threading.local()


class Aside:
    """One process, which takes a task after the other, and ends with its parent's pipe."""

    def __init__(self, variables: dict[str, str | None]) -> None:
        environment = os.environ | {k: v for k, v in variables.items() if v is not None}
        for name in (name for name, value in variables.items() if value is None):
            environment.pop(name, None)
        path = os.pathsep.join(filter(None, sys.path))
        process = subprocess.Popen(
            [sys.executable, "-m", "deepmath.aside"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=environment | {"PYTHONPATH": path})
        assert process.stdin and process.stdout
        self.tasks, self.answers = process.stdin, process.stdout

    def do(self, sent: bytes, wanted: dict[str, str]) -> Any:
        """Return what `deepmath.places.do_sent` does there, or raise its error.

        Raises
        ------
        RuntimeError
            If it computes with another arithmetic than the wanted one, or ends early.
        """
        try:
            pickle.dump((sent, wanted), self.tasks)
            self.tasks.flush()
            value, error = pickle.load(self.answers)
        except (OSError, EOFError):
            LOCAL.asides.clear()
            raise RuntimeError("a process beside a worker ended early (out of memory, or killed)"
                               ) from None
        if error is not None:
            raise error
        return value


def aside(variables: dict[str, str | None]) -> Aside:
    """Return this thread's process with these variables."""
    asides = LOCAL.__dict__.setdefault("asides", {})
    key = tuple(sorted(variables.items(), key=str))
    if key not in asides:
        asides[key] = Aside(variables)
    return asides[key]


def serve() -> None:
    """Do what comes on the standard input; what runs print goes to the error stream."""
    from deepmath.places import do_sent

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            sent, wanted = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            check(wanted)
            answer = pickle.dumps((do_sent(sent), None))
        except Exception as error:
            answer = pickle.dumps((None, sendable(error)))
        answers.write(answer)
        answers.flush()


def check(wanted: dict[str, str]) -> None:
    """Raise RuntimeError, which tells the difference, if this process computes otherwise."""
    from deepmath.places import computing

    found = computing()
    if other := [name for name in wanted if found.get(name) != wanted[name]]:
        told = ", ".join(f"{name}: {found.get(name)} there, {wanted[name]} here"
                         if len(wanted[name]) < 20 else name for name in other)
        raise RuntimeError(f"a worker on {platform.node()} cannot compute the same numbers as "
                           f"this process ({told}); same_numbers=False takes its own")


def sendable(error: Exception) -> Exception:
    """Return the error, or one that says the same, if it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    serve()
