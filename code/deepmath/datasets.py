"""Small classification tasks in the plane, each made from a seed.

Every function returns `X` of shape (n_points, 2) and `y` of shape (n_points,), labels 0.0
and 1.0, and takes as `seed` a whole number or a `numpy.random.Generator`.
"""

import numpy as np
from numpy.random import Generator

from deepmath.checks import (
    check_not_negative, check_number, check_positive, check_whole, generator)

Dataset = tuple[np.ndarray, np.ndarray]


def xor(n_points: int, seed: int | Generator) -> Dataset:
    """Points uniform on [-1, 1]^2, of class 1 where x1 x2 > 0.

    No line does better than about three quarters of the points; two hidden units suffice
    for most of them.
    """
    check_whole("n_points", n_points)
    X = generator(seed).uniform(-1.0, 1.0, (n_points, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(float)


def spirals(n_points: int, seed: int | Generator, turns: float = 1.0,
            noise: float = 0.02) -> Dataset:
    """Two interleaved Archimedean spirals, one a class, about half of the points on each.

    Parameters
    ----------
    n_points : int
    seed : int or numpy.random.Generator
    turns : float
        How often each arm winds around the origin, on its way from radius 0.1 to 1.
    noise : float
        Standard deviation of the normal displacement of each coordinate.
    """
    check_whole("n_points", n_points)
    check_positive("turns", turns)
    check_not_negative("noise", noise)
    rng = generator(seed)
    y = np.arange(n_points) % 2.0
    radius = rng.uniform(0.1, 1.0, n_points)
    angle = 2 * np.pi * turns * radius + np.pi * y
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + rng.normal(0.0, noise, X.shape), y


def checkerboard(n_points: int, seed: int | Generator, cells: int = 4,
                 label_noise: float = 0.0) -> Dataset:
    """Points uniform on [-1, 1]^2, labelled by the colour of their field on a board.

    The task on which to ask whether depth helps: the board of 2c x 2c fields is the board
    of c x c fields after both coordinates are folded in the middle, so the target is a
    composition of folds, each of which a layer of four rectified units computes exactly
    (Montúfar et al. 2014, section 2.3). If depth helps a trained network anywhere, it should here.

    Parameters
    ----------
    n_points : int
    seed : int or numpy.random.Generator
    cells : int
        Fields along each side.
    label_noise : float
        Share of the labels, from 0 to below 1/2, that are flipped at random.
    """
    check_whole("n_points", n_points)
    check_whole("cells", cells, at_least=2)
    check_number("label_noise", label_noise, "a number from 0 to below 0.5", 0.0, 0.5)
    rng = generator(seed)
    X = rng.uniform(-1.0, 1.0, (n_points, 2))
    column, row = np.floor((X.T + 1.0) / 2.0 * cells)
    flipped = rng.random(n_points) < label_noise
    return X, (column + row + flipped) % 2
