"""Cross-references and links between pages: found, resolved against the index, worded."""

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote

from bookbuild.document.blocks import prefix
from bookbuild.document.model import (Node, Xref, cited, nodes, target, text, translate,
                                      with_target, words)
from bookbuild.document.numbers import WORDS, Chapter, Entry, Head
from bookbuild.source import Page

CROSS_REFERENCE = re.compile(rf"({'|'.join(WORDS)})-", re.IGNORECASE)
SPACE = "\u00a0"


def is_cross_reference(key: str) -> bool:
    return bool(CROSS_REFERENCE.match(key))


def label_of(key: str) -> str:
    """The label that `@Fig-x` points to: a capital only says where a sentence begins."""
    return key[:1].lower() + key[1:]


def cross_references(tree) -> Iterator[tuple[str, bool]]:
    """Each label that is referred to, and whether it shares its brackets with a source.

    Such a pair, as in ``@sec-a [@key]``, is read by pandoc as one citation: Quarto keeps the
    reference and loses the source.
    """
    for cite in nodes(tree, "Cite"):
        keys = [each.key for each in cited(cite)]
        found = [key for key in keys if is_cross_reference(key)]
        for key in found:
            yield label_of(key), len(found) < len(keys)


def refer(chapter: Chapter, entries: Mapping[str, Entry], format: str) -> Chapter:
    """The chapter with its cross-references worded.

    On the web, a page whose chapter has no number calls sections by their titles.
    """
    by_title = format == "html" and chapter.number is None

    def word(node: Node) -> list | None:
        built: list[Node] = []
        for each in cited(node):
            entry = entries.get(label_of(each.key)) if is_cross_reference(each.key) else None
            if entry is None:
                return None
            if built:
                built += words(", ")
            name = wording(entry, each.before, each.mode == "SuppressAuthor", by_title,
                           capital=each.key[0].isupper())
            built += [Xref(entry, name), *each.behind]
        return built
    return replace(chapter, blocks=translate(chapter.blocks, {"Cite": word}))


def wording(entry: Entry, before: list, number_only: bool, by_title: bool, capital: bool) -> list:
    """What a cross-reference says, as Quarto words it."""
    by_title = prefix(entry.key) == "sec" and (by_title or entry.number is None)
    if by_title:
        title = chapter_name(entry.chapter, SPACE) if entry.is_chapter else entry.title
        name = words(text(title))
    else:
        name = words(f"{entry.number}{SPACE}({entry.mark})" if entry.mark else str(entry.number))
    if before:
        return [*before, *words(SPACE), *name]
    if number_only or by_title:
        return name
    word = entry.word[0].upper() + entry.word[1:] if capital else entry.word
    return [*words(word + SPACE), *name]


def chapter_name(chapter: Head, space: str = " ") -> list:
    """A chapter's title with its number: ``2 Cells that run``, ``Appendix A — Notation``."""
    if chapter.number is None:
        return chapter.title
    if chapter.page.kind == "appendix":
        return [*words(f"Appendix {chapter.number} — "), *chapter.title]
    return [*words(chapter.number + space), *chapter.title]


def page_links(chapter: Chapter, sources: Collection[PurePosixPath],
               change: Callable[[Node, PurePosixPath, str], Node]) -> Chapter:
    """The chapter with its links to the pages of these `sources` rewritten.

    ``change(link, source, fragment)`` is called with the file's path from the project's root.
    """
    def point(node: Node) -> Node | None:
        linked = linked_page(chapter.page, target(node))
        return change(node, *linked) if linked and linked[0] in sources else None
    return replace(chapter, blocks=translate(chapter.blocks, {"Link": point}))


def own_paths(blocks: list, page: Page) -> list:
    """Blocks whose pictures and files are named from the page, also where from the book's root."""
    def from_page(node: Node) -> Node | None:
        address = target(node)
        if not address.startswith("/") or address.startswith("//") or linked_page(page, address):
            return None
        return with_target(node, posixpath.relpath(address, f"/{page.source.parent}"))
    return translate(blocks, {"Image": from_page, "Link": from_page})


def linked_ids(chapter: Chapter) -> list[str]:
    """The ids that a chapter links to as if they were its own."""
    return [unquote(target(node)[1:]) for node in nodes(chapter.blocks, "Link")
            if target(node).startswith("#") and len(target(node)) > 1]


def lead_to_pages(chapter: Chapter, pages: Mapping[str, PurePosixPath]) -> Chapter:
    """The chapter with links to ids of other pages led there."""
    def point(node: Node) -> Node | None:
        source = pages.get(unquote(target(node)[1:])) if target(node).startswith("#") else None
        return with_target(node, f"/{source}{target(node)}") if source else None
    return replace(chapter, blocks=translate(chapter.blocks, {"Link": point})) if pages else chapter


def linked_page(page: Page, address: str) -> tuple[PurePosixPath, str] | None:
    """The `.qmd` or `.md` file and the fragment that an address names; ``None`` for another."""
    path, _, fragment = address.partition("#")
    if not path.endswith((".qmd", ".md")) or re.match(r"\w+:", path):
        return None
    folder = "" if path.startswith("/") else str(page.source.parent)
    path = unquote(path.lstrip("/"))
    return PurePosixPath(posixpath.normpath(posixpath.join(folder, path))), fragment
