"""Random damage to a file of each layout: no traceback, and no day that is silently another.

Five hundred mutations of each: bytes flipped, lines cut out or short, cells and columns swapped,
rows doubled. What is read must be, day for day, what the undamaged file holds, or lack hours that
the count of hours shows, or the file is refused. A flipped digit of a value leaves a file that says
another number; there the reader must give what a plain reading of the file gives, written here.
(Against that, checksums are what helps: see the last test.)
"""

import csv
import hashlib
import io
import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np
import pytest

import layouts
from deepmath.smoke import RecordError, load, read_record

N_MUTATIONS = 500
N_HOURS = 24 * 3


def openaq(layout):
    header, row = layouts.ROWS[layout]
    return layouts.table(header, [row(utc, f"{5 + (7 * i) % 24}.{i % 10}")
                                  for i, utc in enumerate(layouts.openaq_hours(N_HOURS))])


def naps(header, day):
    return layouts.naps([layouts.naps_row(day.format(d), [f"{d + (5 * h) % 24}.{h % 10}"
                                                          for h in range(24)])
                         for d in (1, 2, 3, 4, 5)], header)


LAYOUTS = {
    **{f"OpenAQ {layout}": openaq(layout) for layout in layouts.ROWS},
    "NAPS, two languages": naps(layouts.NAPS_HEADER, "2023-01-0{}"),
    "NAPS, older": naps(layouts.OLD_HEADER, "2023010{}"),
    "climate, GeoMet": layouts.geomet(), "climate, bulk": layouts.bulk(),
}


# ------------------------------------------------------------------------------------- damage

def flip(text, rng):
    content = bytearray(text.encode())
    for _ in range(rng.integers(1, 4)):
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    return bytes(content)


def cut_line(text, rng):
    lines = text.splitlines(keepends=True)
    at = rng.integers(len(lines))
    kept = lines[at][:rng.integers(len(lines[at]))] if rng.integers(2) else ""
    return "".join([*lines[:at], kept, *(lines[at + 1:] if rng.integers(2) else [])]).encode()


def double_row(text, rng):
    lines = text.splitlines(keepends=True)
    lines.insert(rng.integers(len(lines)), lines[rng.integers(len(lines))])
    return "".join(lines).encode()


def swap_cells(text, rng):
    """Swap two columns, in all rows with their header or in one row alone."""
    rows = list(csv.reader(io.StringIO(text)))
    width = Counter(map(len, rows)).most_common(1)[0][0]
    one, other = rng.integers(width, size=2)
    whole = [row for row in rows if len(row) == width]
    for row in whole if rng.integers(2) else [whole[rng.integers(len(whole))]]:
        row[one], row[other] = row[other], row[one]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


DAMAGE = [flip, cut_line, double_row, swap_cells]


# ------------------------------------------------------------- a plain reading, for comparison

def plainly(content):
    """Return {day: values} of a damaged file as simply as can be, leaving out what fails."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline="")))
    start = next((i for i, row in enumerate(rows) if "value" in row or "LOCAL_DATE" in row
                  or "Date/Time" in row or sum(cell.startswith("H") for cell in row) >= 24), None)
    found = {}
    for row in rows[start + 1:] if start is not None else []:
        cells = dict(zip(rows[start], row))
        try:
            for key, day, value in values_of(cells):
                found.setdefault(day, {})[key] = float(value)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def values_of(cells):
    """Yield what tells a value from others, its day, and itself."""
    if "value" in cells:
        text = next(cells[name] for name in ("datetime", "datetimeLocal", "local", "date")
                    if name in cells)
        text = re.search(r"'local': '([^']+)'", text)[1] if "date" in cells else text
        end = datetime.fromisoformat(text)
        yield end, str((end - timedelta(hours=1)).date()), cells["value"]
    elif any(name.startswith("H") for name in cells):
        day = str(datetime.fromisoformat(cells.get("Date//Date") or cells["Date"]).date())
        for name in cells:
            if name.startswith("H"):
                yield name[:3], day, cells[name]
    else:
        day = cells.get("LOCAL_DATE") or cells["Date/Time"]
        yield "", day[:10], cells.get("MEAN_TEMPERATURE") or cells["Mean Temp (°C)"]


def verdict_of_day(row, before, after):
    """Tell whether a day's mean is that of all but some hours of before, or of the file as it is."""
    for values, most in ((before, 2), (after, 1)):      # after: a last number may be cut off
        lost = len(values) - row.hours
        if 0 < lost <= most and any(abs(sum(values) - sum(some) - row.hours * row.value) < 1e-3
                                    for some in combinations(values, lost)):
            return "hours missing and counted"
    if len(after) == row.hours and abs(row.value - max(np.mean(after), row.lowest)) < 1e-5:
        return "says another number"
    return "wrong"


def verdict(table, good, undamaged, content):
    """Compare a damaged file's days with the undamaged ones; "wrong" is what may not be."""
    verdicts, damaged = {"the same"}, None
    for day, row in table.iterrows():
        if not np.isfinite(row.value):
            verdicts.add("the same" if day in good.index and not np.isfinite(good.value[day])
                         else "missing and counted")
        elif day in good.index and row.value == good.value[day] and row.hours == good.hours[day]:
            continue
        else:
            damaged = damaged or plainly(content)
            verdicts.add(verdict_of_day(row, *(list(days.get(f"{day:%Y-%m-%d}", {}).values())
                                               for days in (undamaged, damaged))))
    verdicts |= {"missing and counted"} if set(good.index) - set(table.index) else set()
    order = ["wrong", "says another number", "hours missing and counted", "missing and counted",
             "the same"]
    return next(each for each in order if each in verdicts)


def days_read(paths, weather):
    """Read files, and return each day's value and its hours."""
    table = read_record(paths).table
    if weather:
        table = table[table.index >= "2023-01-01"]
        return table.assign(value=table.temperature, hours=1, lowest=-np.inf)
    return table.assign(value=table.pm25, hours=table.valid_hours, lowest=0.0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_damage_gives_a_traceback_or_a_day_that_is_silently_another(tmp_path, layout, record_property):
    text, weather = LAYOUTS[layout], layout.startswith("climate")
    path, other = tmp_path / "a.csv", tmp_path / "pm.csv"
    other.write_text(layouts.naps([layouts.naps_row(f"2023-01-0{d}", [4] * 24)
                                   for d in (1, 2, 3)]))
    paths = [other, path] if weather else [path]
    path.write_text(text, encoding="utf-8")
    good, rng, seen = days_read(paths, weather), np.random.default_rng(16), Counter()
    undamaged = plainly(text.encode())
    for number in range(N_MUTATIONS):
        damage = DAMAGE[number % len(DAMAGE)]
        path.write_bytes(content := damage(text, rng))
        try:
            found = verdict(days_read(paths, weather), good, undamaged, content)
        except RecordError as error:
            told = str(error)
            assert "\n" not in told and len(told) < 600 and str(tmp_path) in told
            found = "refused"
        seen[found] += 1
        assert found != "wrong", (damage.__name__, number)
    assert sum(seen.values()) == N_MUTATIONS and seen["refused"] and seen["the same"]
    record_property(f"{N_MUTATIONS} mutations of {layout}",
                    ", ".join(f"{what} {times}" for what, times in sorted(seen.items())))


def test_with_checksums_every_change_of_a_file_is_refused(tmp_path):
    (folder := tmp_path / "here").mkdir()
    text, rng = LAYOUTS["OpenAQ archive"], np.random.default_rng(0)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "checksums.txt").write_text(f"{digest}  a.csv\n")
    for number in range(40):
        content = DAMAGE[number % len(DAMAGE)](text, rng)
        (folder / "a.csv").write_bytes(content)
        if content == text.encode():
            assert load("here", tmp_path).table.pm25.notna().all()
        else:
            with pytest.raises(RecordError, match="a.csv"):
                load("here", tmp_path)
