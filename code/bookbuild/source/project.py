"""The book as `_quarto.yml` describes it: its pages, in order, and what surrounds them."""

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bookbuild.files import decode_utf8
from bookbuild.say import BookError, Problem
from bookbuild.source.options import ELSEWHERE, OPTIONS, option_mistake
from bookbuild.source.yaml_lines import load_yaml

CONFIG = "_quarto.yml"
PACKAGE = "deepmath"        # below code/: what cells import and figures are made by
KNOWN = {
    "": {"project", "book", "bibliography", "csl", "lang", "execute", "format", "jupyter",
         "link-citations", "nocite", "alt-text", "date"},
    "project": {"type", "output-dir"},
    "book": {"title", "subtitle", "author", "date", "chapters", "appendices", "description",
             "repo-url", "repo-branch", "repo-actions", "sidebar", "search", "page-navigation",
             "site-url", "output-file", "downloads", "reader-mode", "favicon"},
    "execute": {"echo", "eval", "warning", "error", "output", "include", "freeze", "cache",
                "daemon", "keep-ipynb", "enabled"},
}
KEPT_ON = {("book", "search"), ("book", "page-navigation"), ("execute", "enabled")}
# Options of a document or a format that change what Quarto prints, and that this press doesn't
# follow; a key of any other name is the author's own.
REFUSED = re.compile(
    r"about|abstract(-title)?|affiliations?|appendix-.+|axe|brand|bibliographystyle|citation.*"
    r"|cite(proc|-method)|code-(annotations|block-.+|fold|line-numbers|link|links|summary|tools)"
    r"|backgroundcolor|(font|link)color|(main|math|mono|sans)font|fontsize|linestretch|margin(-.+)?"
    r"|max-width|papersize|section-numbering|columns|comments|crossref|css|default-image-extension|df-print|dir|doi|embed-resources"
    r"|engines?|extensions|fig-.+|filters|font-paths|footnotes-.+|funding|grid|header-includes"
    r"|html-table-processing|identifier-prefix|include-.+|indented-code-classes|institute"
    r"|julia|knitr|language|lightbox|listing|lof|logo|lot|manuscript|mermaid|metadata-files?"
    r"|minimal|nocite|notebook-.+|notes-after-punctuation|number-(depth|offset)|ojs-engine"
    r"|page-layout|params|profile|reference-location|resources|section-divs|self-contained.*"
    r"|server|shift-heading-level-by|shortcodes|syntax-definitions?|tabsets|tbl-.+|template.*"
    r"|thanks|theorem-appearance|title-block-.+|toc-(expand|location|title)|top-level-division"
    r"|variables|website")
FORMATS = {"html", "typst", "epub"}
# What gives Quarto's pages what this press gives its own: live cells, mathematics, a script.
OWN_STEPS = {"pre-render": "code/bookbuild/live/quarto/prepare.py",
             "post-render": "code/bookbuild/print/theme/quarto/finish.py"}
OWN_FILES = ("code/bookbuild/print/theme/", "code/bookbuild/live/")


@dataclass(frozen=True)
class Page:
    """One `.qmd` file of the book.

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
        return self.root / str(self.config["project"].get("output-dir") or "_book")

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
    def file_name(self) -> str:
        """What Quarto calls the PDF and the EPUB, but for the suffix: the title, with hyphens."""
        return re.sub(r"[\s/\\:]+|[*?\"<>|]", "-", str(self.book.get("output-file") or self.book["title"]))

    @property
    def pdf_name(self) -> str:
        return f"{self.file_name}.pdf"

    @property
    def epub_name(self) -> str:
        return f"{self.file_name}.epub"

    @property
    def bibliographies(self) -> list[Path]:
        files = [self.root / str(name) for name in _as_list(self.config.get("bibliography"))]
        return [file for file in files if file.is_file()]

    @property
    def requires_alt(self) -> bool:
        """Does the project ask for alternative text on every picture?"""
        return self.config.get("alt-text") == "required"

    def format_options(self, name: str) -> dict:
        options = _value(self.config, ("format", name))
        return options if isinstance(options, dict) else {}


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
    problems = list(config_problems(root, config, lines))
    if shapeless := list(shape_problems(config, lines)):
        raise BookError([*problems, *shapeless])
    book = config["book"]
    pages: list[Page] = []
    for entry, kind, part in listed(book):
        line = next((line for path, line in lines.items() if path[-1] == str(entry)),
                    lines.get(("book", "chapters")))
        if problem := entry_problem(root, entry, pages):
            problems.append(Problem(CONFIG, line, *problem))
        else:
            pages.append(Page(PurePosixPath(posixpath.normpath(entry)), kind, part))
    if not any(page.is_index for page in pages):
        problems.append(Problem(CONFIG, lines.get(("book", "chapters")), "the book has no home "
                                "page: list index.qmd as its first chapter"))
    return Project(root, config, pages, problems)


def _as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_text(value) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _elsewhere(line: int | None, what: str) -> Problem:
    return Problem(CONFIG, line, f"the built-in press does not know {what}: {ELSEWHERE}",
                   "builtin")


# ---------------------------------------------------------------------- what is wrong with it

def config_problems(root: Path, config: dict, lines: dict) -> Iterator[Problem]:
    """What in `_quarto.yml` a press cannot honour, or cannot do without."""
    for section in ("", "project", "book", "execute"):
        path = (section,) if section else ()
        part = config.get(section, {}) if section else config
        if not isinstance(part, dict):
            yield Problem(CONFIG, lines.get(path), f"`{section}` must hold `key: value` lines")
            continue
        for key, value in part.items():
            if is_own(key, value):
                continue
            if value is False and (section, key) in KEPT_ON:
                yield _elsewhere(lines.get((*path, key)), f"`{section}: {key}: false`")
            if is_refused(key, value) if not section else key not in KNOWN[section]:
                yield _elsewhere(lines.get((*path, key)),
                                 f"the key `{f'{section}: {key}' if section else key}`")
            elif section == "execute" and key in OPTIONS:
                if mistake := option_mistake(key, value):
                    yield Problem(CONFIG, lines.get((*path, key)), mistake)
    for key in ("bibliography", "csl"):
        for name in _as_list(config.get(key)):
            if not (root / str(name)).is_file():
                yield Problem(CONFIG, lines.get((key,)), f"the {key} {name} is missing")
    icon = _value(config, ("book", "favicon"))
    if _is_text(icon) and not (root / icon).is_file():
        yield Problem(CONFIG, lines.get(("book", "favicon")), f"the favicon {icon} is missing")
    if not str(config.get("lang", "en")).startswith("en"):
        yield _elsewhere(lines.get(("lang",)), f"the words of the language `{config['lang']}`")
    yield from format_problems(config, lines)


def shape_problems(config: dict, lines: dict) -> Iterator[Problem]:
    """What is no book at all, and values of the wrong kind."""
    if _value(config, ("project", "type")) != "book":
        yield Problem(CONFIG, lines.get(("project", "type")), "`project: type` must be `book`")
    if not _value(config, ("book", "title")) or not _value(config, ("book", "chapters")):
        yield Problem(CONFIG, lines.get(("book",)), "a book needs `book: title` and "
                      "`book: chapters`")
    for path in (("lang",), ("csl",), ("project", "output-dir"), ("book", "title"),
                 ("book", "subtitle"), ("book", "output-file"), ("book", "favicon")):
        value = _value(config, path)
        if value is not None and not _is_text(value):
            yield Problem(CONFIG, lines.get(path), f"`{': '.join(path)}` takes a text, not {value!r}")
    for author in _as_list(_value(config, ("book", "author"))):
        if isinstance(author, dict) and _is_text(author.get("name")):
            for key in set(author) - {"name"}:
                yield _elsewhere(lines.get(("book", "author")), f"an author's `{key}`")
        elif not _is_text(author):
            yield Problem(CONFIG, lines.get(("book", "author")), "`book: author` takes a name or "
                          "a list of names")
    if not all(map(_is_text, _as_list(config.get("bibliography")))):
        yield Problem(CONFIG, lines.get(("bibliography",)), "`bibliography` takes a file or a "
                      "list of files")


def _value(config, path: tuple[str, ...]):
    for key in path:
        config = config.get(key) if isinstance(config, dict) else None
    return config


def format_problems(config: dict, lines: dict) -> Iterator[Problem]:
    """Formats and their options."""
    given = config.get("format")
    formats = given if isinstance(given, dict) else {str(name): None for name in _as_list(given)}
    for name, options in formats.items():
        line = lines.get(("format", name), lines.get(("format",)))
        if name not in FORMATS:
            yield _elsewhere(line, f"the format `{name}`")
        for key, value in options.items() if isinstance(options, dict) else ():
            if is_refused(key, value):
                yield _elsewhere(lines.get(("format", name, key)), f"the key `{name}: {key}`")
    if {"pdf", "typst"} <= set(formats):
        yield Problem(CONFIG, lines.get(("format", "pdf")), "`pdf` and `typst` write the same "
                      "file, and one of them is lost: keep `typst`", "quarto")
    if "typst" in formats and not _value(config, ("book", "author")):
        yield Problem(CONFIG, lines.get(("book",)), "Quarto prints no Typst book without "
                      "`book: author`: name the author", "quarto")
    html = formats.get("html")
    if "html" in formats and _value(html, ("html-math-method",)) != "mathml":
        yield Problem(CONFIG, lines.get(("format", "html")), "with Quarto, formulas load a script "
                      "from another host: set `html-math-method: mathml`", "neither")


def is_refused(key, value) -> bool:
    """Does an option change what Quarto prints in a way that this press does not follow?"""
    unnumbered = key == "number-sections" and value is False
    return unnumbered or bool(REFUSED.fullmatch(str(key))) and not is_own(key, value)


def is_own(key, value) -> bool:
    """Does a key only make Quarto do what this press does by itself?"""
    if key in OWN_STEPS:
        return value == OWN_STEPS[key]
    if key == "citeproc":
        return value is True
    paths = [each.get("path") if isinstance(each, dict) else each for each in _as_list(value)]
    return key in ("css", "filters", "template-partials") and all(
        str(path).startswith(OWN_FILES) for path in paths)


def listed(book: dict) -> Iterator[tuple[object, str, str | None]]:
    """What the book lists, in order: an entry, its kind and its part."""
    for kind, name in (("chapter", "chapters"), ("appendix", "appendices")):
        for entry in _as_list(book.get(name)):
            if isinstance(entry, dict) and set(entry) == {"part", "chapters"}:
                part = str(entry["part"])
                if part.endswith(".qmd"):
                    yield part, "part", part
                for chapter in _as_list(entry["chapters"]):
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
    if not (root / path).is_file():
        return (f"the chapter {entry} is listed but missing: add the file or take it from the "
                "list"), "both"
    if not path.endswith(".qmd"):
        return f"the built-in press prints .qmd chapters only, not {entry}: {ELSEWHERE}", "builtin"
    return None


def output_problem(project: Project) -> Problem | None:
    """Why the book must not be put where the project wants it: what stands there is no book."""
    target = project.output_dir.resolve()
    name = os.path.relpath(project.output_dir, project.root)
    if project.root not in target.parents:
        return Problem(name, None, "lies outside the book: set an `output-dir` inside it")
    if target.exists() and not target.is_dir():
        return Problem(name, None, "is no folder: move it away, or set another `output-dir`")
    signs = ("site_libs", project.pdf_name, project.epub_name)
    if target.is_dir() and any(target.iterdir()) and not any(
            (target / sign).exists() for sign in signs):
        return Problem(name, None, "holds other things than a book: empty it, or set another "
                       "`output-dir`")
    return None
