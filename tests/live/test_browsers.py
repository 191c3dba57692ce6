"""Each live cell in Firefox and WebKit, where they are: run, edited, failed, stopped, shared, reset.

By touch, with axe in each state, and by keyboard; all with one Python a browser. On request the
same with every live cell of the book.
"""

import shutil
from pathlib import Path

import pytest
from accessibility import violations
from other_browsers import CONTROL, ENTER, Firefox, WebKit
from programs import needs
from waiting import until

from bookbuild.live import assemble
from bookbuild.source import Cell, split_source

ROOT = Path(__file__).parents[2]
FIGURES = {"fig-xor": "final loss 0.246", "fig-activations": "", "fig-computation-graph": ""}
FIND = """const cell = [...document.querySelectorAll(".live-cell")].find((each) =>
  each.matches(`[id^="${arguments[0]}"], :has([id^="${arguments[0]}"])`));
"""
BUTTON = FIND + """const button = [...cell.querySelectorAll("button")].find((each) =>
  each.textContent.trim() === arguments[1] && each.offsetParent);
button?.focus();
return document.activeElement === button;"""


class Reader:
    """What a reader does with the cells of a page, by keyboard."""

    def __init__(self, browser):
        self.browser = browser

    def look(self, name: str, code: str):
        return self.browser.script(FIND + f"return {code};", name)

    def until(self, name: str, code: str):
        return until(lambda: self.look(name, code), f"{code} in {name}")

    def press(self, name: str, label: str) -> None:
        until(lambda: self.browser.script(BUTTON, name, label), f"the button {label} of {name}")
        self.browser.type(ENTER)

    def tap(self, name: str, label: str) -> None:
        """Touch a button, by its words or its name."""
        def button():
            return self.look(name, f"""[...cell.querySelectorAll("button")].find((each) => each.offsetParent
                && [each.textContent.trim(), each.getAttribute("aria-label")].includes({label!r}))""")
        self.browser.tap(until(button, f"the button {label} of {name}"))

    def touch(self, name: str) -> str:
        """Run the cell by touch, wait for its end; its status and what it shows."""
        self.forget(name)
        self.tap(name, "Run")
        return self.ended(name)

    def faults(self, name: str) -> list:
        """What axe finds wrong with the cell as it is."""
        self.look(name, "cell.classList.add('looked-at')")
        found = violations(self.browser, within=".looked-at")
        self.look(name, "cell.classList.remove('looked-at')")
        return found

    def edit(self, name: str, code: str | None = None) -> None:
        if not self.look(name, "Boolean(cell.querySelector('.cm-content')?.offsetParent)"):
            self.press(name, "Edit and run")
        self.until(name, "Boolean(cell.querySelector('.cm-content')?.offsetParent)")
        self.look(name, "cell.querySelector('.cm-content').focus()")
        if code is not None:
            self.browser.type(f"{CONTROL}a")
            self.browser.type(code)

    def run(self, name: str, code: str | None = None) -> str:
        """Run the cell, wait for its end; its status and what it shows."""
        self.edit(name, code)
        self.forget(name)
        self.browser.type(CONTROL + ENTER)
        return self.ended(name)

    def forget(self, name: str) -> None:
        """The last run's end is not to be taken for that of one whose key or click is on its way."""
        self.look(name, "cell.removeAttribute('data-live')")

    def ended(self, name: str) -> str:
        status = self.until(name, "cell.dataset.live !== 'running' && cell.dataset.live")
        return f"{status}: {self.look(name, 'cell.querySelector(`.live-output`).innerText')}"


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def reader(request, site, tmp_path_factory):
    needs(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    with {"firefox": Firefox, "webkit": WebKit}[request.param](folder) as browser:
        browser.ask("Navigate", url=f"{site}chapters/one.html")
        yield Reader(browser)


def test_by_touch(reader):
    for name, said in {"plain": "total 10", **FIGURES}.items():
        reader.tap(name, "Edit and run")
        assert reader.touch(name).startswith(f"done: {said}")
    assert reader.faults("plain") == []
    reader.browser.tap(reader.look("plain", "cell.querySelector('.cm-content')"))
    reader.browser.type(f"{CONTROL}a")
    reader.browser.type("1 / 0")
    assert reader.touch("plain").startswith("failed: ")
    assert reader.faults("plain") == []
    reader.edit("plain", "while True: pass")
    reader.tap("plain", "Run")
    assert reader.faults("plain") == []
    reader.tap("plain", "Stop")
    assert reader.ended("plain").startswith("stopped")
    assert reader.faults("plain") == []

    reader.tap("fig-xor", "Unit 1 of layer 1")
    reader.tap("fig-xor", "Switch it off")
    reader.until("fig-xor", "cell.querySelector('.live-epoch').innerText.includes('with 1 unit off')")
    assert reader.faults("fig-xor") == []

    reader.tap("task", "Edit and run")
    reader.touch("task")
    reader.tap("task", "Hint 1 of 2")
    reader.until("task", "cell.querySelector('.live-hints').innerText.includes('two times two')")
    reader.tap("task", "Copy link")
    reader.until("task", "/copied|address bar/.test(cell.querySelector('.live-status').innerText)")
    assert reader.faults("task") == []
    for name in ("plain", "task", *FIGURES):
        reader.tap(name, "Reset")
        reader.until(name, "cell.querySelector('.live-output').hidden")


def test_by_keyboard(reader):
    assert reader.run("plain").startswith("done: total 10")
    assert reader.run("plain", "print(6 * 7)").startswith("done: 42")
    assert "line 1: 1 / 0" in (failed := reader.run("plain", "1 / 0"))
    assert failed.startswith("failed: ")

    for code in ("while True: pass", "while True: print(1)"):
        reader.edit("plain", code)
        reader.browser.type(CONTROL + ENTER)
        reader.until("plain", "cell.dataset.live === 'running'")
        reader.press("plain", "Stop")
        assert reader.ended("plain").startswith("stopped")
    assert reader.run("plain", "print(6 * 7)").startswith("done: 42")

    for name, said in FIGURES.items():
        assert reader.run(name).startswith(f"done: {said}")
        reader.until(name, "cell.querySelector('img.live-figure').naturalWidth > 300")

    answer = "cell.querySelector('.live-answer').innerText"
    reader.run("task")
    assert "Not yet" in reader.look("task", answer)
    reader.run("task", "double = lambda x: 2 * x")
    assert "Right: all 2 checks hold" in reader.look("task", answer)

    reader.press("task", "Copy link")
    reader.until("task", "cell.querySelector('.live-status').innerText === 'Link copied'")
    reader.edit("plain", f"{CONTROL}v")
    link = reader.until("plain", "cell.querySelector('.cm-content').innerText")
    assert link.startswith("http://127.0.0.1")
    reader.press("task", "Reset")
    reader.until("task", "cell.querySelector('.cm-content').innerText.includes('return x')")
    reader.browser.script("location.href = arguments[0]", link)
    reader.until("task", "cell.querySelector('.cm-content').innerText.includes('lambda')")
    assert "read it before you run it" in reader.look("task", "cell.querySelector('.live-notice').innerText")


# ------------------------------------------------------------------ every cell of the book, on request

# What the page holds beside its live cells: axe would look through it in each state of each of them.
OTHERS = """const kept = [...document.querySelectorAll(".live-cell, .live-check")];
(function prune(node) {
  for (const child of [...node.children]) {
    if (kept.includes(child)) continue;
    if (kept.some((each) => child.contains(each))) prune(child);
    else if (!child.matches("script, style, link")) child.remove();
  }
})(document.body);"""
PICTURES = "[...cell.querySelectorAll('.live-output img')]"


@pytest.fixture(scope="module")
def whole_site(real_book, runtime, tmp_path_factory, serving):
    folder = tmp_path_factory.mktemp("whole") / "site"
    shutil.copytree(real_book.output, folder)
    assemble(ROOT, folder / "site_libs" / "live", runtime, print)
    yield from serving(folder)


@pytest.mark.needs("every cell")
@pytest.mark.parametrize("chapter", ["neural-networks", "smoke"])
def test_every_live_cell_of_the_book(request, reader, chapter):
    site = request.getfixturevalue("whole_site")
    reader.browser.ask("Navigate", url=f"{site}chapters/{chapter}.html")
    reader.browser.script(OTHERS)
    source = (ROOT / "chapters" / f"{chapter}.qmd").read_text(encoding="utf-8")
    names = [piece.options["label"] for piece in split_source(source).pieces
             if isinstance(piece, Cell) and "live" in piece.options.get("classes", "").split()]
    assert len(names) == reader.browser.script("return document.querySelectorAll('.live-cell').length")
    for name in names:
        try_all(reader, name)


def try_all(reader, name: str) -> None:
    """Run a cell, and have it edited, failed, stopped, shared and reset."""
    pictures = reader.look(name, "cell.querySelectorAll('img').length")
    reader.tap(name, "Edit and run")
    assert reader.touch(name).startswith("done: "), name
    assert reader.look(name, f"{PICTURES}.length") >= pictures, name
    reader.until(name, f"{PICTURES}.every((each) => each.naturalWidth > 300)")
    assert reader.faults(name) == []
    assert reader.run(name, "print(6 * 7)").startswith("done: 42"), name
    assert reader.faults(name) == []
    assert "line 1: 1 / 0" in reader.run(name, "1 / 0"), name
    assert reader.faults(name) == []
    reader.edit(name, "while True: pass")
    reader.tap(name, "Run")
    assert reader.faults(name) == []
    reader.press(name, "Stop")
    assert reader.ended(name).startswith("stopped"), name
    reader.tap(name, "Copy link")
    reader.until(name, "/copied|address bar/.test(cell.querySelector('.live-status').innerText)")
    assert reader.faults(name) == []
    reader.tap(name, "Reset")
    reader.until(name, "cell.querySelector('.live-output').hidden")
    assert reader.look(name, "[...cell.querySelectorAll('img')].every((each) => each.offsetParent)"), name
    assert reader.faults(name) == []
