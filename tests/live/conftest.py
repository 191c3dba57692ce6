"""A small book with live cells, printed by either press, and served as any static server would."""

import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from programs import needs

from bookbuild.files import locked
from bookbuild.quarto import find_quarto

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / ".runtime"
CONFIG = """project:
  type: book
  output-dir: _book
  pre-render: code/bookbuild/live/quarto/prepare.py
book:
  title: "Live"
  author: "A. N. Author"
  chapters: [index.qmd, chapters/one.qmd]
format:
  html:
    html-math-method: mathml
    code-copy: true
    filters: [code/bookbuild/live/quarto/live.lua]
"""
FIGURES = ["fig-activations", "fig-computation-graph"]
PLAIN = '''
```{python}
import math
factor = 3
```

```{python}
#| label: plain
#| classes: live
total = sum(range(5))
print("total", total)
```
'''
TASK = '''
```{python}
#| label: task
#| classes: live
def double(x):
    return x
```

```{python}
#| classes: check
#| eval: false
# Hint: What is two times two,
#   and what is x times two?
# Hint: An asterisk multiplies.
# Solution: solutions.qmd#double
assert double(2) == 4, "double(2) should be 4."
assert double(-1) == -2, "Negative numbers, too."
```
'''


ADVICE = """
With [`N_HIDDEN = 4`]{.try} it fails, with [`ACTIVATION = "tanh"` and `N_EPOCHS = 300`]{.try
cell="fig-xor"} it is slow, and [`N_SUCH = 4`]{.try} is no setting of a cell.
"""


def cell_of_chapter(label: str) -> str:
    """A cell of the book itself, as it stands in the chapter."""
    chapter = (ROOT / "chapters" / "neural-networks.qmd").read_text(encoding="utf-8")
    return re.search(rf"```{{python}}\n#\| label: {label}\n.*?\n```\n", chapter, re.DOTALL)[0]


def print_book(folder: Path, press: str, runtime: bool = True, results: Path | None = None) -> Path:
    """The small book, printed with or without a runtime of its own; the folder of its pages.

    Its cells need not run where there is a folder of kept `results`.
    """
    (folder / "chapters").mkdir(parents=True)
    (folder / "code").symlink_to(ROOT / "code")
    (folder / ".book" / "live").mkdir(parents=True)
    for made in ("editor", "packs"):        # once for all books
        (ROOT / ".book" / "live" / made).mkdir(parents=True, exist_ok=True)
        (folder / ".book" / "live" / made).symlink_to(ROOT / ".book" / "live" / made)
    if results:
        shutil.copytree(results, folder / ".book" / "results")
    (folder / "_quarto.yml").write_text(CONFIG)
    (folder / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
    (folder / "chapters" / "one.qmd").write_text(
        "\n".join(["# One\n", PLAIN, cell_of_chapter("fig-xor"), ADVICE, TASK,
                   *map(cell_of_chapter, FIGURES)]))
    if press == "builtin":
        command = [sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", "--to",
                   "html", *(["--runtime", RUNTIME] if runtime else []), folder]
    else:
        command = [find_quarto(), "render", folder, "--to", "html"]
    environment = {"BOOK_RUNTIME": str(RUNTIME)} if runtime else {}
    subprocess.run(command, check=True, env={**os.environ, **environment,
                                             "QUARTO_PYTHON": sys.executable})
    return folder / "_book"


@pytest.fixture(scope="session")
def runtime() -> Path:
    needs("runtime")
    return RUNTIME


def printed_once(folder: Path, *how) -> Path:
    """The folder of the small book's pages, which another worker may have printed."""
    folder.mkdir(exist_ok=True)
    with locked(folder / "lock", lambda: None):
        if not (done := folder / "done").exists():
            shutil.rmtree(folder / "book", ignore_errors=True)
            print_book(folder / "book", "builtin", *how)
            done.touch()
    return folder / "book" / "_book"


@pytest.fixture(scope="session")
def book(runtime, shared_folder) -> Path:
    return printed_once(shared_folder / "live")


class Files(SimpleHTTPRequestHandler):
    """A plain static server, but for files that `faults` names: refused, missing or altered."""

    faults: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []
    policy: ClassVar[str] = ""

    def end_headers(self):
        if self.policy and self.path.endswith(".html"):
            self.send_header("Content-Security-Policy", self.policy)
            self.send_header("Cache-Control", "no-store")       # the next one is read, too
        super().end_headers()

    def do_GET(self):
        self.asked.append(self.path)
        name = self.path.rpartition("/")[2]
        fault = self.faults.get(name)
        if fault == "missing":
            self.send_error(404)
        elif fault == "altered":
            content = Path(self.translate_path(self.path)).read_bytes() + b" "
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        elif fault == "down":
            self.close_connection = True
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


def serve(folder: Path):
    """Serve a folder from loopback; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@pytest.fixture(scope="session")
def site(book):
    yield from serve(book)


@pytest.fixture(scope="session")
def serving():
    """Serve a folder."""
    return serve


@pytest.fixture(scope="session")
def press_and_serve():
    """Print the small book with a press and serve it."""
    return lambda *args, **options: serve(print_book(*args, **options))


@pytest.fixture(scope="session")
def book_without_runtime(book, shared_folder) -> Path:
    """The same, with Pyodide from its delivery network."""
    results = book.parent / ".book" / "results"
    return printed_once(shared_folder / "live-by-network", False, results)


@pytest.fixture(scope="session")
def file_without_runtime(book_without_runtime) -> str:
    return (book_without_runtime / "chapters" / "one.html").as_uri()


@pytest.fixture(scope="module")
def site_without_runtime(book_without_runtime):
    for address in serve(book_without_runtime):
        yield f"{address}chapters/one.html"


@pytest.fixture
def with_network(runtime):
    """Give a reader's browser the delivery network's files from the folder of the runtime."""
    def connect(reader, asked=None, altered=()):
        def answer(route):
            name = route.request.url.rpartition("/")[2]
            if asked is not None:
                asked.append(route.request.url)
            file = runtime / name
            content = {"body": file.read_bytes() + b" "} if name in altered else {"path": file}
            kind = "application/wasm" if name.endswith(".wasm") else "text/plain"
            route.fulfill(**content, headers={"Access-Control-Allow-Origin": "*",
                                              "Content-Type": kind})

        reader.page.context.route("https://cdn.jsdelivr.net/**", answer)
        return reader
    return connect


@pytest.fixture
def without_python():
    """Let no Python load in a reader's pages, as it does where one edits: for tests that run nothing."""
    contexts = []

    def block(reader):
        contexts.append(reader.page.context)
        contexts[-1].route("**/runtime/*", lambda route: route.abort())
        return reader

    yield block
    for context in contexts:
        context.unroute("**/runtime/*")


@pytest.fixture
def asked() -> list[str]:
    """The paths that the book's host is asked for, from now on."""
    Files.asked.clear()
    return Files.asked


@pytest.fixture
def policy():
    """Have the book's host send its pages with a Content-Security-Policy."""
    def send(words):
        Files.policy = words
    yield send
    Files.policy = ""


@pytest.fixture
def faults():
    Files.faults = {}
    yield Files.faults
    Files.faults = {}


class Reader:
    """What a reader does with the cells of a page."""

    def __init__(self, page, errors):
        self.page, self.errors = page, errors

    def cell(self, name: str = "plain"):
        return self.page.locator(f".live-cell:has([id^='{name}']), .live-cell#{name}").first

    def edit(self, code: str | None = None, name: str = "plain"):
        """Open the cell, and put code into its editor."""
        cell = self.cell(name)
        opens = cell.get_by_role("button", name="Edit and run", disabled=False)   # else it is at it
        if opens.is_visible():
            opens.click()
        editor = cell.locator(".cm-content, .live-plain")
        editor.wait_for()
        if code is not None:
            editor.click()
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(code)
        return cell

    def run(self, code: str | None = None, name: str = "plain") -> str:
        """Run the cell, wait for its end, and return the text of its output."""
        cell = self.edit(code, name)
        cell.get_by_role("button", name="Run", exact=True).click()
        return self.ended(name)

    def ended(self, name: str = "plain") -> str:
        cell = self.cell(name)
        self.page.wait_for_function("cell => cell.dataset.live && cell.dataset.live !== 'running'",
                                    arg=cell.element_handle(), polling=50)    # not each frame
        return cell.locator(".live-output").inner_text().strip()

    def status(self, name: str = "plain") -> str:
        return self.cell(name).get_attribute("data-live")

    def code(self, name: str = "plain") -> str:
        return "\n".join(self.cell(name).locator(".cm-line").all_inner_texts())


# A script of a browser that cannot make Python wait; the page's worker is made from a text, which it
# changes.
CHANGED_WORKER = """const Plain = Blob;
globalThis.Blob = class extends Plain {
  constructor(parts, options) {
    const change = (part) => (typeof part === "string" ? (%s)(part) : part);
    super(options?.type === "text/javascript" ? parts.map(change) : parts, options);
  }
};"""
NO_WAITING = """const less = "delete WebAssembly.Suspending; delete WebAssembly.promising;";
(0, eval)(less);""" + CHANGED_WORKER % "(part) => less + part"


def opened(chromium, address, script="", **options) -> Reader:
    """A fresh reader on a page; a script runs before those of the page."""
    context = chromium.new_context(**{"viewport": {"width": 1100, "height": 900}} | options)
    context.add_init_script(script)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    return Reader(page, errors)


@pytest.fixture
def no_waiting() -> str:
    return NO_WAITING


@pytest.fixture
def visitor(chromium):
    """`visitor(address)` opens a page as a fresh reader, for one test."""
    readers = []

    def visit(address, **options):
        readers.append(opened(chromium, address, **options))
        return readers[-1]

    yield visit
    for one in readers:
        one.page.context.close()
        assert not one.errors


@pytest.fixture(scope="module")
def reader(chromium, site):
    """One reader with one Python for all tests of a module; each begins with the book's code."""
    one = opened(chromium, f"{site}chapters/one.html",
                 permissions=["clipboard-read", "clipboard-write"])
    yield one
    one.page.context.close()
    assert not one.errors
