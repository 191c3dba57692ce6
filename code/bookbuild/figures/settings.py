"""`--set NAME=VALUE`: arguments of a figure's `compute`, typed as its signature says."""

import ast
import difflib
import inspect
import re
import types
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

from bookbuild.say import Problem

SIMPLE = {int: "a whole number", float: "a number", bool: "True or False", str: "a word"}
COLLECTIONS = (tuple, list, Sequence, Iterable, Collection)


def typed(name: str, compute: Callable, given: list[str]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the arguments that `given` ("n_seeds=64") sets, and what is wrong with them."""
    parameters = inspect.signature(compute).parameters
    types_ = get_type_hints(compute)
    values, problems = {}, []
    for setting in given:
        key, equals, text = setting.partition("=")
        key = key.strip()
        default = parameters[key].default if key in parameters else None
        try:
            if not equals:
                raise ValueError(f"`--set {setting}` must be of the form NAME=VALUE")
            if key not in parameters:
                close = difflib.get_close_matches(key, parameters, n=1)
                raise ValueError(
                    f"the figure {name} has no setting `{key}`"
                    + (f": did you mean `{close[0]}`?" if close else "")
                    + f" (known: {', '.join(parameters) or 'none'})")
            values[key] = convert(text.strip(), types_.get(key, type(default)), key, default)
        except ValueError as error:
            problems.append(Problem("--set", None, str(error)))
    return values, problems


def convert(text: str, wanted: Any, key: str, default: Any) -> Any:
    """Return the value that a text means, or raise ValueError unless it is of the type."""
    for type_ in alternatives(wanted):
        if type_ is str:
            return text
        try:
            return fitted(parsed(text), type_)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"`{key}` takes {describe(wanted)}, such as {default!r}; got {text!r}")


def parsed(text: str) -> Any:
    """Return a Python literal, or a range."""
    if found := re.fullmatch(r"range\(\s*-?\d+\s*(,\s*-?\d+\s*){0,2}\)", text):
        return range(*map(int, re.findall(r"-?\d+", found[0])))
    try:
        return ast.literal_eval(text)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(text) from error


def fitted(value: Any, wanted: Any) -> Any:
    """Return the value if it is of the type, a whole number as a float if need be."""
    origin = get_origin(wanted) or wanted
    if origin in COLLECTIONS:
        inner = next((each for each in get_args(wanted) if each is not ...), Any)
        if not isinstance(value, (tuple, list, range)):
            raise TypeError
        return tuple(fitted(part, inner) for part in value)
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is not Any and type(value) is not wanted:
        raise TypeError
    return value


def alternatives(wanted: Any) -> tuple:
    return get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else (wanted,)


def describe(wanted: Any) -> str:
    """Say in words what a type is."""
    told = []
    for type_ in alternatives(wanted):
        if (get_origin(type_) or type_) in COLLECTIONS:
            told.append("several values in brackets")
        elif type_ is not type(None):
            told.append(SIMPLE.get(type_) or f"a {getattr(type_, '__name__', type_)}, which "
                        "cannot be written here")
    return " or ".join(told)
