"""Renders killed at any moment leave a whole book, and the next render works.

As a script, `test_kills.py FOLDER COUNT`, it kills COUNT renders of the book in FOLDER and
prints what stood there afterwards, as JSON. The press is imported once and forked, so that most
of a killed render's life is rendering.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

KILLS = 200
CONFIG = """project:
  type: book
book:
  title: "A small book"
  author: "A. N. Author"
  chapters: [index.qmd, one.qmd]
"""
EDITIONS = ("the first edition", "the second edition")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


def write_edition(root: Path, words: str) -> None:
    (root / "one.qmd").write_text(f"# One {{#sec-one}}\n\nThis is {words}, see @sec-one.\n")


def start_render(root: Path, main) -> int:
    """Fork a render of the book, HTML and PDF, and return its process id."""
    process = os.fork()
    if process:
        return process
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os._exit(main(["render", "--engine", "builtin", "--fresh", str(root)]))


def render_whole(root: Path, words: str, main) -> float:
    """Render an edition to its end, and return the seconds that it took."""
    write_edition(root, words)
    start = time.perf_counter()
    assert os.waitpid(start_render(root, main), 0)[1] == 0
    return time.perf_counter() - start


def kill_renders(root: Path, count: int) -> dict[str, int]:
    """Kill renders after random times; return how many left which book."""
    from bookbuild.cli import main

    os.environ["SOURCE_DATE_EPOCH"] = "0"     # one edition, one PDF

    (root / "_quarto.yml").write_text(CONFIG)
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
    books = []
    for words in EDITIONS:
        render_whole(root, words, main)
        books.append(contents(root / "_book"))
    assert books[0] != books[1]

    rng, left = random.Random(1), Counter()
    for turn in range(count):
        if turn % 10 == 0:      # the machine's load changes
            duration = render_whole(root, EDITIONS[turn // 10 % 2], main)
        write_edition(root, EDITIONS[turn % 2])
        process = start_render(root, main)
        time.sleep(rng.uniform(0, 1.1 * duration))
        os.kill(process, signal.SIGKILL)
        killed = os.WIFSIGNALED(os.waitpid(process, 0)[1])
        standing = contents(root / "_book")
        left["killed" if killed else "finished before"] += 1
        left["whole" if standing in books else "broken"] += 1
    write_edition(root, EDITIONS[0])
    left["next render works"] = int(os.waitpid(start_render(root, main), 0)[1] == 0
                                    and contents(root / "_book") == books[0])
    left["left behind"] = len(list((root / ".book").glob("build-*")))
    return dict(left)


def test_killed_renders_leave_a_whole_book(tmp_path, record_property):
    done = subprocess.run([sys.executable, __file__, str(tmp_path), str(KILLS)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    left = json.loads(done.stdout)
    record_property("killed renders", ", ".join(f"{what} {n}" for what, n in left.items()))
    assert left["whole"] == KILLS
    assert left["killed"] > KILLS / 2
    assert left["next render works"] == 1
    assert left["left behind"] == 0


if __name__ == "__main__":
    print(json.dumps(kill_renders(Path(sys.argv[1]), int(sys.argv[2]))))
