"""The command `book figures`: every registered figure, made again as files."""

import os
import sys
import traceback
from pathlib import Path

from bookbuild.problems import BookError, Problem
from bookbuild.project import find_root
from bookbuild.publish import writing


def add_parser(commands) -> None:
    parser = commands.add_parser("figures", help="regenerate the figures",
                                 description="Regenerate the registered figures as files.")
    parser.add_argument("names", nargs="*", help="which figures (default: all)")
    parser.add_argument("--out", type=Path, help="a folder (default: the project's figures/)")
    parser.add_argument("--format", nargs="+", choices=["svg", "pdf", "png"],
                        default=["svg", "pdf"])
    parser.set_defaults(run=run)


def run(args) -> int:
    """Make the figures that are asked for; one that fails does not stop the others."""
    from deepmath.figures import FIGURES

    unknown = [name for name in args.names if name not in FIGURES]
    if unknown:
        raise BookError([Problem("figures", None, f"no figure `{name}`: known are "
                                 f"{', '.join(FIGURES)}") for name in unknown])
    out = args.out or find_root(Path.cwd()) / "figures"
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    failures = []
    for name in args.names or FIGURES:
        try:
            regenerate(name, FIGURES[name], out, args.format)
        except (BookError, KeyboardInterrupt):
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            failures.append(Problem(place.filename, place.lineno,
                                    f"the figure {name} failed: {error}"))
    if failures:
        raise BookError(failures)
    return 0


def regenerate(name: str, figure, out: Path, formats: list[str]) -> None:
    """Compute and draw a figure once, and write it in each format."""
    import matplotlib
    matplotlib.use("agg")
    from matplotlib import pyplot
    from deepmath.figures.style import render

    print(f"{name}: computing", file=sys.stderr, flush=True)
    drawn = figure.draw(figure.compute())
    for format in formats:
        path = out / f"{name}.{format}"
        part = path.with_name(path.name + ".part")
        with writing(path):
            part.write_bytes(render(drawn, format))
            os.replace(part, path)
        print(path)
    pyplot.close(drawn)
