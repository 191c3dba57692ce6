"""Running a cell in the page: in fresh names, telling the page what comes of it.

This module is loaded by `worker.js`, which hands its functions over as `page`. What it tells
are kinds of messages with plain fields: text, figure, table, training, frame, answer, error.
"""

import ast
import builtins
import gc
import io
import linecache
import os
import random
import sys
import traceback
from importlib import import_module
from pathlib import Path
from time import perf_counter

import matplotlib

# Pyodide's matplotlib carries a font list for another version, and would make it anew.
FONTS = Path(matplotlib.__file__).with_name("fontlist.json")
FONTS.write_text(FONTS.read_text().replace('"_version": 390', '"_version": 330'))

import matplotlib.pyplot as plt
import numpy as np
from js import Object
from matplotlib import font_manager, mathtext
from pyodide.code import eval_code_async
from pyodide.ffi import run_sync, to_js

import deepmath
from deepmath import figures, training

plt.switch_backend("agg")     # now, as it changes pyplot.show, which a run replaces

CELL = "your cell"
TEXT_LIMIT = 100_000          # characters of one run
IMMEDIATE = 200               # pieces of text that are sent at once, later ones in bundles
BUNDLE_SECONDS = 0.03
PIXEL_LIMIT = 16_000_000
DOTS_PER_INCH = 160
ROWS = 60                     # of a table
FRAME_SECONDS = 0.08
TURN_SECONDS = 0.03           # between two looks for what the reader wishes
GRID = 48                     # points a side on which a boundary is followed
FIGURES = "activations", "depth", "graph", "sawtooth", "spirals"    # those without pandas
NO_NETWORK = "A live cell has no network: put the data into the cell."


page = None                   # the worker's functions, while there is a worker


def connect(functions):
    """Begin in a page, perhaps from a memory in which chance has been drawn before."""
    global page
    page = functions
    random.seed()
    np.random.seed()
    gc.freeze()               # what is there from now on need not be searched for garbage


def post(kind, /, **fields):
    """Tell the page."""
    if page:
        page.post(kind, to_js(fields, dict_converter=Object.fromEntries))


# ------------------------------------------------------------------------------- a run

async def run(code, first, check):
    """Run code after the cells `first`, whose output is not shown, and then its check.

    Returns
    -------
    str
        "done", "failed" or "stopped".
    """
    names = {"__name__": "__main__", "display": show}
    output = Output()
    streams = sys.stdout, sys.stderr
    matplotlib.rcParams.update(SETTINGS)
    plt.show, builtins.input, os.system = output.show_figures, no_input, no_programs
    try:
        for cell in needed(code, first):
            sys.stdout = sys.stderr = io.StringIO()
            try:
                await evaluate(cell, names, "a cell above")
            except Exception as error:
                output.write(f"A cell above did not run here: {error}\n", "note")
            plt.close("all")
        sys.stdout, sys.stderr = Stream(output, "stdout"), Stream(output, "stderr")
        with training.watched(Watcher):
            value = await evaluate(code, names, CELL)
        show(value, output)
        output.show_figures()
        if check:
            output.flush()
            post("answer", **await answer(check, names))
        return "done"
    except KeyboardInterrupt:
        return "stopped"
    except BaseException as error:
        output.show_figures()
        output.flush()
        post("error", **description(error))
        return "failed"
    finally:
        output.flush()
        sys.stdout, sys.stderr = streams
        plt.close("all")
        names.clear()
        gc.collect()


async def evaluate(code, names, name):
    """Run code; its lines can be quoted in tracebacks under the name."""
    linecache.cache[name] = len(code), None, code.splitlines(True), name
    return await eval_code_async(code, names, filename=name)


def needed(code, cells):
    """Those of the cells above that make names which the code, or one of them, uses."""
    try:
        wanted, _ = names_in(code)
    except SyntaxError:
        return []
    found: list[str] = []
    for cell in reversed(cells):
        used, made = names_in(cell)
        if wanted & made:
            found.insert(0, cell)
            wanted = wanted - made | used
    return found


def names_in(code):
    """The names that code uses, and those that it makes at its top level."""
    used: set[str] = set()
    made: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            made |= {(each.asname or each.name).partition(".")[0] for each in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
    return used, made


def no_input(prompt=""):
    raise OSError("a live cell cannot ask for input(): assign the value in the code")


def no_programs(command):
    raise OSError("a live cell cannot run other programs")


def turn(on_pause=lambda: None):
    """Let the page speak, wait while it says pause, and raise KeyboardInterrupt if it says stop.

    Returns
    -------
    bool
        Is the reader going one step at a time?
    """
    if not (page and page.canPause):
        return False
    wish = run_sync(page.turn())
    if wish == "pause":
        on_pause()
        wish = run_sync(page.hold())
    if wish == "stop":
        raise KeyboardInterrupt
    return wish == "step"


def rehearse():
    """Draw once, so that the reader's first figure need not wait for fonts and imports."""
    for name in FIGURES:
        import_module(f"deepmath.figures.{name}")
    network = deepmath.Network((2, 2, 1))
    theta = network.initialise(0)
    X, y = deepmath.xor(8, 0)
    result = deepmath.fit(network, theta, X, y, n_epochs=1)
    figures.boundary.draw(network, theta, X, y, result.history)
    picture(plt.gcf())
    plt.close("all")


def forget_files():
    """Let go of the fonts, whose files are not open where a copy of this memory begins."""
    font_manager._get_font.cache_clear()                    # type: ignore[attr-defined]
    mathtext.MathTextParser._parse_cached.cache_clear()     # type: ignore[attr-defined]
    gc.collect()


# ------------------------------------------------------------------------------- output

class Output:
    """What a run shows, in its order: text in bundles, figures as they are asked for."""

    def __init__(self):
        self.pending, self.kind = [], "stdout"
        self.sent, self.length, self.due = 0, 0, 0.0

    def write(self, text, kind):
        if self.length >= TEXT_LIMIT:
            return
        if kind != self.kind:
            self.flush()
        self.kind = kind
        room = TEXT_LIMIT - self.length
        self.pending.append(text[:room])
        self.length += len(text)
        if self.length >= TEXT_LIMIT:
            self.flush()
            post("text", kind="note",
                 text=f"What comes after {TEXT_LIMIT:,} characters is not shown.")
        elif self.sent < IMMEDIATE or perf_counter() > self.due:
            self.flush()

    def flush(self):
        if self.pending:
            post("text", kind=self.kind, text="".join(self.pending))
            self.pending.clear()
            self.sent += 1
            self.due = perf_counter() + BUNDLE_SECONDS

    def show_figures(self, *_, **__):
        """Stand-in for `pyplot.show`: show the open figures, then close them."""
        self.flush()
        for number in plt.get_fignums():
            show_figure(plt.figure(number))
        plt.close("all")


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr; printing is also where a run can be stopped softly."""

    def __init__(self, output, kind):
        self.output, self.kind, self.due = output, kind, perf_counter() + TURN_SECONDS

    def writable(self):
        return True

    def write(self, text):
        self.output.write(str(text), self.kind)
        if perf_counter() > self.due:
            turn()
            self.due = perf_counter() + TURN_SECONDS
        return len(text)

    def flush(self):
        self.output.flush()


def show(value, output=None):
    """Show a value as a notebook would: a figure, a table or its text; nothing for None."""
    sys.stdout.flush()
    if isinstance(value, matplotlib.figure.Figure):
        show_figure(value)
        plt.close(value)
    elif is_table(value):
        post("table", **table(value))
    elif value is not None and not is_artist(value):
        print(repr(value))


def is_artist(value):
    """What plotting functions return; a notebook user ends such a line with a semicolon."""
    one = value[0] if isinstance(value, (list, tuple)) and len(value) else value
    return isinstance(one, (matplotlib.artist.Artist, matplotlib.container.Container))


def show_figure(figure):
    width, height = figure.get_size_inches()
    dpi = DOTS_PER_INCH
    if width * height * dpi**2 > PIXEL_LIMIT:
        dpi = (PIXEL_LIMIT / (width * height)) ** 0.5
        post("text", kind="note", text=f"The figure, {width:g} by {height:g} inches, is shown with "
                                       f"{dpi:.0f} dots an inch.")
    post("figure", png=picture(figure, dpi), width=round(width * 96), height=round(height * 96))


def picture(figure, dpi=DOTS_PER_INCH):
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})
    return content.getvalue()


def is_table(value):
    return type(value).__module__.startswith("pandas.") and hasattr(value, "to_string") \
        and hasattr(value, "columns")


def table(frame):
    """A data frame as lists of texts: the page makes its table from them."""
    shown = frame.head(ROWS)
    return {"columns": [str(name) for name in shown.columns],
            "index": [str(name) for name in shown.index],
            "rows": [[cell_text(value) for value in row] for row in shown.itertuples(index=False)],
            "left": len(frame) - len(shown)}


def cell_text(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


# ------------------------------------------------------------------------------- errors

def description(error):
    """An exception as the reader should see it: the lines of cells, what it says, a hint."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if frame.filename == CELL]
    lines = [f"line {frame.lineno}: {(frame.line or '').strip()}\n"
             for frame in frames]
    if len(lines) > 12:
        lines = [*lines[:6], f"... {len(lines) - 12} more ...\n", *lines[-6:]]
    said = traceback.format_exception_only(type(error), error)
    if isinstance(error, SyntaxError):
        line = error.lineno
        said = [part.replace(f'  File "{CELL}", ', "") for part in said]
    else:
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == CELL), None)
    return {"text": "".join([*lines, *said]).rstrip(), "line": line, "hint": hint(error)}


def hint(error):
    """What helps with this error, or an empty string."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return "above"
    if isinstance(error, ModuleNotFoundError):
        return "Live cells have numpy, matplotlib, pandas and deepmath, and Python's own library."
    if isinstance(error, MemoryError):
        return "A live cell may use one gigabyte of memory."
    if {"URLError", "gaierror", "ConnectionError", "JsException"} & set(kinds):
        return NO_NETWORK
    return ""


# ------------------------------------------------------------------------------- checks

async def answer(check, names):
    """Run a check, statement by statement, in the names that the reader's code made.

    Returns
    -------
    dict
        passed : bool
        count : int, the assertions that hold
        hint : str, that of the first which does not
    """
    count = 0
    for statement in ast.parse(check).body:
        try:
            await eval_code_async(ast.unparse(statement), names, filename="the check")
        except AssertionError as error:
            return {"passed": False, "count": count, "hint": str(error) or ast.unparse(statement)}
        except NameError as error:
            return {"passed": False, "count": count,
                    "hint": f"The check looks for the name {error.name}, and there is none."}
        except Exception as error:
            return {"passed": False, "count": count,
                    "hint": f"The check could not use what the code made: "
                            f"{type(error).__name__}: {error}"}
        count += isinstance(statement, ast.Assert)
    return {"passed": True, "count": count, "hint": ""}


# ------------------------------------------------------------------------------- training

class Watcher:
    """Shows a training in the page: 12 frames a second, in a fifth of the time at most."""

    def __init__(self, network, X, y, n_epochs):
        self.network, self.losses = network, []
        self.frame_due = self.turn_due = 0.0
        self.stepping = False
        X, y = np.asarray(X), np.asarray(y)
        self.in_plane = network.input_size == 2 and network.output_size == 1 and X.ndim == 2
        fields = {}
        if self.in_plane:
            low, high = X.min(axis=0), X.max(axis=0)
            sides = [np.linspace(*ends, GRID) for ends in zip(low, high)]
            self.grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
            fields = {"points": X.astype("float32").ravel(), "labels": y.astype("float32"),
                      "low": low.tolist(), "high": high.tolist(), "side": GRID}
        post("training", epochs=n_epochs, **fields)

    def __call__(self, epoch, theta, training_loss, validation_loss):
        self.losses.append(float(training_loss.mean()))
        now = perf_counter()
        if now < self.turn_due and not self.stepping:
            return
        if now >= self.frame_due or self.stepping:
            self.tell(epoch, theta)
            self.frame_due = now + max(FRAME_SECONDS, 5 * (perf_counter() - now))
            self.stepping = turn()
        else:
            self.stepping = turn(on_pause=lambda: self.tell(epoch, theta))
        self.turn_due = perf_counter() + TURN_SECONDS

    def tell(self, epoch, theta):
        fields = {"epoch": epoch + 1, "losses": np.array(self.losses, dtype="float32")}
        if theta.ndim == 2:
            fields["networks"] = len(theta)
        if self.in_plane:       # of a stack the first network is drawn
            one = theta if theta.ndim == 1 else theta[0]
            fields["logits"] = self.network.predict(one, self.grid).astype("float32")
        post("frame", **fields)
        self.losses.clear()


SETTINGS = dict(matplotlib.rcParams)
