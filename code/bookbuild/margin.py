"""What an author puts into the margin, beside the block that it belongs to.

A remark within a line follows its paragraph, so that it interrupts no sentence. What lists,
callouts, tabs and quotations hold for the margin stands beside them and not in them, as with
Quarto.
"""

from bookbuild.tree import (LEAVES, Node, classes, div, identifier, is_node, plain, rewrite,
                            rewrite_lists)

NAMES = {"column-margin", "aside"}
CLOSED = ("BulletList", "OrderedList", "Callout", "Tabset")
QUOTED = ("BlockQuote", "DefinitionList")       # a remark within a line stays in these
BLOCKS = LEAVES | {"Table"}


def set_beside(tree):
    """Blocks with their remarks beside them."""
    tree = put_out(tree, (*CLOSED, *QUOTED))
    tree = rewrite(tree, end_line, BLOCKS)
    tree = put_out(tree, CLOSED)
    return rewrite_lists(tree, join)


def put_out(tree, kinds: tuple[str, ...]):
    """Put the remarks that blocks of some kinds hold beside these blocks."""
    def change(node: Node):
        if not is_node(node, *kinds):
            return None
        remarks: list[Node] = []

        def take(inner: Node):
            if in_margin(inner):
                remarks.append(inner)
                return []
            return inner["c"][1] if is_beside(inner) else None
        kept = {field: rewrite(value, take, BLOCKS) for field, value in node.items()}
        return beside(kept, remarks) if remarks else None
    return rewrite(tree, change, BLOCKS)


def end_line(node: Node) -> Node | None:
    """Move the remarks within a paragraph behind it."""
    if not is_node(node, "Para", "Plain"):
        return None
    remarks = [each for each in node["c"] if is_node(each, "Span") and NAMES & set(classes(each))]
    if not remarks:
        return None
    line = [each for each in node["c"] if not any(each is remark for remark in remarks)]
    return beside({**node, "c": line}, [div([plain(each["c"][1])]) for each in remarks])


def beside(block: Node, remarks: list[Node]) -> Node:
    content = [each for remark in remarks for each in remark["c"][1]]
    return div([block, div(content, "", ["column-margin"])], "", ["beside"])


def is_beside(node: Node) -> bool:
    return is_node(node, "Div") and "beside" in classes(node)


def in_margin(node: Node) -> bool:
    return is_node(node, "Div") and not identifier(node) and bool(NAMES & set(classes(node)))


def join(blocks: list) -> list:
    """Neighbours in the margin share one block."""
    built: list[Node] = []
    for block in blocks:
        if built and in_margin(block) and in_margin(built[-1]):
            built[-1] = div([*built[-1]["c"][1], *block["c"][1]], "", ["column-margin"])
        else:
            built.append(block)
    return built
