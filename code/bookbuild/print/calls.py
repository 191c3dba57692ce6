"""Pieces of Typst around pandoc's nodes: calls of the book's template."""

import json
import re

from bookbuild.document import Node, content, is_node, plain, raw_inline

# What Typst would take for a mark of a list at a line's beginning.
MARK = re.compile(r"(\d+\.|[-+/]|=+)$")


def string(value: str) -> str:
    """A Typst string literal."""
    return json.dumps(value, ensure_ascii=False)


def code(source: str) -> Node:
    return raw_inline("typst", source)


def call(before: str, inlines: list, after: str) -> Node:
    """Inlines between two pieces of Typst, with no paragraph break around them."""
    return plain([code(before), *unmarked(inlines), code(after)])


def unmarked(inlines: list) -> list:
    """A line for the beginning of a content block, where Typst would see a mark of a list."""
    first = inlines[0] if inlines else None
    is_mark = is_node(first, "Str") and MARK.match(content(first))
    return [code("#[]"), *inlines] if is_mark else inlines


def bare(source: str) -> Node:
    """A piece of Typst between blocks."""
    return call(source, [], "")


def enclosed(before: str, blocks: list, after: str = "]") -> list[Node]:
    """Blocks between two pieces of Typst."""
    return [bare(before), *blocks, bare(after)]


def mark(key: str) -> str:
    """The label that makes the element before it a target of links."""
    return f" #label({string(key)})" if key else ""
