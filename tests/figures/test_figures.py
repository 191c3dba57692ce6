"""`book figures` on a small book: a copy of deepmath whose registry holds small figures."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import steps
from programs import needs
from waiting import LIMIT, until
from warm import Warm

from bookbuild.figures import environment

CODE = Path(__file__).parents[2] / "code"
REGISTRY = '''"""Figures."""

from deepmath.figures.register import Register

FIGURES = Register(__name__, {"wave": "wave", "saw-tooth": "sawtooth", "noise": "noise"})
'''
WAVE = '''"""A wave, as high as a file says."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from deepmath.figures.style import BLUE, GREEN, styled

HEIGHT = Path(__file__).parents[3] / "data" / "height.txt"


@dataclass(frozen=True)
class Wave:
    name: str
    x: np.ndarray
    values: np.ndarray


def compute(frequency: float = 1.0, n_points: int = 50) -> Wave:
    """Sample a sine."""
    x = np.linspace(0.0, 1.0, n_points)
    return Wave("sine", x, float(HEIGHT.read_text()) * np.sin(6 * frequency * x))  # here


@styled
def draw(result):
    figure, axes = plt.subplots(figsize=(4, 2))
    axes.plot(result.x, result.values, color=BLUE)
    axes.set_title(result.name)
    return figure
'''
NOISE = '''"""Means of several seeds."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from deepmath.figures.style import styled
from deepmath.sweep import sweep


@dataclass(frozen=True)
class Noise:
    means: np.ndarray


def run(seeds, n):
    return {"mean": np.array([np.random.default_rng(s).normal(size=n).mean() for s in seeds])}


def compute(seeds: tuple[int, ...] = tuple(range(20)), n: int = 100) -> Noise:
    [found] = sweep(run, seeds, [{"n": n}])
    return Noise(found["mean"])


@styled
def draw(result):
    figure, axes = plt.subplots(figsize=(4, 2))
    axes.plot(result.means, "o")
    return figure
'''


class Book:
    """A project's folder with its own deepmath."""

    def __init__(self, root, warm):
        self.root, self.warm = root, warm
        self.figures, self.modules = root / "figures", root / "code" / "deepmath" / "figures"
        shutil.copytree(CODE / "deepmath", root / "code" / "deepmath",
                        ignore=shutil.ignore_patterns("__pycache__"))
        (root / "_quarto.yml").write_text("project:\n  type: book\n")
        (root / "data").mkdir()
        (root / "data" / "height.txt").write_text("2.0")
        for name, text in (("__init__", REGISTRY), ("wave", WAVE), ("noise", NOISE)):
            (self.modules / f"{name}.py").write_text(text)

    def start(self, *options, **variables):
        """Start a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "bookbuild.cli", *self.arguments(options)],
            cwd=self.root, env={**os.environ, **self.variables(), **variables},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def arguments(self, options):
        return ["figures", *map(str, options), *(() if "--jobs" in options else ("--jobs", "1"))]

    def variables(self):
        return {"PYTHONPATH": str(self.root / "code"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *options, **variables):
        """Return the exit status, and all that was said, the output last."""
        done = self.warm.book(*self.arguments(options), cwd=self.root, **self.variables(),
                              **variables)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr + done.stdout

    def edit(self, name, old, new):
        file = self.modules / f"{name}.py"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def records(self):
        return {file.stem: json.loads(file.read_text())
                for file in (self.figures / "records").iterdir()}

    def check(self, *options, **environment):
        """Return the exit status, and each figure's line of the check."""
        before = contents(self.figures)
        status, said = self.run("--check", *options, **environment)
        assert contents(self.figures) == before
        return status, dict(re.findall(r"^([\w-]+): (.*)$", said, re.MULTILINE)), said


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


MODULES = "bookbuild.cli", "bookbuild.figures.report", "bookbuild.figures.making"


@pytest.fixture(scope="module")
def warm():
    with Warm(*MODULES, **environment()) as warm:
        yield warm


@pytest.fixture(scope="module")
def made(tmp_path_factory, warm):
    book = Book(tmp_path_factory.mktemp("figures") / "book", warm)
    process = book.start("--jobs", 2)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return book


@pytest.fixture
def book(made, tmp_path):
    """A copy of the book with its figures, to spoil."""
    return copy_of(made, tmp_path / "book")


def copy_of(book, root):
    shutil.copytree(book.root, root, dirs_exist_ok=True)
    copy = object.__new__(Book)
    copy.root, copy.warm = root, book.warm
    copy.figures, copy.modules = root / "figures", root / "code" / "deepmath" / "figures"
    return copy


def test_everything_is_there_and_written_down(made):
    records = made.records()
    assert set(records) == {"wave", "saw-tooth", "noise"}
    wave = records["wave"]
    assert wave["function"] == "deepmath.figures.wave.compute"
    assert set(wave["data"]) == {"data/height.txt"} and not records["noise"]["data"]
    assert {"python", "numpy", "matplotlib", "platform"} <= set(wave["versions"])
    assert {"wave.svg", "wave.pdf", "wave.png", "numbers/wave.npz", "drawn/wave.npz"} < set(
        wave["files"])
    assert {"deepmath.figures.wave", "deepmath.figures.style"} < set(wave["code"])
    with np.load(made.figures / "numbers" / "wave.npz") as numbers:
        assert set(numbers.files) == {"name", "x", "values"} and len(numbers["x"]) == 50
    assert (made.figures / "wave.png").read_bytes()[:4] == b"\x89PNG"


def test_every_byte_is_the_same_again(made, tmp_path, warm):
    other = Book(tmp_path / "a longer path" / "book", warm)
    assert other.run("--jobs", 1)[0] == 0
    assert contents(other.figures) == contents(made.figures)


def test_what_has_not_changed_is_not_made_again(book):
    status, said = book.run()
    assert status == 0 and said.count(": unchanged") == 3
    book.edit("wave", '"""Sample a sine."""', '"""Sample a sine, often."""  # well')
    book.edit("style", "# What makes a file", "# Whatever makes a file")
    assert book.run()[1].count(": unchanged") == 3
    times = {path: path.stat().st_mtime_ns for path in book.figures.rglob("*.png")}
    before = contents(book.figures)
    book.edit("wave", "color=BLUE", "color=GREEN")
    status, said = book.run()
    assert status == 0 and "wave: made" in said and said.count(": unchanged") == 2
    assert {path.stem for path, at in times.items() if path.stat().st_mtime_ns != at} == {"wave"}
    assert (book.figures / "numbers" / "wave.npz").read_bytes() == before["numbers/wave.npz"]


def test_the_check_tells_what_has_changed(book):
    status, found, _ = book.check()
    assert status == 0
    assert [found[name] for name in ("noise", "saw-tooth", "wave")] == ["same"] * 3
    book.edit("wave", "6 * frequency", "6.01 * frequency")      # a formula
    book.edit("noise", 'plot(result.means, "o")', 'plot(result.means, "o", color="red")')
    (book.figures / "saw-tooth.pdf").unlink()
    status, found, said = book.check("--report", "report.html", GITHUB_ACTIONS="true",
                                     GITHUB_STEP_SUMMARY="summary.md")
    assert status == 1
    assert re.match(r"changed in numbers \(sine, line: y at x 1: -0\.54, was -0\.56 \(\d\.\d+% of the "
                    r"panel at most\); .*; made from other deepmath.figures.wave.compute\)$",
                    found["wave"])
    assert found["noise"].startswith("stale (numbers agree; image distance")
    assert found["saw-tooth"] == "missing (saw-tooth.pdf is missing)"
    page = (book.root / "report.html").read_text()
    assert page.count('src="data:image/webp;base64,') == 4 and "http" not in page
    order = [page.index(f'id="{name}"') for name in ("saw-tooth", "wave", "noise")]
    assert order == sorted(order) and len(page) < 1_000_000
    summary = (book.root / "summary.md").read_text()
    assert "❌ **wave** changed in numbers\n\n- sine, line: y at x 1: -0.54, was -0.56" in summary
    line = 1 + (book.modules / "wave.py").read_text().splitlines().index(
        "def compute(frequency: float = 1.0, n_points: int = 50) -> Wave:")
    assert f"::error file=code/deepmath/figures/wave.py,line={line}::figure wave: changed" in said
    assert book.run()[0] == 0 and book.check()[0] == 0


def test_other_versions_are_a_notice(book):
    file = book.figures / "records" / "wave.json"
    file.write_text(re.sub(r'"numpy": ".*?"', '"numpy": "1.0"', file.read_text()))
    status, found, _ = book.check()
    assert status == 0 and found["wave"] == "same"      # made again, and equal to the byte
    svg = book.figures / "wave.svg"
    old = json.loads(file.read_text())["files"]["wave.svg"]
    svg.write_bytes(svg.read_bytes() + b"<!-- another version -->")
    file.write_text(file.read_text().replace(
        old, hashlib.sha256(svg.read_bytes()).hexdigest()))
    status, found, said = book.check()
    assert status == 0 and "notice: some figures have changed in pixels only, or within" in said
    assert found["wave"].startswith("changed in pixels only (numbers agree; image distance 0.00")
    book.edit("wave", "    return figure", "    drawn = figure\n    return drawn")
    status, found, _ = book.check()         # whether version or code moved a pixel is not known
    assert status == 0 and found["wave"].endswith(
        "made from other deepmath.figures.wave.draw, versions)")
    book.edit("wave", "result.values, color", "result.values + 0.001, color")
    status, found, _ = book.check()
    assert status == 1 and found["wave"].startswith("changed in numbers")
    book.edit("wave", "HEIGHT =", "TOLERANCE = 0.002\nHEIGHT =")
    status, found, _ = book.check()
    assert status == 0 and found["wave"].startswith("changed within its tolerance (sine, line: y at")


def test_data_and_edited_files_count(book):
    (book.root / "data" / "height.txt").write_text("2.5")
    svg = book.figures / "noise.svg"
    svg.write_text(svg.read_text().replace("<svg", "<svg ", 1))
    status, found, _ = book.check()
    assert status == 1 and found["wave"].startswith("changed in numbers (sine, line: y at x 1: -0.7, "
                                                    "was -0.56 (11% of the panel at most)")
    assert found["wave"].endswith("made from other data/height.txt)")
    assert found["noise"] == "missing (noise.svg is not the file that was made)"
    assert book.run()[0] == 0 and book.check()[0] == 0


def test_equal_bytes_pass_though_the_code_is_another(book):
    book.edit("wave", "    figure, axes = plt", "    panels = plt")
    book.edit("wave", "subplots(figsize=(4, 2))", "subplots(figsize=(4, 2))\n    figure, axes = panels")
    status, found, said = book.check()
    assert status == 0 and "`book figures` notes the new code" in said
    assert found["wave"] == "same (the same bytes, made from other deepmath.figures.wave.draw)"


@pytest.mark.parametrize("spoil", [
    lambda text: text[:300], lambda text: "", lambda text: "[1]", lambda text: "<<<<<<< HEAD\n" + text,
    lambda text: text.replace('"files"', '"file"'), lambda text: text.replace('"data": {', '"data": "'),
    lambda text: text + "\xff"])
def test_a_damaged_record(book, spoil):
    file, before = book.figures / "records" / "wave.json", contents(book.figures)
    file.write_bytes(spoil(file.read_text()).encode("latin-1"))
    status, found, _ = book.check()
    assert status == 1 and found["wave"] == "missing (records/wave.json is damaged)"
    assert found["noise"] == found["saw-tooth"] == "same"
    status, said = book.run()
    assert status == 0 and "wave: to be made (records/wave.json is damaged)" in said
    assert contents(book.figures) == before


def test_figures_changed_in_two_branches_do_not_conflict(book):
    def git(*command):
        return subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *command],
                              cwd=book.root, capture_output=True, text=True, check=True).stdout

    (book.root / ".gitignore").write_text(".book\n")
    git("init", "-q", "-b", "main")
    for branch, name, old, new in (("main", None, "", ""), ("one", "wave", "BLUE)", "GREEN)"),
                                   ("two", "noise", '"o"', '"s"')):
        if name:
            git("checkout", "-q", "-b", branch, "main")
            book.edit(name, old, new)
            assert book.run()[0] == 0
        git("add", "-A")
        git("commit", "-q", "-m", "work")
    git("merge", "-q", "one", "-m", "both")
    assert book.check()[0] == 0
    assert book.run()[1].count(": unchanged") == 3


def test_a_figure_that_fails_stops_no_other(book):
    book.edit("wave", "    x = np.linspace", "    1 / 0\n    x = np.linspace")
    before = contents(book.figures)
    status, said = book.run("--force")
    line = 1 + (book.modules / "wave.py").read_text().splitlines().index("    1 / 0")
    assert status == 1 and "noise: made" in said and "saw-tooth: made" in said
    assert f"wave.py:{line}: the figure wave failed: ZeroDivisionError" in said
    assert contents(book.figures) == before
    status, found, _ = book.check()
    assert status == 1 and found["wave"].startswith("failed (") and found["noise"] == "same"
    book.edit("wave", "1 / 0", "import os; os._exit(3)")
    status, said = book.run("--force", "--jobs", 2)
    assert status == 1 and "its process ended early" in said


def test_a_figure_that_is_new_or_gone(book):
    book.edit("__init__", '"noise": "noise"', '"hiss": "noise"')
    status, found, _ = book.check()
    assert status == 1 and found["noise"] == "stale (no longer registered)"
    assert found["hiss"] == "missing (records/hiss.json is missing)"
    assert book.run()[0] == 0
    assert not (book.figures / "noise.svg").exists() and (book.figures / "hiss.svg").exists()
    assert book.check()[0] == 0


def test_figures_of_an_instructor(book, tmp_path):
    before, out = contents(book.figures), tmp_path / "slides"
    status, said = book.run("wave", "--format", "png", "--width", 1603, "--dark",
                            "--set", "n_points=9", "--set", "frequency=2", "--out", out)
    assert status == 0, said
    assert list(contents(out)) == ["wave.png"]
    from PIL import Image
    image = Image.open(out / "wave.png").convert("RGB")
    assert image.width == 1603 and max(image.getpixel((2, 2))) < 50
    assert book.run("noise", "--set", "seeds=range(30)", "--format", "svg", "--out", out)[0] == 0
    assert contents(book.figures) == before


@pytest.mark.parametrize("options, told", [
    (["wave", "--set", "n_point=9"], "no setting `n_point`: did you mean `n_points`?"),
    (["wave", "--set", "n_points=9.5"], "`n_points` takes a whole number, such as 50; got '9.5'"),
    (["wave", "--set", "frequency"], "must be of the form NAME=VALUE"),
    (["tide"], "no figure `tide`: known are wave, saw-tooth, noise"),
    (["wave", "--set", "n_points=-1"], "the figure wave failed: ValueError")])
def test_bad_requests(made, tmp_path, options, told):
    status, said = made.run(*options, "--out", tmp_path / "slides")
    assert status == 1 and told in said
    assert not (tmp_path / "slides").exists()


def test_requests_that_contradict_themselves(made):
    status, said = made.run("--dark", "--set", "n=2")
    assert status == 1 and "--dark, --set: for figures of your own, name a folder" in said
    status, said = made.run("--check", "--out", "x")
    assert status == 1 and "--check compares the book's figures" in said


def test_a_place_that_cannot_be_written(book, tmp_path):
    (tmp_path / "file").write_text("")
    status, said = book.run("wave", "--out", tmp_path / "file" / "slides")
    assert status == 1 and "cannot write here: Not a directory" in said


# ------------------------------------------------------------- when files can't be written

@pytest.fixture
def small_disk(tmp_path):
    """A disk of 6 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", disk],
                      capture_output=True).returncode:
        pytest.skip("no permission to mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(file, leave):
    """Write a file that leaves some bytes of its disk."""
    room = os.statvfs(file.parent)
    file.write_bytes(bytes(max(0, room.f_bavail * room.f_bsize - leave)))


def edited(book):
    (book.root / "data" / "height.txt").write_text("2.5")
    book.edit("noise", '"o"', '"s"')
    return book


@pytest.fixture(scope="module")
def after(made, tmp_path_factory):
    """The figures of a book that was edited, where there is room."""
    book = edited(copy_of(made, tmp_path_factory.mktemp("edited") / "book"))
    assert book.run()[0] == 0
    return contents(book.figures)


@pytest.mark.parametrize("leave", [0, 8_000, 16_000])
def test_a_full_disk(made, after, small_disk, leave):
    book = edited(copy_of(made, small_disk / "book"))
    before = contents(book.figures)
    fill(small_disk / "filler", leave)
    status, said = book.run()
    assert status == 1 and "No space left on device" in said
    for path, content in contents(book.figures).items():
        assert content in (before[path], after[path])
    assert book.check()[0] == 1
    (small_disk / "filler").unlink()
    assert book.run()[0] == 0
    assert contents(book.figures) == after


@pytest.fixture(scope="module")
def without_power(warm):
    """Runs without the administrator's power over permissions."""
    if os.geteuid():
        yield warm
        return
    needs("setpriv")
    with Warm(*MODULES, **environment(), before=[
            "setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"]) as weak:
        yield weak


@pytest.mark.parametrize("place", ["figures", ".book", "figures/wave.svg", "figures/records/wave.json"])
def test_what_is_read_only_stays_as_it_is(book, without_power, place):
    before = contents(book.figures)
    book.edit("wave", "color=BLUE", "color=GREEN")
    path = book.root / place
    if place == ".book":
        path = path / "figures.lock"
    path.chmod(0o555 if path.is_dir() else 0o444)
    book.warm = without_power
    status, said = book.run("wave")
    assert status == 1 and re.search(rf"{place}\S*: cannot write here: "
                                     "(Permission denied|the file is read-only)", said)
    changed = {name for name, content in contents(book.figures).items() if content != before[name]}
    assert changed <= {"wave.svg", "wave.pdf", "wave.png", "drawn/wave.png"}
    path.chmod(0o755)
    assert book.run()[0] == 0 and book.check()[0] == 0


# The command is imported once and forked. Runs that are killed at a step have the figure from
# the first run of its edition, since all their steps are about putting files in their places.
KILLER = """
import json, os, pickle, random
from collections import Counter
from pathlib import Path
from bookbuild.cli import main
from bookbuild.figures.making import make_all
from steps import forked
from warm import load

MOMENTS, NEXT = 12, 5
HEIGHTS = ["3.0", "4.0"]

def contents():
    return {str(path): path.read_bytes() for path in Path("figures").rglob("*") if path.is_file()}

def made_before(edition):
    file = Path.cwd().with_name(f"edition-{edition}")

    def make(jobs, n_jobs):
        if not file.exists():
            file.write_bytes(pickle.dumps(list(make_all(jobs, n_jobs))))
        yield from pickle.loads(file.read_bytes())

    return make

def run(edition, anew=False, **options):
    Path("data/height.txt").write_text(HEIGHTS[edition])

    def figures():
        regenerating.make_all = make_all if anew else made_before(edition)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        return main(["figures", "wave", "--jobs", "1", "--force"])

    return forked(figures, within=".", **options)

load(["bookbuild.figures.regenerating"])
from bookbuild.figures import regenerating
editions, left = [], Counter()
for edition in (0, 1):
    left["steps"] = run(edition)
    editions.append(contents())
assert editions[0] != editions[1]
kills = [{"fatal": step} for step in range(1, left["steps"] + 1)]
rng = random.Random(0)
kills += [{"fatal": rng.randrange(1, left["steps"]), "delay": rng.expovariate(1000)}
          for _ in range(MOMENTS)]
old = 1
for turn, options in enumerate(kills):
    killed = run(1 - old, anew="delay" in options, **options) is None
    at = "at a moment" if "delay" in options else "at a step"
    left[f"killed {at}" if killed else "finished before"] += 1
    for path, content in contents().items():
        if not path.endswith(".part"):
            whole = content in [edition[path] for edition in editions]
            left["whole files" if whole else "half-written files"] += 1
    left["lost files"] += len(editions[0].keys() - contents().keys())
    for path in [*Path("figures").rglob(".*.part"), *Path(".book").rglob(".*.part")]:
        left["parts, to be swept up"] += 1
        if turn % NEXT:                 # so that the next one's steps are the same
            path.unlink()
    if turn % NEXT == 0:
        run(1 - old, anew=True)
        old = 1 - old
        left["next runs"] += 1
        left["next run works"] += contents() == editions[old]
print(json.dumps(left))
"""


def test_runs_killed_at_each_step_leave_whole_files(book, record_property):
    done = subprocess.run([sys.executable, "-c", KILLER], cwd=book.root, text=True,
                          capture_output=True,
                          env={**os.environ, **environment(), "PYTHONPATH": os.pathsep.join(
                              [str(book.root / "code"), str(steps.HOOK.parent)])})
    assert done.returncode == 0, done.stderr
    left = json.loads(done.stdout)
    record_property("killed `book figures`", ", ".join(f"{what} {n}" for what, n in left.items()))
    assert left["killed at a step"] == left["steps"] > 20
    assert left["next run works"] == left["next runs"] > 5
    assert left["whole files"] and not left.get("half-written files") and not left["lost files"]


@pytest.mark.parametrize("step", [1, 9, 20, 35])
def test_killed_with_all_its_processes(made, tmp_path, warm, step):
    book, whole = Book(tmp_path / "book", warm), contents(made.figures)
    process = book.start("--jobs", 2, **steps.environment(
        tmp_path / "report", book.root / "code", fatal=step, within=str(book.root), group=True))
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said
    left = contents(book.figures) if book.figures.exists() else {}
    for path, content in left.items():
        if not path.endswith(".part"):
            assert content == whole[path]
    assert book.run()[0] == 0
    assert contents(book.figures) == whole


def test_an_interrupt_ends_all_processes(book):
    book.edit("wave", "    x = np.linspace", "    import signal; signal.pause()\n    x = np.linspace")
    process = book.start("wave", "noise", "--force", "--jobs", 2)
    try:
        for line in process.stderr:
            if "noise: made" in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=LIMIT)
        assert process.returncode == 130 and "Traceback" not in said
        until(lambda: not is_there(process.pid), "the end of all processes")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def is_there(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
