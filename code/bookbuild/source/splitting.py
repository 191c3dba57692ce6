"""Splitting a page's text into its pieces, in one pass."""

import re
import tokenize
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from token import STRING

from bookbuild.say import BookError, Problem
from bookbuild.source.fences import CELL_INFO, SHOWN_INFO, regions
from bookbuild.source.pieces import Cell, FrontMatter, InlineCode, Piece, Prose, SplitText
from bookbuild.source.verdicts import mistake
from bookbuild.source.vocabulary import CELL, EXPRESSION, LANGUAGE
from bookbuild.source.yaml_lines import load_yaml

FRONT_MATTER = re.compile(r"\ufeff?(?:[ \t\r]*\n)*---[ \t]*\r?\n(?![ \t]*\r?\n)(?P<yaml>(?:.*\n)*?)"
                          r"(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)|\ufeff")
UNCLOSED = re.compile(r"\ufeff?---[ \t\r]*+\n(?:[\w-]++:(?:[ \t\r][^\n]*+)?\n)++[ \t\r]*+\n")
INLINE = re.compile(r"\{(?P<language>[A-Za-z]\w*)\}\s+(?P<expression>.*)", re.DOTALL)
LIST_ITEM = re.compile(r" *(?:[-+*:]|\(?\w{1,9}[.)]|\(?@[\w-]*\)) +")
SHOWN_CELL = re.compile(r"^[ \t]*`{3,}[ \t]*\{python[ \t,}]", re.MULTILINE)
OPTION = re.compile(r"#\s*\| ?")
Origin = Callable[[int], tuple[str, int]]       # the file and line behind a line of a text


def split_source(text: str, path: str | PurePath = "", origin: Origin | None = None) -> SplitText:
    """Split a chapter's text into front matter, prose and cells.

    Cells are fenced with backticks, at the margin or below the text of a list item. Those
    shown inside other code blocks or commented out are not cells.

    Parameters
    ----------
    text : str
        Any text.
    path : str or PurePath
        Its file, for messages.
    origin : callable, optional
        Gives the file and line that a line of the text came from (included files); lines
        of the text itself by default.

    Returns
    -------
    SplitText
        The pieces, and what is wrong with them; never an exception.
    """
    return _Splitter(text, origin or (lambda line: (str(path), line))).split()


class _Splitter:
    """One pass over a text, collecting pieces and problems."""

    def __init__(self, text: str, origin: Origin) -> None:
        self.text, self.origin = text, origin
        self.pieces: list[Piece] = []
        self.inline: list[InlineCode] = []
        self.problems: list[Problem] = []
        self.below: dict[tuple[int, str], bool] = {}        # cells, and what `below_item` said
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def split(self) -> SplitText:
        prose_start = self.front_matter()
        for token, closing in regions(self.text, prose_start):
            if closing is None:
                self.complain(token.start("fence"), "the code block that begins here is never "
                              f"closed: end it with {token['fence']} under its first line")
            elif token["ticks"]:
                self.inline_code(token.start(), closing.end(), len(token["ticks"]), prose_start)
            elif info := self.cell_info(token, closing):
                self.prose(prose_start, token.start())
                prose_start = closing.end()
                self.cell(token, closing, info)
        self.prose(prose_start, len(self.text))
        return SplitText(tuple(self.pieces), tuple(self.problems))

    def line(self, position: int) -> int:
        return bisect_left(self.breaks, position) + 1

    def complain(self, position: int, message: str) -> None:
        self.problems.append(Problem(*self.origin(self.line(position)), message))

    def front_matter(self) -> int:
        match = FRONT_MATTER.match(self.text)
        if not match:
            if UNCLOSED.match(self.text):
                self.complain(0, "the front matter is never closed: end it with a line of ---")
            return 0
        data: dict = {}
        if match["yaml"]:
            path, line = self.origin(self.line(match.start("yaml")))
            try:
                data, _ = load_yaml(match["yaml"], path, line)
            except BookError as error:
                self.problems += error.problems
        self.pieces.append(FrontMatter(match[0], data))
        return match.end()

    def prose(self, start: int, end: int) -> None:
        if start < end:
            inline, self.inline = tuple(self.inline), []
            self.pieces.append(Prose(self.text[start:end], self.line(start), inline))

    def inline_code(self, start: int, end: int, ticks: int, prose_start: int) -> None:
        match = INLINE.match(self.text[start + 1:end - 1]) if ticks == 1 else None
        if not match:
            return
        path, line = self.origin(self.line(start))
        if found := mistake(EXPRESSION, match["language"]):
            self.problems.append(Problem(path, line, *found))
        elif "\n" in match[0]:
            self.complain(start, "an expression in the text must stand on one line")
        else:
            self.inline.append(InlineCode(path, line, match["expression"].strip(),
                                          start - prose_start, end - prose_start))

    def cell_info(self, token: re.Match, closing: re.Match) -> re.Match | None:
        """The language and attributes of a cell; complains of what only looks like one."""
        given, position = token["info"].strip(), token.start("fence")
        info = CELL_INFO.fullmatch(given)
        if given.startswith("{{") and not SHOWN_INFO.fullmatch(given):
            self.complain(position, "Quarto runs the lines of this block together: write "
                          "{{python}} alone behind the fence")
        elif not info:
            inner = SHOWN_CELL.search(self.text, token.end(), closing.start())
            if inner:
                self.complain(inner.start(), "Quarto runs a cell even inside "
                              "another code block: write {{python}} to show one")
        elif token["lead"].strip():
            self.complain(position, "a cell can't begin beside a list's or a quotation's mark: "
                          "put it on a line of its own")
        elif token["fence"].startswith("~"):
            self.complain(position, "a cell is fenced with ``` and not with ~~~")
        else:
            return info
        return None

    def cell(self, token: re.Match, closing: re.Match, info: re.Match) -> None:
        path, line = self.origin(self.line(token.start()))
        text, indent, language = self.text[token.start():closing.end()], token["lead"], info[1]
        if indent and not self.below_item(token.start(), indent):
            self.complain(token.start(), f"the cell is indented by {len(indent)} but stands in no "
                          "list item whose text begins there: align it with the item's text")
        if found := mistake(LANGUAGE, language):
            self.pieces.append(Cell(text, path, line, indent, language))
            self.problems.append(Problem(path, line, *found))
            return
        if info["attributes"]:
            self.complain(token.start(), f"`{info['attributes'].strip()}` in the braces has no "
                          "effect: write options as `#| key: value` lines")
        body = self.text[token.end():closing.start()]
        self.pieces.append(self.python_cell(text, path, line, indent, body))

    def below_item(self, position: int, indent: str) -> bool:
        """Whether what begins here belongs to a list item whose text has its indentation."""
        found = self.below[position, indent] = self._item_above(position, indent)
        return found

    def _item_above(self, position: int, indent: str) -> bool:
        end, width, lower = position, len(indent.expandtabs(4)), False
        while end > 0:
            start = self.text.rfind("\n", 0, end - 1) + 1
            line, end = self.text[start:end].rstrip().expandtabs(4), start
            item = LIST_ITEM.match(line)
            if item and item.end() == width:
                return True
            if (end, indent) in self.below:
                return self.below[end, indent]
            if lower and not line:
                return False
            lower = bool(line) and not line.startswith(" " * width)  # perhaps a paragraph goes on
        return False

    def python_cell(self, text: str, path: str, line: int, indent: str, body: str) -> Cell:
        lines = [row[len(indent):] if row.startswith(indent) else row.lstrip(" \t")
                 for row in body.replace("\r\n", "\n").removesuffix("\n").split("\n")]
        first = next((i for i, row in enumerate(lines) if row.strip()), len(lines))
        end = next((i for i, row in enumerate(lines[first:], first) if not OPTION.match(row)),
                   len(lines))
        options, option_lines = self.options(lines[first:end], path, line + 1 + first)
        code = lines[end:]
        below = [number for number, row in enumerate(code) if re.match(r"#\| ?[\w-]+:", row)]
        for number in set(below).difference(in_strings(code) if below else ()):
            self.problems.append(Problem(path, line + 1 + end + number, "an option below the first "
                                         "line of code has no effect: move it to the cell's top"))
        while code and not code[0].strip():
            end, code = end + 1, code[1:]
        return Cell(text, path, line, indent, "python", options, option_lines,
                    tuple(lines[first:end]) if options else (), "\n".join(code).rstrip(),
                    line + 1 + end)

    def options(self, rows: list[str], path: str, line: int) -> tuple[dict, dict[str, int]]:
        if not rows:
            return {}, {}
        try:
            options, lines = load_yaml("\n".join(OPTION.sub("", row, count=1) for row in rows),
                                       path, line)
        except BookError as error:
            self.problems += error.problems
            return {}, {}
        option_lines = {key[0]: number for key, number in lines.items() if len(key) == 1}
        for name, value in list(options.items()):
            found = mistake(CELL, name, value) or _clash(name, options)
            if not found:
                continue
            problem = Problem(path, option_lines.get(str(name), line), *found)
            self.problems.append(problem)
            if problem.stops == "both":
                del options[name]       # it is told, and would only trip those who read on
        return options, option_lines


def in_strings(code: list[str]) -> set[int]:
    """The lines of code that begin within a string; all, where a magic takes the cell as text."""
    if next((row for row in code if row.strip()), "").startswith("%%"):
        return set(range(len(code)))
    found: set[int] = set()
    kinds = [STRING, getattr(tokenize, "FSTRING_MIDDLE", STRING)]
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(iter([f"{row}\n" for row in code]).__next__):
            if token.type in kinds:
                found.update(range(token.start[0], token.end[0]))
    return found


def _clash(name: str, options: dict) -> tuple[str] | None:
    """What is wrong with an option beside the cell's label, as `Problem` takes it."""
    label = str(options.get("label", ""))
    if name == "label" and label.startswith("lst-"):
        return f"label the code with `lst-label: {label}` and `lst-cap`",
    if name == "label" and re.fullmatch(r"cell-\d+", label):
        return f"`{label}` is what the press calls a cell without a label: choose another name",
    if name == "fig-cap" and label.startswith("fig-") and isinstance(options[name], list):
        return "a labelled figure takes one text in `fig-cap`: put the list into `fig-subcap`",
    return None
