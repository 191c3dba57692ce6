"""What an author puts into the margin, beside the block that it belongs to.

A remark within a line follows its paragraph, so that it interrupts no sentence. What lists,
callouts and tabs hold for the margin stands beside them and not in them, as with Quarto; a
quotation and a paragraph of a definition keep the remarks of their lines, and the remarks of
tabs come before the tabs.
"""

from bookbuild.document import (LEAVES, Beside, Callout, Float, Layout, Node, Tabset, Theorem,
                                classes, content, div, identifier, is_node, plain, rewrite,
                                rewrite_lists, span, translate, with_content)

NAMES = {"column-margin", "aside"}
CLOSED = ("BulletList", "OrderedList", Callout, Tabset)
QUOTED = ("BlockQuote", "DefinitionList")
BLOCKS = LEAVES | {"Table", Beside}
HOLDERS = BLOCKS | {*CLOSED, *QUOTED, "Div", Float, Theorem, Layout}


def set_beside(tree):
    """Blocks with their remarks beside them."""
    tree = translate(tree, {"Para": end_line, "Plain": end_line}, closed=BLOCKS)
    tree = translate(tree, dict.fromkeys((*CLOSED, *QUOTED), put_out), closed=BLOCKS)
    return rewrite_lists(tree, join)


def end_line(node: Node) -> Beside | None:
    """Move the remarks within a paragraph behind it."""
    remarks = [each for each in content(node)
               if is_node(each, "Span") and NAMES & set(classes(each))]
    if not remarks:
        return None
    line = [each for each in content(node) if each not in remarks]
    shown = [span(content(each), classes=["margin-aside"]) for each in remarks]
    return Beside([with_content(node, line)], [div([plain(shown)])])


def put_out(node: Node) -> Beside | None:
    """Put the remarks that a list or the like holds beside it; a quotation keeps those that stand
    in other blocks."""
    remarks: list[Node] = []

    def take(inner: Node):
        if in_margin(inner):
            remarks.append(inner)
            return []
        if is_node(inner, Beside) and (
                is_node(node, *CLOSED) or is_node(inner.blocks[0], "Plain")):
            remarks.extend(inner.remarks)
            return inner.blocks
        return None
    closed = HOLDERS if is_node(node, *QUOTED) else BLOCKS
    kept = rewrite(node, take, closed, within=True)
    return Beside([kept], remarks, first=is_node(node, Tabset)) if remarks else None


def join(blocks: list) -> list:
    """Neighbours in the margin share one block, also beside a list or a callout."""
    built: list[Node] = []
    for block in blocks:
        last = built[-1] if built else None
        if last and in_margin(block) and in_margin(last):
            built[-1] = in_one([last, block])
        elif last and in_margin(block) and is_node(last, Beside) and is_node(
                last.blocks[0], "BulletList", "OrderedList", Callout):
            built[-1] = Beside(last.blocks, [*last.remarks, block])
        else:
            built.append(block)
    return built if len(built) < len(blocks) else blocks


def in_margin(node: Node) -> bool:
    return is_node(node, "Div") and not identifier(node) and bool(NAMES & set(classes(node)))


def in_one(remarks: list[Node]) -> Node:
    """Remarks as one block in the margin; those of lines follow each other in one line."""
    held: list[Node] = []
    for block in (each for remark in remarks for each in contents(remark)):
        if held and is_node(block, "Plain") and is_node(held[-1], "Plain"):
            held[-1] = plain([*content(held[-1]), *content(block)])
        else:
            held.append(block)
    return div(held, "", ["column-margin"])


def contents(remark: Node) -> list[Node]:
    """The blocks of a remark, in a div if it has classes of its author's own."""
    own = [name for name in classes(remark) if name not in NAMES]
    return [div(content(remark), "", own)] if own else content(remark)


def beside(node: Beside) -> Node | list[Node]:
    """A block and its remarks as a page has them."""
    if node.first:
        return [in_one(node.remarks), *node.blocks]
    return div([*node.blocks, in_one(node.remarks)], "", ["beside"])
