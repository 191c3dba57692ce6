"""A chapter's notebook reads like its page, and comes back as it was written."""

import random
import re
from pathlib import Path, PurePosixPath

import nbformat
import pytest

from bookbuild.cli import main
from bookbuild.document import Words
from bookbuild.lab.export import runnable
from bookbuild.lab.notebook import notebook_of, text_of
from bookbuild.lab.readable import make_readable
from bookbuild.lab.segments import shown_in, written, written_in
from bookbuild.print.html import hosted
from bookbuild.source import load_project

ROOT = Path(__file__).parents[2]
CHAPTER = """\
# Layers {#sec-layers}

See @fig-a and [@knuth, p. 3;
@other], in @sec-part; a value: `{python} 1 + 1`. [A setting]{.try}, [a page](b.qmd#sec-b).
`@fig-a {#raw}` stays, and a@b.c.

::: {.callout-note}
## Before @fig-a

- One.
- Two.
:::

::: {.callout-tip collapse="true"}
## Answer
Four.
:::

## A part {#sec-part}

::: {#thm-one}
## A name

It holds that

$$
x = y
$$ {#eq-one}
:::

::: {.proof}
Clear.
:::

::: {.content-visible when-format="typst"}
Not here.
:::

| a | b |
|---|---|
| 1 | 2 |

: What there is {#tbl-one}

```{python}
#| label: fig-a
#| fig-cap: "A curve, see @tbl-one."
#| fig-alt: "A curve."
draw()
```

```{.python}
code
```

![A leaf.](leaf.png){#fig-leaf width=50%}
"""
WORDS = Words(
    citations=(("@fig-a", "Figure 1.1"), ("[@knuth, p. 3;\n@other]", "(Knuth 1990, 3; Other 2000)"),
               ("@sec-part", "Section 1.1"), ("@tbl-one", "Table 1.1")),
    names=(("fig-a", "Figure 1.1"), ("thm-one", "Theorem 1.1"), ("eq-one", "Equation 1.1"),
           ("tbl-one", "Table 1.1"), ("fig-leaf", "Figure 1.2")),
    headings=((1, "Layers", "1"), (2, "Apart", "1.1")), values=("2",), source="chapters/a.qmd")
READ = [
    """\
# 1 Layers

See Figure 1.1 and (Knuth 1990, 3; Other 2000), in Section 1.1; a value: 2. A setting, a page.
`@fig-a {#raw}` stays, and a@b.c.

> **Note: Before Figure 1.1**
>
> - One.
> - Two.

> <details><summary><b>Answer</b></summary>
>
> Four.
>
> </details>

## 1.1 A part

**Theorem 1.1 (A name).**

It holds that

$$
x = y
\\tag{1.1} $$

**Proof.**
Clear.
∎


| a | b |
|---|---|
| 1 | 2 |

**Table 1.1:** What there is""",
    "draw()",
    "**Figure 1.1:** A curve, see Table 1.1.",
    """\
```python
code
```

![A leaf.](leaf.png)

**Figure 1.2:** A leaf."""]


def read(text=CHAPTER, words=WORDS, folder=Path()):
    notebook = notebook_of(text)
    make_readable(notebook, words, folder)
    nbformat.validate(notebook)
    return nbformat.reads(nbformat.writes(notebook), as_version=4)


def test_it_reads_like_the_page():
    assert [cell.source for cell in read().cells] == READ


def test_unread_it_is_the_chapter():
    assert text_of(read()) == CHAPTER


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.qmd")), ids=lambda path: path.stem)
def test_every_chapter_comes_back_and_nothing_of_quarto_is_left(path):
    text = path.read_text()
    notebook = read(text)
    assert text_of(notebook) == text
    for cell in notebook.cells:
        prose = re.sub(r"(?s)```.*?```|`[^`]*`", "", cell.source)
        assert cell.cell_type == "code" or not re.search(r"(?m)^\s*:::|\{[#.]\w|\{python\}", prose)
        assert cell.cell_type == "markdown" or not re.search(r"(?m)^#\|", cell.source)


@pytest.mark.parametrize("shown, new, old, wanted", [
    ("Figure 1.1 and", "Figure 1.1 or", "@fig-a and", "@fig-a or"),
    ("in Section 1.1;", "here, Section 1.1;", "in @sec-part;", "here, @sec-part;"),
    ("See Figure 1.1", "See it", "See @fig-a", "See it"),
    ("value: 2. A", "value: 3. A", "value: `{python} 1 + 1`. [A", "value: 3. [A"),
    ("A setting", "A choice", "[A setting]{.try}", "[A choice]{.try}"),
    ("Note: Before", "Note: Behind", "## Before", "## Behind"),
    ("> - Two.", "> - Two.\n> - Three, as in Section 1.1.", "- Two.",
     "- Two.\n- Three, as in @sec-part."),
    ("> - One.\n", "", "- One.\n", ""),
    ("Four.", "Five, 2.", "Four.", "Five, 2."),
    ("1.1 A part", "1.1 The part", "A part {#sec-part}", "The part {#sec-part}"),
    ("x = y", "x = z", "x = y", "x = z"),
    ("(A name)", "(Another)", "## A name", "## Another"),
    ("What there is", "What is there", "What there is", "What is there"),
    ("draw()", "import x\ndraw()", 'curve."\ndraw()', 'curve."\nimport x\ndraw()'),
    ("A curve, see", "The curve, see", 'fig-cap: "A curve, see', 'fig-cap: "The curve, see'),
    ("```python\ncode", "```python\nmore", "```{.python}\ncode", "```{.python}\nmore"),
    ("> **Note: Before Figure 1.1**\n>\n> - One.\n> - Two.\n\n", "",
     "::: {.callout-note}\n## Before @fig-a\n\n- One.\n- Two.\n:::\n\n", ""),
])
def test_an_edit_comes_back_and_nothing_else_changes(shown, new, old, wanted):
    notebook = read()
    cell, = [cell for cell in notebook.cells if shown in cell.source]
    cell.source = cell.source.replace(shown, new, 1)
    assert CHAPTER.count(old) >= 1
    assert text_of(notebook) == CHAPTER.replace(old, wanted, 1)


def test_what_a_reader_left_alone_is_never_lost():
    """Lines of a cell are edited at random: all others come back as they were written."""
    rng = random.Random(5)
    for _ in range(300):
        notebook = read()
        cell = rng.choice([each for each in notebook.cells if "draw" not in each.source])
        lines = cell.source.split("\n")
        at = rng.randrange(len(lines) + 1)
        lines[at:at + rng.randrange(2)] = rng.choice([["NEW words"], [], ["NEW", "", "words"]])
        cell.source = "\n".join(lines)
        after = text_of(notebook)
        lost = set(CHAPTER.split("\n")) - {*after.split("\n")}
        assert len([line for line in lost if line.strip(":| -")]) <= 3, (at, lost)
        assert ("NEW" in cell.source) == ("NEW" in after)


def test_segments_are_what_is_shown_and_what_is_written():
    segments = ["See ", ["Figure 1", "@fig-a", 0], ".\n", ["", ":::\n", 2], "End"]
    assert (shown_in(segments), written_in(segments)) == ("See Figure 1.\nEnd", "See @fig-a.\n:::\nEnd")
    for source in ("", "\n", "Figure 1", "End\nSee Figure 1.", "See Figure 1.\n"):
        assert ":::\n" in written(segments, source)


def test_pictures_travel_with_the_notebook(tmp_path):
    (tmp_path / "leaf.png").write_bytes(b"\x89PNG\r\n")
    notebook = read(folder=tmp_path)
    cell = notebook.cells[-1]
    assert "![A leaf.](attachment:leaf.png)" in cell.source and "leaf.png" in cell.attachments
    assert text_of(notebook) == CHAPTER


def test_with_a_site_links_lead_to_the_published_book():
    words = Words(**{**vars(WORDS), "site": "https://x.org/b"})
    assert "[a page](https://x.org/b/chapters/b.html#sec-b)" in read(words=words).cells[0].source


BOOK = """\
project:
  type: book
book:
  title: B
  site-url: https://x.org/b/
  chapters: [index.qmd, chapters/a.qmd, references.qmd]
bibliography: r.bib
"""
SMALL = """\
# Small

A sum is `{python} f"{1 + 1} (at least)"`, see @fig-x, @sec-there and [@knuth, p. 3]. @Knuth says so.

## There {#sec-there}

```{python}
#| label: fig-x
#| fig-cap: "Text."
print("text")
```
"""


def test_the_command_words_values_references_and_sources(tmp_path, monkeypatch, capsys):
    for name, text in {"_quarto.yml": BOOK, "index.qmd": "# Preface\n", "chapters/a.qmd": SMALL,
                       "references.qmd": "# References\n\n::: {#refs}\n:::\n",
                       "r.bib": "@book{knuth, author={Donald Knuth}, title={T}, year=1990}\n"
                                "@book{Knuth, author={Donald Knuth}, title={U}, year=1990}\n",
                       }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "code/deepmath").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main(["notebook", "chapters/a.qmd"]) == 0
    source = nbformat.read("chapters/a.ipynb", 4).cells[1].source
    page = "https://x.org/b/chapters/a.html"
    assert source.startswith(
        f"# 2 Small\n\nA sum is 2 (at least), see [Figure 2.1]({page}#fig-x), "
        f"[Section 2.1]({page}#sec-there) and ")
    assert "[1990b](" in source and "(https://x.org/b/references.html#ref-knuth" in source
    assert "## 2.1 There" in source
    assert main(["notebook", "chapters/a.ipynb"]) == 0
    assert Path("chapters/a.qmd").read_text() == SMALL


def test_without_words_it_is_readable_too(tmp_path):
    (tmp_path / "_quarto.yml").write_text(BOOK)
    (tmp_path / "chapters").mkdir()
    cells = nbformat.reads(runnable(tmp_path / "chapters/a.qmd", SMALL), 4).cells
    assert '`f"{1 + 1} (at least)"`' in cells[1].source


@pytest.mark.parametrize("address, hosts", [
    ("https://github.com/us/book", 2), ("https://github.com/us/book.git", 2),
    ("https://example.org/us/book", 0)])
def test_where_a_repository_on_github_is_run(tmp_path, address, hosts):
    (tmp_path / "_quarto.yml").write_text(
        BOOK.replace("  title", f"  repo-url: {address}\n  repo-branch: a/b\n  title"))
    found = [each["href"] for each in hosted(load_project(tmp_path), PurePosixPath("ch/a b.qmd"))]
    assert found == [
        "https://colab.research.google.com/github/us/book/blob/a%2Fb/ch/a%20b.ipynb",
        "https://mybinder.org/v2/gh/us/book/a%2Fb?urlpath=lab/tree/ch/a%20b.qmd"][:hosts]
