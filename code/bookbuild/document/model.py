"""Pandoc's document tree, as plain dictionaries and lists, and the ways we walk it.

A node is ``{"t": kind, ...}``. Pandoc's own nodes keep their content under ``"c"``; the nodes
that :mod:`bookbuild.document.blocks` adds (Float, Callout, Theorem, Equation, Xref, ...) have named
fields, and the writers turn them back into pandoc's before pandoc sees them.
"""

from collections.abc import Callable, Iterator, Set

Node = dict
LEAVES = frozenset({"Str", "Space", "SoftBreak", "LineBreak"})
TEXT = LEAVES | {"Para", "Plain", "Header", "LineBlock"}
ATTRIBUTE_PLACE = {"Header": 1, "Div": 0, "Span": 0, "CodeBlock": 0, "Code": 0, "Link": 0,
                   "Image": 0, "Table": 0, "Figure": 0}


def is_node(tree, *kinds: str) -> bool:
    """Is this a node, and of one of these kinds if any are named?"""
    return isinstance(tree, dict) and "t" in tree and (not kinds or tree["t"] in kinds)


def rewrite(tree, change: Callable[[Node], Node | list | None], closed: Set[str] = LEAVES):
    """Rebuild a tree from the leaves up.

    ``change(node)`` returns ``None`` to keep the node, another node, or a list of nodes that
    takes its place among its siblings. It is not asked about words and the spaces between them;
    with ``closed=TEXT`` it sees lines of text but not what is in them. What isn't looked into
    is shared by the two trees.
    """
    if isinstance(tree, list):
        built = []
        for item in tree:
            if isinstance(item, dict):
                if item.get("t") in LEAVES:
                    built.append(item)
                    continue
                new = rewrite(item, change, closed)
                if isinstance(new, list):
                    built.extend(new)
                    continue
                built.append(new)
            else:
                built.append(rewrite(item, change, closed) if isinstance(item, list) else item)
        return built
    if not isinstance(tree, dict):
        return tree
    kind = tree.get("t")
    if kind not in closed:
        tree = {field: rewrite(value, change, closed) if isinstance(value, (dict, list)) else value
                for field, value in tree.items()}
    changed = None if kind is None else change(tree)
    return tree if changed is None else changed


def nodes(tree, *kinds: str) -> Iterator[Node]:
    """All nodes of a tree (of some kinds), in reading order, parents first.

    Words and the spaces between them come only where their kind is asked for.
    """
    passed = LEAVES.difference(kinds)
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            kind = item.get("t")
            if kind is not None and (not kinds or kind in kinds):
                yield item
            item = item.values()
        waiting += [part for part in reversed(item) if isinstance(part, list)
                    or isinstance(part, dict) and part.get("t") not in passed]


def attributes(node: Node) -> list:
    """The ``[identifier, classes, pairs]`` of a node; empty ones for a node without."""
    place = ATTRIBUTE_PLACE.get(node["t"])
    return ["", [], []] if place is None else node["c"][place]


def identifier(node: Node) -> str:
    return attributes(node)[0]


def classes(node: Node) -> list[str]:
    return attributes(node)[1]


def pairs(node: Node) -> dict[str, str]:
    return dict(attributes(node)[2])


def text(tree) -> str:
    """The plain text of inlines or blocks."""
    if isinstance(tree, list):
        return "".join(text(item) for item in tree)
    if not is_node(tree):
        return ""
    kind = tree["t"]
    if kind == "Str":
        return tree["c"]
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind in ("Code", "Math", "CodeBlock"):
        return tree["c"][1]
    if kind == "Equation":
        return tree["tex"]
    if kind == "Quoted":
        marks = "‘’" if tree["c"][0]["t"] == "SingleQuote" else "“”"
        return marks[0] + text(tree["c"][1]) + marks[1]
    if kind in ("Note", "RawInline", "RawBlock"):
        return ""
    content = tree.get("c")
    return text([item for item in nodes_below(content)]) if content else ""


def nodes_below(content) -> Iterator[Node]:
    """The outermost nodes inside a node's content."""
    if is_node(content):
        yield content
    elif isinstance(content, list):
        for item in content:
            yield from nodes_below(item)


def words(string: str) -> list[Node]:
    """A plain string as inlines."""
    return [{"t": "Str", "c": string}] if string else []


def para(inlines: list) -> Node:
    return {"t": "Para", "c": inlines}


def plain(inlines: list) -> Node:
    return {"t": "Plain", "c": inlines}


def div(blocks: list, identifier: str = "", classes: list[str] = (), **pairs: str) -> Node:
    return {"t": "Div", "c": [[identifier, list(classes), list(map(list, pairs.items()))], blocks]}


def span(inlines: list, identifier: str = "", classes: list[str] = ()) -> Node:
    return {"t": "Span", "c": [[identifier, list(classes), []], inlines]}


def raw_block(format: str, string: str) -> Node:
    return {"t": "RawBlock", "c": [format, string]}


def raw_inline(format: str, string: str) -> Node:
    return {"t": "RawInline", "c": [format, string]}


def link(inlines: list, target: str, classes: list[str] = ()) -> Node:
    return {"t": "Link", "c": [["", list(classes), []], inlines, [target, ""]]}


def rewrite_lists(tree, change: Callable[[list], list]):
    """Rebuild a tree from the leaves up, with ``change`` applied to every list of nodes."""
    if isinstance(tree, list):
        items = [rewrite_lists(item, change) for item in tree]
        return change(items) if items and is_node(items[0]) else items
    if isinstance(tree, dict) and tree.get("t") not in LEAVES:
        return {field: rewrite_lists(value, change) if isinstance(value, (dict, list)) else value
                for field, value in tree.items()}
    return tree
