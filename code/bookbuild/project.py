"""The book as `_quarto.yml` describes it: its pages, in order, and what surrounds them."""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bookbuild.problems import BookError, Problem
from bookbuild.source import load_yaml

CONFIG = "_quarto.yml"
KNOWN = {
    "": {"project", "book", "bibliography", "csl", "lang", "execute", "format", "jupyter",
         "link-citations", "nocite", "alt-text", "date"},
    "project": {"type", "output-dir"},
    "book": {"title", "subtitle", "author", "date", "chapters", "appendices", "description",
             "repo-url", "repo-actions", "sidebar", "search", "page-navigation", "site-url",
             "output-file", "downloads", "reader-mode"},
    "execute": {"echo", "eval", "warning", "error", "output", "include", "freeze", "cache",
                "daemon", "keep-ipynb", "enabled"},
}
# Meaningful to Quarto or to this press, so a metadata value of another name is the author's own.
REFUSED = {"website", "manuscript", "profile", "metadata-files", "filters", "shortcodes",
           "crossref", "extensions", "brand", "engine", "knitr", "resources"}


@dataclass(frozen=True)
class Page:
    """One `.qmd` file of the book.

    Attributes
    ----------
    source : PurePosixPath
        Where it lies, relative to the project.
    kind : str
        ``"chapter"`` or ``"appendix"``.
    part : str or None
        The title of the part that it stands in.
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
        return str(self.source) == "index.qmd"


@dataclass(frozen=True)
class Project:
    """A book project: its folder, configuration and pages."""

    root: Path
    config: dict = field(repr=False)
    pages: list[Page]
    problems: list[Problem] = field(default_factory=list)

    @property
    def book(self) -> dict:
        return self.config["book"]

    @property
    def lang(self) -> str:
        return str(self.config.get("lang", "en"))

    @property
    def output_dir(self) -> Path:
        return self.root / self.config["project"].get("output-dir", "_book")

    @property
    def state_dir(self) -> Path:
        """Where results, locks and unfinished builds are kept."""
        return self.root / ".book"

    @property
    def authors(self) -> list[str]:
        """The names of the authors."""
        listed = self.book.get("author") or []
        listed = listed if isinstance(listed, list) else [listed]
        return [str(one["name"]) if isinstance(one, dict) else str(one) for one in listed]

    @property
    def pdf_name(self) -> str:
        """The file name that Quarto gives the PDF: the title, with hyphens."""
        name = self.book.get("output-file") or re.sub(r"[\s/\\:]+", "-", str(self.book["title"]))
        return f"{name}.pdf"

    @property
    def bibliographies(self) -> list[Path]:
        return [self.root / name for name in _as_list(self.config.get("bibliography"))
                if (self.root / name).is_file()]

    @property
    def requires_alt(self) -> bool:
        """Does the project ask for alternative text on every picture?"""
        return self.config.get("alt-text") == "required"

    def format_options(self, name: str) -> dict:
        options = (self.config.get("format") or {}).get(name)
        return options if isinstance(options, dict) else {}


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a `_quarto.yml`."""
    start = start.resolve()
    for folder in [start, *start.parents]:
        if (folder / CONFIG).is_file():
            return folder
    raise BookError([Problem(start, None, f"no {CONFIG} here or above: run this inside a book")])


def load_project(root: Path) -> Project:
    """Read `_quarto.yml`.

    What is wrong but does not keep the chapters from being read (an unknown key, a missing
    chapter) is left in the project's `problems`, to be told together with theirs.

    Raises
    ------
    BookError
        For YAML that cannot be read, or that describes no book.
    """
    try:
        content = (root / CONFIG).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BookError([Problem(CONFIG, None, f"cannot be read: {error}")]) from None
    config, lines = load_yaml(content, CONFIG)
    problems = list(config_problems(config, lines))
    book = config.get("book")
    if not isinstance(book, dict) or not book.get("title") or not book.get("chapters"):
        raise BookError([*problems, Problem(CONFIG, lines.get(("book",)), "a book needs "
                                            "`book: title` and `book: chapters`")])
    pages = []
    for page in listed_pages(book):
        if (root / page.source).is_file():
            pages.append(page)
        else:
            line = next((line for path, line in lines.items() if path[-1] == str(page.source)),
                        None)
            problems.append(Problem(CONFIG, line, f"the chapter {page.source} is listed but "
                                    "missing: add the file or take it from the list"))
    for name in _as_list(config.get("bibliography")):
        if not (root / name).is_file():
            problems.append(Problem(CONFIG, lines.get(("bibliography",)),
                                    f"the bibliography {name} is missing"))
    return Project(root, config, pages, problems)


def _as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def config_problems(config: dict, lines: dict):
    """What in `_quarto.yml` the press cannot honour, or cannot do without."""
    for section in ("", "project", "book", "execute"):
        path = (section,) if section else ()
        part = config.get(section, {}) if section else config
        if not isinstance(part, dict):
            yield Problem(CONFIG, lines.get(path), f"`{section}` must hold `key: value` lines")
            continue
        for key in part:
            unknown = key in REFUSED if not section else key not in KNOWN[section]
            if unknown:
                name = f"{section}: {key}" if section else key
                yield Problem(CONFIG, lines.get((*path, key)), f"the built-in press does not know "
                              f"the key `{name}`: render with Quarto instead")
    if (config.get("project") or {}).get("type") != "book":
        yield Problem(CONFIG, lines.get(("project", "type")), "`project: type` must be `book`")
    book = config.get("book") if isinstance(config.get("book"), dict) else {}
    for entry in [*_as_list(book.get("chapters")), *_as_list(book.get("appendices"))]:
        if isinstance(entry, dict) and not set(entry) <= {"part", "chapters"}:
            yield Problem(CONFIG, lines.get(("book", "chapters")), "an entry of `chapters` is a "
                          "file or has `part` and `chapters`: render with Quarto instead")


def listed_pages(book: dict):
    """The pages in the order in which the book lists them."""
    for kind, name in (("chapter", "chapters"), ("appendix", "appendices")):
        for entry in _as_list(book.get(name)):
            if isinstance(entry, dict):
                for chapter in _as_list(entry.get("chapters")):
                    yield Page(PurePosixPath(chapter), kind, str(entry.get("part")))
            else:
                yield Page(PurePosixPath(entry), kind)
