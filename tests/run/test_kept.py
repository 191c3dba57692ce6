"""What is kept of cells, through `book render` with Jupyter's kernels."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import books
import pytest
from light import LightKernel
from waiting import LIMIT, until

from bookbuild import cli
from bookbuild.run import KeptResults, kernel, observing
from bookbuild.run.kept import HERE

CONFIG = """project:
  type: book
book:
  title: "Kept"
  author: "A. N. Author"
  chapters: [index.qmd, {chapters}]
format:
  html:
    html-math-method: mathml
"""
JUPYTERS = kernel.Kernel
TWELVE = ["literal", "path join", "os.path.join", "f-string", "glob", "with_suffix", "listdir",
          "shell", "sqlite", "package", "sys.path", "from another file", "exists"]


class Book:
    """A small book of chapters that each have one cell, and what renders tell."""

    def __init__(self, root):
        self.root = root
        root.mkdir()
        (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
        self.names = []

    def chapter(self, name, code, options=""):
        (self.root / f"{name}.qmd").write_text(
            f"# {name}\n\n```{{python}}\n{options}{code}\n```\n")
        if name not in self.names:
            self.names.append(name)
        (self.root / "_quarto.yml").write_text(
            CONFIG.format(chapters=", ".join(f"{each}.qmd" for each in self.names)))

    def render(self, capsys, *options):
        """The chapters that ran; what else was told stands in `said`."""
        capsys.readouterr()
        args = ["render", str(self.root), "--engine", "builtin", "--to", "html", *options]
        self.status = cli.main(args)
        self.said = capsys.readouterr().err
        assert "Traceback" not in self.said and "a mistake of the press" not in self.said
        return {match[1] for match in re.finditer(r"^(\S+)\.qmd: cell ", self.said, re.MULTILINE)}

    def shows(self, name):
        page = (self.root / "_book" / f"{name}.html").read_text()
        outputs = re.findall(r'cell-output-stdout.*?<pre.*?>(.*?)</pre>', page, re.DOTALL)
        return re.sub(r"<[^>]*>", "", "".join(outputs)).strip()


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return Book(tmp_path / "book")


@pytest.fixture
def light(monkeypatch):
    monkeypatch.setattr(kernel, "Kernel", LightKernel)


def test_the_twelve_ways_and_what_else_counts(book, capsys, monkeypatch, tmp_path):
    """Few renders: every chapter reads in another way, and one draws in Jupyter's kernel."""
    monkeypatch.setattr(kernel, "Kernel", lambda chapter, timeout: (
        JUPYTERS if chapter.path.stem == "figure" else LightKernel)(chapter, timeout))
    parts = books.Book(tmp_path / "parts")
    shutil.copytree(parts.root / "c0", book.root, dirs_exist_ok=True, symlinks=True)
    shutil.copytree(parts.root / "shared", tmp_path / "shared")
    for place, name in enumerate(TWELVE):
        book.chapter(f"way{place}", books.READS[name])
    book.chapter("pandas", "import pandas as pd, os\n"
                 "print(pd.read_csv(os.path.join('tables', 't' + '1.csv')).columns.tolist())")
    book.chapter("figure", "import matplotlib.pyplot as plt\nprint(plt.rcParams['font.size'])")
    book.chapter("own", "open('own-output.txt', 'w').write('1')\nprint('own')")
    user = tmp_path / "home"
    (user / ".config/matplotlib").mkdir(parents=True)
    for file in (user / ".config/matplotlib/matplotlibrc", user / "matplotlibrc"):
        file.write_text("font.size: 30\n")
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("MATPLOTLIBRC", str(user / "matplotlibrc"))
    assert book.render(capsys) == set(book.names), book.said
    assert book.shows("figure") == "10.0"
    before = {name: book.shows(name) for name in book.names}
    shell = {f"way{TWELVE.index('shell')}"}      # may have run before another wrote its file
    assert book.render(capsys) <= shell
    assert book.render(capsys) == set() and "the book stands" in book.said
    (book.root / "elsewhere").mkdir()
    (book.root / "elsewhere/unread.txt").write_text("1")
    assert book.render(capsys) == shell

    for name in ("plain.csv", "tables/t1.csv", "module.py", "package/inner.py"):
        path = book.root / name
        path.write_text(path.read_text().replace("1", "2"))
    parts.base(book.root, 2)
    (tmp_path / "shared/helper.py").write_text("VALUE = 2\n")
    (book.root / "tables/t2.csv").write_text("2")
    (book.root / "more.txt").write_text("2")
    (book.root / "matplotlibrc").write_text("font.size: 20\n")
    assert book.render(capsys) == set(book.names) - {"own"}
    now = {name: book.shows(name) for name in book.names}
    assert now["figure"] == "20.0"
    assert [name for name in book.names if now[name] == before[name]] == ["own"]


def test_a_file_saved_while_a_cell_runs(book, capsys, light):
    """The cell waits between its reading and its end until the file is saved."""
    (book.root / "data.txt").write_text("1")
    (book.root / "gone.txt").write_text("1")
    os.mkfifo(book.root / "barrier")
    book.chapter("race", "print(open('data.txt').read())\nopen('gone.txt').read()\n"
                 "open('started', 'w').close()\nopen('barrier').read()")

    def save():
        until((book.root / "started").exists, "the cell has begun")
        (book.root / "data.txt").write_text("2")
        (book.root / "gone.txt").unlink()
        (book.root / "barrier").write_text("go")
    saving = threading.Thread(target=save)
    saving.start()
    assert book.render(capsys) == {"race"}
    saving.join()
    assert book.shows("race") == "1"
    (book.root / "gone.txt").write_text("2")
    threading.Thread(target=(book.root / "barrier").write_text, args=["go"]).start()
    assert book.render(capsys) == {"race"}
    assert book.shows("race") == "2"


def test_a_chapter_that_reads_what_another_writes(book, capsys, light):
    """They run side by side; the writer waits until the other has read."""
    (book.root / "shared.txt").write_text("1")
    book.chapter("reader", "print(open('shared.txt').read())\nopen('was-read', 'w').close()")
    waiting = "import os, time\nwhile not os.path.exists('was-read'):\n    time.sleep(0.01)\n"
    book.chapter("writer", f"{waiting}open('shared.txt', 'w').write('2')")
    assert book.render(capsys) == {"reader", "writer"}
    assert book.shows("reader") == "2"
    book.chapter("writer", "open('shared.txt', 'w').write('3')")
    assert book.render(capsys) == {"reader", "writer"}
    assert book.shows("reader") == "3"


def results(book, name="one"):
    return KeptResults(book.root / ".book")._file(PurePath(f"{name}.qmd"))


def damage(book):
    """Ways in which a file of results can be wrong, as (what it is called, its bytes)."""
    whole = results(book).read_bytes()
    entry = json.loads(whole.partition(b"\n")[2])
    yield "empty", b""
    for place in range(0, len(whole), max(1, len(whole) // 12)):
        yield f"cut at {place}", whole[:place]
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        yield f"a bit at {place}", bytes(flipped)
    yield "foreign", results(book, "two").read_bytes()
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    key, result, looks = entry["ran"][0]
    for other in ({}, [], "x", 7, None, entry | {"surroundings": "of another version"},
                  entry | {"ran": None}, entry | {"ran": 7}, entry | {"ran": [7]},
                  entry | {"ran": [[key]]}, entry | {"ran": [[key, None, looks]]},
                  entry | {"ran": [[key, [{"type": "x"}], looks]]},
                  entry | {"ran": [[key, {"kind": "text"}, looks]]},
                  entry | {"ran": [[key, {"kind": "text", "text": 7}, looks]]},
                  entry | {"ran": [[key, {"kind": "text", "text": "of an expression"}, looks]]},
                  entry | {"ran": [[key, {"kind": "other", "text": "x"}, looks]]},
                  entry | {"ran": [[key, [{"output_type": "stream", "name": "stdout", "text": 5}],
                                    looks]]},
                  entry | {"ran": [[key, [{"output_type": "display_data", "metadata": {},
                                           "data": {"text/plain": 7}}], looks]]},
                  entry | {"ran": [[key, result, [["unknown", "x", "", ""]]]]},
                  entry | {"ran": [[key, result, [1]]]}):
        body = json.dumps(other).encode()
        yield body.decode()[:60], hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    for body in (b"no JSON", b"[" * 100_000, b"\xff"):
        yield str(body[:60]), hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def test_damaged_and_foreign_results_count_as_none(book, capsys, light):
    (book.root / "data.txt").write_text("1")
    book.chapter("one", "print('one', open('data.txt').read())")
    book.chapter("two", "print('two')")
    book.render(capsys)
    pages = books.files_of(book.root / "_book")
    whole = results(book).read_bytes()
    (book.root / ".book/printed.json").unlink()
    for name, content in damage(book):
        (book.root / ".book/printed.json").unlink(missing_ok=True)
        results(book).write_bytes(content)
        assert content == whole or book.render(capsys) == {"one"}, name
        assert books.files_of(book.root / "_book") == pages, name
        assert results(book).read_bytes() == whole
    results(book).unlink()
    results(book).mkdir()                   # nor can it be replaced
    (results(book) / "x").touch()
    (book.root / ".book/printed.json").unlink()
    assert book.render(capsys) == {"one"}
    assert len([line for line in book.said.splitlines() if "can't be kept" in line]) == 1


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, as pytest's own are not."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_results_of_another_owner_are_told_in_one_line(open_folder):
    """Who may not write: another user, if there is one that can be become."""
    if os.getuid():
        pytest.skip("only root can become somebody else")
    state = open_folder / "state"
    state.mkdir()
    (state / "results").mkdir(mode=0o700)
    code = f"""
import os
from pathlib import Path
from bookbuild.run import ChapterCode, KeptResults
kept = KeptResults(Path({str(state)!r}))
chapter = ChapterCode(Path({str(open_folder)!r}), Path("one.qmd"), [])
os.setuid(65534)
print(kept.load(chapter), kept.stands(chapter.root, chapter.path), kept.store(chapter, []))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("[] False") and "Permission denied" in done.stdout, done


def test_files_that_are_hard_to_tell_apart(book, capsys, light):
    """A clock set back, seconds as a resolution, a folder for a file, links, rights."""
    for name in ("back", "second", "folder", "vanishes"):
        (book.root / f"{name}.txt").write_text("1")
        book.chapter(name, f"try: print(open('{name}.txt').read())\n"
                           "except OSError as error: print(type(error).__name__)")
    (book.root / "circle").symlink_to("circle")
    book.chapter("link", "try: print(open('circle').read())\n"
                         "except OSError as error: print(type(error).__name__)")
    os.utime(book.root / "second.txt", (10**9, 10**9))
    book.render(capsys)
    assert book.shows("link") == "OSError"
    (book.root / "back.txt").write_text("2")
    os.utime(book.root / "back.txt", (10**8, 10**8))
    (book.root / "second.txt").write_text("2")
    os.utime(book.root / "second.txt", (10**9, 10**9))
    (book.root / "folder.txt").unlink()
    (book.root / "folder.txt").mkdir()
    (book.root / "vanishes.txt").unlink()
    (book.root / "circle").unlink()
    (book.root / "circle").write_text("2")
    assert book.render(capsys) == set(book.names)
    assert [book.shows(name) for name in book.names] == [
        "2", "2", "IsADirectoryError", "FileNotFoundError", "2"]


def test_a_large_file_is_known_without_being_held(book, capsys, monkeypatch):
    """2 GB that take no room on the disk; the limit of what is slow is any time at all."""
    with open(book.root / "large.bin", "wb") as file:
        file.truncate(2 * 2**30)
    monkeypatch.setattr(observing, "SLOW", 0.0)
    # A process begins with the peak of the one that started it.
    book.chapter("large", "import resource\n"
                 "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
                 "before = peak()\nf = open('large.bin', 'rb')\n"
                 "print(peak() - before < 500_000)")
    assert book.render(capsys) == {"large"}
    assert "large.bin to know it again took more than 0 s" in book.said
    assert "cache: false" in book.said
    assert book.shows("large") == "True"


def test_what_is_not_to_be_kept_runs_each_time(book, capsys, light):
    book.chapter("kept", "print('kept')")
    book.chapter("cell", "print('cell')", "#| cache: false\n")
    book.render(capsys)
    assert book.render(capsys) == {"cell"}
    assert book.render(capsys, "--fresh") == {"cell", "kept"}
    config = book.root / "_quarto.yml"
    config.write_text(config.read_text() + "execute:\n  cache: false\n")
    assert book.render(capsys) == {"cell", "kept"}
    assert book.render(capsys) == {"cell", "kept"}


def test_a_project_that_is_moved_takes_its_results_along(book, capsys, light, tmp_path):
    (book.root / "data.txt").write_text("1")
    book.chapter("reads", "print(open('data.txt').read())")
    book.chapter("shell", "import os\nprint(os.popen('cat data.txt').read())")
    book.chapter("where", "import os\nprint(os.path.basename(os.getcwd()))")
    book.render(capsys)
    book.root = book.root.rename(tmp_path / "moved")
    assert book.render(capsys) == {"where"}
    assert book.shows("where") == "moved"
    (tmp_path / "book").mkdir()
    (tmp_path / "book/data.txt").write_text("3")            # nobody looks there any more
    (tmp_path / "link").symlink_to(book.root)
    book.root = tmp_path / "link"
    assert book.render(capsys) == set()
    (tmp_path / "moved/data.txt").write_text("2")
    assert book.render(capsys) == {"reads", "shell"}
    assert book.shows("reads") == book.shows("shell") == "2"


def test_nothing_is_left_in_memory_of_what_cells_share_with_their_processes(book, capsys,
                                                                            monkeypatch):
    monkeypatch.setattr(kernel, "TIDYING", 100 * LIMIT)
    book.chapter("shares", "from multiprocessing.shared_memory import SharedMemory\n"
                 "print(SharedMemory(create=True, size=8).name)")
    assert book.render(capsys) == {"shares"}
    with pytest.raises(FileNotFoundError):
        SharedMemory(book.shows("shares"))


def test_what_decides_numbers_counts(book, capsys, light, monkeypatch, tmp_path):
    book.chapter("one", "print(1)")
    book.render(capsys)
    kept = KeptResults(book.root / ".book").surroundings
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    assert KeptResults(book.root / ".book").surroundings != kept
    assert book.render(capsys) == {"one"}
    monkeypatch.undo()
    monkeypatch.setenv("DEEPMATH_DATA", "elsewhere")       # where the package looks for records
    assert KeptResults(book.root / ".book").surroundings != kept
    monkeypatch.undo()
    copied = tmp_path / "run"
    shutil.copytree(Path(observing.__file__).parent, copied)
    for name in ("arithmetic.py", "kernel.py", "observing.py", "kept.py", "chapters.py"):
        monkeypatch.setattr("bookbuild.run.kept.__file__", str(copied / "kept.py"))
        same = KeptResults(book.root / ".book").surroundings
        assert same == kept
        (copied / name).write_text((copied / name).read_text() + "\n")
        assert KeptResults(book.root / ".book").surroundings != kept
        shutil.copy(Path(observing.__file__).with_name(name), copied / name)


def test_results_of_the_former_version_are_removed(book, capsys, light):
    book.chapter("one", "print(1)")
    (book.root / ".book/cache").mkdir(parents=True)
    (book.root / ".book/cache/one.json").write_text("{}")
    book.render(capsys)
    assert not (book.root / ".book/cache").exists()
    assert book.said.count(".book/cache") == 1
    book.render(capsys)
    assert ".book/cache" not in book.said


def test_kept_paths_are_those_of_the_project(book, capsys, light):
    (book.root / "data.txt").write_text("1")
    book.chapter("one", "open('data.txt')")
    book.render(capsys)
    kept = KeptResults(book.root / ".book")._read(PurePath("one.qmd"))
    assert [look[1] for *_, looks in kept for look in looks if "data" in look[1]] == [
        HERE + "data.txt"]
