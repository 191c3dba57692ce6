"""Figure: what each model errs, and what it cannot help erring."""

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepmath import smoke
from deepmath.figures.style import BLACK, BLUE, GREY, VERMILLION, WIDTH, letter, styled


@dataclass(frozen=True)
class SmokeModels:
    """Mean absolute errors on the days of the test, µg/m³.

    Attributes
    ----------
    names : tuple of str
    seen : array of shape (models,)
        Of what came; the median over the seeds.
    interval : array of shape (models, 2)
        95% of a moving-block bootstrap of `seen`.
    expected : list of arrays of shape (S,), or None
        Over all that might have come, a number a seed; None if the truth is not known.
    best : float or None
        The least that any forecast can expect.
    """

    names: tuple[str, ...]
    seen: np.ndarray
    interval: np.ndarray
    expected: list[np.ndarray] | None
    best: float | None


def compute(record: smoke.Record | None = None,
            forecasts: smoke.Forecasts | None = None, seeds: Iterable[int] = range(8),
            l2: float | None = None) -> SmokeModels:
    """Judge forecasts, or make and judge them.

    Parameters
    ----------
    record : deepmath.smoke.Record or None
        By default the simulated one.
    forecasts : deepmath.smoke.Forecasts or None
        By default those of all models.
    seeds : iterable of int
        Of the networks, where the forecasts are made here.
    l2 : float or None
        Their penalty; by default each chooses its own.

    Examples
    --------
    >>> record = smoke.simulate(1)
    >>> pairs = smoke.make_pairs(record)
    >>> forecasts = smoke.forecast_all(pairs, [smoke.split_by_time(pairs)], range(2))
    >>> result = compute(record, forecasts)
    >>> len(result.names), result.interval.shape
    (9, (9, 2))
    """
    record = record or smoke.simulate()
    forecasts = forecasts or smoke.forecast_record(record, seeds, l2)
    scores = smoke.score_all(forecasts)
    expected = best = None
    if isinstance(record, smoke.SimulatedRecord):
        draws = record.tomorrows(forecasts.days)
        best = float(smoke.expected_mae(draws, np.median(draws, axis=1)))
        expected = [np.atleast_1d(smoke.expected_mae(draws, f))
                    for f in forecasts.by_model.values()]
    return SmokeModels(tuple(s.model for s in scores), np.array([s.mae for s in scores]),
                       np.array([s.mae_interval for s in scores]), expected, best)


@styled
def draw(result: SmokeModels) -> Figure:
    """Draw a row a model: the error seen with its interval, and the error to expect."""
    n_panels = 1 if result.expected is None else 2
    figure, panels = plt.subplots(1, n_panels, figsize=(WIDTH, 3.1), sharey=True, squeeze=False)
    figure.subplots_adjust(left=0.255, right=0.985, bottom=0.155, top=0.905, wspace=0.16)
    rows = np.arange(len(result.names))
    seen = panels[0, 0]
    seen.hlines(rows, *result.interval.T, color=BLUE, linewidth=2.2, alpha=0.45)
    seen.plot(result.seen, rows, "o", color=BLUE, markersize=5)
    seen.set(xlabel="mean absolute error in µg/m³", xlim=(0, None))
    seen.set_yticks(rows, result.names)
    seen.invert_yaxis()
    letter(seen, "a", "on the days that came")
    if result.expected is not None and result.best is not None:
        draw_expected(panels[0, 1], dict(zip(result.names, result.expected)), result.best)
    for axes in panels.flat:
        axes.grid(axis="x")
    return figure


def draw_expected(axes: Axes, expected: dict[str, np.ndarray], best: float) -> None:
    """Draw the error to expect, without climatology, which would press the rest together."""
    for row, (name, values) in enumerate(expected.items()):
        if name != "climatology":
            axes.plot(values, np.full(len(values), row), "D", color=VERMILLION, markersize=4,
                      alpha=0.25 if len(values) > 1 else 1, markeredgewidth=0)
    axes.axvline(best, color=BLACK, linewidth=1.2, linestyle="--")
    axes.text(best, 0, " the least possible", va="center")
    axes.set(xlabel="error to expect in µg/m³")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(GREY)
    letter(axes, "b", "over all that might have come")
