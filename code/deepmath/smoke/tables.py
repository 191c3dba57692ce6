"""Tables of text, read so that a mistake in them has a file, a line and a column."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

GZIP_MAGIC = b"\x1f\x8b"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
UTF_8 = b"\xef\xbb\xbf"                 # its mark
LARGEST = 2**29                         # bytes of an unpacked file
HEADER_WITHIN = 60                      # lines in which a header must come
DELIMITERS = (",", ";", "\t")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
WORDS_FOR_MISSING = {"nan", "na", "n/a", "none", "null"}

Asked = Callable[[list[str]], bool]      # of a row's cells


class RecordError(ValueError):
    """A file or a record that cannot be used as it is.

    Parameters
    ----------
    path : str or Path
    message : str
        What was found, what was expected, and, where it isn't plain, the mend.
    line : int or None
        Counted from 1.
    column : str or None
        The column's name.
    """

    def __init__(self, path: str | Path, message: str, line: int | None = None,
                 column: str | None = None) -> None:
        self.path, self.message, self.line, self.column = path, message, line, column
        place = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {message}" if column is None
                         else f"{place}: column {column}: {message}")


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, all as text.

    Attributes
    ----------
    path : Path
    preamble : list of tuple
        What stands above the header: lines, counted from 1, and their cells.
    header : list of str
    rows : list of tuple of str
        As long as the header, each.
    lines : list of int
        Of each row, its line in the file, counted from 1.
    decimal_comma : bool
        Whether numbers are written with one, as in tables whose cells a semicolon divides.
    """

    path: Path
    preamble: list[tuple[int, list[str]]]
    header: list[str]
    rows: list[tuple[str, ...]]
    lines: list[int]
    decimal_comma: bool = False

    def text(self, column: str) -> list[str]:
        """Return a column as text without surrounding spaces."""
        if column not in self.header:
            raise RecordError(self.path, f"no column {column!r}; the columns are "
                              f"{', '.join(self.header[:12])}")
        first, *others = [i for i, name in enumerate(self.header) if name == column]
        for line, row in zip(self.lines, self.rows) if others else ():
            for other in others:
                if row[other].strip() != row[first].strip():
                    raise RecordError(self.path, "two columns of this name hold "
                                      f"{row[first].strip()!r} and {row[other].strip()!r}: leave "
                                      "one of them out", line, column)
        return [cell.strip() for cell in self.columns[first]]

    @cached_property
    def columns(self) -> list[tuple[str, ...]]:
        """The cells by columns, as they are written."""
        return list(zip(*self.rows))

    def distinct(self, column: str) -> set[str]:
        """Return what a column holds, each once: of ten thousand cells, often one."""
        if self.header.count(column) != 1:
            return set(self.text(column))
        return {cell.strip() for cell in set(self.columns[self.header.index(column)])}

    def named_twice(self) -> int:
        """Count the columns whose name another column has, too."""
        names = [name for name in self.header if name]
        return len(names) - len(set(names))

    def numbers(self, column: str) -> np.ndarray:
        """Return a column as numbers, of shape (n,); NaN where the cell says missing."""
        cells = self.text(column)
        if set("".join(cells)) <= set("0123456789.-"):
            try:
                return np.array([cell or "nan" for cell in cells], dtype=float)
            except ValueError:
                pass        # the place of the cell is found below
        return np.array([self.number(i, column, cell) for i, cell in enumerate(cells)])

    def number(self, row: int, column: str, cell: str) -> float:
        """Return a cell as a number, or raise RecordError that says where it is."""
        written = cell.replace(",", ".") if self.decimal_comma else cell
        if NUMBER.fullmatch(written):
            return float(written)
        if not cell or cell.lower() in WORDS_FOR_MISSING:
            return np.nan
        raise RecordError(self.path, f"expected a number or nothing, got {cell!r}",
                          self.lines[row], column)

    def only(self, column: str, expected: str | None = None) -> str:
        """Return the one value of a column, or raise RecordError where another stands."""
        found = self.distinct(column)
        if len(found) == 1 and expected in (None, *found):
            return found.pop()
        cells = self.text(column)
        expected = cells[0] if expected is None else expected
        line, cell = next((line, cell) for line, cell in zip(self.lines, cells)
                          if cell != expected)
        raise RecordError(self.path, f"expected {expected!r} in every row, got {cell!r}", line,
                          column)

    def only_near(self, column: str, within: float) -> float:
        """Return the first number of a column, or raise RecordError where another is far from it.

        A station's coordinates are corrected at times; a number that was displaced is far off.
        """
        values = self.numbers(column)
        first = float(values[0])
        far = np.abs(values - first) > within
        if far.any():
            at = int(np.argmax(far))
            raise RecordError(self.path, f"expected about {first:g} in every row, got "
                              f"{values[at]:g}", self.lines[at], column)
        return first


def read_text(path: str | Path) -> str:
    """Return a file's text, whatever its encoding; see `decoded`."""
    return decoded(path, Path(path).read_bytes())


def decoded(path: str | Path, content: bytes) -> str:
    """Return a file's text: UTF-8 or UTF-16, with or without a byte-order mark, or Latin-1.

    The content may be packed by gzip, whatever the file's name.

    Raises
    ------
    RecordError
        If the file is empty, ends in the middle of its gzip data, or is no text.
    """
    packed = content.startswith(GZIP_MAGIC)
    if packed:
        try:
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise RecordError(path, f"unpacks to more than {LARGEST >> 20} MB: no station's "
                                  "file is as large")
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise RecordError(path, "the gzip data are damaged or end too early, as after a "
                              "broken download: fetch the file again") from None
    elif Path(path).suffix == ".gz" and content:
        raise RecordError(path, "named .gz, but its content is not gzip: fetch it again, or "
                          "rename it if it is plain text")
    while content.startswith(UTF_8):        # each program that joins or saves files may add one
        content = content.removeprefix(UTF_8)
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError as error:
        if error.encoding.startswith("utf-16"):
            raise RecordError(path, "expected text, got damaged UTF-16: fetch the file "
                              "again") from None
        text = content.decode("latin-1")
    if not text.strip():
        raise RecordError(path, "the file is empty")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise RecordError(path, "expected a text file of comma-separated values, got binary data",
                          None if line == 1 else line)
    # A file that was cut off may end within a number; a packed one that is whole was not cut off.
    return text + "\n" if packed and not text.endswith(("\n", "\r")) else text


def encoding_of(content: bytes) -> str:
    """Tell UTF-16, by its mark or by a zero beside each of the first letters, from UTF-8."""
    start = content[:64]
    if start.startswith(UTF_16):
        return "utf-16"
    if len(start) >= 8 and b"\x00" in start:
        for zeros, letters, name in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
            if not any(start[zeros::2]) and all(start[letters::2]):
                return name
    return "utf-8"


def first_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows among which a header must be, as far as they can be read."""
    try:
        yield from csv.reader(islice(io.StringIO(text, newline=""), HEADER_WITHIN),
                              delimiter=delimiter)
    except csv.Error:
        return


def delimiter_of(text: str, is_header: Asked) -> str | None:
    """Return what divides the cells of a header of this layout, or None if there is none."""
    return next((delimiter for delimiter in DELIMITERS
                 if any(map(is_header, first_rows(text, delimiter)))), None)


def read_table(path: str | Path, text: str, is_header: Asked, keep: Asked | None = None,
               last_number: Callable[[str], object] = lambda name: False
               ) -> tuple[Table, bool]:
    """Return the table that begins with the first row of which `is_header(cells)` is true.

    Parameters
    ----------
    path : str or Path
        For messages.
    text : str
        The file's content, as `read_text` returns it.
    is_header : callable
        What stands above the header is its preamble.
    keep : callable or None
        Rows of which `keep(cells)` is false are left out; their length is checked all the same.
    last_number : callable
        Told the last column's name: is it a number that counts? Then a last line without an end
        is left out, since its number may have been cut off.

    Returns
    -------
    table : Table
    cut : bool
        Whether the last line was left out.

    Raises
    ------
    RecordError
        If there is no header or no row below it, a row has more or fewer cells than the header,
        or a quotation mark is not closed in its line.
    """
    delimiter = delimiter_of(text, is_header)
    if delimiter is None:
        raise RecordError(path, "the header of this layout was not found", 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    preamble: list[tuple[int, list[str]]] = []
    header: list[str] | None = None
    rows: list[tuple[str, ...]] = []     # tuples of text are no burden to garbage collection
    lines: list[int] = []
    line = 0
    try:
        for cells in reader:
            line, before = reader.line_num, line
            if header is not None and line > before + 1:
                raise RecordError(path, "a quotation mark is not closed in its line", before + 1)
            if header is None:
                if is_header(cells):
                    header = [cell.strip() for cell in cells]
                else:
                    preamble.append((line, cells))
            elif cells and len(cells) != len(header):
                if not any(cells):
                    continue        # what a spreadsheet leaves of an empty row
                raise RecordError(path, f"expected {len(header)} cells, got {len(cells)}: the "
                                  "file may be cut off or joined from two layouts", line)
            elif any(cells) and (keep is None or keep(cells)):
                rows.append(tuple(cells))
                lines.append(line)
    except csv.Error as error:
        raise RecordError(path, f"not a table of cells divided by {delimiter!r}: {error}",
                          line + 1) from None
    if header is None:
        raise RecordError(path, "the header of this layout was not found", 1)
    cut = bool(rows and lines[-1] == line and not text.endswith(("\n", "\r"))
               and last_number(header[-1]))
    if cut:
        rows.pop()
        lines.pop()
    if not rows and keep is None:
        raise RecordError(path, "no row of data below the header", line)
    return Table(Path(path), preamble, header, rows, lines, delimiter == ";"), cut


def place_of(table: Table, column: str, failing: Sequence[bool] | np.ndarray) -> tuple[int, str]:
    """Return the line and the cell of the first row that fails."""
    at = int(np.argmax(failing))
    return table.lines[at], table.text(column)[at]
