"""What cells of a preview read: which of them run again, and that none does so for ever.

The preview is in this process, its kernels are light (see `tests/run/light.py`), and it is told of
changes by its own watch, as `book preview` is.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from waiting import until

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))
import books
from light import LightKernel

from bookbuild.pipeline import Pipeline
from bookbuild.preview import following, session
from bookbuild.run import KeptResults, kernel
from bookbuild.source import load_project

TWELVE = ["literal", "path join", "os.path.join", "f-string", "glob", "with_suffix", "listdir",
          "shell", "sqlite", "package", "sys.path", "from another file", "exists"]
EDITS = int(os.environ.get("BOOK_PREVIEW_EDITS", 20))


class Watched:
    """A preview of a book with one chapter, followed in a thread."""

    def __init__(self, root, folder):
        self.root, self.said = root, []
        self.preview = following.Preview(root, folder, self.said.append, 60)
        self.preview.watch()
        self.preview.refresh(None)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        while not self.preview.stopped.is_set():
            events = [self.preview.events.get()]
            while not self.preview.events.empty():
                events.append(self.preview.events.get())
            if not self.preview.stopped.is_set():
                changes = [event for event in events if event is not None]
                self.preview.refresh(set().union(*changes) if changes else None)

    def close(self):
        self.preview.stopped.set()
        self.preview.events.put(None)
        self.thread.join()              # as `book preview` does, it closes what nothing is at
        self.preview.close()

    def until(self, test, what):
        return until(test, what, lambda: not self.thread.is_alive() and (
            f"{self.said[-9:]} {self.preview.site.state}"))

    def page(self):
        folder = self.preview.site.folder
        try:
            return (folder / "one.html").read_text() if folder else ""
        except OSError:                 # replaced meanwhile
            return ""

    def rests(self):
        self.until(lambda: not self.preview.site.state["busy"] and self.preview.events.empty()
                   and all(each.is_at_rest for each in self.preview.sessions.values()), "rest")

    def shows(self, text):
        self.until(lambda: text in self.page(), text)

    def tells(self, text):
        self.until(lambda: any(text in each for each in self.preview.site.state["problems"]), text)

    def after(self, text):
        """The cells that ran until a text was shown, before all are confirmed."""
        self.shows(text)
        return [int(line.split(": cell ")[1].split()[0]) for line in self.said if ": cell " in line]


def chapter(*cells):
    return "# One\n\nA sentence.\n\n" + "".join(f"```{{python}}\n{code}\n```\n\n" for code in cells)


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A book with one chapter, whose kernels are light; its folder."""
    monkeypatch.setattr(kernel, "Kernel", LightKernel)
    monkeypatch.setattr(session, "REST", 0.0)

    def made(*cells):
        parts = books.Book(tmp_path / "parts")
        root = tmp_path / "book"
        shutil.copytree(parts.root / "c0", root, symlinks=True)
        shutil.copytree(parts.root / "shared", tmp_path / "shared")
        (tmp_path / "outside.txt").write_text("1")
        (root / "page.qmd").unlink()
        (root / "index.qmd").write_text("# Preface {.unnumbered}\n")
        (root / "one.qmd").write_text(chapter(*cells))
        (root / "_quarto.yml").write_text(
            'project:\n  type: book\nbook:\n  title: "A"\n  author: "A"\n'
            "  chapters: [index.qmd, one.qmd]\nformat:\n  html:\n    html-math-method: mathml\n")
        return root

    return made


@pytest.fixture
def start(make):
    started = []

    def begin(*cells):
        folder = tempfile.TemporaryDirectory(prefix="book-preview-")
        watched = Watched(make(*cells), Path(folder.name))
        started.append((watched, folder))
        watched.rests()
        return watched

    yield begin
    for watched, folder in started:
        watched.close()
        folder.cleanup()


CHANGES = {
    "glob": ("tables/t5.csv", "5"), "listdir": ("tables/t5.csv", "5"),
    "sqlite": None, "package": ("package/inner.py", "VALUE = 27182\n"),
    "sys.path": ("../shared/helper.py", "VALUE = 27182\n"), "exists": ("more.txt", "2"),
    "literal": ("plain.csv", "27182"), "f-string": ("plain.csv", "27182"),
    "from another file": ("plain.csv", "27182"), "shell": ("plain.csv", "27182"),
    "outside": ("../../outside.txt", "27182"), "hidden": (".hidden", "27182"),
}


@pytest.mark.parametrize("way", [*TWELVE, "outside", "hidden"])
def test_cells_run_from_the_first_that_read_what_changed(way, start):
    code = books.READS[way].replace("../../outside", "../outside")
    watched = start("print('first')", code, "print('third')")
    watched.said.clear()
    if way == "sqlite":
        shutil.copy(watched.root / "base.db", watched.root / "other.db")
        books.change_base(None, watched.root, 27182)
        shown = "27182"
    else:
        name, content = CHANGES.get(way, ("tables/t1.csv", "27182"))
        (watched.root / name.replace("../../", "../")).write_text(content)
        shown = {"glob": "t5.csv", "listdir": "t5.csv", "exists": "True, True"}.get(way, "27182")
    assert watched.after(shown)[:2] == [2, 3]
    watched.rests()
    assert shown in watched.page()
    assert not watched.preview.site.state["problems"]


def test_what_did_not_run_again_is_not_called_shown(start):
    watched = start("print(open('plain.csv').read())")
    watched.said.clear()
    (watched.root / "unread.csv").write_text("1")
    watched.until(lambda: any("unread.csv" in line for line in watched.said), "word of it")
    assert [line for line in watched.said if "unread.csv" in line] == [
        "unread.csv: the pages stay as they are"]
    (watched.root / "plain.csv").write_text("27182")
    watched.until(lambda: any("plain.csv: shown" in line for line in watched.said), "shown")
    assert "27182" in watched.page()


def test_a_name_that_is_no_longer_made_is_found(start):
    watched = start("number = 27182", "print('it is', number)")
    watched.shows("it is 27182")
    (watched.root / "one.qmd").write_text(chapter("other = 1", "print('it is', number)"))
    watched.tells("NameError")
    (watched.root / "one.qmd").write_text(chapter("number = 31415", "print('it is', number)"))
    watched.shows("it is 31415")
    watched.rests()
    assert not watched.preview.site.state["problems"]


@pytest.mark.parametrize("code", [
    "with open('log.txt', 'a') as f: f.write('x')\nprint(open('log.txt').read())",
    "import os\nold = open('own.txt').read() if os.path.exists('own.txt') else ''\n"
    "open('own.txt', 'w').write(old + 'y')\nprint(old)",
    "import os\nos.system('date +%N > stamp.txt')\nprint(open('stamp.txt').read())",
    "import os, time\nprint(open('plain.csv').read())\nos.system('date +%N > plain.csv')",
    "import os, time\nprint(os.listdir())\nopen(f'{time.time_ns()}.txt', 'w').close()",
])
def test_cells_that_change_what_they_read_come_to_rest(code, start):
    """Each event of their own writing is seen, and starts nothing."""
    watched = start(code, "print('second')")
    for text in ("27182", "31415"):
        (watched.root / "one.qmd").write_text(chapter(code, f"print('{text}')"))
        watched.shows(text)
        watched.rests()
        watched.said.clear()
        watched.preview.events.put({watched.root.parent / "mark"})     # a change of no file of the book
        watched.until(lambda: any("mark" in line for line in watched.said), "the mark")
        watched.rests()
        assert not [line for line in watched.said if ": cell " in line]


def test_what_somebody_else_changes_while_cells_repeat_is_seen(make, tmp_path):
    """A shell's cell writes other words each time, so that all runs once more, and then in a new
    kernel; meanwhile a file changes that a cell before it has read, as another chapter or the
    author may change it. Nobody watches the folder: the session itself has to see it.
    """
    runs = tmp_path / "runs"
    shell = (f"date +%N > stamp.txt; echo once >> {runs}; "
             f"[ $(wc -l < {runs}) != 3 ] || echo 27182 > plain.csv")
    root = make("print(open('plain.csv').read())", f"import os\nos.system({shell!r});")
    project = load_project(root)
    cells = Pipeline(project).drafts[1].code(project)

    async def shown():
        one = session.Session(cells, KeptResults(root / ".book"), lambda: None, str, 60)
        for _ in range(3):
            found = await one.want(cells, False)
            while not one.is_at_rest:
                await (one.task or one.confirmation)
        await one.stop()
        return found.results

    first, _ = asyncio.run(shown())
    assert (root / "plain.csv").read_text() == "27182\n"
    assert first[0]["text"] == "27182\n\n"


@pytest.mark.parametrize("text, shown", [(chapter("print(31415)"), ["31415\n"]), ("# One\n", [])])
def test_what_is_edited_while_a_kernel_starts_is_what_it_runs(make, monkeypatch, text, shown):
    """And what is kept of it."""
    root = make("print(27182)")
    gate, started, start = asyncio.Event(), asyncio.Event(), session.started

    async def slowly(*arguments):
        started.set()
        await gate.wait()
        return await start(*arguments)

    monkeypatch.setattr(session, "started", slowly)
    kept = KeptResults(root / ".book")

    async def after_edit():
        one = session.Session(before, kept, lambda: None, str, 60)
        await one.want(before, False)
        await started.wait()
        await one.want(edited, False)
        gate.set()
        while not one.is_at_rest:
            await (one.task or one.confirmation)
        found = await one.want(edited, False)
        await one.stop()
        return found.results

    before = Pipeline(load_project(root)).drafts[1].code(load_project(root))
    (root / "one.qmd").write_text(text)
    edited = Pipeline(load_project(root)).drafts[1].code(load_project(root))
    outputs = asyncio.run(after_edit())
    assert [output["text"] for result in outputs for output in result] == shown
    assert [ran.result for ran in kept.load(edited)] == outputs and not kept.load(before)


WRITES = {
    "a shell": "import os\nos.system('date +%N > {own}; cat {other}')",
    "Python": "import os, time\nprint(os.path.exists('{other}') and open('{other}').read())\n"
              "open('{own}', 'w').write(str(time.time_ns()))"}


@pytest.mark.parametrize("way", WRITES)
def test_chapters_that_change_what_the_other_reads_come_to_rest(way, make, tmp_path, monkeypatch):
    """And run again after an edit; of what the cells write, the preview is told here, not by a watch."""
    monkeypatch.setattr(following, "ECHOES", 3)
    root = make(WRITES[way].format(own="a.txt", other="b.txt"))
    files = [root / "a.txt", root / "b.txt"]
    (root / "index.qmd").write_text(chapter(WRITES[way].format(own="b.txt", other="a.txt")))
    (tmp_path / "pages").mkdir()
    said = []
    preview = following.Preview(root, tmp_path / "pages", said.append, 60)

    def cells_after(changed):
        said.clear()
        preview.refresh(changed)
        while not all(each.is_at_rest for each in preview.sessions.values()) \
                or not preview.events.empty():
            preview.events.get()
            preview.refresh(None)
        return [line for line in said if ": cell " in line]

    try:
        assert cells_after(None)
        times = 0                               # none, where each has read the other's last word
        while cells_after(set(files)):
            times += 1
            assert times <= following.ECHOES
        assert sum("may be of an earlier run" in line for line in said) <= 1
        files[0].write_text("27182")
        assert cells_after({files[0]})
    finally:
        preview.close()


def test_what_is_asked_for_when_a_preview_ends_ends_too():
    loop = session.Loop()
    asked = asyncio.run_coroutine_threadsafe(asyncio.Event().wait(), loop.loop)
    loop.cancel()
    assert asked.cancelled() or asked.exception(0)
    loop.stop()
    assert not loop.thread.is_alive()


def test_a_failing_cell_runs_again_when_its_file_appears(start):
    watched = start("print(open('late/data.txt').read())")
    watched.tells("FileNotFoundError")
    (watched.root / "late").mkdir()
    (watched.root / "late/data.txt").write_text("27182")
    watched.shows("27182")
    watched.rests()
    assert not watched.preview.site.state["problems"]


def test_a_preview_does_not_grow(start, record_property):
    """Edits of a sentence and of a cell; `BOOK_PREVIEW_EDITS=300` asks for as many."""
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    watched = start("print('x' * 10_000)")
    warm = 10
    for place in range(EDITS + warm):
        if place == warm:
            watched.rests()
            begun = resident()
        text = chapter(f"print('x' * 10_000, {place // 5})").replace("A sen", f"The {place}th sen")
        (watched.root / "one.qmd").write_text(text)
        watched.shows(f"The {place}th")
    watched.rests()
    grown = (resident() - begun) / 1e6
    record_property("a preview grows", f"by {grown:.1f} MB in {EDITS} edits")
    assert grown < 50
