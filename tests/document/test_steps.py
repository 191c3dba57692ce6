"""No step changes what it was given, or what another one gave."""

import shutil
from pathlib import Path

import pytest

from bookbuild.document import nodes
from bookbuild.document.model import Callout, Float, Theorem
from bookbuild.document.numbers import Chapter, Head
from bookbuild.memory import Memory
from bookbuild.pipeline import Pipeline
from bookbuild.print import epub
from bookbuild.source import Page, load_project

BOOKS = Path(__file__).parents[1] / "conformance"


class Watching(Memory):
    """A memory that writes down what steps took and gave, the first time that it sees it."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def note(self, name, value):
        self.seen.setdefault((name, id(value)), (value, repr(value)))

    def step(self, make, place, *inputs):
        for value in inputs:
            self.note(f"an input of {make.__name__}", value)
        made = super().step(make, place, *inputs)
        self.note(f"what {make.__name__} gave", made)
        return made

    def changed(self):
        return {name for (name, _), (value, before) in self.seen.items() if repr(value) != before}


@pytest.mark.parametrize("name", ["book-a", "book-b", "book-c"])
def test_steps_change_nothing(tmp_path, name):
    root = Path(shutil.copytree(BOOKS / name, tmp_path / name))
    memory = Watching()
    book = Pipeline(load_project(root), memory)
    book.parse({}, complete=False)
    for target in ("html", "pdf", "epub"):
        book.compose(target)
        book.resolve()
        memory.note(f"the chapters for {target}", chapters := list(book.chapters))
        if target == "html":
            book.write_html(tmp_path / "html")
        elif target == "pdf":
            book.write_typst()
        else:
            for chapter in chapters:
                epub.lower(chapter.untitled, chapter)
    assert len(memory.seen) > 100
    assert not memory.changed()
    assert any(node.number for chapter in book.chapters
               for node in nodes(chapter.blocks, Float, Theorem, Callout))


def test_chapters_are_equal_only_if_they_are_one():
    head = Head(Page(Path("a.qmd")), [], "", None)
    assert head == Head(Page(Path("a.qmd")), [], "", None)
    assert Chapter(**vars(head), blocks=[]) != Chapter(**vars(head), blocks=[])
