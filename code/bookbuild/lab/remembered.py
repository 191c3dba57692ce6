"""What a notebook and its cells remember of their chapter, looked at before it is believed."""

import re
from collections.abc import Callable
from typing import Any

from bookbuild.lab.notebook import KEY, NEW_CELL, SETTINGS
from bookbuild.lab.readable import CAPTIONS
from bookbuild.lab.segments import are_segments

CELL_BEGINS = re.compile(r"\s*+(`{3,}+)\{python")


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 10**9


def is_fenced(text: str) -> bool:
    """Is this all of a code cell, from fence to fence?"""
    above, _, last = text.rstrip().rpartition("\n")
    begun = CELL_BEGINS.match(above)
    return begun is not None and last.strip() == begun[1]


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def are_settings(value: Any) -> bool:
    """What Jupyter kept beside a cell: tags and a place in a slideshow."""
    return isinstance(value, dict) and {*value} <= {*SETTINGS} and (
        isinstance(value.get("tags", []), list) and all(map(is_text, value.get("tags", [])))
        and isinstance(value.get("slideshow", {}), dict))


def are_lines(value: Any) -> bool:
    """Lines that are written otherwise than they are shown: by number, what and in which file."""
    return isinstance(value, dict) and all(
        isinstance(each, list) and len(each) == 2 and all(map(is_text, each))
        for each in value.values())


REMEMBERED: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("text", "of", "returned", "base", "chapter"), is_text),
    **dict.fromkeys(("place", "under", "cells"), is_count),
    **dict.fromkeys(("added", "mark"), is_flag),
    "kind": lambda value: is_text(value) and value in NEW_CELL,
    "newline": lambda value: value in ("\n", "\r\n"),
    "option": lambda value: value in CAPTIONS,
    "settings": are_settings, "otherwise": are_lines,
    "shown": lambda value: are_segments(value) and all(
        is_text(part) for each in value for part in (each if isinstance(each, str) else each[:2]))}
TOGETHER = {"kind": {"text", "of", "place"}, "otherwise": {"kind"}, "option": {"under", "shown"},
            "under": {"option"}}


def remembers_well(notebook: dict) -> bool:
    """Tell whether what a notebook and its cells say of their chapter is of the right kinds."""
    return all(is_memory(each["metadata"].get(KEY, {})) and is_text(each.get("source", ""))
               for each in (notebook, *notebook["cells"]))


def is_memory(told: Any) -> bool:
    return isinstance(told, dict) and all(
        is_right(told[name]) for name, is_right in REMEMBERED.items() if name in told) and all(
        others <= told.keys() for name, others in TOGETHER.items() if name in told) and (
        "shown" not in told or bool({"kind", "under"} & told.keys())) and (
        told.get("kind") != "code" or is_fenced(told["text"]))
