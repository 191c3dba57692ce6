"""Tables of text, read so that a mistake in them has a file, a line and a column."""

import csv
import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

GZIP_MAGIC = b"\x1f\x8b"

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
        self.path, self.line, self.column = path, line, column
        place = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {message}" if column is None
                         else f"{place}: column {column}: {message}")


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, all as text.

    Attributes
    ----------
    path : Path
    header : list of str
    rows : list of list of str
        As long as the header, each.
    lines : list of int
        Of each row, the line in the file on which it ends, counted from 1.
    """

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    def text(self, column: str) -> list[str]:
        """Return a column as text without surrounding spaces."""
        if column not in self.header:
            raise RecordError(self.path, f"no column {column!r}; the columns are "
                              f"{', '.join(self.header[:12])}")
        place = self.header.index(column)
        return [row[place].strip() for row in self.rows]

    def numbers(self, column: str) -> np.ndarray:
        """Return a column as numbers, of shape (n,); NaN where the cell is empty."""
        cells = self.text(column)
        try:
            return np.array([cell or "nan" for cell in cells], dtype=float)
        except ValueError:
            return np.array([self.number(i, column, cell) for i, cell in enumerate(cells)])

    def number(self, row: int, column: str, cell: str) -> float:
        """Return a cell as a number, or raise RecordError that says where it is."""
        try:
            return float(cell or "nan")
        except ValueError:
            raise RecordError(self.path, f"expected a number or nothing, got {cell!r}",
                              self.lines[row], column) from None

    def only(self, column: str, expected: str | None = None) -> str:
        """Return the one value of a column, or raise RecordError where another stands."""
        cells = self.text(column)
        expected = cells[0] if expected is None else expected
        for line, cell in zip(self.lines, cells):
            if cell != expected:
                raise RecordError(self.path, f"expected {expected!r} in every row, got {cell!r}",
                                  line, column)
        return expected


def read_text(path: str | Path) -> str:
    """Return a file's text: UTF-8, with or without a byte-order mark, or Latin-1; or gzip of it.

    Raises
    ------
    RecordError
        If the file is empty, ends in the middle of its gzip data, or is no text.
    """
    path = Path(path)
    content = path.read_bytes()
    if content.startswith(GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise RecordError(path, "the gzip data are damaged or end too early, as after a "
                              "broken download: fetch the file again") from None
    elif path.suffix == ".gz":
        raise RecordError(path, "named .gz, but its content is not gzip: fetch it again, or "
                          "rename it if it is plain text")
    if b"\x00" in content[:4096]:
        raise RecordError(path, "expected a text file of comma-separated values, got binary data")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if not text.strip():
        raise RecordError(path, "the file is empty")
    return text


def read_table(path: str | Path, text: str, is_header: Asked,
               keep: Asked | None = None) -> Table:
    """Return the table that begins with the first row of which `is_header(cells)` is true.

    Parameters
    ----------
    path : str or Path
        For messages.
    text : str
        The file's content, as `read_text` returns it.
    is_header : callable
        What stands above the header, a preamble, is skipped.
    keep : callable or None
        Rows of which `keep(cells)` is false are left out; their length is checked all the same.

    Raises
    ------
    RecordError
        If there is no header or no row below it, or a row has more or fewer cells than the
        header.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    header, rows, lines = None, [], []
    for cells in reader:
        if header is None:
            header = [cell.strip() for cell in cells] if is_header(cells) else None
        elif cells and len(cells) != len(header):
            raise RecordError(path, f"expected {len(header)} cells, got {len(cells)}: the file "
                              "may be cut off or joined from two layouts", reader.line_num)
        elif cells and (keep is None or keep(cells)):
            rows.append(cells)
            lines.append(reader.line_num)
    if header is None:
        raise RecordError(path, "the header of this layout was not found", 1)
    if not rows and keep is None:
        raise RecordError(path, "no row of data below the header", reader.line_num)
    return Table(Path(path), header, rows, lines)
