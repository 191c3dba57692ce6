"""Errors that name the argument, the allowed range and what was given."""

import math
from importlib.util import find_spec
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from numpy.random import Generator, default_rng

from deepmath.arrays import real

Choice = TypeVar("Choice")
Shape = tuple[int | str, ...]


class DivergenceError(ArithmeticError, ValueError):
    """Training left the finite numbers, as a rule because the learning rate is too high."""


def check_whole(name: str, value: Any, at_least: int = 1) -> int:
    """Return `value` as an int, or raise ValueError unless it is a whole number in range."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < at_least:
        raise ValueError(f"{name} must be a whole number, at least {at_least}; got {value!r}")
    return int(value)


def check_number(name: str, value: Any, allowed: str, low: float, high: float,
                 open_low: bool = False) -> float:
    """Return `value` as a float, or raise ValueError unless it lies from `low` to below `high`.

    `allowed` says the same in words, `open_low` leaves `low` itself out.
    """
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not low <= number < high or (open_low and number == low):
        raise ValueError(f"{name} must be {allowed}; got {value!r}")
    return number


def check_positive(name: str, value: Any) -> float:
    """Return `value` as a float, or raise ValueError unless it is positive and finite."""
    return check_number(name, value, "a positive number", 0.0, math.inf, open_low=True)


def check_not_negative(name: str, value: Any) -> float:
    """Return `value` as a float, or raise ValueError unless it is finite and zero or more."""
    return check_number(name, value, "a number, zero or more", 0.0, math.inf)


def check_finite(name: str, value: Any) -> np.ndarray:
    """Return `value` as a float array, or raise ValueError unless every number is finite."""
    array = real(name, value)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers; it holds NaN or infinity")
    return array


def check_choice(name: str, value: Any, choices: dict[str, Choice]) -> Choice:
    """Return `choices[value]`, or raise ValueError that lists the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")
    return choices[value]


def check_shape(name: str, array: np.ndarray, shape: Shape, stack: Shape = ()) -> np.ndarray:
    """Return `array`, or raise ValueError unless its shape is `shape` or `stack + shape`.

    A letter in them stands for any length of at least 1.
    """
    def fits(expected: Shape) -> bool:
        return array.ndim == len(expected) and all(
            length > 0 if isinstance(e, str) else length == e
            for length, e in zip(array.shape, expected))

    if fits(shape) or fits((*stack, *shape)):
        return array
    allowed = " or ".join(dict.fromkeys(describe(s) for s in (shape, (*stack, *shape))))
    raise ValueError(f"{name} must have the shape {allowed}; got {describe(array.shape)}")


def describe(shape: Shape) -> str:
    """Return a shape as numpy writes it, letters without quotes."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def generator(seed: int | Generator, name: str = "seed") -> Generator:
    """Return a random generator, or raise ValueError unless `seed` is one or a whole number."""
    if isinstance(seed, Generator):
        return seed
    return default_rng(check_whole(name, seed, at_least=0))


def require(package: str, extra: str) -> None:
    """Raise ImportError, with the command that mends it, unless a package can be imported."""
    if find_spec(package) is None:
        raise ImportError(f"this part of deepmath needs {package}: "
                          f"pip install 'deepmath-book[{extra}]'", name=package)
