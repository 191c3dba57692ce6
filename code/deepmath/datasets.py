"""Small classification tasks in the plane, each made from a seed.

Every function returns `X` of shape (n_points, 2) and `y` of shape (n_points,), labels 0.0
and 1.0, and those that draw take as `seed` a whole number or a `numpy.random.Generator`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from deepmath.arrays import real
from deepmath.checks import (
    check_finite, check_not_negative, check_number, check_positive, check_whole, generator)

Dataset = tuple[np.ndarray, np.ndarray]


def xor(n_points: int, seed: int | Generator, noise: float = 0.0) -> Dataset:
    """Points uniform on [-1, 1]^2, of class 1 where x1 x2 > 0.

    A line can classify two thirds of them; four rectified units suffice for all.

    Parameters
    ----------
    n_points : int
    seed : int or numpy.random.Generator
    noise : float
        Standard deviation of the normal displacement of each coordinate, after labelling.

    Returns
    -------
    X : array of shape (n_points, 2)
    y : array of shape (n_points,), of 0 and 1

    Examples
    --------
    >>> X, y = xor(120, seed=0)
    >>> X.shape, y.shape
    ((120, 2), (120,))
    >>> bool((y == (X[:, 0] * X[:, 1] > 0)).all())
    True
    """
    check_whole("n_points", n_points)
    rng = generator(seed)
    X = rng.uniform(-1.0, 1.0, (n_points, 2))
    return displaced(X, noise, rng), (X[:, 0] * X[:, 1] > 0).astype(float)


def circles(n_points: int, seed: int | Generator, noise: float = 0.0) -> Dataset:
    """Points uniform on a disc, of class 1, and on a ring around it, half of them on each.

    Three rectified units can enclose the disc; a line cannot part it from the ring.

    Parameters
    ----------
    n_points : int
    seed : int or numpy.random.Generator
    noise : float
        Standard deviation of the normal displacement of each coordinate.

    Returns
    -------
    X : array of shape (n_points, 2)
    y : array of shape (n_points,), of 0 and 1

    Examples
    --------
    >>> X, y = circles(120, seed=0)
    >>> bool((y == (np.hypot(*X.T) < 0.5)).all())
    True
    """
    check_whole("n_points", n_points)
    rng = generator(seed)
    y = np.arange(n_points) % 2.0
    inner, outer = np.where(y, 0.0, 0.6), np.where(y, 0.4, 1.0)     # uniform on areas, not radii
    radius = np.sqrt(rng.uniform(inner**2, outer**2))
    angle = rng.uniform(0.0, 2 * np.pi, n_points)
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return displaced(X, noise, rng), y


def spirals(n_points: int, seed: int | Generator, turns: float = 1.0,
            noise: float = 0.02) -> Dataset:
    """Two interleaved Archimedean spirals, one a class, about half of the points on each.

    Parameters
    ----------
    n_points : int
    seed : int or numpy.random.Generator
    turns : float
        How often an arm would wind around the origin from radius 0 to 1. The arms begin at
        radius 0.1, and so make nine tenths of these turns.
    noise : float
        Standard deviation of the normal displacement of each coordinate.

    Returns
    -------
    X : array of shape (n_points, 2)
    y : array of shape (n_points,), of 0 and 1

    Examples
    --------
    >>> X, y = spirals(300, seed=0, noise=0.0)
    >>> X.shape, y.shape
    ((300, 2), (300,))
    >>> bool(np.hypot(*X.T).max() <= 1.0)
    True
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


def checkerboard(n_points: int, seed: int | Generator, folds: int = 2,
                 label_noise: float = 0.0, noise: float = 0.0) -> Dataset:
    """Points uniform on [-1, 1]^2, labelled as in `xor` after both coordinates are folded.

    The task on which to ask whether depth helps. A fold takes x to 1 - 2 |x|, which two
    rectified units compute, so this target is a composition of small layers, one for each
    fold (as in Telgarsky 2016), while in the plane its pieces grow in number as 4^folds: a
    checkerboard with fields of side 2 / 2^folds, centred on the origin. If depth helps a
    trained network anywhere, it should here.

    Parameters
    ----------
    n_points : int
    seed : int or numpy.random.Generator
    folds : int
        With none this is `xor`.
    label_noise : float
        Share of the labels, from 0 to below 1/2, that are flipped at random.
    noise : float
        Standard deviation of the normal displacement of each coordinate, after labelling.

    Returns
    -------
    X : array of shape (n_points, 2)
    y : array of shape (n_points,), of 0 and 1

    Examples
    --------
    >>> X, y = checkerboard(300, seed=0, folds=1)
    >>> X.shape, y[:5]
    ((300, 2), array([1., 1., 1., 1., 0.]))
    """
    check_whole("n_points", n_points)
    check_whole("folds", folds, at_least=0)
    check_number("label_noise", label_noise, "a number from 0 to below 0.5", 0.0, 0.5)
    rng = generator(seed)
    X = rng.uniform(-1.0, 1.0, (n_points, 2))
    folded = X
    for _ in range(folds):
        folded = 1.0 - 2.0 * np.abs(folded)
    flipped = rng.random(n_points) < label_noise
    y = ((folded[:, 0] * folded[:, 1] > 0) ^ flipped).astype(float)
    return displaced(X, noise, rng), y


def matching_days(n_points: int, n_days: int, seed: int | Generator,
                  n_keys: int = 4) -> Dataset:
    """Sequences of days, each with a key and a value: what was it where the key was the same?

    The keys are vectors of random direction, with entries of mean square 1, and the values 1 or
    -1. The key of the last day is that of one earlier day, each with equal probability; in place
    of its value stands a 0.

    Parameters
    ----------
    n_points : int
        Sequences.
    n_days : int
        T, at least 3: two to choose among, and the last.
    seed : int or numpy.random.Generator
    n_keys : int
        Numbers of a key, at least 2.

    Returns
    -------
    X : array of shape (n_points, n_keys + 1, n_days)
        Key above value.
    y : array of shape (n_points,), of 0 and 1
        Whether the value at the matching day is 1.

    Examples
    --------
    >>> X, y = matching_days(100, 9, seed=0)
    >>> X.shape, y[:5]
    ((100, 5, 9), array([1., 1., 0., 0., 1.]))
    """
    check_whole("n_points", n_points)
    check_whole("n_days", n_days, at_least=3)
    check_whole("n_keys", n_keys, at_least=2)
    rng = generator(seed)
    keys = rng.normal(size=(n_points, n_keys, n_days))
    keys *= np.sqrt(n_keys) / np.linalg.norm(keys, axis=1, keepdims=True)
    values = rng.choice([-1.0, 1.0], (n_points, n_days))
    points, match = np.arange(n_points), rng.integers(0, n_days - 1, n_points)
    y = (values[points, match] > 0).astype(float)
    keys[:, :, -1], values[:, -1] = keys[points, :, match], 0.0
    return np.concatenate([keys, values[:, None]], axis=1), y


def own_points(points: Sequence[tuple[float, float, int]]) -> Dataset:
    """Points that one has chosen, each as its two coordinates and its class, 0 or 1.

    Parameters
    ----------
    points : sequence of (float, float, int)

    Returns
    -------
    X : array of shape (n_points, 2)
    y : array of shape (n_points,), of 0 and 1

    Raises
    ------
    ValueError
        If there are none, or a row is not two finite numbers and a class.

    Examples
    --------
    >>> X, y = own_points([(0.5, 0.5, 1), (-0.5, 0.5, 0), (-0.5, -0.5, 1)])
    >>> X.shape, y
    ((3, 2), array([1., 0., 1.]))
    """
    rows = real("points", points)
    if rows.ndim != 2 or rows.shape[1] != 3 or not len(rows):
        raise ValueError("points must be rows (x1, x2, class), at least one; "
                         f"got shape {rows.shape}")
    check_finite("points", rows)
    y = rows[:, 2]
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError(f"the class of a point must be 0 or 1; got {y[~np.isin(y, (0, 1))][0]:g}")
    return rows[:, :2].copy(), y.copy()


def displaced(X: np.ndarray, noise: float, rng: Generator) -> np.ndarray:
    """Points with normal noise on each coordinate; none is drawn where there is none."""
    check_not_negative("noise", noise)
    return X + rng.normal(0.0, noise, X.shape) if noise else X
