"""The command `book`."""

import argparse
import signal
import sys
import traceback
from pathlib import Path

from bookbuild import commands
from bookbuild.doctor import BRING_PACKAGES, missing_packages
from bookbuild.say import BookError, Problem, counted, say

DEEPEST = 5000          # calls in one another, a few for each block that stands in another
WINDOWS = sys.platform == "win32"
# What runs cells or makes figures watches what they read, by means that Windows has not.
NOT_ON_WINDOWS = ("render", "preview", "figures", "lab", "notebook")
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
    sys.setrecursionlimit(max(DEEPEST, sys.getrecursionlimit()))
    stopped_by = [signal.SIGINT]

    def stop(number, _):
        stopped_by[0] = number
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:   # as in the background of a script
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    for number in {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:     # not on Windows
        signal.signal(number, stop)
    try:
        if WINDOWS and args.command in NOT_ON_WINDOWS:
            raise BookError([Problem("book", None, (
                f"`book {args.command}` runs on Linux and macOS; on Windows install WSL (`wsl "
                "--install`) and run `make book` in it; `book check` and `book data` run here"))])
        return args.run(args)
    except BookError as error:
        return tell(error.problems)
    except KeyboardInterrupt:
        say("book: interrupted; the book that stands is whole")
        return 128 + stopped_by[0]
    except ModuleNotFoundError as error:
        if missing := missing_packages():
            return tell([Problem("book", None, f"without {', '.join(missing)}: {BRING_PACKAGES}")])
        return tell([Problem("book", None, f"a mistake of the press itself, {kept(error)}")])
    except OSError as error:
        return tell([Problem(error.filename or "book", None, error.strerror or str(error))])
    except Exception as error:
        return tell([Problem("book", None, f"a mistake of the press itself, {kept(error)}")])


def tell(problems: list[Problem]) -> int:
    for problem in problems:
        say(str(problem))
    say(f"book: {counted(len(problems), 'problem')}; nothing was replaced")
    return 1


def kept(error: Exception) -> str:
    """Keep the traceback of an error that should not be, for those who mend it."""
    told = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    try:
        from bookbuild.source import find_root

        file = find_root(Path.cwd()) / ".book" / "traceback.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(traceback.format_exception(error)))
    except (ImportError, OSError, BookError):
        return told
    return f"{told}; please report it with {file}"


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="book", description="Render, check and illustrate the book.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands.add_all(whole.add_subparsers(dest="command", required=True, metavar="COMMAND"))
    return whole


if __name__ == "__main__":
    sys.exit(main())
