"""What is numbered in a book, its number, and where it stands."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bookbuild.document.blocks import (CALLOUT_KINDS, FLOAT_KINDS, THEOREM_KINDS, UNNUMBERED_KINDS,
                                       prefix)
from bookbuild.document.model import (Callout, Equation, Float, Node, Tabset, Theorem, classes,
                                      content, exchange, identifier, is_node, level, nodes,
                                      with_pairs, words)
from bookbuild.source import Page

CALLOUT_WORDS = {short: kind.capitalize() for kind, short in CALLOUT_KINDS.items()}
WORDS = {**FLOAT_KINDS, **THEOREM_KINDS, **CALLOUT_WORDS, "eq": "Equation", "sec": "Section",
         "alg": "alg."}


@dataclass(frozen=True)
class Head:
    """A page of the book with what stands above its text.

    Attributes
    ----------
    page : Page
    title : list
        Inlines; empty where the page has none.
    id : str
        The author's id of the title, or an empty string.
    number : str or None
        ``"2"``, ``"A"``; None for a page that is not numbered.
    """

    page: Page
    title: list
    id: str
    number: str | None

    @property
    def part(self) -> str | None:
        """The part that it stands in: a title, or the file of the part's page."""
        return "Appendices" if self.page.kind == "appendix" else self.page.part

    @property
    def label(self) -> str:
        """The label of the whole page, unique in the book."""
        return self.id if self.id.startswith("sec-") else str(self.page.source)

    def label_in(self, key: str) -> str:
        """The label, unique in the book, of an id on the page."""
        if not key or key == self.id:
            return self.label
        return key if prefix(key) in {*WORDS, "ref"} else f"{self.page.source}:{key}"


@dataclass(frozen=True, eq=False)
class Chapter(Head):
    """A page with its blocks; a step that changes them makes another chapter.

    Two are equal only if they are one, as steps tell nodes apart by what they are.
    """

    blocks: list
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def untitled(self) -> list:
        """The blocks below the title, which on the book's first page stands among them."""
        return [block for block in self.blocks if not is_title(block)]


@dataclass(frozen=True)
class Entry:
    """What a cross-reference can point to.

    Attributes
    ----------
    key : str
        The author's label: ``fig-relu``.
    chapter : Head
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
    chapter: Head
    number: str | None
    title: list
    mark: str | None = None
    is_chapter: bool = False

    @property
    def word(self) -> str:
        if self.is_chapter:
            return "Appendix" if self.chapter.page.kind == "appendix" else "Chapter"
        return WORDS[prefix(self.key)]


def is_title(block: Node) -> bool:
    return is_node(block, "Header") and level(block) == 1


def take_titles(pages: Sequence[tuple[Page, list, list]]) -> list[tuple[Head, list]]:
    """Split pages into heads, with their numbers, and the other blocks.

    A title is the front matter's, else the first level-1 heading's, else the file's name. The
    book's first page keeps its heading, since the book's title stands above it.

    Parameters
    ----------
    pages : sequence of (Page, blocks, front-matter title)
        In order, after :func:`bookbuild.document.structure`.
    """
    counts: Counter = Counter()
    taken = []
    for page, blocks, title in pages:
        heading = None if title else next(filter(is_title, blocks), None)
        key, number = "", None
        if heading:
            title = content(heading)
            if not page.is_index:
                key = identifier(heading)
                blocks = [block for block in blocks if block is not heading]
        title = title or words(page.source.stem)
        numbered = not heading or "unnumbered" not in classes(heading)
        if numbered and page.kind != "part":
            counts[page.kind] += 1
            count = counts[page.kind]
            number = str(count) if page.kind == "chapter" else chr(ord("A") + count - 1)
        taken.append((Head(page, title, key, number), blocks))
    return taken


def number_chapter(head: Head, blocks: list) -> tuple[Chapter, list[Entry]]:
    """The chapter with its numbers, and an entry for each label in it."""
    counts: Counter = Counter()
    sections = [0] * 6
    numbered: dict[int, Node] = {}
    entries = []
    if head.id.startswith("sec-"):
        entries.append(Entry(head.id, head, head.number, head.title, is_chapter=True))

    def next_number(kind: str) -> str:
        """``"2.3"``; ``"3"`` in an unnumbered chapter."""
        counts[kind] += 1
        return f"{head.number}.{counts[kind]}" if head.number else str(counts[kind])

    for node in nodes(blocks, "Header", Float, Tabset, Equation, Theorem, Callout):
        key = identifier(node)
        if is_node(node, "Header"):
            number = section_number(head, node, sections)
            numbered[id(node)] = with_pairs(node, "number", **{"number": number} if number else {})
            if key.startswith("sec-"):
                entries.append(Entry(key, head, number, content(node), is_chapter=is_title(node)))
        elif isinstance(node, Tabset):
            counts["tabset"] += 1
            numbered[id(node)] = replace(node, number=str(counts["tabset"]))
        elif isinstance(node, Float):
            if node.mark is None and prefix(key) in FLOAT_KINDS:
                number = next_number(node.kind)
                for each in (node, *nodes(node.body, Float)):
                    if each is node or each.mark:
                        numbered[id(each)] = replace(each, number=number)
                        entries.append(Entry(each.id, head, number, [], each.mark))
        elif prefix(key) in WORDS and getattr(node, "kind", "") not in UNNUMBERED_KINDS:
            number = next_number(prefix(key))
            numbered[id(node)] = replace(node, number=number)
            entries.append(Entry(key, head, number, []))
    return Chapter(**vars(head), blocks=exchange(blocks, numbered)), entries


def section_number(head: Head, heading: Node, sections: list[int]) -> str | None:
    """Count a heading in `sections`; skipped levels count as zero."""
    depth = level(heading)
    if head.number is None or "unnumbered" in classes(heading):
        return None
    if depth == 1:
        return head.number
    sections += [0] * (depth - len(sections))       # seven marks are a heading, too
    sections[depth - 1] += 1
    sections[depth:] = [0] * (6 - depth)
    return ".".join([head.number, *map(str, sections[1:depth])])
