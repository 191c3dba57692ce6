"""Forecasts that cost next to nothing, and that a network has to beat.

Each takes pairs and a split, learns from the training days (ridge chooses its penalty on the
validation days) and returns a forecast for every pair, of shape (n,), in µg/m³.
"""

import numpy as np

from deepmath.smoke.metrics import mae
from deepmath.smoke.pairs import Pairs, Scaler, Split

SEASON_WIDTH = 20.0   # days: the standard deviation of the season's window
PRIOR_DAYS = 10.0     # with the weight of so many days, the year's mean steadies the season's
PENALTIES = 10.0 ** np.arange(0, 6)


def climatology(pairs: Pairs, split: Split) -> np.ndarray:
    """The season's average of log(1 + PM2.5), through a window of some weeks, turned back.

    Parameters
    ----------
    pairs : Pairs
    split : Split

    Returns
    -------
    array of shape (n,)
        For every pair, in µg/m³.

    Examples
    --------
    >>> from deepmath.smoke import make_pairs, simulate, split_by_time
    >>> pairs = make_pairs(simulate(2))
    >>> forecast = climatology(pairs, split_by_time(pairs))
    >>> forecast.shape == pairs.y.shape, bool(forecast.std() < pairs.y.std())
    (True, True)
    """
    return np.expm1(season(pairs, split.training))


def season(pairs: Pairs, training: np.ndarray) -> np.ndarray:
    """Return the smoothed seasonal mean of log(1 + PM2.5) on each pair's day."""
    day = pairs.days.day_of_year.to_numpy()
    apart = np.abs(day[:, None] - day[training])
    apart = np.minimum(apart, 365.25 - apart)
    weight = np.exp(-0.5 * (apart / SEASON_WIDTH) ** 2)
    log_y = np.log1p(pairs.y[training])
    return ((weight @ log_y + PRIOR_DAYS * log_y.mean())
            / (weight.sum(axis=1) + PRIOR_DAYS))


def persistence(pairs: Pairs, split: Split) -> np.ndarray:
    """Tomorrow like today.

    Parameters
    ----------
    pairs : Pairs
    split : Split

    Returns
    -------
    array of shape (n,)
        For every pair, in µg/m³.

    Examples
    --------
    >>> from deepmath.smoke import make_pairs, simulate, split_by_time
    >>> pairs = make_pairs(simulate(1))
    >>> bool((persistence(pairs, split_by_time(pairs)) == pairs.today).all())
    True
    """
    return pairs.today


def seasonal_persistence(pairs: Pairs, split: Split) -> np.ndarray:
    """The season's average, and a share of today's departure from it, fitted by least squares."""
    usual = season(pairs, split.training)
    today = np.log1p(pairs.today) - usual
    ahead = np.log1p(pairs.y[split.training]) - usual[split.training]
    share = today[split.training] @ ahead / (today[split.training] @ today[split.training])
    return np.maximum(np.expm1(usual + share * today), 0.0)


def ridge_on_lags(pairs: Pairs, split: Split) -> np.ndarray:
    """Ridge regression of log(1 + PM2.5) on its own last days and the season."""
    own = tuple(name for name in pairs.names if name == "log PM2.5" or "season" in name)
    return ridge(pairs, split, own)


def ridge_on_weather(pairs: Pairs, split: Split) -> np.ndarray:
    """Ridge regression on all that the networks see: lags, weather and season."""
    return ridge(pairs, split, None)


def ridge(pairs: Pairs, split: Split, names: tuple[str, ...] | None) -> np.ndarray:
    """Fit with each penalty; keep the one with the least absolute error on validation days.

    Parameters
    ----------
    pairs : Pairs
    split : Split
    names : tuple of str or None
        Which of the pairs' numbers the regression sees; None: all.

    Returns
    -------
    array of shape (n,)
        For every pair, in µg/m³.

    Examples
    --------
    >>> from deepmath.smoke import make_pairs, simulate, split_by_time
    >>> pairs = make_pairs(simulate(2))
    >>> split = split_by_time(pairs)
    >>> forecast = ridge(pairs, split, None)
    >>> y, test = pairs.y, split.test
    >>> bool(mae(y[test], forecast[test]) < mae(y[test], pairs.today[test]))
    True
    """
    scaler = Scaler.fit(pairs, split.training)
    X, z = scaler.inputs(pairs, names), scaler.target(pairs)
    weights = [ridge_weights(X[split.training], z[split.training], penalty)
               for penalty in PENALTIES]
    forecasts = [scaler.pm25(pairs, X @ w) for w in weights]
    errors = [mae(pairs.y[split.validation], f[split.validation]) for f in forecasts]
    return forecasts[int(np.argmin(errors))]


def ridge_weights(X: np.ndarray, z: np.ndarray, penalty: float) -> np.ndarray:
    """Minimise |X w - z|^2 + penalty |w|^2 (Hoerl and Kennard 1970); X and z are centred."""
    return np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ z)


BASELINES = {
    "climatology": climatology,
    "persistence": persistence,
    "seasonal persistence": seasonal_persistence,
    "ridge on lags": ridge_on_lags,
    "ridge on lags and weather": ridge_on_weather,
}
