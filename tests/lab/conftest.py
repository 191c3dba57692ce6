"""A real JupyterLab in a copy of the book, and a reader who opens its chapters in Chromium."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from few_seeds import with_few_seeds
from playwright.sync_api import TimeoutError
from waiting import LIMIT, PATIENCE, until

ROOT = Path(__file__).parents[2]
PARTS = ("_quarto.yml", "icon.svg", "index.qmd", "references.qmd", "references.bib", "chapters",
         "data")
SMALL = """\
project:
  type: book
book:
  title: Small
  chapters: [index.qmd]
"""
# The file in front, its kernel's state, and what a dialog asks.
SHOWN = """() => {
    const { context, sessionContext } = jupyterapp.shell.currentWidget ?? {};
    return [context?.path ?? "", sessionContext?.session?.kernel?.status ?? "",
            document.querySelector(".jp-Dialog-content")?.innerText ?? ""];
}"""
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/lab")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The book's folder and JupyterLab's address; in the book's folder `small`, another book."""
    book, own = tmp_path_factory.mktemp("lab") / "book", tmp_path_factory.mktemp("jupyter")
    book.mkdir()
    for name in PARTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, book / name)
    for chapter in (book / "chapters").glob("*.qmd"):
        chapter.write_text(with_few_seeds(chapter.read_text(encoding="utf-8")), encoding="utf-8")
    (book / "small").mkdir()
    (book / "small" / "_quarto.yml").write_text(SMALL)
    variables = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR",
                 "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    # Kernels have files for sockets, whose names may not be long: a port that is free now may be
    # another test's when the kernel has started.
    sockets = tempfile.TemporaryDirectory()
    environment = os.environ | {name: str(own / name) for name in variables} | {
        "JUPYTER_RUNTIME_DIR": sockets.name}
    command = [sys.executable, "-m", "bookbuild.cli", "lab", "--no-browser",
               "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
               "--KernelManager.transport=ipc"]
    command += ["--allow-root"] * (hasattr(os, "geteuid") and os.geteuid() == 0)
    with open(own / "log", "w") as log:
        server = subprocess.Popen(command, cwd=book, env=environment, stdout=log, stderr=log,
                                  start_new_session=True)
    try:
        yield book, f"http://127.0.0.1:{port_of(server, own / 'log')}/lab"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(LIMIT)
        sockets.cleanup()


def port_of(server: subprocess.Popen, log: Path) -> str:
    """The port, as soon as the server answers."""
    def answering():
        if found := ADDRESS.search(log.read_text()):
            with suppress(OSError):         # a busy machine says where before it answers
                urlopen(f"http://127.0.0.1:{found[1]}/api", timeout=LIMIT).close()
                return found[1]

    return until(answering, "JupyterLab's answer", lambda: server.poll() is not None
                 and f"JupyterLab did not start:\n{log.read_text()}")


class Reader:
    """A page of JupyterLab, and what a reader does in it."""

    def __init__(self, context, book: Path, address: str) -> None:
        self.book, self.page = book, context.new_page()
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{address}?reset")
        self.page.locator(".jp-DirListing-item").first.wait_for()

    def open(self, name: str) -> None:
        """Open a chapter and wait for its kernel: one of the listing by a double-click.

        The listing stays where it is. When it is refreshed while it goes to another folder, the
        answers may come in the wrong order: then it shows the folder before.
        """
        if "/" in name:
            self.page.evaluate("path => jupyterapp.commands.execute('docmanager:open', { path })"
                               ".then(() => null)", name)
        else:
            self.page.locator(".jp-DirListing-item", has_text=name).first.dblclick()
        try:
            self.page.wait_for_function(
                f"name => String(({SHOWN})()) === String([name, 'idle', ''])", arg=name, polling=100)
        except TimeoutError as error:
            raise AssertionError(f"{name} is not open, but {self.page.evaluate(SHOWN)}") from error

    def cell(self, label: str):
        """The cell with a label, brought into view."""
        self.page.evaluate(
            """async label => {
                const notebook = jupyterapp.shell.currentWidget.content;
                const at = notebook.widgets.findIndex(cell => cell.model.id === label);
                notebook.activeCellIndex = at;
                await notebook.scrollToItem(at, 'start');
            }""", label)
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")

    def change(self, label: str, line: str, new: str) -> None:
        """Replace a line of a cell, by the keyboard."""
        self.cell(label).locator(".cm-line", has_text=line).first.click()
        self.page.keyboard.press("Home")
        self.page.keyboard.press("Shift+End")
        self.page.keyboard.type(new)

    def run(self, label: str):
        """Run a cell; its output."""
        self.cell(label).locator(".cm-content").first.click()
        self.page.keyboard.press("Control+Enter")
        return self.output(label)

    def output(self, label: str):
        return self.cell(label).locator(".jp-Cell-outputWrapper")

    def run_all(self) -> list[str]:
        """Run all cells; the errors of those that failed."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        return self.page.wait_for_function(
            """() => {
                const codes = jupyterapp.shell.currentWidget.content.widgets
                    .map(cell => cell.model).filter(model => model.type === 'code');
                return codes.every(model => model.executionCount && model.executionState === 'idle')
                    && codes.flatMap(model => model.outputs.toJSON())
                        .filter(output => output.output_type === 'error')
                        .map(({ evalue }) => evalue);
            }""", timeout=5 * PATIENCE, polling=500).json_value()

    def source(self, label: str) -> str:
        return self.page.evaluate(
            "label => jupyterapp.shell.currentWidget.content.widgets"
            ".find(cell => cell.model.id === label).model.sharedModel.getSource()", label)

    def save(self) -> None:
        self.page.keyboard.press("Control+s")

    def saved(self) -> None:
        """Wait until nothing is left to be saved."""
        self.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty", polling=100)

    def close(self) -> None:
        """Close the chapter, whatever was not saved."""
        self.page.evaluate(
            """async () => {
                const panel = jupyterapp.shell.currentWidget;
                panel.context.model.dirty = false;
                await panel.context.sessionContext.shutdown();
                panel.close();
            }""")

    def dialog(self):
        return self.page.locator(".jp-Dialog-content")

    def answer(self, button: str) -> None:
        self.dialog().get_by_role("button", name=button, exact=True).click()
        self.dialog().wait_for(state="detached")


@pytest.fixture(scope="module")
def page(chromium, lab):
    context = chromium.new_context(viewport={"width": 1300, "height": 1000})
    yield Reader(context, *lab)
    context.close()


@pytest.fixture
def reader(page):
    """A reader with nothing open."""
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        page.page.screenshot(path=Path(folder) / f"{len(os.listdir(folder))}.png")
    page.close()
