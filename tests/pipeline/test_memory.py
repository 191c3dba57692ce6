"""An edit costs the pages that it changes, and gives the book that a render from nothing gives."""

import pytest

from bookbuild import pipeline
from bookbuild.document.memory import Memory
from bookbuild.print import html
from bookbuild.source.project import load_project

FILES = {
    "_quarto.yml": """project:
  type: book
bibliography: references.bib
book:
  title: "A book"
  author: "A. N. Author"
  chapters: [index.qmd, parts/one.qmd, parts/two.qmd, references.qmd]
format:
  html:
    html-math-method: mathml
""",
    "references.bib": "@book{ada, title={Notes}, author={Lovelace, Ada}, year={1843}}\n"
                      "@book{bea, title={More}, author={Lovelace, Bea}, year={1843}}\n",
    "index.qmd": "# Preface {.unnumbered}\n\nHello, see @eq-one, @sec-two and @thm-two.\n",
    "parts/one.qmd": """# One {#sec-one}

The first paragraph.

## A section {#sec-part}

It holds a formula.

$$
a + b
$$ {#eq-one}

It cites [@ada], with a note.[^n]

[^n]: The note.
""",
    "parts/two.qmd": """# Two {#sec-two}

The other one, after @sec-one and @sec-part.

::: {#thm-two}
For $x$ see @eq-one.
:::

A sentence.
""",
    "references.qmd": "# References {.unnumbered}\n\n::: {#refs}\n:::\n",
}
EDITS = {
    "a sentence": ("parts/two.qmd", "A sentence.", "A better sentence."),
    "the first paragraph, which others preview": ("parts/one.qmd", "The first", "An earlier"),
    "a formula, which others preview": ("parts/one.qmd", "a + b", "a - b"),
    "a heading before others": ("parts/one.qmd", "## A section", "## New {#sec-new}\n\n## A section"),
    "an equation before others": ("parts/one.qmd", "It holds", "$$c$$ {#eq-c}\n\nIt holds"),
    "a title": ("parts/two.qmd", "# Two", "# Second"),
    "a chapter loses its number": ("parts/one.qmd", "{#sec-one}", "{#sec-one .unnumbered}"),
    "a source is cited, which makes the other's name longer": (
        "parts/two.qmd", "A sentence", "A sentence [@bea]"),
    "a label is put on another page": ("parts/one.qmd", "{#eq-one}", "{#eq-old}"),
    "a blank line": ("parts/one.qmd", "The first", "\nThe first"),
}


@pytest.fixture
def book(tmp_path):
    (tmp_path / "parts").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def printed(root, target, memory):
    """The book's files, printed with a memory, and what the press found."""
    project = load_project(root)
    drafts, problems = pipeline.read_book(project, memory)
    problems += pipeline.parse_book(project, drafts, {}, "", memory)
    chapters, entries, found = pipeline.compose(project, drafts, "html", problems, "", memory)
    chapters = pipeline.resolve(project, chapters, entries, "html", memory)
    pipeline.write_html(project, drafts, chapters, None, target, memory)
    return {path.relative_to(target): path.read_bytes() for path in target.rglob("*")
            if path.is_file()}, sorted({*problems, *found})


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_gives_the_book_that_a_new_render_gives(book, tmp_path_factory, edit):
    name, old, new = EDITS[edit]
    memory = Memory()
    printed(book, tmp_path_factory.mktemp("before"), memory)
    for text in (FILES[name].replace(old, new), FILES[name]):
        (book / name).write_text(text)
        if edit.startswith("a label"):
            two = FILES["parts/two.qmd"]
            moved = two if text == FILES[name] else f"{two}\n$$\nd\n$$ {{#eq-one}}\n"
            (book / "parts/two.qmd").write_text(moved)
        again = printed(book, tmp_path_factory.mktemp("again"), memory)
        fresh = printed(book, tmp_path_factory.mktemp("fresh"), Memory())
        assert again == fresh


@pytest.mark.parametrize("edit, pages", [
    ("a sentence", {"parts/two.qmd"}),
    ("the first paragraph, which others preview", {"parts/one.qmd"}),
    ("a heading before others", {"parts/one.qmd", "parts/two.qmd"}),
    ("an equation before others", {"index.qmd", "parts/one.qmd", "parts/two.qmd"}),
])
def test_only_pages_that_change_are_printed(book, tmp_path_factory, monkeypatch, edit, pages):
    name, old, new = EDITS[edit]
    memory, again = Memory(), set()
    printed(book, tmp_path_factory.mktemp("before"), memory)
    writer = html.page_writer

    def noted(project, chapters, chapter, listed):
        again.add(str(chapter.page.source))
        return writer(project, chapters, chapter, listed)
    monkeypatch.setattr(html, "page_writer", noted)
    (book / name).write_text(FILES[name].replace(old, new))
    printed(book, tmp_path_factory.mktemp("after"), memory)
    assert again == pages
