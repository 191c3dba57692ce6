"""The PDF as a reader, a printer and a screen reader find it."""

import re
import shutil
import subprocess
from itertools import combinations

import pytest
from small_book import small_book

from bookbuild.document import column_shares, div, emph, nodes, pandoc, para, text, words
from bookbuild.print.typst import division, roomy, writable

pytestmark = pytest.mark.needs("poppler")

# Formulas of every width, code of every length and with lines of every length.
WIDE = "\n\n".join(f"$$\n{' + '.join(['a_{10}'] * terms)}\n$$ {{#eq-{terms}}}"
                   for terms in (2, 14, 18, 20, 22, 40))
LONG = "\n\n".join(f"Words.\n\n```python\n{chr(10).join(f'x = {lines}.{n}' for n in range(lines))}"
                   "\n```" for lines in (3, 9, 11, 12, 17, 40, 90))
NAMES = "figures.activations.draw(figures.activations.compute(LIMIT, FARTHEST));"
# What may stand below what; each begins and ends with words of its own.
KINDS = ["@ @z", "| @\n|   and @z", "- @\n- @z", "::: {}\n@ @z\n:::", "```{=typst}\n@ @z\n```",
         "::: {layout-ncol=2}\n@\n\n@z\n:::", "::: {.proof}\n@ @z\n:::", "```\n@\n@z\n```",
         "| @ | @y |\n|---|---|\n| @x | @z |\n\n: Of no number",
         '```{python}\n#| echo: false\nMarkdown("@ @z")\n```']
# Tables of more words than there is room for beside each other.
WIDE_TABLES = "\n\n".join("```{=html}\n<table>" + "".join(
    "<tr>" + "".join(f"<td>W{columns}{row}{column} is a_name_of_{columns}</td>"
                     for column in range(columns)) + "</tr>" for row in (1, 2))
    + "</table>\n```" for columns in (5, 12, 21))
# One whose columns have shares of the width, by its dashes, and too little for their words.
WIDE_TABLES += (f"\n\n| W1 {'word ' * 30} | W2 | W3 {'word ' * 20} |\n|{'-' * 60}|---|{'-' * 60}|\n"
                f"| W{'4' * 50} | W555555555 | W{'6' * 40} |")
BELOW = "\n\n".join(f"### Head{a}{b} {{.unnumbered}}\n\n{KINDS[a].replace('@', f'A{a}{b}')}\n\n"
                    "```{python}\n#| include: false\nfrom IPython.display import Markdown\n```\n\n"
                    f"{KINDS[b].replace('@', f'B{a}{b}')}"
                    for a in range(len(KINDS)) for b in range(len(KINDS)))
# A long name and a number at every place of a line.
PLACES = "\n\n".join(f"{'word ' * n}`deepmath.layers.forward_pass` and `names.py[10.25:]`"
                     f"{' word' * 16}." for n in range(18))
CHAPTER = rf"""# One {{#sec-one}}

See @eq-2, @fig-dot, [the preface](index.qmd) and [a page](https://example.org/far).
The norm $\bigl\lVert x \bigr\rVert$ is at least $|x_1|$.

![A dot](dot.svg){{#fig-dot fig-alt="One black dot"}}

## Wide [formulas](https://example.org/far)^[Said of the title.]

{WIDE}

$$
\begin{{aligned}}
x &= 1, & y &= 2
\end{{aligned}}
$$

## Long code

{LONG}

```{{python}}
print("{'word ' * 60}")
```

```python
{NAMES}
```

- In a list

  ```python
  y = "{'a' * 200}"
  ```

{PLACES}

Beside[Marginalia]{{.aside}} behind.

```python
code = "{'word ' * 40}"
```

{WIDE_TABLES}

## Below

{BELOW}
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    return small_book(tmp_path_factory.mktemp("printed"), CHAPTER)[0]


def told(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_is_accessible(printed):
    assert b"<pdfuaid:part>1</pdfuaid:part>" in printed.read_bytes()
    for spoken in (rb"/Alt(One black dot)", rb"/Alt(\\lVert x \\rVert)"):
        assert spoken in printed.read_bytes()
    assert told("pdfinfo", "-struct", printed).count("Formula") >= 8


def test_a_picture_without_words_is_told_and_printed(tmp_path):
    chapter = "# One {#sec-one}\n\n![A dot](dot.svg){#fig-dot}\n"
    pdf, said = small_book(tmp_path, chapter)
    assert any("not accessible" in line and "alt" in line for line in said)
    assert "Figure 1.1" in told("pdftotext", pdf, "-")


def test_an_edited_books_pdf_is_that_of_a_book_from_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    text = "# One {#sec-one}\n\nSee @eq-a. Words.\n\n$$\na\n$$ {#eq-a}\n\n## Head\n\nWords.\n"
    edited = text.replace("Words.", "More words.", 1).replace("## Head", "$$\nb\n$$ {#eq-b}\n\n## Head")
    first = small_book(tmp_path, text)[0].read_bytes()
    again = small_book(tmp_path, edited)[0].read_bytes()
    shutil.rmtree(tmp_path / ".book")
    assert first != again == small_book(tmp_path, edited)[0].read_bytes()


def test_a_long_word_of_code_is_copied_as_it_is(printed):
    assert NAMES in told("pdftotext", "-layout", printed, "-")


def test_a_long_name_in_the_text_breaks_behind_a_dot_and_a_number_does_not(printed):
    text = told("pdftotext", printed, "-")
    assert re.search(r"deepmath\.\nlayers", text) and re.search(r"layers\.\nforward", text)
    assert text.count("names.py[10.25:]") == 18


def test_metadata_fonts_and_bookmarks(printed):
    about = told("pdfinfo", printed)
    assert re.search(r"Title: +A small book", about)
    assert re.search(r"Author: +A. N. Author", about)
    rows = told("pdffonts", printed).splitlines()[2:]
    assert rows and all(row.split()[-5] == "yes" for row in rows)
    marks = told("pdftohtml", "-xml", "-i", "-stdout", printed)
    outline = re.findall(r"<item[^>]*>([^<]*)</item>", marks)
    assert outline[:5] == ["Preface", "1 One", "1.1 Wide formulas", "1.2 Long code", "1.3 Below"]


def test_links_lead_out_and_about(printed):
    assert "https://example.org/far" in told("pdfinfo", "-url", printed)
    linked = re.findall(r'<a href="[^"#]*#(\d+)">([^<]*)',
                        told("pdftohtml", "-xml", "-i", "-stdout", printed))
    assert {"Equation 1.1", "Figure 1.1", "the preface"} <= {
        shown.replace("\xa0", " ").strip() for _, shown in linked}


def test_a_note_to_a_title_stands_where_the_title_does(printed):
    """Not in the contents or above pages, where a link would end the PDF's accessibility."""
    assert told("pdftotext", printed, "-").count("Said of the title.") == 1


def test_a_long_word_is_written_in_pieces_and_a_dot_behind_an_element_as_text():
    line = [*words("w" * 2500), emph(words("a")), *words(".py")]
    assert [text([each]) for each in writable(line)] == [
        "w" * 1000, "w" * 1000, "w" * 500, "a", "", "py"]


def test_nothing_runs_off_the_page(printed):
    for page in told("pdftotext", "-bbox", printed, "-").split("<page ")[2:]:
        found = re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">'
                           r'(?!Marginalia)', page)
        assert found
        for left, _, right, bottom in (map(float, word) for word in found):
            assert 50 < left and right < 595 - 70 and bottom < 842 - 40


def test_nothing_stands_over_anything_else(printed):
    """Whatever stands below what, also where a hidden cell is between them."""
    seen = set()
    for page in told("pdftotext", "-bbox", printed, "-").split("<page ")[1:]:
        found = [(*map(float, place), word) for *place, word in re.findall(
            r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)', page)]
        below = [each for each in found if re.fullmatch(
            r"[AB]\d\d[xyz]?|Head\d\d|W\d+|a_name_of_\d+", each[-1])]
        seen |= {each[-1] for each in below if each[-1][0] in "ABH"}
        for one, other in combinations(below, 2):
            across = min(one[2], other[2]) - max(one[0], other[0])
            along = min(one[3], other[3]) - max(one[1], other[1])
            assert across <= 0 or along < 2.5, (one, other)
    assert len({word.strip("xyz") for word in seen}) == 3 * len(KINDS) ** 2


def test_a_caption_without_a_label_has_no_number(printed):
    shown = told("pdftotext", printed, "-")
    assert "Of no number" in shown and not re.search(r"Table \d", shown)


def test_a_note_in_the_margin_does_not_break_its_line(printed):
    pages = told("pdftotext", "-bbox", printed, "-").split("<page ")
    page, = (each for each in pages if "Marginalia" in each)
    tops = dict(re.findall(r'yMin="([\d.]+)"[^>]*>(Beside|behind\.|Marginalia)<', page))
    assert len(tops) == 2       # the line's, and the note's
    ends = re.findall(r'xMax="([\d.]+)" yMax="[\d.]+">(?!Marginalia)', page)
    assert max(map(float, ends)) < 482          # and no code stands over it


def test_formulas_keep_clear_of_their_numbers(printed):
    for line in told("pdftotext", "-layout", printed, "-").splitlines():
        if re.search(r"\(1\.\d\)$", line) and "+" in line:
            assert re.search(r"\s\(1\.\d\)$", line), line


def test_code_has_no_widows(printed):
    pages = told("pdftotext", "-layout", printed, "-").split("\f")
    for lines in (3, 9, 11, 12, 17, 40, 90):
        found = [len(re.findall(rf"x = {lines}\.\d+$", page, re.M)) for page in pages]
        found = [count for count in found if count]
        assert sum(found) == lines
        assert all(count >= min(lines, 5) for count in (found[0], found[-1]))


def test_short_words_in_many_rows_leave_a_table_its_shares():
    rows = "\n".join(f"| word{row} | some words | others |" for row in range(30))
    markdown = f"| A | B | C |\n|{'-' * 30}|{'-' * 60}|{'-' * 60}|\n{rows}\n"
    table, = nodes(pandoc.read(markdown, "markdown")["blocks"], "Table")
    assert all(column_shares(table)) and roomy(table, None) is None


@pytest.mark.parametrize("classes, is_framed", [
    ([], False), (["as-is"], False), (["own"], True), (["own", "as-is"], True)])
def test_a_block_of_the_authors_own_is_framed_and_one_for_photographs_is_not(classes, is_framed):
    body = [para(words("Words"))]
    set_as = division(div(body, classes=classes), None)
    assert ("key-block" in str(set_as), set_as == body) == (is_framed, not is_framed)
