"""What is wrong is told in time, with the file and the line where it is; nothing outlives a press."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from waiting import until

from bookbuild import memory
from bookbuild.cli import main
from bookbuild.files import TookTooLong, end_all, run

CONFIG = "project:\n  type: book\nbook:\n  title: Odd\n  author: A\n  chapters:\n"


@pytest.fixture
def write(tmp_path):
    """Write a book from its chapters' texts."""
    def write(**chapters: str):
        texts = {"index": "# Preface {.unnumbered}\n\nHello.\n", **chapters}
        (tmp_path / "_quarto.yml").write_text(
            CONFIG + "".join(f"    - {name}.qmd\n" for name in texts))
        for name, text in texts.items():
            (tmp_path / f"{name}.qmd").write_text(text)
        return tmp_path
    return write


def render(root, *options: str) -> int:
    return main(["render", "--engine", "builtin", str(root), *options])


def cell(*lines: str) -> str:
    return "\n".join(["# Chapter", "", "```{python}", *lines, "```", ""])


def nested(times: int) -> str:
    return "# Deep\n\n" + "::: {.a}\n\n" * times + "x\n\n" + ":::\n\n" * times


def test_checked_places(write, capsys):
    root = write(
        lines="# One\n\nWords.\n\n$$\n\\begin{aligned}\na &= {\\tiny b} \\\\\nc &= d\n"
              "\\end{aligned}\n$$ {#eq-a}\n\n> $$\n> \\frac{x}{y\n> $$\n\n"
              "\\begin{align}\nd &= {\\tiny e} \\notag\n\\end{align}\n",
        heading="# One\n\n## Docstrings\n\n```{python}\n#| label: docstrings\n1\n```\n",
        pipe="# One\n\n![a](pipe.png){fig-alt=\"x\"}\n\n[b](zero.bin)\n\n{{< include pipe.qmd >}}\n",
        braces="# One\n\n`x` and $\\frac{1}$ and $}$\n\n```{python\n1\n```\n\n``` { python }\n2\n```\n\n"
               "```{#lst-a .python lst-cap=\"a \\\"b\\\" c\"}\n3\n```\n",
        open="---\ntitle: Open\n\nWords.\n",
        options="---\ntitle: O\nexecute: [echo]\n---\n\nWords.\n",
        codes="# One\n\n{{< meta title\n>}} and `{{< meta title >}}`, {{< include >}}\n\n"
              "{{< include >}}\n",
        lost="# One\n\na[^1] [b]\n\n[^1]: c\n\n[^1]: d\n\n[b]: http://e\n\n[b]: http://f\n\n"
             "<div>\n\ng\n\n</div>\n\n<div>\n\nh\n\n![]()\n",
        open2="# One\n\n$$a$$ $$b$$ `$$` \\$\\$\n\n$$\n\nx\n",
        comment="# One\n\n```{=typst}\n/* never closed\n```\n\nWords.\n",
        widths="# One\n\n![](dot.svg){width=-5}\n\n![](dot.svg){height=NaN}\n",
        boxes="# One\n\n::: {.callout-note collapse=maybe}\na\n:::\n\n"
              "::: {layout-ncol=1000000000}\nb\n:::\n",
        pictures="# One\n\n![a ![b](gone.png){fig-alt=\"x\"} c](gone.png){fig-alt=\"x\"}\n\n"
                 "Words.\n\n![](no pic.png){fig-alt=\"x\"}\n\n![](<no pic.png>){fig-alt=\"x\"}\n"
                 "\n![](/gone/rooted.png){fig-alt=\"x\"}\n")
    os.mkfifo(root / "pipe.png")
    os.symlink("/dev/zero", root / "zero.bin")
    (root / "pipe.qmd").rename(root / "file.qmd")
    os.mkfifo(root / "pipe.qmd")
    config = (root / "_quarto.yml").read_text()
    (root / "_quarto.yml").write_text(config.replace("pipe.qmd", "file.qmd"))
    assert main(["check", str(root)]) == 1
    said = capsys.readouterr().out
    for wanted in (r"lines\.qmd:6: pandoc cannot read the formula \\begin\{aligned\} a &= \{\\tiny",
                   r"lines\.qmd:1[23]: pandoc cannot read the formula",
                   r"lines\.qmd:16: pandoc cannot read the formula \\begin\{align\}",
                   r"heading\.qmd:6: the id `docstrings` is used twice",
                   r"file\.qmd:3: the picture pipe\.png is no file",
                   r"file\.qmd:5: the link leads to zero\.bin",
                   r"file\.qmd:7: the included file pipe\.qmd is missing",
                   r"braces\.qmd:3: pandoc cannot read the formula \\frac\{1\}",
                   r"braces\.qmd:3: pandoc cannot read the formula \}",
                   r"braces\.qmd:5: `\{python` begins no block of code",
                   r"braces\.qmd:9: `\{ python \}` begins no block of code",
                   r"open\.qmd:1: the front matter is never closed",
                   r"options\.qmd:3: `execute` takes `key: value` lines, not \['echo'\]",
                   r"codes\.qmd:3: the built-in press reads no shortcode in `\{\{< meta title`",
                   r"codes\.qmd:6: `include` names no file",
                   r"lost\.qmd:7: the note `\[\^1\]:` is written twice",
                   r"lost\.qmd:11: notice: the link `\[b\]:` is written twice",
                   r"lost\.qmd:19: the `<div>` that begins here is never closed",
                   r"lost\.qmd:\d+: the picture \(\) is no file",
                   r"comment\.qmd:4: a comment of Typst's is never closed", r"open2\.qmd:5: a `\$\$` that begins or ends no formula",
                   r"widths\.qmd:3: `width=-5`", r"widths\.qmd:5: `height=NaN`",
                   r"boxes\.qmd:3: `collapse=maybe`: the built-in press does not know it",
                   r"boxes\.qmd:7: `layout-ncol=1000000000`: the built-in press does not know it",
                   r"pictures\.qmd:3: the picture gone\.png is missing",
                   r"pictures\.qmd:9: the picture no pic\.png is missing",
                   r"pictures\.qmd:11: the picture gone/rooted\.png is missing"):
        assert re.search(wanted, said), (wanted, said)
    assert "braces.qmd:13" not in said


def test_marks_have_the_place_where_they_are_wrong_not_that_of_others_like_them(write, capsys):
    root = write(
        marks="# One\n\n$\\alpha$ and \\alpha, $\\beta$\n\n$$\n\\alpha\n$$\n\n\\beta\n\n\\alpha\n\n"
              "::: {.callout-note}\na\n:::\n\nThe colons\nare ::: here.\n\n:::\n\n::: begins.\n\n"
              "```python\na  # <1>\nb  # <2>\n```\n\n$$\n\nb\n\n$$\nc\n$$\n",
        links="# Two\n\n[a](#a), <a id=\"a\"></a>\n\n[b](marks), [c]()\n\n[d](#d)\n\n"
              "![e](dot.svg#view){fig-alt=\"x\"}\n\n<h3 id=\"f\">g</h3>\n",
        other="# Three\n\n[f](links.qmd#f)\n\n[f](#f)\n\n"
              "::: {.content-visible when-format=\"pdf\"}\ng\n:::\n")
    (root / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    config = (root / "_quarto.yml").read_text()
    (root / "_quarto.yml").write_text(config.replace("Odd", "'{{< var title >}}'").replace(
        "author: A", "author: [{name: A, orcid: 0}, {name: {given: B}}]"))
    assert main(["check", str(root)]) == 1
    said = capsys.readouterr().out.splitlines()
    for wanted in ("_quarto.yml:4: the built-in press reads no shortcode in `title`",
                   "_quarto.yml:5: the built-in press does not know an author's `orcid`",
                   "_quarto.yml:5: the built-in press reads a name in one piece",
                   *(f"marks.qmd:{line}: `\\{name}` is TeX" for line, name in (
                       (3, "alpha"), (9, "beta"), (11, "alpha"))),
                   *(f"marks.qmd:{line}: a fence of colons" for line in (18, 20)),
                   "marks.qmd:22: the block that begins here is never closed",
                   *(f"marks.qmd:{line}: code annotations" for line in (25, 26)),
                   "marks.qmd:29: a `$$` that begins or ends no formula",
                   "links.qmd:5: the link leads to marks, which is no file of the book: did you "
                   "mean marks.qmd?", "links.qmd:5: a link without an address",
                   "links.qmd:7: the link leads to `#d`",
                   "links.qmd:9: the picture dot.svg#view is a part of a file",
                   "other.qmd:5: the link leads to `#f`",
                   "other.qmd:7: notice: `when-format=pdf` is about a PDF that LaTeX makes"):
        assert [each for each in said if each.startswith(wanted)], wanted
    assert len(said) == 18, said


@pytest.mark.parametrize("text, told", [
    ("# One\n\nWords.\n\n\\newcommand{\\endless}{\\endless\\endless}\n\n$\\endless$\n",
     "one.qmd:5: pandoc cannot read this: Loop encountered in expanding macro endless"),
    ("# One\n\nWords.\n\n" + "- " * 50_000 + "x\n",
     "one.qmd:5: blocks stand too deep in one another")], ids=["macro", "list"])
def test_what_has_no_end_has_its_line(write, capsys, text, told):
    assert main(["check", str(write(one=text))]) == 1
    assert told in capsys.readouterr().out


def test_errors_of_cells_have_their_lines_behind_magics_and_bad_indentation(write, capsys):
    root = write(syntax=cell("%%time", "x = 1", "y = x +"), indent=cell("x = 1", "\tif x:", "  y=2"),
                 timed=cell("%%time", "", "x = 1", "1 / 0"), captured=cell("%%capture", "1 / 0"))
    assert render(root, "--to", "html") == 1
    said = capsys.readouterr().err
    for place in ("syntax.qmd:6: the cell that begins at line 3 raised SyntaxError: invalid syntax\n",
                  "indent.qmd:6:", "timed.qmd:7:", "captured.qmd:5:"):
        assert place in said, (place, said)


@pytest.mark.needs("poppler")
def test_a_dot_behind_an_element_is_text_and_a_letter_that_no_font_has_is_told(write, capsys):
    root = write(one="# One\n\nRun *file*.py, **b**.c, [the page](https://e.org).html, $x$.y, "
                     "[d]{.smallcaps}.e, f^2^.g, note^[n.].h and *a*.5 or *a*.\n\n"
                     "line<br>two\n\n::: {.proof}\nP.\n:::\n\n::: {.proof}\n:::\n\n"
                     "A letter of Cyprus: \U00012f90.\n")
    assert render(root, "--to", "pdf") == 0
    assert "one.qmd:14: no font here has `\U00012f90`" in capsys.readouterr().err
    page = subprocess.run(["pdftotext", root / "_book" / "Odd.pdf", "-"], check=True, text=True,
                          capture_output=True).stdout
    assert "line\ntwo" in page
    for text in ("file.py", "b.c", "the page.html", ".y", "d.e", "a.5 or a."):
        assert text in " ".join(page.split()), (text, page)


@pytest.mark.parametrize("text, place", [
    ("# One\n\nwords `#nonesuch(4)`{=typst} here\n", "one.qmd:3: Typst cannot set this: unknown var"),
    ("# One\n\na\u2028b\x0bc\x0cd\x85e\n\nfine words\n\nfew `#nonesuch(4)`{=typst}\n",
     "one.qmd:7: Typst cannot set this: unknown var"),
    ("# One\n\nwords\n\n```{=typst}\n]\n```\n", "one.qmd:5: Typst cannot set this: unexpected"),
    ("# One\n\n![a](a.svg){fig-alt=b}\n", "one.qmd:3: the picture a.svg: failed to parse SVG"),
    ("# One\n\n![a](b.png){fig-alt=b}\n", "one.qmd:3: the picture b.png: failed to decode image"),
    (nested(200), "one.qmd:401: blocks stand 200 deep in one another, and the PDF takes 12")],
    ids=["Typst", "separators", "raw", "svg", "png", "nesting"])
def test_what_typst_cannot_set_has_its_line(write, capsys, text, place):
    root = write(one=text)
    (root / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg">&x;</svg>')
    (root / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert render(root, "--to", "pdf") == 1
    assert place in capsys.readouterr().err


def test_what_stands_too_deep_for_print_is_a_page_and_far_deeper_is_refused(write, capsys):
    assert render(write(one=nested(200)), "--to", "html") == 0
    assert render(write(one=nested(300)), "--to", "html") == 1
    assert "one.qmd:601: blocks stand too deep in one another" in capsys.readouterr().err


def test_a_program_has_its_time():
    with pytest.raises(TookTooLong, match="took more than 1 s"):
        run([sys.executable, "-c", "while True: pass"], "", 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_render_ends_with_its_programs(write, number):
    """These brackets take pandoc longer than anybody waits."""
    root = write(one="# One\n\n" + "[a" * 40 + "](x)" * 40 + "\n")
    command = [sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", str(root)]
    press = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def pandoc():
        found = []
        with suppress(OSError):         # some come and go
            for task in Path(f"/proc/{press.pid}/task").glob("*/children"):
                found += [child for child in task.read_text().split()
                          if "pandoc" in os.readlink(f"/proc/{child}/exe")]
        return found

    child, *_ = until(pandoc, "pandoc at work", press.poll)
    press.send_signal(number)
    assert "the book that stands is whole" in press.communicate()[1]
    assert press.returncode == 128 + number
    assert not os.path.exists(f"/proc/{child}")


def test_a_program_that_starts_while_the_press_ends_is_ended(monkeypatch):
    begun, ending, ended = Event(), Event(), []

    def end_all_first():
        end_all()
        ending.set()

    def fails():
        begun.wait()
        raise KeyboardInterrupt

    def starts():
        begun.set()
        ending.wait()
        ended.append(run([sys.executable, "-c", "while True: pass"], "", 20).returncode)

    monkeypatch.setattr(memory.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(memory, "end_all", end_all_first)
    with pytest.raises(KeyboardInterrupt):
        memory.Memory().steps((fails, "one"), (starts, "two"))
    assert ended == [-signal.SIGKILL]


def test_a_heading_of_eight_marks_is_numbered(write):
    root = write(one="# One\n\n## Two\n\n######## Eight\n\nWords.\n")
    assert render(root, "--to", "html") == 0
    assert "1.1.0.0.0.0.0.1" in (root / "_book" / "one.html").read_text()


def test_titles_and_labels_are_looked_for_by_all_of_their_words(write, capsys):
    """A label may stand in a cell of another language, two titles may begin alike."""
    root = write(one="# About this book\n\nSee @fig-flow.\n\n# About the author\n\nWords.\n",
                 two="# Two\n\n```{mermaid}\n%%| label: fig-flow\nA --> B\n```\n")
    assert main(["check", str(root)]) == 1
    one, two, *_ = capsys.readouterr().out.splitlines()
    assert one.startswith("one.qmd:5: `About the author` is a second title")
    assert two.startswith("two.qmd:3: the built-in press runs Python cells only, not `{mermaid}`")
