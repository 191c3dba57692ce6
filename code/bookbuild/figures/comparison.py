"""A figure made again, compared with the kept one: what it shows first, then its pixels."""

from dataclasses import dataclass
from enum import Enum
from io import BytesIO

import numpy as np
from PIL import Image

from bookbuild.figures.differences import TOLERANCE, Difference, differences, some
from bookbuild.figures.making import Made
from bookbuild.figures.records import KeptFigures, lines_file

MOST_TOLD = 3
# Distance of two pictures, whose colours go from 0 to 255, without text and legends. matplotlib
# 3.10 and 3.11 are up to 1.2 apart, another colour of a curve of data is 1.7 to 18.
THRESHOLD = 1.5
# Pixels by which versions of matplotlib place the edges of an image's cells differently.
NEAR = 2


class State(Enum):
    """What has become of a figure, and whether that passes."""

    SAME = "same"
    PIXELS = "changed in pixels only"
    WITHIN = "changed within its tolerance"
    NUMBERS = "changed in numbers"
    PICTURE = "changed in its picture"
    MISSING = "missing"
    STALE = "stale"
    FAILED = "failed"

    @property
    def passes(self) -> bool:
        return self in (State.SAME, State.PIXELS, State.WITHIN)


ORDER = (State.FAILED, State.MISSING, State.NUMBERS, State.PICTURE, State.STALE, State.WITHIN,
         State.PIXELS, State.SAME)


@dataclass(frozen=True)
class Verdict:
    """What a comparison found: PNG images are there where there is something to see."""

    name: str
    state: State
    reason: str = ""
    before: bytes | None = None
    after: bytes | None = None
    differences: tuple[Difference, ...] = ()
    distance: float = 0.0
    changes: tuple[str, ...] = ()

    @property
    def gravity(self) -> tuple[int, float, str]:
        """By which the worst come first."""
        worst = max([0.0, *(difference.size for difference in self.differences)])
        return ORDER.index(self.state), -worst, self.name

    @property
    def origin(self) -> str:
        """Say what the figure was made from and is no longer so."""
        return f"made from other {some(self.changes, MOST_TOLD)}" if self.changes else ""

    @property
    def detail(self) -> str:
        """Say in one line what was found."""
        if self.state is State.SAME:
            return f"the same bytes, {self.origin}" if self.changes else ""
        picture = f"image distance {self.distance:.2f}, threshold {THRESHOLD:g}"
        found = some([difference.told for difference in self.differences], MOST_TOLD, "; ")
        told = [found or "numbers agree", picture, self.origin] if self.after else []
        return "; ".join(filter(None, [*told, self.reason]))

    def __str__(self) -> str:
        return f"{self.name}: {self.state.value}" + (f" ({self.detail})" if self.detail else "")


def compare(name: str, kept: KeptFigures, made: Made, changes: list[str]) -> Verdict:
    """Compare a figure with the kept one, which is whole.

    Under other versions nothing tells whether code or version moved a pixel: the threshold
    decides. Under the same, a picture from other code must be the one that is kept.

    Parameters
    ----------
    name : str
    kept : KeptFigures
    made : Made
    changes : list of str
        What the kept one was made from and is no longer so, as `KeptFigures.changes` tells.
    """
    before, after = (kept.folder / f"{name}.png").read_bytes(), made.files["png"]
    found = differences(kept.drawn(name), made.drawn)
    is_same = all((kept.folder / f"{name}.{suffix}").read_bytes() == content
                  for suffix, content in made.files.items())
    other = [change for change in changes if change != "versions"]
    if is_same and not found:
        return Verdict(name, State.SAME, changes=tuple(other))
    distance = distance_of((kept.folder / lines_file(name)).read_bytes(), made.lines)
    if any(difference.size > made.tolerance for difference in found):
        state = State.NUMBERS
    elif other and "versions" not in changes:
        state = State.STALE
    elif found:
        state = State.WITHIN
    else:
        state = State.PIXELS if distance <= THRESHOLD else State.PICTURE
    reason = f"tolerance {made.tolerance:.0%}" if found and made.tolerance > TOLERANCE else ""
    return Verdict(name, state, reason, before=before, after=after, differences=tuple(found),
                   distance=distance, changes=tuple(changes))


def distance_of(before: bytes, after: bytes) -> float:
    """Return the distance of two PNG images; infinite if their sizes differ.

    The root mean square over the pixels of each image of how far a pixel is from the one most like
    it, at most `NEAR` pixels away, in the other image; of the two images, the larger.
    """
    first, second = (np.asarray(Image.open(BytesIO(image)).convert("RGB"), float)
                     for image in (before, after))
    if first.shape != second.shape:
        return np.inf
    return max(farthest(first, second), farthest(second, first))


def farthest(image: np.ndarray, other: np.ndarray) -> float:
    """Return the root mean square distance of the pixels of an image to the nearest of another."""
    height, width = image.shape[:2]
    around = np.pad(other, ((NEAR, NEAR), (NEAR, NEAR), (0, 0)), mode="edge")
    nearest = np.min([((image - around[i:i + height, j:j + width]) ** 2).mean(axis=-1)
                      for i in range(2 * NEAR + 1) for j in range(2 * NEAR + 1)], axis=0)
    return float(np.sqrt(nearest.mean()))
