"""What a forecast of tomorrow may see, and which days it is fitted and judged on.

A pair is today's past and tomorrow's value. Everything here looks backwards only; what is
learned from data (means, deviations, what stands in for a missing value) is learned from the
training days of a `Split` alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from deepmath.checks import check_number, check_positive, check_whole
from deepmath.smoke.climate import GUST_LIMIT
from deepmath.smoke.record import Record
from deepmath.smoke.tables import RecordError
from deepmath.store import stable_parts

LAGS = 7          # days that a forecast sees, today included
MIN_PAIRS = 100   # fewer cannot be split into three parts and mean anything
RAIN_HALFLIFE = 10.0
A_YEAR = 330      # days that the training must span for the season to be known


@dataclass(frozen=True)
class Pairs:
    """Pasts and the values that came next, in order of time.

    Attributes
    ----------
    days : pandas.DatetimeIndex of length n
        The days that are forecast.
    X : array of shape (n, T, d)
        d numbers for each of the T days before, the oldest first; NaN where one is missing.
    y : array of shape (n,)
        PM2.5 of the day, µg/m³.
    names : tuple of str
        The d numbers.
    """

    days: pd.DatetimeIndex
    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.days)

    @property
    def today(self) -> np.ndarray:
        """PM2.5 of the day before, µg/m³, of shape (n,)."""
        return np.expm1(self.X[:, -1, self.names.index("log PM2.5")])


@stable_parts.register
def _(index: pd.Index) -> Iterable[bytes]:
    """Let a sweep's store know pairs by their days, too."""
    return stable_parts(index.to_numpy())


@dataclass(frozen=True)
class Split:
    """Numbers of pairs for fitting, for choosing and for judging, in order of time.

    Attributes
    ----------
    training, validation, test : arrays of int
        Each the places of its pairs, in order of time.
    """

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def columns(record: Record) -> pd.DataFrame:
    """Return the d numbers of each day of a record, NaN where they are missing.

    PM2.5 and rain enter by log(1 + x). A gust below the limit of reporting enters as the limit,
    with a column that says so. Rain also enters as a running mean of the days so far, with a
    half-life of ten days: dryness is slower than the T days that a forecast sees.

    Parameters
    ----------
    record : Record

    Returns
    -------
    pandas.DataFrame
        A row a day, indexed as the record's table.

    Examples
    --------
    >>> from deepmath.smoke import simulate
    >>> numbers = columns(simulate(1))
    >>> numbers.shape, numbers.columns[0]
    ((365, 9), 'log PM2.5')
    """
    table = record.table
    found = {"log PM2.5": np.log1p(table.pm25)}
    if "temperature" in table:
        rain = np.log1p(table.precipitation)
        found |= {
            "temperature": table.temperature,
            "log gust": np.log(table.gust.where(~table.gust_censored, GUST_LIMIT)),
            "gust censored": table.gust_censored.astype(float).where(table.temperature.notna()),
            "log rain": rain,
            "recent rain": rain.ewm(halflife=RAIN_HALFLIFE, ignore_na=True).mean(),
            "humidity": table.humidity,
        }
    angle = 2 * np.pi * pd.DatetimeIndex(table.index).day_of_year / 365.25
    found |= {"season, cosine": np.cos(angle), "season, sine": np.sin(angle)}
    return pd.DataFrame(found, index=table.index).astype(float)


def make_pairs(record: Record, lags: int = LAGS) -> Pairs:
    """Return all pairs of a record: today and tomorrow are both valid, other days may be missing.

    Parameters
    ----------
    record : Record
    lags : int
        T, the days that a forecast sees, today included.

    Returns
    -------
    Pairs

    Raises
    ------
    RecordError
        If there are fewer than 100.

    Examples
    --------
    >>> from deepmath.smoke import simulate
    >>> pairs = make_pairs(simulate(1))
    >>> pairs.X.shape[1:], pairs.y.shape == (len(pairs),)
    ((7, 9), True)
    >>> pairs.names[:2]
    ('log PM2.5', 'temperature')
    """
    check_whole("lags", lags)
    numbers = columns(record)
    values = numbers.to_numpy()
    padded = np.vstack([np.full((lags, values.shape[1]), np.nan), values])
    pasts = np.stack([padded[i:i + len(values)] for i in range(lags)], axis=1)
    pm25 = record.table.pm25.to_numpy()
    usable = np.isfinite(pm25) & np.isfinite(np.append(np.nan, pm25[:-1]))
    if usable.sum() < MIN_PAIRS:
        raise RecordError(record.station, f"{usable.sum()} pairs of neighbouring valid days; "
                          f"fitting and judging forecasts takes at least {MIN_PAIRS}")
    return Pairs(record.table.index[usable], pasts[usable], pm25[usable], tuple(numbers.columns))


def split_by_time(pairs: Pairs, validation: float = 0.2, test: float = 0.2,
                  gap: int = LAGS) -> Split:
    """Return the first pairs for training, then those for validation, the last for the test.

    Parameters
    ----------
    pairs : Pairs
    validation, test : float
        Shares of the pairs.
    gap : int
        Days left out between the parts; as many as the lags, so that no value is seen by two.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If a share is not above 0, or both leave nothing for training.

    Examples
    --------
    >>> from deepmath.smoke import simulate
    >>> pairs = make_pairs(simulate(1))
    >>> split = split_by_time(pairs, validation=0.2, test=0.2)
    >>> bool(split.training.max() < split.validation.min() < split.test.min())
    True
    """
    check_positive("validation", validation)
    check_positive("test", test)
    check_number("validation + test", validation + test, "less than 1", 0.0, 1.0)
    n = len(pairs)
    starts = round(n * (1 - validation - test)), round(n * (1 - test))
    return Split(before(pairs, starts[0], 0, gap), before(pairs, starts[1], starts[0], gap),
                 np.arange(starts[1], n))


def rolling_splits(pairs: Pairs, n_blocks: int = 5, first: float = 0.3, validation: float = 0.25,
                   gap: int = LAGS) -> list[Split]:
    """Return splits whose tests, one after the other, cover all pairs but the first ones.

    Each block of the test is forecast from all that came before it, as in use: the record
    grows, and the models are fitted anew (Tashman 2000).

    Parameters
    ----------
    pairs : Pairs
    n_blocks : int
        Tests, of about equally many pairs each.
    first : float
        Share of the pairs before the first block.
    validation : float
        Share of the pairs before a block that is kept for choosing, its last ones.
    gap : int
        Days left out between the parts.

    Returns
    -------
    list of Split

    Examples
    --------
    >>> from deepmath.smoke import simulate
    >>> pairs = make_pairs(simulate(1))
    >>> splits = rolling_splits(pairs, n_blocks=5)
    >>> tested = np.concatenate([split.test for split in splits])
    >>> len(splits), bool((np.diff(tested) == 1).all()), int(tested[-1]) == len(pairs) - 1
    (5, True, True)
    """
    n = len(pairs)
    edges = np.round(np.linspace(n * first, n, n_blocks + 1)).astype(int)
    splits = []
    for start, stop in zip(edges, edges[1:]):
        middle = round(start * (1 - validation))
        splits.append(Split(before(pairs, middle, 0, gap), before(pairs, start, middle, gap),
                            np.arange(start, stop)))
    return splits


def before(pairs: Pairs, stop: int, start: int, gap: int) -> np.ndarray:
    """Return the numbers from `start` of pairs that end more than `gap` days before pair `stop`."""
    numbers = np.arange(start, stop)
    last = pairs.days[stop] - pd.Timedelta(days=gap)
    return numbers[pairs.days[numbers] < last]


@dataclass(frozen=True)
class Scaler:
    """How numbers are turned for fitting, learned from the training days.

    Inputs are centred and divided by their deviation; 0, the training mean, stands in for what
    is missing. The target is the *change* of log(1 + PM2.5) from today to tomorrow, so that a
    model which has learned nothing, or is held at nothing by a penalty, says persistence.

    The season counts as unknown, and its inputs as 0, until the training days span a year: half
    a year of sines and cosines is a trend, and a trend does not come back.

    Attributes
    ----------
    centre, spread : arrays of shape (d,)
        Mean and deviation of each number; an infinite deviation makes it count as unknown.
    target_centre, target_spread : float
        Mean and deviation of the change of log(1 + PM2.5).

    Examples
    --------
    >>> from deepmath.smoke import simulate
    >>> pairs = make_pairs(simulate(1))
    >>> scaler = Scaler.fit(pairs, split_by_time(pairs).training)
    >>> scaler.inputs(pairs).shape == (len(pairs), 7 * 9)
    True
    >>> bool(np.allclose(scaler.pm25(pairs, scaler.target(pairs)), pairs.y))
    True
    """

    centre: np.ndarray
    spread: np.ndarray
    target_centre: float
    target_spread: float

    @classmethod
    def fit(cls, pairs: Pairs, training: np.ndarray) -> "Scaler":
        X = pairs.X[training].reshape(-1, pairs.X.shape[-1])
        known = np.isfinite(X)
        count = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, X, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, X - centre, 0.0) ** 2).sum(axis=0) / count)
        spread = np.where(spread > 1e-12, spread, np.inf)
        days = pairs.days[training]
        if days[-1] - days[0] < pd.Timedelta(days=A_YEAR):
            spread = np.where(["season" in name for name in pairs.names], np.inf, spread)
        change = log_change(pairs)[training]
        return cls(centre, spread, change.mean(), change.std() or 1.0)

    def inputs(self, pairs: Pairs, names: tuple[str, ...] | None = None) -> np.ndarray:
        """Return scaled inputs, a row a pair, of shape (n, T d), for all or some of the numbers."""
        X = np.nan_to_num((pairs.X - self.centre) / self.spread)
        if names is not None:
            X = X[..., [pairs.names.index(name) for name in names]]
        return X.reshape(len(pairs), -1)

    def target(self, pairs: Pairs) -> np.ndarray:
        """Return the scaled change of log(1 + PM2.5), of shape (n,)."""
        return (log_change(pairs) - self.target_centre) / self.target_spread

    def pm25(self, pairs: Pairs, scaled: np.ndarray) -> np.ndarray:
        """Turn scaled changes, of shape (..., n), into µg/m³; none is below zero."""
        change = scaled * self.target_spread + self.target_centre
        return np.maximum(np.expm1(np.log1p(pairs.today) + change), 0.0)


def log_change(pairs: Pairs) -> np.ndarray:
    """Return log(1 + tomorrow) - log(1 + today) of each pair."""
    return np.log1p(pairs.y) - np.log1p(pairs.today)
