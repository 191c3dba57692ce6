"""YAML as Quarto reads it, with the line of every key."""

import copy
import re
from functools import lru_cache
from itertools import chain
from pathlib import Path

import yaml

from bookbuild.say import BookError, Problem

MOST_VALUES = 100_000
DEEPEST = 200           # brackets
KNOWN, SHORT = 2000, 10_000     # texts, of so many characters: options of cells, as a rule


class _Malformed(Exception):
    """YAML that can't be taken: the line, counted from its own first one, and why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


class _Loader(yaml.SafeLoader):
    """YAML as Quarto reads it: `yes` and `off` are words, dates are text."""


_BOOL, _DATE = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"
_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] not in (_BOOL, _DATE)]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
                              list("tTfF"))


def load_yaml(text: str, path: str | Path, first_line: int = 1) -> tuple[dict, dict[tuple, int]]:
    """Parse YAML that holds `key: value` lines.

    Parameters
    ----------
    text : str
        The YAML.
    path : str or Path
        Its file, for messages.
    first_line : int
        The file's line on which the text begins.

    Returns
    -------
    data : dict
        The values.
    lines : dict
        The line of each key and list entry, by its path: `("book", "title")`.

    Raises
    ------
    BookError
        Malformed YAML, a key that stands twice, or no mapping; with the line.
    """
    try:
        data, lines = (_parsed if len(text) <= SHORT else _parsed.__wrapped__)(text)
    except _Malformed as error:
        raise BookError([Problem(path, first_line + error.line, error.message)]) from None
    return copy.deepcopy(data), {key: first_line + line for key, line in lines.items()}


@lru_cache(KNOWN)
def _parsed(text: str) -> tuple[dict, dict[tuple, int]]:
    """The values, and the lines counted from the text's own first one."""
    if at := too_deep(text):
        raise _Malformed(at - 1, f"more than {DEEPEST} brackets stand in one another: write fewer")
    lines: dict[tuple, int] = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None and _count(node, {}) > MOST_VALUES:
            raise _Malformed(0, f"aliases make more than {MOST_VALUES:,} values of these lines: "
                             "write fewer")
        twice = _record_lines(node, (), lines, set())
        data = {} if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise _Malformed(mark.line if mark else 0, f"malformed YAML: {reason}") from None
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise _Malformed(0, f"malformed YAML: a value can't be read ({error})") from None
    if twice:
        raise _Malformed(twice[1], f"malformed YAML: the key `{twice[0]}` stands here twice")
    if not isinstance(data, dict):
        raise _Malformed(0, "expected `key: value` lines")
    return data, lines


def too_deep(text: str) -> int | None:
    """The line where brackets stand too deep in one another, which PyYAML takes long to read."""
    depth = 0
    for bracket in re.finditer(r"[][{}]", text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEEPEST:
            return text.count("\n", 0, bracket.start()) + 1
    return None


def _count(node, known: dict[int, int]) -> int:
    """How many values a node stands for, where each alias stands for what it names."""
    if id(node) in known:
        if not known[id(node)]:
            raise ValueError("an alias stands in what it names")
        return known[id(node)]
    known[id(node)] = 0
    if isinstance(node, yaml.ScalarNode) and "\0" in node.value:
        raise ValueError("it holds a NUL")
    parts = node.value if not isinstance(node, yaml.ScalarNode) else []
    parts = chain.from_iterable(parts) if isinstance(node, yaml.MappingNode) else parts
    known[id(node)] = 1 + sum(_count(part, known) for part in parts)
    return known[id(node)]


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their key."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


def dump_yaml(data: dict) -> str:
    """`key: value` lines, each on one line, in the order of the keys."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9,
                     default_flow_style=False)


def _record_lines(node, path: tuple, lines: dict[tuple, int], seen: set[int]):
    """Note the lines of keys and entries, where they are written and not where an alias repeats
    them; give the first key that stands twice."""
    twice = None
    if id(node) in seen:
        return None
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here, line = (*path, key.value), key.start_mark.line
            if not isinstance(key, yaml.ScalarNode):
                continue
            if here in lines:
                twice = twice or (key.value, line)
            lines[here] = line
            twice = _record_lines(value, here, lines, seen) or twice
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            name = item.value if isinstance(item, yaml.ScalarNode) else place
            lines.setdefault((*path, name), item.start_mark.line)
            twice = _record_lines(item, (*path, name), lines, seen) or twice
    return twice
