"""What it costs a chapter's cells to be observed: seconds of a processor with the hook and without.

Each round runs the cells in a new process as a kernel does, by turns with the hook and without;
the least of each is compared. Cells are the book's own of the first chapter; `--rounds` sets how
often. The hook stays in a process for its life, so that each round has one of its own.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from bookbuild.run import numeric_environment, observing
from bookbuild.source import Cell, load_project, read_manuscript, split_source

ROOT = Path(__file__).parents[1]
RUN = """
import json, os, sys, time
from importlib.util import module_from_spec, spec_from_file_location
import matplotlib
matplotlib.use("svg")
file, root, cells, observed = json.loads(sys.argv[1])
spec = spec_from_file_location("_book_observing", file)
module = module_from_spec(spec)
spec.loader.exec_module(module)
observer = module.Observer(root, os.path.join(root, "_book"))
begun = time.process_time()
if observed:
    observer.begin()
space = {"__name__": "__main__"}
for cell in cells:
    exec(compile(cell, "<cell>", "exec"), space)
    if observed:
        observer.take()
print(time.process_time() - begun)
"""


def cells_of(chapter: Path) -> list[str]:
    """The code of a chapter's cells, but for lines that only IPython reads."""
    project = load_project(ROOT)
    page = next(page for page in project.pages if str(page.source) == str(chapter))
    manuscript, _ = read_manuscript(project, page.source)
    source = split_source(manuscript.text, page.source, manuscript.origin)
    return [unit.code for unit in source.units if isinstance(unit, Cell) and unit.code
            and unit.options.get("eval", True)
            and not any(line.startswith(("%", "!")) for line in unit.code.splitlines())]


def seconds(cells: list[str], folder: Path, observed: bool) -> float:
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps([observing.__file__, str(ROOT), cells, observed])],
        cwd=folder, env=numeric_environment() | os.environ, capture_output=True, text=True,
        check=True)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", nargs="?", type=Path,
                        default=Path("chapters/neural-networks.qmd"))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    cells = cells_of(args.chapter)
    times: dict[bool, list[float]] = {True: [], False: []}
    for place in range(args.rounds):
        for observed in (place % 2 == 0, place % 2 != 0):
            times[observed].append(seconds(cells, ROOT / args.chapter.parent, observed))
    with_hook, without = min(times[True]), min(times[False])
    print(f"{args.chapter}: {len(cells)} cells, {without:.2f} s without the hook, "
          f"{with_hook:.2f} s with it: ratio {with_hook / without:.3f}")


if __name__ == "__main__":
    main()
