"""Bad input gets one line a mistake, and the book that stands is left alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = """project:
  type: book
alt-text: required
book:
  title: "A small book"
  author: "A. N. Author"
  chapters: [index.qmd, one.qmd]
"""
GOOD = "# One {#sec-one}\n\nText.\n\n```{python}\n1 + 1\n```\n"


def render(root, *options):
    return subprocess.run([sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin",
                           "--to", "html", str(root), *options], capture_output=True, text=True)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture
def small_book(tmp_path):
    (tmp_path / "_quarto.yml").write_text(CONFIG)
    (tmp_path / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello, @sec-one.\n")
    (tmp_path / "one.qmd").write_text(GOOD)
    return tmp_path


def test_a_good_book_renders(small_book):
    done = render(small_book)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()


def test_a_numbered_home_page_shows_its_number(small_book):
    (small_book / "index.qmd").write_text("# Start {#sec-start}\n\n## Section\n\nSee @sec-start.\n")
    done = render(small_book)
    assert done.returncode == 0, done.stderr
    page = (small_book / "_book" / "index.html").read_text()
    numbers = re.findall(r'<h\d[^>]*><span class="header-section-number">(.*?)</span> (\w+)', page)
    assert numbers == [("1", "Start"), ("1.1", "Section")] and ">Chapter\u00a01</a>" in page


def test_a_printed_picture_is_the_figure_of_its_cell(small_book):
    (small_book / "two.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (small_book / "one.qmd").write_text("""# One {#sec-one}

```{python}
#| label: fig-printed
#| fig-cap: "Printed"
#| output: asis
print("![](two.svg){fig-alt='two'}")
```

See @fig-printed.
""")
    done = render(small_book)
    assert done.returncode == 0, done.stderr
    page = (small_book / "_book" / "one.html").read_text().replace("\u00a0", " ")
    assert page.count('id="fig-printed"') == 1
    assert page.count("Figure 1.1: Printed") == 1 and page.count(">Figure 1.1</a>") == 1


def test_an_unchanged_book_stands_and_any_change_is_seen(small_book):
    def rendered(*options):
        done = render(small_book, *options)
        assert done.returncode == 0, done.stderr
        return "nothing has changed" not in done.stderr

    assert rendered() and not rendered() and rendered("--fresh") and not rendered()
    (small_book / "one.qmd").write_text(GOOD.replace("Text", "Other text"))
    assert rendered() and not rendered()
    (small_book / "data.csv").write_text("1,2")
    assert rendered() and not rendered()
    page = small_book / "_book" / "one.html"
    page.write_text("spoilt")
    assert rendered() and "Other text" in page.read_text()
    (small_book / ".book" / "printed.json").write_text("{")
    assert rendered() and not rendered()


def test_every_mistake_is_told_and_nothing_is_replaced(small_book):
    assert render(small_book).returncode == 0
    before = contents(small_book / "_book")
    (small_book / "one.qmd").write_text(
        "# One {#sec-one}\n\nSee @fig-nowhere and ![](gone.png).\n\n"
        "## Twice {#sec-one}\n\n::: {.panel-sidebar}\nx\n:::\n\n"
        "```{python}\n#| fig-capp: typo\nx = 1\n1 / 0\n```\n")
    done = render(small_book)
    assert done.returncode == 1
    for place in ("one.qmd:3: nothing in the book has the label `fig-nowhere`",
                  "one.qmd:3: the picture gone.png is missing", "one.qmd:5: the id `sec-one`",
                  "one.qmd:7: `panel-sidebar`", "did you mean `fig-cap`?",
                  "ZeroDivisionError: division by zero"):
        assert place in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(small_book / "_book") == before


def test_every_page_shows_the_icon(small_book):
    (small_book / "_quarto.yml").write_text(CONFIG + "  favicon: pictures/icon.svg\n")
    done = render(small_book)
    assert done.returncode == 1
    assert "_quarto.yml:8: the favicon pictures/icon.svg is missing" in done.stderr
    (small_book / "pictures").mkdir()
    (small_book / "pictures" / "icon.svg").write_text("<svg/>")
    assert render(small_book).returncode == 0
    assert (small_book / "_book" / "pictures" / "icon.svg").read_text() == "<svg/>"
    for page in ("index.html", "one.html"):
        assert '<link rel="icon" href="pictures/icon.svg">' in (small_book / "_book" / page).read_text()


def test_malformed_yaml_has_its_line(small_book):
    (small_book / "_quarto.yml").write_text(CONFIG + "lang: [en\n")
    done = render(small_book)
    assert done.returncode == 1 and "_quarto.yml:" in done.stderr
    assert "malformed YAML" in done.stderr


def test_a_killed_render_leaves_the_old_book(small_book):
    assert render(small_book).returncode == 0
    before = contents(small_book / "_book")
    (small_book / "one.qmd").write_text(
        "# One {#sec-one}\n\n```{python}\nimport os, signal\n"
        "os.kill(os.getppid(), signal.SIGKILL)\n```\n")
    assert render(small_book).returncode != 0
    assert contents(small_book / "_book") == before
    (small_book / "one.qmd").write_text(GOOD)
    assert render(small_book).returncode == 0
    assert not list((small_book / ".book").glob("build-*"))


def test_the_standard_library_keeps_its_module_code():
    root = Path(__file__).parents[2]
    assert not (root / "code" / "__init__.py").exists()
    said = subprocess.run([sys.executable, "-c", "import code, pdb; print(code.__file__)"],
                          cwd=root, capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": ""}).stdout
    assert not said.startswith(str(root))
