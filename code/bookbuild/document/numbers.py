"""One index over the whole book: what is numbered, its number, and where it stands."""

from collections import Counter
from dataclasses import dataclass

from bookbuild.document.blocks import (CALLOUT_KINDS, FLOAT_KINDS, THEOREM_KINDS, UNNUMBERED_KINDS,
                                       prefix)
from bookbuild.document.memory import Memory
from bookbuild.document.model import attributes, classes, identifier, is_node, nodes
from bookbuild.source import Page

CALLOUT_WORDS = {short: kind.capitalize() for kind, short in CALLOUT_KINDS.items()}
WORDS = {**FLOAT_KINDS, **THEOREM_KINDS, **CALLOUT_WORDS, "eq": "Equation", "sec": "Section",
         "alg": "alg."}


@dataclass(frozen=True, eq=False)
class Chapter:
    """A page of the book as a chapter: its parsed blocks, title and number.

    A step that changes the blocks makes another chapter of them.
    """

    page: Page
    blocks: list
    title: list
    id: str
    number: str | None


def part_of(chapter: Chapter) -> str | None:
    """The part that a chapter stands in: a title, or the file of the part's page."""
    return "Appendices" if chapter.page.kind == "appendix" else chapter.page.part


@dataclass(frozen=True, eq=False)
class Entry:
    """What a cross-reference can point to.

    Two are equal if all that a reference says and leads to is the same.

    Attributes
    ----------
    key : str
        The author's label: ``fig-relu``.
    chapter : Chapter
        Where it stands.
    number : str or None
        ``"2.1"``; of an unnumbered heading ``None``.
    title : list
        The inlines of a heading's text; empty for everything else.
    mark : str or None
        ``"a"`` for the first part of a figure.
    is_chapter : bool
        Does the label belong to a chapter's title?
    """

    key: str
    chapter: Chapter
    number: str | None
    title: list
    mark: str | None = None
    is_chapter: bool = False

    def __eq__(self, other) -> bool:
        return isinstance(other, Entry) and self._told() == other._told()

    def _told(self) -> tuple:
        chapter = self.chapter
        return (self.key, self.number, self.title, self.mark, self.is_chapter, chapter.page,
                chapter.number, chapter.title, chapter.id)

    @property
    def word(self) -> str:
        if self.is_chapter:
            return "Appendix" if self.chapter.page.kind == "appendix" else "Chapter"
        return WORDS[prefix(self.key)]


def take_title(page: Page, blocks: list, front_title: list) -> tuple[list, str, bool, list]:
    """Split a page into title, id, whether it is numbered, and the other blocks.

    The title is the front matter's, else the first level-1 heading's. The book's first page
    keeps its heading, since the book's title stands above it.
    """
    if front_title:
        return front_title, "", True, blocks
    place = next((n for n, block in enumerate(blocks) if is_node(block, "Header")
                  and block["c"][0] == 1), None)
    if place is None:
        return [], "", False, blocks
    heading = blocks[place]
    title, numbered = heading["c"][2], "unnumbered" not in classes(heading)
    if page.is_index:
        return title, "", numbered, blocks
    return title, identifier(heading), numbered, blocks[:place] + blocks[place + 1:]


def number_book(parsed: list[tuple[Page, list, list]],
                memory: Memory) -> tuple[list[Chapter], dict[str, Entry]]:
    """Number the chapters and everything in them.

    Parameters
    ----------
    parsed : list of (Page, blocks, front-matter title)
        The pages in order, after :func:`bookbuild.document.structure`. The nodes that are
        numbered are given their numbers in place.
    memory : Memory
        Of a run for the same target; of a chapter that is as it was, nothing is counted again.

    Returns
    -------
    chapters : list of Chapter
    entries : dict
        From an author's label to its :class:`Entry`; of a label used twice, the first.
    """
    chapters, entries = [], {}
    counts: Counter = Counter()
    for page, blocks, front_title in parsed:
        title, key, numbered, rest = take_title(page, blocks, front_title)
        number = None
        if numbered and page.kind != "part":
            counts[page.kind] += 1
            count = counts[page.kind]
            number = str(count) if page.kind == "chapter" else chr(ord("A") + count - 1)
        chapter, own = memory.step(
            ("number", page.source), (page, blocks, title, number),
            lambda: numbered_chapter(Chapter(page, rest, title, key, number)))
        chapters.append(chapter)
        for entry in own:
            entries.setdefault(entry.key, entry)
    return chapters, entries


def numbered_chapter(chapter: Chapter) -> tuple[Chapter, list[Entry]]:
    """The chapter with its numbers, and an entry for each label in it."""
    own = [Entry(chapter.id, chapter, chapter.number, chapter.title, is_chapter=True)
           ] if chapter.id.startswith("sec-") else []
    return chapter, [*own, *number_chapter(chapter)]


def number_chapter(chapter: Chapter):
    """Number what stands in a chapter, and yield an entry for each label."""
    counts: Counter = Counter()
    sections = [0] * 6
    for node in nodes(chapter.blocks):
        key = node.get("id", "")
        if is_node(node, "Header"):
            key = identifier(node)
            number = section_number(chapter, node, sections)
            given = attributes(node)[2]
            given[:] = [pair for pair in given if pair[0] != "number"]
            given += [["number", number]] if number else []
            if key.startswith("sec-"):
                yield Entry(key, chapter, number, node["c"][2], is_chapter=node["c"][0] == 1)
        elif is_node(node, "Float"):
            if node["mark"] is None and prefix(key) in FLOAT_KINDS:
                node["number"] = next_number(chapter, counts, node["kind"])
                yield Entry(key, chapter, node["number"], [])
                for part in nodes(node["body"], "Float"):
                    if part["mark"]:
                        part["number"] = node["number"]
                        yield Entry(part["id"], chapter, node["number"], [], part["mark"])
        elif is_node(node, "Tabset"):
            counts["tabset"] += 1
            node["number"] = str(counts["tabset"])
        elif is_node(node, "Equation", "Theorem", "Callout") and key:
            if prefix(key) in WORDS and node.get("kind") not in UNNUMBERED_KINDS:
                node["number"] = next_number(chapter, counts, prefix(key))
                yield Entry(key, chapter, node["number"], [])


def next_number(chapter: Chapter, counts: Counter, kind: str) -> str:
    """The chapter's next number of a kind: ``"2.3"``; ``"3"`` in an unnumbered chapter."""
    counts[kind] += 1
    return f"{chapter.number}.{counts[kind]}" if chapter.number else str(counts[kind])


def section_number(chapter: Chapter, heading: dict, sections: list[int]) -> str | None:
    """Count a heading; skipped levels count as zero."""
    level = heading["c"][0]
    if chapter.number is None or "unnumbered" in classes(heading):
        return None
    if level == 1:
        return chapter.number
    sections[level - 1] += 1
    sections[level:] = [0] * (6 - level)
    return ".".join([chapter.number, *map(str, sections[1:level])])
