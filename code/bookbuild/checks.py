"""What is wrong with a book, or beyond this press: every finding with its file and line."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from bookbuild.citations import cited_keys
from bookbuild.index import Chapter, Entry
from bookbuild.manuscript import Manuscript
from bookbuild.problems import Problem
from bookbuild.project import Project
from bookbuild.references import cross_references, is_cross_reference, linked_page
from bookbuild.tree import (classes, identifier, is_node, nodes, pairs, text)

WITH_QUARTO = "the built-in press does not know it: render with Quarto instead"
NO_ALT = "a figure without alternative text: say in `fig-alt` what one would see"

# Classes and attributes to which Quarto gives a meaning that this press does not print.
REFUSED_CLASSES = re.compile(
    r"column-(?!margin$).*|panel-(?!tabset$).*|callout-(?!style-|titled$).*|content-.*"
    r"|grid|g-col-\d+|landscape|lightbox|hidden|unlisted|appendix|fragment|incremental"
    r"|nonincremental|notes|preview-image|code-with-filename|quarto-.*|\{.*")
REFUSED_ATTRIBUTES = re.compile(
    r"layout(-nrow|-valign|-align)?|when-(profile|meta)|unless-(profile|meta)|filename"
    r"|code-line-numbers|code-fold|code-summary|lightbox|group|fig-(env|pos|scap|link|align)"
    r"|tbl-colwidths|startFrom|shortcode|renderings|output-location|reference-location")


def find_problems(project: Project, chapter: Chapter, manuscript: Manuscript,
                  entries: dict[str, Entry], sources: set[str],
                  made: set[str]) -> Iterator[Problem]:
    """All problems of one chapter.

    `sources` are the keys of the bibliography, `made` the pictures that the cells drew.
    """
    yield from duplicate_labels(chapter, manuscript, entries)
    yield from unresolved_references(chapter, manuscript, entries)
    yield from unknown_sources(chapter, manuscript, sources)
    yield from broken_links(project, chapter, manuscript)
    yield from pictures(project, chapter, manuscript, made)
    yield from unknown_constructs(chapter, manuscript)


def label_pattern(key: str) -> str:
    """Where an author gives a label: in braces, or as a cell's option."""
    return rf"#{re.escape(key)}(?![\w-])|\|\s*(?:lst-)?label:\s*[\"']?{re.escape(key)}(?![\w-])"


def own_ids(tree) -> Iterator[str]:
    for node in nodes(tree):
        key = node.get("id") or identifier(node)
        if key:
            yield key


def duplicate_labels(chapter: Chapter, manuscript: Manuscript, entries: dict[str, Entry]):
    seen: dict[str, int] = {chapter.id: 1} if chapter.id else {}
    for key in own_ids(chapter.blocks):
        seen[key] = seen.get(key, 0) + 1
    for key, count in seen.items():
        if count > 1:
            yield manuscript.problem(label_pattern(key), f"the id `{key}` is used twice: "
                                     "give one of them another name", nth=2)
        elif is_cross_reference(key) and key in entries and entries[key].chapter is not chapter:
            yield manuscript.problem(
                label_pattern(key), f"the id `{key}` is used in {entries[key].chapter.page.source}"
                " too: give one of them another name")


def unresolved_references(chapter: Chapter, manuscript: Manuscript, entries: dict[str, Entry]):
    for key, mixed in dict.fromkeys(cross_references([chapter.title, chapter.blocks])):
        pattern = rf"@(?i:{re.escape(key)})(?![\w-])"
        if key not in entries:
            yield manuscript.problem(pattern, f"nothing in the book has the label `{key}`")
        elif mixed:
            yield manuscript.problem(pattern, f"`@{key}` and a source share one citation, and "
                                     f"Quarto would lose the source: write `@{key}; [@source]`")


def unknown_sources(chapter: Chapter, manuscript: Manuscript, sources: set[str]):
    for key in dict.fromkeys(cited_keys([chapter.title, chapter.blocks])):
        if key not in sources:
            yield manuscript.problem(rf"@\{{?{re.escape(key)}(?![\w-])",
                                     f"no source `{key}` in the bibliography")


def broken_links(project: Project, chapter: Chapter, manuscript: Manuscript):
    sources = {page.source for page in project.pages}
    ids = {*own_ids(chapter.blocks), chapter.id}
    for node in nodes(chapter.blocks, "Link"):
        address = node["c"][2][0]
        pattern = re.escape(address)
        page = linked_page(chapter, address)
        if page and page[0] not in sources:
            yield manuscript.problem(pattern, f"the link leads to {page[0]}, which is not in "
                                     "the book")
        elif address.startswith("#") and unquote(address[1:]) not in ids:
            yield manuscript.problem(pattern, f"the link leads to `{address}`, which is not on "
                                     "this page")
        elif not page and not urlsplit(address).scheme and not address.startswith(("#", "//")):
            if not (project.root / chapter.page.source.parent / unquote(
                    address.partition("#")[0])).exists():
                yield manuscript.problem(pattern, f"the link leads to {address}, which is missing")


def pictures(project: Project, chapter: Chapter, manuscript: Manuscript, made: set[str]):
    for node in nodes(chapter.blocks, "Image"):
        address = unquote(node["c"][2][0])
        pattern = re.escape(node["c"][2][0])
        if address in made:
            continue
        if urlsplit(address).scheme in ("http", "https"):
            yield manuscript.problem(pattern, f"the picture {address} lies on another host: "
                                     "keep it in the book")
        elif not (project.root / chapter.page.source.parent / address).is_file():
            yield manuscript.problem(pattern, f"the picture {address} is missing")
        elif project.requires_alt and not pairs(node).get("alt") and not text(node["c"][1]):
            yield manuscript.problem(pattern, NO_ALT)


def unknown_constructs(chapter: Chapter, manuscript: Manuscript):
    for node in nodes(chapter.blocks):
        for name in classes(node):
            if REFUSED_CLASSES.fullmatch(name) and node["t"] != "Code":
                yield manuscript.problem(rf"[{{.]{re.escape(name.strip('{}'))}",
                                         f"`{name}`: {WITH_QUARTO}")
        for name in () if "cell-code" in classes(node) else pairs(node):
            if REFUSED_ATTRIBUTES.fullmatch(name):
                yield manuscript.problem(rf"{re.escape(name)}\s*[=:]", f"`{name}`: {WITH_QUARTO}")
        if is_node(node, "RawBlock", "RawInline"):
            format, source = node["c"]
            if format not in ("html", "typst"):
                yield manuscript.problem(re.escape(source.strip().splitlines()[0]),
                                         f"raw `{format}`: {WITH_QUARTO}")
        if is_node(node, "CodeBlock") and re.search(r"#\s*<\d+>\s*$", node["c"][1], re.MULTILINE):
            yield manuscript.problem(r"#\s*<\d+>\s*\n", f"code annotations: {WITH_QUARTO}")
        if is_node(node, "Str") and re.match(r":::+", node["c"]):
            yield manuscript.problem(r"\S.*:::|^:::", "a fence of colons that opens or closes no "
                                     "block: put it on a line of its own, after a blank line")
