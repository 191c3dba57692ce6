"""Figure: simulated leaves of five species, and the truth that belongs to each picture."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from deepmath.checks import check_whole
from deepmath.figures.style import WIDTH, styled
from deepmath.leaves import SPECIES, photograph, specimens

TRUTH = ("edges", "veins", "tips")


@dataclass(frozen=True)
class Pictures:
    """Leaves, a column a species.

    Attributes
    ----------
    names : tuple of str
        Of the species.
    pictures : array of shape (m, 5, 32, 32)
        m leaves of each of five species.
    truth : array of shape (3, 5, 32, 32)
        Edges, veins and tips of the lobes of the last leaf of each species.
    """

    names: tuple[str, ...]
    pictures: np.ndarray
    truth: np.ndarray


def compute(n_leaves: int = 3, seed: int = 1) -> Pictures:
    """Photograph some leaves of each species.

    Parameters
    ----------
    n_leaves : int
        Of each species.
    seed : int
        Of the leaves.

    Examples
    --------
    >>> result = compute(n_leaves=2)
    >>> result.pictures.shape, result.truth.shape
    ((2, 5, 32, 32), (3, 5, 32, 32))
    """
    check_whole("n_leaves", n_leaves)
    kinds = range(len(SPECIES))
    seen = photograph(specimens(n_leaves * len(kinds), seed, kinds))
    last = slice(-len(kinds), None)
    return Pictures(tuple(each.name for each in SPECIES),
                    seen.pictures.reshape(n_leaves, len(kinds), *seen.pictures.shape[1:]),
                    np.array([getattr(seen, name)[last] for name in TRUTH]))


@styled
def draw(result: Pictures) -> Figure:
    """Draw pictures at the left, one column a species, and the truth of the lowest at the right."""
    figure = plt.figure(figsize=(WIDTH, 2.7))
    frame = {"bottom": 0.02, "top": 0.775}
    left, right = (figure.add_subplot(figure.add_gridspec(1, 1, left=x0, right=x1, **frame)[0])
                   for x0, x1 in ((0.01, 0.48), (0.52, 0.99)))
    pictures, truth = (each.reshape(-1, *each.shape[2:])
                       for each in (result.pictures, result.truth))
    left.imshow(photograph_of(mosaic(pictures, 5)), interpolation="nearest")
    right.imshow(mosaic(truth, 5), cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    for axes in (left, right):
        axes.axis("off")
        for i, name in enumerate(result.names):
            axes.text(33 * i + 15.5, -2, name.replace(" lobes, ", "\n"), fontsize=8.5,
                      horizontalalignment="center", verticalalignment="bottom")
    for i, name in enumerate(TRUTH):
        right.text(-2, 33 * i + 15.5, name, fontsize=8.5, rotation=90,
                   horizontalalignment="right", verticalalignment="center")
    for axes, mark, title in ((left, "a", "pictures"), (right, "b", "the truth about the lowest")):
        axes.set_title(f"$\\bf{{({mark})}}$ {title}", pad=26)
    return figure


def mosaic(tiles: np.ndarray, n_columns: int, gap: int = 1) -> np.ndarray:
    """Return tiles (m, h, w) side by side in rows, with gaps between them of NaN."""
    m, h, w = tiles.shape
    n_rows = -(-m // n_columns)
    whole = np.full((n_rows * (h + gap) - gap, n_columns * (w + gap) - gap), np.nan)
    for i, tile in enumerate(tiles):
        row, column = (i // n_columns) * (h + gap), (i % n_columns) * (w + gap)
        whole[row:row + h, column:column + w] = tile
    return whole


def photograph_of(grey: np.ndarray) -> np.ndarray:
    """Return greys, (h, w), as colours, (h, w, 4), which stay as they are on a dark ground."""
    shown = np.repeat(np.clip(np.nan_to_num(grey), 0.0, 1.0)[..., None], 4, axis=-1)
    shown[..., 3] = ~np.isnan(grey)
    return shown
