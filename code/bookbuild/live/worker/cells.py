"""Running a cell in the page: in fresh names, telling the page what comes of it.

This module is loaded by `worker.js`, which hands its functions over as `page`. What it tells
are kinds of messages with plain fields: text, figure, table, training, frame, answer, error.
"""

import ast
import asyncio
import builtins
import gc
import inspect
import io
import linecache
import os
import re
import struct
import sys
import traceback
import warnings
import zlib
from contextlib import suppress
from functools import cache, partial, wraps
from importlib import import_module
from time import perf_counter

import matplotlib
from matplotlib.artist import Artist

gc.disable()                  # till `connect`: what is imported stays
# A quarter of what follows would be the making of docstrings, of which pages have none.
NO_SIGNATURE = classmethod(lambda cls: None)
Artist._update_set_signature_and_docstring = NO_SIGNATURE   # type: ignore[attr-defined]

import matplotlib.pyplot as plt
import numpy as np
from js import Object
from matplotlib.backends import backend_agg
from matplotlib.mathtext import MathTextParser
from PIL import Image
from PIL.PngImagePlugin import putchunk
from pyodide.code import eval_code_async
from pyodide.ffi import run_sync, to_js

import deepmath
from _checks import asked_about, names_in       # type: ignore[import-not-found]
from _later import Lacking, Later       # type: ignore[import-not-found]
from _state import State      # type: ignore[import-not-found]
from deepmath import activations, figures, training

plt.switch_backend("agg")     # now, as it changes pyplot.show, which a run replaces

CELL = "your cell"
TEXT_LIMIT = 100_000          # characters of one run
IMMEDIATE = 200               # pieces of text that are sent at once, later ones in bundles
BUNDLE_SECONDS = 0.03
PIXEL_LIMIT, SIDE_LIMIT = 16_000_000, 16_000        # of a figure
DOTS_PER_INCH, LEAST_DOTS = 160, 20
ROWS = 60                     # of a table
FRAME_SECONDS = 0.06
RECURSION_LIMIT = 10_000
TURN_SECONDS = 0.03           # between two looks for what the reader wishes
GROUP, GROUP_SECONDS = 64, 0.005        # epochs that are told together, at most, and what they take
MARGIN = 0.04                 # around the points, in parts of their extent
GRID = 48                     # points a side on which a boundary is followed
DATA_SETS = "xor", "circles", "spirals", "checkerboard"
N_FRESH, FRESH_SEED = 400, 20_011       # points on which nobody trains
N_HELD = 100                  # losses on them during a training, at most
REMEMBERED = 10_000           # parameters of a network of which epochs are remembered, at most
FIGURES = "activations", "depth", "graph", "sawtooth", "spirals"    # those without pandas
KNOWN_ACTIVATIONS = (activations.RELU, activations.LEAKY_RELU, activations.SIGMOID,
                     activations.TANH, activations.IDENTITY)
LETTER = re.compile(r"\$\\bf\{(.*?)\}\$")           # of a panel, bold
NOT_FINITE = re.compile(r"\b(?:nan|inf)\b")
SILENCE = ("Elsewhere numpy warns where inf or nan come from: a division by zero, an overflow. "
           "In a browser it cannot tell.\n")
NO_NETWORK = "A live cell has no network: put the data into the cell."


set_limit = sys.setrecursionlimit
page = None                   # the worker's functions, while there is a worker
state: State                  # of Python, between runs; from `connect` on
later: Later                  # what the page has yet to bring


def connect(functions, files):
    """Begin in a page, which can bring the modules of `files`: their names, each with its files."""
    global page, state, later
    page = functions
    later = Later(files)
    state = State()
    gc.freeze()               # what is there from now on need not be searched for garbage
    gc.enable()


def post(kind, /, **fields):
    """Tell the page."""
    if page:
        page.post(kind, to_js(fields, dict_converter=Object.fromEntries))


def interruptible(may_be):
    """Say whether a signal of the page may raise KeyboardInterrupt from now on."""
    if page:
        page.interruptible(may_be)


# ------------------------------------------------------------- numpy as it is elsewhere

def raising(function, words):
    """A function of `numpy.linalg` that raises where it does elsewhere.

    It learns from the processor's flags that there is no answer. WebAssembly has none, and it
    would return nan.
    """
    @wraps(function)
    def checked(*arrays, **options):
        result = function(*arrays, **options)
        if np.isnan(result).any() and not any(np.isnan(each).any() for each in arrays):
            raise np.linalg.LinAlgError(words)
        return result
    return checked


for name in ("inv", "solve"):
    setattr(np.linalg, name, raising(getattr(np.linalg, name), "Singular matrix"))
np.linalg.cholesky = raising(np.linalg.cholesky, "Matrix is not positive definite")


# ---------------------------------------------------------------- points nobody trains on

def remembering(function):
    """A function that draws points of the plane, and how to draw others where they came from."""
    signature = inspect.signature(function)

    @wraps(function)
    def drawn(*given, **named):
        X, y = function(*given, **named)
        options = signature.bind(*given, **named).arguments | {
            "n_points": N_FRESH, "seed": FRESH_SEED}
        Watcher.drawn = X, y, partial(function, **options)
        return X, y
    return drawn


for name in DATA_SETS:
    setattr(deepmath, name, remembering(getattr(deepmath, name)))


# ------------------------------------------------------- a figure of what the page shows itself

def recognised(draw):
    """A function that draws a network's boundary, and notes whether it is that of the training."""
    @wraps(draw)
    def drawn(network, theta, *others, **named):
        figure = draw(network, theta, *others, **named)
        latest = Watcher.latest
        figure.is_shown = (latest is not None and latest.is_told
                           and np.array_equal(theta, latest.theta))
        return figure
    return drawn


setattr(figures.boundary, "draw", recognised(figures.boundary.draw))       # noqa: B010


# ------------------------------------------------------------------------------- a run

async def run(code, first, check, brought, undrawn=False):
    """Run code after the cells `first`, whose output is not shown, and then its check.

    Its figures may stay `undrawn`, where only how it trains is looked at.

    Returns
    -------
    list of str
        "done", "failed" or "stopped"; or "lacking" and the files that the page has to bring: then
        the run has to begin again, with all files that it `brought` by then.
    """
    later.arrived(set(brought))
    try:
        return to_js([await run_once(code, first, check, undrawn)])
    except Lacking as lacking:
        return to_js(["lacking", *lacking.files])


async def run_once(code, first, check, undrawn):
    """Run code; whether it is "done", "failed" or "stopped"."""
    names = {"__name__": "__main__", "display": show}
    output = Output(code, undrawn)
    streams = sys.stdout, sys.stderr
    state.begin("\n".join([*first, code, check]))
    plt.show, builtins.input, os.system = output.show_figures, no_input, no_programs
    sys.setrecursionlimit, warnings.showwarning = bounded_limit, output.warn
    interruptible(True)
    try:
        await run_above(needed(code, first), names, output)
        sys.stdout, sys.stderr = Stream(output, "stdout"), Stream(output, "stderr")
        with training.watched(Watcher.watching):
            value = await evaluate(code, names, CELL)
        show(value, output)
        output.show_figures()
        if output.is_silent:
            output.write(SILENCE, "note")
        if check:
            output.flush()
            post("answer", **await answer(check, names, code))
        return "done"
    except KeyboardInterrupt:
        return "stopped"
    except Lacking:
        raise
    except BaseException as error:
        said = description(error, code)
        while plt.get_fignums():                # those that can be drawn
            with suppress(Exception):
                output.show_figures()
        output.flush()
        post("error", **said)
        return "failed"
    finally:
        interruptible(False)
        Watcher.finish()
        Watcher.drawn = ()
        output.flush()
        sys.stdout, sys.stderr = streams
        plt.close("all")
        names.clear()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        state.restore("\n".join([*first, code, check]))
        gc.collect()


async def run_above(cells, names, output):
    """Run cells of the page for the names that they make."""
    for cell in cells:
        sys.stdout = sys.stderr = io.StringIO()
        try:
            await evaluate(cell, names, "a cell above")
        except Exception as error:
            output.write(f"A cell above did not run here: {error}\n", "note")
        plt.close("all")


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


def no_input(prompt=""):
    raise OSError("a live cell cannot ask for input(): assign the value in the code")


def no_programs(command):
    raise OSError("a live cell cannot run other programs")


def bounded_limit(limit, /):
    """Stand-in for `sys.setrecursionlimit`: beyond what the browser's stack bears Python ends."""
    if limit > RECURSION_LIMIT:
        raise ValueError(f"a live cell can go {RECURSION_LIMIT:,} calls deep at most")
    set_limit(limit)


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


# ------------------------------------------------------------------------------- output

class Output:
    """What a run shows, in its order: text in bundles, figures as they are asked for."""

    def __init__(self, code, undrawn):
        self.code, self.undrawn, self.pending, self.kind = code, undrawn, [], "stdout"
        self.sent, self.length, self.due = 0, 0, 0.0
        self.is_silent = False              # is there what numpy warns of elsewhere?

    def write(self, text, kind):
        if self.length >= TEXT_LIMIT:
            return
        self.is_silent = self.is_silent or NOT_FINITE.search(text) is not None
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
        """Stand-in for `pyplot.show`: close the open figures, and show them."""
        self.flush()
        for number in plt.get_fignums():
            figure = plt.figure(number)
            plt.close(figure)               # first: one that cannot be drawn is not tried again
            if not self.undrawn:
                show_figure(figure)

    def warn(self, message, category, filename, lineno, file=None, line=None):
        """Stand-in for `warnings.showwarning`: say it with the reader's own line."""
        lineno = lineno if filename == CELL else (
            line_at_work() or line_that_says(self.code, str(message)))
        place = f"line {lineno}: " if lineno else ""
        self.write(f"{place}{category.__name__}: {message}\n", "stderr")


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr; printing is also where a run can be stopped softly."""

    def __init__(self, output, kind):
        self.output, self.kind, self.due = output, kind, perf_counter() + TURN_SECONDS

    def writable(self):
        return True

    def write(self, text):
        self.output.write(str(text), self.kind)
        if perf_counter() > self.due and self.kind == "stdout":
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
    dpi = min(DOTS_PER_INCH, (PIXEL_LIMIT / (width * height)) ** 0.5,
              SIDE_LIMIT / max(width, height))
    if dpi < LEAST_DOTS:
        raise ValueError(f"a figure of {width:g} by {height:g} inches is too large to be shown")
    if dpi < DOTS_PER_INCH:
        post("text", kind="note", text=f"The figure, {width:g} by {height:g} inches, is shown with "
                                       f"{dpi:.3g} dots an inch.\n")
    post("figure", png=picture(figure, dpi), width=round(width * 96), height=round(height * 96),
         titles=panel_titles(figure) if getattr(figure, "is_shown", False) else None)


def panel_titles(figure):
    """Letters and titles of a figure's panels, as text, for the page's own pictures of them."""
    return [LETTER.sub(r"\1", axes.get_title("left")) for axes in figure.axes]


def picture(figure, dpi=DOTS_PER_INCH):
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi, pil_kwargs={"format": "unfiltered"})
    return content.getvalue()


def save_unfiltered(image, file, name):
    """Write a picture as a PNG with plain rows: trying filters takes most of the time."""
    pixels = np.asarray(image.convert("RGBA"))
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 4 * width), dtype="uint8")     # each begins with its filter: none
    rows[:, 1:] = pixels.reshape(height, -1)
    file.write(b"\x89PNG\r\n\x1a\n")
    putchunk(file, b"IHDR", struct.pack(">2I5B", width, height, 8, 6, 0, 0, 0))
    putchunk(file, b"IDAT", zlib.compress(rows.tobytes(), 1))
    putchunk(file, b"IEND")


Image.register_save("UNFILTERED", save_unfiltered)
MATHEMATICS = [name for name in matplotlib.rcParams if name.startswith("mathtext.")]


@cache
def parser_with(output, *settings):
    return MathTextParser(output)


def parser(output):
    """Stand-in for `MathTextParser`: one for all figures, which remembers what it has parsed."""
    return parser_with(output, *(matplotlib.rcParams[name] for name in MATHEMATICS))


backend_agg.MathTextParser = parser     # type: ignore[misc, assignment]


def is_table(value):
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "to_string") \
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

def line_at_work():
    """The line of the reader's code that is being run, or None."""
    lines = [frame.lineno for frame in traceback.extract_stack() if frame.filename == CELL]
    return lines[-1] if lines else None


def line_that_says(code, said):
    """The line of a text in the code of which a message speaks, or None.

    What a figure shows is drawn when the code has ended: an error in it has no line of its own.
    """
    glyph = re.search(r"Glyph (\d+) ", said)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            pieces = [piece for piece in node.value.split("$") if len(piece) > 1]
            if glyph and chr(int(glyph[1])) in node.value or any(piece in said for piece in pieces):
                return node.lineno
    return None


def description(error, code):
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
        line = next((frame.lineno for frame in reversed(frames)), None)
        if line is None and not isinstance(error, SyntaxError):
            line = line_that_says(code, str(error))
            place = f"line {line}: {code.splitlines()[line - 1].strip()}\n" if line else ""
            lines = [f"{place}While the figure was drawn:\n"]
    return {"text": "".join([*lines, *said]).rstrip(), "line": line, "hint": hint(error)}


def hint(error):
    """What helps with this error, or an empty string."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return "above"
    if isinstance(error, SyntaxError) and (error.text or "").lstrip().startswith(("%", "!")):
        return "Lines that begin with % or ! are a notebook's; here leave them out."
    if isinstance(error, ModuleNotFoundError):
        return "Live cells have numpy, matplotlib, pandas and deepmath, and Python's own library."
    if isinstance(error, MemoryError):
        return "A live cell may use one gigabyte of memory."
    if {"URLError", "gaierror", "ConnectionError", "JsException"} & set(kinds):
        return NO_NETWORK
    return ""


# ------------------------------------------------------------------------------- checks

async def answer(check, names, code):
    """Run a check, statement by statement, in the names that the reader's code made.

    Returns
    -------
    dict
        passed : bool
        count : int, the assertions that hold
        hint : str, that of the first which does not
        line : int or None, where the reader's code raised an exception
        where : str, the line of the code that made what the assertion asks about, or nothing
    """
    count = 0
    statements = ast.parse(check).body
    for at, statement in enumerate(statements):
        try:
            await eval_code_async(ast.unparse(statement), names, filename="the check")
        except Exception as error:
            return {"passed": False, "count": count, **missed(statement, error),
                    "where": asked_about(statement, statements[:at], code)}
        count += isinstance(statement, ast.Assert)
    return {"passed": True, "count": count, "hint": "", "line": None, "where": ""}


def missed(statement, error):
    """What to say of a statement of a check that raised an exception, and the reader's line."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if frame.filename == CELL]
    said = f"{type(error).__name__}: {error}"
    if frames:
        last = frames[-1]
        return {"hint": f"The check met an error in line {last.lineno}, "
                        f"{(last.line or '').strip()}: {said}", "line": last.lineno}
    if isinstance(error, AssertionError):
        return {"hint": str(error) or ast.unparse(statement), "line": None}
    if isinstance(error, NameError):
        return {"hint": f"The check looks for the name {error.name}, and there is none.",
                "line": None}
    return {"hint": f"The check could not use what the code made: {said}", "line": None}


# ------------------------------------------------------------------------------- training

def can_be_told(network):
    """Whether the page itself can compute what this network does: `page/network.js`."""
    return (type(network) is deepmath.Network and network.output is activations.IDENTITY
            and network.hidden in KNOWN_ACTIVATIONS)


class Watcher:
    """Shows a training in the page: 11 frames a second or more, in a tenth of the time at most."""

    latest = None
    drawn: tuple = ()             # by this run, last: X, y, and how to draw others like them

    @classmethod
    def watching(cls, *training):
        """Watch a training; what the one before it has not told yet is told first."""
        cls.finish()
        cls.latest = cls(*training)
        return cls.latest

    @classmethod
    def finish(cls):
        """Tell how the latest training ended: the last frame is seldom due at its end."""
        latest, cls.latest = cls.latest, None
        if not latest or not latest.theta.size:         # no epoch has ended
            return
        if latest.fresh and latest.held_epoch < latest.epoch:
            latest.hold()
        if latest.left:
            latest.fill()
        if latest.losses or latest.held:
            latest.tell()

    def __init__(self, network, X, y, n_epochs, loss):
        self.network, self.loss, self.losses, self.held = network, loss, [], []
        self.epoch, self.theta = -1, np.empty(0)        # the last, and theta after it
        self.frame_due = self.turn_due = self.held_due = 0.0
        self.stepping, self.group, self.began = False, 1, perf_counter()
        own_X, own_y, draw = self.drawn or (None, None, None)
        self.fresh = draw() if draw and X is own_X and y is own_y else ()
        self.held_every = -(-n_epochs // N_HELD)
        self.held_epoch = -self.held_every
        self.left: list[tuple[int, np.ndarray]] = []    # epochs for which there was no time, theta
        X, y = np.asarray(X), np.asarray(y)
        self.in_plane = network.input_size == 2 and network.output_size == 1 and X.ndim == 2
        fields = {}
        if self.in_plane:
            low, high = X.min(axis=0), X.max(axis=0)
            margin = MARGIN * np.maximum(high - low, 0.2)       # of a single point, too
            low, high = low - margin, high + margin
            sides = [np.linspace(*ends, GRID) for ends in zip(low, high)]
            self.grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
            fields = {"points": X.astype("float32").ravel(), "labels": y.astype("float32").ravel(),
                      "low": low.tolist(), "high": high.tolist(), "side": GRID}
        self.is_told = self.in_plane and can_be_told(network)
        if self.is_told:
            fields |= {"sizes": list(network.sizes), "hidden": network.hidden.name}
            if self.fresh:
                fields |= {"freshPoints": self.fresh[0].astype("float32").ravel(),
                           "freshLabels": self.fresh[1].astype("float32")}
        post("training", epochs=n_epochs, **fields)

    def __call__(self, first, theta, training_losses, validation_losses):
        now = perf_counter()
        is_finite = np.isfinite(training_losses).reshape(len(training_losses), -1).all(axis=1)
        finite = len(is_finite) if is_finite.all() else int(is_finite.argmin())
        losses = training_losses[:finite]
        self.losses.extend(losses.mean(axis=tuple(range(1, losses.ndim))))      # of a stack
        if validation_losses is not None and not self.fresh:
            for at, loss in enumerate(validation_losses[:finite], first):   # before the updates
                self.held += at, float(loss.mean())
        if finite < len(is_finite):             # `fit` is going to say it
            return
        self.epoch, self.theta = first + finite - 1, theta
        if self.fresh and self.epoch >= self.held_epoch + self.held_every:
            if now > self.held_due:
                self.hold()
            elif theta.ndim == 1 and theta.size <= REMEMBERED:
                self.left.append((self.epoch, theta))
                self.held_epoch = self.epoch
        if now >= self.turn_due or self.stepping:
            self.take_turn(now)
        fitting = int(self.group * GROUP_SECONDS / max(now - self.began, 1e-4))
        self.group = 1 if self.stepping else max(1, min(2 * self.group, fitting, GROUP))
        self.began = perf_counter()

    def take_turn(self, now):
        """Let the page speak; show it the training, where a frame is due."""
        if now >= self.frame_due or self.stepping:
            self.tell()
            self.frame_due = now + max(FRAME_SECONDS, 10 * (perf_counter() - now))
            self.stepping = turn()
        else:
            self.stepping = turn(on_pause=self.tell)
        self.turn_due = perf_counter() + TURN_SECONDS

    def hold(self):
        """Note the loss on fresh points, after an epoch; it takes a fiftieth of the time."""
        began = perf_counter()
        loss = self.network.loss(self.theta, *self.fresh, self.loss)
        self.held += self.epoch + 1, float(loss.mean())
        self.held_epoch = self.epoch
        self.held_due = began + 50 * (perf_counter() - began)

    def fill(self):
        """Note the losses after the epochs that are left, all at once, which is much quicker."""
        epochs, thetas = zip(*self.left)
        losses = self.network.loss(np.stack(thetas), *self.fresh, self.loss)
        for epoch, loss in zip(epochs, losses):
            self.held += epoch + 1, float(loss)

    def tell(self):
        theta = self.theta
        fields = {"epoch": self.epoch + 1, "losses": np.array(self.losses),
                  "held": np.array(self.held)}
        if theta.ndim == 2:
            fields["networks"] = len(theta)
        if self.in_plane:       # of a stack the first network is drawn
            one = theta if theta.ndim == 1 else theta[0]
            if self.is_told:
                fields["theta"] = one.astype("float32")
            else:
                fields["logits"] = self.network.predict(one, self.grid).astype("float32")
        post("frame", **fields)
        self.losses.clear()
        self.held.clear()

