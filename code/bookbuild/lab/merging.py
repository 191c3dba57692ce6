"""Two versions of a chapter that were made of a third, merged cell by cell.

A cell that one side edited, added or took out comes from there. Where both sides edited a cell,
its paragraphs are merged in the same way, if it is prose; else they clash.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bookbuild.lab.notebook import blocks_of, ended, newline_of, set_apart
from bookbuild.lab.segments import differences

ALIKE = 0.5             # in parts of two texts' words: less, and one is no edited form of the other
AROUND = re.compile(r"((?:[^\S\n]*\n)*)(.*?)(\s*)", re.DOTALL)
CODE = re.compile(r"\s*`{3,}\{python")


@dataclass(frozen=True)
class Clash:
    """What both sides made of a piece; None where it was taken out."""

    mine: str | None
    theirs: str | None


@dataclass(frozen=True)
class Merged:
    """A chapter that two sides wrote.

    Attributes
    ----------
    text : str
        With `mine` where the sides clash.
    both : str
        With both versions there, one above the other, between marks as git has them.
    clashes : list of str
        What the cells are called where they do.
    """

    text: str
    both: str
    clashes: list[str]


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Merge two versions of a chapter.

    Parameters
    ----------
    base : str
        What both were made of.
    mine, theirs : str
        The versions; blank lines around cells are theirs.
    """
    pieces = [*merged([[block.text for block in blocks_of(text)] for text in (base, mine, theirs)],
                      paragraphs)]
    newline = newline_of(theirs)
    return Merged(put_together(pieces, newline, lambda clash: clash.mine),
                  put_together(pieces, newline, lambda clash: side_by_side(clash, newline)),
                  [name_of(new) for _, new in pieces if isinstance(new, Clash)])


def are_kin(base: str, other: str) -> bool:
    """Does a text hold half of the words of what it is said to be made of?"""
    old, new = (Counter(text.split()) for text in (base, other))
    return bool(old) and (old & new).total() >= ALIKE * old.total()


# ------------------------------------------------------------------------------- the pieces

def merged(texts: Sequence[list[str]], within: Callable[[str, str, str], str | None]
           ) -> Iterator[tuple[str | None, str | Clash | None]]:
    """For each piece of three texts how it stands in the last, and how it shall be, if at all.

    What both sides edited is asked of `within`; it clashes, if there is no answer.
    """
    base, mine, theirs = texts
    own, others = against(base, mine), against(base, theirs)
    for place in range(len(base) + 1):
        new = [core(piece) for piece in others.before[place]]
        yield from ((piece, piece) for piece in others.before[place])
        yield from ((None, piece) for piece in own.before[place] if core(piece) not in new)
        if place == len(base):
            return
        old, my, their = base[place], own.now[place], others.now[place]
        if same(my, old) or same(my, their):
            chosen: str | Clash | None = their
        elif same(their, old):
            chosen = my
        else:
            chosen = (within(old, my, their) if my and their else None) or Clash(my, their)
        yield their, chosen


@dataclass(frozen=True)
class Edits:
    """What became of pieces: what each is `now`, and what came `before` it and at the end."""

    now: list[str | None]
    before: list[list[str]]


def against(base: Sequence[str], other: Sequence[str]) -> Edits:
    """What became of a text's pieces in another version."""
    edits = Edits([None] * len(base), [[] for _ in range(len(base) + 1)])
    for change, start, end, first, last in differences([*map(core, base)], [*map(core, other)]):
        in_place = change == "equal" or end - start == last - first and all(
            is_code(a) == is_code(b) for a, b in zip(base[start:end], other[first:last]))
        for place in range(start, end):
            at = first if in_place else most_alike(base[place], other, first, last)
            if at is not None:
                edits.before[place] += other[first:at]
                edits.now[place], first = other[at], at + 1
        edits.before[end] += other[first:last]
    return edits


def most_alike(piece: str, others: Sequence[str], first: int, last: int) -> int | None:
    """Which of some pieces is an edited form of one; None if none is."""
    found = [(likeness(piece, others[at]), -at) for at in range(first, last)]
    best, at = max(found, default=(0.0, 0))
    return -at if best >= ALIKE else None


def likeness(one: str, other: str) -> float:
    if is_code(one) != is_code(other):
        return 0.0
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def paragraphs(base: str, mine: str, theirs: str) -> str | None:
    """Prose merged paragraph by paragraph; None for code, and where paragraphs clash."""
    texts = base, mine, theirs
    if any(map(is_code, texts)):
        return None
    pieces = [*merged([*map(in_paragraphs, texts)], lambda *_: None)]
    if any(isinstance(new, Clash) for _, new in pieces):
        return None
    return put_together(pieces, newline_of(theirs), lambda clash: None)


def in_paragraphs(text: str) -> list[str]:
    """A text cut before each paragraph."""
    pieces, is_between = [""], False
    for line in text.splitlines(keepends=True):
        if line.strip() and is_between:
            pieces.append("")
        pieces[-1] += line
        is_between = not line.strip()
    return pieces


def is_code(piece: str) -> bool:
    return bool(CODE.match(piece))


def core(piece: str) -> str:
    """A piece without blank lines around it, its lines ended alike."""
    return AROUND.fullmatch(piece.replace("\r\n", "\n"))[2]     # type: ignore[index]


def same(one: str | None, other: str | None) -> bool:
    return one is other if one is None or other is None else core(one) == core(other)


# ------------------------------------------------------------------------------ the whole text

def put_together(pieces: Sequence[tuple[str | None, str | Clash | None]], newline: str,
                 choose: Callable[[Clash], str | None]) -> str:
    """The text of pieces; those that are new stand apart from others by a blank line."""
    text, is_apart, is_cut = "", False, False
    for old, new in pieces:
        piece = choose(new) if isinstance(new, Clash) else new
        is_cut = piece is None
        if piece is None:
            continue
        if old is not None and old != piece:
            before, _, behind = AROUND.fullmatch(old).groups()      # type: ignore[union-attr]
            piece = before + AROUND.fullmatch(piece)[2] + behind    # type: ignore[index]
        text = set_apart(text, piece, newline) if old is None or is_apart else text + piece
        is_apart = old is None
    return ended(text, newline) if is_apart or is_cut else text


def side_by_side(clash: Clash, newline: str) -> str:
    """Both versions, theirs first."""
    lines = ["<<<<<<< chapter", *([core(clash.theirs)] if clash.theirs else []), "=======",
             *([core(clash.mine)] if clash.mine else []), ">>>>>>> notebook"]
    return newline.join("\n".join(lines).split("\n"))


def name_of(clash: Clash) -> str:
    """What a cell is called: its label, or the words that it begins with."""
    piece = clash.theirs or clash.mine or ""
    block = next((block for block in blocks_of(piece) if block.text.strip()), None)
    if block and block.label:
        return block.label
    line = block.shown.strip().partition("\n")[0] if block else ""
    return f'"{line[:40]}{"..." * (len(line) > 40)}"'
