"""Small books whose cells read in many ways, and edits of all that they are made from."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from hypothesis import strategies as st

# What a cell prints; `n` numbers and names that edits change are in the files that it reads.
READS = {
    "literal": "print(open('plain.csv').read())",
    "path join": "import pathlib\nprint((pathlib.Path('tables') / 't1.csv').read_text())",
    "os.path.join": "import os\nprint(open(os.path.join('tables', 't1.csv')).read())",
    "f-string": "name = 'plain'\nprint(open(f'{name}.csv').read())",
    "glob": "import glob\nprint(sorted(glob.glob('tables/*.csv')))",
    "glob all": "import glob\nprint(sorted(glob.glob('**/*.csv', recursive=True)))",
    "with_suffix": "import pathlib\n"
                   "print(pathlib.Path('tables/t1').with_suffix('.csv').read_text())",
    "listdir": "import os\nprint(sorted(os.listdir('tables')))",
    "walk": "import os\nprint(sorted(sorted(n) for _, _, n in os.walk('tables')))",
    "scandir": "import os\nprint(sorted((e.name, e.stat().st_size, e.is_dir()) "
               "for e in os.scandir('tables')))",
    "shell": "import subprocess\nprint(subprocess.run('cat plain.csv tables/*', shell=True, "
             "capture_output=True, text=True).stdout)",
    "popen": "import os\nprint(os.popen('ls tables; cat ../shared/n.txt').read())",
    "sqlite": "import sqlite3\ncon = sqlite3.connect('base.db')\n"
              "print(con.execute('select * from t').fetchall())\ncon.close()",
    "attach": "import sqlite3\ncon = sqlite3.connect(':memory:')\n"
              "con.execute(\"attach 'base.db' as b\")\n"
              "print(con.execute('select * from b.t').fetchall())\ncon.close()",
    "package": "import package.inner\nprint(package.inner.VALUE)",
    "namespace": "import spaces.part\nprint(spaces.part.VALUE)",
    "module": "import module\nprint(module.VALUE)",
    "import_module": "import importlib\nprint(importlib.import_module('module').VALUE)",
    "sys.path": "import sys\nsys.path.insert(0, '../shared')\nimport helper\nprint(helper.VALUE)",
    "sys.path, last": "import sys\nsys.path.append('../shared')\nimport helper\n"
                      "print(helper.VALUE)",
    "wave": "import wave\nprint(getattr(wave, 'VALUE', 'of the library'))",
    "from another file": "print(open(open('name.txt').read()).read())",
    "exists": "import os\nprint([os.path.exists(n) for n in ('plain.csv', 'more.txt', 'tables')])",
    "kinds": "import pathlib\nprint([(p.is_dir(), p.is_file(), p.is_symlink()) for p in map("
             "pathlib.Path, ('tables', 'plain.csv', 'link'))])",
    "link": "print(open('link').read())",
    "readlink": "import os\nprint(os.readlink('link'))",
    "size": "import os\nprint(os.path.getsize('plain.csv'))",
    "time": "import os\nprint(os.stat('plain.csv').st_mtime_ns)",
    "json": "import json\nprint(json.load(open('data.json')))",
    # an error would tell the folder's name, which is another one each time
    "copy": "import os, shutil, tempfile\nwith tempfile.TemporaryDirectory() as d:\n"
            "    one = shutil.copytree('tables', d + '/t') + '/t1.csv'\n"
            "    print(os.path.exists(one) and open(one).read())",
    "chdir": "import os\nos.chdir('tables')\nprint(sorted(os.listdir()))\nos.chdir('..')",
    "dir_fd": "import os\nd = os.open('tables', os.O_RDONLY)\n"
              "print(os.read(os.open('t1.csv', 0, dir_fd=d), 99), sorted(os.listdir(d)))",
    "exec": "exec(open('module.py').read())\nprint(VALUE)",
    "runpy": "import runpy\nprint(runpy.run_path('module.py')['VALUE'])",
    "up": "print(open('../shared/n.txt').read())",
    "outside": "print(open('../../outside.txt').read())",
    "hidden": "print(open('.hidden').read())",
    "fork": "import os\nr, w = os.pipe()\nif not os.fork():\n    try:\n"
            "        os.write(w, open('plain.csv', 'rb').read())\n    finally:\n"
            "        os._exit(0)\nos.wait()\nos.close(w)\nprint(os.read(r, 99))",
    "cache of its own": "import os\nif not os.path.exists('made.txt'):\n"
                        "    open('made.txt', 'w').write(open('plain.csv').read())\n"
                        "print(open('made.txt').read())",
    "appends": "with open('log.txt', 'a') as f:\n    f.write('x')\nprint(open('log.txt').read())",
    "rewrites": "import os\nold = open('own.txt').read() if os.path.exists('own.txt') else ''\n"
                "open('own.txt', 'w').write((old + 'y')[-5:])\nprint(old)",
    "own folder": "import os, shutil\nshutil.rmtree('out', ignore_errors=True)\nos.mkdir('out')\n"
                  "open('out/x', 'w').write(open('plain.csv').read())\nprint(os.listdir('out'))",
    "a name of the cell before": "print(total)",
    "state": "total = total + int(open('plain.csv').read().split()[-1])\nprint(total)",
    "raises": "print(1 / int(open('plain.csv').read().split()[-1]))",
}
NAMES = sorted(READS)
CHAPTERS = [f"c{place}/page.qmd" for place in range(4)]


def guarded(code):
    """Code that tells what it raises, so that a missing file is a result."""
    inner = "\n".join("    " + line for line in code.splitlines())
    return f"try:\n{inner}\nexcept Exception as error:\n    print(type(error).__name__)"


class Book:
    """A book's folder, and what its chapters consist of."""

    def __init__(self, parent: Path):
        self.root = parent / "book"
        self.settings = {"title": "A book", "echo": "true", "order": CHAPTERS, "error": "false"}
        self.chapters = {name: {"text": "A sentence.", "cells": ["literal", "state"], "guard": True,
                                "options": "", "inline": "total", "heading": "One"}
                         for name in CHAPTERS}
        for name in CHAPTERS:
            folder = (self.root / name).parent
            for inner in ("tables/deep", "package", "spaces"):
                (folder / inner).mkdir(parents=True)
            for name, content in {"plain.csv": "a 1", "tables/t1.csv": "b 1", "name.txt":
                                  "plain.csv", "module.py": "VALUE = 1\n", "package/inner.py":
                                  "VALUE = 1\n", "package/__init__.py": "", "spaces/part.py":
                                  "VALUE = 1\n", "data.json": "1", ".hidden": "1", "_part.qmd":
                                  "Included 1.\n", "tables/deep/t2.csv": "1"}.items():
                (folder / name).write_text(content)
            (folder / "link").symlink_to("plain.csv")
            self.base(folder, 1)
            picture(folder, 1)
        (self.root / "shared").mkdir()
        (self.root / "shared/helper.py").write_text("VALUE = 1\n")
        (self.root / "shared/n.txt").write_text("1")
        (parent / "outside.txt").write_text("1")
        (self.root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello, @sec-c1.\n")
        (self.root / "references.qmd").write_text(
            "# References {.unnumbered}\n\n::: {#refs}\n:::\n")
        self.bibliography(1)
        self.write()

    def bibliography(self, n):
        (self.root / "references.bib").write_text(
            f"@book{{ada, title={{Notes {n}}}, author={{Lovelace, Ada}}, year={{1843}}}}\n")

    def base(self, folder, n):
        (folder / "base.db").unlink(missing_ok=True)
        with sqlite3.connect(folder / "base.db") as base:
            base.execute("create table t (a)")
            base.execute("insert into t values (?)", [n])
        base.close()

    def write(self):
        settings = self.settings
        self.put("_quarto.yml", f"""project:
  type: book
bibliography: references.bib
book:
  title: "{settings['title']}"
  author: "A. N. Author"
  chapters: [index.qmd, {', '.join(settings['order'])}, references.qmd]
execute:
  echo: {settings['echo']}
  error: {settings['error']}
format:
  html:
    html-math-method: mathml
""")
        for name, chapter in self.chapters.items():
            cells = ["total = 1"] + [guarded(READS[each]) if chapter["guard"] else READS[each]
                                     for each in chapter["cells"]]
            blocks = "".join(f"```{{python}}\n{chapter['options']}{code}\n```\n\n"
                             for code in cells)
            self.put(name, f"# {chapter['heading']} {{#sec-{name[:2]}}}\n\n"
                     f"{chapter['text']} See [@ada].\n\n"
                     f"{{{{< include _part.qmd >}}}}\n\n![A picture](pic.svg){{fig-alt=\"A\"}}\n\n"
                     f"{blocks}The total is `{{python}} {chapter['inline']}`.\n")

    def put(self, name, content):
        path = self.root / name
        if not path.exists() or path.read_text() != content:
            path.write_text(content)

    def copy(self, place: Path) -> Path:
        """The book's sources elsewhere, with all beside it that it reads."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.root.parent, place, symlinks=True,
                        ignore=shutil.ignore_patterns(".book", "_book", "__pycache__"))
        return place / "book"


def picture(folder, n):
    (folder / "pic.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{n}"/>')


def write(name, content):
    """An edit of a file that keeps its times where it keeps its size, as the worst of editors."""
    def edit(book, folder, n):
        path = folder / name.format(n=n % 5)
        if path.is_dir():
            shutil.rmtree(path)
        for above in path.parents:
            if above.is_file():
                above.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        new = content.format(n=n)
        before = path.stat() if path.exists() else None
        path.write_text(new)
        if before and before.st_size == len(new) and n % 2:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    edit.__name__ = f"write {name}"
    return edit


def gone(name):
    def edit(book, folder, n):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.parent.is_dir():
            path.unlink(missing_ok=True)
    edit.__name__ = f"remove {name}"
    return edit


def renamed(name, other):
    def edit(book, folder, n):
        if (folder / name).is_file() and not (folder / other).is_dir():
            os.replace(folder / name, folder / other)
    edit.__name__ = f"rename {name} to {other}"
    return edit


def touched(name):
    def edit(book, folder, n):
        if (folder / name).exists():
            os.utime(folder / name, ns=(n * 10**9, n * 10**9))
    edit.__name__ = f"touch {name}"
    return edit


def relink(book, folder, n):
    (folder / "link").unlink(missing_ok=True)
    (folder / "link").symlink_to(["plain.csv", "tables/t1.csv", "link", "tables"][n % 4])


def set_chapter(name, values):
    def edit(book, folder, n):
        chapter = book.chapters[f"{folder.name}/page.qmd"]
        chapter[name] = values[n % len(values)]
        book.write()
    edit.__name__ = f"chapter's {name}"
    return edit


def set_book(name, values):
    def edit(book, folder, n):
        book.settings[name] = values[n % len(values)]
        book.write()
    edit.__name__ = f"book's {name}"
    return edit


def swap_cells(book, folder, n):
    cells = book.chapters[f"{folder.name}/page.qmd"]["cells"]
    cells.insert(n % (len(cells) + 1), NAMES[n % len(NAMES)])
    if len(cells) > 4:
        cells.pop((n // 7) % len(cells))
    book.write()


def rewrite_base(book, folder, n):
    (folder / "base.db").unlink(missing_ok=True)
    change_base(book, folder, n)


CHANGE_BASE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=600) as base:
    base.execute("create table if not exists t (a)")
    base.execute("delete from t")
    base.execute("insert into t values (?)", [int(sys.argv[2])])
"""


def change_base(book, folder, n):
    """Another program than the press does it: a process that reads the file loses SQLite's locks."""
    subprocess.run([sys.executable, "-c", CHANGE_BASE, folder / "base.db", str(n)], check=True)


def sources(book, folder, n):
    book.bibliography(n % 4)


def draw(book, folder, n):
    picture(folder, n % 5)


def nothing(book, folder, n):
    pass


OF_CODE = [swap_cells] * 6 + [
    set_chapter("text", ["A sentence.", "Another sentence.", "*Third*"]),
    set_chapter("heading", ["One", "Other"]),
    set_chapter("guard", [False, True]),
    set_chapter("inline", ["total", "total + 1", "1 + 1"]),
    set_chapter("options", ["", "#| echo: false\n", "#| eval: false\n", "#| error: true\n",
                            "#| cache: false\n", "#| output: false\n"]),
]
OF_DATA = [
    write("plain.csv", "a {n}"), write("plain.csv", "a longer {n}"),
    write("tables/t1.csv", "b {n}"), write("tables/deep/t2.csv", "{n}"),
    write("tables/t3.csv", "{n}"),
    write("name.txt", "tables/t1.csv"), write("name.txt", "plain.csv"), write("more.txt", "{n}"),
    write("module.py", "VALUE = {n}\n"), write("package/inner.py", "VALUE = {n}\n"),
    write("package/__init__.py", "# {n}\n"), write("spaces/part.py", "VALUE = {n}\n"),
    write("spaces/__init__.py", ""), write("module/__init__.py", "VALUE = -{n}\n"),
    write("helper.py", "VALUE = -{n}\n"), write("wave.py", "VALUE = {n}\n"),
    write("data.json", "{n}"), write(".hidden", "{n}"), write("made.txt", "{n}"),
    write("log.txt", "{n}"), write("own.txt", "{n}"), write("unread.txt", "{n}"),
    write("_part.qmd", "Included {n}.\n"), write("tables", "no folder"),
    write("../shared/helper.py", "VALUE = {n}\n"), write("../shared/n.txt", "{n}"),
    write("../../outside.txt", "{n}"), write("../shared/spaces/part.py", "VALUE = {n}\n"),
    *map(gone, ("plain.csv", "tables/t1.csv", "tables/deep", "tables", "module.py", "module",
                "package/inner.py", "package", "helper.py", "wave.py", "spaces/__init__.py",
                "base.db", "link", "more.txt", "made.txt", "log.txt", "out", "data.json")),
    renamed("tables/t1.csv", "tables/t9.csv"), renamed("tables/t3.csv", "tables/t1.csv"),
    renamed("plain.csv", "more.txt"), renamed("more.txt", "plain.csv"),
    *map(touched, ("plain.csv", "tables/t1.csv", "module.py", "page.qmd", "../_quarto.yml")),
    relink, rewrite_base, change_base, draw, nothing,
]
# Edits that should change what a cell prints, beside those of the files that most cells read.
MODULES = [write("module.py", "VALUE = {n}\n"), write("module/__init__.py", "VALUE = -{n}\n"),
           gone("module"), gone("module.py")]
HELPERS = [write("../shared/helper.py", "VALUE = {n}\n"), write("helper.py", "VALUE = -{n}\n"),
           gone("helper.py"), write("helper/__init__.py", "VALUE = {n}0\n"), gone("helper")]
LINKS = [relink, write("plain.csv", "a {n}"), gone("link"), write("tables/t1.csv", "b {n}")]
BASES = [rewrite_base, change_base, gone("base.db")]
RELEVANT = {
    "module": MODULES, "import_module": MODULES, "exec": MODULES, "runpy": MODULES,
    "sys.path": HELPERS, "sys.path, last": HELPERS, "wave": [write("wave.py", "VALUE = {n}\n"),
    write("wave/__init__.py", "VALUE = {n}\n"), gone("wave.py"), gone("wave")],
    "namespace": [write("spaces/part.py", "VALUE = {n}\n"), write("spaces/__init__.py", ""),
                  write("spaces/part/__init__.py", "VALUE = -{n}\n"), gone("spaces/part")],
    "package": [write("package/inner.py", "VALUE = {n}\n"), write("package/__init__.py", "# {n}"),
                write("package.py", ""), write("package/inner/__init__.py", "VALUE = -{n}\n"),
                gone("package/inner")],
    "link": LINKS, "readlink": LINKS, "kinds": LINKS, "sqlite": BASES, "attach": BASES,
    "exists": [write("more.txt", "{n}"), gone("more.txt"), gone("plain.csv")],
    "time": [touched("plain.csv")], "outside": [write("../../outside.txt", "{n}")],
    "hidden": [write(".hidden", "{n}"), gone(".hidden")], "up": [write("../shared/n.txt", "{n}")],
    "json": [write("data.json", "{n}"), gone("data.json")],
    "from another file": [write("name.txt", "tables/t1.csv"), write("name.txt", "plain.csv")],
}
OF_TABLES = [write("tables/t1.csv", "b {n}"), write("tables/t{n}.csv", "b"), gone("tables/t1.csv"),
             write("tables/deep/t2.csv", "{n}"), gone("tables/deep"), write("plain.csv", "a {n}"),
             write("plain.csv", "a longer {n}"), gone("tables")]


def what_is_read(book, folder, n):
    """An edit of what one of the chapter's cells reads."""
    cells = book.chapters[f"{folder.name}/page.qmd"]["cells"]
    edits = RELEVANT.get(cells[n % len(cells)], OF_TABLES) if cells else OF_TABLES
    edits[(n // 7) % len(edits)](book, folder, n)


OF_BOOK = [
    sources, set_book("title", ["A book", "The book"]), set_book("echo", ["true", "false"]),
    set_book("error", ["false", "true"]),
    set_book("order", [CHAPTERS, CHAPTERS[::-1], CHAPTERS[1:], CHAPTERS[1:3]]),
]
numbers = st.integers(0, 9999)
edit = st.tuples(st.sampled_from([what_is_read] * 80 + OF_DATA + OF_CODE * 2), numbers)
# A step: for each chapter an edit or none, and now and then one of the book.
step = st.tuples(st.tuples(*[edit] * len(CHAPTERS)),
                 st.one_of(st.none(), st.none(), st.tuples(st.sampled_from(OF_BOOK), numbers)))


def cells_of(draw_numbers):
    return [NAMES[number % len(NAMES)] for number in draw_numbers]


beginnings = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3),
                      min_size=len(CHAPTERS), max_size=len(CHAPTERS))


def begin(parent, cells):
    """A book whose chapters have these cells."""
    book = Book(parent)
    for name, own in zip(CHAPTERS, cells, strict=True):
        book.chapters[name]["cells"] = list(own)
    book.write()
    return book


def apply(book, edits, of_book) -> int:
    """Make the edits of a step; how many there were."""
    for name, (change, n) in zip(CHAPTERS, edits, strict=True):
        change(book, (book.root / name).parent, n)
    if of_book:
        of_book[0](book, book.root, of_book[1])
    return len(edits) + bool(of_book)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}
