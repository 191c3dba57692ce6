"""Figure: a station's record, whole and around its highest day."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import MonthLocator
from matplotlib.figure import Figure

from deepmath import smoke
from deepmath.checks import check_whole
from deepmath.figures.dates import dated
from deepmath.figures.style import BLACK, BLUE, GREY, VERMILLION, WIDTH, letter, styled

TICKS = [1, 3, 10, 30, 100, 300]


@dataclass(frozen=True)
class SmokeRecord:
    """Daily means and where they fail.

    Attributes
    ----------
    station : str
    simulated : bool
    days : array of shape (n,), of datetime64
    pm25 : array of shape (n,)
        µg/m³, NaN where it is missing.
    objective : float
    season : slice
        The days of the second panel.
    """

    station: str
    simulated: bool
    days: np.ndarray
    pm25: np.ndarray
    objective: float
    season: slice


def compute(record: smoke.Record | None = None, n_days: int = 120) -> SmokeRecord:
    """Find the highest day, and `n_days` around it.

    Parameters
    ----------
    record : deepmath.smoke.Record or None
        By default the simulated one.
    n_days : int

    Examples
    --------
    >>> result = compute(smoke.simulate(1), n_days=60)
    >>> result.pm25.shape, result.season.stop - result.season.start
    ((365,), 60)
    """
    check_whole("n_days", n_days)
    record = record or smoke.simulate()
    pm25 = record.table.pm25.to_numpy()
    n_days = min(n_days, len(pm25))
    start = min(max(int(np.nanargmax(pm25)) - n_days // 2, 0), len(pm25) - n_days)
    return SmokeRecord(record.station, record.simulated, record.table.index.to_numpy(), pm25,
                       smoke.OBJECTIVE, slice(start, start + n_days))


@styled
def draw(result: SmokeRecord) -> Figure:
    """Draw both panels on a logarithmic scale, with gaps as bars at the foot."""
    figure, (whole, season) = plt.subplots(2, 1, figsize=(WIDTH, 4.9))
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.075, top=0.935, hspace=0.36)
    kind = "simulated " if result.simulated else ""
    draw_days(whole, result, slice(None), markersize=1.6)
    letter(whole, "a", f"the whole {kind}record")
    draw_days(season, result, result.season, markersize=3.5, line=True)
    letter(season, "b", f"{result.season.stop - result.season.start} days around its highest")
    whole.legend(loc="upper left", bbox_to_anchor=(0.36, 1.17), ncols=3, markerscale=2,
                 borderaxespad=0, handletextpad=0.4, columnspacing=1.4)
    return figure


def draw_days(axes: Axes, result: SmokeRecord, part: slice, markersize: float,
              line: bool = False) -> None:
    """Draw the days of a part, the objective, and the days without a value."""
    days, pm25 = result.days[part], np.maximum(result.pm25[part], 0.5)
    high = pm25 >= result.objective
    if line:
        axes.plot(days, pm25, color=GREY, linewidth=0.8, zorder=1)
    axes.plot(days[~high], pm25[~high], "o", color=BLUE, markersize=markersize,
              markeredgewidth=0, label="a day")
    axes.plot(days[high], pm25[high], "^", color=VERMILLION, markersize=1.6 * markersize,
              markeredgewidth=0, label=f"{result.objective:g} µg/m³ or more")
    axes.axhline(result.objective, color=BLACK, linewidth=0.8, linestyle="--")
    axes.set_yscale("log")
    top = max(500.0, 1.2 * float(np.nanmax(result.pm25)))
    axes.set(ylim=(0.7, top), xlim=(days[0], days[-1]), ylabel="PM2.5 in µg/m³")
    axes.set_yticks(TICKS, map(str, TICKS))
    axes.minorticks_off()
    missing = np.isnan(pm25)
    axes.plot(days[missing], np.full(missing.sum(), 0.85), "|", color=BLACK, markersize=7,
              label="missing")
    axes.grid(axis="y")
    if line:
        axes.xaxis.set_major_locator(MonthLocator())
        dated(axes.xaxis, "%b %Y")
