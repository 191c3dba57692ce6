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

from bookbuild.check import findings, silences
from bookbuild.document import (CellWriter, Chapter, Entry, Memory, citations, inlines, nodes,
                                number_book, pandoc, para, references, stand_ins, structure, words)
from bookbuild.files import put_in_place, staging, write_file, writing
from bookbuild.live import ASSETS, assemble
from bookbuild.print import epub, html, search, typst
from bookbuild.run import Cache, ChapterCode, InlineValue, cached_results
from bookbuild.say import BookError, Problem, hindrances
from bookbuild.source import (CONFIG, Cell, Manuscript, Page, Project, Prose, Source,
                              output_problem, python_of, read_manuscript, split_source)

EPOCH = "SOURCE_DATE_EPOCH"
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

    @property
    def front_title(self) -> list:
        title = self.source.metadata.get("title")
        return inlines(str(title)) or words(str(title)) if title else []


@dataclass(frozen=True, eq=False)
class Text:
    """A page's Markdown with the results of its cells in it, and the pictures they drew."""

    markdown: str
    pictures: dict[str, bytes]


def render(project: Project, targets: list[str], only: Page | None, say: Say, timings: Timings,
           cell_timeout: float, progress: Callable[[str, bool], None] | None = None,
           runtime: Path | None = None) -> None:
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

    Raises
    ------
    BookError
        With every problem found in the whole book.
    """
    with staging(project.state_dir) as folder:
        built = folder / "book"
        with timings.stage("read"):
            drafts, problems = read_book(project, Memory())
        with timings.stage("cells"):
            results = run_cells(project, drafts, problems, say, progress, cell_timeout)
        code = "" if results else code_of(drafts)
        with timings.stage("parse"):
            problems += parse_book(project, drafts, results, code, Memory())
        keep_rest(project, targets, only, built)
        of_pages = list(problems)
        for target in targets:
            memory = Memory()
            with timings.stage("number"):
                chapters, entries, found = compose(project, drafts, target, of_pages, code, memory)
                problems += [problem for problem in found if problem not in problems]
            if hindrances(problems, "builtin"):
                continue
            with timings.stage("number"):
                chapters = resolve(project, chapters, entries, target, memory)
            with timings.stage(target):
                say(f"writing {target}")
                try:
                    if target == "html":
                        write_html(project, drafts, chapters, only, built, memory)
                        write_search(project, built)
                        write_live(project, chapters, built, runtime, say)
                    else:
                        WRITERS[target](project, drafts, chapters, built, say)
                except pandoc.UnreadFormulas as error:
                    raise BookError(locate(error.formulas, drafts)) from None
        if stopping := hindrances(problems, "builtin"):
            raise BookError([*stopping, *unread_formulas(drafts)])
        if problems:
            say(f"`book check` has more to say ({len(set(problems))} findings)")
        put_in_place(built, project.output_dir)


def check_book(project: Project, targets: Sequence[str] = ("html", "pdf")) -> list[Problem]:
    """What is wrong with the book, found without running a cell or printing a page."""
    drafts, problems = read_book(project, Memory())
    code = code_of(drafts)
    problems += parse_book(project, drafts, {}, code, Memory())
    found = [problem for target in targets
             for problem in compose(project, drafts, target, problems, code, Memory())[2]]
    return sorted({*problems, *found, *unread_formulas(drafts)})


def code_of(drafts: list[Draft]) -> str:
    """The code of all cells and expressions."""
    return "\n".join(python_of(unit) for draft in drafts for unit in draft.source.units)


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


def read_book(project: Project, memory: Memory) -> tuple[list[Draft], list[Problem]]:
    """All pages, and what is wrong with the project and with reading them."""
    problems = list(project.problems)
    if problem := output_problem(project):
        problems.append(problem)
    return [read(project, page, problems, memory) for page in project.pages], problems


def read(project: Project, page: Page, problems: list[Problem], memory: Memory) -> Draft:
    manuscript, found = read_manuscript(project, page.source)
    source = memory.step(("split", page.source), (manuscript,), lambda: split_source(
        manuscript.text, page.source, manuscript.origin))
    refusals = [replace(refusal, stops="builtin") for refusal in source.refusals]
    problems += [*found, *source.problems, *refusals]
    return Draft(page, manuscript, source)


def run_cells(project: Project, drafts: list[Draft], problems: list[Problem], say: Say,
              progress: Callable | None, cell_timeout: float) -> dict:
    """The result of every cell and expression; where a cell raises, of none."""
    defaults = project.config.get("execute") or {}
    chapters = [ChapterCode(draft.page.source, project.root / draft.page.source.parent,
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


def parse_book(project: Project, drafts: list[Draft], results: dict, code: str,
               memory: Memory) -> list[Problem]:
    """Let pandoc read each page's text, with the results in it, and look for mistakes.

    `code` is that of the book's cells, if they did not run.
    """
    texts = []
    for draft in drafts:
        own = [results.get(unit) for unit in draft.source.units]
        texts.append(memory.step(("text", draft.page.source), (draft.source, own),
                                 lambda: written(project, draft, results)))
        draft.pictures = texts[-1].pictures
    pandoc.read_ahead(text.markdown for text in texts)
    problems = []
    for draft, text in zip(drafts, texts):
        draft.blocks, found = memory.step(
            ("parse", draft.page.source), (text, code),
            lambda: parsed(project, draft, text.markdown, results, code))
        problems += found
    return problems


def written(project: Project, draft: Draft, results: dict) -> Text:
    """A page's Markdown with the results in it, and the pictures that its cells drew.

    Cells without results are given stand-ins, so that their labels are known.
    """
    writer = CellWriter(draft.page.source.stem, project.config.get("execute") or {})
    parts = []
    for piece in draft.source.pieces:
        if isinstance(piece, Cell):
            parts.append(writer.write(piece, results.get(piece, stand_ins(piece))))
        elif isinstance(piece, Prose):
            parts.append(piece.substitute([inline_text(results.get(each)) for each in piece.inline]))
    return Text("".join(parts), writer.pictures)


def parsed(project: Project, draft: Draft, text: str, results: dict,
           code: str) -> tuple[list, list[Problem]]:
    """The blocks of a page, and what is wrong in them."""
    tree = pandoc.read(text)
    return tree["blocks"], [
        *findings.buried_metadata(tree["meta"], draft.manuscript),
        *silences.notes_never_called(tree["uncalled"], draft.manuscript),
        *findings.page_problems(project, draft.source, tree["blocks"], draft.manuscript, results,
                              set(draft.pictures), code),
        *silences.page_traps(draft.source, tree["blocks"], draft.manuscript)]


def inline_text(value: InlineValue | None) -> str:
    """The value of an expression as Markdown; what is plain text stays plain."""
    if value is None:
        return ""
    return value.text if value.kind == "markdown" else MARKS.sub(r"\\\1", value.text)


def compose(project: Project, drafts: list[Draft], target: str, problems: list[Problem],
            code: str, memory: Memory) -> tuple[list[Chapter], dict[str, Entry], list[Problem]]:
    """Structure, number and check, for one target.

    Returns the chapters, the entry of each label, and what else than `problems` is wrong.
    """
    name = FORMATS[target]
    structured = [(draft.page, memory.step(("structure", draft.page.source), (draft.blocks,),
                                           lambda: structure(draft.blocks, name)),
                   draft.front_title) for draft in drafts]
    chapters, entries = number_book(structured, memory)
    ids = {chapter.page.source: memory.step(("ids", chapter.page.source), (chapter,),
                                            lambda: set(findings.own_ids(chapter)))
           for chapter in chapters}
    unseen = any(problem.stops == "builtin" for problem in problems)
    found: list[Problem] = []
    try:
        sources = citations.known_keys(project)
    except BookError as error:
        found += error.problems
        sources = None
    survey = findings.Survey(project, entries, sources, ids, code, unseen)
    labels = {key: (entry.chapter.page.source, entry.number is None, entry.is_chapter)
              for key, entry in entries.items()}
    for draft, chapter in zip(drafts, chapters):
        found += memory.step(
            ("check", draft.page.source),
            (chapter, draft.manuscript, labels, sources, ids, code, unseen),
            lambda: [*findings.chapter_problems(survey, chapter, draft.manuscript),
                     *silences.chapter_traps(survey, chapter, draft.manuscript, name)])
    return chapters, entries, found


def resolve(project: Project, chapters: list[Chapter], entries: dict[str, Entry], target: str,
            memory: Memory) -> list[Chapter]:
    """Refer and cite, for one target."""
    referred = []
    for chapter in chapters:
        source = chapter.page.source
        keys = memory.step(("keys", source), (chapter,), lambda: list(dict.fromkeys(
            key for key, _ in references.cross_references(chapter.blocks))))
        referred.append(memory.step(
            ("refer", source), (chapter, [entries.get(key) for key in keys]),
            lambda: references.resolve(chapter, entries, FORMATS[target])))
    return citations.cite(project, referred, memory)


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
               only: Page | None, built: Path, memory: Memory) -> None:
    """Write the pages, their pictures and notebooks, and what they load."""
    wanted = [page for page in project.pages if only in (None, page)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for page, content in html.print_pages(project, chapters, wanted, memory, pool):
            write_file(built / page.output, content)
    for draft, chapter in zip(drafts, chapters):
        if draft.page not in wanted:
            continue
        place_pictures(project, draft, chapter, built, memory)
        if memory.step(("notebook", draft.page.source), (chapter,),
                       lambda: html.is_notebook(project, chapter)):
            write_notebook(project, draft.page, built)
    if icon := project.book.get("favicon"):
        write_file(built / icon, (project.root / icon).read_bytes())
    with writing(built):
        shutil.copytree(html.THEME, built / html.ASSETS, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("page.html", "*.lua", "*.md", "*.py"))


def write_notebook(project: Project, page: Page, built: Path) -> None:
    """Write a page as the notebook that it offers."""
    from bookbuild.lab.export import read_text, runnable

    source = project.root / page.source
    write_file(built / page.output.with_suffix(".ipynb"), runnable(source, read_text(source)))


def write_search(project: Project, built: Path) -> None:
    """Write what the search looks through, from the pages that stand."""
    pages = [page.output for page in project.pages]
    write_file(built / html.ASSETS / "search-index.js", search.search_index(built, pages))


def write_live(project: Project, chapters: list[Chapter], built: Path, runtime: Path | None,
               say: Say) -> None:
    """Write what live cells load, where the book has such cells."""
    if any(map(html.has_live_cells, chapters)):
        assemble(project.root, built / ASSETS, runtime, say)


def place_pictures(project: Project, draft: Draft, chapter: Chapter, built: Path,
                   memory: Memory) -> None:
    """Write the pictures that cells drew, and copy those that the page takes from files."""
    folder = draft.page.source.parent
    for address, content in draft.pictures.items():
        write_file(built / folder / address, content)
    for address in memory.step(("files", draft.page.source), (chapter,),
                               lambda: html.local_files(chapter)):
        if address not in draft.pictures:
            target = built / folder / address
            write_file(target, (project.root / folder / address).read_bytes())


def write_pdf(project: Project, drafts: list[Draft], chapters: list[Chapter], built: Path,
              say: Say) -> None:
    """Set the whole book, in a folder of its own."""
    work = built.with_name("typst")
    for draft, chapter in zip(drafts, chapters):
        place_pictures(project, draft, chapter, work, Memory())
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
    if epoch := os.environ.get(EPOCH, ""):
        if not re.fullmatch(r"\d{1,10}", epoch):
            raise BookError([Problem(EPOCH, None, f"takes seconds since 1970, not {epoch!r}")])
        return int(epoch)
    files = [project.root / CONFIG, *(project.root / page.source for page in project.pages)]
    return max(int(file.stat().st_mtime) for file in files)


def write_epub(project: Project, drafts: list[Draft], chapters: list[Chapter], built: Path,
               say: Say) -> None:
    """Bind the whole book, in a folder of its own."""
    work = built.with_name("epub")
    for draft, chapter in zip(drafts, chapters):
        place_pictures(project, draft, chapter, work, Memory())
    with writing(work):
        work.mkdir(exist_ok=True)
    epub.write_book(project, chapters, work, work / project.epub_name)
    write_file(built / project.epub_name, (work / project.epub_name).read_bytes())


WRITERS = {"pdf": write_pdf, "epub": write_epub}
