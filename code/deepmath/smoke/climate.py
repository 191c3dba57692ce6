"""Reader of Environment and Climate Change Canada's daily climate, in both of its layouts.

GeoMet writes `LOCAL_DATE`, `MEAN_TEMPERATURE`, ..., each with a `*_FLAG`; the bulk files write
`Date/Time`, `Mean Temp (°C)`, ..., each with a `... Flag`. Traps, and what is done about them:

- A maximum gust is only reported from 31 km/h on. Below that GeoMet has an empty cell with the
  flag M and bulk files may say `<31`: the gust is *censored*, not zero. `gust` is NaN then, and
  `gust_censored` true, if the day's temperature shows that the station was at work.
- The flag T is a trace: less than can be measured, with 0 as the value, which stays.
- The direction is in tens of degrees; here it is in degrees.
- A climate day is a day in local standard time. Bulk files have no humidity: the column is NaN.
- Bulk files also come in French; their degree sign may have been damaged on the way.
"""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from deepmath.smoke.dates import day_of
from deepmath.smoke.hours import note
from deepmath.smoke.tables import RecordError, Table, read_table

GUST_LIMIT = 31.0   # km/h

# Each column with its unit, its names in GeoMet's and in the bulk layout, and what is absurd.
COLUMNS = {
    "temperature": ("°C", "MEAN_TEMPERATURE", "Mean Temp (°C)", -65.0, 50.0),
    "precipitation": ("mm", "TOTAL_PRECIPITATION", "Total Precip (mm)", 0.0, 500.0),
    "humidity": ("%", "MIN_REL_HUMIDITY", None, 0.0, 100.0),
    "gust": ("km/h", "SPEED_MAX_GUST", "Spd of Max Gust (km/h)", 0.0, 400.0),
    "gust_direction": ("degrees", "DIRECTION_MAX_GUST", "Dir of Max Gust (10s deg)", 0.0, 360.0),
}

FRENCH = {"Date/Heure": "Date/Time", "ID climatologique": "Climate ID",
          "Temp moy. (°C)": "Mean Temp (°C)", "Temp moy. Indicateur": "Mean Temp Flag",
          "Précip. tot. (mm)": "Total Precip (mm)",
          "Précip. tot. Indicateur": "Total Precip Flag",
          "Dir. raf. max. (10s deg)": "Dir of Max Gust (10s deg)",
          "Vit. raf. max. (km/h)": "Spd of Max Gust (km/h)"}


def named(cell: str) -> str:
    """Return a column's name in English, with a whole degree sign and even spaces."""
    name = re.sub(r" *\([^()]{0,4}C\)", " (°C)", " ".join(cell.split()))
    return FRENCH.get(name, name)


def is_header(cells: list[str]) -> bool:
    names = {named(cell) for cell in cells}
    return {"LOCAL_DATE", "MEAN_TEMPERATURE"} <= names or {"Date/Time", "Mean Temp (°C)"} <= names


def read_climate(path: str | Path, text: str) -> tuple[pd.DataFrame, Counter[str]]:
    """Read daily weather, or raise RecordError.

    Returns
    -------
    weather : pandas.DataFrame
        Indexed by `day`: temperature (mean, °C), precipitation (mm), humidity (lowest, %),
        gust (km/h), gust_direction (degrees) and gust_censored (bool).
    notes : Counter
    """
    table, cut = read_table(path, text, is_header, last_number=lambda name: name in columns())
    table = replace(table, header=[named(name) for name in table.header])
    geomet = "LOCAL_DATE" in table.header
    for identifier in ("CLIMATE_IDENTIFIER", "Climate ID"):
        if identifier in table.header:
            table.only(identifier)
    notes: Counter[str] = Counter()
    note(notes, "lines without an end, left out: a number may be cut off", int(cut))
    note(notes, "columns named twice, of one content", table.named_twice())
    weather = {}
    for name, (unit, own, bulk, lowest, highest) in COLUMNS.items():
        column = own if geomet else bulk
        weather[name] = measured(table, column, name, unit, lowest, highest)
        flag = column and (f"{column}_FLAG" if geomet else column.split(" (")[0] + " Flag")
        if name == "precipitation" and flag and flag in table.header:
            note(notes, "days with a trace of precipitation, as 0", table.text(flag).count("T"))
    frame = pd.DataFrame(weather, index=days_of(table, "LOCAL_DATE" if geomet else "Date/Time"))
    frame["gust_censored"] = frame.gust.isna() & frame.temperature.notna()
    note(notes, f"days with a gust below {GUST_LIMIT:g} km/h, censored",
         int(frame.gust_censored.sum()))
    return frame.sort_index(), notes


def measured(table: Table, column: str | None, name: str, unit: str, lowest: float,
             highest: float) -> np.ndarray:
    """Return a column in its unit, NaN where it is missing, or raise RecordError."""
    if column is None or (column not in table.header and name == "humidity"):
        return np.full(len(table.rows), np.nan)
    cells = table.text(column)
    values = (np.array([table.number(i, column, "" if cell == f"<{GUST_LIMIT:g}" else cell)
                        for i, cell in enumerate(cells)]) if name == "gust"
              else table.numbers(column))
    values = 10 * values if name == "gust_direction" else values
    absurd = (values < lowest) | (values > highest)
    if absurd.any():
        first = int(np.argmax(absurd))
        raise RecordError(table.path, f"expected a number from {lowest:g} to {highest:g} {unit}, "
                          f"got {cells[first]}", table.lines[first], column)
    return values


def columns() -> set[str | None]:
    """The names of all columns that hold what is measured."""
    return {name for _, own, bulk, *_ in COLUMNS.values() for name in (own, bulk)}


def days_of(table: Table, column: str) -> pd.DatetimeIndex:
    """Return the rows' days, or raise RecordError where one is no date or stands twice."""
    seen: dict[date, int] = {}
    for line, cell in zip(table.lines, table.text(column)):
        try:
            day = day_of(cell)
        except ValueError as error:
            raise RecordError(table.path, str(error), line, column) from None
        if day in seen:
            raise RecordError(table.path, f"the day {cell[:10]} stands in line {seen[day]} too",
                              line, column)
        seen[day] = line
    return pd.DatetimeIndex(np.array(list(seen), dtype="datetime64[s]"), name="day")
