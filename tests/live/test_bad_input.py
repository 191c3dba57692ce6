"""What cells must not do gets a clear answer, and nothing that they print is markup."""

import re

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("code, answer", [
    ("x = = 1", "SyntaxError: invalid syntax"),
    ("print(undefined)", "NameError: name 'undefined' is not defined"),
    ("input('name? ')", "a live cell cannot ask for input(): assign the value in the code"),
    ("import os\nos.system('ls')", "a live cell cannot run other programs"),
    ("import urllib.request\nurllib.request.urlopen('https://example.org')", "A live cell has no network"),
    ("import js\njs.fetch('https://example.org')", "A live cell has no network"),
    ("import scipy", "Live cells have numpy, matplotlib, pandas and deepmath"),
    ("def f(): f()\nf()", "RecursionError"),
    ("x = bytearray(1_500_000_000)", "A live cell may use one gigabyte of memory."),
    ("raise SystemExit", "SystemExit"),
    ("import sys\nsys.setrecursionlimit(10**9)", "a live cell can go 10,000 calls deep at most"),
    ("import matplotlib.pyplot as plt\nplt.title(r'$\\frac{1}$');", "line 2: plt.title(r'$\\frac{1}$');\n"
     "While the figure was drawn:\nValueError: "),
    ("import matplotlib.pyplot as plt\nplt.figure(figsize=(10000, 1));", "is too large to be shown"),
    ("import matplotlib.pyplot as plt\nplt.title('日本語');", "line 2: UserWarning: Glyph 26085"),
    ("import matplotlib.pyplot as plt\nplt.title('日本語')\nplt.show()", "line 3: UserWarning: Glyph 26085"),
    ("import numpy as np\nnp.linalg.inv(np.zeros((2, 2)))", "line 2: np.linalg.inv(np.zeros((2, 2)))\n"
     "numpy.linalg.LinAlgError: Singular matrix"),
    ("import numpy as np\nnp.linalg.solve(np.ones((2, 2)), [1, 2])", "Singular matrix"),
    ("import numpy as np\nnp.linalg.cholesky(-np.eye(2))", "Matrix is not positive definite"),
    ("import numpy as np\nprint(np.linalg.inv(2 * np.eye(1)), np.log(0))", "[[0.5]] -inf\n\nElsewhere numpy warns"),
    ("%matplotlib inline", "Lines that begin with % or ! are a notebook's"),
    ("for k in range(9): print(k, end='\\r')\nprint()", "8"),
    # Python itself breaks down: it says where, and there is another for the next run.
    ("x = []\nfor _ in range(100_000): x = [x]\nrepr(x)", "line 3: repr(x)\nMaximum call stack size exceeded"),
    ("import faulthandler\nfaulthandler._sigsegv()", "line 2: faulthandler._sigsegv()\nunreachable"),
    ("import js\njs.self.close()", "the code closed the worker that it ran in"),
    ("import os\nos._exit(3)", "Program terminated with exit(3)"),
    ("", ""),
])
def test_the_answer_to(reader, code, answer):
    assert answer in reader.run(code)


def test_what_a_run_does_to_a_library_ends_with_it(reader):
    reader.run("import deepmath, builtins, statistics\ndeepmath.default_rng = statistics.mean = 3\n"
               "builtins.len = None\ndeepmath.Network.predict = None")
    shown = reader.run("import deepmath, statistics\nprint(len('four'), statistics.mean([1, 3]), "
                       "callable(deepmath.default_rng), callable(deepmath.Network.predict))")
    assert shown == "4 2 True True"


# The first run's end is told as if the machine had trapped in it.
FIRST_TRAPS = """const { get, set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
globalThis.trapped = [];
Object.defineProperty(MessagePort.prototype, "onmessage", { get, set(heard) {
  set.call(this, ({ data }) => {
    const isFirst = data.type === "done" && !trapped.length && trapped.push(data.id);
    heard({ data: isFirst ? { type: "broken", id: data.id, message: "Out of bounds memory access", isTrap: true } : data });
  });
} });"""


def test_a_run_in_which_the_browser_traps_is_run_once_more(visitor, site):
    page = (reader := visitor(f"{site}chapters/one.html", script=FIRST_TRAPS)).page
    assert reader.run("print(6 * 7)") == "42"
    assert page.evaluate("trapped.length") == 1
    expect(reader.cell().locator(".live-status")).to_have_text(
        "Done, in a second run: Python had broken down in the first")
    assert reader.run("print(7 * 7)") == "49"
    expect(reader.cell().locator(".live-status")).to_have_text("Done")


def test_a_run_that_traps_twice_has_failed(reader):
    assert reader.run("import faulthandler\nfaulthandler._sigsegv()").endswith(
        "Python broke down in this run, twice, and has been started again.")
    assert reader.run("print('x' * 3)") == "xxx"


def test_python_is_still_there_after_all_that(reader):
    assert reader.run("print('still here')") == "still here"


def test_a_huge_print_is_cut(reader):
    shown = reader.run("for k in range(100_000): print('line', k)")
    assert shown.startswith("line 0\n") and shown.endswith("characters is not shown.")
    assert len(shown) < 101_000


def test_a_huge_figure_is_made_smaller(reader):
    shown = reader.run("import matplotlib.pyplot as plt\nplt.figure(figsize=(40, 40), dpi=100)\nplt.plot([1, 2])\nplt.show()")
    assert "40 by 40 inches, is shown with 100 dots an inch" in shown
    picture = reader.cell().locator("img.live-figure")
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") <= 4000


def test_nothing_that_code_prints_is_markup(reader):
    mark = "<img src=x onerror='window.harmed = 1'><script>window.harmed = 1</script>"
    assert mark in reader.run(f"print({mark!r})")
    assert mark in reader.run(f"raise ValueError({mark!r})")
    assert reader.page.evaluate("window.harmed") is None
    assert not reader.page.locator("img[src=x]").count()


def test_run_while_python_loads_waits_for_it(reader):
    cell = reader.edit("while True: pass")
    # A run that hears nothing ends with its Python: the second one is stopped while that loads.
    for words in ("Running", "Running|Loading"):
        cell.get_by_role("button", name="Run", exact=True).click()
        expect(cell.locator(".live-status")).to_have_text(re.compile(words))
        cell.get_by_role("button", name="Stop").click()
        reader.ended()
        assert reader.status() == "stopped"
    assert reader.run("print('after')") == "after"


def test_two_cells_take_turns(reader):
    reader.edit("print('first')\nwhile True: pass")
    reader.edit("print('second')", "task")
    for name in ("plain", "task"):
        reader.cell(name).get_by_role("button", name="Run", exact=True).click()
    reader.cell().get_by_text("first", exact=True).wait_for()
    waiting = reader.cell("task").locator(".live-status")
    expect(waiting).to_contain_text("Waiting for the run before")
    reader.cell().get_by_role("button", name="Stop").click()
    assert reader.ended("task").startswith("second")
    assert reader.ended() == "first" and reader.status() == "stopped"


TRAINING = """from deepmath import *
X, y = xor(20, 0)
network = Network((2, 4, 1))
fit(network, network.initialise(0), X, y, n_epochs=10**7)"""


def test_a_button_of_a_run_that_is_over_says_nothing_to_another_cells(reader):
    cell, task = reader.edit(TRAINING), reader.edit("while True: pass", "task")
    for one in (cell, task):
        one.get_by_role("button", name="Run", exact=True).click()
    cell.get_by_role("button", name="Pause").wait_for()
    cell.locator(".cm-content").press("Control+Enter")          # behind the other cell's run
    expect(task.locator(".live-status")).to_contain_text("Running")
    cell.get_by_role("button", name="Pause").click()
    assert "Waiting" in cell.locator(".live-status").inner_text()
    for one in (cell, task):
        one.get_by_role("button", name="Stop").click()
        expect(one).to_have_attribute("data-live", "stopped")
    cell.get_by_role("button", name="Reset").click()


def test_tab_leaves_the_editor(reader):
    cell = reader.edit("x = 1")
    cell.locator(".cm-content").focus()
    reader.page.keyboard.press("Tab")
    assert not cell.locator(".cm-content").evaluate("(editor) => editor.contains(document.activeElement)")
    assert reader.code() == "x = 1"


def test_two_tabs_have_a_python_each(reader):
    other = reader.page.context.new_page()
    other.goto(reader.page.url)
    other.get_by_role("button", name="Edit and run").last.wait_for()
    assert reader.run("print('here')") == "here"
    other.close()
    assert reader.run("print('and here')") == "and here"
