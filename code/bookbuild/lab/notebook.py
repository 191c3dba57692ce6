"""A chapter as a notebook, and a notebook as a chapter.

Each cell of the notebook remembers the piece of the chapter's text that it shows. A cell that
was not edited gives back that piece; of an edited one, only the lines that changed are new.
Lines may be shown otherwise than they are written, as what they include; they come back as they
were written. What Jupyter keeps beside a cell and Quarto as its options, `SETTINGS`, is both.
"""

import json
import platform
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from bookbuild.lab.segments import shown_in, written
from bookbuild.say import BookError, Problem
from bookbuild.source import Cell, FrontMatter, split_source

KEY = "book"
BYTE_ORDER_MARK = "\ufeff"
NOWHERE = -9                # the place of a new cell, next to no other
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
LANGUAGE = {               # as ipykernel describes it, so that JupyterLab finds nothing to add
    "name": "python", "version": platform.python_version(), "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3}, "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python", "file_extension": ".py"}
RAW_FORMATS = {"text/html": "html", "text/latex": "latex", "text/restructuredtext": "rst",
               "text/asciidoc": "asciidoc"}
OPTION_LINES = re.compile(r"^(?:#\|.*\n)*")
SETTINGS = ("tags", "slideshow")
MAY_FAIL = "raises-exception"               # whoever runs all goes on behind such a cell
SET_UP = "#@title Run this first\n"         # how the cell begins that a notebook has beside its own
NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


class Line(NamedTuple):
    """A line of a chapter, and how it is shown.

    Attributes
    ----------
    shown : str
    text : str
        As it is written; nothing where the line before is shown as several.
    source : str
        The file that the shown line stands in, if that is another one.
    """

    shown: str
    text: str
    source: str = ""


# ------------------------------------------------------------------------ text to notebook

def notebook_of(text: str, lines: Sequence[Line] | None = None) -> NotebookNode:
    """Show a chapter as a notebook.

    Front matter becomes a raw cell, each Python cell a code cell with its options, and what
    stands between them one Markdown cell, without blank lines around it: the cells that
    ``quarto convert`` makes.

    Parameters
    ----------
    text : str
        Any text.
    lines : sequence of Line, optional
        The text's lines, where some are shown otherwise.

    Returns
    -------
    NotebookNode
        A notebook without outputs; `text_of` makes of it the same text.
    """
    marked = text.startswith(BYTE_ORDER_MARK)
    shown = text.removeprefix(BYTE_ORDER_MARK) if lines is None else "".join(
        line.shown for line in lines)
    blocks = blocks_of(shown)
    origin = f"{zlib.crc32(text.encode()):08x}"
    cells = []
    ids: set[str] = set()
    passed = 0
    for place, block in enumerate(blocks):
        cell = NEW_CELL[block.kind](block.shown)
        cell.id = cell_id(block, place, ids)
        cell.metadata.update(block.settings)
        cell.metadata[KEY] = {"kind": block.kind, "text": block.text, "of": origin,
                              "place": place, "settings": block.settings}
        if lines:
            passed, begun = passed + len(block.lines), passed
            otherwise = {str(number): [line.text, line.source]
                         for number, line in enumerate(lines[begun:passed])
                         if line.shown != line.text}
            if otherwise:
                cell.metadata[KEY]["otherwise"] = otherwise
        cells.append(cell)
    whole = {"mark": marked, "newline": newline_of(text), "of": origin, "cells": len(blocks)}
    return new_notebook(cells=cells, metadata={
        "kernelspec": KERNEL, "language_info": LANGUAGE, KEY: whole})


@dataclass(frozen=True)
class Block:
    """A piece of a chapter's text that one cell shows.

    Attributes
    ----------
    kind : str
        "code", "markdown" or "raw", as Jupyter calls cells.
    text : str
        The piece with everything around it: fences, indentation, blank lines.
    label : str
        The label of a code cell, or nothing.
    settings : dict
        What Jupyter keeps beside the cell.
    """

    kind: str
    text: str
    label: str = ""
    settings: dict = field(default_factory=dict)

    @cached_property
    def lines(self) -> list[str]:
        return LINE.findall(self.text)

    @property
    def body(self) -> slice:
        """Which of the lines are shown."""
        lines = self.lines
        start, end = filled(lines, 0, len(lines))
        if self.kind == "code":
            start, end = filled(lines, start + 1, end - 1)
        return slice(start, end)

    @cached_property
    def indent(self) -> str:
        """What stands before the fence, below the text of a list item."""
        first = next((line for line in self.lines if line.strip()), "")
        return first[:-len(first.lstrip(" \t"))] if self.kind == "code" else ""

    @property
    def shown(self) -> str:
        """What the cell shows."""
        return "\n".join(self.visible(line) for line in self.lines[self.body])

    def visible(self, line: str) -> str:
        line = line.rstrip("\r\n")
        if line.startswith(self.indent):
            return line.removeprefix(self.indent)
        return line.lstrip(" \t")


def filled(lines: list[str], start: int, end: int) -> tuple[int, int]:
    """The range of lines without the blank ones at its ends."""
    while start < end and not lines[end - 1].strip():
        end -= 1
    while start < end and not lines[start].strip():
        start += 1
    return start, end


def blocks_of(text: str) -> list[Block]:
    """The pieces of a text that cells show; their texts, joined, are the text."""
    blocks: list[Block] = []
    for piece in split_source(text).pieces:
        if isinstance(piece, Cell) and piece.language == "python":
            blocks.append(Block("code", piece.text, str(piece.label or ""),
                                settings_of(piece.options)))
        elif isinstance(piece, FrontMatter):
            blocks.append(Block("raw", piece.text))
        elif blocks and (blocks[-1].kind == "markdown" or not piece.text.strip()):
            blocks[-1] = joined(blocks[-1], piece.text)
        else:
            blocks.append(Block("markdown", piece.text))
    if len(blocks) > 1 and not blocks[0].text.strip():
        blank = blocks.pop(0)
        blocks[0] = replace(blocks[0], text=blank.text + blocks[0].text)
    return blocks


def settings_of(options: Mapping[str, Any]) -> dict:
    """What Jupyter keeps beside a cell with these options."""
    tags = options.get("tags")
    tags = [str(tag) for tag in tags] if isinstance(tags, list) else []
    is_to_fail = not options.get("eval", True) or options.get("error")
    if is_to_fail and MAY_FAIL not in tags:
        tags.append(MAY_FAIL)
    slideshow = options.get("slideshow")
    return {**({"tags": tags} if tags else {}),
            **({"slideshow": slideshow} if isinstance(slideshow, dict) else {})}


def joined(block: Block, text: str) -> Block:
    return replace(block, text=block.text + text)


def cell_id(block: Block, place: int, taken: set[str]) -> str:
    """The cell's label where that can be an id, or else its place."""
    name = block.label if re.fullmatch(r"[\w-]{1,50}", block.label, re.ASCII) else ""
    name = name if name and name not in taken else f"cell-{place}"
    while name in taken:
        name += "-"
    taken.add(name)
    return name


def newline_of(text: str) -> str:
    """How most lines of a text end."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


# ------------------------------------------------------------------------ notebook to text

def text_of(notebook: dict, path: str | Path = "notebook") -> str:
    """The chapter that a notebook shows.

    Outputs are left out, and so are new cells without content. Where cells were added, moved or
    removed, one blank line stands between neighbours.

    Parameters
    ----------
    notebook : NotebookNode
        A notebook, of `notebook_of` or any other in Python.
    path : str or Path
        Its file, for messages.

    Returns
    -------
    str
        The text.

    Raises
    ------
    BookError
        The notebook is in another language, or holds a picture that was pasted into a cell.
    """
    metadata = notebook["metadata"]
    language = (metadata.get("language_info") or metadata.get("kernelspec") or {})
    language = in_a_line(language.get("language") or language.get("name") or "python")
    if not re.match(r"i?python", language, re.IGNORECASE):
        raise BookError([Problem(path, None, f"the notebook is in {language}: a chapter's cells "
                                 "are in Python")])
    complain_of_pictures(notebook["cells"], path)
    whole = metadata.get(KEY) or {}
    newline, before, text = whole.get("newline", "\n"), (whole.get("of"), -1), ""
    captions = captions_of(notebook["cells"])
    for number, cell in enumerate(notebook["cells"], start=1):
        remembered = cell["metadata"].get(KEY) or {}
        try:
            piece = "" if is_added(cell) else cell_text(
                cell, remembered, newline, captions.pop(remembered.get("place", NOWHERE), None))
        except NotOurs as error:
            raise BookError([Problem(path, None, f"cell {number} changes what {in_a_line(error)} "
                                     "says, which the chapter includes: edit that file")]) from None
        if not piece:
            continue
        here = remembered.get("of"), remembered.get("place", NOWHERE)
        neighbours = here == (before[0], before[1] + 1)
        text = text + piece if neighbours else set_apart(text, piece, newline)
        before = here
    for option, caption in captions.values():
        raise BookError([Problem(path, None, f"the caption \"{in_a_line(caption)}\" was edited, "
                                 f"whose cell is gone: edit its `{option}` in the chapter")])
    if text and before != (whole.get("of"), whole.get("cells", 0) - 1):
        text = ended(text, newline)
    return BYTE_ORDER_MARK * bool(whole.get("mark")) + text


def in_a_line(told: object) -> str:
    """What a notebook says, for a message."""
    line = " ".join(str(told).split())
    return line if len(line) <= 200 else f"{line[:200]}..."


def complain_of_pictures(cells: list[dict], path: str | Path) -> None:
    """A picture pasted into a cell lives in the notebook only: say so rather than lose it."""
    problems = []
    for number, cell in enumerate(cells, start=1):
        source, shown = cell["source"], (cell["metadata"].get(KEY) or {}).get("shown")
        for name in cell.get("attachments") or ():
            if f"attachment:{name}" in (written(shown, source) if shown else source):
                problems.append(Problem(path, None, f"cell {number} holds the pasted picture "
                                        f"{in_a_line(name)}, which a chapter cannot: save it as a "
                                        "file and refer to that"))
    if problems:
        raise BookError(problems)


class NotOurs(Exception):
    """A line was edited that stands in another file, which is named."""


def is_added(cell: dict) -> bool:
    """Has the notebook this cell beside those of the chapter?"""
    return (cell["metadata"].get(KEY) or {}).get("added") or (
        cell["cell_type"] == "code" and cell["source"].startswith(SET_UP))


def captions_of(cells: list[dict]) -> dict[int, tuple[str, str]]:
    """The captions below cells that were edited: the cell's place, its option and the caption."""
    found = {}
    for cell in cells:
        told = cell["metadata"].get(KEY) or {}
        if {"under", "option", "shown"} <= told.keys() and cell["source"] != shown_in(
                told["shown"]) and cell["source"].strip():
            found[told["under"]] = told["option"], " ".join(
                written(told["shown"], cell["source"]).split())
    return found


def cell_text(cell: dict, remembered: dict, newline: str,
              caption: tuple[str, str] | None = None) -> str:
    """What a cell puts into the chapter; nothing for a new cell without content."""
    kind, source = cell["cell_type"], re.sub(r"\r\n?", "\n", cell["source"])
    if "shown" in remembered:
        source = written(remembered["shown"], source)
        kind = remembered.get("kind", kind) if kind == "markdown" else kind   # shown as a title
    if kind == "code":
        source = with_settings(source, remembered.get("settings") or {}, cell["metadata"])
        if caption:
            option, text = caption
            source = with_option(source, option, json.dumps(text, ensure_ascii=False))
    if remembered.get("kind") == kind:
        return edited(Block(kind, remembered["text"]), source, newline,
                      remembered.get("otherwise") or {})
    if not source.strip():
        return ""
    if kind == "code":
        return edited(Block("code", f"```{{python}}{newline}```{newline}"), source, newline, {})
    metadata = cell["metadata"]
    raw = RAW_FORMATS.get(metadata.get("format") or metadata.get("raw_mimetype"))
    if kind == "raw" and raw:
        return edited(Block("code", f"```{{={raw}}}{newline}```{newline}"), source, newline, {})
    return edited(Block(kind, ""), source, newline, {})


def with_settings(source: str, before: dict, metadata: dict) -> str:
    """A cell's source with the settings as options that Jupyter changed beside it."""
    for name in SETTINGS:
        value = json.loads(json.dumps(metadata.get(name)))      # plain lists and dictionaries
        if (value or None) == (before.get(name) or None):
            continue
        if name == "tags" and MAY_FAIL in before.get(name, ()):     # as its options say
            value = [tag for tag in value or () if tag != MAY_FAIL]
        flow = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9)
        source = with_option(source, name, flow.strip() if value else "")
    return source


def with_option(source: str, name: str, value: str) -> str:
    """A cell's source with an option in the place of the one of that name, or without it."""
    line = f"#| {name}: {value}\n" if value else ""
    old = re.search(rf"#\|[ \t]*{name}[ \t]*:.*(?:\n#\|(?:[ \t]{{2,}}|[ \t]*-).*)*\n?", source)
    start, end = old.span() if old else [len(OPTION_LINES.findall(source)[0])] * 2
    return source[:start] + line + source[end:]


def edited(block: Block, source: str, newline: str, otherwise: Mapping[str, Any]) -> str:
    """A block's text, showing `source`; lines that did not change stay as they are written.

    `otherwise` has, by their numbers, the lines that are written otherwise than they are shown,
    each with the file that it stands in, if that is another one.

    Raises
    ------
    NotOurs
        If a line of another file was edited.
    """
    lines, body = block.lines, block.body
    written = [otherwise.get(str(number), [line])[0] for number, line in enumerate(lines)]
    if source == block.shown:
        return "".join(written)
    if block.kind != "code" and not source.strip() and not otherwise:
        return ""
    head, old, tail = written[:body.start], written[body], written[body.stop:]
    wanted: list[str] = source.split("\n")
    new: list[str] = []
    matcher = SequenceMatcher(None, [block.visible(line) for line in lines[body]], wanted,
                              autojunk=False)
    for change, start, end, first, last in matcher.get_opcodes():
        if change != "equal":
            complain_of_others(otherwise, body.start + start, body.start + end)
        new += old[start:end] if change == "equal" else [
            f"{block.indent if line else ''}{line}{newline}" for line in wanted[first:last]]
    if block.kind == "code":
        head, tail = around(source, head, tail)
    text = "".join(line if line.endswith("\n") else line.rstrip("\r") + newline
                   for line in head + new + tail if line)
    unfinished = lines and not lines[-1].endswith(("\n", "\r"))
    return text.removesuffix(newline) if unfinished else text


def complain_of_others(otherwise: Mapping[str, Any], start: int, end: int) -> None:
    """Raise NotOurs if one of these lines stands in another file; if there are none, if the place
    between two does."""
    for number in range(start, end):
        if other := otherwise.get(str(number), ["", ""])[1]:
            raise NotOurs(other)
    text, other = otherwise.get(str(start), ["", ""])
    if start == end and other and not text:
        raise NotOurs(other)


def around(source: str, head: list[str], tail: list[str]) -> tuple[list[str], list[str]]:
    """The lines around a cell's code, with fences that no line of the code can close."""
    fence, *_ = re.findall("`+", "".join(head))
    inside = re.findall(r"^[ \t]*(`{3,})[ \t]*$", source, re.MULTILINE)
    if fence not in inside:
        return head, tail
    longer = "`" * (max(map(len, inside)) + 1)
    return ([line.replace(fence, longer, 1) for line in head],
            [line.replace(fence, longer, 1) for line in tail])


def set_apart(text: str, piece: str, newline: str) -> str:
    """A piece below a text, with one blank line between them."""
    lines = LINE.findall(piece)
    start, _ = filled(lines, 0, len(lines))
    piece = "".join(lines[start:])
    return ended(text, newline) + newline + piece if text.strip() else piece


def ended(text: str, newline: str) -> str:
    """A text without blank lines at its end, the last line complete."""
    lines = LINE.findall(text)
    lines = lines[:filled(lines, 0, len(lines))[1]]
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines.append(newline)
    return "".join(lines)
