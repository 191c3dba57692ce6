"""Reader of hourly PM2.5 of the National Air Pollution Surveillance programme (NAPS).

A file holds one year of all stations of Canada, one row a station, day and method, with the
24 hours side by side. Traps of the layout, and what is done about them:

- Above the header stands a preamble of varying length, in newer files in two languages
  (`H01//H01`), in older ones in English only (`H01`, `NAPSID`, dates as 20190131); the header
  is found by its hours, whichever.
- Hours end at the time that names them, in local standard time all year: H01 to H24 are the
  24 hours of the row's day, and daylight saving does not come into it.
- -999 and empty cells are missing.
- Where two methods measured at one station on one day, the method with more valid hours in
  the file is kept, and the rows of the other are counted.
- Files are UTF-8 with a byte-order mark or Latin-1.
"""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from deepmath.smoke.hours import Hours, check_values, note, without_repeats
from deepmath.smoke.tables import RecordError, Table, read_table

HOUR = re.compile(r"H(\d\d?)(//H\d\d?)?$")
NAMES = {"pollutant": "Pollutant", "method": "Method", "station": "NAPS", "city": "City",
         "date": "Date"}


def is_header(cells: list[str]) -> bool:
    return sum(bool(HOUR.match(cell.strip())) for cell in cells) == 24


def read_naps(path: str | Path, text: str, station: str | None = None) -> Hours:
    """Read one station of a year's file, or raise RecordError.

    Parameters
    ----------
    path, text
        The file and its content.
    station : str or None
        Its NAPS identifier, such as "90130"; None where the file holds one station only.
    """
    header = read_table(path, text, is_header, keep=lambda cells: False).header
    place = {key: i for key, start in NAMES.items()
             for i, name in reversed(list(enumerate(header))) if name.startswith(start)}
    for key, start in NAMES.items():
        if key not in place and key not in ("method", "city"):
            raise RecordError(path, f"no column {start}...; the columns are "
                              f"{', '.join(header[:8])}")

    def mine(cells: list[str]) -> bool:
        return station is None or cells[place["station"]].strip().lstrip("0") == station.lstrip("0")

    table = read_table(path, text, is_header, keep=mine)
    if not table.rows:
        raise RecordError(path, f"no row of the station {station}")
    one_station(table, place)
    notes: Counter[str] = Counter()
    days, values, methods, lines = unfold(table, place, notes)
    hours = pd.DataFrame({"day": np.repeat(days, 24), "hour": np.tile(np.arange(24), len(days)),
                          "pm25": values.ravel()})
    keep = np.repeat(best_method(values, methods, notes), 24)
    lines = np.repeat(lines, 24)[keep]
    hours = without_repeats(path, hours[keep].reset_index(drop=True), ["day", "hour"], lines, notes)
    return Hours(name_of(table, place), hours, notes)


def one_station(table: Table, place: dict[str, int]) -> None:
    """Raise RecordError unless all rows are PM2.5 of one station."""
    table.only(table.header[place["station"]])
    column = table.header[place["pollutant"]]
    for line, cell in zip(table.lines, table.text(column)):
        if cell.replace(".", "").upper() != "PM25":
            raise RecordError(table.path, f"expected PM2.5, got {cell!r}", line, column)


def unfold(table: Table, place: dict[str, int], notes: Counter[str]
           ) -> tuple[pd.DatetimeIndex, np.ndarray, np.ndarray, np.ndarray]:
    """Return days (n,), values (n, 24), methods (n,) and lines (n,)."""
    column = table.header[place["date"]]
    days = []
    for line, cell in zip(table.lines, table.text(column)):
        try:
            days.append(pd.Timestamp(f"{cell[:4]}-{cell[4:6]}-{cell[6:8]}" if cell.isdigit()
                                     else cell[:10]))
        except ValueError:
            raise RecordError(table.path, f"expected a date such as 2023-01-31 or 20230131, got "
                              f"{cell!r}", line, column) from None
    hours = sorted((int(found[1]), name) for name in table.header if (found := HOUR.match(name)))
    values = [check_values(table, name, table.numbers(name), table.lines, notes)
              for _, name in hours]
    methods = [row[place["method"]] if "method" in place else "" for row in table.rows]
    return (pd.DatetimeIndex(days), np.stack(values, axis=1), np.array(methods),
            np.array(table.lines))


def best_method(values: np.ndarray, methods: np.ndarray, notes: Counter[str]) -> np.ndarray:
    """Return which rows are of the method with the most valid hours, (n,) of bool."""
    valid = {method: int(np.isfinite(values[methods == method]).sum())
             for method in dict.fromkeys(methods)}
    keep = methods == max(valid, key=valid.__getitem__)
    note(notes, "station-days of a second method, left out", int((~keep).sum()))
    return keep


def name_of(table: Table, place: dict[str, int]) -> str:
    """Return the station's city and identifier."""
    row = table.rows[0]
    city = row[place["city"]].strip() if "city" in place else ""
    return f"{city} {row[place['station']].strip()}".strip()
