"""Figure: an episode of smoke, and what was said of each of its days the day before."""

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath import smoke
from deepmath.checks import check_whole
from deepmath.figures.dates import dated
from deepmath.figures.style import BLACK, BLUE, GREEN, GREY, VERMILLION, WIDTH, styled


@dataclass(frozen=True)
class SmokeForecast:
    """Some weeks of the test around its highest day, µg/m³.

    Attributes
    ----------
    days : array of shape (n,), of datetime64
        Without gaps; the rest is NaN where a day or the day before is missing.
    pm25, persistence, ridge : arrays of shape (n,)
    network : array of shape (S, n)
        Of the recurrent network.
    quantiles : array of shape (2, n), or None
        Between which 8 of 10 draws from the truth lie, if it is known.
    objective : float
    """

    days: np.ndarray
    pm25: np.ndarray
    persistence: np.ndarray
    ridge: np.ndarray
    network: np.ndarray
    quantiles: np.ndarray | None
    objective: float


def compute(record: smoke.Record | None = None, forecasts: smoke.Forecasts | None = None,
            n_days: int = 45, seeds: Iterable[int] = range(8),
            l2: float | None = None) -> SmokeForecast:
    """Cut about `n_days` around the highest day of the test.

    Parameters
    ----------
    record, forecasts, seeds, l2
        As in `smoke_models.compute`; forecasts made here are without the other networks.
    n_days : int

    Examples
    --------
    >>> record = smoke.simulate(1)
    >>> pairs = smoke.make_pairs(record)
    >>> forecasts = smoke.forecast_all(pairs, [smoke.split_by_time(pairs)], range(2))
    >>> result = compute(record, forecasts, n_days=30)
    >>> len(result.days) <= 30, result.network.shape == (2, len(result.days))
    (True, True)
    """
    check_whole("n_days", n_days)
    record = record or smoke.simulate()
    forecasts = forecasts or smoke.forecast_record(record, seeds, l2, networks=["recurrent"])
    middle = forecasts.days[int(forecasts.y.argmax())].to_datetime64()
    days = middle + np.arange(-n_days // 2, n_days - n_days // 2).astype("timedelta64[D]")
    days = days[(days >= forecasts.days[0]) & (days <= forecasts.days[-1])]
    quantiles = None
    if isinstance(record, smoke.SimulatedRecord):
        quantiles = np.percentile(record.tomorrows(days, 4000), [10, 90], axis=1)

    def on_days(values: np.ndarray) -> np.ndarray:
        """Return values on the days, NaN where no forecast was judged."""
        places = forecasts.days.get_indexer(days)
        return np.where(places >= 0, values[..., places], np.nan)

    said = forecasts.by_model
    return SmokeForecast(days, on_days(forecasts.y), on_days(said["persistence"]),
                         on_days(said["ridge on lags and weather"]),
                         on_days(said["recurrent network"]), quantiles, smoke.OBJECTIVE)


@styled
def draw(result: SmokeForecast) -> Figure:
    """Draw what came, and the forecasts made the day before."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.1, top=0.83)
    if result.quantiles is not None:
        axes.fill_between(result.days, *result.quantiles, color=GREY, alpha=0.25, linewidth=0,
                          label="8 of 10 possible days")
    axes.plot(result.days, result.pm25, "o-", color=BLACK, markersize=3.5, linewidth=1,
              label="what came")
    axes.plot(result.days, result.persistence, ":", color=GREEN, linewidth=1.5,
              label="persistence")
    axes.plot(result.days, result.ridge, "--", color=BLUE, linewidth=1.4, label="ridge")
    axes.plot(result.days, np.median(result.network, axis=0), color=VERMILLION, linewidth=1.6,
              label="recurrent network")
    axes.axhline(result.objective, color=BLACK, linewidth=0.8, linestyle=(0, (5, 3)))
    axes.set_yscale("log")
    axes.set_yticks([3, 10, 30, 100, 300], ["3", "10", "30", "100", "300"])
    axes.minorticks_off()
    axes.set(ylabel="PM2.5 in µg/m³", xlim=(result.days[0], result.days[-1]))
    dated(axes.xaxis, "%b")
    axes.grid(axis="y")
    figure.legend(*axes.get_legend_handles_labels(), loc="upper center", ncols=3,
                  bbox_to_anchor=(0.53, 1.0), columnspacing=1.6)
    return figure
