"""The command `book figures`: figures made again, and compared with those that are kept.

`origin` says what a figure is made from, `making` makes it, `manifest` keeps it, `comparison`
compares it with the kept one and `report` tells of that; `command` puts them together.
"""

import argparse
import os
from pathlib import Path

from bookbuild.arithmetic import arithmetic

EXAMPLES = """\
examples:
  book figures                   make those that are not as their code says, into figures/
  book figures --check           are the kept figures what the code makes? changes nothing
  book figures spirals --format png --width 1600 --dark --out slides
  book figures depth --set n_epochs=1000 --set "seeds=range(64)" --out slides

--check answers for each figure, and exits with 0 for the first two:
  same                     not made again while code, data, versions are the same (--force: is)
  changed in pixels only   by other versions or another platform; the numbers agree
  changed in numbers       which array, and how much
  changed in its picture   the numbers agree, lines and colours are too far off
  missing                  no such figure, or not the file that was made
  stale                    made from other code or data, or no longer registered
  failed                   the figure's function raised an error"""


def environment() -> dict[str, str]:
    """The variables with which figures are made."""
    # With the pad, the C library does not give large arrays back between epochs.
    return arithmetic() | {"MALLOC_TOP_PAD_": "67108864", "MPLBACKEND": "agg"}


def add_parser(commands) -> None:
    parser = commands.add_parser(
        "figures", help="make the figures again, or compare them",
        description="Make the registered figures as SVG, PDF and PNG files, or check those that "
        "are kept.", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    own.add_argument("--out", type=Path, metavar="FOLDER")
    own.add_argument("--format", nargs="+", choices=["svg", "pdf", "png"],
                     help="default: svg and pdf")
    own.add_argument("--width", type=positive, metavar="PIXELS", help="of PNG files")
    own.add_argument("--dark", action="store_true", help="light on dark")
    own.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                     help="an argument of the figure's function; may be given several times")
    parser.set_defaults(run=run)


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def run(args) -> int:
    """`book figures`; only this command waits for numpy, which reads the environment once."""
    os.environ.update(environment())
    from bookbuild.figures.command import run

    return run(args)
