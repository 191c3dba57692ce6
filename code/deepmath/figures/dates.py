"""Axes of days."""

from matplotlib.axis import Axis
from matplotlib.dates import num2date


def dated(axis: Axis, pattern: str) -> None:
    """Write each tick of an axis of days as its day, and what `pattern` makes of its date."""
    def written(value: float, place: float) -> str:
        day = num2date(value)
        return f"{day.day} {day:{pattern}}"     # "%-d" is not known on every machine

    axis.set_major_formatter(written)
