"""What a page's references, citations and numbers say in words, for who reads its text as it is."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import quote

from bookbuild.document import pandoc
from bookbuild.document.model import (Node, Xref, content, is_node, level, link, nodes, pairs,
                                      para, target, text, translate)
from bookbuild.document.numbers import Chapter, Entry
from bookbuild.document.references import refer

KEY = r"@(?:\{[^{}\s]+\}|[\w](?:[\w:.#$%&+?<>~/-]*[\w/])?)"
INSIDE = r"(?:[^\[\]\\]|\\.)"       # of brackets
CITATION = re.compile(
    rf"(?<![\w\\@])(?:\[(?>{INSIDE}*?(?<![\w\\]){KEY}){INSIDE}*+\](?![\[({{])"
    rf"|-?{KEY}(?:\s\[{INSIDE}*+\](?![\[({{]))?)")
LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Words:
    """What a page says in the place of what its author wrote.

    Attributes
    ----------
    citations : tuple of (str, str)
        For each reference or citation, as written, what it says, in Markdown.
    names : tuple of (str, str)
        For each label on the page what it is called: ``Figure 2.1``.
    headings : tuple of (int, str, str)
        The title and the headings that have numbers: level, `letters`, number.
    values : tuple of (str or None)
        The values of the expressions in the text, in order, in Markdown; None where not known.
    source : str
        The page's file.
    site : str
        The address of the published book, or nothing.
    """

    citations: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    headings: tuple[tuple[int, str, str], ...] = ()
    values: tuple[str | None, ...] = ()
    source: str = ""
    site: str = ""

    def address(self, given: str) -> str | None:
        """The address on the site of what a link on the page leads to.

        Nothing if it leads to another page and the book has no site; None for another host's.
        """
        if re.match(r"[a-z][\w+.-]*:|//", given, re.IGNORECASE):
            return None
        path, hash, mark = given.partition("#")
        place = PurePosixPath(self.source)
        if path:
            place = PurePosixPath(posixpath.normpath(PurePosixPath("/", place.parent, path))[1:])
        if place.suffix in (".qmd", ".md"):
            place = place.with_suffix(".html")
        return f"{self.site}/{quote(str(place))}{hash}{mark}" if self.site else ""


def written_citations(prose: str) -> Iterator[re.Match]:
    """The references and citations in a text whose code was taken out."""
    return CITATION.finditer(prose)


def letters(string: str) -> str:
    """What of a heading is the same however it is formatted."""
    return "".join(LETTER.findall(string))


def parsed(written: Sequence[str]) -> dict[str, Node]:
    """Those texts that pandoc reads as a citation and nothing else, and what it reads."""
    found = [*dict.fromkeys(written)]
    blocks = pandoc.read("\n\n".join(map(pandoc.line_of, found)))["blocks"] if found else []
    lines = [content(block)[pandoc.LINE:] if pandoc.is_line(block) else [] for block in blocks]
    return {each: line[0] for each, line in zip(found, lines)
            if len(blocks) == len(found) and len(line) == 1 and is_node(line[0], "Cite")}


def referred(chapter: Chapter, found: Mapping[str, Node], entries: Mapping[str, Entry]) -> Chapter:
    """In the place of a chapter's text a line for each citation, its cross-references worded."""
    lines = replace(chapter, blocks=[para([node]) for node in found.values()])
    return refer(lines, entries, "html")


def in_words(lines: Chapter, written: Sequence[str], where: Words, sources: str | None
             ) -> tuple[tuple[str, str], ...]:
    """What each citation says, in Markdown; with a link, if the book has a site.

    `sources` is the page that lists them.
    """
    def lead(inlines: list, given: str | None) -> list:
        address = where.address(given) if given else None
        return [link(inlines, address)] if address else inlines

    def worded(node: Xref) -> list:
        page = f"/{node.entry.chapter.page.source}"
        return lead(node.text, page if node.entry.is_chapter else f"{page}#{node.entry.key}")

    def source(node: Node) -> list:
        return lead(content(node), sources and f"/{sources}{target(node)}")

    blocks = translate(lines.blocks, {Xref: worded, "Link": source})
    blocks = [para([each for node in content(block) for each in (
        content(node)[1] if is_node(node, "Cite") else [node])]) for block in blocks]
    shown = pandoc.write(blocks, "--to", "commonmark", "--wrap=none").strip("\n").split("\n\n")
    return tuple(zip(written, shown)) if len(shown) == len(written) else ()


def names_of(chapter: Chapter, entries: Mapping[str, Entry]) -> tuple[tuple[str, str], ...]:
    """What each label of a chapter is called, but those of its sections."""
    return tuple((key, f"{entry.word} {entry.number}") for key, entry in entries.items()
                 if entry.chapter.page == chapter.page and entry.number and not entry.mark
                 and not entry.is_chapter and not key.startswith("sec-"))


def headings_of(chapter: Chapter) -> tuple[tuple[int, str, str], ...]:
    """The numbers before a chapter's title and headings, by levels and letters."""
    number = chapter.number
    if number and chapter.page.kind == "appendix":
        number = f"Appendix {number} —"
    title = [(1, letters(text(chapter.title)), number)] if number else []
    return (*title, *((level(node), letters(text(content(node))), pairs(node)["number"])
                      for node in nodes(chapter.blocks, "Header") if "number" in pairs(node)))
