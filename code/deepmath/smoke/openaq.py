"""Reader of one station's PM2.5 as OpenAQ has handed it out, now and earlier.

Layouts: the archive's daily files (`datetime`), the explorer's export (`datetimeUtc`,
`datetimeLocal`), and those of the retired interface (`date`, which holds the text of a dict of
`utc` and `local`, or these two as columns). Traps, and what is done about them:

- A time names the *end* of its hour: 03:00 is 02:00 to 02:59, and a local day runs from 01:00 to
  0:00 (OpenAQ's documentation, "exclusive time-ending"). So the hour 00:00 belongs to the day
  before.
- Where both times are given they must be the same instant. The day is that of the local time as
  it is written: the offset in it already knows of daylight saving, so two days of a year have 23
  and 25 hours. Newfoundland's offset is written `-03:-30`.
- Rows may come with the newest first; they are put in order.
- The archive and the explorer mix all that a station measures: rows of others than PM2.5 are left
  out and counted. Elsewhere they are refused, as are other units and other stations.
- Of several sensors the one with more values is taken, day by day.
- A missing hour is absent, not empty; the day's count of hours shows it.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepmath.smoke.dates import check_year
from deepmath.smoke.hours import HOUR, Readings, check_values, note
from deepmath.smoke.tables import RecordError, Table, read_table

MICROGRAMS = {"µg/m³", "μg/m³", "ug/m3", "µg/m3", "ug/m³", "Âµg/mÂ³"}   # micro sign, Greek mu
DICT = re.compile(r"""^\{['"]utc['"]: ?['"]([^'"\n]+)['"], ?"""
                  r"""['"]local['"]: ?['"]([^'"\n]+)['"]\}$""", re.MULTILINE)
TIME = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
                  r"(?:Z|[+-](?:0\d|1[0-4]):?-?[0-5]\d)?$", re.ASCII | re.MULTILINE)
OFFSET = re.compile(r"([+-])(\d\d):?(-?)(\d\d)")
NEAR = 1.0               # degrees by which a station's coordinates may be corrected in a file
OFF_GREENWICH = 30.0     # degrees, beyond which no land keeps UTC
LINES = "\n".join       # what is to be found in each of many cells is found in all at once
NOT_A_TIME = int(np.timedelta64("NaT").astype(int))
Times = tuple[np.ndarray, np.ndarray]      # local ends and instants


@dataclass(frozen=True)
class Layout:
    """Names of the columns of a layout; `mixed` tells that other parameters are to be expected."""

    station: str
    station_id: str
    unit: str
    times: tuple[str, ...]
    place: tuple[str, str] | tuple[()] = ()
    sensor: str = ""
    mixed: bool = False


LAYOUTS = [
    Layout("location", "location_id", "units", ("datetime",), ("lat", "lon"), "sensors_id", True),
    Layout("location_name", "location_id", "unit", ("datetimeUtc", "datetimeLocal"),
           ("latitude", "longitude"), "", True),
    Layout("location", "locationId", "unit", ("date",)),
    Layout("location", "locationId", "unit", ("utc", "local"), ("latitude", "longitude")),
]


def is_header(cells: list[str]) -> bool:
    return layout_of({cell.strip() for cell in cells}) is not None


def layout_of(names: set[str]) -> Layout | None:
    """Return the layout whose columns are all among the names."""
    return next((layout for layout in LAYOUTS if {
        layout.station, layout.unit, "parameter", "value", *layout.times} <= names), None)


def read_openaq(path: str | Path, text: str) -> Readings:
    """Read a file, or raise RecordError; `text` is the file's content."""
    table, cut = read_table(path, text, is_header, last_number=lambda name: name == "value")
    layout = layout_of(set(table.header))
    assert layout is not None        # read_table found this header
    notes: Counter[str] = Counter()
    note(notes, "lines without an end, left out: a number may be cut off", int(cut))
    note(notes, "columns named twice, of one content", table.named_twice())
    table = only_pm25(table, layout.mixed, notes)
    number = table.only(layout.station_id) if layout.station_id in table.header else ""
    name = table.only(layout.station)
    name = name.removesuffix(f"-{number}") if number else name
    if not table.distinct(layout.unit) <= MICROGRAMS:
        line, unit = next((line, unit) for line, unit in zip(table.lines, table.text(layout.unit))
                          if unit not in MICROGRAMS)
        raise RecordError(table.path, f"expected µg/m³, got {unit!r}", line, layout.unit)
    pm25 = check_values(table, "value", table.numbers("value"), notes)
    end, instant = times_of(table, layout)
    tell_utc(table, layout, end == instant, notes)
    lines = np.array(table.lines)
    if layout.sensor and layout.sensor in table.header:
        keep = best_by_day((end - HOUR).astype("datetime64[D]"), table.text(layout.sensor),
                           np.isfinite(pm25))
        note(notes, "hours of a second sensor, left out", int((~keep).sum()))
        end, instant, pm25, lines = end[keep], instant[keep], pm25[keep], lines[keep]
    return Readings(name, f"OpenAQ {number or name}", end, instant, pm25, lines, notes)


def only_pm25(table: Table, mixed: bool, notes: Counter[str]) -> Table:
    """Return the rows of PM2.5; others are counted, or refused where they are not expected."""
    if not mixed:
        table.only("parameter", "pm25")
        return table
    wanted = [name == "pm25" for name in table.text("parameter")]
    note(notes, "rows of other parameters, left out", wanted.count(False))
    if not any(wanted):
        raise RecordError(table.path, "no row of pm25; the parameters are "
                          f"{', '.join(dict.fromkeys(table.text('parameter')))}")
    return Table(table.path, table.preamble, table.header,
                 [row for row, is_wanted in zip(table.rows, wanted) if is_wanted],
                 [line for line, is_wanted in zip(table.lines, wanted) if is_wanted],
                 table.decimal_comma)


def times_of(table: Table, layout: Layout) -> Times:
    """Return the local ends and the instants of all rows."""
    column = layout.times[-1]
    if layout.times == ("date",):
        cells = table.text("date")
        pairs = DICT.findall(LINES(cells))
        if len(pairs) != len(cells):
            raise first_failure(table, column, [(DICT.match(cell) or [cell] * 3)[2]
                                                for cell in cells])
        utc, local = map(list, zip(*pairs))
    else:
        utc, local = table.text(layout.times[0]), table.text(column)
    end, offset = clock(table, column, local)
    instant = end - offset
    if len(layout.times) == 1 and column == "datetime":
        if np.isnat(offset).any():
            bare = int(np.argmax(np.isnat(offset)))
            raise RecordError(table.path, "expected a time with its offset, such as "
                              f"2023-05-20T17:00:00-06:00, got {local[bare]!r}",
                              table.lines[bare], column)
        return end, instant
    given, zero = clock(table, layout.times[0], utc)
    given = given - np.where(np.isnat(zero), np.timedelta64(0, "s"), zero)
    instant = np.where(np.isnat(instant), given, instant)
    differs = given != instant
    if differs.any():
        at = int(np.argmax(differs))
        raise RecordError(table.path, f"utc and local are not the same instant: {utc[at]} and "
                          f"{local[at]}", table.lines[at], column)
    return end, instant


def clock(table: Table, column: str, cells: list[str]) -> Times:
    """Return what the clock showed and its offset from UTC, NaT where none is written."""
    try:
        if len(TIME.findall(LINES(cells))) != len(cells):
            raise ValueError("a cell is no time")
        cells = [cell if cell[16:17] == ":" else f"{cell[:16]}:00{cell[16:]}" for cell in cells]
        shown = np.array(cells, "U19").astype("datetime64[s]")
        for year in {cell[:4] for cell in cells}:
            check_year(int(year))
    except ValueError:
        raise first_failure(table, column, cells) from None
    ends = [cell[19:].lstrip(".0123456789") for cell in cells]
    known = {text: offset_of(text) for text in set(ends)}
    return shown, np.array([known[text] for text in ends]).astype("timedelta64[s]")


def first_failure(table: Table, column: str, cells: list[str]) -> RecordError:
    """Return the error of the first cell that is no time."""
    for line, cell in zip(table.lines, cells):
        found = TIME.match(cell)
        try:
            check_year(int(str(np.datetime64(cell[:16]))[:4]) if found else 0)
            if found and cell[16:17] == ":" and int(cell[17:19]) > 59:
                raise ValueError("a minute has 60 seconds")
        except ValueError as error:
            outside = found and "lies outside" in str(error)
            expected = ("{'utc': ..., 'local': ...} with times" if column == "date" else "a time")
            return RecordError(table.path, str(error) if outside else f"expected {expected} such "
                               f"as 2023-05-20T17:00:00-06:00, got {cell!r}", line, column)
    raise AssertionError("every cell is a time")


def offset_of(text: str) -> int:
    """Return a written offset from UTC in seconds; that of Newfoundland may have a second minus."""
    if not text:
        return NOT_A_TIME
    if text == "Z":
        return 0
    sign, hours, _, minutes = OFFSET.fullmatch(text).groups()   # type: ignore[union-attr]
    return (-1 if sign == "-" else 1) * (3600 * int(hours) + 60 * int(minutes))


def tell_utc(table: Table, layout: Layout, same: np.ndarray, notes: Counter[str]) -> None:
    """Count readings whose local time is UTC though the station does not lie there."""
    if layout.place and set(layout.place) <= set(table.header):
        _, longitude = (table.only_near(name, NEAR) for name in layout.place)
    else:
        found = (re.search(r"""['"]longitude['"]: ?(-?[\d.]+)""", table.text("coordinates")[0])
                 if "coordinates" in table.header else None)
        longitude = float(found[1]) if found else 0.0
    if abs(longitude) > OFF_GREENWICH:
        note(notes, f"hours whose local time is UTC, at {longitude:g}° of longitude: their days "
             "may be others", int(same.sum()))


def best_by_day(days: np.ndarray, sources: list[str], valid: np.ndarray) -> np.ndarray:
    """Return which values are of the source with the most valid ones on their day, (n,) of bool.

    Where two have equally many, the one with more in the whole file is taken.
    """
    names, source = np.unique(sources, return_inverse=True)
    if len(names) == 1:
        return np.ones(len(sources), dtype=bool)
    _, day = np.unique(days, return_inverse=True)
    counts = np.zeros((day.max() + 1, len(names)))
    np.add.at(counts, (day, source), valid)
    counts += counts.sum(axis=0) / (1 + counts.sum())      # below 1: it decides ties alone
    present = np.zeros_like(counts, dtype=bool)
    present[day, source] = True
    return np.where(present, counts, -1.0).argmax(axis=1)[day] == source
