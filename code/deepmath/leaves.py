"""Simulated pictures of leaves, with the truth about each: its blade, its veins, its lobes.

A leaf has lobes, a margin that is smooth or toothed, a midrib that goes on as the stalk, and a side
vein into each other lobe. `specimens` draws at random what distinguishes one leaf from another, and
how it lies and is lit; `photograph` makes pictures of that. Nothing here has been measured on a
plant. Coordinates on a leaf have the tip of its blade at (0, 1) and the point around which the
lobes lie at (0, 0); in a picture rows go down and columns to the right, from its middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from deepmath.checks import check_not_negative, check_whole, generator

__all__ = ["KNOWN", "SPECIES", "Leaves", "Species", "Specimens", "photograph", "specimens"]

SIDE = 32               # pixels of a picture, in both directions
FOOT = -0.35            # where the side veins leave the midrib, on the leaf
STALK = -1.0            # where the stalk ends
VEIN = 0.45             # pixels: standard deviation of a vein's profile
TIP = 1.5               # pixels: of the spot that marks a lobe's tip
AT_ONCE = 64            # pictures whose arrays stay in a processor's cache


@dataclass(frozen=True)
class Species:
    """What all leaves of a species have in common."""

    name: str
    lobes: int
    toothed: bool


SPECIES = (Species("three lobes, smooth", 3, False), Species("three lobes, toothed", 3, True),
           Species("five lobes, smooth", 5, False), Species("five lobes, toothed", 5, True),
           Species("seven lobes, smooth", 7, False))
KNOWN = (0, 1, 2, 3)    # of these; the fifth is kept for networks that have never met it


@dataclass(frozen=True)
class Specimens:
    """Leaves and how they are photographed; the first axis of each array is the leaf.

    Attributes
    ----------
    species : array of int
        Places in `SPECIES`.
    cut : array
        How deep the margin is cut between the lobes, as a share of the radius.
    width : array
        Width by length.
    teeth, phase, tooth : arrays
        Teeth around the margin, where the first one is (radians), and how far they stand out, as
        a share of the radius: zero, if the margin is smooth.
    radius : array
        Pixels from the middle of the blade to its tip.
    turn : array
        Degrees, against the clock; at zero the tip is above.
    shift : array of shape (n, 2)
        Pixels down and to the right.
    ground, contrast : arrays
        Grey of the ground, and by how much the blade is brighter; black is 0, white 1.
    light : array of shape (n, 2)
        By how much the light grows from the middle to the lower and to the right margin.
    blur : array
        Pixels: standard deviation of the blur.
    noise : array of shape (n, 32, 32)
        What each pixel adds.
    """

    species: np.ndarray
    cut: np.ndarray
    width: np.ndarray
    teeth: np.ndarray
    phase: np.ndarray
    tooth: np.ndarray
    radius: np.ndarray
    turn: np.ndarray
    shift: np.ndarray
    ground: np.ndarray
    contrast: np.ndarray
    light: np.ndarray
    blur: np.ndarray
    noise: np.ndarray

    def __len__(self) -> int:
        return len(self.species)

    def __getitem__(self, which: slice | np.ndarray) -> "Specimens":
        """Return some of the leaves."""
        return Specimens(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True)
class Leaves:
    """Pictures and the truth about them, arrays of shape (n, 32, 32).

    Attributes
    ----------
    pictures : array
        Grey, mostly from 0 to 1.
    mask : array
        How much of the pixel the blade covers, from 0 to 1.
    edges : array
        Size of the mask's gradient, a pixel.
    veins : array
        1 on the middle of a vein or of the stalk, less beside it.
    tips : array
        1 on the tip of a lobe, less around it.
    species : array of shape (n,)
    """

    pictures: np.ndarray
    mask: np.ndarray
    edges: np.ndarray
    veins: np.ndarray
    tips: np.ndarray
    species: np.ndarray


def specimens(n: int, seed: int | Generator, species: Sequence[int] = KNOWN,
              max_turn: float = 30.0, max_shift: float = 2.0) -> Specimens:
    """Draw leaves at random, of each species equally many up to one.

    Parameters
    ----------
    n : int
    seed : int or numpy.random.Generator
    species : sequence of int
        Places in `SPECIES`, which take turns.
    max_turn : float
        Degrees; leaves are turned by up to this, either way.
    max_shift : float
        Pixels; leaves are shifted by up to this, down or up and to the right or left. Up to 2.5
        all of the blade stays in the picture.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> drawn = specimens(6, seed=0)
    >>> len(drawn), drawn.species.tolist(), float(abs(drawn.turn).max()) <= 30
    (6, [0, 1, 2, 3, 0, 1], True)
    """
    check_whole("n", n)
    check_not_negative("max_turn", max_turn)
    check_not_negative("max_shift", max_shift)
    kinds = [check_whole("each of species", each, at_least=0) for each in species]
    if not kinds or max(kinds) >= len(SPECIES):
        raise ValueError(f"species must name some of 0 to {len(SPECIES) - 1}; got {species}")
    rng = generator(seed)
    which = np.resize(kinds, n)
    toothed = np.array([each.toothed for each in SPECIES])[which]
    return Specimens(
        which, cut=rng.uniform(0.3, 0.5, n), width=rng.uniform(0.85, 1.0, n),
        teeth=rng.integers(10, 14, n), phase=rng.uniform(0, 2 * np.pi, n),
        tooth=toothed * rng.uniform(0.2, 0.28, n), radius=rng.uniform(8.0, 10.0, n),
        turn=rng.uniform(-1, 1, n) * max_turn, shift=rng.uniform(-1, 1, (n, 2)) * max_shift,
        ground=rng.uniform(0.1, 0.25, n), contrast=rng.uniform(0.35, 0.5, n),
        light=rng.uniform(-0.1, 0.1, (n, 2)), blur=rng.uniform(0.2, 0.5, n),
        noise=rng.normal(0.0, 0.02, (n, SIDE, SIDE)))


def photograph(leaves: Specimens) -> Leaves:
    """Return pictures of leaves, and the truth about them.

    Examples
    --------
    >>> seen = photograph(specimens(4, seed=0))
    >>> seen.pictures.shape, float(seen.mask.min()), float(seen.mask.max())
    ((4, 32, 32), 0.0, 1.0)
    """
    parts = [photograph_some(leaves[i:i + AT_ONCE]) for i in range(0, len(leaves), AT_ONCE)]
    return Leaves(*map(np.concatenate, zip(*parts)))


def photograph_some(leaves: Specimens) -> tuple[np.ndarray, ...]:
    """Return the arrays of `Leaves`."""
    x, y = on_leaf(leaves)
    mask = blade(leaves, x, y)
    edges = np.hypot(*np.gradient(mask, axis=(1, 2)))
    veins, tips = veins_and_tips(leaves, x, y)
    place = np.linspace(-1, 1, SIDE)
    down, right = column(leaves.light.T)
    light = 1.0 + down * place[:, None] + right * place
    grey = column(leaves.ground) + column(leaves.contrast) * np.maximum(
        mask * (1.0 + 0.5 * veins), veins)
    pictures = blurred(grey * light, leaves.blur) + leaves.noise
    return pictures, mask, edges, veins, tips, leaves.species


def column(values: np.ndarray) -> np.ndarray:
    """Return an array (..., n) as (..., n, 1, 1), to go with pictures."""
    return values[..., None, None]


def on_leaf(leaves: Specimens) -> tuple[np.ndarray, np.ndarray]:
    """Return where on the leaf each pixel lies: across it and along it, in radii."""
    place = np.arange(SIDE) - (SIDE - 1) / 2
    down, right = column(leaves.shift.T)
    up, right = down - place[:, None], place - right
    turn = np.deg2rad(leaves.turn)
    cos, sin = column(np.cos(turn) / leaves.radius), column(np.sin(turn) / leaves.radius)
    return (cos * right + sin * up) / column(leaves.width), cos * up - sin * right


def blade(leaves: Specimens, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how much of each pixel the blade covers, as if its margin were straight there."""
    angle = np.arctan2(x, y)
    lobes = np.array([each.lobes for each in SPECIES])[leaves.species]
    margin = 1.0 - column(leaves.cut) * (0.5 - 0.5 * np.cos(column(lobes) * angle))
    margin *= 1.0 + column(leaves.tooth) * np.cos(column(leaves.teeth) * angle
                                                  + column(leaves.phase))
    return np.clip(0.5 + column(leaves.radius) * (margin - np.hypot(x, y)), 0.0, 1.0)


def veins_and_tips(leaves: Specimens, x: np.ndarray,
                   y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the veins, straight lines from the foot to the tips, and the tips themselves."""
    near = square_of_distance(x, y, 0.0, STALK, 0.0, 1.0)
    at_tip = np.full_like(near, np.inf)
    lobes = np.array([each.lobes for each in SPECIES])[leaves.species]
    for k in range(lobes.max()):
        angle = 2 * np.pi * column(np.minimum(k, lobes - 1) / lobes)
        tip_x, tip_y = np.sin(angle), np.cos(angle)
        near = np.minimum(near, square_of_distance(x, y, 0.0, FOOT, tip_x, tip_y))
        at_tip = np.minimum(at_tip, (x - tip_x) ** 2 + (y - tip_y) ** 2)
    scale = 0.5 * column(leaves.radius) ** 2
    return np.exp(-near * scale / VEIN**2), np.exp(-at_tip * scale / TIP**2)


def square_of_distance(x: np.ndarray, y: np.ndarray, x0: float, y0: float,
                       x1: np.ndarray | float, y1: np.ndarray | float) -> np.ndarray:
    """Return the square of the distance of points from the line from (x0, y0) to (x1, y1)."""
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx**2 + dy**2), 0.0, 1.0)
    return (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2


def blurred(pictures: np.ndarray, blur: np.ndarray) -> np.ndarray:
    """Return the pictures after a blur of its own standard deviation each, in pixels."""
    place = np.arange(SIDE)
    kernel = np.exp(-((place[:, None] - place) / column(blur)) ** 2 / 2)
    kernel /= kernel.sum(axis=-1, keepdims=True)
    return kernel @ pictures @ kernel.mT
