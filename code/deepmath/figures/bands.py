"""What several figures draw: a median over the seeds, in a band between quartiles, and points."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes


def draw_band(axes: Axes, x: np.ndarray, values: np.ndarray, colour: str, label: str = "",
              line: str = "-", **style: Any) -> None:
    """Draw the median of `values`, (n, seeds), against x, (n,), and a band between quartiles."""
    low, middle, high = np.percentile(values, [25, 50, 75], axis=-1)
    axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(x, middle, line, color=colour, label=label, **style)


def spread_out(n: int, reach: float) -> np.ndarray:
    """Return n numbers up to `reach` from 0, near ones far apart: places of points side by side."""
    return reach * (2 * (np.arange(1, n + 1) * 0.618034 % 1) - 1)
