"""From the project's files to the book: read, run, number, refer, cite, write."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import typst as typst_compiler

from bookbuild import (checks, citations, epub, execute, html, live, pandoc, previews,
                       references, search, traps, typst)
from bookbuild.cache import Cache, cached_results
from bookbuild.cells import CellWriter, stand_ins
from bookbuild.index import Chapter, Entry, number_book
from bookbuild.manuscript import Manuscript, read_manuscript
from bookbuild.problems import BookError, Problem, hindrances
from bookbuild.project import CONFIG, Page, Project, output_problem
from bookbuild.publish import put_in_place, staging, write_file, writing
from bookbuild.source import Cell, Prose, Source, split_source
from bookbuild.structure import inlines, structure
from bookbuild.tree import nodes, para, words

MARKS = re.compile(r"([\\`*_{}\[\]()<>#+!|~$^@-])")
Say = Callable[[str], None]
FORMATS = {"html": "html", "pdf": "typst", "epub": "epub"}      # by their names in Quarto


@dataclass
class Timings:
    """Seconds by stage, in the order in which the stages began."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - start

    def __str__(self) -> str:
        rows = [*self.seconds.items(), ("all", sum(self.seconds.values()))]
        return "\n".join(f"{name:<12}{seconds:7.2f} s" for name, seconds in rows)


@dataclass
class Draft:
    """A page on its way: its text, its pieces, and once its cells ran, its tree."""

    page: Page
    manuscript: Manuscript
    source: Source
    blocks: list = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    outputs: dict[Cell, list] = field(default_factory=dict)

    @property
    def front_title(self) -> list:
        title = self.source.metadata.get("title")
        return inlines(str(title)) or words(str(title)) if title else []


def render(project: Project, targets: list[str], only: Page | None, say: Say, timings: Timings,
           progress: Callable[[str, bool], None] | None = None,
           cell_timeout: float = execute.CELL_TIMEOUT, runtime: Path | None = None) -> None:
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
    progress : callable, optional
        Told of each cell: a line, and whether the cell is done.
    cell_timeout : float
        The most seconds for one cell.
    runtime : Path, optional
        A folder with the runtime of live cells, to be put into the book.

    Raises
    ------
    BookError
        With every problem found in the whole book.
    """
    with staging(project.state_dir) as folder:
        built = folder / "book"
        with timings.stage("read"):
            drafts, problems = read_book(project)
        with timings.stage("cells"):
            results = run_cells(project, drafts, problems, say, progress, cell_timeout)
        code = "" if results else code_of(drafts)
        with timings.stage("parse"):
            texts = [written(project, draft, results) for draft in drafts]
            pandoc.read_ahead(texts)
            for draft, text in zip(drafts, texts):
                parse(project, draft, text, problems, code)
        keep_rest(project, targets, only, built)
        for target in targets:
            with timings.stage("number"):
                chapters, entries = compose(project, drafts, target, problems, code)
            if hindrances(problems, "builtin"):
                continue
            with timings.stage("number"):
                resolve(project, chapters, entries, target)
            with timings.stage(target):
                say(f"writing {target}")
                try:
                    WRITERS[target](project, drafts, chapters, only, built, say)
                    if target == "html":
                        write_live(project, chapters, built, runtime, say)
                except pandoc.UnreadFormulas as error:
                    raise BookError(locate(error.formulas, drafts)) from None
        if stopping := hindrances(problems, "builtin"):
            raise BookError([*stopping, *unread_formulas(drafts)])
        if problems:
            say(f"`book check` has more to say ({len(set(problems))} findings)")
        put_in_place(built, project.output_dir)


def check_book(project: Project, targets: Sequence[str] = ("html", "pdf")) -> list[Problem]:
    """What is wrong with the book, found without running a cell or printing a page."""
    drafts, problems = read_book(project)
    code = code_of(drafts)
    for draft in drafts:
        parse(project, draft, written(project, draft, {}), problems, code)
    for target in targets:
        compose(project, drafts, target, problems, code)
    return sorted({*problems, *unread_formulas(drafts)})


def code_of(drafts: list[Draft]) -> str:
    """The code of all cells and expressions."""
    return "\n".join(unit.code if isinstance(unit, Cell) else unit.expression
                     for draft in drafts for unit in draft.source.units)


def keep_rest(project: Project, targets: list[str], only: Page | None, built: Path) -> None:
    """Begin with what this run does not print: other chapters, or the other target."""
    old = project.output_dir
    files = {"pdf": project.pdf_name, "epub": project.epub_name}
    if old.is_dir() and (only or "html" not in targets):
        with writing(built):
            shutil.copytree(old, built)
        return
    for target, name in files.items():
        if target not in targets and (old / name).is_file():
            write_file(built / name, (old / name).read_bytes())


def read_book(project: Project) -> tuple[list[Draft], list[Problem]]:
    """All pages, and what is wrong with the project and with reading them."""
    problems = list(project.problems)
    if problem := output_problem(project):
        problems.append(problem)
    return [read(project, page, problems) for page in project.pages], problems


def read(project: Project, page: Page, problems: list[Problem]) -> Draft:
    manuscript, found = read_manuscript(project, page.source)
    source = split_source(manuscript.text, page.source, manuscript.origin)
    refusals = [replace(refusal, stops="builtin") for refusal in source.refusals]
    problems += [*found, *source.problems, *refusals]
    return Draft(page, manuscript, source)


def run_cells(project: Project, drafts: list[Draft], problems: list[Problem], say: Say,
              progress: Callable | None, cell_timeout: float) -> dict:
    """The result of every cell and expression; where a cell raises, of none."""
    defaults = project.config.get("execute") or {}
    chapters = [execute.Chapter(draft.page.source, project.root / draft.page.source.parent,
                                draft.source.units, defaults) for draft in drafts]

    def on_cell(chapter, number, total, label, seconds):
        name = f" {label}" if label else ""
        time_taken = "" if seconds is None else f" ({seconds:.1f} s)"
        line = f"{chapter.path}: cell {number} of {total}{name}{time_taken}"
        if progress:
            progress(line, seconds is not None)
        elif seconds is not None:
            say(line)

    cache = Cache(project.state_dir / "cache",
                  [project.root / "code" / "deepmath", project.root / "data"])
    try:
        results = cached_results(chapters, cache, on_notice=lambda notice: say(str(notice)),
                                 on_cell=on_cell, cell_timeout=cell_timeout)
    except BookError as error:
        problems += error.problems
        return {}
    return {unit: result for chapter, found in zip(chapters, results)
            for unit, result in zip(chapter.units, found)}


def parse(project: Project, draft: Draft, text: str, problems: list[Problem],
          code: str = "") -> None:
    """Let pandoc read a page's text, with the results in it, once, and look for mistakes.

    `code` is that of the book's cells, if they did not run.
    """
    tree = pandoc.read(text)
    draft.blocks = tree["blocks"]
    problems += checks.buried_metadata(tree["meta"], draft.manuscript)
    problems += traps.notes_never_called(tree["uncalled"], draft.manuscript)
    problems += checks.page_problems(project, draft.source, draft.blocks, draft.manuscript,
                                     draft.outputs, set(draft.pictures), code)
    problems += traps.page_traps(draft.source, draft.blocks, draft.manuscript)


def written(project: Project, draft: Draft, results: dict) -> str:
    """A page's Markdown with the results in it; its outputs and pictures are noted.

    Cells without results are given stand-ins, so that their labels are known.
    """
    writer = CellWriter(draft.page.source.stem, project.config.get("execute") or {})
    parts = []
    for piece in draft.source.pieces:
        if isinstance(piece, Cell):
            if piece in results:
                draft.outputs[piece] = results[piece]
            parts.append(writer.write(piece, draft.outputs.get(piece, stand_ins(piece))))
        elif isinstance(piece, Prose):
            parts.append(piece.substitute([inline_text(results.get(each)) for each in piece.inline]))
    draft.pictures = writer.pictures
    return "".join(parts)


def inline_text(value: execute.InlineValue | None) -> str:
    """The value of an expression as Markdown; what is plain text stays plain."""
    if value is None:
        return ""
    return value.text if value.kind == "markdown" else MARKS.sub(r"\\\1", value.text)


def compose(project: Project, drafts: list[Draft], target: str, problems: list[Problem],
            code: str = "") -> tuple[list[Chapter], dict[str, Entry]]:
    """Structure, number and check, for one target."""
    name = FORMATS[target]
    parsed = [(draft.page, structure(draft.blocks, name), draft.front_title)
              for draft in drafts]
    chapters, entries = number_book(parsed)
    ids = {chapter.page.source: set(checks.own_ids(chapter)) for chapter in chapters}
    unseen = any(problem.stops == "builtin" for problem in problems)
    try:
        sources = citations.known_keys(project)
    except BookError as error:
        problems += error.problems
        sources = None
    survey = checks.Survey(project, entries, sources, ids, code, unseen)
    for draft, chapter in zip(drafts, chapters):
        found = [*checks.chapter_problems(survey, chapter, draft.manuscript),
                 *traps.chapter_traps(survey, chapter, draft.manuscript, name)]
        problems += [problem for problem in found if problem not in problems]
    return chapters, entries


def resolve(project: Project, chapters: list[Chapter], entries: dict[str, Entry],
            target: str) -> None:
    """Refer and cite, for one target."""
    for chapter in chapters:
        references.resolve(chapter, entries, FORMATS[target])
    citations.cite(project, chapters)


def unread_formulas(drafts: list[Draft]) -> list[Problem]:
    """Formulas that pandoc cannot convert."""
    formulas = [para([node]) for draft in drafts for node in nodes(draft.blocks, "Math")]
    try:
        pandoc.write(formulas, "--to", "html5", "--mathml")
    except pandoc.UnreadFormulas as error:
        return locate(error.formulas, drafts)
    return []


def locate(formulas: list[str], drafts: list[Draft]) -> list[Problem]:
    """The problems of formulas, with the places where the formulas stand."""
    problems = []
    for formula in formulas:
        message = f"pandoc cannot read the formula {' '.join(formula.split())}"
        found = [draft.manuscript.problem(re.escape(formula.strip()), message)
                 for draft in drafts if formula.strip() in draft.manuscript.text]
        problems.append(found[0] if found else Problem("pandoc", None, message))
    return problems


def write_html(project: Project, drafts: list[Draft], chapters: list[Chapter],
               only: Page | None, built: Path, say: Say) -> None:
    """Write the pages, on all cores side by side."""
    from bookbuild.lab.export import read_text, runnable    # nbformat is slow to load

    unread: list[str] = []
    listed = previews.sources(chapters)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pages = [(draft, chapter, pool.submit(html.page_writer(project, chapters, chapter, listed)))
                 for draft, chapter in zip(drafts, chapters) if only in (None, draft.page)]
        for draft, chapter, page in pages:
            try:
                write_file(built / draft.page.output, page.result())
            except pandoc.UnreadFormulas as error:
                unread += error.formulas
                continue
            place_pictures(project, draft, chapter, built)
            if html.is_notebook(project, chapter):
                source = project.root / draft.page.source
                write_file(built / draft.page.output.with_suffix(".ipynb"),
                           runnable(source, read_text(source)))
    if unread:
        raise pandoc.UnreadFormulas([], unread)
    with writing(built):
        shutil.copytree(html.THEME, built / html.ASSETS, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("page.html", "*.lua", "*.md", "*.py"))
    pages = [page.output for page in project.pages]
    write_file(built / html.ASSETS / "search-index.js", search.search_index(built, pages))


def write_live(project: Project, chapters: list[Chapter], built: Path, runtime: Path | None,
               say: Say) -> None:
    """Write what live cells load, where the book has such cells."""
    if live.is_in(project.root) and any(map(html.has_live_cells, chapters)):
        live.assemble(project.root, built / live.ASSETS, runtime, say)


def place_pictures(project: Project, draft: Draft, chapter: Chapter, built: Path) -> None:
    """Write the pictures that cells drew, and copy those that the page takes from files."""
    folder = draft.page.source.parent
    for address, content in draft.pictures.items():
        write_file(built / folder / address, content)
    for address in html.local_files(chapter):
        if address not in draft.pictures:
            target = built / folder / address
            write_file(target, (project.root / folder / address).read_bytes())


def write_pdf(project: Project, drafts: list[Draft], chapters: list[Chapter],
              only: Page | None, built: Path, say: Say) -> None:
    """Set the whole book, in a folder of its own."""
    work = built.with_name("typst")
    for draft, chapter in zip(drafts, chapters):
        place_pictures(project, draft, chapter, work)
    with writing(work):
        shutil.copytree(typst.THEME, work, dirs_exist_ok=True)
    write_file(work / "main.typ", typst.write_book(project, chapters))
    write_file(built / project.pdf_name, set_pdf(work, say, date_of(project)))


def set_pdf(work: Path, say: Say, date: int) -> bytes:
    """The PDF of `main.typ`: PDF/UA-1 (ISO 14289-1, accessible), or why it is not."""
    compiler = typst_compiler.Compiler(str(work / "main.typ"), root=str(work))
    try:
        return compiler.compile(pdf_standards="ua-1", timestamp=date)
    except typst_compiler.TypstError as error:
        if "PDF/UA-1" not in error.message:
            raise typst_problem(error) from None
        say(f"the PDF is not accessible to everyone: {error.message}")
    try:
        return compiler.compile(timestamp=date)
    except typst_compiler.TypstError as error:
        raise typst_problem(error) from None


def typst_problem(error: typst_compiler.TypstError) -> BookError:
    picture = re.search(r'image\("/([^"]+)"', error.diagnostic)
    return BookError([Problem(picture[1] if picture else "typst", None, error.message)])


def date_of(project: Project) -> int:
    """The PDF's date, in seconds since 1970: when the text last changed, so that an unchanged
    book gives the same bytes; `SOURCE_DATE_EPOCH` where that is set."""
    if epoch := os.environ.get("SOURCE_DATE_EPOCH", ""):
        return int(epoch)
    files = [project.root / CONFIG, *(project.root / page.source for page in project.pages)]
    return max(int(file.stat().st_mtime) for file in files)


def write_epub(project: Project, drafts: list[Draft], chapters: list[Chapter],
               only: Page | None, built: Path, say: Say) -> None:
    """Bind the whole book, in a folder of its own."""
    work = built.with_name("epub")
    for draft, chapter in zip(drafts, chapters):
        place_pictures(project, draft, chapter, work)
    write_file(work / project.epub_name, "")
    epub.write_book(project, chapters, work, work / project.epub_name)
    write_file(built / project.epub_name, (work / project.epub_name).read_bytes())


WRITERS = {"html": write_html, "pdf": write_pdf, "epub": write_epub}
