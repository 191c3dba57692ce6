"""A Jupyter kernel for one chapter: the Python that runs the press, started, asked, stopped."""

import ast
import asyncio
import json
import logging
import os
import re
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from bookbuild.run import observing
from bookbuild.run.arithmetic import numeric_environment
from bookbuild.run.chapters import CodeRaised
from bookbuild.run.observing import Look
from bookbuild.say import BookError, Problem, say, without_codes
from bookbuild.source import Cell, InlineCode

STARTUP_TIMEOUT = 120
TIDYING = 200           # hundredths of a second that processes have to end by themselves
OUTPUT_LIMIT = 10_000_000
SOCKET_PATH = 90 if os.name == "posix" else 0      # letters of a socket's file, without "-1"

# Figures: Quarto's size for HTML; SVG, which serves the page and the PDF; salt and no date, so
# that one figure is always the same bytes. This takes effect when a cell imports pyplot; a
# chapter without figures doesn't wait for matplotlib.
SETUP = """
get_ipython().config.InlineBackend.update(dict(
    figure_formats={"svg"},
    print_figure_kwargs={"bbox_inches": "tight", "metadata": {"Date": None}},
    rc={"figure.figsize": (7, 5), "figure.dpi": 96, "savefig.dpi": "figure",
        "svg.hashsalt": "bookbuild"}))
if __import__("sys").platform == "linux":       # PR_SET_PDEATHSIG: a killed press takes it along
    __import__("ctypes").CDLL(None).prctl(1, 9)
"""
# A kernel starts as if its folder were empty (`python -P`), so that no file in it is taken for a
# module of the kernel. What notes the looks of cells (see `observing`) begins with its code: then
# modules are looked for there too, behind the standard library, as in any notebook.
OBSERVE = f"""
from importlib.util import module_from_spec, spec_from_file_location
import sys
spec = spec_from_file_location("_book_observing", {observing.__file__!r})
module = sys.modules[spec.name] = module_from_spec(spec)
spec.loader.exec_module(module)
module.observer = module.Observer(*arguments)
module.observer.begin()
places = [each.endswith(("site-packages", "dist-packages")) for each in sys.path]
sys.path.insert(places.index(True) if True in places else 0, "")
"""
OBSERVER = "__import__('sys').modules['_book_observing'].observer"
TAKE = f"__import__('json').dumps({OBSERVER}.take())"

# Matplotlib's lists of fonts, and no settings of the machine's owner: figures are the book's. The
# file says what `rc` in SETUP says, which a style that holds for the first figure would take back.
SETTINGS = Path(__file__).with_name("matplotlibrc")
MATPLOTLIB = Path(".book") / "matplotlib"

# A frame of a cell, or of what a magic such as %%time runs of one.
FRAME = re.compile(r"^[ \t]*(?:Cell In\[(\d+)\], line |"
                   r"File <(timed exec|timed eval|unknown|tokenize|magic-timeit)>:)(\d+)",
                   re.MULTILINE)
SYNTAX_PLACE = re.compile(r" \((?:\d+\.py|<\w+>), line \d+\)$")


class _ThisPython(KernelSpecManager):
    """Knows one kernel, whatever others are installed: the running interpreter."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(argv=make_ipkernel_cmd(python_arguments=["-P"]),
                          display_name="Python", language="python")


class _Client(NotebookClient):
    """Stops listening to a cell that says too much."""

    heard = 0

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        values = [content.get("text", ""), *content.get("data", {}).values()]
        self.heard += sum(len(value) for value in values if isinstance(value, str))
        if self.heard > OUTPUT_LIMIT and self.task_poll_for_reply:
            self.task_poll_for_reply.cancel()
        return super().process_message(msg, cell, cell_index)


class Kernel:
    """A kernel that lives as long as the `async with` block; so do its processes.

    Parameters
    ----------
    chapter : ChapterCode
        The chapter whose code will run: where, and what it is called in messages.
    timeout : float
        The most seconds for one cell or expression.
    """

    def __init__(self, chapter, timeout: float) -> None:
        self.chapter, self.timeout = chapter, timeout
        self.manager: Any = None
        self.client: Any = None
        self.cells: dict[int, Cell] = {}

    async def start(self) -> "Kernel":
        """Start it; the caller stops it."""
        try:
            # A kernel needs its folder only while it starts, so that nothing is left of it
            # even when the press is killed.
            with tempfile.TemporaryDirectory(prefix="book-kernel-") as folder:
                await self._start(Path(folder))
        except OSError as error:
            await self.stop()
            raise self._no_start(error.strerror or str(error)) from None
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aenter__(self) -> "Kernel":
        return await self.start()

    async def __aexit__(self, *exception) -> None:
        await self.stop()

    async def _start(self, folder: Path) -> None:
        # Files for sockets where they can be had: a port that is free now may be another's when
        # the kernel has started.
        socket = str(folder / "kernel")
        files = {"transport": "ipc", "ip": socket} if len(socket) < SOCKET_PATH else {}
        self.manager = AsyncKernelManager(kernel_spec_manager=_ThisPython(), **files,
                                          connection_file=str(folder / "connection.json"))
        self.client = _Client(
            new_notebook(), km=self.manager, log=_silent(), allow_errors=True,
            timeout=max(1, round(self.timeout)), startup_timeout=STARTUP_TIMEOUT,
            shell_timeout_interval=1, iopub_timeout=60, raise_on_iopub_timeout=True,
            record_timing=False, shutdown_kernel="immediate")
        # An IPython folder of its own keeps the user's start-up files out of the book.
        fonts = self.chapter.root / MATPLOTLIB
        environment = numeric_environment() | self.chapter.environment | os.environ | {
            "IPYTHONDIR": str(folder), "MPLCONFIGDIR": str(fonts),
            "MATPLOTLIBRC": str(SETTINGS),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        with open(folder / "log", "w+", errors="replace") as log:
            try:
                await self.client.async_start_new_kernel(
                    cwd=str(self.chapter.folder), env=environment, stdout=log, stderr=log)
                await self.client.async_start_new_kernel_client()
            except RuntimeError as error:
                log.seek(0)
                said = log.read().strip().splitlines()
                raise self._no_start(said[-1] if said else str(error)) from None
        await self._execute(SETUP, store_history=False)
        observed = (str(self.chapter.root), str(self.chapter.output_dir or ""),
                    (str(folder), str(fonts)), observing.SLOW)
        await self._execute(f"exec({OBSERVE!r}, {{'arguments': {observed!r}}})",
                            store_history=False)

    def _no_start(self, reason: str) -> BookError:
        return BookError([Problem(self.chapter.path, None,
                                  f"the Python kernel did not start: {reason}")])

    async def stop(self) -> None:
        """End the process and all that it started."""
        if not self.client:
            return
        if self.client.kc:
            self.client.kc.stop_channels()
        if self.manager.has_kernel:
            with suppress(OSError):         # they have ended
                await self._let_tidy(self.manager.provisioner.pgid)
            await self.manager.shutdown_kernel(now=True)

    async def _let_tidy(self, group: int | None) -> None:
        """Ask the processes of a group to end. Those that remove what others leave, as Python's
        trackers of shared memory and of joblib's folders do, end when all the others have."""
        if group:
            os.killpg(group, signal.SIGTERM)
            for _ in range(TIDYING):
                if not await self.manager.is_alive():
                    os.killpg(group, 0)
                await asyncio.sleep(0.01)

    async def _execute(self, code: str, store_history: bool = True):
        cell = new_code_cell(code)
        self.client.nb.cells = [cell]           # a kernel that stays would remember all outputs
        self.client.reset_execution_trackers()
        self.client.heard = 0
        return await self.client.async_execute_cell(cell, 0, store_history=store_history)

    async def run(self, cell: Cell, allow_error: bool = False) -> list[dict]:
        """Run a cell.

        Parameters
        ----------
        cell : Cell
            The cell.
        allow_error : bool
            Whether an exception is an output like others.

        Returns
        -------
        list of dict
            Its outputs in Jupyter's notebook format.

        Raises
        ------
        BookError
            It raised, killed the kernel, took too long or said too much.
        """
        which = f"the cell that begins at line {cell.line}"
        node = await self._guard(cell, which, self._execute(cell.code))
        self.cells[node.execution_count] = cell
        errors = [output for output in node.outputs if output["output_type"] == "error"]
        if errors and not allow_error:
            path, line = self._error_place(cell, errors[0])
            raise CodeRaised([Problem(path, line, f"{which} raised {_last_line(errors[0])}")])
        return node.outputs

    async def evaluate(self, code: InlineCode) -> dict[str, str]:
        """The value of an expression, by MIME type; a BookError if there is none."""
        which = f"`{{python}} {code.expression}`"
        value = await self._guard(code, which, self._ask(code.expression))
        if value["status"] == "error":
            message = f"{which} raised {_last_line(value)}"
            raise CodeRaised([Problem(code.path, code.line, message)])
        return value["data"]

    async def _ask(self, expression: str) -> dict:
        """What an expression gives, as Jupyter tells it."""
        message = self.client.kc.execute("", silent=True, store_history=False,
                                         user_expressions={"value": expression})
        reply = await self.client.async_wait_for_reply(message, new_code_cell(expression))
        return reply["content"]["user_expressions"]["value"]

    async def take_looks(self) -> tuple[tuple[Look, ...], tuple[str, ...]]:
        """What was read since the last time, and the files that were written.

        Code that ends its own observation is code of which nothing is known: all counts.
        """
        try:
            told = await self._ask(TAKE)
            taken = json.loads(ast.literal_eval(told["data"]["text/plain"]))
        except (KeyError, ValueError, SyntaxError, DeadKernelError, CellTimeoutError):
            return (("project", os.path.realpath(self.chapter.root), "", observing.CHANGED),), ()
        for path in taken["slow"]:
            say(f"{self.chapter.path}: reading {path} to know it again took more than "
                f"{observing.SLOW:g} s; `#| cache: false` does without")
        return tuple(map(tuple, taken["looks"])), tuple(taken["written"])

    async def go_back(self, place: int) -> None:
        """Prepare to run again from the unit at a place: what it imports is read anew."""
        with suppress(DeadKernelError, CellTimeoutError):       # told when it is to run a cell
            await self._ask(f"{OBSERVER}.go_back({place})")

    async def interrupt(self) -> None:
        """Stop what runs, as Ctrl-C would."""
        await self.manager.interrupt_kernel()

    async def _guard(self, unit: Cell | InlineCode, which: str, work):
        """Wait for the kernel's work on a unit; say what went wrong with the kernel."""
        try:
            return await work
        except CellTimeoutError:
            message = (f"{which} ran longer than {self.timeout:g} s: make it shorter or raise "
                       "--cell-timeout")
        except DeadKernelError:
            task = asyncio.current_task()
            if task and task.cancelling():     # nbclient takes Ctrl-C for a death
                raise asyncio.CancelledError from None
            message = f"the kernel died in {which}: its code ended the process or used up memory"
            if self.client.heard > OUTPUT_LIMIT:
                message = f"{which} put out more than {OUTPUT_LIMIT // 10**6} MB: print less"
        raise BookError([Problem(unit.path, unit.line, message)]) from None

    def _error_place(self, cell: Cell, error: dict) -> tuple[str, int]:
        """The file and line of the innermost frame in the book's cells."""
        traceback = without_codes("\n".join(error["traceback"]))
        for count, code, line in reversed(FRAME.findall(traceback)):
            if count and int(count) in self.cells:
                found, above = self.cells[int(count)], 0
            elif code == "tokenize" or cell.code.startswith("%%"):
                found, above = cell, 0 if code == "tokenize" else _above_body(cell.code)
            else:
                continue
            return found.path, found.code_line + above + int(line) - 1
        return cell.path, cell.line


def _above_body(code: str) -> int:
    """How many lines stand above what a magic in a cell's first line runs."""
    body = code.partition("\n")[2]
    return 1 + body[:len(body) - len(body.lstrip())].count("\n")


def _last_line(error: dict) -> str:
    """An exception's name and message, in one line."""
    message = SYNTAX_PLACE.sub("", " ".join(without_codes(error["evalue"]).split()))
    return f"{error['ename']}: {message[:500]}" if message else error["ename"]


def _silent() -> logging.Logger:
    log = logging.getLogger("bookbuild.kernel")
    log.disabled = True
    return log
