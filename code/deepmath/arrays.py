"""The gate through which arrays enter: what counts as numbers, and what is refused by name.

Every public function computes with float64. Whole numbers, float32 and booleans are turned into
it; what would be turned silently into something else (masked values into what stands behind the
mask, complex numbers into their real parts, dates into counts of seconds, text into what it
spells) is refused.
"""

from typing import Any

import numpy as np

KINDS = {"c": "complex numbers", "M": "dates", "m": "spans of time", "O": "objects", "U": "text",
         "S": "bytes", "T": "text", "V": "records"}


def real(name: str, value: Any) -> np.ndarray:
    """Return `value` as an array of float64; one that is such an array is returned as it is.

    Parameters
    ----------
    name : str
        What an error calls the argument.
    value : array_like
        Of floating-point numbers, whole numbers or booleans; NaN and infinities pass.

    Raises
    ------
    ValueError
        If it is masked, or of complex numbers, dates, objects or text, or not an array at all.

    Examples
    --------
    >>> real("X", [1, 2])
    array([1., 2.])
    >>> real("X", np.ma.masked_equal([1.0, -999.0], -999.0))
    Traceback (most recent call last):
        ...
    ValueError: X is masked; fill or leave out the masked values first
    """
    return numbers(name, value, "buif")


def analytic(name: str, value: Any) -> np.ndarray:
    """Return `value` as `real` does, or, if it is complex, as an array of complex128.

    For what the complex step of `check_gradient` goes through.
    """
    return numbers(name, value, "buifc")


def numbers(name: str, value: Any, kinds: str) -> np.ndarray:
    """Return `value` as an array of float64 or complex128, if its kind is among `kinds`."""
    if type(value) is np.ndarray and value.dtype == np.float64:
        return value
    if is_masked(value):
        raise ValueError(f"{name} is masked; fill or leave out the masked values first")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):      # rows of different lengths, or a missing value
        raise ValueError(f"{name} must be an array of numbers; got {brief(value)}") from None
    if array.dtype.kind not in kinds:
        raise ValueError(f"{name} must be an array of {'' if 'c' in kinds else 'real '}numbers; "
                         f"got {KINDS.get(array.dtype.kind, str(array.dtype))}: {brief(value)}")
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, copy=False)


def viewable(name: str, array: Any, length: int) -> None:
    """Raise ValueError unless views of `array` along its last axis, of `length`, can be written.

    A list, or whole numbers, would have to be copied, and what is written to the views be lost.
    """
    if type(array) is not np.ndarray or array.dtype.kind not in "fc":
        raise ValueError(f"{name} must be an array of floating-point numbers, since the layers are "
                         f"views of it; got {brief(array)}")
    if array.ndim == 0 or array.shape[-1] != length:
        raise ValueError(f"{name} must have the shape ({length},) or (S, {length}); "
                         f"got {array.shape}")


def is_masked(value: Any) -> bool:
    """Tell whether a value, or one of a list's members, is a masked array."""
    return np.ma.isMaskedArray(value) or (
        isinstance(value, (list, tuple)) and any(is_masked(each) for each in value))


def brief(value: Any) -> str:
    """Return the beginning of what a value is written as, in one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def matching(name: str, array: np.ndarray, outputs_name: str,
             outputs: np.ndarray) -> np.ndarray:
    """Return `array`, or raise ValueError unless it has one entry for each of the outputs.

    `outputs` has the shape (..., n); `array` has the same, or (n,) where all share it. Anything
    else that numpy would stretch, such as (n, 1), compares every point with every other.
    """
    if outputs.ndim and outputs.shape[-1] and array.shape in (outputs.shape, outputs.shape[-1:]):
        return array
    allowed = " or ".join(dict.fromkeys(map(str, (outputs.shape, outputs.shape[-1:]))))
    raise ValueError(f"{name} must have the shape {allowed} of {outputs_name}, with at least one "
                     f"point; got {array.shape}")


def check_labels(name: str, y: np.ndarray) -> np.ndarray:
    """Return `y`, or raise ValueError unless it holds labels from 0 to 1."""
    if not (0 <= y.min() and y.max() <= 1):
        raise ValueError(f"{name} must hold labels from 0 to 1 for binary_cross_entropy; "
                         f"got values from {y.min():g} to {y.max():g}")
    return y


def check_classes(name: str, y: np.ndarray, n_classes: int) -> np.ndarray:
    """Return `y`, or raise ValueError unless it holds whole numbers from 0 to n_classes - 1."""
    wrong = ~((y >= 0) & (y < n_classes) & (y == np.floor(y)))
    if wrong.any():
        raise ValueError(f"{name} must hold whole numbers from 0 to {n_classes - 1}, one for each "
                         f"output, for softmax_cross_entropy; got {y[wrong][0]:g}")
    return y
