"""Reader of hourly PM2.5 of the National Air Pollution Surveillance programme (NAPS).

A file holds one year of all stations of Canada, one row a station, day and method, with the
24 hours side by side. Traps of the layout, and what is done about them:

- Above the header stands a preamble of varying length, in newer files in two languages
  (`H01//H01`), in older ones in English or in French only (`H01`, `NAPSID` or `Identifiant SNPA`,
  dates as 20190131); the header is found by its hours, whichever. Units and the code for missing
  values are read from the preamble where it says them.
- Hours end at the time that names them, in local standard time all year: H01 to H24 are the
  24 hours of the row's day, and daylight saving does not come into it.
- -99, -999, -9999 and empty cells are missing; so is 999, if the preamble says so or the station
  has nothing else near it.
- A station is its number, with or without leading zeros; the spelling of its city changes.
- Where two methods measured at one station on one day, the one with more valid hours on that day
  is kept, and the rows of the other are counted.
- Cells are divided by commas, or by semicolons with decimal commas; files are UTF-8, UTF-16 or
  Latin-1.
"""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np

from deepmath.smoke.dates import day_of
from deepmath.smoke.hours import NEAR_THE_CODE, POSITIVE_CODE, Readings, check_values, note
from deepmath.smoke.openaq import NEAR, best_by_day
from deepmath.smoke.tables import RecordError, Table, read_table

HOUR = re.compile(r"H(\d\d?)(//H\d\d?)?$")
NAMES = {"pollutant": ("pollutant", "polluant"), "method": ("method", "code m"),
         "station": ("naps", "identifiant snpa", "snpa"), "city": ("city", "ville"),
         "date": ("date",), "latitude": ("latitude",), "longitude": ("longitude",)}
OPTIONAL = {"method", "city", "latitude", "longitude"}
STATION = re.compile(r"0*(\d+)(\.0*)?")
METHOD = re.compile(r"\d{2,3}")
UNITS = re.compile(r"\bunit|unite")
MICROGRAMS = re.compile(r"([^\x00-\x7f]|u)g ?/ ?m(\^?3|[^\x00-\x7f])?", re.IGNORECASE)
OTHER_UNITS = re.compile(r"\b(pp[bmt]v?|[mnkp]g ?/ ?m)\b|\b[mn]g/m[3³]", re.IGNORECASE)
CODE_FOR_MISSING = re.compile(r"missing|manquant|invalid", re.IGNORECASE)
CODES = re.compile(r"-?9{2,4}\b")


def is_header(cells: list[str]) -> bool:
    return sum(bool(HOUR.match(cell.strip())) for cell in cells) == 24


def read_naps(path: str | Path, text: str, station: str | None = None) -> Readings:
    """Read one station of a year's file, or raise RecordError.

    Parameters
    ----------
    path, text
        The file and its content.
    station : str or None
        Its NAPS identifier, such as "90130"; None where the file holds one station only.
    """
    frame, _ = read_table(path, text, is_header, keep=lambda cells: False)
    place = places_of(path, frame.header)
    wanted = None if station is None else number_of(station)

    def mine(cells: list[str]) -> bool:
        return wanted is None or number_of(cells[place["station"]]) == wanted

    table, cut = read_table(path, text, is_header, mine, HOUR.match)
    if not table.rows:
        raise RecordError(path, f"no row of the station {station}")
    notes: Counter[str] = Counter()
    note(notes, "lines without an end, left out: a number may be cut off", int(cut))
    note(notes, "columns named twice, of one content", table.named_twice())
    codes = check_preamble(table)
    one_station(table, place)
    days, values = unfold(table, place, codes, notes)
    methods = methods_of(table, place)
    keep = best_by_day(days, methods, np.isfinite(values).sum(axis=1))
    note(notes, "station-days of a second method, left out", int((~keep).sum()))
    end = (days[keep, None].astype("datetime64[h]") + np.arange(1, 25)).ravel()
    end = end.astype("datetime64[s]")
    lines = np.repeat(np.array(table.lines)[keep], 24)
    number = number_of(table.rows[0][place["station"]])
    return Readings(name_of(table, place, number), f"NAPS {number}", end, end,
                    values[keep].ravel(), lines, notes)


def plain(text: str) -> str:
    """Return a text without accents, in small letters."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).lower().strip()


def places_of(path: str | Path, header: list[str]) -> dict[str, int]:
    """Return where the columns are, by what they hold; raise RecordError if one is missing."""
    hours = sorted(int(found[1]) for name in header if (found := HOUR.match(name)))
    if hours != list(range(1, 25)):
        raise RecordError(path, "expected the hours H01 to H24, each once, which are named by "
                          f"their end; got {', '.join(f'H{hour:02d}' for hour in hours)}")
    place: dict[str, int] = {}
    for key, starts in NAMES.items():
        places = [i for i, name in enumerate(header) if plain(name).startswith(starts)]
        if places:
            place[key] = places[0]
        elif key not in OPTIONAL:
            raise RecordError(path, f"no column {starts[0].upper()}... or {starts[-1].upper()}"
                              f"...; the columns are {', '.join(header[:8])}")
    return place


def number_of(cell: str) -> str:
    """Return a station's number without leading zeros, or the cell if it is none."""
    found = STATION.fullmatch(cell.strip())
    return found[1] if found else cell.strip()


def check_preamble(table: Table) -> list[float]:
    """Return the codes for missing values; raise RecordError if the unit is another than µg/m³."""
    codes: list[float] = []
    for line, cells in table.preamble:
        told = " ".join(cells)
        if CODE_FOR_MISSING.search(told):
            codes += [float(code) for code in CODES.findall(told)]
        other = OTHER_UNITS.search(MICROGRAMS.sub("", told))
        if other or (UNITS.search(plain(told)) and not MICROGRAMS.search(told)):
            raise RecordError(table.path, "expected values in µg/m³, but the preamble says "
                              f"{' '.join(told.split())!r}", line)
    return codes


def one_station(table: Table, place: dict[str, int]) -> None:
    """Raise RecordError unless all rows are PM2.5 of one station."""
    column = table.header[place["station"]]
    cells = table.text(column)
    for line, cell in zip(table.lines, cells):
        if number_of(cell) != number_of(cells[0]):
            raise RecordError(table.path, f"expected {cells[0]!r} in every row, got {cell!r}: name "
                              "the station, as in \"folder:90130\"", line, column)
    column = table.header[place["pollutant"]]
    for line, cell in zip(table.lines, table.text(column)):
        if cell.replace(".", "").upper() != "PM25":
            raise RecordError(table.path, f"expected PM2.5, got {cell!r}", line, column)
    for key in ("latitude", "longitude"):
        if key in place:
            table.only_near(table.header[place[key]], NEAR)


def methods_of(table: Table, place: dict[str, int]) -> list[str]:
    """Return each row's method; raise RecordError where a displaced number stands in its place."""
    if "method" not in place:
        return [""] * len(table.rows)
    column = table.header[place["method"]]
    methods = table.text(column)
    coded = [bool(METHOD.fullmatch(method)) for method in methods]
    if any(coded) and not all(coded):
        at = coded.index(False)
        raise RecordError(table.path, "expected a method's code such as "
                          f"{methods[coded.index(True)]}, got {methods[at]!r}", table.lines[at],
                          column)
    return methods


def unfold(table: Table, place: dict[str, int], codes: list[float],
           notes: Counter[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return days (n,) and values (n, 24)."""
    column = table.header[place["date"]]
    days = []
    for line, cell in zip(table.lines, table.text(column)):
        try:
            days.append(day_of(cell))
        except ValueError as error:
            raise RecordError(table.path, str(error), line, column) from None
    hours = sorted((int(found[1]), name) for name in table.header if (found := HOUR.match(name)))
    read = np.stack([table.numbers(name) for _, name in hours], axis=1)
    others = read[np.isfinite(read) & (read != POSITIVE_CODE)]
    if (read == POSITIVE_CODE).any() and others.max(initial=0.0) < NEAR_THE_CODE:
        codes = [*codes, POSITIVE_CODE]
    values = [check_values(table, name, read[:, i], notes, codes)
              for i, (_, name) in enumerate(hours)]
    return np.array(days, dtype="datetime64[D]"), np.stack(values, axis=1)


def name_of(table: Table, place: dict[str, int], number: str) -> str:
    """Return the station's city, as the last row spells it, and its number."""
    city = table.rows[-1][place["city"]].strip() if "city" in place else ""
    return f"{city} {number}".strip()
