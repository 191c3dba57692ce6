"""A reader plays: other data, own points, seeds, and what they show; one page for all tests here."""

import hashlib
import re

import pytest
from accessibility import violations
from playwright.sync_api import expect
from waiting import until

from deepmath import GradientDescent, Network, accuracy, circles, default_rng, fit, xor

XOR = "fig-xor"


@pytest.fixture
def cell(reader):
    """The XOR cell, open, with the book's code in it."""
    cell = reader.edit(name=XOR)
    cell.get_by_role("button", name="Reset").click()
    return cell


def trained(seed, make=xor):
    """The book's training with another seed and other data: its loss, and how much is right."""
    rng = default_rng(seed)
    X, y = make(120, rng)
    network = Network((2, 8, 8, 1))
    result = fit(network, network.initialise(rng, "normal", scale=0.5), X, y,
                 optimiser=GradientDescent(0.05), n_epochs=500)
    return (result.history.training_loss[-1], accuracy(network.predict(result.theta, X), y),
            lambda X, y: [float(network.loss(result.theta, X, y)),
                          accuracy(network.predict(result.theta, X), y)])


def on_fresh(cell):
    """The loss and the accuracy on fresh points, as the page tells them."""
    told = re.fullmatch(r"On 400 fresh points: loss (\S+), accuracy (\S+)",
                        cell.locator(".live-fresh").inner_text())
    return [float(number) for number in told.groups()]


# --------------------------------------------------------------------------------------- data

def test_data_are_a_choice_and_the_loss_on_fresh_points_stands_beside(reader, cell):
    cell.get_by_label("data").select_option("circles")
    noise = cell.get_by_label("noise")
    noise.focus()
    reader.page.keyboard.press("PageUp")
    assert re.search(r"^X, y = circles\(120, rng, noise=0\.\d+\)", reader.code(XOR), re.MULTILINE)
    noise.press("Home")
    loss, right, on = trained(42, circles)
    assert f"final loss {loss:.3f}, training accuracy {right:.2f}" in reader.run(name=XOR)
    assert on_fresh(cell) == pytest.approx(on(*circles(4000, 1)), abs=0.02)
    cell.get_by_label("data").select_option("xor")
    assert "final loss 0.246" in reader.run(name=XOR)
    assert cell.locator(".live-runs tbody th").all_inner_texts()[-2:] == ["circles", "as in the book"]
    alt = cell.locator(".live-figure").get_attribute("alt")
    assert not alt.startswith("Figure drawn by the code as edited")


def test_the_loss_on_fresh_points_is_that_after_the_last_epoch(reader, cell):
    """Also where the page was shown the last epoch before its loss on fresh points was due."""
    code = reader.code(XOR)
    reader.run(code, XOR)
    quick = on_fresh(cell)
    reader.run("from time import sleep\n" + code.replace(
        "n_epochs=N_EPOCHS", "n_epochs=N_EPOCHS, on_epoch=lambda epoch, *_: (\n"
        "             sleep(0.3 if epoch in (494, 498) else 0))"), XOR)
    assert "sleep" in reader.code(XOR).partition("on_epoch")[2]
    assert on_fresh(cell) == quick


BUSY = """
from _cells import Watcher
from deepmath import *
X, y = xor(120, 0)
network = Network((2, 8, 8, 1))
def no_time(*_): Watcher.latest.held_due = float("inf")
result = fit(network, network.initialise(0), X, y, n_epochs=298, on_epoch=no_time)
watcher = Watcher.latest
watcher.fill()
held = dict(zip(watcher.held[::2], watcher.held[1::2]))
print({*range(4, 299, 3)} <= {*held}, held[298] - network.loss(result.theta, *watcher.fresh))
"""


def test_the_curve_on_fresh_points_has_no_gaps_where_there_was_no_time_for_it(reader, cell):
    said, apart = reader.run(BUSY, XOR).split()
    assert said == "True" and float(apart) == pytest.approx(0, abs=1e-12)


def test_own_points_by_click_and_by_keyboard_reach_the_run(reader, cell):
    cell.get_by_label("data").press("End")
    plane = cell.get_by_role("application", name="Plane for own points")
    plane.wait_for()
    expect(cell.get_by_label("data")).to_be_focused()       # though the controls are others now
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    words = cell.locator(".live-pad [role=status]")
    cell.get_by_role("button", name="Clear").click()
    cell.get_by_role("button", name="class 0").click()
    plane.click(position={"x": box["width"] / 4, "y": box["height"] / 4})
    expect(words).to_contain_text("1 of class 0, 0 of class 1")
    plane.press("1")
    for key in ["Shift+ArrowRight"] * 4 + ["ArrowDown", "Space"]:
        plane.press(key)
    points = re.search(r"own_points\((\[.*\])\)", reader.code(XOR))[1]
    (x, y, label), (x_2, y_2, label_2) = eval(points)
    assert (x, y) == pytest.approx((-0.5, 0.5), abs=0.02) and (label, label_2) == (0, 1)
    assert (x_2 - x, y_2 - y) == pytest.approx((1, -0.05))
    code = reader.code(XOR) + "\nprint(X.tolist(), y.tolist())"
    shown = reader.run(code, XOR)
    assert f"[[{x}, {y}], [{x_2}, {y_2}]] [0.0, 1.0]" in shown
    assert not cell.locator(".live-fresh").inner_text()         # nobody can draw more of these
    plane.press("Space")
    expect(words).to_contain_text("taken away")
    assert "own_points([])" not in reader.code(XOR)
    cell.get_by_role("button", name="Undo").click()
    assert "own_points([])" in reader.code(XOR)
    assert "at least one" in reader.run(name=XOR)


# -------------------------------------------------------------------------------------- seeds

def test_a_new_seed_is_the_next(reader, cell):
    cell.get_by_role("button", name="New seed").click()
    loss, right, _ = trained(43)
    expect(cell.locator(".live-output")).to_contain_text(f"final loss {loss:.3f}, training accuracy {right:.2f}")
    assert "default_rng(43)" in reader.code(XOR)
    expect(cell.locator(".live-runs tbody th").last).to_have_text("seed 43")


def test_eight_seeds_are_shown_side_by_side(reader, cell):
    cell.get_by_label("N_EPOCHS").focus()
    reader.page.keyboard.press("Home")
    for _ in range(30):
        reader.page.keyboard.press("ArrowRight")
    epochs = int(re.search(r"N_EPOCHS = (\d+)", reader.code(XOR))[1])
    cell.get_by_role("button", name="Eight seeds").click()
    words = cell.locator(".live-seeds-words")
    expect(words).to_contain_text("of 8 learned it")
    ends = []
    for seed in range(42, 50):
        rng = default_rng(seed)
        X, y = xor(120, rng)
        network = Network((2, 8, 8, 1))
        theta = network.initialise(rng, "normal", scale=0.5)
        ends.append(fit(network, theta, X, y, n_epochs=epochs).history.training_loss[-1])
    middle = sum(sorted(ends)[3:5]) / 2
    expect(words).to_contain_text(f"Seeds 42 to 49: final loss {middle:.3f} in the median, "
                                  f"from {min(ends):.3f} to {max(ends):.3f}.")
    seeds = cell.locator(".live-seed")
    assert seeds.count() == 8 and "default_rng(42)" in reader.code(XOR)
    learned = seeds.filter(has_text="✓").count()
    expect(words).to_contain_text(f"{learned} of 8 learned it")
    assert f"seeds 42 to 49: {learned} of 8" in cell.locator(".live-runs tbody th").last.inner_text()
    seeds.nth(2).click()
    expect(cell.locator(".live-output")).to_contain_text(f"final loss {ends[2]:.3f}")
    assert "default_rng(44)" in reader.code(XOR) and not cell.locator(".live-seeds").is_visible()
    expect(cell.get_by_role("button", name=re.compile("^(Run|Stop)$"))).to_be_focused()


def test_a_series_can_be_stopped(reader, cell):
    reader.edit(reader.code(XOR).replace("N_EPOCHS = 500 ", "N_EPOCHS = 500000 "), XOR)
    cell.get_by_role("button", name="Eight seeds").click()
    cell.locator("canvas").first.wait_for()
    cell.get_by_role("button", name="Stop").click()
    expect(cell.locator(".live-status")).to_have_text("Stopped")
    assert not cell.locator(".live-seeds").is_visible() and reader.status(XOR) == "stopped"
    cell.get_by_role("button", name="Eight seeds").click()
    cannot_be_drawn = "\nimport matplotlib.pyplot as plt\nplt.title(r'$\\frac{1}$')"
    reader.edit(reader.code(XOR).replace("N_EPOCHS = 500000 ", "N_EPOCHS = 5 ") + cannot_be_drawn, XOR)
    cell.get_by_role("button", name="Eight seeds").click()      # in the place of the first
    expect(cell.locator(".live-seeds-words")).to_contain_text("of 8 learned it")
    assert cell.locator(".live-seed").count() == 8
    cell.get_by_role("button", name="Reset").click()
    assert "final loss 0.246" in reader.run(name=XOR)


# ---------------------------------------------------------------- what comes first, and how large

def order(cell):
    """Which of the cell's parts come before which, as they stand on the page."""
    return cell.evaluate("""(cell) => [".live-editor", ".live-controls", "figcaption"].map((part) => [
        cell.querySelector(part).getBoundingClientRect().top, part]).sort((a, b) => a[0] - b[0])
        .map(([top, part]) => part)""")


def test_the_picture_can_come_first_and_the_way_back_leads_to_the_code(reader, cell):
    first = cell.get_by_role("button", name="Picture first")
    assert order(cell)[0] == ".live-editor"
    first.click()
    assert first.get_attribute("aria-pressed") == "true" and first.evaluate("(one) => one === document.activeElement")
    assert not cell.locator(".live-editor").is_visible()
    cell.get_by_label("N_HIDDEN").press("ArrowRight")
    cell.locator(".live-fold > summary").click()
    assert "N_HIDDEN = 9 " in reader.code(XOR) and order(cell) == [".live-controls", "figcaption", ".live-editor"]
    reader.page.emulate_media(media="print")
    cell.locator(".live-fold > summary").click()
    reader.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "N_HIDDEN = 9 " in cell.locator(".live-printed").inner_text()
    reader.page.evaluate("dispatchEvent(new Event('afterprint'))")
    reader.page.emulate_media(media="screen")
    first.click()
    assert order(cell)[0] == ".live-editor"


def test_full_screen_and_back_with_the_focus_where_it_was(reader, cell):
    full = cell.get_by_role("button", name="Full screen", exact=True)
    full.click()
    leave = cell.get_by_role("button", name="Leave full screen")
    expect(leave).to_be_focused()
    width = reader.page.viewport_size["width"]
    until(lambda: cell.evaluate("(one) => one.getBoundingClientRect().width") == width, "the whole width")
    assert not cell.locator(".live-editor").is_visible() and cell.get_by_label("N_HIDDEN").is_visible()
    reader.page.keyboard.press("Escape")
    expect(full).to_be_focused()
    full.click()
    leave.wait_for()
    cell.locator(".live-fold > summary").click()
    cell.locator(".cm-content").click()
    reader.page.keyboard.press("Escape")
    expect(full).to_be_visible()
    expect(cell.locator(".cm-content")).to_be_focused()
    expect(cell.locator(".live-editor")).to_be_visible()
    assert not reader.page.evaluate("document.fullscreenElement")


# Runs that are to come in a moment, CHANGE_MS of cell.js, are held back, and can be called off.
HELD = """(() => {
  const [wait, forget] = globalThis.plain = [setTimeout, clearTimeout];
  const held = globalThis.held = new Map();
  setTimeout = (action, time, ...more) => {
    if (time !== 250) return wait(action, time, ...more);
    held.set("held", action);
    return "held";
  };
  clearTimeout = (which) => held.delete(which) || forget(which);
})()"""


def test_a_fast_cell_runs_while_it_is_changed_and_of_a_slow_one_the_time_is_told(reader):
    choice, cell = reader.cell().get_by_label("Run while I change it"), reader.cell()
    label = cell.locator(".live-always").first
    reader.page.evaluate("let time = 0; performance.now = () => (time += 1000);")     # all take long
    reader.run("A = 1  # 0-50\nprint('A is', A)")
    assert not choice.is_checked()
    assert re.fullmatch(r"Run while I change it\s+\(a run takes \d\.0 s\)", label.inner_text().strip())
    cell.get_by_label("A", exact=True).press("ArrowRight")
    expect(cell.locator(".live-status")).to_have_text("Changed; not run yet")
    reader.page.evaluate("performance.now = () => 1000")       # no run takes any time from here on
    reader.run("A = 1  # 0-50\nprint('A is', A)")
    assert choice.is_checked() and label.inner_text().strip() == "Run while I change it"
    cell.get_by_label("A", exact=True).press("End")
    expect(cell.locator(".live-output")).to_have_text("A is 50")
    reader.page.evaluate(HELD)
    cell.get_by_label("A", exact=True).press("Home")
    reader.page.wait_for_function("held.size === 1")            # it would run in a moment
    reader.edit("A = 3  # 0-50\nprint('A is', A)")            # what is typed waits for the reader
    expect(cell.locator(".live-status")).to_have_text(re.compile("Changed; not run yet|changed since"))
    assert reader.page.evaluate("held.size") == 0
    reader.page.evaluate("[setTimeout, clearTimeout] = plain")
    choice.uncheck()
    reader.run()
    assert not choice.is_checked()                              # the reader has chosen
    reader.page.evaluate("delete performance.now")
    cell.get_by_role("button", name="Reset").click()


# ---------------------------------------------------------------------- exercises, and handing in

def test_hints_come_one_after_the_other_and_the_solution_after_two_tries(reader):
    task = reader.edit(name="task")
    told, solution = task.locator(".live-hints li"), task.get_by_role("link", name="Look at the solution")
    shown = reader.run("def double(x):\n    return x", "task")
    assert "It asks about line 1: def double(x):" in shown and not told.count()
    assert task.locator("p[role=status].live-visually-hidden").inner_text() == "double(2) should be 4."
    task.get_by_role("button", name="Hint 1 of 2").click()
    expect(told.last).to_be_focused()
    assert told.all_inner_texts() == ["What is two times two, and what is x times two?"]
    reader.run(name="task")                                     # the same code: the same try
    assert not solution.is_visible()
    assert "SyntaxError" in reader.run("def double(x) return", "task")
    assert solution.get_attribute("href") == "solutions.html#double" and solution.is_visible()
    task.get_by_role("button", name="Hint 2 of 2").click()
    assert told.count() == 2 and not task.get_by_role("button", name="Hint").count()
    assert violations(reader.page) == []
    reader.run("def double(x):\n    return 2 * x", "task")
    assert not told.first.is_visible() and not solution.is_visible()


def test_a_summary_can_be_saved_and_says_which_code_it_is_of(reader, visitor, tmp_path):
    code = "def double(x):\n    print('<b>four</b>')\n    return 2 * x\n\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])"
    reader.run(code, "task")
    with reader.page.expect_download() as download:
        reader.cell("task").get_by_role("button", name="Save summary").click()
    assert download.value.suggested_filename == "task.html"
    download.value.save_as(tmp_path / "task.html")
    page = visitor((tmp_path / "task.html").as_uri()).page
    assert page.locator("pre code").inner_text() == code
    assert hashlib.sha256(f"{code}\n".encode()).hexdigest() in page.locator("body").inner_text()
    assert "Right: all 2 checks hold." in page.locator("body").inner_text()
    assert page.locator("pre").last.inner_text().splitlines()[0] == "<b>four</b>" and not page.locator("b").count()
    assert page.locator("img").evaluate("(one) => one.decode().then(() => one.naturalWidth)") > 300
    assert not page.locator("button").count() and violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the code as a file").click()
    assert download.value.path().read_text() == f"{code}\n"
    task = reader.edit("while True: pass", "task")              # which shows nothing of its own
    task.get_by_role("button", name="Run", exact=True).click()
    task.get_by_role("button", name="Stop").click()
    expect(task.locator(".live-status")).to_have_text("Stopped")
    assert not task.get_by_role("button", name="Save summary").is_visible()


# ------------------------------------------------------------------------------- for everyone

def test_axe_finds_nothing_in_what_a_reader_has_opened(reader, cell):
    reader.edit(reader.code(XOR).replace("N_EPOCHS = 500 ", "N_EPOCHS = 5 "), XOR)
    reader.run(name=XOR)
    cell.get_by_role("button", name="Eight seeds").click()
    expect(cell.locator(".live-seeds-words")).to_contain_text("learned it")
    cell.get_by_label("data").select_option("own_points")
    expect(cell.get_by_role("application")).to_be_visible()
    for scheme, rules in (("light", []), ("dark", ["color-contrast"])):      # all that a look changes
        reader.page.emulate_media(color_scheme=scheme)
        reader.page.wait_for_function("(look) => document.documentElement.dataset.bsTheme === look", arg=scheme)
        assert violations(reader.page, *rules) == []
    cell.get_by_role("button", name="Full screen", exact=True).click()
    leave = cell.get_by_role("button", name="Leave full screen")
    leave.wait_for()
    assert violations(reader.page) == []
    reader.page.keyboard.press("Escape")
    leave.wait_for(state="detached")
    reader.page.emulate_media(color_scheme="light")


def test_on_a_phone_the_picture_comes_first(visitor, site, without_python):
    reader = without_python(visitor(f"{site}chapters/one.html", viewport={"width": 390, "height": 800},
                                    has_touch=True))
    cell = reader.cell(XOR)
    assert not cell.locator(".sourceCode").first.is_visible() and cell.get_by_label("ACTIVATION").is_visible()
    assert reader.cell("task").locator(".sourceCode").first.is_visible()        # nothing is drawn there
    assert len({cell.get_by_role("button", name=name, exact=True).bounding_box()["y"]
                for name in ("Run", "Picture first", "Full screen")}) == 1
    cell.get_by_label("ACTIVATION").select_option("tanh")               # opens the editor, unseen
    expect(cell.locator(".live-status")).to_have_text("Changed; not run yet")
    tops = cell.locator(".live-more").evaluate("""(more) => {
        for (const each of more.children) each.hidden = false;        // as after a run
        return [...more.children].map((each) => each.getBoundingClientRect().top);
    }""")
    assert len(tops) == 5 and len(set(tops)) == 1
    cell.get_by_text("Code", exact=True).tap()
    assert 'ACTIVATION = "tanh"' in reader.code(XOR)
    cell.get_by_label("data").select_option("own_points")
    pad = cell.get_by_role("application")
    pad.wait_for()
    box, beside = pad.evaluate("""(pad) => [pad, pad.closest(".live-pad").querySelector(".live-button")].map(
        (each) => each.getBoundingClientRect().toJSON())""")
    assert box["width"] == pytest.approx(box["height"])
    assert beside["left"] > box["right"] and beside["top"] < box["bottom"]
    pad.tap(position={"x": 20, "y": 20})
    expect(cell.locator(".live-pad [role=status]")).to_contain_text("2 of class 0, 3 of class 1")
    assert reader.page.evaluate("document.documentElement.scrollWidth") == 390
    assert violations(reader.page) == []
