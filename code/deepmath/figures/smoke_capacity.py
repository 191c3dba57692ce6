"""Figure: dense networks of growing width, and on growing numbers of days, with no brakes.

No penalty and no early stopping: what is shown is where overfitting starts by itself. The loss
is the mean squared error of log(1 + PM2.5), in which all models and all numbers of days compare.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepmath import smoke
from deepmath.checks import check_whole
from deepmath.figures.style import BLACK, BLUE, GREEN, GREY, VERMILLION, WIDTH, letter, styled
from deepmath.sweep import sweep

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
SHOWN = (2, 16, 128)
DAYS = (60, 120, 240, 480, 960)
WIDTH_FOR_DAYS = 16
BATCH = 64
TRAINING: dict[str, Any] = {"color": BLUE, "linestyle": "--", "marker": "s"}
VALIDATION: dict[str, Any] = {"color": VERMILLION, "linestyle": "-", "marker": "o"}


@dataclass(frozen=True)
class SmokeCapacity:
    """Losses of dense networks; S seeds each.

    Attributes
    ----------
    widths : tuple of int
    training, validation : arrays of shape (widths, n_epochs, S)
        By epoch, from `n_training` days.
    n_training : int
    n_days : tuple of int
        Training days of the second experiment, the last ones before the validation.
    training_by_days, validation_by_days, best_by_days : arrays of shape (n_days, S)
        After as many updates as in the first experiment, and the lowest on the way.
    persistence, ridge : float
        Losses on the validation days.
    """

    widths: tuple[int, ...]
    training: np.ndarray
    validation: np.ndarray
    n_training: int
    n_days: tuple[int, ...]
    training_by_days: np.ndarray
    validation_by_days: np.ndarray
    best_by_days: np.ndarray
    persistence: float
    ridge: float

    @property
    def turn(self) -> np.ndarray:
        """The epoch after which the median validation loss rises, by width, (widths,)."""
        return np.median(self.validation, axis=-1).argmin(axis=-1)


def compute(record: smoke.Record | None = None, widths: Sequence[int] = WIDTHS,
            n_days: Sequence[int] = DAYS, seeds: Iterable[int] = range(8), n_epochs: int = 50,
            n_training: int = 600) -> SmokeCapacity:
    """Train dense networks to the end, from each seed.

    Parameters
    ----------
    record : deepmath.smoke.Record or None
        By default the simulated one.
    widths, n_days : sequences of int
        Hidden units, on `n_training` days; days, with 16 hidden units, whose epochs are as many
        as make the same number of updates.
    seeds : iterable of int
    n_epochs, n_training : int
        Fewer days are taken where the record has no more.

    Examples
    --------
    >>> result = compute(smoke.simulate(1), widths=(2, 4), n_days=(60,), seeds=range(3),
    ...                  n_epochs=5)
    >>> result.training.shape, result.validation_by_days.shape
    ((2, 5, 3), (1, 3))
    """
    check_whole("n_training", n_training, at_least=30)
    check_whole("n_epochs", n_epochs)
    widths = [check_whole("each of widths", width) for width in widths]
    pairs = smoke.make_pairs(record or smoke.simulate())
    split = smoke.split_by_time(pairs)
    n_training = min(n_training, len(split.training))
    n_updates = n_epochs * ceil(n_training / BATCH)
    n_days = tuple(n for n in n_days if n <= len(split.training))
    settings = [*((width, n_training, n_epochs) for width in widths),
                *((WIDTH_FOR_DAYS, n, round(n_updates / ceil(n / BATCH))) for n in n_days)]
    runs = sweep(losses, seeds, [{"pairs": pairs, "split": split, "n_hidden": n_hidden, "n_days": n,
                                  "n_epochs": epochs} for n_hidden, n, epochs in settings])
    training, validation = ([run[name].T for run in runs] for name in ("training", "validation"))
    by_width, by_days = slice(len(widths)), slice(len(widths), None)
    part = smoke.Split(split.training[-n_training:], split.validation, split.test)
    held, y = split.validation, pairs.y[split.validation]
    ridge = smoke.ridge(pairs, part, None)[held]
    return SmokeCapacity(
        tuple(widths), np.array(training[by_width]), np.array(validation[by_width]),
        n_training, n_days, np.array([each[-1] for each in training[by_days]]),
        np.array([each[-1] for each in validation[by_days]]),
        np.array([each.min(axis=0) for each in validation[by_days]]),
        float(smoke.log_rmse(y, pairs.today[held]) ** 2),
        float(smoke.log_rmse(y, ridge) ** 2))


def losses(seeds: list[int], pairs: smoke.Pairs, split: smoke.Split, n_hidden: int, n_days: int,
           n_epochs: int) -> dict[str, np.ndarray]:
    """Train one network a seed on the last `n_days` of the training; losses (S, n_epochs)."""
    part = smoke.Split(split.training[-n_days:], split.validation, split.test)
    history = smoke.train("dense", pairs, part, seeds, n_hidden, l2=0.0, n_epochs=n_epochs,
                          patience=n_epochs, batch_size=BATCH).history
    assert history.validation_loss is not None
    unit = smoke.Scaler.fit(pairs, part.training).target_spread ** 2
    return {"training": unit * history.training_loss.T,
            "validation": unit * history.validation_loss.T}


@styled
def draw(result: SmokeCapacity) -> Figure:
    """Draw curves of up to three widths above; below, the losses against width and days."""
    figure = plt.figure(figsize=(WIDTH, 5.8))
    frame = {"left": 0.095, "right": 0.985, "wspace": 0.12}
    [above] = figure.add_gridspec(1, 3, bottom=0.575, top=0.855, **frame).subplots(
        sharey=True, squeeze=False)
    [below] = figure.add_gridspec(1, 2, bottom=0.085, top=0.41, **frame).subplots(
        sharey=True, squeeze=False)
    shown = [w for w in SHOWN if w in result.widths] if len(result.widths) > 3 else result.widths
    for axes, mark, width in zip(above, "abc", shown):
        place = result.widths.index(width)
        draw_curves(axes, result.training[place], result.validation[place])
        letter(axes, mark, f"{width} hidden units")
    above[0].set_ylabel("mean squared error")
    for axes in (*above, *below):
        axes.set_ylim(0, 2 * result.persistence)
    draw_ends(below[0], result.widths, result.training[:, -1], result.validation[:, -1],
              result.validation.min(axis=1), result)
    below[0].set(xlabel="hidden units", ylabel="mean squared error")
    letter(below[0], "d", f"width, {result.n_training} training days")
    draw_ends(below[1], result.n_days, result.training_by_days, result.validation_by_days,
              result.best_by_days, result)
    below[1].set(xlabel="training days")
    letter(below[1], "e", f"days, {WIDTH_FOR_DAYS} hidden units")
    figure.legend(*below[0].get_legend_handles_labels(), loc="upper center", ncols=3,
                  bbox_to_anchor=(0.53, 1.0), columnspacing=1.6)
    return figure


def draw_curves(axes: Axes, training: np.ndarray, validation: np.ndarray) -> None:
    """Draw medians over the seeds by epoch, with quartiles, and mark the lowest validation."""
    epochs = np.arange(1, len(training) + 1)
    for losses, style in ((training, TRAINING), (validation, VALIDATION)):
        low, middle, high = np.percentile(losses, [25, 50, 75], axis=1)
        axes.fill_between(epochs, low, high, color=style["color"], alpha=0.25, linewidth=0)
        axes.plot(epochs, middle, color=style["color"], linestyle=style["linestyle"])
    lowest = int(np.median(validation, axis=1).argmin())
    axes.plot(epochs[lowest], np.median(validation[lowest]), "*", color=BLACK, markersize=9)
    axes.set_xlabel("epoch")
    axes.grid(axis="y")


def draw_ends(axes: Axes, x: Sequence[int], training: np.ndarray, validation: np.ndarray,
              best: np.ndarray, result: SmokeCapacity) -> None:
    """Draw the losses after the last update, and the lowest of the validation."""
    for losses, style, label in ((training, TRAINING, "training, at the end"),
                                 (validation, VALIDATION, "validation, at the end")):
        low, middle, high = np.percentile(losses, [25, 50, 75], axis=1)
        axes.fill_between(x, low, high, color=style["color"], alpha=0.25, linewidth=0)
        axes.plot(x, middle, markersize=4.5, label=label, **style)
    axes.plot(x, np.median(best, axis=1), "*:", color=BLACK, markersize=7,
              linewidth=1.2, label="validation, at its best")
    axes.axhline(result.persistence, color=GREY, linewidth=1, linestyle="-.", label="persistence")
    axes.axhline(result.ridge, color=GREEN, linewidth=1.2, linestyle=(0, (1, 1)), label="ridge")
    axes.set_xscale("log")
    axes.set_xticks(x, map(str, x))
    axes.minorticks_off()
    axes.grid(axis="y")
