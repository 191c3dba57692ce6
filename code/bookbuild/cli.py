"""The command `book`."""

import argparse
import json
import os
import signal
import sys
import traceback
from pathlib import Path

from bookbuild import data, doctor, figures, live, preview
from bookbuild.execute import CELL_TIMEOUT, seconds
from bookbuild.lab import command as lab
from bookbuild.problems import BookError, Problem, hindrances
from bookbuild.project import Page, Project, find_root, load_project, place_in
from bookbuild.publish import only_render
from bookbuild.quarto import find_quarto, render_with_quarto
from bookbuild.render import Timings, check_book, render
from bookbuild.terminal import progress, say
from bookbuild.unchanged import Stamp

TARGETS = {"html": ["html"], "pdf": ["pdf"], "epub": ["epub"], "all": ["html", "pdf"]}
EXAMPLES = """\
examples:
  book render                            the whole book, HTML and PDF, into _book/
  book render chapters/smoke.qmd --to html
  book preview                           serve it here, and show every edit
  book check                             what is wrong, in a second and without running cells
  book check --format github             the same, for annotations in CI
  book figures                           regenerate figures/
  book data edmonton-central --years 2019-2022    a station's official files, into data/
  book lab chapters/smoke.qmd            edit and run it in JupyterLab
  book notebook chapters/smoke.qmd       an .ipynb that runs anywhere

A render never harms the book that stands: the new one is made beside it and takes its place
when it is complete. Exit status: 0 done, 1 problems (told one a line), 2 wrong usage,
130 interrupted."""


def main(arguments: list[str] | None = None) -> int:
    """Run `book`.

    Problems are told one a line, and whatever happens, no traceback.

    Returns
    -------
    int
        The exit status: 0, or 1 where there were problems, or 128 and the signal's number.
    """
    args, unknown = parser().parse_known_args(arguments)
    if unknown and args.command != "lab":               # which hands them on to JupyterLab
        parser().error(f"unrecognized arguments: {' '.join(unknown)}")
    args.unknown = unknown
    stopped_by = [signal.SIGINT]

    def stop(number, _):
        stopped_by[0] = number
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:   # as in the background of a script
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        return args.run(args)
    except BookError as error:
        return tell(error.problems)
    except KeyboardInterrupt:
        say("book: interrupted; the book that stands is whole")
        return 128 + stopped_by[0]
    except OSError as error:
        return tell([Problem(error.filename or "book", None, error.strerror or str(error))])
    except Exception as error:
        return tell([Problem("book", None, f"a mistake of the press itself, {kept(error)}")])


def tell(problems: list[Problem]) -> int:
    for problem in problems:
        say(str(problem))
    say(f"book: {counted(len(problems), 'problem')}; nothing was replaced")
    return 1


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def kept(error: Exception) -> str:
    """Keep the traceback of an error that should not be, for those who mend it."""
    told = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    try:
        file = find_root(Path.cwd()) / ".book" / "traceback.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(traceback.format_exception(error)))
    except (OSError, BookError):
        return told
    return f"{told}; please report it with {file}"


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="book", description="Render, check and illustrate the book.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_render(commands)
    add_check(commands)
    preview.add_parser(commands, book_at, say)
    doctor.add_parser(commands)
    figures.add_parser(commands)
    data.add_parser(commands)
    lab.add_parsers(commands)
    live.add_parser(commands)
    return whole


def book_at(start: Path | None) -> Project:
    """The book around a file or folder; around the working directory if none is named."""
    start = start or Path.cwd()
    if not start.exists():
        raise BookError([Problem(start, None, "no such file or folder")])
    return load_project(find_root(start if start.is_dir() else start.parent))


# ---------------------------------------------------------------------------------- render

def add_render(commands) -> None:
    parser = commands.add_parser(
        "render", help="render the book to HTML, PDF or EPUB",
        description="Render the book, or one chapter of it, into the project's output folder, "
        "and print where the results are.")
    parser.add_argument("chapter", nargs="?", type=Path, help="a chapter's .qmd file, or the "
                        "project's folder (default: the book around this folder)")
    parser.add_argument("--to", choices=TARGETS, default="all", help="default: %(default)s, which is HTML and PDF")
    parser.add_argument("--engine", choices=["auto", "quarto", "builtin"], default="auto",
                        help="auto (default): Quarto where it is found, else the built-in press")
    parser.add_argument("--cell-timeout", type=seconds, default=CELL_TIMEOUT, metavar="SECONDS",
                        help="the most time for one cell (default: %(default)g)")
    parser.add_argument("--runtime", type=Path, metavar="DIR", help="put the runtime of live cells, "
                        "which `book runtime DIR` brought, into the book (default: pages take it "
                        "from Pyodide's delivery network)")
    parser.add_argument("--force", action="store_true",
                        help="render also where nothing has changed since the last time")
    parser.add_argument("--timings", action="store_true", help="print the seconds of each stage")
    parser.set_defaults(run=run_render)


def run_render(args) -> int:
    """`book render`."""
    project = book_at(args.chapter)
    only = named_page(project, args.chapter) if args.chapter and args.chapter.is_file() else None
    targets = TARGETS[args.to]
    quarto = find_quarto() if args.engine != "builtin" else None
    if args.engine == "quarto" and quarto is None:
        raise BookError([Problem("quarto", None, "Quarto is not on this machine: install it "
                                 "(https://quarto.org) or use `--engine builtin`")])
    timings = Timings()
    with only_render(project.state_dir, project.output_dir, say):
        if quarto:
            with timings.stage("quarto"):
                render_with_quarto(project, quarto, targets, only, say, args.runtime)
        else:
            with timings.stage("look"):
                stamp = Stamp(project, [*targets, str(only), str(args.runtime)])
                stands = not args.force and stamp.stands()
            if stands:
                say("nothing has changed since the last render: the book stands")
            else:
                render(project, targets, only, say, timings, progress, args.cell_timeout,
                       args.runtime)
                stamp.set()
    if args.timings:
        say(str(timings))
    report(project, targets, only)
    return 0


def named_page(project: Project, path: Path) -> Page:
    """The page of the book that a file is."""
    inside = place_in(project.root, path)
    for page in project.pages:
        if page.source == inside:
            return page
    raise BookError([*project.problems, Problem(path, None, "this file is not a chapter of the "
                                                "book: list it in _quarto.yml")])


def report(project: Project, targets: list[str], only: Page | None) -> None:
    """Print where the results are."""
    if "html" in targets:
        print(project.output_dir / (only.output if only else "index.html"))
    if "pdf" in targets:
        print(project.output_dir / project.pdf_name)
    if "epub" in targets:
        print(project.output_dir / project.epub_name)


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
    say(f"book: {counted(len(failing), 'problem')}, "
        f"{counted(len(shown) - len(failing), 'notice')}")
    return 1 if failing else 0


def print_findings(shown: list[Problem], failing: list[Problem], format: str, root: Path) -> None:
    """Findings for a reader, for a program, or as annotations of a workflow on GitHub."""
    levels = ["error" if each in failing else "notice" for each in shown]
    if format == "json":
        print(json.dumps([{"path": str(each.path), "line": each.line, "level": level,
                           "message": each.message, "stops": each.stops}
                          for each, level in zip(shown, levels)], indent=1, ensure_ascii=False))
    for each, level in zip(shown, levels) if format != "json" else ():
        if format == "github":
            path = os.path.relpath(root / each.path)
            place = f"file={escaped(path, ':,')}" + (f",line={each.line}" if each.line else "")
            print(f"::{level} {place}::{escaped(each.message)}")
        elif level == "notice":
            print(Problem(each.path, each.line, f"notice: {each.message}"))
        else:
            print(each)


def escaped(text: str, more: str = "") -> str:
    """Text as GitHub's workflow commands want it."""
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + more else char for char in text)


if __name__ == "__main__":
    sys.exit(main())
