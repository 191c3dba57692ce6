"""A figure made again, compared with the kept one: its numbers first, then its picture."""

import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from bookbuild.figures.making import Made
from bookbuild.figures.records import KeptFigures, lines_file

# Of an array's largest absolute value. Other kernels of linear algebra, whose rounding
# hundreds of epochs amplify, stay a thousand times below.
TOLERANCE = 1e-6
# Root mean square over the pixels, whose values go from 0 to 255, of the PNG without text and
# legends, as matplotlib's tests and pytest-mpl measure it. matplotlib 3.10 and 3.11 are up to
# 3.2 apart, another colour of one curve is 6 to 23.
THRESHOLD = 5.0


class State(Enum):
    """What has become of a figure, and whether that passes."""

    SAME = "same"
    PIXELS = "changed in pixels only"
    NUMBERS = "changed in numbers"
    PICTURE = "changed in its picture"
    MISSING = "missing"
    STALE = "stale"
    FAILED = "failed"

    @property
    def passes(self) -> bool:
        return self in (State.SAME, State.PIXELS)


@dataclass(frozen=True)
class Verdict:
    """What a comparison found: PNG images are there where there is something to see."""

    name: str
    state: State
    detail: str = ""
    before: bytes | None = None
    after: bytes | None = None
    difference: bytes | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.state.value}" + (f" ({self.detail})" if self.detail else "")


def compare(name: str, kept: KeptFigures, made: Made, changes: list[str]) -> Verdict:
    """Compare a figure with the kept one, which is whole.

    Parameters
    ----------
    name : str
    kept : KeptFigures
    made : Made
    changes : list of str
        What the kept one was made from and is no longer so, as `KeptFigures.changes` tells.
    """
    before, after = (kept.folder / f"{name}.png").read_bytes(), made.files["png"]
    numbers = compare_arrays(kept.arrays(name), made.arrays)
    files = [(kept.folder / f"{name}.{suffix}").read_bytes() == content
             for suffix, content in made.files.items()]
    other = [change for change in changes if change != "versions"]
    if all(files) and not numbers:
        return Verdict(name, State.SAME, f"the same bytes, from other {', '.join(other)}"
                       if other else "")
    distance, _ = compare_pictures((kept.folder / lines_file(name)).read_bytes(), made.lines)
    _, difference = compare_pictures(before, after)
    picture = f"image distance {distance:.2f}, threshold {THRESHOLD:g}"
    if numbers:
        state, told = State.NUMBERS, [*numbers, picture]
    elif other:
        state, told = State.STALE, ["numbers agree", picture]
    else:
        state = State.PIXELS if distance <= THRESHOLD else State.PICTURE
        told = ["numbers agree", picture]
    told += [f"made from other {', '.join(changes)}"] if changes else []
    return Verdict(name, state, "; ".join(told), before, after, difference)


def compare_arrays(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> list[str]:
    """Say of each array that differs by more than the tolerance how much it does."""
    told = [f"{name} is new" for name in after if name not in before]
    for name, old in before.items():
        if name not in after:
            told.append(f"{name} is gone")
            continue
        new = after[name]
        if old.shape != new.shape:
            told.append(f"{name} had the shape {old.shape}, now {new.shape}")
        elif "U" in (old.dtype.kind, new.dtype.kind):
            if (n := np.count_nonzero(old.astype(str) != new.astype(str))):
                told.append(f"{name} differs in {n} of {old.size} words")
        elif not (distance := relative_distance(old, new)) <= TOLERANCE:
            told.append(f"{name} by {distance:.1e} of its largest value, tolerance {TOLERANCE:g}")
    return told


def relative_distance(old: np.ndarray, new: np.ndarray) -> float:
    """Return max |new - old| / max |old|; infinite if other elements are not finite."""
    old, new = old.astype(complex), new.astype(complex)
    finite = np.isfinite(old)
    if not np.array_equal(old[~finite], new[~finite], equal_nan=True) or \
            not np.isfinite(new[finite]).all():
        return np.inf
    difference = np.abs(new - old)[finite].max(initial=0.0)
    scale = np.abs(old[finite]).max(initial=0.0)
    return difference / scale if scale else (np.inf if difference else 0.0)


def compare_pictures(before: bytes, after: bytes) -> tuple[float, bytes | None]:
    """Return the distance of two PNG images, and an image of it if there is something to see.

    Images of different sizes have no distance: it is infinite.
    """
    from matplotlib.testing.compare import compare_images
    from matplotlib.testing.exceptions import ImageComparisonFailure

    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "before.png"), Path(folder, "after.png")
        first.write_bytes(before)
        second.write_bytes(after)
        try:
            found = compare_images(str(first), str(second), tol=0, in_decorator=True)
        except ImageComparisonFailure:
            return np.inf, None
        if not found:
            return 0.0, None
        return float(found["rms"]), Path(str(found["diff"])).read_bytes()
