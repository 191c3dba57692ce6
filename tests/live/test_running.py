"""A reader edits, runs, stops, resets and shares cells: real Chromium, real Pyodide, no headers."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from waiting import holding

from bookbuild.source import Cell, split_source
from deepmath import DivergenceError, GradientDescent, Network, accuracy, default_rng, fit, xor

XOR = "fig-xor"
CHAPTERS = Path(__file__).parents[2] / "chapters"


def as_in_the_book(reader):
    """The XOR cell, open, with the book's code in it."""
    reader.edit(name=XOR).get_by_role("button", name="Reset").click()
    return reader.edit(name=XOR)


def test_the_page_is_complete_before_anyone_asks(reader):
    cell = reader.cell()
    assert cell.locator(".cell-output").inner_text().strip() == "total 10"
    loaded = reader.page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert not [name for name in loaded if "runtime" in name or "editor" in name]


def test_an_edited_cell_runs(reader):
    assert reader.run("print(6 * 7)") == "42"
    assert reader.status() == "done"
    assert not reader.cell().locator(".cell-output").first.is_visible()


def test_a_value_a_figure_and_a_table_are_shown(reader):
    assert reader.run("1 + 1") == "2"
    reader.run("import matplotlib.pyplot as plt\nfor k in range(2):\n    plt.figure()\n"
               "    plt.plot([1, 2])\n    plt.show()\n    print('after', k)")
    shown = reader.cell().locator(".live-output > *").evaluate_all("all => all.map((one) => one.tagName)")
    assert shown == ["IMG", "PRE", "IMG", "PRE"]
    before = reader.cell().locator(".live-figure").first.element_handle()
    reader.run("1")
    before.evaluate("(figure) => figure.onerror()")     # it could not be shown, and is gone by now
    assert reader.cell().locator(".live-output").inner_text().strip() == "1"
    assert reader.run("from deepmath import (figures,\n    smoke)\nprint(smoke.OBJECTIVE)") == "29.0"    # with pandas
    reader.run('import pandas as pd\npd.DataFrame({"<b>x</b>": [1.5, 2], "y": ["<i>", "b"]})')
    table = reader.cell().locator("table")
    assert table.locator("th[scope=col]").all_inner_texts() == ["<b>x</b>", "y"]
    assert table.locator("td").all_inner_texts()[1:] == ["1.5", "<i>", "2", "b"]


DRAWN_TWICE = """
import io
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends import backend_agg
from matplotlib.mathtext import MathTextParser
from PIL import Image
import _cells
def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture)))
def plain(figure):
    backend_agg.MathTextParser = MathTextParser
    figure.savefig(content := io.BytesIO(), dpi=160)
    backend_agg.MathTextParser = _cells.parser
    return content.getvalue()
shown = []
for default in ("it", "bf"):
    plt.rcParams["mathtext.default"] = default
    figure, axes = plt.subplots(facecolor=(1, 0, 0, 0.5))
    axes.set_title("$x_1^2 + b$")
    shown.append(pixels(_cells.picture(figure)))
    print(np.array_equal(shown[-1], pixels(plain(figure))))
    plt.close(figure)
print((shown[0] != shown[1]).any())
"""


def test_a_picture_is_drawn_as_matplotlib_draws_it(reader):
    """Though formulas are remembered, and the file is written in another way."""
    assert reader.run(DRAWN_TWICE).split() == ["True", "True", "True"]


def test_every_run_has_fresh_names(reader):
    reader.run("leftover = 1")
    assert "NameError" in reader.run("print(leftover)")


def test_the_cells_above_run_on_request(reader):
    shown = reader.run("print(factor * 2)")
    assert "NameError" in shown
    reader.cell().get_by_role("button", name="Run the cells above first").click()
    expect(reader.cell()).to_have_attribute("data-live", "done")
    assert reader.ended() == "6"


def test_an_error_tells_the_readers_own_lines(reader):
    shown = reader.run("import numpy as np\n\ndef f(x):\n    return np.reshape(x, 3)\n\nf(np.zeros(4))")
    assert shown.splitlines() == ["line 6: f(np.zeros(4))", "line 4: return np.reshape(x, 3)",
                                  "ValueError: cannot reshape array of size 4 into shape (3,)"]
    assert reader.cell().locator(".live-failed-line").inner_text().strip() == "return np.reshape(x, 3)"
    assert "SyntaxError" in reader.run("x = (1,\nprint(x")


STOPPED_AFTER = """(cell) => new Promise((resolve) => {
  new MutationObserver(() => resolve(cell.dataset.live)).observe(cell, { attributes: true });
  cell.querySelector(".live-stop").click();
  setTimeout(() => resolve("still " + cell.dataset.live), 0);
})"""


@pytest.mark.parametrize("code", ["sum(range(10**15))", "while True: print('on')"])
def test_text_comes_as_it_is_printed_and_for_the_reader_a_stopped_run_is_over_at_once(reader, code):
    cell = reader.edit(f"print('begun')\n{code}\nprint('never')")
    cell.get_by_role("button", name="Run", exact=True).click()
    expect(cell.locator(".live-output")).to_have_text(re.compile("^begun"))
    assert reader.status() == "running"
    assert cell.evaluate(STOPPED_AFTER) == "stopped"
    shown = reader.ended()
    assert shown.startswith("begun") and "never" not in shown and reader.status() == "stopped"
    assert reader.run("print('first')\nprint('next')").split() == ["first", "next"]


def test_a_browser_that_cannot_make_python_wait(visitor, site, no_waiting):
    reader = visitor(f"{site}chapters/one.html", script=no_waiting)
    reader.edit(name=XOR)
    cell = reader.edit(reader.code(XOR).replace("= 500 ", "= 500000 "), XOR)
    cell.get_by_role("button", name="Run", exact=True).click()
    expect(cell.locator(".live-epoch")).to_have_text(re.compile(r"Epoch \d"))
    assert not cell.get_by_role("button", name="Pause").count()
    cell.get_by_role("button", name="Stop").click()
    reader.ended(XOR)
    assert reader.status(XOR) == "stopped"
    cell.get_by_role("button", name="Reset").click()
    assert "final loss 0.246" in reader.run(name=XOR)


def test_who_comes_back_to_a_page_finds_its_cells_at_rest(reader):
    cell = reader.edit("print('on')\nwhile True: pass")
    cell.get_by_role("button", name="Run", exact=True).click()
    cell.get_by_text("on", exact=True).wait_for()
    # As a browser does that keeps the page while another is looked at.
    reader.page.evaluate("""() => {
        dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    reader.ended()
    assert reader.status() == "stopped"
    assert reader.run("print('back')") == "back"


def test_figure_cells_of_the_chapter_run(reader):
    for name in ("fig-activations", "fig-computation-graph"):
        reader.edit(name=name)
        assert reader.run(name=name) == "" and reader.status(name) == "done"
        cell = reader.cell(name)
        assert cell.locator(".live-figure").count() == 1
        assert cell.locator("figcaption").is_visible()
        assert not cell.locator("figure img").is_visible()


# While the page's clock stands, Python has all the time that it needs to stop by itself.
STANDING_CLOCK = """() => {
  globalThis.later = setTimeout;
  performance.now = () => 1000;
  globalThis.setTimeout = (act, wait, ...rest) => (wait >= 500 ? 0 : later(act, wait, ...rest));
}"""
CLOCK_AGAIN = """() => {
  delete performance.now;
  globalThis.setTimeout = later;
}"""


@pytest.mark.parametrize("code", [
    "while True: print('x' * 70)",
    "print('x is not shown')\nwhile True: pass",
    "print('x is not shown')\nwhile True: [i ** 2 for i in range(10)]",
])
def test_a_run_stops_softly_and_python_stays(reader, code):
    reader.run("open('kept', 'w').write('warm')")
    reader.page.evaluate(STANDING_CLOCK)
    cell = reader.edit(code)
    cell.get_by_role("button", name="Run", exact=True).click()
    expect(cell.locator(".live-output")).to_contain_text("is not shown")
    cell.get_by_role("button", name="Stop").click()
    reader.ended()
    assert reader.status() == "stopped"
    assert reader.run("print(open('kept').read())") == "warm"
    reader.page.evaluate(CLOCK_AGAIN)


def test_the_last_of_many_runs_wins(reader):
    cell = reader.edit("print('run', 0)")
    for number in range(1, 10):
        reader.edit(f"print('run', {number})")
        reader.page.keyboard.press("Control+Enter")
    expect(cell.locator(".live-output")).to_have_text("run 9")
    expect(cell).to_have_attribute("data-live", "done")
    assert cell.get_by_role("button", name="Run", exact=True).is_visible()


# ------------------------------------------------------------------------------ the chapter's

@pytest.mark.parametrize("units, activation, rate, epochs", [
    (8, "relu", 0.05, 500), (4, "relu", 0.05, 200), (16, "tanh", 0.05, 300), (8, "relu", 0.5, 100)])
def test_the_page_trains_as_python_does_elsewhere(reader, units, activation, rate, epochs):
    as_in_the_book(reader)
    code = reader.code(XOR)
    for name, value in [("N_HIDDEN", units), ("ACTIVATION", f'"{activation}"'),
                        ("LEARNING_RATE", rate), ("N_EPOCHS", epochs)]:
        code = re.sub(rf"^{name} = \S+", f"{name} = {value}", code, flags=re.MULTILINE)
    shown = reader.run(code + "\nprint(repr(float(result.history.training_loss[-1])))", XOR)
    rng = default_rng(42)
    X, y = xor(120, rng)
    network = Network((2, units, units, 1), hidden=activation)
    theta = network.initialise(rng, "normal", scale=0.5)
    losses = fit(network, theta, X, y, optimiser=GradientDescent(rate), n_epochs=epochs).history.training_loss
    assert f"final loss {losses[-1]:.3f}" in shown
    np.testing.assert_allclose(float(re.findall(r"\d\S+", shown)[-1]), losses[-1], rtol=0, atol=1e-9)
    assert reader.cell(XOR).locator(".live-figure").count() == 1


def test_reset_brings_back_the_book(reader):
    cell = reader.edit("print('mine')", XOR)
    cell.get_by_role("button", name="Reset").click()
    assert "N_HIDDEN = 8 " in reader.code(XOR)
    assert "final loss 0.246" in cell.locator(".cell-output-stdout").inner_text()
    assert not cell.locator(".live-output").is_visible()


def test_controls_and_lines_follow_each_other(reader):
    cell = as_in_the_book(reader)
    units = cell.get_by_label("N_HIDDEN")
    assert units.get_attribute("aria-valuetext") == "8 units"
    units.focus()
    reader.page.keyboard.press("ArrowRight")
    assert "N_HIDDEN = 9  # 2-64 units" in reader.code(XOR)
    cell.get_by_label("ACTIVATION").select_option("tanh")
    assert 'ACTIVATION = "tanh"  # tanh or relu' in reader.code(XOR)
    rate = cell.get_by_label("LEARNING_RATE")
    reader.edit(re.sub(r"RATE = \S+", "RATE = -2.0", reader.code(XOR)), XOR)
    expect(rate).to_have_attribute("aria-valuetext", "-2.0, outside 0.001–1")
    assert "ValueError: learning_rate must be" in reader.run(name=XOR)


def test_with_run_while_i_change_it_the_last_change_wins(reader):
    cell = reader.edit("A = 1  # 0-50\nprint('A is', A)", "plain")
    cell.get_by_label("Run while I change it").check()
    slider = cell.get_by_label("A", exact=True)
    slider.focus()
    for _ in range(12):
        reader.page.keyboard.press("ArrowRight")
    expect(cell.locator(".live-output")).to_have_text("A is 13")
    cell.get_by_label("Run while I change it").uncheck()


def test_training_can_be_watched_paused_and_stepped(reader):
    cell = as_in_the_book(reader)
    cell.get_by_label("N_EPOCHS").focus()
    reader.page.keyboard.press("End")
    assert "N_EPOCHS = 5000" in reader.code(XOR)
    reader.edit(reader.code(XOR).replace("N_EPOCHS = 5000 ", "N_EPOCHS = 200000 "), XOR)
    cell.get_by_role("button", name="Run", exact=True).click()
    status = cell.locator(".live-epoch")
    cell.locator("canvas").first.wait_for()
    expect(cell.locator(".live-epoch")).to_have_text(re.compile(r"Epoch \d"))
    cell.get_by_role("button", name="Pause").click()
    # Frames from before the pause may still be on their way; then each click is one epoch.
    epochs = [0]
    while np.diff(epochs[-5:]).tolist() != [1, 1, 1, 1]:
        assert len(epochs) < 30, epochs
        shown = status.inner_text()
        cell.get_by_role("button", name="One epoch").click()
        expect(status).not_to_have_text(shown)
        epochs.append(int(re.match(r"Epoch (\d+)", status.inner_text())[1]))
    painted = cell.locator("canvas").first.evaluate(
        "(canvas) => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size")
    assert painted > 50
    cell.locator(".cm-content").press("Control+Enter")          # another run, which is not paused
    cell.get_by_role("button", name="Pause").click()
    cell.get_by_role("button", name="Continue").click()
    cell.locator(".live-stop").evaluate("(stop) => stop.click()")       # while another button has the focus
    reader.ended(XOR)
    assert reader.status(XOR) == "stopped"
    expect(cell.get_by_role("button", name="Run", exact=True)).to_be_focused()
    assert cell.locator("canvas").first.is_visible()
    cell.get_by_role("button", name="Reset").click()


def test_inside_a_trained_network(reader):
    """Its units' pictures and weights, its boundary without one of them, and its runs side by side."""
    cell = as_in_the_book(reader)
    reader.run(name=XOR)
    units, status = cell.locator(".live-unit"), cell.locator(".live-epoch")
    assert units.count() == 16
    expect(status).to_have_text("Epoch 500 of 500 · loss 0.246 · training accuracy 0.91")
    plane = cell.locator("canvas").first
    before = plane.evaluate("(canvas) => canvas.toDataURL()")
    cell.get_by_role("button", name="Unit 1 of layer 1").click()
    expect(cell.locator(".live-unit-words")).to_contain_text("Unit 1 of layer 1: z = ")
    cell.get_by_role("button", name="Switch it off").click()
    expect(status).to_contain_text("with 1 unit off")
    assert cell.get_by_role("button", name="Unit 1 of layer 1, switched off").is_visible()
    assert plane.evaluate("(canvas) => canvas.toDataURL()") != before
    cell.get_by_role("button", name="Switch it on").click()
    expect(status).to_have_text("Epoch 500 of 500 · loss 0.246 · training accuracy 0.91")

    cell.get_by_role("button", name="Switch it off").click()
    reader.run(name=XOR)                                        # another network, and whole
    expect(status).to_have_text("Epoch 500 of 500 · loss 0.246 · training accuracy 0.91")
    assert not cell.get_by_role("button", name="switched off").count()
    assert plane.get_attribute("aria-label") == "Decision boundary after epoch 500 · training accuracy 0.91"


def test_a_figure_of_what_the_page_shows_is_folded(reader):
    cell = as_in_the_book(reader)
    reader.run(name=XOR)
    figure = cell.locator("img.live-figure")
    assert not figure.is_visible()
    titles = cell.locator(".live-panel-title")      # with the letters of which the caption speaks
    assert titles.all_inner_texts() == ["(a) probability of class 1", "(b) training loss"]
    cell.get_by_text("The figure that the code draws of this").click()
    assert figure.evaluate("(one) => one.decode().then(() => one.width)") > 300 and figure.is_visible()
    before = "draw(network, theta, X, y, result.history)"       # not after the training
    reader.run(reader.code(XOR).replace("draw(network, result.theta, X, y, result.history)", before), XOR)
    assert before in reader.code(XOR) and figure.is_visible()
    assert titles.all_inner_texts() == ["", ""]


def test_of_a_training_that_runs_away_all_that_is_told_is_of_one_epoch(reader):
    """Its bias swings further out in each epoch: first all points are of one class, then of the other."""
    code = '''
from deepmath import *
rng = default_rng(42)
X, y = xor(120, rng)
network = Network((2, 8, 8, 1))
def train(on_epoch=None):
    fit(network, network.initialise(rng), X, y, "mean_squared_error", GradientDescent(5.0), 500, on_epoch=on_epoch)
'''
    names, seen = {}, []
    exec(code, names)
    with pytest.raises(DivergenceError), np.errstate(all="ignore"):
        names["train"](lambda epoch, theta, loss, _: seen.append(
            (float(loss), accuracy(names["network"].predict(theta, names["X"]), names["y"]))))
    assert "DivergenceError" in reader.run(f"{code}\ntrain()", XOR)
    told = re.fullmatch(r"Epoch (\d+) of 500 · loss (\d\.\d)·10(\S+) · training accuracy (\S+)",
                        reader.cell(XOR).locator(".live-epoch").inner_text())
    loss, right = seen[int(told[1]) - 1]
    power = told[3].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
    assert loss > 1e39 and told[4] == f"{right:.2f}"        # beyond single precision
    assert float(f"{told[2]}e{power}") == pytest.approx(loss, rel=0.06)


def test_a_setting_that_the_text_names_is_a_link(reader):
    links = reader.page.locator(".live-try")
    assert links.all_inner_texts() == ["N_HIDDEN = 4", 'ACTIVATION = "tanh" and N_EPOCHS = 300']
    cell = as_in_the_book(reader)
    reader.run(name=XOR)
    names = cell.locator(".live-runs tbody th")
    for at, (setting, line) in enumerate([
            ("N_HIDDEN = 4", "N_HIDDEN = 4  #"),
            ("ACTIVATION = tanh, N_EPOCHS = 300", 'ACTIVATION = "tanh"  #')]):
        links.nth(at).click()
        expect(names.last).to_have_text(setting)
        assert line in reader.code(XOR)
    assert "N_HIDDEN = 8  #" in reader.code(XOR) and "N_EPOCHS = 300  #" in reader.code(XOR)
    cell.get_by_role("button", name="Run again").nth(-2).click()
    expect(cell.locator(".live-output")).to_contain_text("final loss 0.517")
    assert "N_HIDDEN = 4  #" in reader.code(XOR)
    again = cell.get_by_role("button", name="Run again").first
    reader.edit(reader.code(XOR).replace("N_EPOCHS = 500 ", "N_EPOCHS = 2000 "), XOR)
    cell.get_by_role("button", name="Run", exact=True).click()
    again.focus()
    reader.ended(XOR)
    expect(again).to_be_focused()       # though the list has one more
    cell.get_by_role("button", name="Reset").click()


def test_an_edited_figure_says_that_its_words_are_the_books(reader):
    cell = reader.edit(name="fig-activations")
    reader.run(name="fig-activations")
    book = cell.locator("figure img").first.get_attribute("alt")
    assert cell.locator(".live-figure").get_attribute("alt") == book
    reader.run(reader.code("fig-activations").replace("LIMIT = 3.0", "LIMIT = 1.0"), "fig-activations")
    assert cell.locator(".live-figure").get_attribute("alt").startswith("Figure drawn by the code as edited.")
    note = cell.locator("figcaption").evaluate("(one) => getComputedStyle(one, '::before').content")
    assert "Drawn by the code as edited" in note
    cell.get_by_label("Run while I change it").check()
    cell.get_by_role("button", name="Reset").click()
    cell.get_by_label("Run while I change it").uncheck()
    assert reader.cell("fig-activations").locator("figure img").first.is_visible()


# ------------------------------------------------------------------------------ its numbers

LONG = re.compile(r"\bfit\(|\.compute\(|PREDICTED_")        # they train for seconds, or ask of that


def cells(name: str) -> list[tuple[dict, str]]:
    """Options and code of each cell of a chapter."""
    text = (CHAPTERS / name).read_text(encoding="utf-8")
    return [(piece.options, piece.code) for piece in split_source(text).pieces
            if isinstance(piece, Cell)]


LIVE = {options.get("label", f"{path.stem}-{at}"): code for path in sorted(CHAPTERS.glob("*.qmd"))
        for at, (options, code) in enumerate(cells(path.name))
        if "live" in options.get("classes", "").split() and "print(" in code}
# The solutions of the exercises that are live cells: these print nothing before they are solved.
SOLVED = "\n".join(code for _, code in cells("solutions.qmd") if not LONG.search(code))


@pytest.mark.parametrize("code", [*LIVE.values(), SOLVED], ids=[*LIVE, "solutions"])
def test_the_page_prints_what_python_prints_elsewhere(reader, code):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert len(re.findall(r"\d", printed.getvalue())) > 4
    reader.run(code)
    shown = "".join(reader.cell().locator(".live-stdout").all_inner_texts())
    assert shown.split() == printed.getvalue().split()


# ---------------------------------------------------------------------------------- exercises

def test_a_check_answers_in_words(reader):
    check = reader.page.locator(".live-check")
    assert check.locator("summary").inner_text() == "What the check asks"
    assert "Not yet. double(2) should be 4." in reader.run(name="task")
    assert "Right: all 2 checks hold." in reader.run("def double(x):\n    return 2 * x", "task")
    assert "The check looks for the name double" in reader.run("twice = 2", "task")
    shown = reader.run("def double(x):\n    return x.two", "task")
    assert "The check met an error in line 2, return x.two: AttributeError" in shown
    assert reader.cell("task").locator(".live-failed-line").inner_text().strip() == "return x.two"
    assert reader.cell("task").locator(".live-status").inner_text() == "Not yet"


# ------------------------------------------------------------------ what comes when the reader is gone

HELD_LINK = """() => {
  const Plain = DecompressionStream;
  const held = new Promise((release) => { window.release = release; });
  globalThis.DecompressionStream = class {
    constructor(kind) {
      globalThis.DecompressionStream = Plain;           // the first only
      const { readable, writable } = new Plain(kind);
      const reader = readable.getReader();
      Object.assign(this, { writable, readable: { getReader: () => ({ read: () => held.then(() => reader.read()) }) } });
    }
  };
}"""
TWO_EDITS = """for (const name of location.protocol === "http:" ? ["plain", "task"] : []) {
  localStorage.setItem(`live:${location.pathname}#${name}`, JSON.stringify({ original: "", code: `print("${name}")` }));
}"""


def test_what_comes_late_takes_nothing_from_what_the_reader_did_since(visitor, site, without_python):
    reader = without_python(visitor("about:blank", permissions=["clipboard-read", "clipboard-write"]))
    page = reader.page
    editor = holding(page, "**/editor.js")
    page.add_init_script(TWO_EDITS)
    page.goto(f"{site}chapters/one.html", wait_until="commit")
    one, other = reader.cell(XOR).get_by_role("button", name="Edit and run"), page.locator("main a").first
    # Kept edits are there before anyone could type into another text.
    expect(page.get_by_role("button", name="Edit and run", disabled=True)).to_have_count(2)
    one.click()
    other.focus()
    editor().continue_()
    reader.cell(XOR).locator(".cm-content").wait_for()
    assert (reader.code(), reader.code("task")) == ('print("plain")', 'print("task")')
    expect(other).to_be_focused()
    links = [link_to(reader, f"print({number})") for number in (1, 2)]
    page.evaluate(HELD_LINK)
    page.evaluate("(links) => { for (const link of links) location.href = link; }", links)
    expect(reader.cell().locator(".live-notice")).to_contain_text("read it before you run it")
    page.evaluate("release()")
    page.evaluate("() => new Promise((done) => { setTimeout(done); })")
    assert reader.code() == "print(2)"


# ------------------------------------------------------------------------ what stays, and links

def test_an_edit_survives_a_reload_and_reset_forgets_it(reader, without_python):
    without_python(reader)
    reader.edit("print('mine')")
    reader.page.reload()
    reader.cell().locator(".cm-content").wait_for()
    assert reader.code() == "print('mine')"
    assert "your edit" in reader.cell().locator(".live-notice").inner_text()
    reader.cell().get_by_role("button", name="Reset").click()
    assert not reader.page.evaluate("Object.keys(localStorage).filter((key) => key.endsWith('#plain'))")
    reader.page.reload()
    reader.edit()
    assert reader.code() == "total = sum(range(5))\nprint(\"total\", total)"


def test_a_link_carries_code_that_does_not_run_by_itself(reader, without_python):
    without_python(reader)
    code = "print('from a link <img src=x onerror=alert(1)>')"
    cell = reader.edit(code)
    cell.get_by_role("button", name="Copy link").click()
    cell.get_by_text("Link copied").wait_for()
    link = reader.page.evaluate("navigator.clipboard.readText()")
    cell.get_by_role("button", name="Reset").click()
    other = reader.page.context.new_page()
    other.goto(link)
    other.locator(".cm-content").first.wait_for()
    assert other.locator(".cm-content").first.inner_text() == code
    assert "not the book's" in other.locator(".live-notice").first.inner_text()
    assert other.locator(".live-output").first.is_hidden()
    assert not other.locator("img[src=x]").count()
    other.goto(link.replace("#code=", "#code=with.dots."))
    other.reload()
    other.locator(".live-notice", has_text="not the book's").first.wait_for()
    other.goto(link[:-8] + "!")
    other.reload()
    assert other.get_by_role("button", name="Edit and run").first.is_visible()
    other.close()


def link_to(reader, code):
    cell = reader.edit(code)
    cell.get_by_role("button", name="Copy link").click()
    cell.get_by_text("Link copied").wait_for()
    return reader.page.evaluate("navigator.clipboard.readText()")


def test_the_readers_edit_and_a_linked_version_both_stay(reader, without_python):
    without_python(reader)
    page, cell = reader.page, reader.cell()
    links = [link_to(reader, f"print('linked', {number})") for number in (1, 2)]
    reader.edit("print('mine')")
    page.goto(links[0])
    notice = cell.locator(".live-notice")
    expect(notice).to_contain_text("not the book's")
    assert reader.code() == "print('linked', 1)"
    reader.edit("print('linked', 1, 'changed')")
    page.goto(links[1])                     # a second link on the same page
    expect(cell.locator(".cm-content")).to_contain_text("linked', 2")
    page.goto(links[0])
    expect(cell.locator(".cm-content")).to_contain_text("changed")
    page.reload()
    expect(notice).to_contain_text("not the book's")
    assert reader.code() == "print('linked', 1, 'changed')"
    cell.get_by_role("button", name="Show my own edit").click()
    assert reader.code() == "print('mine')"
    expect(cell.get_by_role("button", name="Show the linked code")).to_be_focused()
    cell.get_by_role("button", name="Show the linked code").click()
    cell.get_by_role("button", name="Reset").click()
    assert reader.code() == "print('mine')"
    page.reload()
    expect(notice).to_contain_text("your edit")
    cell.get_by_role("button", name="Reset").click()
    assert reader.code().startswith("total = sum")
    page.evaluate("localStorage.clear()")


def test_edits_in_two_tabs_both_stay(reader, without_python):
    without_python(reader)
    cell = reader.cell()
    other = type(reader)(reader.page.context.new_page(), [])
    other.page.goto(reader.page.url)
    other.edit()
    # What one tab keeps comes to the other a moment later.
    has_come = "(words) => Object.values(localStorage).some((kept) => kept.includes(words))"
    reader.edit("print('here')")
    other.page.wait_for_function(has_come, arg="here")
    other.edit("print('there')")
    both = "edited in another tab, too"
    expect(other.cell().locator(".live-notice")).to_contain_text(both)
    reader.page.wait_for_function(has_come, arg="there")
    reader.edit("print('here', 2)")
    expect(cell.locator(".live-notice")).to_contain_text(both)
    reader.page.reload()
    expect(cell.locator(".live-notice")).to_contain_text("your edit")
    assert reader.code() == "print('here', 2)"
    cell.get_by_role("button", name="Show the edit of the other tab").click()
    assert reader.code() == "print('there')"
    cell.get_by_role("button", name="Show my own edit").click()
    cell.get_by_role("button", name="Reset").click()
    expect(cell.locator(".live-notice")).to_contain_text("your edit in another tab")
    cell.get_by_role("button", name="Reset").click()
    assert reader.code().startswith("total = sum")
    other.page.close()
    reader.page.reload()
    expect(cell.get_by_role("button", name="Edit and run")).to_be_visible()
