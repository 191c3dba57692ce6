"""Running a chapter's cells and the expressions in its text, in one Jupyter kernel a chapter."""

import ast
import asyncio
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from time import monotonic
from typing import TYPE_CHECKING

from bookbuild.run.observing import Look
from bookbuild.run.svg import lighter
from bookbuild.say import BookError, Problem, without_codes
from bookbuild.source import Cell, InlineCode, Unit

if TYPE_CHECKING:
    from bookbuild.run import kernel

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
KERNEL_FILE = re.compile(r"(?<!\S)\S*?ipykernel_\d+[/\\]\d+\.py:\d+: ")


@dataclass(frozen=True)
class InlineValue:
    """The value of an expression in the text.

    Attributes
    ----------
    kind : str
        "markdown": to be put in as it is; "text": a string, whose Markdown marks are text
        and must be escaped.
    text : str
        The value.
    """

    kind: str
    text: str


Result = list[dict] | InlineValue


class CodeRaised(BookError):
    """A cell or an expression raised; the kernel is as good as before."""


@dataclass(frozen=True, eq=False)
class Ran:
    """A cell or expression that ran.

    Attributes
    ----------
    result : list of dict or InlineValue
        Of a cell the outputs to be shown, as Jupyter's notebook format has them; of an expression
        its value.
    looks : tuple of Look
        What it read, and the digests of that.
    written : tuple of str
        The files that it wrote.
    """

    result: Result
    looks: tuple[Look, ...] = ()
    written: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ChapterCode:
    """What runs in one kernel.

    Attributes
    ----------
    root : Path
        The project's folder.
    path : PurePath
        The chapter's file in it.
    units : sequence of Cell and InlineCode
        What runs, in order.
    defaults : mapping
        The document's `execute` options (`eval`, `error`, `warning`, `cache` matter here).
    output_dir : Path or None
        The folder in the project that holds no source: the book.
    environment : mapping
        Variables that the project sets, where the process has none of their names.
    """

    root: Path
    path: PurePath
    units: Sequence[Unit]
    defaults: Mapping = field(default_factory=dict)
    output_dir: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder that the code runs in: the chapter's own."""
        return self.root / self.path.parent

    @property
    def is_kept(self) -> bool:
        """Whether results may be kept: no cell says `cache: false`."""
        options = (unit.options for unit in self.units if isinstance(unit, Cell))
        return all(each.get("cache", self.defaults.get("cache", True)) for each in options)

    def option(self, cell: Cell, name: str) -> bool:
        """Whether `eval`, `error` or `warning` is on for a cell."""
        return cell.options.get(name, self.defaults.get(name, name != "error"))

    def runs(self, unit: Unit) -> bool:
        """Whether a unit needs the kernel."""
        return isinstance(unit, InlineCode) or bool(unit.code) and self.option(unit, "eval")


def run_chapters(chapters: Sequence[ChapterCode], cell_timeout: float, jobs: int = 2,
                 on_cell: Callable | None = None, on_chapter: Callable | None = None,
                 ) -> list[list[Ran]]:
    """Run chapters side by side, each in a kernel of the Python that runs this.

    Parameters
    ----------
    chapters : sequence of ChapterCode
        What to run; one with nothing to run starts no kernel.
    cell_timeout : float
        The most seconds for one cell.
    jobs : int
        The most kernels at a time.
    on_cell : callable, optional
        Called as `on_cell(chapter, number, total, label, seconds)` when a cell begins
        (seconds None) and when it has run; cells are counted from 1.
    on_chapter : callable, optional
        Called as `on_chapter(chapter, ran)` when a chapter has run.

    Returns
    -------
    list of list of Ran
        For each chapter a list that goes with its units.

    Raises
    ------
    BookError
        A cell raised, died or took too long, in any of the chapters; or no kernel. Chapters
        that ran were reported to `on_chapter`.
    KeyboardInterrupt
        After all kernels were stopped.
    """
    async def run_all() -> list:
        free = asyncio.Semaphore(jobs)

        async def run_one(chapter: ChapterCode) -> list[Ran]:
            async with free:
                results = await _run_chapter(chapter, cell_timeout, on_cell)
            if on_chapter:
                on_chapter(chapter, results)
            return results

        return await asyncio.gather(*map(run_one, chapters), return_exceptions=True)

    results = asyncio.run(run_all())
    problems: list[Problem] = []
    for result in results:
        if isinstance(result, BookError):
            problems += result.problems
        elif isinstance(result, BaseException):
            raise result
    if problems:
        raise BookError(problems)
    return results


async def _run_chapter(chapter: ChapterCode, timeout: float, on_cell: Callable | None) -> list[Ran]:
    cells = [unit for unit in chapter.units if isinstance(unit, Cell) and chapter.runs(unit)]
    if not any(map(chapter.runs, chapter.units)):
        return [Ran([]) for _ in chapter.units]
    try:
        from bookbuild.run.kernel import Kernel
    except ImportError as error:
        raise BookError([Problem(str(chapter.path), None, f"no kernel: {error} ({sys.executable}); "
                                 "install what requirements.txt lists")]) from None
    results: list[Ran] = []
    async with Kernel(chapter, timeout) as kernel:
        for unit in chapter.units:
            if unit not in cells:
                results.append(await run_unit(kernel, chapter, unit))
                continue
            place = chapter, cells.index(unit) + 1, len(cells), unit.label
            start = monotonic()
            if on_cell:
                on_cell(*place, None)
            results.append(await run_unit(kernel, chapter, unit))
            if on_cell:
                on_cell(*place, monotonic() - start)
    return results


async def started(chapter: ChapterCode, timeout: float) -> "kernel.Kernel":
    """A new kernel for a chapter, which the caller stops."""
    from bookbuild.run.kernel import Kernel

    return await Kernel(chapter, timeout).start()


async def run_unit(kernel, chapter: ChapterCode, unit: Unit) -> Ran:
    """Run a cell or an expression in a kernel that ran those before it."""
    result: Result = []
    if isinstance(unit, InlineCode):
        result = _inline_value(unit, await kernel.evaluate(unit))
    elif chapter.runs(unit):
        outputs = await kernel.run(unit, allow_error=chapter.option(unit, "error"))
        result = shown_outputs(outputs, chapter.option(unit, "warning"))
    else:
        return Ran([])
    return Ran(result, *await kernel.take_looks())


def _inline_value(unit: InlineCode, data: dict[str, str]) -> InlineValue:
    """The value of an expression as Quarto's Jupyter engine puts it into the text."""
    data = in_text(data)
    if "text/markdown" in data:
        return InlineValue("markdown", clean(data["text/markdown"]))
    if set(data) - {"text/plain"}:
        raise BookError([Problem(unit.path, unit.line, f"the value of `{unit.expression}` is no "
                                 "text for a line: show it with a cell")])
    text = clean(data.get("text/plain", ""))
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        try:
            return InlineValue("text", clean(str(ast.literal_eval(text))))
        except (SyntaxError, ValueError):
            return InlineValue("text", text[1:-1])
    return InlineValue("markdown", text)


def shown_outputs(outputs: Sequence[dict], warning: bool = True) -> list[dict]:
    """What a reader is to see of a cell's outputs.

    Parts of one stream are put together, terminal codes and the kernel's file names taken
    out, and a plot's text value (`[<matplotlib.lines.Line2D ...>]`) is left out. Matplotlib's
    SVG is made lighter.

    Parameters
    ----------
    outputs : sequence of dict
        Outputs in Jupyter's notebook format.
    warning : bool
        Whether what was written to the error stream is shown.
    """
    picture = any(mime.startswith("image/")
                  for output in outputs for mime in output.get("data", ()))
    shown: list[dict] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            if output["name"] == "stderr" and not warning:
                continue
            if shown and shown[-1].get("name") == output["name"]:
                shown[-1]["text"] += output["text"]
            else:
                shown.append({"output_type": kind, "name": output["name"], "text": output["text"]})
        elif kind == "error":
            shown.append({"output_type": kind, "ename": output["ename"],
                          "evalue": clean(output["evalue"]),
                          "traceback": [clean(part) for part in output["traceback"]]})
        elif output["data"] and not (
                kind == "execute_result" and _is_plot_text(in_text(output["data"]), picture)):
            data = {mime: clean(value) if mime.startswith("text/") else
                    lighter(value) if mime == "image/svg+xml" else value
                    for mime, value in in_text(output["data"]).items()}
            shown.append({"output_type": kind, "data": data, "metadata": dict(output["metadata"])})
    for output in shown:
        if output["output_type"] == "stream":
            lines = map(last_written, clean(output["text"]).split("\n"))
            output["text"] = KERNEL_FILE.sub("", "\n".join(lines))
    return shown


def in_text(data: Mapping) -> dict[str, str]:
    """What a display offers, by MIME type, as text, which may come in lines; without what is none,
    such as values of JSON."""
    whole = {mime: "".join(value) if isinstance(value, list) and all(
        isinstance(line, str) for line in value) else value for mime, value in data.items()}
    return {mime: value for mime, value in whole.items() if isinstance(value, str)}


def _is_plot_text(data: dict, picture: bool) -> bool:
    """Whether a value is only what a plotting call returned; the rule is Quarto's."""
    if list(data) != ["text/plain"]:
        return False
    text = data["text/plain"]
    if not picture:
        return text.startswith(("[<matplotlib", "<matplotlib", "<seaborn.", "<ggplot:"))
    if "\n" in text:
        return "<matplotlib." in text
    return bool(re.match(r"[<(\[].*[>)\]]$|Text\([-\d]", text.strip())) or (
        text.startswith("{") and "<matplotlib." in text)


def last_written(line: str) -> str:
    """What a terminal would show of a line that was begun anew, as bars of progress are."""
    written = line.rstrip("\r")
    return written[written.rfind("\r") + 1:] + line[len(written):]


def clean(text: str) -> str:
    """Text without terminal codes and without characters that no document can hold."""
    return UNPRINTABLE.sub("", without_codes(text.replace("\r\n", "\n")))
