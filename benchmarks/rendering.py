"""How long the press takes: stages, growth with the book, and the preview's answer to an edit.

    python benchmarks/rendering.py                 everything
    python benchmarks/rendering.py growth          books of 5, 20 and 80 chapters
    python benchmarks/rendering.py stages preview  the book itself

Everything happens in copies. Quarto is measured too where `book doctor` finds it.
"""

import argparse
import http.client
import json
import os
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bookbuild.quarto import find_quarto

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "chapters/neural-networks.qmd"
SENTENCE = re.compile(r"(?m)^([A-Z][a-z]+ [a-z]+ )(?=[^\n]*\.$)")
WORDS = ("matrix vector layer slope chain rule bound network weight derivative point norm the of "
         "and is that with each for every gives where then small large first last").split()


def copy_of_book(folder: Path) -> Path:
    """The book's files, without what was made from them."""
    made = shutil.ignore_patterns("_book", ".book", ".venv", ".git", "__pycache__", "_site",
                                  "*.egg-info", ".quarto")
    return Path(shutil.copytree(ROOT, folder / "book", ignore=made))


def book(*arguments: str | Path) -> tuple[float, str]:
    """Run `book`: the seconds, and what it said."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "bookbuild.cli", *map(str, arguments)],
                          capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - start, done.stderr


def edit(path: Path, pattern: re.Pattern = SENTENCE) -> None:
    """Change one sentence."""
    source = path.read_text()
    path.write_text(pattern.sub(r"\1really ", source, count=1))


# --------------------------------------------------------------------------------- stages

def stages(folder: Path) -> None:
    """The book from nothing, unchanged, and with a sentence edited; with Quarto, as ratios."""
    root = copy_of_book(folder)
    presses = ["builtin"] + ["quarto"] * (find_quarto() is not None)
    seconds: dict[str, list[float]] = {}
    for engine in presses:
        shutil.rmtree(root / ".book", ignore_errors=True)
        for name in ("from nothing", "unchanged", "one sentence edited"):
            if name.startswith("one"):
                edit(root / CHAPTER)
            taken, said = book("render", root, "--engine", engine, "--timings")
            seconds.setdefault(name, []).append(taken)
            table = re.findall(r"(?m)^(\w+) +([\d.]+) s$", said)
            parts = ", ".join(f"{stage} {value}" for stage, value in table if stage != "all")
            print(f"{engine:<8}{name:<22}{taken:7.1f} s   {parts}", flush=True)
    if len(presses) > 1:
        for name, (ours, theirs) in seconds.items():
            print(f"Quarto / built-in, {name}: {theirs / ours:.1f}")
    else:
        print("Quarto is not here: no ratio")


# --------------------------------------------------------------------------------- growth

def growth(folder: Path) -> None:
    """Books without cells, 2500 words a chapter: seconds, and memory of the press."""
    rows = []
    for chapters in (5, 20, 80):
        root = folder / str(chapters)
        generate(root, chapters)
        taken, _ = book("render", root, "--engine", "builtin", "--to", "html")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        rows.append((chapters, taken))
        print(f"{chapters:3} chapters, {2500 * chapters:6} words: {taken:6.1f} s, {peak:5.0f} MB",
              flush=True)
    (few, short), (many, long) = rows[0], rows[-1]
    print(f"{many / few:.0f} times the chapters take {long / short:.1f} times as long")


def generate(root: Path, chapters: int) -> None:
    """A book with headings, formulas, references and citations, but no cells."""
    chance = random.Random(chapters)
    root.mkdir()
    names = [f"c{place}.qmd" for place in range(chapters)]
    (root / "_quarto.yml").write_text(json.dumps({
        "project": {"type": "book"}, "bibliography": "references.bib",
        "book": {"title": "Growth", "author": "Nobody", "chapters": [
            "index.qmd", *names, "references.qmd"]},
        "format": {"html": {"html-math-method": "mathml"}}}))
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nWords.\n")
    (root / "references.qmd").write_text("# References {.unnumbered}\n\n::: {#refs}\n:::\n")
    (root / "references.bib").write_text("".join(
        f"@book{{k{n}, title={{Title {n}}}, author={{Author, A. {n}}}, year={{{1950 + n}}}}}\n"
        for n in range(40)))
    for place, name in enumerate(names):
        parts = [f"# Chapter {place} {{#sec-{place}}}\n"]
        for section in range(10):
            parts.append(f"## Section {section} {{#sec-{place}-{section}}}\n")
            for paragraph in range(5):
                text = " ".join(chance.choices(WORDS, k=50)).capitalize()
                parts.append(f"{text} $x_{{{paragraph}}}^2$, @sec-{chance.randrange(chapters)} and "
                             f"[@k{chance.randrange(40)}].\n")
            parts.append(f"$$\nA_{{{section}}} = \\sum_i \\frac{{a_i}}{{b_i}}\n$$ "
                         f"{{#eq-{place}-{section}}}\n")
        (root / name).write_text("\n".join(parts))


# -------------------------------------------------------------------------------- preview

def preview(folder: Path) -> None:
    """From the moment that a file is saved to the moment that its page is served anew."""
    root = copy_of_book(folder)
    book("render", root, "--engine", "builtin", "--to", "html")
    chapter = root / CHAPTER
    with previewed(root) as shows:
        times = []
        for turn in range(5):
            mark = f"sentence{turn}x"
            times.append(timed(chapter, SENTENCE, rf"\1{mark} ", shows, mark))
        print(f"an edited sentence shows after {sorted(times)[2]:.2f} s (median of 5; "
              f"{min(times):.2f} to {max(times):.2f})", flush=True)
        last = re.compile(r"(?s)(.*```\{python\}\n(?:#\|(?! eval: false)[^\n]*\n)*)(?!#\|)")
        for turn, name in enumerate(("the first time, so that all before it run", "again")):
            taken = timed(chapter, last, rf'\1print("cell{turn}x")\n', shows, f">cell{turn}x")
            print(f"an edited last cell shows after {taken:.2f} s ({name})", flush=True)


def timed(path: Path, pattern: re.Pattern, new: str, shows: Callable, mark: str) -> float:
    """The seconds from an edit to the page that shows it."""
    source = pattern.sub(new, path.read_text(), count=1)
    start = time.perf_counter()
    path.write_text(source)
    while mark not in shows():
        time.sleep(0.02)
        if time.perf_counter() - start > 500:
            raise SystemExit(f"{mark} never showed")
    return time.perf_counter() - start


@contextmanager
def previewed(root: Path) -> Iterator[Callable[[], str]]:
    """A preview of a book; what it yields fetches the chapter's page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bookbuild.cli", "preview", root,
                                "--port", str(port), "--no-browser"], stderr=subprocess.DEVNULL)

    def page() -> str:
        try:
            server = http.client.HTTPConnection("localhost", port, timeout=60)
            server.request("GET", "/" + CHAPTER.replace(".qmd", ".html"))
            return server.getresponse().read().decode()
        except ConnectionRefusedError:
            return ""

    try:
        while 'id="quarto-document-content"' not in page():
            time.sleep(0.2)
        yield page
    finally:
        process.terminate()
        process.wait(timeout=30)


PARTS = {"stages": stages, "growth": growth, "preview": preview}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=f"of {', '.join(PARTS)} (default: all)")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in chosen if part not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    for part in chosen:
        with tempfile.TemporaryDirectory(prefix="book-benchmark-") as place:
            PARTS[part](Path(place))
