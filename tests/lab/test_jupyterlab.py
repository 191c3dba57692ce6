"""A reader edits the book in JupyterLab."""

import re
import subprocess
import sys
from difflib import ndiff

import pytest

from bookbuild.lab.notebook import notebook_of

LIVE = """\
# A live cell

::: {.callout-tip}
## What to try

Read @sec-live.
:::

```{python}
#| label: live
#| classes: live
N = 8  # 2-64 units
SHAPE = "round"  # round or square
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 2))
plt.plot([1, N])
total = 1
print(f"{N} units, {SHAPE}: {total / (16 - N):.3f}")
```

## Live {#sec-live}
"""


def book(lab, *arguments):
    return subprocess.run([sys.executable, "-m", "bookbuild.cli", *arguments], cwd=lab[0], text=True,
                          capture_output=True)


def changed_lines(old, new):
    return [line for line in ndiff(old.splitlines(True), new.splitlines(True)) if line[0] in "+-"]


def test_a_chapter_is_opened_edited_run_and_saved(reader, lab):
    path = reader.book / "chapters" / "neural-networks.qmd"
    before, found = path.read_bytes().decode(), book(lab, "check", "chapters").stdout
    reader.open("chapters/neural-networks.qmd")
    block = reader.page.locator(".book-block", has_text="In this chapter")
    assert block.first.inner_text().startswith("Note: In this chapter")
    checks = [cell.source for cell in notebook_of(before).cells
              if "raises-exception" in cell.metadata.get("tags", ())]
    assert len(checks) > 2
    for error, check in zip(reader.run_all(), checks, strict=True):     # nothing is solved yet
        assert error[:20] in re.sub(r'"\s+f?"', "", check)
    reader.output("line").get_by_text("accuracy of a line: median").wait_for()
    reader.output("fig-xor").get_by_text("final loss 0.246").wait_for()
    reader.change("fig-xor", "N_HIDDEN = 8", "N_HIDDEN = 16  # 2-64 units")
    output = reader.run("fig-xor")
    output.get_by_text("final loss 0.166, training accuracy 0.99").wait_for()
    output.locator("img").wait_for()
    reader.save()
    reader.saved()
    after = path.read_bytes().decode()
    assert changed_lines(before, after) == ["- N_HIDDEN = 8  # 2-64 units\n",
                                            "+ N_HIDDEN = 16  # 2-64 units\n"]
    assert book(lab, "check", "chapters").stdout == found
    saved, = re.findall(r"```{python}\n#\| label: fig-xor\n.*?\n```\n", after, re.DOTALL)
    (reader.book / "small/index.qmd").write_text(f"# Saved\n\n{saved}")
    rendered = book(lab, "render", "small", "--to", "html", "--engine", "builtin")
    assert rendered.returncode == 0, rendered.stderr
    page = (reader.book / "small/_book/index.html").read_text()
    assert re.search(r'final loss 0\.166, training accuracy 0\.99<.*?id="fig-xor"', page, re.DOTALL)
    assert not [url for url in reader.asked
                if not re.match(r"(https?://127\.0\.0\.1|data:|blob:)", url)]


def test_controls_rewrite_the_cell_and_run_it(reader, lab):
    path = reader.book / "small" / "index.qmd"
    path.write_text(LIVE)
    reader.open("small/index.qmd")
    output = reader.run("live")
    output.get_by_text("8 units, round: 0.125").wait_for()
    handle = output.locator(".noUi-handle")
    assert output.locator(".widget-readout").inner_text() == "8 units"
    handle.focus()
    handle.press("ArrowRight")
    output.get_by_text("9 units, round: 0.143").wait_for()
    output.locator("img").wait_for()
    output.locator("select").select_option("square")
    output.get_by_text("9 units, square: 0.143").wait_for()
    assert reader.source("live").startswith(
        '#| label: live\n#| classes: live\nN = 9  # 2-64 units\nSHAPE = "square"  # round or square\n')
    handle.focus()
    for _ in range(7):
        handle.press("ArrowRight")
    output.get_by_text("ZeroDivisionError: division by zero").wait_for()
    reader.change("live", "total = 1", "total = 2")     # and not run
    handle.press("ArrowLeft")
    output.get_by_text("15 units, square: 2.000").wait_for()
    reader.save()
    reader.saved()
    expected = LIVE.replace("N = 8", "N = 15").replace('SHAPE = "round"', 'SHAPE = "square"')
    expected = expected.replace("total = 1", "total = 2")
    assert path.read_text() == expected
    rendered = book(lab, "render", "small", "--to", "html", "--engine", "builtin")
    assert rendered.returncode == 0, rendered.stderr
    assert "15 units, square: 2.000" in (reader.book / "small/_book/index.html").read_text()


@pytest.mark.parametrize("choice", ["Overwrite", "Revert", "Cancel"])
def test_a_conflict_is_the_readers_to_decide(reader, choice):
    path = reader.book / "index.qmd"
    first, theirs = "# Preface\n\n```{python}\n#| label: one\nx = 1\n```\n", "# Theirs\n"
    mine = first.replace("x = 1", "x = 2")
    path.write_text(first)
    reader.open("index.qmd")
    reader.change("one", "x = 1", "x = 2")
    path.write_text(theirs)
    reader.save()
    reader.dialog().get_by_text("has changed on disk").wait_for()
    assert path.read_text() == theirs
    reader.answer(choice)
    kept = [copy.read_text() for copy in reader.book.glob("index.replaced-*.qmd")]
    if choice == "Overwrite":
        reader.saved()
        kept = [copy.read_text() for copy in reader.book.glob("index.replaced-*.qmd")]
        assert (path.read_text(), kept) == (mine, [theirs])
    elif choice == "Revert":
        reader.page.locator(".jp-Notebook").get_by_text("Theirs").wait_for()
        assert path.read_text() == theirs
    else:
        assert (path.read_text(), reader.source("one")) == (theirs, "#| label: one\nx = 2")


def test_edits_in_other_cells_are_merged_and_shown(reader):
    path = reader.book / "small" / "index.qmd"
    first = ("# Merged\n\n```{python}\n#| label: one\nx = 1\n```\n\nBetween.\n\n"
             "```{python}\n#| label: two\nprint(f'it is {6 * 7}')\n```\n")
    path.write_text(first)
    reader.open("small/index.qmd")
    reader.run("two").get_by_text("it is 42").wait_for()
    reader.change("one", "x = 1", "x = 2")
    path.write_text(first.replace("Between", "Among"))
    reader.save()
    reader.answer("Overwrite")
    reader.page.locator(".jp-Notebook p", has_text="Among.").wait_for()
    reader.output("two").get_by_text("it is 42").wait_for()
    reader.page.get_by_text("all edits are in it").wait_for()
    assert path.read_text() == first.replace("x = 1", "x = 2").replace("Between", "Among")
    reader.change("one", "x = 2", "x = 3")
    reader.save()
    reader.saved()
    assert path.read_text() == first.replace("x = 1", "x = 3").replace("Between", "Among")
    assert len([*path.parent.glob("index.replaced-*.qmd")]) == 1


def test_a_new_chapter_begins_from_the_template_and_its_figure_follows_the_theme(reader):
    page = reader.page
    page.evaluate("jupyterapp.commands.execute('launcher:create', { cwd: 'small' })"
                  ".then(() => null)")
    page.locator(".jp-LauncherCard:visible", has_text="New chapter").last.click()
    page.wait_for_function("jupyterapp.shell.currentWidget?.context?.path === 'small/untitled.qmd'"
                           " && jupyterapp.shell.currentWidget.sessionContext?.isReady")
    assert (reader.book / "small/untitled.qmd").read_text().startswith("# Title {#sec-untitled}\n")
    picture = reader.run("fig-untitled").locator("img, svg").first
    picture.wait_for()
    theme = "name => jupyterapp.commands.execute('apputils:change-theme', { theme: name }).then(() => null)"
    for name, shown in (("JupyterLab Dark", "invert"), ("JupyterLab Light", "none")):
        page.evaluate(theme, name)
        page.wait_for_function("([picture, shown]) => getComputedStyle(picture).filter.startsWith(shown)",
                               arg=[picture.element_handle(), shown])


def test_a_save_that_fails_says_why(reader):
    path = reader.book / "references.qmd"
    path.write_text("# References\n\n```{python}\n#| label: one\nx = 1\n```\n")
    before = path.read_bytes()
    reader.open("references.qmd")
    reader.change("one", "x = 1", "x = 2")
    path.chmod(0o444)
    reader.save()
    reader.dialog().get_by_text("the file is read-only").wait_for()
    assert path.read_bytes() == before
    assert reader.source("one").endswith("x = 2")
