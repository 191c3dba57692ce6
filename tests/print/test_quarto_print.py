"""Quarto's PDF is set by the book's own template: the same words, numbers and accessibility.

Its EPUB is as valid as ours.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import yaml
from programs import CHECK_EPUB
from bookbuild.quarto import find_quarto

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.needs("quarto", "poppler")

INDEX = "# Preface {.unnumbered}\n\nRead [the chapter](chapters/one.qmd) and @eq-loss.\n"
ONE = r"""# Maps {#sec-maps}

A chapter that cites [@key2020, 3], with a note.[^note]

[^note]: Below the page, with $a < b$.

::: {#thm-all}
## All of it
Every map $f$ is a map.
:::

::: {.proof}
It is one.
:::

$$
L(w) = \tfrac12 \lVert X w \rVert^2
$$ {#eq-loss}

See @thm-all, @eq-loss, @fig-dot, @fig-both-b, @tbl-two, @lst-step, @nte-shapes, @sec-two,
@sec-notation and [the appendix](../notation.qmd).

![Of no number](../dot.svg){fig-alt="A dot before it"}

![A dot](../dot.svg){#fig-dot fig-alt="One black dot"}

::: {#fig-both layout-ncol=2}
![Left](../dot.svg){#fig-both-a fig-alt="A dot on the left"}

![Right](../dot.svg){#fig-both-b fig-alt="A dot on the right"}

Both of them
:::

| n | square |
|---|--------|
| 2 | 4      |

: Squares {#tbl-two}

```{#lst-step .python lst-cap="A step"}
w = w - rate * gradient
```

::: {#nte-shapes .callout-note}
## Shapes
Look at the shapes.
:::

::: {.callout-warning}
Mind the step.
:::

Term

: What it means.

## Two {#sec-two}

```{python}
print("printed", 6 * 7)
```

```{python}
#| error: true
1 / 0
```

```{python}
from IPython.display import HTML
HTML("<div><style scoped>td { color: red; }</style><table><tr><th></th><th>column</th></tr>"
     "<tr><td>row</td><td>cell</td></tr></table></div>")
```
"""
NOTATION = "# Notation {#sec-notation}\n\n$$\nx = y\n$$ {#eq-last}\n\nSee @eq-last and @eq-loss.\n"
FILES = {
    "index.qmd": INDEX, "chapters/one.qmd": ONE, "notation.qmd": NOTATION,
    "references.qmd": "# References {.unnumbered}\n\n::: {#refs}\n:::\n",
    "references.bib": "@book{key2020, author={A. N. Author}, title={On Maps}, year={2020}, "
                      "publisher={Press}}\n",
    "dot.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">'
               '<circle cx="45" cy="45" r="9"/></svg>',
}
CONFIG = {
    "project": {"type": "book"},
    "book": {"title": "A small book", "author": "A. N. Author", "output-file": "small",
             "chapters": ["index.qmd", "chapters/one.qmd", "references.qmd"],
             "appendices": ["notation.qmd"]},
    "bibliography": "references.bib",
}


def told(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    shutil.copytree(ROOT / "code" / "bookbuild" / "print" / "theme", folder / "code" / "bookbuild" / "print" / "theme")
    own = yaml.safe_load((ROOT / "_quarto.yml").read_text())
    config = {**CONFIG, "format": {key: own["format"][key] for key in ("typst", "epub")}}
    config["project"]["post-render"] = own["project"]["post-render"]
    (folder / "_quarto.yml").write_text(yaml.safe_dump(config))
    env = {**os.environ, "QUARTO_PYTHON": sys.executable}
    made = {}
    press = [sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", "--to"]
    for format, end in (("typst", "pdf"), ("epub", "epub")):
        for name, command in (("quarto", [find_quarto(), "render", "--to", format]),
                              ("press", [*press, end])):
            subprocess.run(command, cwd=folder, env=env, check=True)
            made[name, end] = (folder / "_book" / f"small.{end}").rename(folder / f"{name}.{end}")
    return made


def words(pdf):
    lines = told("pdftotext", "-layout", pdf, "-").splitlines()
    return Counter(word for line in lines for word in line.split()
                   # an error's lines, and how far apart dots lie, differ
                   if not re.fullmatch(r"\.+|\d+|[ivx]+|-+|\W*\d?", word)
                   and not re.search(r"Cell|In\[|Traceback|ZeroDivision|^1$", line))


def test_both_presses_print_the_same_words(printed):
    quarto, press = words(printed["quarto", "pdf"]), words(printed["press", "pdf"])
    assert quarto["Theorem"] == 2
    assert {"only in Quarto's": quarto - press, "only in ours": press - quarto} == {
        "only in Quarto's": Counter(), "only in ours": Counter()}


def test_numbers_are_those_of_the_chapter(printed):
    text = re.sub(r"\s+", " ", told("pdftotext", printed["quarto", "pdf"], "-"))
    for each in ("Theorem 1.1 (All of it).", "Figure 1.1: A dot", "Figure 1.2: Both of them",
                 "(b) Right", "Table 1.1: Squares", "Listing 1.1: A step", "Note 1.1: Shapes",
                 "See Theorem 1.1, Equation 1.1, Figure 1.1, Figure 1.2 (b)", "Section 1.1",
                 "Appendix A", "See Equation A.1 and Equation 1.1.", "(Author 2020, 3)"):
        assert each in text


def test_it_is_accessible(printed):
    content = printed["quarto", "pdf"].read_bytes()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    for each in (rb"/Alt(One black dot)", rb"/Alt(A dot before it)", rb"\\lVert X w \\rVert^2"):
        assert each in content


def test_links_lead_to_later_chapters(printed):
    pages = told("pdftohtml", "-xml", "-i", "-stdout", printed["quarto", "pdf"])
    linked = [words for _, words in re.findall(r'<a href="[^"#]*#(\d+)">([^<]*)', pages)]
    assert {"the chapter", "the appendix", "Theorem 1.1"} <= {
        each.replace("\xa0", " ").strip() for each in linked}


@pytest.mark.needs("epubcheck")
@pytest.mark.parametrize("press", ["quarto", "press"])
def test_epubcheck_finds_nothing(printed, press):
    checked = subprocess.run([*CHECK_EPUB, printed[press, "epub"]], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr + checked.stdout


def test_quartos_epub_has_formulas_and_alternative_texts(printed):
    with zipfile.ZipFile(printed["quarto", "epub"]) as book:
        pages = "".join(book.read(name).decode() for name in book.namelist()
                        if name.endswith(".xhtml"))
    assert pages.count("<math") == 4
    pictures = re.findall(r"<img [^>]*>", pages)
    assert len(pictures) == 4 and all(re.search(r'alt="[^"]', each) for each in pictures)
    assert re.search(r'href="ch\d+\.xhtml#sec-maps"[^>]*>the chapter<', pages)
