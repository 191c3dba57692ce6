"""A simulated station: days whose law is written down, so that the best forecast is known.

Nothing in it was measured. It has the features of a station in Alberta that matter for the
chapter: a background that follows the season and is lognormal; a fire season in which smoke
arrives rarely, more often after dry weeks and in bad years, and then stays until wind or rain
take it away; weather that says a little about it; and gaps. Numbers in `Law` say how much.

Each day is drawn from the day before by `tomorrow`. Drawing many tomorrows from one today gives
tomorrow's distribution; its median has the smallest mean absolute error that any forecast made
from that today can have, and its mean the smallest mean squared error.
"""

from collections import Counter
from dataclasses import astuple, dataclass, replace

import numpy as np
import pandas as pd
from numpy.random import Generator

from deepmath.checks import check_whole, generator
from deepmath.smoke.climate import GUST_LIMIT
from deepmath.smoke.record import Record

FIRST_DAY = "2001-01-01"   # the years are as little real as the rest
DAYS_A_YEAR = 365.25
WARM_UP = 60               # days that are drawn and forgotten

Numbers = np.ndarray | float


@dataclass(frozen=True)
class Law:
    """The numbers of the simulation; logarithms are natural.

    Attributes
    ----------
    background : float
        Median of the year without smoke, µg/m³.
    winter : float
        By which its logarithm is higher in mid-January.
    background_memory, background_noise : float
        The share of yesterday's departure that is left, and the deviation of what is new.
    gust_effect : float
        Of log gust on log background, downwards.
    gust : float
        Median of the daily maximum, km/h.
    arrival : float
        Logit of the chance of smoke on a day of a common summer.
    arrival_by_dryness, arrival_by_year : float
        What full dryness adds to it, and one standard deviation of the year's severity.
    stay : float
        Logit of the chance that smoke stays another day.
    stay_by_gust, stay_by_rain : float
        What log(gust / median) adds to it, and each millimetre of rain.
    smoke : float
        Median of smoke, µg/m³.
    smoke_arrival : float
        Standard deviation of its logarithm on arrival.
    smoke_memory, smoke_noise : float
        As for the background, of smoke that stays.
    """

    background: float = 7.0
    winter: float = 0.25
    background_memory: float = 0.75
    background_noise: float = 0.32
    gust_effect: float = 0.6
    gust: float = 33.0
    arrival: float = -5.6
    arrival_by_dryness: float = 4.0
    arrival_by_year: float = 0.9
    stay: float = 2.2
    stay_by_gust: float = -5.0
    stay_by_rain: float = -0.15
    smoke: float = 30.0
    smoke_arrival: float = 0.9
    smoke_memory: float = 0.8
    smoke_noise: float = 0.6


@dataclass(frozen=True)
class Day:
    """All that tomorrow depends on; numbers, or arrays of one shape.

    Attributes
    ----------
    warmth : departure of the mean temperature from the season's, °C
    log_gust : log of the maximum gust in km/h
    rain : mm
    dryness : from 0, soaked, to 1
    log_background : log of PM2.5 without smoke, in µg/m³
    smoke : PM2.5 of smoke, µg/m³; 0 on most days
    severity : of the year, in standard deviations
    """

    warmth: Numbers
    log_gust: Numbers
    rain: Numbers
    dryness: Numbers
    log_background: Numbers
    smoke: Numbers
    severity: Numbers

    @property
    def pm25(self) -> np.ndarray:
        """PM2.5 in µg/m³."""
        return np.exp(self.log_background) + self.smoke


def tomorrow(today: Day, day_of_year: Numbers, rng: Generator, law: Law = Law()) -> Day:
    """Draw the day after `today`; `day_of_year` is tomorrow's, and the shape is today's."""
    def noise() -> np.ndarray:
        return rng.normal(size=np.shape(today.smoke))

    def happens(logit: Numbers) -> np.ndarray:
        return rng.uniform(size=np.shape(today.smoke)) < 1 / (1 + np.exp(-logit))

    cold = np.cos(2 * np.pi * (day_of_year - 15) / DAYS_A_YEAR)     # 1 in mid-January
    warmth = 0.8 * today.warmth + 3.0 * noise()
    log_gust = np.log(law.gust) + 0.6 * (today.log_gust - np.log(law.gust)) + 0.24 * noise()
    wet = happens(np.where(today.rain > 0, 0.0, -1.3 - 0.4 * cold))
    rain = wet * rng.gamma(0.7, 5.0 - 3.0 * cold)
    temperature = season_temperature(day_of_year) + warmth
    drying = 0.04 * np.clip(temperature, 0.0, None) / 15.0
    dryness = (today.dryness + drying * (1 - today.dryness)) * np.exp(-rain / 15.0)

    usual = np.log(law.background) + law.winter * cold
    log_background = (usual + law.background_memory * (today.log_background - usual)
                      - law.gust_effect * (log_gust - np.log(law.gust))
                      + law.background_noise * noise())
    windy = log_gust - np.log(law.gust)
    arrives = happens(law.arrival + law.arrival_by_dryness * dryness
                      + law.arrival_by_year * today.severity - 1.5 * (1 + cold)
                      - 20.0 * (cold > 0.2))
    stays = happens(law.stay + law.stay_by_gust * windy + law.stay_by_rain * rain)
    new = law.smoke * np.exp(law.smoke_arrival * noise())
    old = np.exp(np.log(law.smoke) + law.smoke_noise * noise()
                 + law.smoke_memory * np.log(np.maximum(today.smoke, 1.0) / law.smoke))
    smoke = np.where(today.smoke > 0, stays * old, arrives * new)
    return Day(warmth, log_gust, rain, dryness, log_background, smoke, today.severity)


def season_temperature(day_of_year: Numbers) -> np.ndarray:
    """Mean temperature of a day of the year, °C."""
    return 3.5 - 14.5 * np.cos(2 * np.pi * (day_of_year - 15) / DAYS_A_YEAR)


@dataclass(frozen=True, kw_only=True)
class SimulatedRecord(Record):
    """A `Record`, and the truth behind it.

    Attributes
    ----------
    truth : Day
        The states of the table's days, gaps included, as arrays of its length.
    law : Law
    """

    truth: Day
    law: Law = Law()

    def tomorrows(self, days: pd.DatetimeIndex | np.ndarray, n_draws: int = 1000,
                  seed: int | Generator = 0) -> np.ndarray:
        """Draw what might have been measured on days, each from the true state of the day before.

        Parameters
        ----------
        days : pandas.DatetimeIndex of length n
            Not the table's first.
        n_draws : int
        seed : int or numpy.random.Generator

        Returns
        -------
        array of shape (n, n_draws)
            PM2.5 in µg/m³. Their median along the draws is the forecast with the least expected
            absolute error, their mean that with the least expected squared error.
        """
        check_whole("n_draws", n_draws)
        days = pd.DatetimeIndex(days)
        places = self.table.index.get_indexer(days)
        if (places < 1).any():
            raise ValueError("days must lie in the record, after its first day")
        today = replace(self.truth, severity=np.roll(self.truth.severity, -1))
        today = Day(*(np.repeat(values[places - 1, None], n_draws, axis=1)
                      for values in astuple(today)))
        return tomorrow(today, days.day_of_year.to_numpy()[:, None], generator(seed),
                        self.law).pm25


def simulate(n_years: int = 8, seed: int | Generator = 7, law: Law = Law()) -> SimulatedRecord:
    """Draw a station's record.

    Parameters
    ----------
    n_years : int
    seed : int or numpy.random.Generator
    law : Law

    Returns
    -------
    SimulatedRecord
        In the columns and units of a real one, with gaps.

    Examples
    --------
    >>> record = simulate(n_years=1, seed=7)
    >>> record.table.shape, record.simulated
    ((365, 9), True)
    >>> print(f"{record.table.pm25.median():.1f} µg/m³")
    7.1 µg/m³
    """
    check_whole("n_years", n_years)
    rng = generator(seed)
    days = pd.date_range(FIRST_DAY, periods=round(n_years * DAYS_A_YEAR), name="day")
    severity = rng.normal(size=n_years + 1)
    state = Day(0.0, np.log(law.gust), 0.0, 0.0, np.log(law.background), 0.0, severity[0])
    states = []
    for i in range(-WARM_UP, len(days)):
        day = days[0] + pd.Timedelta(days=i)
        state = replace(state, severity=severity[max(day.year - days[0].year, 0)])
        state = tomorrow(state, day.day_of_year, rng, law)
        states.append(astuple(state))
    truth = Day(*np.array(states[WARM_UP:], dtype=float).T)
    table = observed(truth, days, rng)
    return SimulatedRecord("simulated", table, Counter(), {}, True, truth=truth, law=law)


def observed(truth: Day, days: pd.DatetimeIndex, rng: Generator) -> pd.DataFrame:
    """Return what a station would have written down: rounded, censored and with gaps."""
    n = len(days)
    hours = np.where(gaps(n, rng), rng.integers(0, 12, n), 24 - rng.binomial(6, 0.05, n))
    gust = np.exp(truth.log_gust).round()
    censored = gust < GUST_LIMIT
    temperature = season_temperature(days.day_of_year.to_numpy()) + truth.warmth
    humidity = 50 + 20 * (truth.rain > 0) - 1.2 * truth.warmth + rng.normal(0, 10, n)
    return pd.DataFrame({
        "station": "simulated",
        "pm25": np.where(hours >= 18, np.round(truth.pm25, 1), np.nan),
        "valid_hours": hours,
        "temperature": temperature.round(1),
        "precipitation": np.round(truth.rain, 1),
        "humidity": np.clip(humidity, 8, 100).round(),
        "gust": np.where(censored, np.nan, gust),
        "gust_direction": np.where(censored, np.nan, 10.0 * rng.integers(1, 37, n)),
        "gust_censored": censored,
    }, index=days)


def gaps(n: int, rng: Generator) -> np.ndarray:
    """Return on which of n days the monitor failed: mostly for a day or two, rarely for weeks."""
    failed = np.zeros(n, dtype=bool)
    for start in np.flatnonzero(rng.uniform(size=n) < 0.015):
        length = rng.geometric(0.5) if rng.uniform() < 0.9 else rng.integers(5, 32)
        failed[start:start + length] = True
    return failed
