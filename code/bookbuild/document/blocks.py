"""Quarto's constructs, recognised in pandoc's tree and given nodes of their own.

Each pass does one thing to a page's blocks and returns new blocks. Afterwards the tree holds,
beside pandoc's own nodes::

    Float     kind (fig, tbl, lst), id, classes, caption (inlines or None), body (blocks),
              mark ("a", "b", ... for a part of another float), number
    Callout   kind, id, classes, title (inlines or None), body, folded (None, True, False), look,
              icon
    Theorem   kind (thm, def, ..., or proof, remark, solution), id, classes, name (inlines or
              None), body
    Equation  id, tex                                        an inline
    Tabset    tabs: a list of {title (inlines), body (blocks)}, classes, number
    Layout    columns, cells: a list of blocks for each place
"""

import json
import re
from functools import cache
from itertools import groupby

from bookbuild.document import pandoc
from bookbuild.document.model import (TEXT, Node, attributes, classes, div, identifier, is_node,
                                      nodes, pairs, para, plain, rewrite, rewrite_lists)

FLOAT_KINDS = {"fig": "Figure", "tbl": "Table", "lst": "Listing"}
CALLOUT_KINDS = {"note": "nte", "tip": "tip", "warning": "wrn", "important": "imp",
                 "caution": "cau"}
THEOREM_KINDS = {"thm": "Theorem", "lem": "Lemma", "cor": "Corollary", "prp": "Proposition",
                 "cnj": "Conjecture", "def": "Definition", "exm": "Example", "exr": "Exercise",
                 "sol": "Solution", "rem": "Remark", "alg": "Algorithm"}
UNNUMBERED_KINDS = {"proof": "Proof", "remark": "Remark", "solution": "Solution"}
MATH_ENVIRONMENT = re.compile(r"\\begin\{(align|equation|gather|multline)(\*?)\}.*\\end\{\1\2\}",
                              re.DOTALL)
# At the beginning of code, or behind the backticks of code that is shown.
ESCAPED_CELL = re.compile(r"(\A|`)\{(\{+[^<}\n]+\}+)\}")


def structure(blocks: list, target: str) -> list:
    """Run all passes for one target, ``"html"``, ``"typst"`` or ``"epub"``."""
    blocks = conditional(blocks, target)
    blocks = raw_content(blocks, target)
    return rewrite(recognise(blocks), notes)


def recognise(blocks: list) -> list:
    """Run the passes that are the same for all targets."""
    for step in (shown_cells, equations, images, figures, tables, table_captions, listings, floats,
                 layouts, callouts, theorems, tabsets):
        blocks = step(blocks)
    return blocks


def notes(node: Node) -> Node | None:
    """The blocks of a footnote, which stand within a line, where the passes do not look."""
    return {"t": "Note", "c": recognise(node["c"])} if is_node(node, "Note") else None


def prefix(key: str) -> str:
    """``fig`` of ``fig-relu``; an empty string where there is no such prefix."""
    return key.partition("-")[0] if "-" in key else ""


@cache
def _parsed(markdown: str) -> str:
    return pandoc.run(markdown, "--from", "markdown", "--to", "json")


def inlines(markdown: str) -> list:
    """The inlines of a line of Markdown, as captions and titles in attributes hold it."""
    blocks = json.loads(_parsed(markdown))["blocks"]
    return blocks[0]["c"] if blocks and is_node(blocks[0], "Para", "Plain") else []


# ------------------------------------------------------------- one target or the other

def conditional(blocks: list, target: str) -> list:
    """Keep what is meant for this target; drop what is not."""
    def keep(node: Node):
        names = set(classes(node)) & {"content-visible", "content-hidden"}
        if not names:
            return None
        wanted, unwanted = pairs(node).get("when-format"), pairs(node).get("unless-format")
        applies = (wanted is None or wanted == target) and unwanted != target
        if applies != ("content-visible" in names):
            return []
        return node["c"][1] if is_node(node, "Div", "Span") else None
    return rewrite(blocks, keep)


def raw_content(blocks: list, target: str) -> list:
    """Raw pieces for the target stay, for another target go; bare TeX displays are formulas."""
    def sort(node: Node):
        if not is_node(node, "RawBlock", "RawInline"):
            return None
        format, string = node["c"]
        if format in ("tex", "latex") and MATH_ENVIRONMENT.fullmatch(string.strip()):
            formula = {"t": "Math", "c": [{"t": "DisplayMath"}, string.strip()]}
            return formula if node["t"] == "RawInline" else para([formula])
        if target != "html" and format == "html" and "<table" in string:
            return without_raw(pandoc.read(string, "html")["blocks"])
        return None if format == target else []
    return rewrite(blocks, sort)


def without_raw(blocks: list) -> list:
    """Blocks without raw pieces, such as a table's own style sheet."""
    return rewrite(blocks, lambda node: [] if is_node(node, "RawBlock", "RawInline") else None)


def shown_cells(blocks: list) -> list:
    """In code, `{{python}}` stands for a `{python}` that is shown and not run."""
    def unescape(node: Node):
        if is_node(node, "Code", "CodeBlock"):
            node["c"][1] = ESCAPED_CELL.sub(r"\1\2", node["c"][1])
    return rewrite(blocks, unescape)


# ----------------------------------------------------------------------------- formulas

def equations(blocks: list) -> list:
    """`$$...$$ {#eq-x}` becomes an Equation."""
    def label(items: list) -> list:
        built = []
        for item in items:
            mark = is_node(item, "Str") and re.match(r"\{#(eq-[\w.:-]+)\}", item["c"])
            before = next((n for n, old in enumerate(reversed(built), 1)
                           if not is_node(old, "Space", "SoftBreak")), 0)
            if mark and before and is_display(built[-before]):
                formula = built[-before]
                del built[-before:]
                built.append({"t": "Equation", "id": mark[1], "tex": formula["c"][1].strip()})
                if rest := item["c"][mark.end():]:
                    built.append({"t": "Str", "c": rest})
            else:
                built.append(item)
        return built
    return rewrite_lists(blocks, label)


def is_display(node: Node) -> bool:
    return is_node(node, "Math") and node["c"][0]["t"] == "DisplayMath"


# ------------------------------------------------------------------------------- floats

def images(blocks: list) -> list:
    """`fig-alt` becomes the picture's alternative text."""
    def describe(node: Node):
        if not is_node(node, "Image") or "fig-alt" not in pairs(node):
            return None
        name, kinds, given = node["c"][0]
        given = [[key, value] for key, value in given if key != "fig-alt"]
        alt = [["alt", pairs(node)["fig-alt"]]]
        return {"t": "Image", "c": [[name, kinds, given + alt], [], node["c"][2]]}
    return rewrite(blocks, describe)


def new_float(kind: str, key: str, names: list[str], caption: list | None, body: list) -> Node:
    return {"t": "Float", "kind": kind, "id": key, "classes": names, "caption": caption or None,
            "body": body, "mark": None, "number": None}


def figures(blocks: list) -> list:
    """A picture that stands alone is a float; its caption is no alternative text."""
    def convert(node: Node):
        if is_node(node, "Figure"):
            caption = [item for block in node["c"][1][1] for item in block["c"]]
            body = rewrite(node["c"][2], _without_words)
            names = [name for picture in nodes(body, "Image") for name in classes(picture)]
            return new_float("fig", identifier(node), names if identifier(node) else [], caption,
                             body)
        alone = node["c"][0] if is_node(node, "Para") and len(node["c"]) == 1 else None
        linked = alone["c"][1] if is_node(alone, "Link") and len(alone["c"][1]) == 1 else [alone]
        picture = linked[0]
        if is_node(picture, "Image") and (
                identifier(picture).startswith("fig-") or picture is not alone and picture["c"][1]):
            key, words = identifier(picture), picture["c"][1]
            attributes(picture)[0] = ""
            return new_float("fig", key, classes(picture), words,
                             [plain([rewrite(alone, _without_words)])])
        return None
    return rewrite(blocks, convert, TEXT)


def _without_words(node: Node):
    if is_node(node, "Image"):
        return {"t": "Image", "c": [node["c"][0], [], node["c"][2]]}
    return None


def tables(blocks: list) -> list:
    """A table with a `tbl-` label is a float; its caption moves out of the table."""
    def convert(node: Node):
        if not is_node(node, "Table") or prefix(identifier(node)) != "tbl":
            return None
        [_, kinds, given], [_, caption], *rest = node["c"]
        words = [item for block in caption for item in block["c"]]
        bare = {"t": "Table", "c": [["", kinds, given], [None, []], *rest]}
        return new_float("tbl", identifier(node), kinds, words, [bare])
    return rewrite(blocks, convert, TEXT)


def table_captions(blocks: list) -> list:
    """`tbl-cap` on a div without a label is the caption of the table in it; of any other
    number of tables, a paragraph behind them."""
    def convert(node: Node):
        if not is_node(node, "Div") or "tbl-cap" not in pairs(node):
            return None
        caption = inlines(pairs(node)["tbl-cap"])
        found = [each for each in nodes(node, "Table", "RawBlock")
                 if each["t"] == "Table" or "<table" in each["c"][1]]
        if len(found) != 1:
            return [*node["c"][1], para(caption)]
        if is_node(found[0], "Table"):
            found[0]["c"][1] = [None, [plain(caption)]]
        else:
            words = pandoc.write([plain(caption)], "--to", "html5", "--mathml").strip()
            found[0]["c"][1] = re.sub(r"<table\b[^>]*>", rf"\g<0><caption>{words}</caption>",
                                      found[0]["c"][1], count=1)
        return node["c"][1]
    return rewrite(blocks, convert)


def listings(blocks: list) -> list:
    """A code block with a `lst-` label and a caption is a float, and never folded."""
    def convert(node: Node):
        if not is_node(node, "CodeBlock") or prefix(identifier(node)) != "lst":
            return None
        [key, kinds, given], code = node["c"]
        if "lst-cap" not in pairs(node):
            return None
        rest = [[name, value] for name, value in given if name not in (
            "lst-cap", "code-fold", "code-summary")]
        block = {"t": "CodeBlock", "c": [["", kinds, rest], code]}
        names = [name for name in kinds if name != "cell-code"]
        return new_float("lst", key, names, inlines(pairs(node)["lst-cap"]), [block])
    return rewrite(blocks, convert, TEXT)


def floats(blocks: list) -> list:
    """A div with a label of a float: its last paragraph is the caption, floats in it are parts."""
    def convert(node: Node):
        if not is_node(node, "Div") or prefix(identifier(node)) not in FLOAT_KINDS:
            return None
        body, caption = node["c"][1], None
        if len(body) > 1 and is_node(body[-1], "Para"):
            *body, last = body
            caption = last["c"]
        elif table := next((each for each in nodes(body, "Table") if each["c"][1][1]), None):
            caption = [item for block in table["c"][1][1] for item in block["c"]]
            table["c"][1] = [None, []]
        for place, part in enumerate(_parts(body)):
            part["mark"] = chr(ord("a") + place)
        names = classes(node)
        if "layout-ncol" in pairs(node):
            body, names = layout(body, columns(node)), []
        return new_float(prefix(identifier(node)), identifier(node), names, caption, body)
    return rewrite(blocks, convert, TEXT)


def _parts(tree):
    """The outermost labelled floats."""
    if is_node(tree, "Float") and tree["id"]:
        yield tree
    elif isinstance(tree, list):
        for item in tree:
            yield from _parts(item)
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _parts(value)


def layouts(blocks: list) -> list:
    """`layout-ncol` on a div without a label puts its blocks side by side."""
    def convert(node: Node):
        if not is_node(node, "Div") or "layout-ncol" not in pairs(node):
            return None
        blocks = layout(node["c"][1], columns(node))
        name, kinds, given = attributes(node)
        if not name and not kinds:
            return blocks
        given = [pair for pair in given if pair[0] != "layout-ncol"]
        return {"t": "Div", "c": [[name, kinds, given], blocks]}
    return rewrite(blocks, convert, TEXT)


def columns(node: Node) -> int:
    """How many columns a div asks for; what is no number is told by the checks."""
    given = pairs(node)["layout-ncol"]
    return int(given) if given.isdecimal() and int(given) else 1


def layout(blocks: list, columns: int) -> list:
    """Blocks side by side, below all code of their cells; a heading goes with the next block."""
    code: list[Node] = []
    cells: list[list] = []
    heading: list[Node] = []
    for block in blocks:
        if is_node(block, "Header"):
            heading = [*heading, block]
            continue
        if "cell" in classes(block):
            inside = block["c"][1]
            code += [each for each in inside if _is_cell_code(each)]
            block["c"][1] = [each for each in inside if not _is_cell_code(each)]
        if "cell-output-display" in classes(block) and not any(_parts(block)):
            cells += [[each] for each in block["c"][1]]
        else:
            cells.append([*heading, block])
            heading = []
    return [*_joined(code), {"t": "Layout", "columns": columns, "cells": cells}, *heading]


def _is_cell_code(node: Node) -> bool:
    return is_node(node, "CodeBlock") and "cell-code" in classes(node)


def _joined(code: list[Node]) -> list[Node]:
    """Blocks of code, one for all neighbours of the same kind."""
    return [{"t": "CodeBlock", "c": [attribute, "\n".join(each["c"][1] for each in group)]}
            for attribute, group in groupby(code, attributes)]


# ------------------------------------------------------------------------ titled blocks

def _title(node: Node, name: str) -> tuple[list | None, list]:
    """The title of a div, from an attribute or a heading at its top, and the other blocks."""
    body = node["c"][1]
    if name in pairs(node):
        return inlines(pairs(node)[name]), body
    if body and is_node(body[0], "Header"):
        return body[0]["c"][2], body[1:]
    return None, body


def callouts(blocks: list) -> list:
    def convert(node: Node):
        kind = is_node(node, "Div") and next(
            (kind for kind in CALLOUT_KINDS if f"callout-{kind}" in classes(node)), None)
        if not kind:
            return None
        title, body = _title(node, "title")
        given = pairs(node)
        folded = {"true": True, "false": False}.get(given.get("collapse"))
        return {"t": "Callout", "kind": kind, "id": identifier(node), "classes": classes(node),
                "title": title, "body": body, "folded": folded,
                "look": given.get("appearance", "default"), "icon": given.get("icon") != "false",
                "number": None}
    return rewrite(blocks, convert, TEXT)


def theorems(blocks: list) -> list:
    def convert(node: Node):
        if not is_node(node, "Div"):
            return None
        key = identifier(node)
        kind = prefix(key) if prefix(key) in THEOREM_KINDS else next(
            (kind for kind in UNNUMBERED_KINDS if kind in classes(node)), None)
        if not kind:
            return None
        name, body = _title(node, "name")
        return {"t": "Theorem", "kind": kind, "id": key, "classes": classes(node), "name": name,
                "body": body, "number": None}
    return rewrite(blocks, convert, TEXT)


def tabsets(blocks: list) -> list:
    def convert(node: Node):
        if not is_node(node, "Div") or "panel-tabset" not in classes(node):
            return None
        tabs: list[dict] = []
        before: list[Node] = []
        for block in node["c"][1]:
            level = block["c"][0] if is_node(block, "Header") else None
            if level and (not tabs or level == tabs[0]["level"]):
                tabs.append({"level": level, "title": block["c"][2], "body": []})
            else:
                (tabs[-1]["body"] if tabs else before).append(block)
        names = [name for name in classes(node) if name != "panel-tabset"]
        made = {"t": "Tabset", "tabs": tabs, "classes": names, "number": None}
        return [*before, div([made], identifier(node)) if identifier(node) else made]
    return rewrite(blocks, convert, TEXT)
