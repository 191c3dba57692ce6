"""A station's files: real ones where they are here, and made ones that stand in for them anywhere.

The made ones are as long as the real ones, in the same layouts, with the same kinds of gaps. What
is known of them is counted while they are made, hour by hour, without the readers that are tested.
"""

import gzip
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from programs import STATION

import layouts

FIRST, DAYS, OFFSET, OBJECTIVE = date(2023, 1, 1), 474, -7, 29


@dataclass(frozen=True)
class Known:
    """A station's folder, and the numbers that are known of its files."""

    folder: Path
    name: str
    valid_days: int
    pairs: int
    at_or_above: int        # days of at least 29 µg/m³
    above: int
    highest: float
    highest_day: str
    change: float           # mean from a day to the next
    spread: float           # mean from the mean, over the days that have one before them
    gusts: int
    few_hours: int          # days with some hours, but not enough


def real() -> Known:
    """The Edmonton Woodcroft files, which are no part of the project."""
    return Known(STATION, "Edmonton Woodcroft", 404, 385, 63, 63, 296.354, "2023-05-20", 8.282, 14.659,
                 273, 29)


def made(folder: Path) -> Known:
    """Write a made-up station's files into a folder, plain numbers drawn from one seed."""
    rng, level, smoke = np.random.default_rng(8592), 2.0, 0
    rows, weather, mean, few, gusts = {2023: [], 2024: []}, [], {}, 0, 0
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        level = 2.0 + 0.8 * (level - 2.0) + 0.3 * rng.normal()
        smoke = smoke - 1 if smoke else int(day.month in (5, 6, 7, 8) and rng.random() < 0.08) * 5
        hours = int(rng.choice([24, 22, 18, 17, 6, 0], p=[0.76, 0.08, 0.03, 0.04, 0.02, 0.07]))
        hours = 24 if number in (0, DAYS - 1) else hours        # the record begins and ends here
        values = np.round(np.exp(level + 1.5 * (smoke > 0) + 0.3 * rng.normal(size=hours)), 1)
        if number == 7:     # a day of 29 exactly
            hours, values = 24, np.full(24, float(OBJECTIVE))
        for hour, value in enumerate(values):
            utc = datetime(day.year, day.month, day.day, hour, tzinfo=timezone.utc) \
                + timedelta(hours=1 - OFFSET)       # named by its end
            rows[day.year].append(layouts.openaq_row(utc, value, OFFSET))
        if hours >= 18:
            mean[number] = values.mean()
        few += 0 < hours < 18
        gust = round(np.exp(3.5 + 0.3 * rng.normal()))
        gusts += gust > 30
        told = f"{gust},,{rng.integers(1, 37)}" if gust > 30 else ",M,"
        weather.append(f"-113.5,53.3,MADE UP,3010000,{day} 00:00:00,{rng.normal(3, 10):.1f},,"
                       f"{max(0, rng.normal(0, 3)):.1f},,{rng.integers(30, 90)},{told}")
    folder.mkdir()
    for year, lines in rows.items():
        text = layouts.openaq(lines)
        (folder / f"openaq-1-made-up-{year}.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    (folder / "climate-made-up.csv.gz").write_bytes(
        gzip.compress(layouts.geomet(weather).encode("utf-8-sig"), mtime=0))
    pairs = [number for number in mean if number - 1 in mean]
    today = np.array([mean[number] for number in pairs])
    worst = max(mean, key=mean.get)
    return Known(
        folder, "Made Up", len(mean), len(pairs), sum(value >= OBJECTIVE for value in mean.values()),
        sum(value > OBJECTIVE for value in mean.values()), mean[worst],
        str(FIRST + timedelta(days=worst)),
        float(np.mean([abs(mean[number] - mean[number - 1]) for number in pairs])),
        float(np.mean(np.abs(today - today.mean()))), gusts, few)
