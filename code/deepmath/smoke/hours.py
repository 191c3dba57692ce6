"""Hourly PM2.5 of one station: what a reader of any layout returns, and what it checks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from deepmath.smoke.tables import RecordError, Table

SENTINEL = -900.0    # -999 and its like say "missing"
LOWEST = -15.0       # a monitor's noise around zero reaches a few micrograms below it
HIGHEST = 6000.0     # above what any monitor in use can report


@dataclass(frozen=True)
class Hours:
    """Hourly means of PM2.5.

    Attributes
    ----------
    station : str
    table : pandas.DataFrame
        A row an hour, in order, none twice: `day`, the local day to which the hour belongs
        (midnight of it, without a time zone), `hour`, that tells the hours of a day apart, and
        `pm25` in µg/m³, NaN where it is missing.
    notes : Counter
        What was found and how often, such as "hours that stood twice".
    """

    station: str
    table: pd.DataFrame
    notes: Counter[str] = field(default_factory=Counter)


def check_values(table: Table, column: str, values: np.ndarray, lines: list[int],
                 notes: Counter[str]) -> np.ndarray:
    """Return concentrations with NaN for "missing", or raise RecordError at an absurd one.

    Values a little below zero stay as they are: they are noise around a clean hour, and
    leaving them out would raise the mean.
    """
    values = values.copy()
    missing = values <= SENTINEL
    values[missing] = np.nan
    absurd = (values < LOWEST) | (values > HIGHEST) | np.isinf(values)
    if absurd.any():
        first = int(np.argmax(absurd))
        raise RecordError(table.path, f"expected a concentration from {LOWEST:g} to {HIGHEST:g} "
                          f"µg/m³ or -999 for missing, got {values[first]:g}", lines[first], column)
    note(notes, "hours marked as missing", int(missing.sum()))
    note(notes, "hours slightly below zero, kept", int((values < 0).sum()))
    return values


def note(notes: Counter[str], what: str, times: int) -> None:
    """Count `what`, if it occurred."""
    if times:
        notes[what] += times


def without_repeats(path: str | Path, table: pd.DataFrame, key: list[str],
                    lines: Sequence[int] | np.ndarray, notes: Counter[str]) -> pd.DataFrame:
    """Return the hours in order, each once, or raise RecordError where two disagree."""
    table = table.assign(line=lines).sort_values([*key, "line"], kind="stable")
    repeated = table.duplicated(key)
    if repeated.any():
        before = table.shift(1)
        same = (table.pm25 == before.pm25) | (table.pm25.isna() & before.pm25.isna())
        differs = repeated & ~same
        if differs.any():
            first = int(np.argmax(differs))
            raise RecordError(path, f"this hour stands in line {int(before.line.iloc[first])} too, "
                              "with another value: keep one of them",
                              int(table.line.iloc[first]), "value")
        note(notes, "hours that stood twice, with one value", int(repeated.sum()))
    return table[~repeated].drop(columns="line").reset_index(drop=True)
