"""A chapter, its notebook, and the chapter again: the same bytes, whatever was in it."""

import random
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookbuild.lab.notebook import notebook_of, text_of

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path for path in ROOT.rglob("*.qmd")
                  if not {".venv", ".book", "_book"} & set(path.relative_to(ROOT).parts))

FRAGMENTS = [
    "---\n", "title: A\n", "...\n", "```", "````", "~~~", "{python}", "{r}", "{mermaid}", "{{python}}",
    "{.python}", "{=html}", "{python echo=false}", "#| label: a\n", "#| echo: [\n", "#|", "`",
    "`{python} x`", "<!--", "-->", "\\", "1. ", "- ", "> ", "(a) ", "   ", "    ", "\t", "\n", "\n\n",
    "\r\n", "\r", "\ufeff", "\f", "\u2028", "words", ":::", "::: {.callout-note}\n", "$", "$$\n", "x = 1",
    "é😀", "\x00", "```{python}\n", "\n```\n", "   ```{python}\n", "\n   ```\n", "```{python}\r\n",
    "\r\n```\r\n", "````{python}\n", "\n````\n", "```{r}\n", "{{< include a.qmd >}}\n",
]


def documents(seed, number):
    """Texts that hold what trips a splitter, in any order."""
    rng = random.Random(seed)
    for _ in range(number):
        yield "".join(rng.choices(FRAGMENTS, k=rng.randrange(25)))


def through_json(notebook):
    """A notebook as a reader's program hands it back: checked, written, read."""
    nbformat.validate(notebook)
    return nbformat.reads(nbformat.writes(notebook), as_version=4)


# -------------------------------------------------------------------------- nothing changes

@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_chapter_comes_back(path):
    text = path.read_bytes().decode()
    for variant in (text, text.replace("\n", "\r\n"), text.rstrip("\n"), "\ufeff" + text):
        assert text_of(through_json(notebook_of(variant))) == variant


@pytest.mark.parametrize("seed", range(2))
def test_generated_documents_come_back(seed):
    for text in documents(seed, 10_000):
        notebook = notebook_of(text)
        assert text_of(notebook) == text
        for cell in notebook.cells:
            assert "\r" not in cell.source


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_comes_back(text):
    assert text_of(through_json(notebook_of(text))) == text


def test_notebooks_are_valid_and_their_ids_differ():
    for text in documents(99, 300):
        notebook = notebook_of(text)
        nbformat.validate(notebook)
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


# --------------------------------------------------------------------- only the edit changes

@pytest.mark.parametrize("seed", range(2))
def test_an_edit_changes_its_cell_only_and_is_seen_again(seed):
    rng = random.Random(seed)
    for text in documents(seed + 50, 2_000):
        notebook = notebook_of(text)
        codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if not codes:
            continue
        cell = rng.choice(codes)
        piece = cell.metadata["book"]["text"]
        start = text.index(piece)
        cell.source = rng.choice(["y = 2", cell.source + "\ny = 2", "y = 2\n\n" + cell.source,
                                  's = """\n```\n"""', "", "if x:\n    y\n\nz"])
        after = text_of(notebook)
        before_piece = sum(len(each.metadata["book"]["text"]) for each in
                           notebook.cells[:cell.metadata["book"]["place"]])
        mark = text.startswith("\ufeff")
        start, end = before_piece + mark, before_piece + mark + len(piece)
        assert after[:start] == text[:start]
        assert after[len(after) - (len(text) - end):] == text[end:]
        again = notebook_of(after)
        assert [each.source for each in again.cells if each.cell_type == "code"] == [
            each.source.strip("\n") for each in codes]


def test_one_line_edited_is_one_line_changed():
    text = (ROOT / "chapters" / "neural-networks.qmd").read_text()
    notebook = notebook_of(text)
    cell, = [cell for cell in notebook.cells if cell.id == "fig-xor"]
    before = cell.source
    cell.source = before.replace("N_HIDDEN = 8", "N_HIDDEN = 16")
    assert cell.source != before and text_of(notebook) == text.replace(before, cell.source)


# ----------------------------------------------------------- what Jupyter keeps beside a cell

def brought(text, **metadata):
    """The chapter after Jupyter changed what it keeps beside the only cell."""
    notebook = through_json(notebook_of(text))
    cell, = notebook.cells
    for name, value in metadata.items():
        cell.metadata[name] = value
        if value is None:
            del cell.metadata[name]
    return text_of(through_json(notebook))


def a_cell(*lines):
    return "\n".join(["```{python}", *lines, "```", ""])


@pytest.mark.parametrize("before, metadata, after", [
    (["x = 1"], {"tags": ["hide-input"]}, ["#| tags: [hide-input]", "x = 1"]),
    (["#| label: a", "x = 1"], {"tags": ["a b", "c"]},
     ["#| label: a", "#| tags: [a b, c]", "x = 1"]),
    (["#| tags: [a]", "x"], {"tags": ["a", "b"]}, ["#| tags: [a, b]", "x"]),
    (["#| tags:", "#|   - a", "#|   - b", "#| label: c", "x"], {"tags": ["b"]},
     ["#| tags: [b]", "#| label: c", "x"]),
    (["#| tags: [a]", "x"], {"tags": []}, ["x"]),
    (["#| tags: [a]", "x"], {"tags": None}, ["x"]),
    (["#| error: true", "x"], {"tags": ["raises-exception", "b"]},
     ["#| error: true", "#| tags: [b]", "x"]),
    (["#| error: true", "x"], {"tags": []}, ["#| error: true", "x"]),
    (["x"], {"tags": ["raises-exception"]}, ["#| tags: [raises-exception]", "x"]),
    (["x"], {"slideshow": {"slide_type": "slide"}}, ["#| slideshow: {slide_type: slide}", "x"]),
    (["#| slideshow: {slide_type: slide}", "x"], {"slideshow": {"slide_type": "skip"}},
     ["#| slideshow: {slide_type: skip}", "x"]),
    (["#| slideshow:", "#|   slide_type: slide", "x"], {"slideshow": None}, ["x"]),
])
def test_tags_and_slides_are_options_of_the_cell(before, metadata, after):
    assert brought(a_cell(*before), **metadata) == a_cell(*after)
    again = notebook_of(a_cell(*after)).cells[0].metadata
    assert {*(metadata.get("tags") or [])} <= {*again.get("tags", [])}
    assert again.get("slideshow") == metadata.get("slideshow")


def test_a_notebook_from_elsewhere_brings_its_tags_along():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
        "x = 1", metadata={"tags": ["remove-cell"], "slideshow": {"slide_type": "slide"}})])
    assert text_of(notebook) == a_cell("#| tags: [remove-cell]", "#| slideshow: {slide_type: slide}",
                                       "x = 1")
