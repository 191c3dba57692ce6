"""What commands ask of the pipeline: a book, what is wrong with it, the words of a page."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from bookbuild.document import Words
from bookbuild.files import end_all, put_in_place, staging, write_file, writing
from bookbuild.memory import Memory, uncollected
from bookbuild.pipeline.drafts import Draft
from bookbuild.pipeline.pipeline import Pipeline, name_of
from bookbuild.run import KeptResults, kept_or_run, press
from bookbuild.say import BookError, Problem, Say, Timings, tally
from bookbuild.source import InlineCode, Page, Project

MEMORY = "memory"       # the file below .book


def render(project: Project, targets: list[str], only: Page | None, say: Say, timings: Timings,
           cell_timeout: float, progress: Callable[[str, bool], None] | None = None,
           runtime: Path | None = None, fresh: bool = False) -> None:
    """Render with the built-in press; the new book takes the old one's place when complete.

    Parameters
    ----------
    project : Project
        The book.
    targets : list of str
        Of ``"html"``, ``"pdf"`` and ``"epub"``.
    only : Page or None
        The one page to print; None for all.
    say : callable
        Told what is being done.
    timings : Timings
        Filled with the seconds of each stage.
    cell_timeout : float
        The most seconds for one cell.
    progress : callable, optional
        Told of each cell: a line, and whether the cell is done.
    runtime : Path, optional
        A folder with the runtime of live cells, to be put into the book.
    fresh : bool
        Run all cells, whatever is kept of them.

    Raises
    ------
    BookError
        With every problem found in the whole book.
    """
    kept = project.state_dir / MEMORY
    with staging(project.state_dir) as folder, nothing_outlives(), uncollected():
        built = folder / "book"
        with timings.stage("read"):
            memory = Memory() if fresh else Memory.of(kept, press())
            book = Pipeline(project, memory)
        with timings.stage("cells"):
            results = run_cells(book, say, progress, cell_timeout, fresh)
        with timings.stage("parse"):
            book.parse(results, complete=bool(results))
        keep_rest(project, targets, only, built)
        with timings.stage("number"):
            editions = {target: book.edition(target) for target in targets}
            if book.hindered():
                raise BookError([*book.hindered(), *book.unread_formulas()])
            for edition in editions.values():
                edition.resolve()
        say(f"writing {' and '.join(targets)}")
        unfinished = []
        for target in sorted(targets, reverse=True):        # the PDF is set beside the others
            with timings.stage(target):
                unfinished.append((target, editions[target].write(target, built, only, runtime,
                                                                  say)))
        memory.save(kept, press())
        for target, finish in unfinished:
            with timings.stage(target):
                finish()
        if book.problems:
            say(f"`book check` has more to say: {tally(book.problems, 'quarto', 'builtin')}")
        put_in_place(built, project.output_dir)


@contextmanager
def nothing_outlives() -> Iterator[None]:
    """Whatever ends a render ends the programs that it runs."""
    try:
        yield
    except BaseException:
        end_all()
        raise


def check_book(project: Project, targets: Sequence[str] = ("html", "pdf")) -> list[Problem]:
    """What is wrong with the book, found without running a cell or printing a page."""
    book = Pipeline(project)
    book.parse({}, complete=False)
    for target in targets:
        if target != "pdf" or project.is_for_typst:
            book.edition(target)
        elif project.pdf_problem:
            book.problems.add(project.pdf_problem)
    return sorted({*book.problems, *book.unread_formulas()})


def page_words(project: Project, source: PurePosixPath, say: Say, progress: Callable | None,
               cell_timeout: float) -> Words:
    """What the references and expressions of one page say.

    The values of expressions are kept, or the page's cells are run for them. Where something is
    wrong with the book, `book check` says what; here what is not known stays as it is written.
    """
    site = str(project.book.get("site-url") or "").rstrip("/")
    try:
        book = Pipeline(project)
        draft = next((draft for draft in book.drafts if draft.page.source == source), None)
        if draft is None:
            return Words(source=str(source), site=site)
        has_values = any(isinstance(unit, InlineCode) for unit in draft.source.units)
        results = run_cells(book, say, progress, cell_timeout, False, draft) if has_values else {}
        book.parse(results, complete=False)
        edition = book.edition("html")
        edition.resolve()
        chapter, = [each for each in edition.chapters if each.page.source == source]
        return edition.words(draft, chapter)
    except BookError as error:
        say(f"{source}: references stay as written, until `book check` is content: {error}")
        return Words(source=str(source), site=site)


def run_cells(book: Pipeline, say: Say, progress: Callable | None, cell_timeout: float,
              fresh: bool, only: Draft | None = None) -> dict:
    """The result of every cell and expression; where a cell raises, of none."""
    project = book.project
    chapters = [draft.code(project) for draft in book.drafts if only in (None, draft)]

    def on_cell(chapter, number, total, label, seconds):
        name = f" {label}" if label else ""
        time_taken = "" if seconds is None else f" ({seconds:.1f} s)"
        line = f"{chapter.path}: cell {number} of {total}{name}{time_taken}"
        if progress:
            progress(line, seconds is not None)
        elif seconds is not None:
            say(line)

    try:
        results = kept_or_run(chapters, KeptResults(project.state_dir), cell_timeout, fresh,
                              on_notice=lambda notice: say(str(notice)), on_cell=on_cell)
    except BookError as error:
        book.problems |= set(error.problems)
        return {}
    return {unit: ran.result for chapter, found in zip(chapters, results)
            for unit, ran in zip(chapter.units, found)}


def keep_rest(project: Project, targets: list[str], only: Page | None, built: Path) -> None:
    """Begin with what this run does not print: other chapters, or the other target."""
    old = project.output_dir
    if old.is_dir() and (only or "html" not in targets):
        with writing(built):
            shutil.copytree(old, built)
        return
    for target in {"pdf", "epub"}.difference(targets):
        if (old / (name := name_of(project, target))).is_file():
            write_file(built / name, (old / name).read_bytes())
