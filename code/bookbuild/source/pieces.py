"""A page's text in pieces: front matter, prose with values in its lines, and cells.

Nothing is lost: the pieces' texts, joined, are the text that was split.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bookbuild.say import Problem


@dataclass(frozen=True, eq=False)
class FrontMatter:
    """The YAML block (or the bare byte-order mark) that a chapter begins with."""

    text: str
    data: dict


@dataclass(frozen=True, eq=False)
class InlineCode:
    """A `{python}` expression in a line of prose.

    Attributes
    ----------
    path, line
        The file and its line.
    expression : str
        The Python expression.
    start, end : int
        Where it stands in the text of its piece, backticks included.
    """

    path: str
    line: int
    expression: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Prose:
    """Text between cells, and the expressions in it."""

    text: str
    line: int
    inline: tuple[InlineCode, ...] = ()

    def substitute(self, values: Sequence[str]) -> str:
        """The text with a value in the place of each expression, in order."""
        parts, position = [], 0
        for code, value in zip(self.inline, values, strict=True):
            parts += [self.text[position:code.start], value]
            position = code.end
        return "".join(parts) + self.text[position:]


@dataclass(frozen=True, eq=False)
class Cell:
    """An executable block of code.

    Attributes
    ----------
    text : str
        The block as written: fences, options, indentation.
    path, line
        The file, and the line of the opening fence.
    indent : str
        What stands before the fence, below the text of a list item.
    language : str
        "python", or one that the built-in press doesn't run.
    options : dict
        The `#| key: value` options by name.
    option_lines : dict
        The line of each option.
    option_source : tuple of str
        The option lines as written, without indentation.
    code : str
        The code without options, indentation and blank lines around it.
    code_line : int
        The line of the code's first line.
    """

    text: str
    path: str
    line: int
    indent: str
    language: str
    options: dict = field(default_factory=dict)
    option_lines: dict[str, int] = field(default_factory=dict)
    option_source: tuple[str, ...] = ()
    code: str = ""
    code_line: int = 0

    @property
    def label(self) -> str | None:
        return self.options.get("label")


Piece = FrontMatter | Prose | Cell
Unit = Cell | InlineCode


def python_of(unit: Unit) -> str:
    """The code of a cell or an expression."""
    return unit.code if isinstance(unit, Cell) else unit.expression


@dataclass(frozen=True, eq=False)
class SplitText:
    """A chapter's text in pieces.

    Attributes
    ----------
    pieces : tuple of FrontMatter, Prose and Cell
        Their texts, joined, are the chapter's text.
    problems : tuple of Problem
        What is wrong with them, or beyond the built-in press.
    """

    pieces: tuple[Piece, ...]
    problems: tuple[Problem, ...]

    @property
    def metadata(self) -> dict:
        """The front matter's data, empty where there is none."""
        first = self.pieces[0] if self.pieces else None
        return first.data if isinstance(first, FrontMatter) else {}

    @property
    def units(self) -> list[Unit]:
        """What runs: Python cells and expressions, in the order of the text."""
        units: list[Unit] = []
        for piece in self.pieces:
            if isinstance(piece, Prose):
                units += piece.inline
            elif isinstance(piece, Cell) and piece.language == "python":
                units.append(piece)
        return units
