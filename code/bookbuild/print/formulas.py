"""Formulas as MathML: each block that holds one is set once, by pandoc and the filter of the page."""

import json
from collections.abc import Iterator
from pathlib import Path

from bookbuild.document import Node, is_node, nodes, pandoc, plain

FILTER = Path(__file__).parent / "theme" / "html" / "mathml.lua"
LINES = ("Para", "Plain", "Header", "LineBlock", "DefinitionList", "Table")
MOST = 20_000

_set: dict[str, Node] = {}      # blocks as JSON, and what they become


def typeset(blocks: list) -> list:
    """Blocks with their formulas as MathML.

    Lua sees only what holds a formula, as all that it sees takes it long; what it has seen
    before is known.

    Raises
    ------
    UnreadFormulas
        For formulas that pandoc cannot convert.
    """
    found = {id(block): json.dumps(block) for block in _with_formulas(blocks)}
    if not found:
        return blocks
    if len(_set) > MOST:
        _set.clear()
    if new := [source for source in dict.fromkeys(found.values()) if source not in _set]:
        made = pandoc.write(list(map(json.loads, new)), "--to", "json", f"--lua-filter={FILTER}")
        _set.update(zip(new, json.loads(made)["blocks"], strict=True))
    return _replaced(blocks, {key: _set[source] for key, source in found.items()})


def typeset_line(inlines: list) -> list:
    """The same for the inlines of a line."""
    return typeset([plain(inlines)])[0]["c"]


def _with_formulas(tree) -> Iterator[Node]:
    """The outermost blocks of lines that hold formulas."""
    if is_node(tree, *LINES):
        if any(nodes(tree, "Math")):
            yield tree
    elif isinstance(tree, (list, dict)):
        for part in tree if isinstance(tree, list) else tree.values():
            yield from _with_formulas(part)


def _replaced(tree, by_id: dict[int, Node]):
    if isinstance(tree, list):
        return [_replaced(part, by_id) for part in tree]
    if isinstance(tree, dict):
        return by_id.get(id(tree)) or {key: _replaced(part, by_id) for key, part in tree.items()}
    return tree
