"""A matcher that backtracks as Python's `re` does and counts its steps, and texts that make one work.

The steps that a pattern takes on texts of growing length tell how its time grows, without a clock.
What `re` does faster by looking for a fixed beginning first is not done here.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from re import _constants as code
from re import _parser as parser

CLASSES = {code.CATEGORY_DIGIT: r"\d", code.CATEGORY_NOT_DIGIT: r"\D", code.CATEGORY_SPACE: r"\s",
           code.CATEGORY_NOT_SPACE: r"\S", code.CATEGORY_WORD: r"\w", code.CATEGORY_NOT_WORD: r"\W"}
SINGLE = {code.LITERAL, code.NOT_LITERAL, code.ANY, code.IN}
REPEATS = {code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT}
SAMPLES = "a1 \n\t.-:'\"`\\|{}[]()<>@#$%&*+/=?!;,~^_\x1b\x07\r\0é"


class TooManySteps(Exception):
    """A match took more steps than it may."""


class Counter:
    """Counts the steps that a pattern takes on a text."""

    def __init__(self, pattern: re.Pattern, text: str, most: int) -> None:
        self.tree = parser.parse(pattern.pattern, pattern.flags)
        self.flags, self.text, self.most = pattern.flags, text, most
        self.steps = 0
        self.groups: dict[int, tuple[int, int]] = {}

    def step(self) -> None:
        self.steps += 1
        if self.steps > self.most:
            raise TooManySteps

    def match(self, position: int = 0) -> int | None:
        """The end of the first match at a position."""
        self.groups.clear()
        return next(self.sequence(list(self.tree), 0, position, self.flags), None)

    def all(self) -> int:
        """Look for all matches, one after the other; the steps that this took."""
        position = 0
        while position <= len(self.text):
            end = self.match(position)
            position = end if end is not None and end > position else position + 1
        return self.steps

    def sequence(self, items: list, place: int, position: int, flags: int) -> Iterator[int]:
        if place == len(items):
            yield position
            return
        for end in self.item(*items[place], position, flags):
            yield from self.sequence(items, place + 1, end, flags)

    def item(self, kind, given, position: int, flags: int) -> Iterator[int]:
        """The places where an item of a pattern may end, in the order in which they are tried."""
        self.step()
        if kind in SINGLE:
            if position < len(self.text) and fits(kind, frozen(given), self.text[position], flags):
                yield position + 1
        elif kind in REPEATS:
            least, most, body = given
            ends = (self.run(body[0], least, most, kind, position, flags)
                    if len(body) == 1 and body[0][0] in SINGLE else
                    self.repeat(list(body), least, most, kind, position, flags))
            yield from ends if kind is not code.POSSESSIVE_REPEAT else first(ends)
        elif kind is code.BRANCH:
            for branch in given[1]:
                yield from self.sequence(list(branch), 0, position, flags)
        elif kind is code.SUBPATTERN:
            group, added, removed, body = given
            before = self.groups.get(group)
            for end in self.sequence(list(body), 0, position, (flags | added) & ~removed):
                self.groups[group] = position, end
                yield end
                self.groups[group] = before
        elif kind is code.ATOMIC_GROUP:
            yield from first(self.sequence(list(given), 0, position, flags))
        elif kind in (code.ASSERT, code.ASSERT_NOT):
            direction, body = given
            start = position if direction > 0 else position - body.getwidth()[0]
            found = start >= 0 and any(True for end in self.sequence(list(body), 0, start, flags)
                                       if direction > 0 or end == position)
            if found == (kind is code.ASSERT):
                yield position
        elif kind is code.GROUPREF:
            start, end = self.groups[given]
            if self.text.startswith(self.text[start:end], position):
                yield position + end - start
        elif kind is code.AT:
            if self.at(given, position, flags):
                yield position
        else:
            raise NotImplementedError(kind)

    def run(self, single, least: int, most: int, kind, position: int, flags: int) -> Iterator[int]:
        """Repeats of one character."""
        reached = [position]
        while len(reached) <= most and len(reached) <= len(self.text) - position:
            if kind is code.MIN_REPEAT and len(reached) > least:
                yield reached[-1]
            self.step()
            if not fits(single[0], frozen(single[1]), self.text[reached[-1]], flags):
                break
            reached.append(reached[-1] + 1)
        else:
            if kind is code.MIN_REPEAT and len(reached) > least:
                yield reached[-1]
        if kind is not code.MIN_REPEAT:
            for end in reversed(reached[least:]):
                self.step()
                yield end

    def repeat(self, body: list, least: int, most: int, kind, position: int, flags: int,
               count: int = 0) -> Iterator[int]:
        """Repeats of anything."""
        if kind is code.MIN_REPEAT and count >= least:
            yield position
        if count < most:
            for end in self.sequence(body, 0, position, flags):
                if end > position or count < least:
                    yield from self.repeat(body, least, most, kind, end, flags, count + 1)
        if kind is not code.MIN_REPEAT and count >= least:
            yield position

    def at(self, where, position: int, flags: int) -> bool:
        text, multiline = self.text, flags & re.MULTILINE
        if where in (code.AT_BEGINNING, code.AT_BEGINNING_STRING):
            lines = multiline and where is code.AT_BEGINNING
            return position == 0 or bool(lines) and text[position - 1] == "\n"
        if where in (code.AT_END, code.AT_END_STRING):
            if position == len(text):
                return True
            return where is code.AT_END and text[position] == "\n" and (
                bool(multiline) or position == len(text) - 1)
        around = [0 <= place < len(text) and bool(re.match(r"\w", text[place]))
                  for place in (position - 1, position)]
        return (around[0] != around[1]) == (where is code.AT_BOUNDARY)


def first(ends: Iterator[int]) -> Iterator[int]:
    for end in ends:
        yield end
        return


def frozen(given):
    return tuple(map(frozen, given)) if isinstance(given, (list, tuple)) else given


@lru_cache(100_000)
def fits(kind, given, character: str, flags: int) -> bool:
    """Does a character fit an item that takes one?"""
    if kind is code.ANY:
        return bool(flags & re.DOTALL) or character != "\n"
    if kind is not code.IN:
        given = ((code.LITERAL, given),)
    negated = kind is code.NOT_LITERAL or given[0][0] is code.NEGATE
    cases = {character, character.lower(), character.upper()} if flags & re.IGNORECASE else {character}
    return negated != any(inside(*part, each) for part in given for each in cases)


def inside(kind, given, character: str) -> bool:
    if kind is code.LITERAL:
        return chr(given) == character
    if kind is code.RANGE:
        return len(character) == 1 and given[0] <= ord(character) <= given[1]
    return kind is code.CATEGORY and bool(re.match(CLASSES[given], character))


# ------------------------------------------------------------------------------ texts

def texts(pattern: re.Pattern) -> set[tuple[str, str, str]]:
    """What makes a pattern work: a beginning, what is said again and again, and an end."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    found: set[tuple[str, str, str]] = set()
    for before, body in pumps(list(tree), "", pattern.flags):
        for again in (body, before + body):
            found |= {(before, again, end) for end in ("", "\n\x02")}
            found |= {("", again, "\x02")}
    whole = example(list(tree), pattern.flags)
    found |= {("", whole[:end], "") for end in {1, 2, len(whole) // 2, *range(len(whole) - 2, len(whole) + 1)}}
    found |= {(whole[:-1], " ", "x"), (whole[:-1], "\n", "x"), ("", whole[:-1] + " ", "")}
    return {text for text in found if text[1]}


def pumps(items: list, before: str, flags: int) -> Iterator[tuple[str, str]]:
    """Each repeated part of a pattern as text, behind the text of what stands before it."""
    for kind, given in items:
        if kind in REPEATS:
            _, most, body = given
            if most > 3:
                for rich in (False, True):
                    for shift in range(3):
                        yield before, example(list(body), flags, rich, shift)
            yield from pumps(list(body), before, flags)
            yield from pumps(list(body), before + example(list(body), flags, True), flags)
        elif kind is code.SUBPATTERN:
            yield from pumps(list(given[3]), before, (flags | given[1]) & ~given[2])
        elif kind is code.ATOMIC_GROUP:
            yield from pumps(list(given), before, flags)
        elif kind is code.BRANCH:
            for branch in given[1]:
                yield from pumps(list(branch), before, flags)
        elif kind in (code.ASSERT, code.ASSERT_NOT) and given[0] > 0:
            yield from pumps(list(given[1]), before, flags)
        before += example([(kind, given)], flags)


def example(items: list, flags: int, rich: bool = False, shift: int = 0) -> str:
    """A short text that a pattern takes; a `rich` one has what it may leave out."""
    parts: list[str] = []
    groups: dict[int, str] = {}
    for kind, given in items:
        if kind in SINGLE:
            sample = [chr(given)] if kind is code.LITERAL else [
                each for each in (*SAMPLES, *members(kind, given))
                if fits(kind, frozen(given), each, flags)]
            parts.append(sample[shift % len(sample)] if sample else "")
        elif kind in REPEATS:
            times = max(given[0], int(rich and given[1] > 0))
            parts.append(example(list(given[2]), flags, rich, shift) * min(times, 9))
        elif kind is code.BRANCH:
            parts.append(example(list(given[1][shift % len(given[1])]), flags, rich, shift))
        elif kind is code.SUBPATTERN:
            parts.append(example(list(given[3]), flags, rich, shift))
            groups[given[0]] = parts[-1]
        elif kind is code.ATOMIC_GROUP:
            parts.append(example(list(given), flags, rich, shift))
        elif kind is code.GROUPREF:
            parts.append(groups.get(given, ""))
    return "".join(parts)


def members(kind, given) -> str:
    """Characters that a set names."""
    return "".join(chr(part if what is code.LITERAL else part[0]) for what, part in given
                   if what in (code.LITERAL, code.RANGE)) if kind is code.IN else ""


def growth(pattern: re.Pattern, text: tuple[str, str, str], anchored: bool,
           repeats: tuple[int, int] = (12, 48)) -> float:
    """How many times the steps it takes to say the middle of a text four times as often.

    Of what is linear about 4; 16 of what is quadratic; 99 stands for far more.
    """
    begin, again, end = text
    counts = []
    for times in repeats:
        whole = begin + again * times + end
        counter = Counter(pattern, whole, 400 * len(whole))
        try:
            if anchored:
                counter.match()
            counts.append(counter.steps if anchored else counter.all())
        except TooManySteps:
            return 99.0
    return counts[1] / max(counts[0], 4 * repeats[0])
