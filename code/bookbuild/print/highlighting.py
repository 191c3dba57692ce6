"""Code in colours: pandoc sets each block once, since it takes a third of its time for them."""

import json
from collections.abc import Sequence

from bookbuild.document import Node, classes, identifier, nodes, pairs, pandoc, raw_block

END = "<!-- end of the code -->"


def code_blocks(tree) -> dict[int, str]:
    """The blocks of code in one language, as JSON, by their `id()`; those with a name or a first
    line of their own, after which pandoc names their lines, are left to it in their page."""
    return {id(block): json.dumps(block) for block in nodes(tree, "CodeBlock")
            if len(classes(block)) == 1 and not identifier(block) and not pairs(block)}


def set_code(sources: Sequence[str]) -> list[Node]:
    """What such blocks become in a page."""
    blocks = [each for source in sources for each in (json.loads(source), raw_block("html", END))]
    *written, _ = pandoc.write(blocks, "--to", "html5", "--wrap=none").split(END)
    return [raw_block("html", each.strip("\n")) for each in written]
