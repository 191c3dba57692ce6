"""How good a forecast is, and how sure one may be of that.

Forecasts are arrays of shape (n,), or (S, n) for S seeds; observed values are of shape (n,).
Other shapes, and what is no number, are refused with a ValueError.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from deepmath.arrays import matching, real
from deepmath.checks import check_number, check_whole, generator

OBJECTIVE = 29.0   # µg/m³: Alberta's ambient air quality objective for a mean of 24 hours


def compared(y: np.ndarray, forecast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what came and what was said as arrays, or raise ValueError if they do not fit."""
    forecast = real("forecast", forecast)
    return matching("y", real("y", y), "the forecast", forecast), forecast


def mae(y: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Mean absolute error.

    Parameters
    ----------
    y : array of shape (n,)
        What came.
    forecast : array of shape (n,) or (S, n)

    Returns
    -------
    array of shape () or (S,)

    Examples
    --------
    >>> print(mae(np.array([10.0, 20.0]), np.array([12.0, 16.0])))
    3.0
    """
    y, forecast = compared(y, forecast)
    return np.abs(forecast - y).mean(axis=-1)


def rmse(y: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Root of the mean squared error.

    Parameters
    ----------
    y : array of shape (n,)
        What came.
    forecast : array of shape (n,) or (S, n)

    Returns
    -------
    array of shape () or (S,)

    Examples
    --------
    >>> print(rmse(np.array([10.0, 20.0]), np.array([11.0, 13.0])))
    5.0
    """
    y, forecast = compared(y, forecast)
    return np.sqrt(((forecast - y) ** 2).mean(axis=-1))


def log_rmse(y: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Root of the mean squared error of log(1 + PM2.5).

    Parameters
    ----------
    y : array of shape (n,)
        What came.
    forecast : array of shape (n,) or (S, n)

    Returns
    -------
    array of shape () or (S,)

    Examples
    --------
    >>> print(log_rmse(np.array([9.0, 19.0]), np.array([19.0, 39.0])).round(4))    # log 2
    0.6931
    """
    y, forecast = compared(y, forecast)
    return rmse(np.log1p(y), np.log1p(forecast))


def skill(error: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """1 for a perfect forecast, 0 for one no better than the reference (Murphy 1988).

    Parameters
    ----------
    error, reference : float or arrays of one shape
        The errors of the forecast and of the reference, such as persistence.

    Returns
    -------
    float or array of that shape

    Examples
    --------
    >>> print(skill(mae(np.zeros(2), np.ones(2)), reference=4.0))
    0.75
    """
    return 1.0 - real("error", error) / real("reference", reference)


def expected_mae(draws: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Return the mean absolute error to expect, where the truth can be drawn again and again.

    Parameters
    ----------
    draws : array of shape (n, M)
        M possible outcomes of each day.
    forecast : array of shape (n,) or (S, n)

    Returns
    -------
    array of shape () or (S,)
        No forecast has less than the median of the draws.

    Examples
    --------
    >>> draws = np.array([[8.0, 10.0, 12.0]])
    >>> print(expected_mae(draws, np.array([10.0])).round(2))
    1.33
    """
    draws, forecast = real("draws", draws), real("forecast", forecast)
    if draws.ndim != 2 or not draws.size:
        raise ValueError(f"draws must have the shape (n, M); got {draws.shape}")
    matching("the days of draws", draws[:, 0], "the forecast", forecast)
    errors = [np.abs(draws - each[:, None]).mean() for each in np.atleast_2d(forecast)]
    return np.array(errors).reshape(forecast.shape[:-1])


@dataclass(frozen=True)
class Warnings:
    """Days at or above a limit: how many there were, were warned of, and were not there.

    Attributes
    ----------
    days : int
    hits, false_alarms : int, or arrays of shape (S,)
    """

    days: int
    hits: np.ndarray
    false_alarms: np.ndarray

    @property
    def hit_rate(self) -> np.ndarray:
        """Share of the days that were warned of; NaN if there were none."""
        return self.hits / self.days if self.days else np.full(np.shape(self.hits), np.nan)

    @property
    def false_alarm_ratio(self) -> np.ndarray:
        """Share of the warnings that were for nothing; NaN if there were none."""
        warned = np.asarray(self.hits + self.false_alarms)
        return np.where(warned > 0, self.false_alarms / np.maximum(warned, 1), np.nan)


def warnings_at(y: np.ndarray, forecast: np.ndarray, limit: float = OBJECTIVE) -> Warnings:
    """Count the days on which the value, and the forecast, reach `limit`.

    Parameters
    ----------
    y : array of shape (n,)
    forecast : array of shape (n,) or (S, n)
    limit : float
        In µg/m³.

    Returns
    -------
    Warnings
        `days`, `hits` and `false_alarms`, and from them `hit_rate` and `false_alarm_ratio`.

    Examples
    --------
    >>> found = warnings_at(np.array([5.0, 30.0, 40.0]), np.array([30.0, 35.0, 10.0]))
    >>> print(found.days, found.hits, found.false_alarms, found.hit_rate)
    2 1 1 0.5
    """
    y, forecast = compared(y, forecast)
    high, warned = y >= limit, forecast >= limit
    return Warnings(int(high.sum()), (warned & high).sum(axis=-1), (warned & ~high).sum(axis=-1))


def block_samples(n: int, length: int = 14, n_samples: int = 1000,
                  seed: int | Generator = 0) -> np.ndarray:
    """Return samples of n day numbers, drawn with replacement in blocks of neighbours.

    The moving-block bootstrap (Künsch 1989): days within a block stay together, because the
    errors of neighbouring days are alike.

    Parameters
    ----------
    n : int
        Days of the test.
    length : int
        Days of a block.
    n_samples : int
    seed : int or numpy.random.Generator

    Returns
    -------
    array of shape (n_samples, n)

    Examples
    --------
    >>> samples = block_samples(100, length=14, n_samples=1000)
    >>> samples.shape, bool((np.diff(samples[0, :14]) == 1).all())
    ((1000, 100), True)
    """
    length = min(check_whole("length", length), n)
    n_blocks = -(-n // length)
    starts = generator(seed).integers(0, n - length + 1, (check_whole("n_samples", n_samples),
                                                          n_blocks))
    return (starts[..., None] + np.arange(length)).reshape(n_samples, -1)[:, :n]


def interval(samples: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return the middle `level` of bootstrap samples of a statistic.

    Parameters
    ----------
    samples : array of shape (n_samples,)
    level : float
        From 0 to 1.

    Returns
    -------
    low, high : float

    Examples
    --------
    >>> interval(np.arange(101.0), level=0.5)
    (25.0, 75.0)
    """
    tail = 50 * (1 - check_number("level", level, "a number from 0 to below 1", 0.0, 1.0))
    low, high = np.percentile(real("samples", samples), [tail, 100 - tail])
    return float(low), float(high)


def error_interval(y: np.ndarray, forecast: np.ndarray, reference: np.ndarray | None = None,
                   length: int = 14, n_samples: int = 1000,
                   seed: int | Generator = 0) -> tuple[float, float]:
    """Return an interval for the mean absolute error, or for its difference to a reference's.

    With S seeds, a day's error is the mean over them: that of a seed drawn at random.

    Parameters
    ----------
    y : array of shape (n,)
    forecast : array of shape (n,) or (S, n)
    reference : array of shape (n,) or (S, n), or None
        Another forecast, whose error is subtracted day by day.
    length, n_samples, seed
        As in `block_samples`.

    Returns
    -------
    low, high : float
        95 per cent of the samples lie between them.

    Examples
    --------
    >>> y = np.arange(50.0)
    >>> error_interval(y, y + 2.0, reference=y + 3.0)
    (-1.0, -1.0)
    """
    error = per_day(y, forecast)
    if reference is not None:
        error = error - per_day(y, reference)
    samples = error[block_samples(len(y), length, n_samples, seed)].mean(axis=1)
    return interval(samples)


def per_day(y: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Return each day's absolute error, the mean over seeds, of shape (n,).

    Parameters
    ----------
    y : array of shape (n,)
    forecast : array of shape (n,) or (S, n)

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> per_day(np.array([10.0, 20.0]), np.array([[12.0, 20.0], [10.0, 26.0]]))
    array([1., 3.])
    """
    y, forecast = compared(y, forecast)
    return np.abs(np.atleast_2d(forecast) - y).mean(axis=0)
