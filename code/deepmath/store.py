"""What a sweep's store goes by: all that decides numbers, each told the same in any process.

Those are the code, the setting, and the arithmetic: what another one made is not found.
"""

import inspect
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, singledispatch
from hashlib import sha256
from pathlib import Path, PurePath
from types import FunctionType, NoneType
from typing import Any

import numpy as np

from deepmath.engines import what_auto_takes

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                            *(["VECLIB_MAXIMUM_THREADS"] if sys.platform == "darwin" else [])),
                           "1")

Arrays = dict[str, np.ndarray]
Setting = Mapping[str, Any]
Run = Callable[..., Arrays]


def arithmetic() -> dict[str, str]:
    """Return what decides, beside the code, the digits that this process computes.

    numpy's version and build, with its BLAS and the instructions that it found and may use; the
    C library, whose logarithm numpy takes; the instructions that OpenBLAS was told to take; the
    number of threads, which divide sums; and what `engine="auto"` may take.
    """
    told = {name: os.environ.get(name, "") for name in ("OPENBLAS_CORETYPE", *ONE_THREAD)}
    return {"numpy": np.__version__, "build": str(np.show_config(mode="dicts")),
            "library": " ".join(platform.libc_ver()), "engine": what_auto_takes(), **told}


def digest(value: Any) -> bytes:
    """Return SHA-256 of a value's stable form: equal values, equal bytes, in any process.

    The form is the type's name and, each behind its length, the parts that tell the value from
    others of its type: a number's or text's `repr`; an array's type, shape and numbers; digests
    of a container's members, where the order of a set's and of a dictionary's does not count; a
    dataclass's class and fields; a function's or class's name and the file that holds it. So 1,
    1.0 and True are different, and so are a list and a tuple.

    For another type, give `stable_parts.register` a function that returns the parts.

    Raises
    ------
    ValueError
        If the value, or a part of it, is of a type without a stable form, such as a generator of
        random numbers, a function defined within another one, or an open file.

    Examples
    --------
    >>> digest({"a": 1, "b": [2.0]}) == digest({"b": [2.0], "a": 1})
    True
    >>> digest(1) == digest(1.0)
    False
    >>> digest(len)
    Traceback (most recent call last):
        ...
    ValueError: a value of the type builtin_function_or_method has no stable form
    """
    kind = f"{type(value).__module__}.{type(value).__qualname__}".encode()
    form = sha256()
    for part in (kind, *stable_parts(value)):
        form.update(len(part).to_bytes(8, "big") + part)
    return form.digest()


@singledispatch
def stable_parts(value: Any) -> Iterable[bytes]:
    """Return what tells a value from others of its type."""
    if not is_dataclass(value):
        raise ValueError(f"a value of the type {type(value).__qualname__} has no stable form")
    return digest(type(value)), *(digest(getattr(value, each.name)) for each in fields(value))


@stable_parts.register(NoneType | bool | int | float | complex | str | bytes | range | PurePath)
def _(value: Any) -> Iterable[bytes]:
    return [repr(value).encode()]


@stable_parts.register(tuple | list)
def _(value: Sequence[Any]) -> Iterable[bytes]:
    return map(digest, value)


@stable_parts.register(set | frozenset)
def _(value: Iterable[Any]) -> Iterable[bytes]:
    return sorted(map(digest, value))


@stable_parts.register(dict)
def _(value: dict[Any, Any]) -> Iterable[bytes]:
    return sorted(map(digest, value.items()))


@stable_parts.register(np.ndarray | np.generic)
def _(value: Any) -> Iterable[bytes]:
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:     # such as a mask's
        raise ValueError(f"an array of the type {type(value).__qualname__} has no stable form")
    content = digest(value.tolist()) if value.dtype.hasobject else value.tobytes()
    return [repr(value.dtype).encode(), repr(value.shape).encode(), content]


@stable_parts.register(FunctionType | type)
def _(value: Any) -> Iterable[bytes]:
    if "<" in value.__qualname__:       # such as f.<locals>.<lambda>, of which there are many
        raise ValueError(f"{value.__qualname__} has no stable form: define it in a module")
    return [value.__module__.encode(), value.__qualname__.encode(), source_of(value)]


def source_of(code: Any) -> bytes:
    """Return a digest of the file that holds a function or class, or else its own source."""
    try:
        file = Path(inspect.getsourcefile(code) or "")
    except TypeError:                   # built in
        return b""
    if file.is_file():
        return content_of(file, file.stat().st_mtime_ns)
    return inspect.getsource(code).encode()


def code() -> str:
    """Return a digest of the package's own files."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return digest([content_of(file, file.stat().st_mtime_ns) for file in files]).hex()


@cache
def content_of(file: Path, changed: int) -> bytes:
    """Return SHA-256 of a file, which is read once unless it changes."""
    return sha256(file.read_bytes()).digest()


def stable_setting(setting: Setting) -> Iterator[tuple[str, bytes]]:
    """Yield each argument's name and digest, or raise ValueError that names it."""
    for name, value in setting.items():
        try:
            yield name, digest(value)
        except (ValueError, OSError) as error:     # OSError: a class typed in, without a source
            raise ValueError(f"the setting {name!r} tells no store what its results depend on: "
                             f"{error}") from None
