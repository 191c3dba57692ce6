"""The EPUB: the same numbers as the page, valid, and readable by ear."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from programs import CHECK_EPUB

from bookbuild.files.placing import only_render
from bookbuild.pipeline import render
from bookbuild.print.epub import strict_svg
from bookbuild.say import Timings
from bookbuild.source.project import load_project

XHTML = "{http://www.w3.org/1999/xhtml}"
CONFIG = """project:
  type: book
book:
  title: "A small book"
  subtitle: "And its second name"
  author: "A. N. Author"
  chapters: [index.qmd, parts/one.qmd]
  appendices: [two.qmd]
"""
CHAPTER = r"""# One {#sec-one}

See @eq-half, @fig-dot, @tbl-few, @sec-two, [the preface](../index.qmd#again), [here](#again),
[there](https://example.org/) and [the data](data.csv).[^note]

[^note]: With a note, $x^2$.

$$
\frac{1}{2}
$$ {#eq-half}

## Again

![A dot](dot.svg){#fig-dot fig-alt="One black dot"}

| a | b |
|---|---|
| 1 | 2 |

: Few numbers {#tbl-few}

::: {.callout-tip collapse="true" #tip-open}
## Folded on the page

Open in a book.
:::

::: {.panel-tabset}
## First

One.

## Second

Two.
:::

```{python}
#| code-fold: true
#| label: fig-line
#| fig-cap: A line
#| fig-alt: A rising line
from matplotlib import pyplot as plt
plt.plot([1, 2])
plt.title("with a space");
```

```{python}
from IPython.display import HTML
HTML("<style scoped>td { top: 0 }</style><table border=1><tr><td>raw<td>markup</table>")
```

::: {.content-visible when-format="epub"}
Only in the EPUB.
:::
"""
DOT = ('<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
       '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
       '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
       '<circle cx="4" cy="4" r="3"/><path id="empty"/></svg>')


@pytest.fixture(scope="module")
def bound(tmp_path_factory):
    root = tmp_path_factory.mktemp("bound")
    (root / "parts").mkdir()
    (root / "_quarto.yml").write_text(CONFIG)
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\n## Again\n\nHello, @sec-one.\n")
    (root / "parts" / "one.qmd").write_text(CHAPTER)
    (root / "parts" / "dot.svg").write_text(DOT)
    (root / "parts" / "data.csv").write_text("a,b\n")
    (root / "two.qmd").write_text("# Two {#sec-two}\n\nBack to @tip-open.\n")
    project = load_project(root)
    with only_render(project.state_dir, project.output_dir, print):
        render(project, ["epub"], None, print, Timings(), 600)
    return root / "_book" / "A-small-book.epub"


@pytest.fixture(scope="module")
def parts(bound):
    with zipfile.ZipFile(bound) as file:
        return {name: file.read(name) for name in file.namelist()}


def texts(parts):
    return {name: etree.fromstring(content) for name, content in parts.items()
            if name.endswith(".xhtml")}


def words(parts):
    return " ".join(" ".join("".join(page.itertext()).split()) for page in texts(parts).values())


@pytest.mark.needs("epubcheck")
def test_epubcheck_finds_nothing(bound):
    done = subprocess.run([*CHECK_EPUB, bound], capture_output=True, text=True)
    assert "No errors or warnings detected" in done.stdout, done.stdout + done.stderr


def test_numbers_are_those_of_the_page(parts):
    said = words(parts).replace("\xa0", " ")
    for phrase in ("1 One", "1.1 Again", "See Equation 1.1, Figure 1.1, Table 1.1, Appendix A",
                   "Figure 1.1: A dot", "Table 1.1: Few numbers", "Figure 1.2: A line",
                   "Tip 1.1: Folded on the page", "Back to Tip 1.1", "Appendix A — Two",
                   "Only in the EPUB.", "raw"):
        assert phrase in said, phrase


def test_formulas_and_pictures_have_words(parts):
    pages = texts(parts).values()
    pictures = [image for page in pages for image in page.iter(f"{XHTML}img")]
    assert {image.get("alt") for image in pictures} == {"One black dot", "A rising line"}
    assert sum(1 for page in pages for each in page.iter("{*}math")) == 2
    opf = parts["EPUB/content.opf"].decode()
    assert "alternativeText" in opf and "A small book" in opf and "A. N. Author" in opf


def test_links_lead_to_ids(parts):
    pages = texts(parts)
    ids = {name: {each.get("id") for each in page.iter() if each.get("id")}
           for name, page in pages.items()}
    leading = 0
    for name, page in pages.items():
        folder = Path(name).parent
        for each in page.iter(f"{XHTML}a"):
            address = each.get("href")
            if address is None or re.match(r"\w+:", address):
                continue
            file, _, mark = address.partition("#")
            target = ids[str(folder / file) if file else name]
            assert not mark or mark in target, address
            leading += bool(mark)
    assert leading > 10
    assert "data.csv" not in " ".join(parts[name].decode() for name in pages)


def test_svg_is_made_strict():
    assert strict_svg(DOT).count("<!DOCTYPE") == 0
    assert '<path d="" id="empty"/>' in strict_svg(DOT)
    assert strict_svg('<path class="a" d="M0 0"/>') == '<path class="a" d="M0 0"/>'
