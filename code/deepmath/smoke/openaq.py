"""Reader of OpenAQ's CSV exports of one station's PM2.5.

Traps of the layout, and what is done about them:

- `date` holds the text of a Python dict with `utc` and `local`; both are read, and must be
  the same instant. The local day is that of the `local` time as it is written: the offset in
  it already knows of daylight saving, so two days of a year have 23 and 25 hours.
- The export does not say whether a time begins or ends its hour; it is taken as the beginning.
  (Taken as the end, each day would gain its neighbour's midnight hour.)
- Rows come with the newest first; they are put in order.
- Other parameters, units or stations in the file are refused with their line.
- A missing hour is absent, not empty; the day's count of hours shows it.
"""

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pandas as pd

from deepmath.smoke.hours import Hours, check_values, without_repeats
from deepmath.smoke.tables import RecordError, Table, read_table

COLUMNS = {"location", "parameter", "value", "date", "unit"}
MICROGRAMS = {"µg/m³", "μg/m³", "ug/m3", "µg/m3", "Âµg/mÂ³"}   # micro sign, Greek mu, plain
DATE = re.compile(r"'utc': '([^']+)'.*'local': '([^']+)'")


def is_header(cells: list[str]) -> bool:
    return COLUMNS <= {cell.strip() for cell in cells}


def read_openaq(path: str | Path, text: str) -> Hours:
    """Read an export, or raise RecordError; `text` is the file's content."""
    table = read_table(path, text, is_header)
    station = table.only("location")
    table.only("parameter", "pm25")
    for line, unit in zip(table.lines, table.text("unit")):
        if unit not in MICROGRAMS:
            raise RecordError(table.path, f"expected µg/m³, got {unit!r}", line, "unit")
    notes: Counter[str] = Counter()
    values = check_values(table, "value", table.numbers("value"), table.lines, notes)
    utc, day = zip(*(instant(table, i, cell) for i, cell in enumerate(table.text("date"))))
    hours = pd.DataFrame({"day": pd.to_datetime(list(day)), "hour": utc, "pm25": values})
    return Hours(station, without_repeats(table.path, hours, ["hour"], table.lines, notes), notes)


def instant(table: Table, row: int, cell: str) -> tuple[datetime, str]:
    """Return the instant, in UTC, and the local day of a cell of `date`."""
    found = DATE.search(cell)
    utc_text, local_text = found.groups() if found else ("", "")
    try:
        utc, local = datetime.fromisoformat(utc_text), datetime.fromisoformat(local_text)
        same = utc == local
    except (ValueError, TypeError):
        raise RecordError(table.path, "expected {'utc': ..., 'local': ...} with times such as "
                          f"2023-05-20T17:00:00-06:00, got {cell!r}",
                          table.lines[row], "date") from None
    if not same:
        raise RecordError(table.path, f"utc and local are not the same instant in {cell!r}",
                          table.lines[row], "date")
    return utc, local_text[:10]
