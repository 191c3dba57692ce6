"""All that is looked for: on a page as it is read, and in a chapter once the book is numbered."""

from collections.abc import Iterator

from bookbuild.check import constructs, labels, pictures, quarto_traps
from bookbuild.document import Chapter
from bookbuild.say import Problem
from bookbuild.source import Cell, Manuscript, Project, SplitText


def page_problems(project: Project, split: SplitText, tree: dict, manuscript: Manuscript,
                  outputs: dict[Cell, list], code: str) -> Iterator[Problem]:
    """What is wrong in a page as pandoc reads it, for every target.

    `outputs` are those of the cells that ran; `code` is that of the book's cells, where they did
    not run.
    """
    blocks = tree["blocks"]
    yield from constructs.buried_metadata(tree["meta"], manuscript)
    yield from quarto_traps.notes_never_called(tree["uncalled"], manuscript)
    yield from quarto_traps.written_twice(tree["twice"], manuscript)
    yield from constructs.front_matter(split, manuscript)
    yield from constructs.code_in_text(split, manuscript)
    yield from constructs.titles(split, blocks, manuscript)
    yield from constructs.unknown_constructs(blocks, manuscript)
    yield from constructs.stray_fences(blocks, manuscript)
    yield from constructs.unclosed_blocks(tree["open"], manuscript)
    yield from constructs.unread_shortcodes(manuscript)
    yield from constructs.fences_in_a_line(blocks, manuscript)
    yield from constructs.open_formulas(blocks, manuscript)
    yield from constructs.broken_pictures(blocks, manuscript)
    yield from constructs.tabless_tabsets(blocks, manuscript, code)
    for piece in split.pieces:
        if isinstance(piece, Cell) and piece.language == "python":
            defaults, shown = project.cell_defaults(split.metadata), outputs.get(piece)
            yield from pictures.cell_problems(project, piece, defaults, shown)
            yield from constructs.blocks_that_cells_open(piece, defaults, shown or [], tree["open"])
    yield from quarto_traps.page_traps(split, blocks, manuscript)
    yield from quarto_traps.typst_traps(blocks, manuscript) if project.is_for_typst else ()


def file_problems(project: Project, blocks: list, manuscript: Manuscript, made: set[str],
                  code: str) -> Iterator[Problem]:
    """What is wrong with the files that a page names; `made` are the pictures of its cells."""
    yield from pictures.pictures(project, blocks, manuscript, made, code)
    yield from pictures.files_of_html(project, blocks, manuscript, code)


def chapter_problems(survey: labels.Survey, chapter: Chapter, manuscript: Manuscript,
                     target: str) -> Iterator[Problem]:
    """What is wrong in a chapter, for one target, once the book is numbered."""
    yield from labels.duplicate_labels(survey, chapter, manuscript)
    yield from labels.unresolved_references(survey, chapter, manuscript)
    yield from labels.unknown_sources(survey, chapter, manuscript)
    yield from constructs.buried_titles(chapter, manuscript)
    yield from constructs.titled_home(chapter, manuscript)
    yield from labels.unlisted_sources(survey, chapter, manuscript)
    yield from quarto_traps.chapter_traps(survey, chapter, manuscript, target)


def link_problems(survey: labels.Survey, chapter: Chapter,
                  manuscript: Manuscript) -> Iterator[Problem]:
    """Links that lead nowhere, also to no file."""
    yield from labels.broken_links(survey, chapter, manuscript)
