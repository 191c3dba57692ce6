"""A page on its way to the book, and the steps that take one page alone."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bookbuild.check import (Survey, chapter_problems, deepest, file_problems, link_problems,
                             own_ids, page_problems, too_deep)
from bookbuild.document import (CellWriter, Chapter, Head, depth, identifier, nodes, pandoc,
                                place_captions, references, stand_ins, words)
from bookbuild.print import typst
from bookbuild.run import ChapterCode, InlineValue
from bookbuild.say import BookError, Problem
from bookbuild.source import (Cell, Manuscript, Page, Project, Prose, SplitText, show_cells,
                              split_source)

MARKS = re.compile(r"([\\`*_{}\[\]()<>#+!|~$^@-])")
DEEPEST = 250           # how deep blocks may stand in one another


@dataclass(frozen=True)
class Draft:
    """A page's text, and its pieces."""

    page: Page
    manuscript: Manuscript
    source: SplitText

    @property
    def front_title(self) -> list:
        title = self.source.metadata.get("title")
        title = str(title).lower() if isinstance(title, bool) else title
        return pandoc.inlines(str(title)) or words(str(title)) if title else []

    def defaults(self, project: Project) -> dict:
        """The options of cells that say nothing else."""
        return project.cell_defaults(self.source.metadata)

    def code(self, project: Project) -> ChapterCode:
        """What runs in one kernel."""
        return ChapterCode(project.root, self.page.source, self.source.units,
                           self.defaults(project), project.output_dir, project.environment)


def split(manuscript: Manuscript) -> SplitText:
    return split_source(manuscript.text, str(manuscript.source), manuscript.origin)


def write_results(project: Project, draft: Draft, results: dict) -> tuple[str, dict[str, bytes]]:
    """A page's Markdown with the results in it, and the pictures that its cells drew."""
    writer = CellWriter(draft.page.source.stem, draft.defaults(project))
    parts = []
    for piece in draft.source.pieces:
        if isinstance(piece, Cell):
            made = results.get(piece)
            parts.append(writer.write(piece, stand_ins(piece) if made is None else made))
        elif isinstance(piece, Prose):
            values = [inline_text(results[each]) for each in piece.inline]
            parts.append(show_cells(piece.substitute(values)))
    return "".join(parts), writer.pictures


def inline_text(value: InlineValue | None, marks: re.Pattern = MARKS) -> str:
    """The value of an expression as Markdown; what is plain text stays plain."""
    if value is None:
        return ""
    if value.kind == "markdown":
        return value.text
    return marks.sub(r"\\\1", " ".join(value.text.split("\n")))      # also in a row of a table


def text_of(result) -> str:
    """What a cell printed or displayed, or an expression gave."""
    if isinstance(result, InlineValue):
        return result.text
    return "\n".join(str(text) for output in result or []
                     for text in (output.get("text", ""), *output.get("data", {}).values()))


def parse_page(project: Project, draft: Draft, results: dict) -> tuple[dict, dict[str, bytes]]:
    """A page as pandoc reads it, and the pictures that its cells drew."""
    if deepest(draft.manuscript)[0] > 2 * DEEPEST:      # pandoc would take its time
        raise BookError([too_deep(draft.manuscript, pandoc.TOO_DEEP)])
    text, pictures = write_results(project, draft, results)
    try:
        tree = pandoc.read(text)
    except pandoc.Unreadable as error:
        raise BookError([too_deep(draft.manuscript, error.problems[0].message)]) from None
    except BookError as error:
        said = error.problems[0].message
        macro = re.search(r"macro (\w+)", said)
        raise BookError([draft.manuscript.problem(rf"\\{macro[1]}\b" if macro else "", (
            f"pandoc cannot read this: {said}"))]) from None
    if depth(tree["blocks"]) > DEEPEST:
        raise BookError([too_deep(draft.manuscript, pandoc.TOO_DEEP)])
    tree["blocks"] = references.own_paths(place_captions(tree["blocks"]), draft.page)
    return tree, pictures


def check_page(project: Project, draft: Draft, results: dict, tree: dict,
               code: str) -> set[Problem]:
    """What is wrong in a page."""
    return set(page_problems(project, draft.source, tree, draft.manuscript, results, code))


def check_files(project: Project, draft: Draft, tree: dict, pictures: dict[str, bytes],
                code: str) -> set[Problem]:
    """What is wrong with the files that a page names."""
    return set(file_problems(project, tree["blocks"], draft.manuscript, set(pictures), code))


@contextmanager
def on_page(page: Page) -> Iterator[None]:
    """Tell of what takes pandoc too long with the page on which it stands."""
    try:
        yield
    except pandoc.Unreadable as error:
        raise BookError([Problem(str(page.source), 1, error.problems[0].message)]) from None


def write_chapter(heads: Sequence[Head], chapter: Chapter) -> str:
    """A chapter as Typst."""
    with on_page(chapter.page):
        return typst.write_chapter(heads, chapter)


def depth_of(chapter: Chapter) -> int:
    return depth(chapter.blocks)


def ids_in(blocks: list) -> set[str]:
    """The ids on a page for whatever format."""
    return {key for node in nodes(blocks) if (key := identifier(node))}


def ids_of(chapter: Chapter) -> set[str]:
    return set(own_ids(chapter))


def check_chapter(survey: Survey, chapter: Chapter, manuscript: Manuscript,
                  format: str) -> set[Problem]:
    return set(chapter_problems(survey, chapter, manuscript, format))


def check_links(survey: Survey, chapter: Chapter, manuscript: Manuscript) -> set[Problem]:
    return set(link_problems(survey, chapter, manuscript))


def labels_in(chapter: Chapter) -> list[str]:
    """The labels that a chapter refers to."""
    return list(dict.fromkeys(key for key, _ in references.cross_references(chapter.blocks)))
