"""Pandoc as a function: text in, text out."""

import json
import re
from subprocess import CompletedProcess
from functools import cache, lru_cache

import pypandoc

from bookbuild import files
from bookbuild.document.model import content, is_node, words
from bookbuild.say import BookError, Problem

API_VERSION = [1, 23, 1]
LINE = 1
SECONDS, MORE = 10, 20       # of the processor; and more for each million characters
MEMORY = "6g"
TOO_DEEP = "blocks stand too deep in one another to be followed: take some of them out"
UNREAD_FORMULA = re.compile(
    r"Could not convert TeX math ((?:(?!Could not convert ).)*?), rendering as TeX", re.DOTALL)
UNCALLED_NOTE = re.compile(
    r"^\[WARNING\] Note with key '(?>(.*?)' defined at ).*+(?<= but not used\.)", re.MULTILINE)
WRITTEN_TWICE = re.compile(r"^\[WARNING\] Duplicate (note|link) reference '\[?(.*?)\]?' at line",
                           re.MULTILINE)
OPEN_DIV = re.compile(r"^\[WARNING\] Div at line \d+ column \d+ unclosed", re.MULTILINE)


class Unreadable(BookError):
    """Text that takes pandoc far too long, or whose blocks stand too deep in one another."""


class UnreadFormulas(BookError):
    """Formulas that pandoc cannot convert; `formulas` holds their TeX."""

    def __init__(self, problems: list[Problem], formulas: list[str]) -> None:
        super().__init__(problems)
        self.formulas = formulas


@cache
def program() -> str:
    """The path of the pandoc that comes with ``pypandoc_binary``."""
    return pypandoc.get_pandoc_path()


def call(source: str, *options: str) -> CompletedProcess:
    """Run pandoc on a string, in time and memory that no honest text needs.

    Raises
    ------
    Unreadable
        If it takes longer.
    BookError
        If pandoc refuses its input.
    """
    seconds = SECONDS + MORE * len(source) // 1_000_000
    try:
        done = files.run([program(), "+RTS", f"-M{MEMORY}", "-RTS", *options], source, seconds)
    except files.TookTooLong:
        raise Unreadable([Problem("pandoc", None, f"this takes pandoc more than {seconds} s of the "
                                  "processor's time, and was ended")]) from None
    if done.returncode:
        raise BookError([Problem("pandoc", None, done.stderr.strip())])
    return done


def run(source: str, *options: str) -> str:
    """What pandoc makes of a string.

    Raises
    ------
    BookError
        If pandoc refuses its input, or cannot convert a formula in it; its message is passed on.
    """
    done = call(source, *options)
    if formulas := UNREAD_FORMULA.findall(done.stderr):
        raise UnreadFormulas([Problem("pandoc", None, f"cannot read the formula {formula}")
                              for formula in formulas], formulas)
    return done.stdout


def read(source: str, format: str = "markdown") -> dict:
    """Parse text into pandoc's tree, ``{"meta": ..., "blocks": ...}``.

    Under ``"uncalled"`` stand the names of notes that pandoc leaves out, since nothing calls them;
    under ``"twice"`` notes and links of one name, of which it takes the last; ``"open"`` says
    whether a div ends only with what is around it.
    """
    done = call(source, "--from", format, "--to", "json")
    try:
        tree = json.loads(done.stdout)
    except RecursionError:
        raise Unreadable([Problem("pandoc", None, TOO_DEEP)]) from None
    return tree | {"uncalled": UNCALLED_NOTE.findall(done.stderr),
                   "twice": WRITTEN_TWICE.findall(done.stderr),
                   "open": bool(OPEN_DIV.search(done.stderr))}


def line_of(markdown: object) -> str:
    """Text as one line that pandoc reads as a paragraph, whatever marks it begins with.

    An empty span stands before it, `LINE` inlines that are no part of it, and a backslash at its
    end is one.
    """
    line = " ".join(str(markdown).split())
    odd = (len(line) - len(line.rstrip("\\"))) % 2
    return f"[]{{}}{line}" + "\\" * odd


def is_line(block) -> bool:
    """Is this block what pandoc made of a `line_of` text?"""
    first = next(iter(content(block)), None) if is_node(block, "Para") else None
    return is_node(first, "Span") and not content(first)


@lru_cache(maxsize=1000)
def inlines(markdown: str) -> list:
    """The inlines of a line of Markdown, as captions and titles in attributes hold it.

    HTML that makes blocks of it is given as the text that it was.
    """
    if not markdown.strip():
        return []
    blocks = read(line_of(markdown))["blocks"]
    if len(blocks) == 1 and is_line(blocks[0]):
        return content(blocks[0])[LINE:]
    return words(markdown)


def write(blocks: list, *options: str, meta: dict | None = None) -> str:
    """Print a tree with pandoc."""
    tree = {"pandoc-api-version": API_VERSION, "meta": meta or {}, "blocks": blocks}
    return run(json.dumps(tree), "--from", "json", *options)
