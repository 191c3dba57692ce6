"""Renders killed at every step and at any moment leave a whole book, and the next render works.

As a script, `test_kills.py FOLDER MOMENTS`, it kills renders of a small book in FOLDER and prints
what stood there afterwards, as JSON: one at each step of a render on the file system, in turn; one
at each step in which a render sweeps up what another left; and MOMENTS at random moments. The
press is imported once and forked.
"""

import gc
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "common"))
from asked_once import asked_once
from steps import forked

from bookbuild.cli import main
from bookbuild.document import pandoc
from bookbuild.print import pdf

MOMENTS = 40
NEXT = 6        # after so many kills the next render is looked at
CONFIG = """project:
  type: book
book:
  title: "A small book"
  author: "A. N. Author"
  chapters: [index.qmd, one.qmd]
"""
EDITIONS = ("the first edition", "the second edition")
RENDER = ["render", "--engine", "builtin", "--fresh"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


class Press:
    """Forked renders of one small book, HTML and PDF.

    What a render loads is loaded before, once, and what it asks pandoc is asked before.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "_quarto.yml").write_text(CONFIG)
        (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
        with redirect_stdout(sys.stderr):
            self.prepare()
        self.books = []
        for edition in range(2):
            self.steps = self.render(edition)
            self.books.append(contents(root / "_book"))
        self.steps = self.render(0)         # where a book stands
        assert self.books[0] != self.books[1]

    def write(self, edition: int) -> None:
        (self.root / "one.qmd").write_text(
            f"# One {{#sec-one}}\n\nThis is {EDITIONS[edition]}, see @sec-one.\n")

    def prepare(self) -> None:
        """Render in this process, but for the work of Typst."""
        pandoc.call = asked_once()
        with patch.object(pdf, "begin"), patch.object(pdf, "bound", return_value=b""):
            for edition in range(2):
                self.write(edition)
                main(RENDER + [str(self.root)])

    def start(self, edition: int, **options) -> int | None:
        """Render an edition, with a fatal step; its steps, or None if it was killed."""
        self.write(edition)

        def render():
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            return main(RENDER + [str(self.root)])

        return forked(render, within=self.root, **options)

    def was_killed(self, edition: int, **options) -> bool:
        return self.start(edition, **options) is None

    def render(self, edition: int) -> int:
        """Render an edition to its end; the steps that it took."""
        steps = self.start(edition)
        assert steps
        return steps

    def stands(self) -> int | None:
        """Which edition stands, if a whole one does."""
        found = contents(self.root / "_book")
        return self.books.index(found) if found in self.books else None

    def left_behind(self) -> list[Path]:
        state = self.root / ".book"
        return [*state.glob("build-*"), *state.glob("replaced-*"), *state.glob(".*.part")]


def kill_at_each_step(press: Press, left: Counter) -> None:
    """Kill at each step of printing another edition than stands, the exchange among them."""
    old = press.stands()
    for step in range(1, press.steps + 1):
        left["killed at a step"] += press.was_killed(1 - old, fatal=step)
        standing = press.stands()
        left["whole"] += standing is not None
        left["new already"] += standing == 1 - old
        old = standing
        if step % NEXT == 0:
            press.render(1 - old)
            old = press.stands()
            left["next render works"] += old == 1 - standing and not press.left_behind()
            left["next renders"] += 1
        for path in press.left_behind():        # so that the next one's steps are the same
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def kill_at_each_step_of_sweeping(press: Press, left: Counter) -> None:
    """Kill a render at each step in which it sweeps up what one left that had built nearly all."""
    assert press.was_killed(1, fatal=press.steps * 3 // 4)
    built, = press.left_behind()
    kept = built.replace(press.root.with_name("kept"))
    shutil.copytree(kept, built)
    sweeping = press.render(1) - press.steps
    for step in range(1, sweeping + 1):
        shutil.copytree(kept, built, dirs_exist_ok=True)
        left["killed while sweeping"] += press.was_killed(0, fatal=step)
        left["whole"] += press.stands() == 1
    press.render(0)
    left["next render works"] += press.stands() == 0 and not press.left_behind()
    left["next renders"] += 1


def kill_at_moments(press: Press, moments: int, left: Counter) -> None:
    """Kill between steps, one after the other; none sweeps up but the press itself."""
    rng = random.Random(1)
    for turn in range(moments):
        killed = press.was_killed(turn % 2, fatal=rng.randrange(1, press.steps),
                                  delay=rng.expovariate(1000))
        left["killed at a moment" if killed else "finished before"] += 1
        left["whole"] += press.stands() is not None
    press.render(0)
    left["left behind"] = len(press.left_behind())


def kill_renders(root: Path, moments: int) -> dict[str, int]:
    os.environ["SOURCE_DATE_EPOCH"] = "0"     # one edition, one PDF
    gc.freeze()                               # what is imported is shared with the forked
    press, left = Press(root), Counter()
    kill_at_each_step(press, left)
    kill_at_each_step_of_sweeping(press, left)
    kill_at_moments(press, moments, left)
    return {"steps": press.steps, **left}


def test_killed_renders_leave_a_whole_book(tmp_path, record_property):
    root = tmp_path / "book"
    root.mkdir()
    done = subprocess.run([sys.executable, __file__, str(root), str(MOMENTS)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    left = json.loads(done.stdout)
    record_property("killed renders", ", ".join(f"{what} {n}" for what, n in left.items()))
    assert left["killed at a step"] == left["steps"] > 100
    assert 0 < left["new already"] < left["steps"]      # the exchange is among the steps
    assert left["killed while sweeping"] > 20
    by_steps = left["killed at a step"] + left["killed while sweeping"]
    assert left["next render works"] == left["next renders"] > 20
    assert left["whole"] == by_steps + MOMENTS
    assert left["left behind"] == 0


if __name__ == "__main__":
    print(json.dumps(kill_renders(Path(sys.argv[1]), int(sys.argv[2]))))
