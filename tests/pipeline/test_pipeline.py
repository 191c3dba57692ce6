"""An edit costs the pages that it changes, and gives the book that a render from nothing gives."""

import gc
import re
import sys
import tracemalloc
from functools import wraps

import pytest
from asked_once import asked_once

from bookbuild import files
from bookbuild.document import pandoc
from bookbuild.memory import Memory
from bookbuild.pipeline import Pipeline, check_book
from bookbuild.print import html
from bookbuild.source import load_project

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
    "a heading before others": (
        "parts/one.qmd", "## A section", "## New {#sec-new}\n\n## A section"),
    "an equation before others": ("parts/one.qmd", "It holds", "$$c$$ {#eq-c}\n\nIt holds"),
    "a title": ("parts/two.qmd", "# Two", "# Second"),
    "a chapter loses its number": ("parts/one.qmd", "{#sec-one}", "{#sec-one .unnumbered}"),
    "a source is cited, which makes the other's name longer": (
        "parts/two.qmd", "A sentence", "A sentence [@bea]"),
    "a source is renamed": ("references.bib", "{Notes}", "{Sketches}"),
    "a label is put on another page": ("parts/one.qmd", "{#eq-one}", "{#eq-old}"),
    "a blank line": ("parts/one.qmd", "The first", "\nThe first"),
}


@pytest.fixture
def book(tmp_path):
    (tmp_path / "parts").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.fixture(scope="module")
def once():
    return asked_once()


def printed(root, target, memory):
    """The book's files, printed with a memory, and what the press found."""
    made = Pipeline(load_project(root), memory)
    made.parse({}, complete=True)
    made.compose("html")
    made.resolve()
    made.write_html(target)
    made.write_search(target)
    return {path.relative_to(target): path.read_bytes() for path in target.rglob("*")
            if path.is_file()}, sorted(made.problems)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_gives_the_book_that_a_new_render_gives(
        book, tmp_path_factory, monkeypatch, once, edit):
    monkeypatch.setattr(pandoc, "call", once)
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
    page_tree = html.page_tree

    @wraps(page_tree)
    def noted(project, heads, chapter, bibliography):
        again.add(str(chapter.page.source))
        return page_tree(project, heads, chapter, bibliography)
    monkeypatch.setattr(html, "page_tree", noted)
    (book / name).write_text(FILES[name].replace(old, new))
    printed(book, tmp_path_factory.mktemp("after"), memory)
    assert again == pages


def test_targets_do_not_take_each_others_chapters(book):
    (book / "parts/two.qmd").write_text(FILES["parts/two.qmd"] + """
::: {.content-visible when-format="html"}
On the page alone.
:::
""")
    made = Pipeline(load_project(book))
    made.parse({}, complete=True)
    for target, shown in {"html": True, "pdf": False, "epub": True}.items():
        made.compose(target)
        made.resolve()
        assert ("alone" in str(made.chapters)) == shown


def test_a_book_of_pages_that_are_missing_is_told(book):
    (book / "_quarto.yml").write_text(FILES["_quarto.yml"].replace(
        "[index.qmd, parts/one.qmd, parts/two.qmd, references.qmd]", "[gone.qmd]"))
    found = check_book(load_project(book))
    assert any("gone.qmd" in str(each) for each in found)


# --------------------------------------------------------------------------- what is kept

@pytest.mark.parametrize("nth", range(1, 9))
def test_a_failure_is_not_kept(book, tmp_path_factory, monkeypatch, nth):
    """Whichever call of pandoc fails for a moment, the next time the book is printed."""
    run, calls = files.run, []

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) == nth:
            raise OSError("no more processes")
        return run(*arguments, **options)
    pandoc.inlines.cache_clear()
    memory = Memory()
    with monkeypatch.context() as broken:
        broken.setattr(files, "run", failing)
        with pytest.raises(OSError, match="no more processes"):
            printed(book, tmp_path_factory.mktemp("broken"), memory)
    again = printed(book, tmp_path_factory.mktemp("again"), memory)
    assert again == printed(book, tmp_path_factory.mktemp("fresh"), Memory())


def test_a_formula_that_cannot_be_read_is_told_with_its_line(book):
    (book / "parts/one.qmd").write_text(FILES["parts/one.qmd"].replace("a + b", "\\frac{a}"))
    found = [each for each in check_book(load_project(book)) if "formula" in each.message]
    assert list(map(str, found)) == [
        r"parts/one.qmd:10: pandoc cannot read the formula \frac{a}: write it with other commands, "
        "or render with Quarto"]


def held():
    """What the modules of the press hold that could be changed."""
    return {(module, name): repr(value) for module, content in sys.modules.copy().items()
            if module.startswith("bookbuild.") for name, value in vars(content).items()
            if isinstance(value, dict | list | set) and not name.startswith("__")}


def test_pages_that_are_printed_side_by_side_share_nothing_that_changes(
        book, tmp_path_factory, monkeypatch):
    memory, places = Memory(), []
    each = Memory.each

    def noted(self, make, place, inputs):
        places.append((make, place))
        return each(self, make, place, inputs)
    monkeypatch.setattr(Memory, "each", noted)
    (book / "parts/one.qmd").write_text(FILES["parts/one.qmd"].replace("a + b", "side + side"))
    before = held()
    printed(book, tmp_path_factory.mktemp("book"), memory)
    assert len(places) == len(set(places)) > 4
    assert {name: value for name, value in held().items() if name in before} == before


def test_a_line_is_set_once_and_forgotten_when_it_is_gone():
    memory, made = Memory(), []

    def set_lines(lines):
        made.extend(lines)
        return [line.upper() for line in lines]
    assert memory.each(set_lines, "a", ["x", "y", "x"]) == {"x": "X", "y": "Y"}
    assert memory.each(set_lines, "a", ["y", "z"]) == {"y": "Y", "z": "Z"}
    assert memory.each(set_lines, "b", ["y"]) == {"y": "Y"}
    assert memory.each(set_lines, "a", ["x"]) == {"x": "X"}
    assert made == ["x", "y", "z", "y", "x"]


def test_edits_do_not_pile_up(book, tmp_path):
    """A preview keeps what the last edit gave, and of earlier ones nothing."""
    text = FILES["parts/two.qmd"] + "\n\n".join(f"Sentence {n} of many." for n in range(200))
    memory, target = Memory(), tmp_path / "printed"
    sizes = []
    tracemalloc.start()
    for edit in range(6):
        (book / "parts/two.qmd").write_text(re.sub("A sentence", f"Sentence {edit}", text))
        printed(book, target, memory)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[-1] - sizes[1] < 80_000, sizes
