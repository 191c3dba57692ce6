"""Runs of `book` in processes that are forked from one that has loaded what they need.

Most of a short run's time is imports: here they are made once. A run has its own folder,
environment and output, as in a process of its own. As a script, it is the process that forks:
it reads a run a line, and answers each with its exit status.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path


class Warm:
    """A process that has loaded modules, and is forked for each run.

    Parameters
    ----------
    *modules : str
        None of them starts a thread, or reads what differs between runs.
    before : sequence of str
        A command that starts the process, and so changes what it may do.
    **variables : str
        Of the environment, where a module reads it once.
    """

    def __init__(self, *modules: str, before: Sequence[str] = (), **variables: str) -> None:
        self.process = subprocess.Popen([*before, sys.executable, __file__, *modules], text=True,
                                        env={**os.environ, **variables},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_) -> None:
        self.process.communicate()

    def book(self, *arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess:
        """Run `book` in a folder, to its end."""
        with tempfile.TemporaryDirectory(prefix="book-warm-") as folder:
            told = [Path(folder, name) for name in ("out", "err")]
            run = {"arguments": [*map(str, arguments)], "cwd": str(cwd),
                   "variables": {**os.environ, **variables}, "told": [*map(str, told)]}
            print(json.dumps(run), file=self.process.stdin, flush=True)
            status = int(self.process.stdout.readline())
            return subprocess.CompletedProcess(
                run["arguments"], status, *(file.read_text(encoding="utf-8") for file in told))


def run_here(run: dict) -> int:
    """Run `book` in this process, which was forked for it."""
    for number, file in enumerate(run["told"], 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(run["cwd"])
    os.environ.clear()
    os.environ.update(run["variables"])
    sys.path[:0] = [run["cwd"], *run["variables"].get("PYTHONPATH", "").split(os.pathsep)]
    from bookbuild.cli import main

    try:
        return main(run["arguments"])
    except SystemExit as end:
        return end.code


def load(modules: list[str]) -> None:
    """Load what the forked share; what they fork their own processes from is started as well."""
    for module in modules:
        import_module(module)
    forkserver.ensure_running()
    forkserver._forkserver.ensure_running = lambda: None    # only its parent can ask if it lives
    gc.freeze()


def serve() -> None:
    for line in sys.stdin:
        process = os.fork()
        if not process:
            status = 70         # a traceback
            try:
                status = run_here(json.loads(line))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    load(sys.argv[1:])
    serve()
