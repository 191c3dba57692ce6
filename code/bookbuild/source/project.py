"""The book as `_quarto.yml` describes it: its pages, in order, and what surrounds them."""

import datetime
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from bookbuild.files import decode_utf8, is_file
from bookbuild.say import BookError, Problem
from bookbuild.source.beside import environment, files_beside
from bookbuild.source.settings import (CONFIG, as_list, config_problems, formats_of, name_of,
                                       pdf_problem, shape_problems)
from bookbuild.source.verdicts import mistake
from bookbuild.source.vocabulary import ELSEWHERE, FILE, day_of, is_text
from bookbuild.source.yaml_lines import load_yaml

# Options of cells that may stand at the top of `_quarto.yml` and of a chapter's front matter.
EXECUTED = ("echo", "eval", "include", "output", "warning", "error")
PACKAGE = "deepmath"        # below code/: what cells import and figures are made by


@dataclass(frozen=True)
class Page:
    """One `.qmd` or `.md` file of the book.

    Attributes
    ----------
    source : PurePosixPath
        Where it lies, relative to the project.
    kind : str
        ``"chapter"``, ``"appendix"``, or ``"part"`` for the page of a part.
    part : str or None
        The part that it stands in: its title, or the file of its page.
    """

    source: PurePosixPath
    kind: str = "chapter"
    part: str | None = None

    @property
    def output(self) -> PurePosixPath:
        """The HTML file, relative to the book."""
        return self.source.with_suffix(".html")

    @property
    def root(self) -> str:
        """The way from the page up to the book's folder: ``""`` or ``"../"``."""
        return "../" * (len(self.source.parts) - 1)

    @property
    def is_index(self) -> bool:
        return str(self.source) in ("index.qmd", "index.md")


@dataclass(frozen=True)
class Project:
    """A book project: its folder, configuration and pages.

    Attributes
    ----------
    problems, pdf_problem
        What is wrong with its settings; and for who asks for a PDF.
    unread : bool
        Does it list chapters that are there and are not read?
    environment
        Variables for the cells.
    """

    root: Path
    config: dict = field(repr=False)
    pages: list[Page]
    problems: list[Problem] = field(default_factory=list)
    pdf_problem: Problem | None = None
    unread: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def book(self) -> dict:
        return self.config["book"]

    @property
    def lang(self) -> str:
        return str(self.config.get("lang", "en"))

    @property
    def output_dir(self) -> Path:
        return self.root / str(self.config["project"].get("output-dir") or "_book")

    @property
    def state_dir(self) -> Path:
        """Where results, locks and unfinished builds are kept."""
        return self.root / ".book"

    @property
    def is_for_typst(self) -> bool:
        """Does Typst set a PDF, or may it: is none of LaTeX's listed instead?"""
        return "typst" in formats_of(self.config) or self.pdf_problem is None

    @property
    def is_for_mathml(self) -> bool:
        """Does Quarto read the formulas as this press does, and not leave them to a script?"""
        method = self.format_options("html").get("html-math-method")
        return "typst" in formats_of(self.config) or "mathml" in (
            method, method.get("method") if isinstance(method, dict) else None)

    @property
    def authors(self) -> list[str]:
        """The names of the authors."""
        return [str(name) for name in map(name_of, as_list(self.book.get("author")))
                if is_text(name)]

    @property
    def file_name(self) -> str:
        """What Quarto calls the PDF and the EPUB, but for the suffix: the title, with hyphens."""
        name = str(self.book.get("output-file") or self.book["title"])
        return re.sub(r"[\s<>()|:&;#?*'\\/]", "-", name)

    @property
    def pdf_name(self) -> str:
        return f"{self.file_name}.pdf"

    @property
    def epub_name(self) -> str:
        return f"{self.file_name}.epub"

    @property
    def day(self) -> datetime.date | None:
        """The day that the book tells: its date, today, or when its text last changed."""
        if self.book.get("date") == "last-modified":
            times = [(self.root / page.source).stat().st_mtime for page in self.pages]
            return datetime.date.fromtimestamp(max(times, default=0))
        return day_of(self.book.get("date"))

    @property
    def date(self) -> str:
        """This day in the words of the book's language; an empty string without one."""
        day = self.day
        if day and self.lang.lower() in ("en", "en-us", "en-ca"):
            return f"{day:%B} {day.day}, {day.year}"
        return f"{day.day} {day:%B} {day.year}" if day else ""

    def bibliographies(self, format: str) -> list[Path]:
        """The files of sources: those of the book, and those of the format.

        A format that the book does not list takes those of the others.
        """
        named = [*as_list(self.config.get("bibliography")),
                 *as_list(self._own_options(format).get("bibliography"))]
        files = [self.root / str(name) for name in dict.fromkeys(named)]
        return [file for file in files if is_file(file)]

    def citation_style(self, format: str) -> Path | None:
        named = self.format_options(format).get("csl")
        return self.root / str(named) if named else None

    @property
    def requires_alt(self) -> bool:
        """Does the project ask for alternative text on every picture?"""
        return self.config.get("alt-text") == "required"

    def format_options(self, name: str) -> dict:
        """The settings of a format: its own, before those for the whole book."""
        return {**self.config, **self._own_options(name)}

    def _own_options(self, name: str) -> dict:
        listed = formats_of(self.config)
        options = listed.get(name)
        if name not in listed:
            others = [each for each in listed.values() if isinstance(each, dict)]
            options = {key: each[key] for each in others for key in ("bibliography", "csl")
                       if key in each}
        return options if isinstance(options, dict) else {}

    def cell_defaults(self, metadata: Mapping) -> dict:
        """The options of a chapter's cells that say nothing else: its own, and the book's."""
        defaults: dict = {}
        for given in (self.config, metadata):
            execute = given.get("execute")
            defaults |= {name: given[name] for name in EXECUTED if name in given}
            defaults |= execute if isinstance(execute, dict) else {}
        return defaults


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a `_quarto.yml`."""
    start = start.resolve()
    for folder in [start, *start.parents]:
        if (folder / CONFIG).is_file():
            return folder
    raise BookError([Problem(start, None, f"no {CONFIG} here or above: run this inside a book")])


def place_in(root: Path, path: Path) -> Path:
    """Where in the book a file stands; one that is a link stands where the link does.

    Raises
    ------
    BookError
        If it is not in the book.
    """
    place = path.parent.resolve() / path.name
    if not place.is_relative_to(root):
        raise BookError([Problem(path, None, f"lies outside the book in {root}")])
    return place.relative_to(root)


def leaves(root: Path, place: str | PurePosixPath) -> str:
    """Where a path in the book leads to outside of it, by its name or by a link; or nothing."""
    resolved = (root / place).resolve()
    return "" if resolved.is_relative_to(root.resolve()) else str(resolved)


def load_project(root: Path) -> Project:
    """Read `_quarto.yml`.

    What is wrong but does not keep the chapters from being read (an unknown key, a missing
    chapter) is left in the project's `problems`, to be told together with theirs.

    Raises
    ------
    BookError
        For YAML that cannot be read, or that describes no book.
    """
    content = decode_utf8((root / CONFIG).read_bytes(), CONFIG)
    config, lines = load_yaml(content.removeprefix("\ufeff"), CONFIG)
    variables, unread = environment(root)
    problems = [*config_problems(root, config, lines), *unread]
    if shapeless := list(shape_problems(config, lines)):
        raise BookError([*problems, *shapeless])
    book = config["book"]
    pages: list[Page] = []
    part_lines = dict(zip(parts_of(book), (
        line for path, line in lines.items() if path[-1] == "part"), strict=False))
    for entry, kind, part in listed(book):
        line = next((line for path, line in lines.items() if path[-1] == str(entry)),
                    part_lines.get(str(entry), lines.get(("book", "chapters"))))
        if problem := entry_problem(root, entry, pages):
            problems.append(Problem(CONFIG, line, *problem))
        else:
            pages.append(Page(PurePosixPath(posixpath.normpath(entry)), kind, part))
    listed_files = [str(entry) for entry, *_ in listed(book)]
    is_more = any(mistake(FILE, name) and is_file(root / name) for name in listed_files)
    if not any(Path(name).stem == "index" for name in listed_files):
        problems.append(Problem(CONFIG, lines.get(("book", "chapters")), "the book has no home "
                                "page: list index.qmd as its first chapter"))
    problems += files_beside(root, [page.source for page in pages])
    return Project(root, config, pages, problems, pdf_problem(config, lines), is_more, variables)


def parts_of(book: dict) -> list[str]:
    """The parts that the book lists, in order."""
    entries = [*as_list(book.get("chapters")), *as_list(book.get("appendices"))]
    return [str(entry["part"]) for entry in entries if isinstance(entry, dict) and "part" in entry]


def listed(book: dict) -> Iterator[tuple[Any, str, str | None]]:
    """What the book lists, in order: an entry, its kind and its part."""
    for kind, name in (("chapter", "chapters"), ("appendix", "appendices")):
        for entry in as_list(book.get(name)):
            if isinstance(entry, dict) and set(entry) == {"part", "chapters"} \
                    and is_text(entry["part"]) and as_list(entry["chapters"]):
                part = str(entry["part"])
                if part.endswith((".qmd", ".md", ".ipynb", ".Rmd")):        # a file, not a title
                    yield part, "part", part
                for chapter in as_list(entry["chapters"]):
                    yield chapter, kind, part
            else:
                yield entry, kind, None


def entry_problem(root: Path, entry, pages: list[Page]) -> tuple[str, str] | None:
    """Why an entry of the list is no page: a message, and the press that it stops."""
    if not isinstance(entry, str):
        return (f"an entry of `chapters` is a file, or has `part` and `chapters`; {entry!r} is "
                f"neither: {ELSEWHERE}"), "builtin"
    path = posixpath.normpath(entry)
    if path.startswith(("/", "../")):
        return f"the chapter {entry} lies outside the book's folder: move it inside", "both"
    if any(str(page.source) == path for page in pages):
        return f"the chapter {entry} is listed twice: take one out", "both"
    if not is_file(root / path):
        return (f"the chapter {entry} is listed but missing: add the file or take it from the "
                "list"), "both"
    return mistake(FILE, entry)


def output_problem(project: Project) -> Problem | None:
    """Why the book must not be put where the project wants it: what stands there is no book."""
    target = project.output_dir.resolve()
    name = os.path.relpath(project.output_dir, project.root)
    if project.root not in target.parents:
        rows = (project.root / CONFIG).read_text(encoding="utf-8", errors="replace").split("\n")
        line = next((place for place, row in enumerate(rows, 1) if "output-dir" in row), None)
        return Problem(CONFIG, line, f"the `output-dir` {name} is no folder inside the book's: set "
                       "another one, such as `_book`")
    if target.exists() and not target.is_dir():
        return Problem(name, None, "is no folder: move it away, or set another `output-dir`")
    signs = ("site_libs", project.pdf_name, project.epub_name)
    if target.is_dir() and any(target.iterdir()) and not any(
            (target / sign).exists() for sign in signs):
        return Problem(name, None, "holds other things than a book: empty it, or set another "
                       "`output-dir`")
    return None
