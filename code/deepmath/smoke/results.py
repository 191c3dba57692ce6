"""All models on one record, judged on the same days."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepmath.checks import check_choice, check_not_negative, check_whole
from deepmath.smoke.baselines import BASELINES
from deepmath.smoke.metrics import error_interval, log_rmse, mae, rmse, skill, warnings_at
from deepmath.smoke.networks import N_TUNING, NETWORKS, best_penalty, train, tried_penalties
from deepmath.smoke.pairs import Pairs, Split, make_pairs, split_by_time
from deepmath.smoke.record import Record

REFERENCE = "ridge on lags and weather"   # sees what the networks see


@dataclass(frozen=True)
class Forecasts:
    """What each model said of the days of the test.

    Attributes
    ----------
    days : pandas.DatetimeIndex of length n
    y : array of shape (n,)
        What came, µg/m³.
    by_model : dict of arrays
        By name: (n,), or (S, n) for networks from S seeds.
    penalties : dict of list of float
        Of each network, by its kind, the penalty on each split.
    """

    days: pd.DatetimeIndex
    y: np.ndarray
    by_model: dict[str, np.ndarray]
    penalties: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """One row of the table; medians over the seeds where there are several.

    Attributes
    ----------
    model : str
    n_seeds : int
    mae, rmse : float
        µg/m³.
    mae_quartiles : tuple of float
        Over the seeds, µg/m³.
    mae_interval : tuple of float
        From a moving-block bootstrap, µg/m³.
    log_rmse : float
        Of log(1 + PM2.5).
    skill : float
        Of the mean absolute error, against persistence.
    to_ridge : tuple of float
        Interval of the difference of the mean absolute error to the reference's, µg/m³.
    high_days : int
        Days of the test at or above the objective.
    hits, false_alarms : float
        Days forecast at or above the objective, rightly and wrongly.
    """

    model: str
    n_seeds: int
    mae: float
    mae_quartiles: tuple[float, float]
    mae_interval: tuple[float, float]
    rmse: float
    log_rmse: float
    skill: float
    to_ridge: tuple[float, float]
    high_days: int
    hits: float
    false_alarms: float


def forecast_all(pairs: Pairs, splits: list[Split], seeds: Iterable[int] = range(32),
                 say: Callable[[str], None] = lambda message: None,
                 penalties: dict[str, float] | None = None,
                 networks: Iterable[str] = tuple(NETWORKS)) -> Forecasts:
    """Fit each model on each split, and join what it says of the splits' tests.

    The penalty of each network is chosen on the validation days of each split, as ridge's is,
    from the first eight seeds.

    Parameters
    ----------
    pairs : Pairs
    splits : list of Split
        One, or those of `rolling_splits`.
    seeds : iterable of int
        Of the networks.
    say : callable
        Is told which model is being fitted.
    penalties : dict or None
        Of each network, by its kind, where it has been chosen already.
    networks : iterable of str
        The kinds of networks; by default all four.

    Returns
    -------
    Forecasts

    Examples
    --------
    >>> from deepmath.smoke import make_pairs, simulate, split_by_time
    >>> pairs = make_pairs(simulate(1))
    >>> split = split_by_time(pairs)
    >>> forecasts = forecast_all(pairs, [split], seeds=range(2))
    >>> list(forecasts.by_model)[:2], forecasts.y.shape == split.test.shape
    (['climatology', 'persistence'], True)
    >>> forecasts.by_model["recurrent network"].shape == (2, len(split.test))
    True
    """
    seeds, networks = list(seeds), list(networks)
    for kind in networks:
        check_choice("each of networks", kind, NETWORKS)
    by_model = {}
    for name, baseline in BASELINES.items():
        by_model[name] = np.concatenate([baseline(pairs, s)[s.test] for s in splits])
    chosen: dict[str, list[float]] = {}
    for kind in networks:
        parts = []
        for i, split in enumerate(splits, start=1):
            say(f"{kind} network, split {i} of {len(splits)}, {len(seeds)} seeds")
            tried = {} if penalties else tried_penalties(kind, pairs, split, seeds[:N_TUNING])
            l2 = penalties[kind] if penalties else best_penalty(tried, pairs, split)
            is_trained = l2 in tried and len(seeds) <= N_TUNING
            trained = tried[l2] if is_trained else train(kind, pairs, split, seeds, l2=l2)
            parts.append(trained.forecast[:, split.test])
            chosen.setdefault(kind, []).append(l2)
        by_model[f"{kind} network"] = np.concatenate(parts, axis=1)
    test = np.concatenate([split.test for split in splits])
    return Forecasts(pairs.days[test], pairs.y[test], by_model, chosen)


def forecast_record(record: Record, seeds: Iterable[int] = range(8),
                    l2: float | None = None,
                    networks: Iterable[str] = tuple(NETWORKS)) -> Forecasts:
    """Fit each model on a record's days, split once by time, and forecast those of the test.

    Parameters
    ----------
    record : Record
    seeds : iterable of int
        Of the networks, at least one.
    l2 : float or None
        The penalty of all networks; by default each chooses its own, as in `forecast_all`.
    networks : iterable of str
        The kinds of networks; by default all four.

    Returns
    -------
    Forecasts

    Examples
    --------
    >>> from deepmath.smoke import simulate
    >>> forecast_record(simulate(1), seeds=range(2), l2=0.1).penalties["dense"]
    [0.1]
    """
    seeds = [check_whole("each of seeds", seed, at_least=0) for seed in seeds]
    if not seeds:
        raise ValueError("seeds must be at least one; got none")
    penalties = None if l2 is None else dict.fromkeys(NETWORKS, check_not_negative("l2", l2))
    pairs = make_pairs(record)
    return forecast_all(pairs, [split_by_time(pairs)], seeds, penalties=penalties,
                        networks=networks)


def score_all(forecasts: Forecasts) -> list[Score]:
    """Return a score for each model.

    Parameters
    ----------
    forecasts : Forecasts

    Returns
    -------
    list of Score

    Examples
    --------
    >>> days, y = pd.date_range("2023-06-01", periods=3), np.array([5.0, 40.0, 8.0])
    >>> by_model = {"persistence": y + 2.0, "ridge on lags and weather": y + 1.0}
    >>> [(s.model, s.mae, s.skill) for s in score_all(Forecasts(days, y, by_model))]
    [('persistence', 2.0, 0.0), ('ridge on lags and weather', 1.0, 0.5)]
    """
    y, by_model = forecasts.y, forecasts.by_model
    return [score(name, y, forecast, by_model["persistence"], by_model[REFERENCE])
            for name, forecast in by_model.items()]


def score(name: str, y: np.ndarray, forecast: np.ndarray, persistence: np.ndarray,
          reference: np.ndarray) -> Score:
    """Return one model's score."""
    def median(values: np.ndarray) -> float:
        return float(np.median(values))

    errors, warned = mae(y, forecast), warnings_at(y, forecast)
    return Score(
        name, len(np.atleast_2d(forecast)), median(errors),
        tuple(np.percentile(errors, [25, 75]).tolist()), error_interval(y, forecast),
        median(rmse(y, forecast)), median(log_rmse(y, forecast)),
        median(skill(errors, mae(y, persistence))), error_interval(y, forecast, reference),
        warned.days, median(warned.hits), median(warned.false_alarms))


# Heading, alignment and width of each column of the table.
COLUMNS = [("Model", ":-", 19), ("MAE", "-:", 6), ("seeds", ":-", 11), ("95%", ":-", 11),
           ("RMSE", "-:", 6), ("log", "-:", 7), ("skill", "-:", 7), ("minus ridge", ":-", 15),
           ("hits", "-:", 7), ("false", "-:", 6)]


def markdown(scores: list[Score]) -> str:
    """Return the table as Markdown.

    Parameters
    ----------
    scores : list of Score

    Returns
    -------
    str

    Examples
    --------
    >>> score = Score("ridge on lags and weather", 1, 3.0, (3.0, 3.0), (2.5, 3.6), 7.0, 0.4,
    ...               0.1, (0.0, 0.0), 12, 5.0, 2.0)
    >>> print(markdown([score]).splitlines()[-1])
    | ridge on lags and weather | 3.00 |  | 2.5–3.6 | 7.0 | 0.400 | 0.10 |  | 5/12 | 2 |
    """
    rows = [[heading for heading, _, _ in COLUMNS],
            [align.replace("-", (width - 1) * "-") for _, align, width in COLUMNS]]
    for s in scores:
        seeds = "–".join(f"{value:.2f}" for value in s.mae_quartiles) if s.n_seeds > 1 else ""
        range_95 = "–".join(f"{value:.1f}" for value in s.mae_interval)
        ridge = "" if s.model == REFERENCE else span(s.to_ridge)
        rows.append([s.model, f"{s.mae:.2f}", seeds, range_95, f"{s.rmse:.1f}",
                     f"{s.log_rmse:.3f}", minus(f"{round(s.skill, 2) + 0.0:.2f}"), ridge,
                     f"{s.hits:.0f}/{s.high_days}", f"{s.false_alarms:.0f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def span(pair: tuple[float, float]) -> str:
    """Write an interval of a difference, with its signs."""
    return " to ".join(minus(f"{value:+.2f}") for value in pair)


def minus(number: str) -> str:
    return number.replace("-", "−")


def read_results(path: str | Path) -> tuple[dict[str, Any], list[Score]]:
    """Return what `python -m deepmath.smoke` wrote: what it says of the results, and the scores.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    results : dict
    scores : list of Score

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "results.json")
    ...     length = path.write_text('{"station": "simulated", "scores": []}')
    ...     read_results(path)
    ({'station': 'simulated'}, [])
    """
    results = json.loads(Path(path).read_text(encoding="utf-8"))
    return results, [Score(**s) for s in results.pop("scores")]
