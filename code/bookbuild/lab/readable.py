"""A chapter's cells as a reader likes to see them, and what was written in their place.

Callouts become quotations, references and values words, captions lines under figures; Quarto's
attributes and the options of cells are not shown. A cell remembers how in `segments`: pieces of
text that are shown as they are written, and others (see `segments`).
"""

import base64
import mimetypes
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from bookbuild.document import (CALLOUT_KINDS, FLOAT_KINDS, THEOREM_KINDS, UNNUMBERED_KINDS, Words,
                                letters, prefix, written_citations)
from bookbuild.lab.notebook import KEY, OPTION_LINES
from bookbuild.lab.segments import BLOCK, FIXED, LINE, WORD, shown_in, written_in
from bookbuild.source import Cell, FrontMatter, Prose, split_source, without_code

FENCE = re.compile(r"[ \t]*+:{3,}+[ \t]*+(?P<attributes>\{[^}\n]*+\}|[\w-]++)?+[ \t]*+:*+[ \t]*+$")
HEADING_END = r"[ \t]*+(?:\{[^{}\n]*+\})?+[ \t]*+#*+$"
HEADING = re.compile(r"[ \t]*+(?P<marks>#{1,6}+)[ \t]++"
                     rf"(?P<text>(?:(?!{HEADING_END})(?:[ \t]++|#++|.))*+)"
                     r"[ \t]*+(?P<attributes>\{[^{}\n]*+\})?+.*+", re.MULTILINE)
TITLE_BELOW = re.compile(rf"\n(?:[ \t]*+\n)*+{HEADING.pattern}", re.MULTILINE)
CODE_FENCE = re.compile(r"[ \t>]*+(?:`{3,}+|~{3,}+)[ \t]*+"
                        r"(?P<info>\{++\.?(?P<language>[\w+-]++)[^}\n]*+\}++)$")
ATTRIBUTES = re.compile(r"(?<=[\])`$])[ \t]*(?P<attributes>\{[#.][^{}\n]*\})")
FORMULA_END = re.compile(r"\$\$[ \t]*+\{#(?P<label>eq-[\w-]++)[^{}\n]*+\}")
CAPTION = re.compile(
    r"(?P<mark>(?:Table)?:[ \t]++)(?:(?![ \t]*+\{#tbl-)(?:[ \t]++|.))*+"
    r"(?P<attributes>[ \t]*+\{#(?P<label>tbl-[\w-]++)[^}\n]*+\}(?=[ \t]*+$))?")
PICTURE = re.compile(r"!\[(?P<caption>(?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]"
                     r"\((?P<path>[^()\s]+)(?P<title>[ \t]+\"[^\"\n]*\")?\)"
                     r"(?P<attributes>\{[^{}\n]*\})?")
LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<address>[^()\s]+)\)")
TITLE = re.compile(r"(?<![\w-])(?:title|name)=\"([^\"]*)\"")
ALT = re.compile(r"(?<![\w-])(?:fig-alt|alt)=\"([^\"]*)\"")
FOLDED = re.compile(r"(?<![\w-])collapse=[\"']?true")
SHOWN_IN = re.compile(r"when-format=[\"']?([\w:]+)")
LONGEST_SPAN = 1000         # whose brackets are found
CAPTIONS = ("fig-cap", "tbl-cap", "lst-cap")


# ------------------------------------------------------------------------------ to be read

def make_readable(notebook: NotebookNode, words: Words, folder: Path) -> None:
    """Let a chapter's notebook be read by who does not know Quarto.

    Parameters
    ----------
    notebook : NotebookNode
        As `notebook_of` makes it; its cells are changed.
    words : Words
        What the chapter's references and expressions say.
    folder : Path
        The chapter's; from it pictures are named, which cells then hold.
    """
    reader = Reader(words, folder)
    cells = []
    for cell in notebook.cells:
        told = cell.metadata[KEY]
        segments = list(reader.cell(cell))
        if any(isinstance(each, list) for each in segments):
            told["shown"], cell.source = segments, shown_in(segments)
            cell.cell_type = "code" if told["kind"] == "code" else "markdown"   # of raw, the title
        cells.append(cell)
        if cell.cell_type == "code":
            options = options_of(written_in(segments))
            cells += reader.captions(options, told["place"])
            hidden = {"source_hidden": options.get("echo") is False,
                      "outputs_hidden": options.get("include") is False}
            hidden["source_hidden"] |= hidden["outputs_hidden"]
            if any(hidden.values()):
                cell.metadata["jupyter"] = hidden
    notebook.cells = cells


def options_of(code: str) -> dict:
    """The options of a code cell."""
    piece, *_ = split_source(f"```````{{python}}\n{code}\n```````\n").pieces
    return piece.options if isinstance(piece, Cell) else {}


class Reader:
    """Goes through the cells of a chapter, and through the blocks that reach over several."""

    def __init__(self, words: Words, folder: Path) -> None:
        self.words, self.folder = words, folder
        self.citations, self.names = dict(words.citations), dict(words.names)
        self.numbers = [*words.headings]
        self.values = iter(words.values)
        self.open: list[tuple[int, str, str]] = []      # blocks: number, the lines' prefix, an end
        self.blocks = 0
        self.hidden: int | None = None      # how many blocks were open before one not to be seen

    def cell(self, cell: NotebookNode) -> Iterator[str | list]:
        """The segments of a cell."""
        source, kind = cell.source, cell.metadata[KEY]["kind"]
        if kind == "code":
            options = OPTION_LINES.findall(source + "\n")[0][:len(source)]
            return iter([["", options, FIXED], source[len(options):]] if options else [source])
        if kind == "raw":
            title = self.front_title(source)
            return iter([[f"# {title}", source, FIXED]] if title else [source])
        marks, attachments = Marks(self, source).found()
        if attachments:
            cell.attachments = attachments
        return segments_of(source, marks)

    def front_title(self, source: str) -> str:
        piece = next(iter(split_source(source + "\n").pieces), None)
        title = str(piece.data.get("title") or "") if isinstance(piece, FrontMatter) else ""
        return title and " ".join(filter(None, [self.number_of(1, title), title]))

    def number_of(self, level: int, title: str) -> str:
        """The number of the next heading with a text."""
        wanted = level, letters(title)
        for place, (*known, number) in enumerate(self.numbers):
            if tuple(known) == wanted:
                del self.numbers[:place + 1]
                return number
        return ""

    def name_of(self, label: str) -> str:
        return self.names.get(label, "")

    def captions(self, options: dict, place: int) -> list[NotebookNode]:
        """The cell under a code cell's output that says what is shown."""
        option = next((name for name in CAPTIONS if options.get(name)), "")
        given = options.get(option)
        if not option or (isinstance(given, list) and len(given) != 1):
            return []
        given = str(given[0] if isinstance(given, list) else given)
        label = str(options.get("lst-label" if option == "lst-cap" else "label") or "")
        name = self.name_of(label)
        inner = list(segments_of(given, Marks(self, given).found()[0]))
        segments = [[f"**{name}:** ", "", FIXED] if name else ["", "", FIXED], *inner]
        cell = new_markdown_cell(shown_in(segments))
        cell.id = f"caption-{place}"
        cell.metadata[KEY] = {"added": True, "shown": segments, "under": place, "option": option}
        return [cell]


class Marks:
    """What of a Markdown cell is shown otherwise than it is written, found in one pass.

    Parameters
    ----------
    reader : Reader
    source : str
        The cell as Quarto has it.
    """

    def __init__(self, reader: Reader, source: str) -> None:
        self.reader, self.source = reader, source
        self.prose = without_code(source)
        self.marks: list[tuple[int, int, str, int]] = []        # start, end, shown, kind
        self.covered = bytearray(len(source))                   # what is shown otherwise
        self.title_end = 0                                      # of the block that began last
        self.attachments: dict[str, dict] = {}

    def found(self) -> tuple[list, dict]:
        self.values()
        for match in LINE.finditer(self.prose):
            self.line(match.start(), match[0].rstrip("\n"))
        for each in (self.pictures, self.formulas, self.citations, self.attributes, self.links):
            each()
        return self.marks, self.attachments

    def mark(self, start: int, end: int, shown: str, kind: int = FIXED) -> None:
        """Show something else, unless a part of it is shown otherwise already."""
        if 1 not in self.covered[start:end]:
            self.covered[start:end] = b"\1" * (end - start)
            self.marks.append((start, end, shown, kind))

    # ---------------------------------------------------------------------- lines and blocks

    @property
    def prefix(self) -> str:
        return "".join(prefix for _, prefix, _ in self.reader.open)

    def line(self, start: int, line: str) -> None:
        reader, end = self.reader, start + len(line)
        if (fence := FENCE.match(line)) and (fence["attributes"] or reader.open):
            self.close(start, end) if not fence["attributes"] else self.begin(start, end, fence)
            return
        if reader.hidden is not None:
            self.marks.append((start, min(end + 1, len(self.source)), "", FIXED))
            return
        if start < self.title_end:
            return
        if self.prefix:
            self.mark(start, start, self.prefix if line.strip() else self.prefix.rstrip())
        if heading := HEADING.match(line):
            self.heading(start, heading)
        elif code := CODE_FENCE.match(self.source[start:end]):
            self.mark(start + code.start("info"), start + code.end("info"), code["language"])
        elif (caption := CAPTION.match(line)) and (caption["label"] or self.is_table(start)):
            self.caption(start, caption)

    def begin(self, start: int, end: int, fence: re.Match) -> None:
        """A block: a title in the place of its fence and the heading below."""
        reader = self.reader
        given = fence["attributes"]
        given = given if given.startswith("{") else f"{{.{given}}}"
        number, reader.blocks = reader.blocks, reader.blocks + 1
        callout = next((kind for kind in CALLOUT_KINDS if f".callout-{kind}" in given), "")
        label = (re.search(r"#([\w-]+)", given) or ["", ""])[1]
        known = THEOREM_KINDS.get(prefix(label)) or next(
            (word for kind, word in UNNUMBERED_KINDS.items() if f".{kind}" in given), "")
        name = (callout or known) and (reader.name_of(label) or callout.capitalize() or known)
        outer = self.prefix
        inner = "> " if callout or ".callout" in given else ""
        folds = callout and FOLDED.search(given) and start in self.closed
        ending = "</details>" if folds else "∎" if known == "Proof" else (
            label if prefix(label) in FLOAT_KINDS else "")
        if reader.hidden is None and is_elsewhere(given):
            reader.hidden = len(reader.open)
        reader.open.append((number, inner, ending))
        if reader.hidden is not None or not (name or inner):
            self.mark(start, min(end + 1, len(self.source)), "", BLOCK + number)
            return
        heading = TITLE_BELOW.match(self.prose, end)
        titled = (TITLE.search(given) or ["", ""])[1]
        before, between, after = self.around(name, bool(heading or titled), bool(callout))
        if folds:
            before, between, after = "<details><summary><b>", "" if heading else name, (
                "</b></summary>")
        gap = "" if self.is_blank_above(start) else f"{outer}\n".lstrip(" ")
        if heading:
            self.mark(start, heading.start("text"), f"{gap}{outer}{inner}{before}{between}",
                      BLOCK + number)
            start, end = heading.end("text"), heading.end()
            shown, self.title_end = after, end
        else:
            shown = f"{gap}{outer}{inner}{before}{between}{titled}{after}"
        if not self.is_blank_below(end):
            shown += f"\n{outer}{inner}".rstrip()
        self.mark(start, end, shown, FIXED if heading else BLOCK + number)

    @cached_property
    def closed(self) -> set[int]:
        """Where the blocks begin that are closed in the same cell."""
        waiting, found = [], set()
        for line in LINE.finditer(self.prose):
            if fence := FENCE.match(line[0].rstrip("\n")):
                if fence["attributes"]:
                    waiting.append(line.start())
                elif waiting:
                    found.add(waiting.pop())
        return found

    @staticmethod
    def around(name: str, is_titled: bool, is_callout: bool) -> tuple[str, str, str]:
        """What stands before a block's title and after it."""
        if is_callout or not name:
            return f"**{name}", ": " if is_titled and name else "", "**"
        return f"**{name}", " (" if is_titled else "", ").**" if is_titled else ".**"

    def close(self, start: int, end: int) -> None:
        reader = self.reader
        number, inner, ending = reader.open.pop()
        after = min(end + 1, len(self.source))
        if reader.hidden is not None:
            reader.hidden = None if reader.hidden == len(reader.open) else reader.hidden
        elif name := reader.name_of(ending):
            last = self.source.rfind("\n\n", 0, max(start - 2, 0))
            last = last + 2 if last >= 0 else 0
            self.mark(last, last, f"**{name}:** ")
        elif ending in ("∎", "</details>"):
            outer = self.prefix + inner
            gap = "" if ending == "∎" or self.is_blank_above(start) else f"{outer.rstrip()}\n"
            self.mark(start, end, gap + outer + ending, BLOCK + number)
            return
        if after == end and start:      # no line is left to end the one above
            start -= 1
        gap = "" if self.is_blank_below(end) else f"{self.prefix.rstrip()}\n"
        self.mark(start, after, gap, BLOCK + number)

    def heading(self, start: int, found: re.Match) -> None:
        number = self.reader.number_of(len(found["marks"]), found["text"])
        if number:
            self.mark(start + found.start("text"), start + found.start("text"), f"{number} ")
        if found["attributes"]:
            self.mark(start + found.end("text"), start + found.end("attributes"), "")

    def caption(self, start: int, found: re.Match) -> None:
        name = self.reader.name_of(found["label"] or "")
        gap = "" if self.is_blank_above(start) else f"{self.prefix}\n"
        self.mark(start, start + found.end("mark"), f"{gap}**{name}:** " if name else gap)
        if found["label"]:
            self.mark(start + found.start("attributes"), start + found.end("attributes"), "")

    def is_table(self, start: int) -> bool:
        """Does a table end above this line?"""
        above = self.line_above(start)
        return (above or self.line_above(start - 1)).lstrip(" >").startswith("|")

    def line_above(self, start: int) -> str:
        return self.source[self.source.rfind("\n", 0, max(start - 1, 0)) + 1:max(start - 1, 0)]

    def is_blank_above(self, start: int) -> bool:
        return not self.line_above(start).strip(" \t:")

    def is_blank_below(self, end: int) -> bool:
        after = self.source.find("\n", end + 1)
        below = self.source[end + 1:after if after >= 0 else None]
        return not below.strip() or bool(FENCE.match(below)) and "{" not in below

    # ---------------------------------------------------------------------------- in lines

    def values(self) -> None:
        """The values of expressions."""
        position = 0
        for piece in split_source(self.source).pieces:
            for code in piece.inline if isinstance(piece, Prose) else ():
                value = next(self.reader.values, None)
                self.mark(position + code.start, position + code.end,
                          f"`{code.expression}`" if value is None else value, WORD)
            position += len(piece.text)

    def citations(self) -> None:
        for found in written_citations(self.prose):
            shown = self.reader.citations.get(self.source[found.start():found.end()])
            if shown:
                self.mark(*found.span(), " ".join(shown.split()), WORD)

    def formulas(self) -> None:
        for found in FORMULA_END.finditer(self.prose):
            number = self.reader.name_of(found["label"]).rpartition(" ")[2]
            self.mark(found.start(), found.start(), rf"\tag{{{number}}} " if number else "")
            self.mark(found.start() + 2, found.end(), "")

    def pictures(self) -> None:
        """Pictures are held by the cell, and have their caption below."""
        for found in PICTURE.finditer(self.prose):
            path, given = found["path"], found["attributes"] or ""
            if self.hold(path):
                path = f"attachment:{Path(path).name}"
            label = (re.search(r"#([\w-]+)", given) or ["", ""])[1]
            name, alone = self.reader.name_of(label), self.is_alone(found)
            alt = (ALT.search(given) or ["", found["caption"]])[1]
            shown = f"![{alt}]({path}{found['title'] or ''})"
            if alone and found["caption"]:
                told = shown_in([*segments_of(found["caption"], self.words_in(found["caption"]))])
                gap = f"\n{self.prefix.rstrip()}\n{self.prefix}"
                shown += gap + (f"**{name}:** {told}" if name else f"*{told}*")
            self.mark(*found.span(), shown)

    def words_in(self, caption: str) -> list:
        inner = Marks(self.reader, caption)
        inner.citations()
        inner.links()
        return inner.marks

    def hold(self, path: str) -> bool:
        """Let the cell hold a picture that stands in a file of the book."""
        kind = mimetypes.guess_type(path)[0] or ""
        file = self.reader.folder / path
        if re.match(r"\w+:", path) or not kind.startswith("image/") or not file.is_file():
            return False
        self.attachments[file.name] = {kind: base64.b64encode(file.read_bytes()).decode()}
        return True

    def is_alone(self, found: re.Match) -> bool:
        start = self.source.rfind("\n", 0, found.start()) + 1
        end = self.source.find("\n", found.end())
        return self.source[start:end if end >= 0 else None].strip() == found[0]

    def attributes(self) -> None:
        """Attributes, and the brackets of spans, of which nothing else is left."""
        for found in ATTRIBUTES.finditer(self.prose):
            self.mark(*found.span(), "")
            end = found.start()
            if self.prose[end - 1] == "]" and found["attributes"] == found[0]:
                start = opening(self.prose, end - 1)
                if start is not None:
                    self.mark(start, start + 1, "")
                    self.mark(end - 1, end, "")

    def links(self) -> None:
        """Links to pages of the book lead to the published one; without it, they are words."""
        for found in LINK.finditer(self.prose):
            address = self.reader.words.address(found["address"])
            if address:
                self.mark(*found.span("address"), address)
            elif address == "" and is_page(found["address"]):
                self.mark(found.start(), found.start("text"), "")
                self.mark(found.end("text"), found.end(), "")


def is_elsewhere(attributes: str) -> bool:
    """Is this a block for other formats than a notebook, which shows what plain HTML does?"""
    formats = SHOWN_IN.findall(attributes)
    if ".content-visible" in attributes:
        return bool(formats) and not {"html", "ipynb"} & {*formats}
    return ".content-hidden" in attributes and bool({"html", "ipynb"} & {*formats})


def is_page(address: str) -> bool:
    return address.startswith("#") or address.partition("#")[0].endswith((".qmd", ".md"))


def opening(prose: str, end: int) -> int | None:
    """Where the bracket opens that is closed here."""
    depth = 0
    for place in range(end, max(end - LONGEST_SPAN, -1), -1):
        depth += {"]": 1, "[": -1}.get(prose[place], 0)
        if depth == 0:
            return place
    return None


def segments_of(source: str, marks: list[tuple[int, int, str, int]]) -> Iterator[str | list]:
    """A text in segments, of which none has a line's end but at its own."""
    position = 0
    for start, end, shown, kind in sorted(marks, key=lambda mark: (mark[0], mark[0] < mark[1],
                                                                   -mark[1])):
        if start < position:        # within what is shown otherwise
            continue
        if start > position:
            yield source[position:start]
        first, *more = LINE.findall(shown) or [""]
        yield [first, source[start:end], kind]
        yield from ([line, "", FIXED] for line in more)
        position = end
    if position < len(source):
        yield source[position:]
