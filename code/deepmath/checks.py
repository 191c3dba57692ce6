"""Errors that name the argument, the allowed range and what was given."""

import math
from numbers import Integral, Real
from typing import Any

import numpy as np


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
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers; got {value!r}") from None
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers; it holds NaN or infinity")
    return array


def check_choice(name: str, value: Any, choices: dict[str, Any]) -> Any:
    """Return `choices[value]`, or raise ValueError that lists the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")
    return choices[value]
