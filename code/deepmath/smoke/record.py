"""The tidy record of a station: one row a local day, whatever the files looked like."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from deepmath.smoke import climate, naps, openaq
from deepmath.smoke.hours import Readings, hourly, joined, note, tell_implausible
from deepmath.smoke.tables import DELIMITERS, RecordError, decoded, first_rows

MIN_HOURS = 18       # of 24: three quarters, the usual rule for a valid daily mean
LAYOUTS = {"openaq": openaq.is_header, "naps": naps.is_header, "climate": climate.is_header}


@dataclass(frozen=True)
class Record:
    """A station's days.

    Attributes
    ----------
    station : str
    table : pandas.DataFrame
        Indexed by `day`, without gaps: `station`; `pm25`, the mean of the day in µg/m³, NaN if
        fewer than 18 hours are valid; `valid_hours`, 23 to 25 at most, of which each is named by
        its end; and the weather, if there is any:
        temperature (°C), precipitation (mm), humidity (lowest, %), gust (km/h),
        gust_direction (degrees) and gust_censored.
    notes : Counter
        What was found in the files, dropped or kept, and how often.
    checksums : dict
        SHA-256 of each file, by its name.
    simulated : bool
    """

    station: str
    table: pd.DataFrame
    notes: Counter[str] = field(default_factory=Counter)
    checksums: dict[str, str] = field(default_factory=dict)
    simulated: bool = False

    def __str__(self) -> str:
        days = self.table.pm25.dropna()
        kind = "simulated record" if self.simulated else "record"
        lines = [f"{self.station}: {kind} of {len(days)} valid days in {len(self.table)}, "
                 f"{self.table.index[0]:%Y-%m-%d} to {self.table.index[-1]:%Y-%m-%d}"]
        return "\n  ".join(lines + [f"{what}: {times}" for what, times in self.notes.items()])


def read_record(files: Iterable[str | Path], naps_station: str | None = None) -> Record:
    """Read files of hourly PM2.5 and of daily weather into one tidy record.

    Parameters
    ----------
    files : iterable of paths
        OpenAQ's files, or NAPS hourly files, of one station; and daily climate of a station near
        it. Plain or gzip; their layouts are told by their headers.
    naps_station : str or None
        Which station to take from NAPS files.

    Returns
    -------
    Record

    Raises
    ------
    RecordError
        With file, line and column.

    Examples
    --------
    >>> read_record(["no such file.csv"])
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no such file.csv'
    """
    readings, weather, checksums = [], [], {}
    layouts: dict[str, Path] = {}
    notes: Counter[str] = Counter()
    for path in map(Path, files):
        content = path.read_bytes()
        checksums[path.name] = hashlib.sha256(content).hexdigest()
        text = decoded(path, content)
        layout = layout_of(path, text)
        layouts.setdefault(layout, path)
        if layout == "climate":
            frame, found_in_weather = climate.read_climate(path, text)
            weather.append((path, frame))
            notes.update(found_in_weather)
        else:
            found = (openaq.read_openaq(path, text) if layout == "openaq"
                     else naps.read_naps(path, text, naps_station))
            readings.append((path, found))
            notes.update(found.notes)
    if not readings:
        raise RecordError(path, "no file of hourly PM2.5 among those given, only weather")
    check_one_station(readings, layouts)
    hours = hourly(*joined(readings, notes), notes)
    tell_implausible(hours[1], notes)
    station = readings[-1][1].station
    table = daily(*hours, station, notes)
    if table.pm25.notna().sum() == 0:
        raise RecordError(readings[0][0], f"no day has {MIN_HOURS} valid hours")
    if weather:
        table = table.join(joined_weather(weather))
        table["gust_censored"] = table.gust_censored.eq(True)
    return Record(station, table, notes, checksums)


def layout_of(path: Path, text: str) -> str:
    """Return which layout a file has, or raise RecordError that lists those known."""
    for delimiter in DELIMITERS:
        for cells in first_rows(text, delimiter):
            for layout, is_header in LAYOUTS.items():
                if is_header(cells):
                    return layout
    first = text.lstrip().split("\n", 1)[0][:60].strip()
    raise RecordError(path, f"unknown layout, beginning {first!r}; known are OpenAQ's archive and "
                      "exports, NAPS hourly files, and daily climate of Environment Canada (GeoMet "
                      "or bulk)", 1)


def check_one_station(readings: list[tuple[Path, Readings]], layouts: dict[str, Path]) -> None:
    """Raise RecordError if the files are of several stations or kinds."""
    if {"openaq", "naps"} <= layouts.keys():
        raise RecordError(layouts["naps"], f"hours of NAPS, but {layouts['openaq'].name} holds "
                          "hours of OpenAQ: give one of them, for their days differ")
    for path, found in readings:
        if found.key != readings[0][1].key:
            raise RecordError(path, f"hours of {found.station!r}, but {readings[0][0].name} holds "
                              f"those of {readings[0][1].station!r}: give the files of one station")


def daily(day: np.ndarray, pm25: np.ndarray, station: str, notes: Counter[str]) -> pd.DataFrame:
    """Return the days, one row each and none left out, with means of at least 18 valid hours."""
    number = (day - day.min()).astype(int)
    known = np.isfinite(pm25)
    count = np.bincount(number, known).astype(int)
    total = np.bincount(number, np.where(known, pm25, 0.0))
    mean = np.where(count >= MIN_HOURS, total / np.maximum(count, 1), np.nan)
    note(notes, f"days with 1 to {MIN_HOURS - 1} valid hours, missing",
         int(((count > 0) & (count < MIN_HOURS)).sum()))
    note(notes, "days without any valid hour, missing", int((count == 0).sum()))
    mean = mean.clip(min=0.0).round(6)   # rounding: the order of a sum must not decide a count
    days = pd.date_range(pd.Timestamp(day.min()), periods=len(count), name="day")
    return pd.DataFrame({"station": station, "pm25": mean, "valid_hours": count}, index=days)


def joined_weather(weather: list[tuple[Path, pd.DataFrame]]) -> pd.DataFrame:
    """Return the weather of all files, or raise RecordError where a day stands in two."""
    frame = pd.concat([frame for _, frame in weather]).sort_index()
    repeated = frame.index.duplicated()
    if repeated.any():
        raise RecordError(weather[-1][0], f"the weather of {frame.index[repeated][0]:%Y-%m-%d} "
                          "stands in another file too: give each period once")
    return frame
