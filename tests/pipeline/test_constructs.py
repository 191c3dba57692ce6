"""What Quarto's authors write and this book does not: printed as Quarto does, or told by name."""

import json
import subprocess
from pathlib import Path, PurePosixPath

import pytest
from bs4 import BeautifulSoup
from programs import needs

from bookbuild.check.pictures import cell_problems
from bookbuild.cli import main
from bookbuild.document import Chapter, nodes, pandoc, text
from bookbuild.pipeline.drafts import inline_text
from bookbuild.print.html import as_entry, local_files
from bookbuild.run import InlineValue
from bookbuild.source import Page, Project, load_project, split_source

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>'
STYLE = """<?xml version="1.0" encoding="utf-8"?>
<style xmlns="http://purl.org/net/xbiblio/csl" class="in-text" version="1.0">
<info><title>Plain</title><id>plain</id><updated>2024-01-01T00:00:00+00:00</updated></info>
<citation><layout prefix="[" suffix="]"><text variable="citation-number"/></layout></citation>
<bibliography><layout><text variable="title"/></layout></bibliography>
</style>
"""
PRINTED = {
    "_quarto.yml": """project: {type: book}
lang: en-GB
book:
  title: "Up & Down"
  author: A. Writer
  date: 2024-03-05
  chapters: [index.qmd, one.qmd, two.qmd, sub/three.qmd, plain.md, cells.qmd, ends.qmd]
execute: {echo: false}
format:
  html:
    html-math-method: mathml
    bibliography: sources.yaml
    csl: plain.csl
""",
    "_environment": "# for cells\nexport GREETING='hello to all'   # quoted\n",
    "sources.yaml": "---\nreferences:\n- id: kafka1915\n  type: manuscript\n"
                    "  author: [{family: Kafka, given: Franz}]\n  title: Before the Law\n---\n",
    "plain.csl": STYLE, "a.svg": SVG, "images/a.svg": SVG, "images/a.png": "\x89PNG",
    "wide.svg": SVG, "widget.html": "<p>w</p>", "data.csv": "a,b\n", "film.mp4": "",
    "index.qmd": "# Preface {.unnumbered}\n\nWords.\n",
    "one.qmd": r"""# One {#sec-one}

See [the second](#sec-two), [its part](#sec-part) and [a plain one](#plain), [@kafka1915].

[![Words of the caption](a.svg){fig-alt="A square"}](https://example.org)

\newcommand{\R}{\mathbb{R}}
\DeclareMathOperator{\rank}{rank}

Let $x \in \R$ with $\rank x$.

```{{python}}
# Comment two
a = 1
```

- an item

  ```{{python}}
  b = 2
  ```

```{.markdown shortcodes=false}
{{< video https://example.org/a.mp4 >}}
{{< meta title >}}
```

::: {#fig-three layout="[[70,-10,20],[1]]"}
![One](a.svg){#fig-three-one fig-alt="One"}

![Two](a.svg){#fig-three-two fig-alt="Two"}

![Three](a.svg){#fig-three-three fig-alt="Three"}

All three
:::

See @fig-three and @fig-three-three.

:::: {.callout}
plain callout
::::

::: {#tbl-cond .content-visible when-format="html"}

| a | b |
|---|---|
| 1 | 2 |

A caption.
:::

::: {.content-visible .callout-warning when-format="html"}
## Careful
Body of a warning.
:::

::: {#thm-t .content-visible when-format="html"}
## Name
Body of a theorem.
:::

::: {.content-visible .panel-tabset unless-format="typst" group="a \"b"}
## First tab
1

## Second tab
2
:::

::: {.content-visible layout-ncol=2 when-format="html"}
Left

Right
:::

[See @tbl-cond and @thm-t.]{.content-visible when-format="html"}

<center>
    <img src="images/a.png" alt="A square" width="20%"/>
</center>

<iframe src="widget.html"></iframe> <a href="data.csv">Data</a> <a href="two.html">Two</a>
<video poster="a.svg" src="film.mp4"></video>
<img alt="" src="a.svg" srcset="wide.svg 2x">

![Beside](a.svg){#fig-side .column-margin fig-alt="A square"}
""",
    "two.qmd": "# Two {#sec-two}\n\n## Part {#sec-part}\n\nWords.\n\n## Plain {#plain}\n\nWords.\n\n"
               "| - x | = y |\n|-----|-----|\n| +   | z   |\n\n: 4. Words of a table {#tbl-m}\n\n"
               "::: {#refs}\n:::\n",
    "sub/three.qmd": "# Three\n\n![A square](/images/a.svg){#fig-a fig-alt=\"A square\"}\n\n"
                     "![](/images/a.svg){fig-align=\"center\" fig-alt=\"Middle\"}\n\n"
                     "$$\n\\begin{align}\na &= b \\notag \\\\\nc &= d\n\\end{align}\n$$\n\n"
                     "\\begin{eqnarray*}\ne &=& f \\notag\n\\end{eqnarray*}\n\n"
                     "See @fig-a, [the preface](/index.qmd) and [data](/data.csv).\n",
    "plain.md": "Just words, no title.\n\nSee @sec-one, [this](plain.md), [a note](note.md).\n",
    "note.md": "A file beside the book.\n",
    "cells.qmd": r"""---
execute:
  echo: true
---

# Cells

```{python}
#| echo: false
import os
print(os.environ["GREETING"])
```

```{python}
help_text = '''
#| echo: false
'''
print("shown", len(help_text))
```

```{python}
%%writefile sample.txt
#| label: fig-a
print(1)
```

```{python}
#| label: tbl-a
#| tbl-cap: "1. Result, in (0, 1] only"
#| tbl-subcap: ["- First", "(a) ::: second"]
#| layout: [[1, 2]]
from IPython.display import Markdown, display
display(Markdown("|x|\n|--|\n|1|")); display(Markdown("|y|\n|--|\n|2|"))
```

A string `{python} 'say "x" and it\'s'` and `{python} r"c\d"`.
""",
    "ends.qmd": "# Ends {#sec-ends}\r\rOne line\rin two.\r\r```{.python}\rprint(1)\r```\r",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode("latin-1" if name.endswith(".png") else "utf-8"))
    return root


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    root = write(tmp_path_factory.mktemp("constructs"), PRINTED)
    assert main(["render", "--engine", "builtin", str(root)]) == 0
    return root / "_book"


@pytest.fixture(scope="module")
def pages(book):
    return {path.stem: BeautifulSoup(path.read_text(encoding="utf-8"), "lxml").main
            for path in book.rglob("*.html")}


def said(element) -> str:
    return " ".join(element.get_text().replace("\u00a0", " ").split())


def links(page) -> dict[str, str]:
    return {said(link): link["href"] for link in page.find_all("a", href=True)}


def test_links_lead_to_ids_of_other_pages_and_to_the_books_root(pages):
    assert links(pages["one"]).items() >= {
        "the second": "two.html#sec-two", "its part": "two.html#sec-part",
        "a plain one": "two.html#plain"}.items()
    assert links(pages["three"]).items() >= {
        "the preface": "../index.html", "data": "../data.csv"}.items()
    assert pages["three"].find("img")["src"] == "../images/a.svg"


def test_a_formats_sources_and_style_are_its_own(pages):
    assert "a plain one, [1]." in said(pages["one"])
    assert said(pages["two"].find(id="refs")) == "Before the Law"


def test_a_linked_picture_alone_is_a_figure(pages):
    figure = pages["one"].find("figure")
    assert said(figure.find("figcaption")) == "Words of the caption"
    assert figure.find("a")["href"] == "https://example.org"
    assert figure.find("img")["alt"] == "A square"


def test_a_picture_without_a_caption_may_be_centred(pages):
    shown = pages["three"].find("img", alt="Middle")
    assert "quarto-figure-center" in shown.find_parent("div")["class"]
    assert not [name for name in shown.attrs if "align" in name]


def test_a_picture_for_the_margin_stands_there(pages):
    figure = pages["one"].find(id="fig-side")
    assert figure.parent["class"] == ["column-margin"]
    assert said(figure.find("figcaption")) == "Figure 1.2: Beside"
    assert figure.find("img")["class"] == ["img-fluid", "figure-img"]


def test_macros_are_expanded_and_print_nothing(pages):
    formulas = [said(formula.mrow) for formula in pages["one"].find_all("math")]
    assert formulas[0].endswith("ℝ") and formulas[1].startswith("rank")
    assert "newcommand" not in said(pages["one"]).partition("Comment two")[0]


def test_lines_of_a_formula_may_be_marked_to_have_no_number(pages):
    assert [sum(cell.name == "mtr" for cell in formula.find_all("mtr"))
            for formula in pages["three"].find_all("math")] == [2, 1]


def test_a_cell_that_is_shown_is_a_block_of_code(pages):
    shown = [code.get_text() for code in pages["one"].find_all("pre")]
    assert shown[0].strip() == "```{python}\n# Comment two\na = 1\n```"
    assert shown[1].strip() == "```{python}\nb = 2\n```"
    assert shown[2].strip() == "{{< video https://example.org/a.mp4 >}}\n{{< meta title >}}"


def test_a_layout_has_its_rows_shares_and_gaps(pages):
    rows = pages["one"].find(id="fig-three").find_all(class_="quarto-layout-row")
    assert [[cell["style"] for cell in row.find_all(class_="quarto-layout-cell")] for row in rows] \
        == [["flex-basis: 70.0%", "flex-basis: 10.0%", "flex-basis: 20.0%"], ["flex-basis: 100.0%"]]
    assert "See Figure 1.1 and Figure 1.1 (c)." in said(pages["one"])


def test_a_callout_without_a_kind_is_a_box(pages):
    box = pages["one"].find(class_="callout-none")
    assert said(box) == "plain callout" and "callout-style-simple" in box["class"]


def test_conditional_blocks_keep_what_else_they_are(pages, book):
    page = pages["one"]
    assert said(page.find(id="tbl-cond").find("figcaption")) == "Table 1.1: A caption."
    assert said(page.find(class_="callout-warning")) == "Careful Body of a warning."
    assert said(page.find(id="thm-t")) == "Theorem 1.1 (Name) Body of a theorem."
    assert [said(tab) for tab in page.find_all(role="tab")] == ["First tab", "Second tab"]
    assert page.find(class_="panel-tabset")["data-group"] == 'a "b'
    assert "See Table 1.1 and Theorem 1.1." in said(page)
    assert len(page.find_all(class_="quarto-layout-row")[-1].find_all("p")) == 2


def test_files_that_html_names_come_with_the_book(book):
    for name in ("images/a.png", "widget.html", "data.csv", "film.mp4", "a.svg", "wide.svg"):
        assert (book / name).is_file(), name


def test_a_chapter_without_a_heading_is_called_by_its_file(book, pages):
    assert said(pages["plain"].h1) == "4 plain"


def test_a_chapter_may_be_an_md_file(pages, book):
    assert links(pages["plain"]).items() >= {
        "Chapter 1": "one.html", "this": "plain.html", "a note": "note.md"}.items()
    assert (book / "note.md").is_file() and not (book / "plain.md").exists()


def test_the_book_tells_its_date(book, pages):
    assert said(pages["index"].find(class_="date")) == "5 March 2024"
    assert not pages["one"].find(class_="date")
    needs("poppler")
    done = subprocess.run(["pdftotext", book / "Up---Down.pdf", "-"], capture_output=True, text=True,
                          check=True)
    printed = " ".join(done.stdout.split())
    assert "5 March 2024" in printed
    for words in ("Table 5.1: 1. Result, in (0, 1] only", "Table 2.1: 4. Words of a table", "- First", "::: second", "plain callout"):
        assert words in printed, words
    assert "Body of a warning" not in printed and "=y" in printed.replace(" ", "")


def test_cells_have_their_chapters_options_and_the_projects_environment(pages):
    shown = said(pages["cells"])
    assert "hello to all" in shown and "os.environ" not in shown
    assert "help_text = '''" in shown and "shown 16" in shown and "Writing sample.txt" in shown


def test_captions_of_cells_are_lines_of_text(pages):
    captions = [said(each) for each in pages["cells"].find_all("figcaption")]
    assert captions == ["Table 5.1: 1. Result, in (0, 1] only", "(a) - First", "(b) (a) ::: second"]
    widths = [cell["style"] for cell in pages["cells"].find_all(class_="quarto-layout-cell")]
    assert widths == ["flex-basis: 33.3%", "flex-basis: 66.7%"]


def test_a_string_is_printed_as_it_is(pages):
    assert said(pages["cells"]).endswith("A string say “x” and it’s and c\\d.")


def test_a_title_in_the_contents_has_no_notes_and_links():
    title = pandoc.inlines("All of *it* [here](https://example.org)^[A note.] $x$")
    shown = as_entry(title)
    assert text(shown) == "All of it here x"
    assert not any(nodes(shown, "Note", "Link")) and as_entry(title[:1]) == title[:1]


def test_an_address_on_another_host_is_no_file():
    """Nor is it a path from the root of the machine."""
    page = Page(PurePosixPath("one.qmd"))
    blocks = pandoc.read("[a](//etc/hostname) ![b](//host/b.png) [c](c.csv) [d](http://e)")["blocks"]
    assert local_files(Chapter(page, [], "", None, blocks)) == ["c.csv"]


def test_the_lines_of_a_value_are_one_line_of_text():
    """Else they would part a paragraph, or a row of a table."""
    assert inline_text(InlineValue("text", "a|b\n\n# c")) == "a\\|b  \\# c"


def test_a_carriage_return_ends_a_line(pages):
    assert said(pages["ends"].h1) == "6 Ends" and "One line in two." in said(pages["ends"])
    assert said(pages["ends"].pre) == "print(1)"


@pytest.mark.parametrize("line", [
    "(0, 1] only", "[0, 1) only", "1. x", "- x", "+ x", "# x", "> x", "(a) x", "::: x", ": x",
    "| x | y", "ends in \\", "a ] b", "{#fig-a} x", "--- x", "[^1]: x", "* x", "= x", "i) x",
    "<div>x</div>", "\\begin{x} y", "``` x"])
def test_whatever_a_line_of_text_begins_with_it_is_a_line(line):
    shown = text(pandoc.inlines(line)).replace("—", "---")
    assert shown == line


# --------------------------------------------------------------------------------------- told

TOLD = {
    "_quarto.yml": """project: {type: book}
book:
  title: "Computed `{python} 1`"
  author: A
  chapters:
    - index.qmd
    - one.qmd
    - sub/two.qmd
    - part: middle.Rmd
      chapters: [three.qmd, text.md]
ipynb-shell-interactivity: all
from: markdown+emoji
format:
  html:
    echo: false
  pdf:
    documentclass: scrreprt
  docx: default
  typst: default
""",
    "_quarto.yml.local": "execute: {echo: false}\n", "_language.yml": "title: Obr.\n",
    "_environment": "A=1\nB=$A\n", "sub/_metadata.yml": "echo: false\n", "404.qmd": "# Lost\n",
    "middle.Rmd": "# The middle\n",
    "text.md": "# Text\n\nIs `{python} 1`.\n\n```{python}\n1\n```\n\n::: {#refs}\n:::\n",
    "index.qmd": "---\ntitle: Preface\n---\n\nWords.\n\n## Why {#sec-why}\n\nWords, @sec-why.\n",
    "one.qmd": """---
title: "Title `{python} 1+1`"
keywords: [affine maps]
output-file: first
---

```{python}
#| label: fig-a
#| fig-cap: |
#|   First.
#|
#|   Second.
#| fig-alt: "alt `{python} n`"
1
```

::: {.panel-tabset}

No headings here.

:::

```{{r, echo=FALSE}}
1
```

![Values in (0, 1] only](a.svg){#fig-lost fig-alt="x"}

<img src="gone.png"> <a href="gone.csv">x</a> <a href="/sub/two.qmd">x</a>

```{python}
#| fig-subcap: ["One", "Two"]
#| tbl-cap: "A <div> in it"
1
```
""",
    "sub/two.qmd": "Words.\n\n## A section\n\nWords.\n\n::: {#refs}\n:::\n",
    "three.qmd": "# Three\n\n::: {layout=\"[[a]]\"}\nx\n:::\n\n"
                 "[See @fig-web.]{.as-is}\n\n::: {#fig-web .content-visible when-format=html}\nx\n\n"
                 "Web\n:::\n\n## Part {.content-visible when-format=html}\n\n"
                 "::: {#thm-x .callout-note}\nx\n:::\n\nx ![](a.svg){.column-margin fig-alt=x} y\n\n"
                 "<pre>x</pre>\n\n```{python}\n#| label: tbl-c\n#| fig-cap: Lost\n1\n```\n",
}
MESSAGES = [
    ("_quarto.yml", 3, "`{python} 1` in `title` is not computed"),
    ("_quarto.yml", 9, ".qmd and .md chapters only, not middle.Rmd"),
    ("_quarto.yml", 11, "`ipynb-shell-interactivity`"), ("_quarto.yml", 12, "the key `from`"),
    ("_quarto.yml", 15, "`html: echo`: say it at the top"),
    ("_quarto.yml", 16, "the format `pdf`: name it `typst`, print `--to html`"),
    ("_quarto.yml.local", 1, "say it in `_quarto.yml`"), ("_language.yml", 1, "does not read"),
    ("_environment", 2, "reads `NAME=value` here"), ("sub/_metadata.yml", 1, "does not read"),
    ("404.qmd", 1, "list it as a chapter"), ("index.qmd", 2, "a home page with its title here"),
    ("one.qmd", 2, "`{python} 1+1` in `title`"), ("one.qmd", 3, "`keywords`"),
    ("one.qmd", 4, "`output-file`"), ("one.qmd", 9, "`fig-cap` has two paragraphs"),
    ("one.qmd", 13, "`{python} n` in `fig-alt`"), ("one.qmd", 17, "a tabset without tabs"),
    ("one.qmd", 23, "runs the lines of this block together"),
    ("one.qmd", 27, "a picture is read as text"), ("one.qmd", 29, "gone.png of `<img>` is missing"),
    ("one.qmd", 29, "/sub/two.qmd of `<a>` is found by Quarto alone"),
    ("one.qmd", 32, "`fig-subcap` is lost without a label"), ("one.qmd", 33, "`<div` in `tbl-cap`"),
    ("text.md", 3, "no code of an .md file is run: name it .qmd"),
    ("text.md", 5, "no code of an .md file is run: name it .qmd"),
    ("text.md", 9, "the list of sources is that of the whole book, and stands in sub/two.qmd"),
    ("sub/two.qmd", 1, "the chapter has no title"), ("three.qmd", 3, "`layout=[[a]]`"),
    ("three.qmd", 7, "`fig-web` stands in a block that is left out of one of"),
    ("three.qmd", 15, "`content-visible` has no effect here: put it on a block around this"),
    ("three.qmd", 17, "`thm-x` is the label of a theorem or the like, and this a callout"),
    ("three.qmd", 21, "a picture for the margin stands within a line"),
    ("three.qmd", 27, "`fig-cap` is lost: beside the label `tbl-c` write `tbl-cap`")]
NOTICES = [("three.qmd", 23, "what `<pre>` shows is on the page alone"),
           ("_quarto.yml", 18, "the format `docx`"), ("one.qmd", 29, "gone.csv of `<a>` is missing")]


def test_what_is_not_printed_is_told_with_its_place(tmp_path, capsys):
    root = write(tmp_path, TOLD)
    assert main(["check", "--format", "json", str(root)]) == 1
    found = json.loads(capsys.readouterr().out)
    for level, expected in (("error", MESSAGES), ("notice", NOTICES)):
        for path, line, message in expected:
            assert [each for each in found if message in each["message"] and each["level"] == level
                    and (each["path"], each["line"]) == (path, line)], (path, line, message)


def test_a_pdf_of_latex_stops_only_who_wants_a_pdf(tmp_path, capsys):
    root = write(tmp_path, {"index.qmd": "# One\n", "_quarto.yml": "project: {type: book}\n"
                            "book: {title: A, author: A, chapters: [index.qmd]}\nformat: [html, pdf]\n"})
    assert main(["render", "--engine", "builtin", "--to", "html", str(root)]) == 0
    assert main(["render", "--engine", "builtin", "--to", "pdf", str(root)]) == 1
    assert "_quarto.yml:3: the built-in press does not know the format `pdf`" in capsys.readouterr().err


# What Quarto prints wrongly, or not at all, and this press rightly.
TRAPS = {
    "Run *file*.py here.": "Typst takes `.py` behind marked words",
    "See [the page](https://example.org).html here.": "Typst takes `.html` behind marked words",
    "::: {.content-visible .callout-tip when-format=\"html\"}\n## T\nx\n:::": "of `callout-tip`",
    "::: {#thm-t .content-visible when-format=\"html\"}\nx\n:::": "the label of `thm-t`",
    "::: {.content-visible .panel-tabset when-format=\"html\"}\n## T\nx\n:::": "of `panel-tabset`",
    "$$x$$\n{#eq-below}": "sees no label in `{#eq-below}`",
    "{{<meta book.title>}}": "reads no shortcode in `{{<meta book.title>}}`",
    "```{python}\n#| label: fig-a\n#| fig-alt: a\n#| fig-cap: \"In (0, 1]\"\n1\n```":
        "brackets in `fig-cap` that are no pair",
    "```{python}\n#| label: tbl-a\n#| tbl-cap: \"1. Result\"\n1\n```": "takes `1.` at the beginning",
    "```{python}\n#| label: tbl-b\n#| tbl-cap: \"A \\\\\"\n1\n```": "a backslash at its end"}


def test_check_tells_quartos_traps_and_render_counts_them_alike(tmp_path, capsys):
    lines, page = {}, "# One\n\n"
    for written, told in TRAPS.items():
        lines[told] = page.count("\n") + 1, page.count("\n") + 1 + written.count("\n")
        page += f"{written}\n\n"
    root = write(tmp_path, {"index.qmd": page, "_quarto.yml": "project: {type: book}\n"
                            "book: {title: A, author: A, chapters: [index.qmd]}\n"
                            "execute: {eval: false}\n"})
    assert main(["check", "--format", "json", str(root)]) == 1
    out, err = capsys.readouterr()
    found = [each for each in json.loads(out) if each["stops"] == "quarto"]
    assert len(found) == len(TRAPS)
    for told, (first, last) in lines.items():
        assert [each for each in found if told in each["message"] and first <= each["line"] <= last]
    assert f"book: {len(TRAPS)} problems, 0 notices" in err


def test_settings_of_a_format_come_before_those_of_the_book(tmp_path):
    write(tmp_path, {"index.qmd": "# One\n", "a.bib": "", "b.bib": "", "_quarto.yml":
                     "project: {type: book}\nbook: {title: A, author: A, chapters: [index.qmd]}\n"
                     "toc: false\ntoc-depth: 2\necho: false\nbibliography: a.bib\n"
                     "format:\n  html: {toc-depth: 4, bibliography: b.bib}\n  typst: default\n"})
    project = load_project(tmp_path)
    options = project.format_options("html")
    assert (options["toc"], options["toc-depth"]) == (False, 4)
    assert project.format_options("typst")["toc-depth"] == 2
    assert [path.name for path in project.bibliographies("html")] == ["a.bib", "b.bib"]
    assert [path.name for path in project.bibliographies("typst")] == ["a.bib"]
    assert project.cell_defaults({}) == {"echo": False}
    assert project.cell_defaults({"echo": True, "execute": {"eval": False}}) == {
        "echo": True, "eval": False}


@pytest.mark.parametrize("options, shown, told", [
    ("#| label: tbl-a\n#| tbl-subcap: [A, B]", 1, "`tbl-subcap` has 2 captions, and the cell shows "
     "1 table"), ("#| label: tbl-a\n#| tbl-subcap: [A, B]", 3,
     "`tbl-subcap` has 2 captions, and the cell shows 3 tables"),
    ("#| tbl-subcap: [A, B]", 2, "`tbl-subcap` is lost without a label: add `label: tbl-name`"),
    ("#| label: tbl-a\n#| tbl-subcap: [A, B]", 2, None),
    ("#| fig-cap: A\n#| fig-alt: B", 0, "`fig-cap` has 1 caption, and the cell shows 0 pictures"),
    ("#| fig-cap: [A, B]\n#| fig-alt: B", 1, "`fig-cap` has 2 captions, and the cell shows 1 "
     "picture"), ("#| label: fig-a\n#| tbl-cap: A", 1, "`tbl-cap` is lost: beside the label"),
    ("#| label: fig-a\n#| fig-cap: A\n#| eval: false", 0, "`fig-cap` is lost: the cell shows"),
    ("#| lst-cap: A", 0, "`lst-cap` is lost: add `lst-label: lst-name`"),
    ("#| code-summary: A", 0, "`code-summary` is lost: add `code-fold: true`")])
def test_captions_are_as_many_as_what_they_name_and_where_they_show(tmp_path, options, shown, told):
    cell, = split_source(f"```{{python}}\n{options}\n1\n```\n", "one.qmd").units
    outputs = [{"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}] * shown
    found = [str(each) for each in cell_problems(Project(tmp_path, {}, []), cell, {}, outputs)]
    line = 2 + next(n for n, row in enumerate(options.split("\n")) if not told or (
        told.split("`")[1] in row))
    assert len(found) == bool(told)
    assert not told or (told in found[0] and found[0].startswith(f"one.qmd:{line}: "))
