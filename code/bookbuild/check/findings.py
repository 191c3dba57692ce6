"""What is wrong with a book, or beyond a press: every finding with its file and line.

Quarto's silent traps are in :mod:`bookbuild.check.silences`.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from bookbuild.document import (CALLOUT_KINDS, MATH_ENVIRONMENT, Chapter, Entry, Node, cited_keys,
                                classes, content, cross_references, identifier, is_cross_reference,
                                is_node, level, linked_page, nodes, pairs, picture_type, raw,
                                target, text)
from bookbuild.say import Problem
from bookbuild.source import REFUSED, Cell, Manuscript, Project, Source

WITH_QUARTO = "the built-in press does not know it: render with Quarto instead"
NO_ALT = "a figure without alternative text: say in `fig-alt` what one would see"

# Classes and attributes to which Quarto gives a meaning that this press does not print.
REFUSED_CLASSES = re.compile(
    r"column-(?!margin$).*|columns?|margin-caption|panel-(?!tabset$).*|grid|g-(col|start)-.*"
    rf"|callout(?!-({'|'.join(CALLOUT_KINDS)})$).*|content-(?!visible$|hidden$).*"
    r"|landscape|lightbox|hidden|unlisted|appendix|preview-image|code-(with|annotation|over).*"
    r"|numberLines|number-lines|line-numbers|quarto-.*|\{.*")
REFUSED_ATTRIBUTES = re.compile(
    r"layout(-nrow|-valign|-align)?|(when|unless)-(profile|meta)|filename|startFrom|shortcode"
    r"|code-(line-numbers|fold|summary|overflow)|lightbox|group|renderings|output-location"
    r"|reference-location|(fig-|tbl-|lst-)?cap-location"
    r"|fig-cap|(fig|tbl)-(subcap|scap|env|pos|link|align|column|colwidths)")
# What only a book's `_quarto.yml` can say to this press, not a chapter.
BOOK_KEYS = {"author", "authors", "bibliography", "csl", "date", "execute", "format", "lang",
             "link-citations", "number-sections", "subtitle", "toc", "toc-depth"}
# How files of pictures begin that both the page and the PDF can show.
SIGNS = {".png": (b"\x89PNG",), ".jpg": (b"\xff\xd8",), ".jpeg": (b"\xff\xd8",),
         ".gif": (b"GIF8",), ".webp": (b"RIFF",), ".svg": (b"<", b"\xef\xbb\xbf<")}


@dataclass(frozen=True)
class Survey:
    """The book around a chapter.

    Attributes
    ----------
    project, entries
        The project, and all labels of the book.
    sources : set of str or None
        The keys of the bibliography; None if it can't be read.
    ids : dict
        All ids of each page.
    code : str
        The code of the book's cells, where they did not run: it may write labels and files.
    unseen : bool
        Does the book hold anything else that only Quarto reads?
    """

    project: Project
    entries: dict[str, Entry]
    sources: set[str] | None
    ids: dict[PurePosixPath, set[str]]
    code: str
    unseen: bool

    def stops(self, name: str = "") -> str | None:
        """Which press stops where a name leads nowhere; None if a cell may make it."""
        if name and name in self.code:
            return None
        if name and "{#" in self.code:
            return "neither"
        return "builtin" if self.unseen else "both"


def chapter_problems(survey: Survey, chapter: Chapter,
                     manuscript: Manuscript) -> Iterator[Problem]:
    """What is wrong in a chapter, for one target, once the book is numbered."""
    yield from duplicate_labels(survey, chapter, manuscript)
    yield from unresolved_references(survey, chapter, manuscript)
    yield from unknown_sources(survey, chapter, manuscript)
    yield from broken_links(survey, chapter, manuscript)
    yield from buried_titles(chapter, manuscript)
    yield from unlisted_sources(survey, chapter, manuscript)


def page_problems(project: Project, source: Source, blocks: list, manuscript: Manuscript,
                  outputs: dict[Cell, list], made: set[str], code: str) -> Iterator[Problem]:
    """What is wrong in a page as pandoc reads it, for every target.

    `outputs` are those of the cells that ran, `made` the pictures in them; `code` is that of
    the book's cells, where they did not run.
    """
    yield from front_matter(source, manuscript)
    yield from titles(source, blocks, manuscript)
    yield from unknown_constructs(blocks, manuscript)
    yield from unclosed_blocks(manuscript)
    yield from pictures(project, blocks, manuscript, made, code)
    for piece in source.pieces:
        if isinstance(piece, Cell) and piece.language == "python":
            yield from cell_problems(project, piece, outputs.get(piece))


# ---------------------------------------------------------------- labels and what they lead to

def label_pattern(key: str) -> str:
    """Where an author gives a label: in braces, or as a cell's option."""
    return rf"#{re.escape(key)}(?![\w-])|\|\s*(?:lst-)?label:\s*[\"']?{re.escape(key)}(?![\w-])"


def reference_pattern(key: str) -> str:
    return rf"@\{{?(?i:{re.escape(key)})(?![\w-])"


def own_ids(chapter: Chapter) -> Iterator[str]:
    """The ids on a page, its title's included."""
    yield from filter(None, (chapter.id, *map(identifier, nodes(chapter.blocks))))


def duplicate_labels(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    for key, count in Counter(own_ids(chapter)).items():
        first = survey.entries.get(key)
        if count > 1:
            yield manuscript.problem(label_pattern(key), f"the id `{key}` is used twice: "
                                     "give one of them another name", nth=2)
        elif is_cross_reference(key) and first and first.chapter.page != chapter.page:
            yield manuscript.problem(
                label_pattern(key), f"the id `{key}` is used in {first.chapter.page.source} too: "
                "give one of them another name")


def unresolved_references(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    for key, mixed in dict.fromkeys(cross_references([chapter.title, chapter.blocks])):
        if key not in survey.entries and (stops := survey.stops(key)):
            yield manuscript.problem(reference_pattern(key), "nothing in the book has the label "
                                     f"`{key}`", stops)
        elif mixed:
            yield manuscript.problem(reference_pattern(key), f"`@{key}` and a source share one "
                                     "citation, and Quarto would lose the source: write "
                                     f"`@{key}; [@source]`")


def unknown_sources(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    for key in dict.fromkeys(cited_keys([chapter.title, chapter.blocks])):
        if survey.sources is not None and key not in survey.sources:
            yield manuscript.problem(reference_pattern(key),
                                     f"no source `{key}` in the bibliography", survey.stops())


def unlisted_sources(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    cited = cited_keys(chapter.blocks)
    if cited and not any("refs" in ids for ids in survey.ids.values()):
        yield manuscript.problem(reference_pattern(cited[0]), "no page of the book lists the "
                                 "sources: add one with the lines `::: {#refs}` and `:::`", "builtin")


def broken_links(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    for node in nodes(chapter.blocks, "Link"):
        address = target(node)
        path, _, fragment = map(unquote, address.partition("#"))
        if urlsplit(address).scheme or address.startswith("//"):
            continue
        page = linked_page(chapter, address) or (chapter.page.source if not path else None)
        if page is None:
            if file_problem(survey.project, chapter.page.source, path):
                message = f"the link leads to {path}, which is no file of the book"
            else:
                continue
        elif (source := page[0] if isinstance(page, tuple) else page) not in survey.ids:
            message = f"the link leads to {source}, which is not in the book"
        elif fragment and fragment not in survey.ids[source]:
            message = f"the link leads to `#{fragment}`, which is not in {source}"
        else:
            continue
        if stops := survey.stops(fragment or posixpath.basename(path)):
            yield manuscript.problem(re.escape(address), message, stops)


# ------------------------------------------------------------------------------------ files

def file_problem(project: Project, source: PurePosixPath, address: str) -> str | None:
    """Why a page can't take a file from an address, or None."""
    place = posixpath.normpath(posixpath.join(str(source.parent), address))
    if place.startswith(("/", "../")):
        return "lies outside the book's folder: copy it into the book"
    try:
        with open(Path(project.root, place), "rb") as file:
            start = file.read(1000).lstrip()
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', error)}"
    signs = SIGNS.get(PurePosixPath(place).suffix.lower(), ())
    return None if not signs or start.startswith(signs) else "is damaged, or of another kind"


def pictures(project: Project, blocks: list, manuscript: Manuscript, made: set[str],
             code: str) -> Iterator[Problem]:
    """Pictures from files; those of cells are looked at with the cells."""
    captioned = {id(picture) for figure in nodes(blocks, "Figure")
                 for picture in nodes(figure, "Image")}
    counts: Counter = Counter()
    for node in nodes(blocks, "Image"):
        given, address = pairs(node), unquote(target(node))
        if address in made:
            continue
        counts[address] += 1
        where = {"pattern": re.escape(target(node)), "nth": counts[address]}
        alt = given.get("fig-alt", given.get("alt", ""))
        captioned_here = id(node) in captioned or identifier(node).startswith("fig-")
        if not alt.strip() and (captioned_here or not text(content(node)).strip()):
            yield manuscript.problem(message=NO_ALT, stops=alt_stops(project), **where)
        if urlsplit(target(node)).scheme:
            yield manuscript.problem(message=f"the picture {address[:60]} is no file of the book: "
                                     "copy it into the book", **where)
        elif problem := file_problem(project, manuscript.source, address):
            if posixpath.basename(address) not in code:
                yield manuscript.problem(message=f"the picture {address[:60]} {problem}", **where)
        elif PurePosixPath(address).suffix.lower() not in SIGNS:
            yield manuscript.problem(message=f"the picture {address} is of a kind that the page or "
                                     "the PDF can't show: make it SVG, PNG or JPEG", **where)


def alt_stops(project: Project) -> str:
    """Pictures without alternative text stop a book that asks for it."""
    return "both" if project.requires_alt else "neither"


def cell_problems(project: Project, cell: Cell, outputs: list | None) -> Iterator[Problem]:
    """A cell's captions and alternative texts, against its pictures; `outputs` if it ran."""
    options = {**(project.config.get("execute") or {}), **cell.options}
    if not options.get("include", True) or options.get("output", True) in (False, "asis") or \
            not options.get("eval", True):
        return
    label = str(options.get("label", ""))
    subcaptions = options.get("fig-subcap") or []

    def problem(option: str, message: str, stops: str = "both") -> Problem:
        return Problem(cell.path, cell.option_lines.get(option, cell.line), message, stops)

    if outputs is None:
        count = len(subcaptions) or int(label.startswith("fig-") or "fig-cap" in options)
    else:
        count = sum(bool(picture_type(each)) for each in outputs)
        if label.startswith(("fig-", "tbl-")) and not any("data" in each for each in outputs):
            yield problem("label", f"the cell shows nothing for its label `{label}`")
        elif label.startswith("fig-") and count > 1 and not subcaptions:
            yield problem("fig-cap", f"the cell draws {count} pictures, and Quarto spoils their "
                          "label and caption: give each a caption in `fig-subcap`", "quarto")
        elif subcaptions and len(subcaptions) != count:
            yield problem("fig-subcap", f"`fig-subcap` has {len(subcaptions)} captions, and the "
                          f"cell draws {count} pictures: give each its own")
    alt = options.get("fig-alt")
    alts = alt if isinstance(alt, list) else [alt] * count
    if sum(bool(each and each.strip()) for each in alts) < count:
        yield problem("fig-alt", NO_ALT, alt_stops(project))


# ------------------------------------------------------------------------------- constructs

def front_matter(source: Source, manuscript: Manuscript) -> Iterator[Problem]:
    """Options of a chapter that the built-in press doesn't follow."""
    for key, value in source.metadata.items():
        pattern = rf"(?m)^{re.escape(str(key))}\s*:"
        if key in BOOK_KEYS or REFUSED.fullmatch(str(key)):
            yield manuscript.problem(pattern, f"`{key}` in a chapter's front matter: {WITH_QUARTO}",
                                     "builtin")
        elif key == "title" and not isinstance(value, (str, int, float)):
            yield manuscript.problem(pattern, f"`title` takes a text, not {value!r}")


def buried_metadata(meta: dict, manuscript: Manuscript) -> Iterator[Problem]:
    """Metadata between paragraphs, which prints nothing."""
    for key in meta:
        yield manuscript.problem(rf"(?m)^[ \t>]*[\"']?{re.escape(key)}[\"']?\s*:", f"`{key}:` is read as "
                                 "metadata, and not printed: put it into the front matter, or a "
                                 "blank line below the `---` above it")


def titles(source: Source, blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """A chapter has one title: without one, or with two, Quarto's numbers go astray."""
    headings = [block for block in blocks if is_node(block, "Header") and level(block) == 1]
    if not headings and not source.metadata.get("title"):
        yield Problem(str(manuscript.source), 1, "the chapter has no title: begin it with `# Title`"
                      ", or `# Title {.unnumbered}`")
    for heading in headings if source.metadata.get("title") else headings[1:]:
        yield second_title(heading, manuscript)


def second_title(heading: Node, manuscript: Manuscript) -> Problem:
    words = text(content(heading))
    first = re.escape((re.findall(r"\w+", words) or [""])[0])
    return manuscript.problem(rf"(?m)^(?:[^\n\w]|\w+[.)])*{first}|^#(?!#).*?{first}",
                              f"`{words}` is a second title: begin it with ## or make it a chapter "
                              "of its own")


def buried_titles(chapter: Chapter, manuscript: Manuscript) -> Iterator[Problem]:
    """Titles inside of other blocks; those of callouts and tabs are no headings any more."""
    for heading in nodes(chapter.blocks, "Header"):
        if level(heading) == 1 and not any(heading is block for block in chapter.blocks):
            yield second_title(heading, manuscript)


def unknown_constructs(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Classes, attributes and raw text of which the built-in press would make something else."""
    def refusal(pattern: str, name: str) -> Problem:
        return manuscript.problem(pattern, f"{name}: {WITH_QUARTO}", "builtin")

    for node in nodes(blocks):
        for name in classes(node) if not is_node(node, "Code") else ():
            if REFUSED_CLASSES.fullmatch(name):
                yield refusal(rf"[{{.]{re.escape(name.strip('{}'))}", f"`{name}`")
        for name, value in () if "cell-code" in classes(node) else pairs(node).items():
            if (REFUSED_ATTRIBUTES.fullmatch(name)
                    or name == "fig-alt" and not is_node(node, "Image")
                    or name == "tbl-cap" and (identifier(node) or not is_node(node, "Div"))
                    or name == "lst-cap" and not identifier(node).startswith("lst-")
                    or name == "layout-ncol" and not re.fullmatch(r"[1-9]\d?", value)
                    or name in ("when-format", "unless-format") and value not in ("html", "typst", "epub")):
                yield refusal(rf"{re.escape(name)}\s*=\s*[\"']?{re.escape(value)}", f"`{name}={value}`")
        if is_node(node, "RawBlock", "RawInline"):
            yield from raw_problems(*raw(node), manuscript)
        if is_node(node, "CodeBlock") and classes(node) and re.search(
                r"(?m)(#|//|--|%)\s*<\d+>\s*$", content(node)):
            yield refusal(r"(#|//|--|%)\s*<\d+>\s*\n", "code annotations")
    for node in nodes(blocks, "Str") if ":::" in manuscript.prose else ():
        if content(node).startswith(":::"):
            yield manuscript.problem(r"(?m)\S.*:::|^[ \t>]*:::", "a fence of colons that opens or "
                                     "closes no block: put it on a line of its own, after a "
                                     "blank line")


def raw_problems(format: str, source: str, manuscript: Manuscript) -> Iterator[Problem]:
    pattern = r"\s+".join(map(re.escape, source.split()))
    if format == "tex" and not MATH_ENVIRONMENT.fullmatch(source.strip()):
        yield manuscript.problem(pattern, f"`{source.strip()[:40]}` is TeX, which neither the page "
                                 "nor the PDF prints outside formulas: write it in Markdown")
    elif format not in ("html", "typst", "tex"):
        yield manuscript.problem(pattern, f"raw `{format}`: {WITH_QUARTO}", "builtin")


def unclosed_blocks(manuscript: Manuscript) -> Iterator[Problem]:
    """Blocks that pandoc would end, silently, with the text around them."""
    opened: list[int] = []
    for fence in re.finditer(r"(?m)^[ \t>]*:{3,}[ \t]*(\{.*\}|[\w-]+)?[ \t:]*\r?$", manuscript.prose):
        if fence[1]:
            opened.append(fence.start())
        elif opened:
            opened.pop()
    for position in opened:
        line = manuscript.prose.count("\n", 0, position) + 1
        yield Problem(*manuscript.origin(line), "the block that begins here is never closed: end it "
                      "with a line of `:::`")
