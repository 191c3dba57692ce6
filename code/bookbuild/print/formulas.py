"""Formulas as MathML: each line that holds one is set by pandoc and the filter of the page.

Lua sees only what holds a formula, as all that it sees takes it long.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from bookbuild.document import Node, is_node, nodes, outermost, pandoc

FILTER = Path(__file__).parent / "theme" / "html" / "mathml.lua"
LINES = ("Para", "Plain", "Header", "LineBlock", "DefinitionList", "Table")


def formula_lines(tree) -> dict[int, str]:
    """The outermost blocks of lines that hold formulas, as JSON, by their `id()`."""
    return {id(line): json.dumps(line)
            for line in outermost(tree, lambda node: is_node(node, *LINES))
            if any(nodes(line, "Math"))}


def set_lines(sources: Sequence[str]) -> list[Node]:
    """What such blocks become with their formulas as MathML.

    Raises
    ------
    UnreadFormulas
        For formulas that pandoc cannot convert.
    """
    written = pandoc.write(list(map(json.loads, sources)), "--to", "json",
                           f"--lua-filter={FILTER}")
    return json.loads(written)["blocks"]
