"""PM2.5 of one station: what a reader of any layout returns, and how readings become hours.

A reading is named by its end, in all layouts: the hour 00:00 is the one before midnight, and
belongs to the day that ends there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepmath.smoke.tables import RecordError, Table

MISSING = (-99.0, -999.0, -9999.0)
SENTINEL = -900.0    # below it, every number says "missing"
LOWEST = -15.0       # a monitor's noise around zero reaches a few micrograms below it
HIGHEST = 6000.0     # above what any monitor in use can report
RARE = 1500.0        # above it an hour is told; the worst fires have brought more
STUCK = 24           # hours of one value, which no air has
POSITIVE_CODE = 999.0
NEAR_THE_CODE = 500.0      # µg/m³: an hour of 999 would not stand alone above this
FULL = 0.75          # of an hour's readings, and of a day's hours
HOUR = np.timedelta64(3600, "s")


@dataclass(frozen=True)
class Readings:
    """Values of PM2.5, as a station gave them.

    Attributes
    ----------
    station : str
        As it is shown.
    key : str
        What tells it from other stations, however its name is spelled.
    end : array of datetime64[s], of shape (n,)
        When the time of each ended, on the local clock.
    instant : array of datetime64[s], of shape (n,)
        The same in a time without changes of the clock.
    pm25 : array of shape (n,)
        In µg/m³, NaN where it is missing.
    lines : array of int, of shape (n,)
    notes : Counter
        What was found and how often, such as "hours marked as missing".
    """

    station: str
    key: str
    end: np.ndarray
    instant: np.ndarray
    pm25: np.ndarray
    lines: np.ndarray
    notes: Counter[str] = field(default_factory=Counter)


def check_values(table: Table, column: str, values: np.ndarray, notes: Counter[str],
                 codes: Sequence[float] = ()) -> np.ndarray:
    """Return concentrations with NaN for "missing", or raise RecordError at an absurd one.

    Values a little below zero stay as they are: they are noise around a clean hour, and
    leaving them out would raise the mean. `codes` are further ones that the file says.
    """
    values = values.copy()
    missing = (values <= SENTINEL) | np.isin(values, [*MISSING, *codes])
    in_words = (sum(map(bool, np.array(table.text(column))[np.isnan(values)]))
                if np.isnan(values).any() else 0)
    values[missing] = np.nan
    absurd = (values < LOWEST) | (values > HIGHEST) | np.isinf(values)
    if absurd.any():
        first = int(np.argmax(absurd))
        raise RecordError(table.path, f"expected a concentration from {LOWEST:g} to {HIGHEST:g} "
                          f"µg/m³ or -999 for missing, got {values[first]:g}", table.lines[first],
                          column)
    note(notes, "hours marked as missing", int(missing.sum()) + in_words)
    note(notes, "hours slightly below zero, kept", int((values < 0).sum()))
    return values


def note(notes: Counter[str], what: str, times: int) -> None:
    """Count `what`, if it occurred."""
    if times:
        notes[what] += times


def joined(files: Sequence[tuple[Path, Readings]], notes: Counter[str]
           ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all readings in order, each once, or raise RecordError where two disagree.

    Returns
    -------
    instant, end : arrays of datetime64[s]
    pm25 : array
    """
    instant, end, pm25, lines = (np.concatenate([getattr(found, name) for _, found in files])
                                 for name in ("instant", "end", "pm25", "lines"))
    file = np.repeat(np.arange(len(files)), [len(found.pm25) for _, found in files])
    order = np.lexsort((lines, file, instant))
    instant, end, pm25, lines, file = (a[order] for a in (instant, end, pm25, lines, file))
    again = np.append(False, instant[1:] == instant[:-1])
    if again.any():
        before = np.append(np.nan, pm25[:-1])
        differs = again & (pm25 != before) & ~(np.isnan(pm25) & np.isnan(before))
        within = np.append(False, file[1:] == file[:-1])
        if differs.any():
            at = int(np.argmax(differs))
            path = files[file[at]][0]
            if within[at]:
                raise RecordError(path, f"this hour stands in line {lines[at - 1]} too, with "
                                  "another value: keep one of them", int(lines[at]), "value")
            raise RecordError(path, "hours that other files hold too, with other values, first in "
                              f"line {lines[at]}: give each period once")
        note(notes, "hours that stood twice, with one value", int((again & within).sum()))
        note(notes, "hours that two files hold", int((again & ~within).sum()))
    return instant[~again], end[~again], pm25[~again]


def hourly(instant: np.ndarray, end: np.ndarray, pm25: np.ndarray,
           notes: Counter[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the hours' local days and their means.

    A sensor that reports more often than every hour is averaged to hours first; an hour counts
    if it has three quarters of its readings. How many those are is told by the spacings of the
    month: the shortest that is not rare.

    Parameters
    ----------
    instant, end, pm25 : arrays of shape (n,)
        As `joined` returns them.

    Returns
    -------
    day : array of datetime64[D], of shape (m,)
    pm25 : array of shape (m,)
        NaN where an hour does not count.
    """
    days, means = [], []
    month = end.astype("datetime64[M]")
    for part in np.split(np.arange(len(end)), np.flatnonzero(month[1:] != month[:-1]) + 1):
        step = spacing(instant[part])
        past = (end[part] - end[part].astype("datetime64[h]")).astype(int)     # the full hour
        if step < 3600:
            shift = np.where(past, 3600 - past, 0)
        else:                              # to the nearest of the sensor's hours
            phase = np.bincount(past).argmax()
            shift = (phase - past + 1800) % 3600 - 1800
        shift = shift.astype("timedelta64[s]")
        hour, which = np.unique(instant[part] + shift, return_inverse=True)
        first = np.zeros(len(hour), dtype=int)
        first[which] = part
        known = np.isfinite(pm25[part])
        count = np.bincount(which, known, len(hour))
        total = np.bincount(which, np.where(known, pm25[part], 0.0), len(hour))
        expected = max(1, round(3600 / step))
        full = count >= FULL * expected
        note(notes, "hours with two readings of an hourly sensor, averaged",
             int((count > 1).sum()) if expected == 1 else 0)
        note(notes, "hours with fewer than three quarters of their readings, missing",
             int(((count > 0) & ~full).sum()))
        means.append(np.where(full, total / np.maximum(count, 1), np.nan))
        began = end[first] + (hour - instant[first]) - HOUR
        days.append(began.astype("datetime64[D]"))
    return np.concatenate(days), np.concatenate(means)


def spacing(instant: np.ndarray) -> int:
    """Return the seconds between readings: the shortest spacing of whole minutes that is common."""
    apart = np.diff(instant).astype(int)
    apart = 60 * np.round(apart[(apart > 0) & (apart <= 3600)] / 60).astype(int)
    if not len(apart):
        return 3600
    values, counts = np.unique(np.maximum(apart, 60), return_counts=True)
    common = values[counts >= 0.1 * len(apart)]
    return int(common[0] if len(common) else np.median(apart))


def tell_implausible(pm25: np.ndarray, notes: Counter[str]) -> None:
    """Count hours that no air is likely to have had; they are kept."""
    note(notes, f"hours above {RARE:g} µg/m³, kept", int((pm25 > RARE).sum()))
    known = pm25[np.isfinite(pm25)]
    if known[known != POSITIVE_CODE].max(initial=0.0) < NEAR_THE_CODE:
        note(notes, f"hours of {POSITIVE_CODE:g} µg/m³, which some write for missing, kept",
             int((known == POSITIVE_CODE).sum()))
    starts = np.append(0, np.flatnonzero(known[1:] != known[:-1]) + 1)
    lengths = np.diff(np.append(starts, len(known)))
    note(notes, f"hours of one value for {STUCK} hours and more, kept",
         int(lengths[lengths >= STUCK].sum()))
