"""What a sweep keeps: each stack of networks in a file, under all that decides its numbers.

Those are the code, the setting, and the arithmetic: what another one made is not found.
"""

import inspect
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from functools import singledispatch
from hashlib import sha256
from pathlib import Path, PurePath
from types import FunctionType, NoneType
from typing import Any
from zipfile import BadZipFile

import numpy as np

from deepmath.engines import what_auto_takes

SEEDS = "seeds of the rows"     # beside a run's arrays, in a file
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                            "VECLIB_MAXIMUM_THREADS"), "1")

Arrays = dict[str, np.ndarray]
Setting = Mapping[str, Any]
Run = Callable[..., Arrays]


# --------------------------------------------------------------- what decides the numbers

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
    """Return the content of the file that holds a function or class, or else its own source."""
    try:
        file = Path(inspect.getsourcefile(code) or "")
    except TypeError:                   # built in
        return b""
    return file.read_bytes() if file.is_file() else inspect.getsource(code).encode()


# ------------------------------------------------------------------------------- the store

def folder_of(store: Path, run: Run, setting: Setting, computed_by: Mapping[str, str]) -> Path:
    """Return the folder for a setting: another one if the code or the arithmetic is another."""
    code = [path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py"))]
    key = [sha256(b"\0".join([*code, source_of(run)])).digest(), run.__module__,
           run.__qualname__, dict(computed_by), *sorted(stable_setting(setting))]
    return store / f"{run.__name__}-{digest(key).hex()[:16]}"


def stable_setting(setting: Setting) -> Iterator[tuple[str, bytes]]:
    """Yield each argument's name and digest, or raise ValueError that names it."""
    for name, value in setting.items():
        try:
            yield name, digest(value)
        except (ValueError, OSError) as error:     # OSError: a class typed in, without a source
            raise ValueError(f"the setting {name!r} tells no store what its results depend on: "
                             f"{error}") from None


def file_name(seeds: Sequence[int]) -> str:
    digest = sha256(repr(list(seeds)).encode()).hexdigest()[:8]
    return f"{seeds[0]}-to-{seeds[-1]}-{digest}.npz"


def read_folder(folder: Path, seeds: Sequence[int]) -> dict[int, Arrays]:
    """Return the rows of those of `seeds` that some file has; a damaged file has none."""
    rows: dict[int, Arrays] = {}
    for file in sorted(folder.glob("*.npz")):
        if kept := read_file(file):
            rows |= split(*kept)
    return {seed: rows[seed] for seed in seeds if seed in rows}


def split(seeds: Iterable[int], arrays: Arrays) -> dict[int, Arrays]:
    """Return each seed's rows."""
    return {int(seed): {name: array[i] for name, array in arrays.items()}
            for i, seed in enumerate(seeds)}


def read_file(file: Path) -> tuple[np.ndarray, Arrays] | None:
    """Return a stack's seeds and arrays, or None if the file is missing or damaged."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        return arrays.pop(SEEDS), arrays
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def write_file(file: Path, seeds: Sequence[int], arrays: Arrays) -> None:
    """Write a stack's file in one step: it is there whole or not at all."""
    content: dict[str, Any] = {**arrays, SEEDS: seeds}
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with open(handle, "wb") as stream:
            np.savez(stream, **content)
            stream.flush()
            os.fsync(handle)
        os.replace(part, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a stack's lock, which ends with the process that holds it, however that ends."""
    from filelock import FileLock

    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")) as lock:
        yield
        with suppress(OSError):     # only after success, when the file itself tells others
            os.unlink(lock.lock_file)
