"""Where pages of the PDF break: a book of things that should not be torn apart, at every height."""

import re
import subprocess
from typing import NamedTuple

import numpy as np
import pytest
from printed import blanks
from small_book import DOT, small_book

from bookbuild.document import display, header, para, raw_inline, words as text
from bookbuild.print.breaks import with_breaks

pytestmark = pytest.mark.needs("poppler")

ROUNDS = 24
LINE = "A few words that fill the line of a paragraph from its beginning to its end. "


def pattern(n):
    """One of each, behind so much text that every round meets the end of a page elsewhere."""
    filler = "\n\n".join([LINE * (1 + n % 5)] * (1 + n % 3))
    code = "\n".join(f"c{n}x{line} = 1" for line in range(20))
    listed = "\n".join(f"- l{n}x{item} is short." for item in range(6))
    items = "\n".join(f"- i{n}x{item} is an item.\n  {LINE}" for item in range(9))
    return f"""{filler}

![Early{n} is drawn.](dot.svg){{#fig-early{n} fig-alt="A dot" width="300"}}

::: {{.proof}}
Begin{n}. {LINE * 5}

a) {LINE * 3}
b) {LINE * 2} Finish{n}.
:::

::: {{#thm-t{n}}}
Given{n}. {LINE}

$$
x = {n}
$$

Then{n} it holds.
:::

{LINE}

Leads{n} to a list:

{listed}

#### Named{n} {{.unnumbered}}

```python
sign{n} = 1
```

Told{n} of it.

{LINE}

![Dot{n} is drawn.](dot.svg){{#fig-dot{n} fig-alt="A dot" width="200"}}

## Head{n}

Under{n} stands one line.

| Cell{n} | b |
|---|---|
| c | d |
| e | f |
| Row{n} | h |

{filler}

It follows, formula{n}, that

$$
x = {n}
$$ {{#eq-e{n}}}

where{n} says what the letter is.

```python
{code}
```

::: {{.callout-note}}
## Box{n}

Opening{n}:

{items}
:::
"""


class Word(NamedTuple):
    page: int
    top: float
    bottom: float


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("breaks")
    chapter = "# One {#sec-one}\n\n" + "\n".join(map(pattern, range(ROUNDS)))
    pdf, _ = small_book(folder, chapter, dot=DOT.replace('width="90" height="90"', 'width="90" height="60"'))
    return pdf


@pytest.fixture(scope="module")
def words(printed):
    """The first place of every word in the chapter's text, under the running heads."""
    found = {}
    told = subprocess.run(["pdftotext", "-bbox", printed, "-"], capture_output=True, text=True,
                          check=True).stdout
    for number, page in enumerate(told.split("<page ")[1:], 1):
        for top, bottom, word in re.findall(
                r'yMin="([\d.]+)"[^>]*yMax="([\d.]+)">([^<]*)', page):
            if number > 3 and float(top) > 80:
                found.setdefault(word.strip(".,:"), Word(number, float(top), float(bottom)))
    return found


def each(words, name):
    return [words[f"{name}{n}"] for n in range(ROUNDS)]


def test_code_of_twenty_lines_stays_on_one_page(words):
    split = [n for n in range(ROUNDS) if len({words[f"c{n}x{line}"].page for line in range(20)}) > 1]
    assert not split
    assert len({word.page for word in words.values()}) > ROUNDS     # there were ends of pages


def test_no_page_but_a_chapters_last_ends_with_a_large_blank(printed):
    found = blanks(printed)
    assert len(found) > ROUNDS and max(found.values()) < 0.2


def test_a_heading_has_more_than_a_line_under_it(words):
    for head, under, table in zip(each(words, "Head"), each(words, "Under"), each(words, "Cell")):
        assert head.page == under.page == table.page


def test_a_list_has_two_items_on_each_side_and_stays_with_the_line_above_it(words):
    broken = 0
    for n in range(ROUNDS):
        pages = [words[f"l{n}x{item}"].page for item in range(6)]
        assert words[f"Leads{n}"].page == pages[0] == pages[1] and pages[-2] == pages[-1]
        broken += pages[0] != pages[-1]
    assert broken


def test_code_under_a_heading_stays_with_what_is_said_of_it(words):
    for named, code, told in zip(*(each(words, name) for name in ("Named", "sign", "Told"))):
        assert named.page == code.page == told.page


def test_a_short_table_and_a_short_theorem_stay_whole(words):
    for pair in (("Cell", "Row"), ("Given", "Then")):
        assert all(begin.page == end.page for begin, end in zip(*(each(words, name) for name in pair)))


def test_a_formula_stays_with_the_words_around_it(words):
    for before, after in zip(each(words, "formula"), each(words, "where")):
        assert before.page == after.page


def test_a_callout_breaks_between_items_with_two_on_each_side(words):
    broken = 0
    for n in range(ROUNDS):
        pages = [words[f"i{n}x{item}"].page for item in range(9)]
        assert words[f"Box{n}"].page == words[f"Opening{n}"].page == pages[0]
        assert pages[0] == pages[1] and pages[-2] == pages[-1]
        broken += pages[0] != pages[-1]
    assert broken


def test_no_figure_stands_inside_a_proof(words):
    broken = 0
    for begin, end in zip(each(words, "Begin"), each(words, "Finish")):
        broken += begin.page != end.page
        for dot in (*each(words, "Dot"), *each(words, "Early")):
            assert not begin < dot < end
    assert broken


def test_the_square_stands_at_the_right_edge_of_the_proofs_last_line(printed, words):
    for n, (page, top, bottom) in enumerate(each(words, "Finish")):
        height = int(bottom - top) + 4
        part = subprocess.run(
            ["pdftoppm", "-r", "72", "-gray", "-f", str(page), "-l", str(page), "-x", "467", "-W", "11",
             "-y", str(int(top) - 2), "-H", str(height), printed], capture_output=True, check=True).stdout
        rows = np.frombuffer(part, np.uint8)[-11 * height:].reshape(height, 11)
        assert rows[:, 2:9].min() < 160, n


def test_a_paragraph_behind_a_short_one_under_a_heading_is_indented_as_others_are():
    head, short, long = header(2, text("Head")), para(text("Short.")), para(text("Words. " * 99))
    *_, third = with_breaks([head, short, long])
    indent = raw_inline("typst", "#h(indentation)")
    assert third["c"] == [indent, *long["c"]]
    *_, formula = with_breaks([head, short, para([display("x")])])
    assert display("x") in formula["c"] and indent not in formula["c"]


def test_empty_paragraphs_are_no_place_to_spread_a_page():
    """As where the only thing in it is HTML, of which print has nothing."""
    blocks = [para([]), para([]), para(text("Words")), para([])]
    assert with_breaks(blocks) == blocks
