"""The command `book`."""

import argparse
import signal
import sys
from pathlib import Path

from bookbuild.problems import BookError, Problem
from bookbuild.project import Page, Project, find_root, load_project
from bookbuild.publish import only_render
from bookbuild.quarto import find_quarto, render_with_quarto
from bookbuild.render import Timings, render

TARGETS = {"html": ["html"], "pdf": ["pdf"], "all": ["html", "pdf"]}


def say(message: str) -> None:
    """Tell what is being done, on the error stream, so that the output stays usable."""
    print(message, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run `book`; problems are printed one a line, and the status tells of them."""
    parser = argparse.ArgumentParser(prog="book", description="Render the book, regenerate its "
                                     "figures.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_render(commands)
    from bookbuild import figures
    figures.add_parser(commands)
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return args.run(args)
    except BookError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        say(f"book: {count} problem{'s' * (count > 1)}; nothing was replaced")
        return 1
    except KeyboardInterrupt:
        say("book: interrupted; nothing was replaced")
        return 130


def add_render(commands) -> None:
    parser = commands.add_parser(
        "render", help="render the book to HTML and PDF",
        description="Render the book, or one chapter of it, into the project's output folder.")
    parser.add_argument("chapter", nargs="?", type=Path, help="a chapter's .qmd file, or the "
                        "project's folder (default: the book around this folder)")
    parser.add_argument("--to", choices=TARGETS, default="all")
    parser.add_argument("--engine", choices=["auto", "quarto", "builtin"], default="auto",
                        help="auto: Quarto where it is found, else the built-in press")
    parser.add_argument("--timings", action="store_true", help="print the seconds of each stage")
    parser.set_defaults(run=run_render)


def run_render(args) -> int:
    """`book render`."""
    start = args.chapter or Path.cwd()
    if not start.exists():
        raise BookError([Problem(start, None, "no such file or folder")])
    project = load_project(find_root(start if start.is_dir() else start.parent))
    only = named_page(project, start) if start.is_file() else None
    targets = TARGETS[args.to]
    quarto = find_quarto() if args.engine != "builtin" else None
    if args.engine == "quarto" and quarto is None:
        raise BookError([Problem("quarto", None, "Quarto is not on this machine: install it "
                                 "(https://quarto.org) or use `--engine builtin`")])
    timings = Timings()
    with only_render(project.state_dir, say):
        if quarto:
            with timings.stage("quarto"):
                render_with_quarto(project, quarto, targets, only and only.source, say)
        else:
            render(project, targets, only, say, timings)
    if args.timings:
        say(str(timings))
    report(project, targets, only)
    return 0


def named_page(project: Project, path: Path) -> Page:
    """The page of the book that a file is."""
    inside = path.resolve().relative_to(project.root).as_posix()
    for page in project.pages:
        if str(page.source) == inside:
            return page
    raise BookError([Problem(path, None, "this file is not a chapter of the book: list it in "
                             "_quarto.yml")])


def report(project: Project, targets: list[str], only: Page | None) -> None:
    """Print where the results are."""
    if "html" in targets:
        print(project.output_dir / (only.output if only else "index.html"))
    if "pdf" in targets:
        for pdf in sorted(project.output_dir.glob("*.pdf")):
            print(pdf)


if __name__ == "__main__":
    sys.exit(main())
