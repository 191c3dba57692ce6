"""From the project's files to the book: read, run, number, refer, cite, write."""

import copy
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import typst as typst_compiler

from bookbuild import checks, citations, execute, html, pandoc, references, typst
from bookbuild.cache import Cache, cached_results
from bookbuild.cells import CellWriter
from bookbuild.index import Chapter, number_book
from bookbuild.manuscript import Manuscript, read_manuscript
from bookbuild.problems import BookError, Problem
from bookbuild.project import Page, Project
from bookbuild.publish import put_in_place, staging, write_file
from bookbuild.source import Cell, Prose, Source, split_source
from bookbuild.structure import structure

MARKS = re.compile(r"([\\`*_{}\[\]()<>#+!|~$^@'\"-])")
Say = Callable[[str], None]


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
        return pandoc.read(str(title))["blocks"][0]["c"] if title else []


def render(project: Project, targets: list[str], only: Page | None, say: Say,
           timings: Timings) -> None:
    """Render with the built-in press; the new book takes the old one's place when complete.

    Raises
    ------
    BookError
        With every problem found in the whole book.
    """
    with staging(project.state_dir) as folder:
        built = folder / "book"
        if (only or set(targets) != {"html", "pdf"}) and project.output_dir.exists():
            shutil.copytree(project.output_dir, built)
        problems = list(project.problems)
        with timings.stage("read"):
            drafts = [read(project, page, problems) for page in project.pages]
        with timings.stage("cells"):
            results = run_cells(project, drafts, problems, say)
        with timings.stage("parse"):
            for draft in drafts:
                parse(project, draft, results, problems)
        for target in targets:
            with timings.stage("number"):
                chapters = compose(project, drafts, target, problems)
            if problems:
                continue
            with timings.stage(target):
                say(f"writing {target}")
                writer = write_html if target == "html" else write_pdf
                try:
                    writer(project, drafts, chapters, only, built)
                except pandoc.UnreadFormulas as error:
                    raise locate(error, drafts) from None
        if problems:
            raise BookError(problems)
        put_in_place(built, project.output_dir)


def read(project: Project, page: Page, problems: list[Problem]) -> Draft:
    manuscript, found = read_manuscript(project, page.source)
    source = split_source(manuscript.text, page.source, manuscript.origin)
    problems += [*found, *source.problems, *source.refusals]
    return Draft(page, manuscript, source)


def run_cells(project: Project, drafts: list[Draft], problems: list[Problem], say: Say) -> dict:
    """The result of every cell and expression; where a cell raises, of none."""
    defaults = project.config.get("execute") or {}
    chapters = [execute.Chapter(draft.page.source, project.root / draft.page.source.parent,
                                draft.source.units, defaults) for draft in drafts]

    def on_cell(chapter, number, total, label, seconds):
        if seconds is not None:
            name = f" {label}" if label else ""
            say(f"{chapter.path}: cell {number} of {total}{name} ({seconds:.1f} s)")

    cache = Cache(project.state_dir / "cache",
                  [project.root / "code" / "deepmath", project.root / "data"])
    try:
        results = cached_results(chapters, cache, on_notice=lambda notice: say(str(notice)),
                                 on_cell=on_cell)
    except BookError as error:
        problems += error.problems
        return {}
    return {unit: result for chapter, found in zip(chapters, results)
            for unit, result in zip(chapter.units, found)}


def parse(project: Project, draft: Draft, results: dict, problems: list[Problem]) -> None:
    """Put the results into the text, and let pandoc read it, once."""
    writer = CellWriter(draft.page.source.stem, project.config.get("execute") or {})
    parts = []
    for piece in draft.source.pieces:
        if isinstance(piece, Cell):
            outputs = results.get(piece, [])
            parts.append(writer.write(piece, outputs))
        elif isinstance(piece, Prose):
            parts.append(piece.substitute([inline_text(results.get(each)) for each in piece.inline]))
    draft.pictures = writer.pictures
    draft.blocks = pandoc.read("".join(parts))["blocks"]


def inline_text(value: execute.InlineValue | None) -> str:
    """The value of an expression as Markdown; what is plain text stays plain."""
    if value is None:
        return ""
    return value.text if value.kind == "markdown" else MARKS.sub(r"\\\1", value.text)


def compose(project: Project, drafts: list[Draft], target: str,
            problems: list[Problem]) -> list[Chapter]:
    """Structure, number, check, refer and cite, for one target."""
    name = "html" if target == "html" else "typst"
    parsed = [(draft.page, structure(copy.deepcopy(draft.blocks), name), draft.front_title)
              for draft in drafts]
    chapters, entries = number_book(parsed)
    sources = citations.known_keys(project)
    for draft, chapter in zip(drafts, chapters):
        found = checks.find_problems(project, chapter, draft.manuscript, entries, sources,
                                     set(draft.pictures))
        problems += [problem for problem in found if problem not in problems]
    if not problems:
        for chapter in chapters:
            references.resolve(chapter, entries, name)
        citations.cite(project, chapters)
    return chapters


def locate(error: pandoc.UnreadFormulas, drafts: list[Draft]) -> BookError:
    """The problems of formulas, with the places where the formulas stand."""
    problems = []
    for formula in error.formulas:
        message = f"pandoc cannot read the formula {' '.join(formula.split())}"
        found = [draft.manuscript.problem(re.escape(formula.strip()), message)
                 for draft in drafts if formula.strip() in draft.manuscript.text]
        problems.append(found[0] if found else Problem("pandoc", None, message))
    return BookError(problems)


def write_html(project: Project, drafts: list[Draft], chapters: list[Chapter],
               only: Page | None, built: Path) -> None:
    for draft, chapter in zip(drafts, chapters):
        if only in (None, draft.page):
            page = html.write_page(project, chapters, chapter)
            write_file(built / draft.page.output, page)
            place_pictures(project, draft, chapter, built)
    shutil.copytree(html.THEME, built / html.ASSETS, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("page.html", "*.md"))


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
              only: Page | None, built: Path) -> None:
    """Set the whole book, in a folder of its own."""
    work = built.with_name("typst")
    for draft, chapter in zip(drafts, chapters):
        place_pictures(project, draft, chapter, work)
    shutil.copytree(typst.THEME, work, dirs_exist_ok=True)
    write_file(work / "main.typ", typst.write_book(project, chapters))
    try:
        pdf = typst_compiler.compile(str(work / "main.typ"), root=str(work))
    except RuntimeError as error:
        raise BookError([Problem("typst", None, str(error))]) from None
    write_file(built / project.pdf_name, pdf)
