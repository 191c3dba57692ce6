"""What the built-in press does better than Quarto, on purpose: one test for each."""

import struct
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from programs import needs

sys.path.insert(0, str(Path(__file__).parent))
from agreement import IMPROVEMENTS

CONFIG = """project: {type: book}
bibliography: sources.bib
book:
  title: "Departures"
  author: "A. N. Author"
  chapters: [index.qmd, one.qmd]
format:
  html: {html-math-method: mathml}
  typst: default
"""
INDEX = """# Preface {.unnumbered}

Two and two are `{python} 2 + 2`; `{python} "it" + chr(39) + 's a "quote"'`. First [@smith1] and [@ames1].
"""
SOURCES = """@article{smith1, author={Smith, Ann and Brown, Bo and Green, Cy and Dark, Di},
  title={First}, journal={J}, year=2017}
@article{smith2, author={Smith, Ann and White, Bo and Green, Cy and Dark, Di},
  title={Second}, journal={J}, year=2017}
@article{ames1, author={Ames, Ann}, title={First}, journal={J}, year=2001}
@article{ames2, author={Ames, Ann}, title={Second}, journal={J}, year=2001}
"""
ONE = r"""# One {#sec-one}

```{python}
#| label: fig-two
#| fig-cap: "Two curves"
#| fig-alt: ["a rising line", "a falling line"]
import matplotlib.pyplot as plt
print("drawn")
plt.plot([1, 2]); plt.show()
plt.plot([2, 1]); plt.show()
```

See @fig-two, and [@fig-two, and the words behind it].

```{python}
#| label: tbl-parts
#| tbl-cap: "Parts"
#| tbl-subcap: ["Left", "Right"]
#| layout-ncol: 2
import pandas as pd
from IPython.display import display
display(pd.DataFrame({"a": [1]})); display(pd.DataFrame({"b": [2]}))
```

See @tbl-parts and @tbl-parts-2.

::: {#fig-pair layout-ncol=2}
![](dot.png){#fig-left fig-alt="left"}

![](dot.png){#fig-right fig-alt="right"}

A pair
:::

``` {#lst-said .python lst-cap="He said \"no\" twice"}
no = "no"
```

| a | b |
|---|---|
| 1 | 2 |

: A table without a label

\begin{align}
x &= y + 1
\end{align}

$$ x = 1 $$

$$ y = 2 $$ {#eq-y}

![A picture without a label](dot.png){fig-alt="a dot"}

![A picture with one](dot.png){#fig-last fig-alt="a dot"}

See @fig-last and @eq-y.

```{python}
#| error: true
raise ValueError("only once")
```

Second [@smith2] and [@ames2].

::: {#refs}
:::
"""


def dot() -> bytes:
    """A PNG of one grey point."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b""))


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    root = tmp_path_factory.mktemp("departures")
    for name, content in (("_quarto.yml", CONFIG), ("index.qmd", INDEX), ("one.qmd", ONE),
                          ("sources.bib", SOURCES)):
        (root / name).write_text(content, encoding="utf-8")
    (root / "dot.png").write_bytes(dot())
    subprocess.run([sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", root],
                   check=True)
    return root / "_book"


@pytest.fixture(scope="module")
def page(book):
    return BeautifulSoup((book / "one.html").read_text(encoding="utf-8"), "lxml")


@pytest.fixture(scope="module")
def printed(book):
    needs("poppler")
    done = subprocess.run(["pdftotext", book / "Departures.pdf", "-"], check=True,
                          capture_output=True, text=True)
    return " ".join(done.stdout.split())


def said(element) -> str:
    return " ".join(element.get_text().split())


def test_improvements_are_few_and_each_is_shown():
    assert len(IMPROVEMENTS) <= 10
    for each in IMPROVEMENTS:
        assert each["why"]
        assert "feature" in each or callable(globals()[each["test"]])


def test_each_id_stands_once(page):
    counts = Counter(element["id"] for element in page.find_all(id=True))
    assert {"tbl-parts", "tbl-parts-1", "tbl-parts-2", "fig-left", "fig-right"} <= counts.keys()
    assert set(counts.values()) == {1}


def test_several_pictures_of_a_cell_are_one_figure(page):
    figure = page.find(id="fig-two")
    assert len(figure.find_all("img")) == 2
    assert [said(caption) for caption in figure.find_all("figcaption")] == ["Figure 1.1: Two curves"]
    assert any(said(link) == "Figure 1.1" for link in page.find_all("a", href="#fig-two"))
    assert [each["alt"] for each in figure.find_all("img")] == ["a rising line", "a falling line"]


def test_names_are_told_apart_over_the_whole_book(book, page):
    index = BeautifulSoup((book / "index.html").read_text(encoding="utf-8"), "lxml")
    assert "First (Smith, Brown, et al. 2017) and (Ames 2001a)." in said(index)
    assert "Second (Smith, White, et al. 2017) and (Ames 2001b)." in said(page)


def test_an_expression_is_computed_on_a_page_without_cells(book):
    index = BeautifulSoup((book / "index.html").read_text(encoding="utf-8"), "lxml")
    assert "Two and two are 4; it’s a “quote”." in said(index)


def test_words_behind_a_reference_are_kept(page, printed):
    sentence = "See Figure 1.1, and Figure 1.1, and the words behind it."
    assert sentence in said(page) and sentence in printed


def test_print_agrees_with_the_page(page, printed):
    numbered = "See Figure 1.3 and Equation 1.1."
    assert numbered in said(page) and numbered in printed
    assert "Figure 1.3: A picture with one" in said(page)
    assert "Figure 1.3: A picture with one" in printed
    assert "A table without a label" in printed
    assert "𝑥 = 𝑦 + 1" in printed or "𝑥=𝑦+1" in printed
    assert printed.count("ValueError: only once") == 1 and "[0;31m" not in printed


def test_a_quotation_mark_in_a_listing_s_caption_is_text(page, printed):
    assert said(page.find(id="lst-said").find("figcaption")) == "Listing 1.1: He said “no” twice"
    assert 'no = "no"' in said(page.find(id="lst-said"))
    assert "Listing 1.1: He said “no” twice" in printed
