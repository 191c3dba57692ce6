"""Text that is shown otherwise than it is written, and its edits brought back.

A segment is a text that is shown as it is written, or ``[shown, written, kind]``. Shown texts,
joined, are what a cell shows; written ones are what its author wrote.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

WORD, FIXED, BLOCK = 0, 1, 2        # kinds: goes with an edit; stays; block n's edges are n + 2
MOST_PAIRS = 1_000_000      # to be compared each with each
TOKEN = re.compile(r"\w+|\s|.")
LINE = re.compile(r"[^\n]*\n|[^\n]+")


def shown_of(segment: str | Sequence) -> str:
    return segment if isinstance(segment, str) else segment[0]


def written_of(segment: str | Sequence) -> str:
    return segment if isinstance(segment, str) else segment[1]


def differences(old: Sequence[str], new: Sequence[str]
                ) -> Sequence[tuple[str, int, int, int, int]]:
    """How one list becomes another; of long ones what stands often in them is not looked for."""
    is_long = len(old) * len(new) > MOST_PAIRS
    return SequenceMatcher(None, old, new, autojunk=is_long).get_opcodes()


def shown_in(segments: Sequence) -> str:
    return "".join(map(shown_of, segments))


def written_in(segments: Sequence) -> str:
    return "".join(map(written_of, segments))


def are_segments(value: Any) -> bool:
    """Has what was read the form of segments?"""
    return isinstance(value, list) and all(
        isinstance(each, str) or isinstance(each, list) and list(map(type, each)) == [str, str, int]
        for each in value)


class Piece(NamedTuple):
    """A text on its way back; the block that it is an edge of; was it left, and can it be seen?"""

    text: str
    block: int | None = None
    is_left: bool = True
    is_seen: bool = True


def written(segments: Sequence, source: str) -> str:
    """What is written where a cell with these segments now shows `source`.

    Parameters
    ----------
    segments : sequence of str or [str, str, int]
        What was shown, and what was written in its place.
    source : str
        What is shown.
    """
    if source == shown_in(segments):
        return written_in(segments)
    rows, lines = rows_of(segments), LINE.findall(source)
    words = words_of(segments)
    built: list[Piece] = []
    for change, start, end, first, last in differences(
            [shown_in(row).rstrip("\n") for row in rows], [line.rstrip("\n") for line in lines]):
        if change == "equal":
            for row, line in zip(rows[start:end], lines[first:last]):
                built += map(as_left, ended_as(row, line))
            continue
        new, quoted = "".join(lines[first:last]), quotation(rows[max(start - 1, 0):start + 1])
        parts = [part for row in rows[start:end] for part in row]
        behind: list[Piece] = []
        if change == "insert" and new.startswith(">"):      # it still is of the block above
            behind = unseen_end(built)
        elif change == "insert" and start < len(rows):
            while rows[start] and not shown_of(rows[start][0]):
                built.append(as_left(rows[start].pop(0)))
        built += [*changed(parts, new, quoted, words), *behind]
    return "".join(without_empty_blocks(built))


def rows_of(segments: Sequence) -> list[list]:
    """The segments of each line that is shown."""
    rows: list[list] = [[]]
    for segment in segments:
        for piece in LINE.findall(segment) if isinstance(segment, str) else [segment]:
            rows[-1].append(piece)
            if shown_of(piece).endswith("\n"):
                rows.append([])
    if len(rows) > 1 and not shown_in(rows[-1]):
        rows[-2:] = [rows[-2] + rows[-1]]       # nothing is shown behind the last line
    return rows


def words_of(segments: Sequence) -> dict[str, str]:
    """What is written for words that stand for something, wherever they are moved to."""
    found: dict[str, set[str]] = {}
    for shown, written, kind in (each for each in segments if isinstance(each, list)):
        if kind == WORD and re.search(r"[^\W\d]{3}", shown):
            found.setdefault(shown, set()).add(written)
    return {shown: next(iter(written)) for shown, written in found.items() if len(written) == 1}


def as_left(part: str | list) -> Piece:
    kind = WORD if isinstance(part, str) else part[2]
    return Piece(written_of(part), kind if kind >= BLOCK else None, True, bool(shown_of(part)))


def ended_as(row: list, line: str) -> list:
    """A row of which the last line's end may have come or gone."""
    shown = shown_in(row)
    if line.endswith("\n") and not shown.endswith("\n"):
        return [*row, "\n"]
    if shown.endswith("\n") and not line.endswith("\n"):
        place = max(place for place, each in enumerate(row) if shown_of(each))
        if isinstance(row[place], str):
            return [*row[:place], row[place][:-1], *row[place + 1:]]
    return row


def quotation(rows: list[list]) -> str:
    """The marks of quotations before some lines."""
    found = [re.findall(r"^(?:> ?)*", shown_in(row))[0] for row in rows]
    return max(found, key=len, default="")


def unseen_end(built: list[Piece]) -> list[Piece]:
    """Take what cannot be seen off the end; what ends the last line stays."""
    ended = built and built[-1].text == "\n" and len(built) > 1 and not built[-2].is_seen
    end = [built.pop()] if ended else []
    taken: list[Piece] = []
    while built and not built[-1].is_seen:
        taken.insert(0, built.pop())
    built += end
    return taken


def changed(parts: list, new: str, quoted: str, words: Mapping[str, str]) -> Iterator[Piece]:
    """What is written of lines that now show `new`: for words that were left what they stand for,
    and all of what is shown otherwise for the sake of reading."""
    tokens: list[Any] = []
    for part in parts:
        tokens += TOKEN.findall(part) if isinstance(part, str) else [part]
    waiting = deque(tokens)
    visible = [token for token in map(shown_of, tokens) if token]
    marks = {shown_of(each) for each in parts if isinstance(each, list)} | words.keys()
    known = sorted(marks - {""}, key=len, reverse=True)
    wanted = re.findall("|".join([*map(re.escape, known), TOKEN.pattern]), new, re.DOTALL)
    for change, start, end, first, last in differences(visible, wanted):
        yield from taken(waiting, end - start, change == "equal")
        if change != "equal" and last > first:
            at_start = first == 0 or wanted[first - 1].endswith("\n")
            if start == end and at_start:
                yield from unseen(waiting)
            text = "".join(words.get(token, token) for token in wanted[first:last])
            yield Piece(unquoted(text, quoted, at_start))
    yield from unseen(waiting)


def taken(waiting: deque, count: int, is_left: bool) -> Iterator[Piece]:
    """Some of the tokens that are seen, each with what cannot be seen before it."""
    for _ in range(count):
        yield from unseen(waiting)
        token = waiting.popleft()
        if is_left:
            yield as_left(token)
        elif isinstance(token, list) and token[2] != WORD and written_of(token):
            yield as_left(token)._replace(is_left=False)


def unseen(waiting: deque) -> Iterator[Piece]:
    while waiting and not shown_of(waiting[0]):
        yield as_left(waiting.popleft())


def unquoted(text: str, quoted: str, at_start: bool) -> str:
    """New text without the marks of the quotation that it stands in."""
    begins = r"(?:^|(?<=\n))" if at_start else r"(?<=\n)"
    return re.sub(f"{begins}(?:> ?){{0,{quoted.count('>')}}}", "", text) if quoted else text


def without_empty_blocks(built: list[Piece]) -> list[str]:
    """The texts; of blocks whose title and whole content were taken out the edges go, too."""
    texts = [piece.text for piece in built]
    edges: dict[int, list[int]] = {}
    for place, piece in enumerate(built):
        if piece.block is not None:
            edges.setdefault(piece.block, []).append(place)
    for first, last in (places for places in edges.values() if len(places) == 2):
        if not built[first].is_left and not "".join(texts[first + 1:last]).strip():
            texts[first:last + 1] = [""] * (last + 1 - first)
    return texts
