"""Quarto's constructs, recognised in pandoc's tree and given nodes of their own.

Each pass does one thing to a page's blocks and returns new blocks.
"""

import re
from dataclasses import replace
from itertools import groupby

from bookbuild.document import pandoc
from bookbuild.document.model import (TEXT, Callout, Equation, Float, Layout, Node, Tab, Tabset,
                                      Theorem, attributes, caption, classes, content, display,
                                      div, exchange, identifier, is_display, is_node, level,
                                      nodes, outermost, pairs, para, plain, raw, rewrite,
                                      rewrite_lists, tex, with_attributes, with_caption,
                                      with_content, with_pairs, words)

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
EQUATION_LABEL = re.compile(r"\{#(eq-[\w.:-]+)\}")


def structure(blocks: list, format: str) -> list:
    """Run all passes for one format, ``"html"``, ``"typst"`` or ``"epub"``."""
    blocks = rewrite(blocks, lambda node: conditional(node, format))
    blocks = rewrite(blocks, lambda node: raw_content(node, format))
    return rewrite(recognise(blocks), notes)


def recognise(blocks: list) -> list:
    """Run the passes that are the same for all formats."""
    blocks = rewrite_lists(rewrite(blocks, shown_cells), equations)
    blocks = rewrite(blocks, images)
    for change in (figures, tables):
        blocks = rewrite(blocks, change, TEXT)
    blocks = rewrite(blocks, table_captions)
    for change in (listings, floats, layouts, callouts, theorems, tabsets):
        blocks = rewrite(blocks, change, TEXT)
    return blocks


def notes(node: Node) -> Node | None:
    """The blocks of a footnote, which stand within a line, where the passes do not look."""
    return with_content(node, recognise(content(node))) if is_node(node, "Note") else None


def prefix(key: str) -> str:
    """``fig`` of ``fig-relu``; an empty string where there is no such prefix."""
    return key.partition("-")[0] if "-" in key else ""


# ------------------------------------------------------------- one format or the other

def conditional(node: Node, format: str):
    """Keep what is meant for this format; drop what is not."""
    names = {"content-visible", "content-hidden"}.intersection(classes(node))
    if not names:
        return None
    wanted, unwanted = pairs(node).get("when-format"), pairs(node).get("unless-format")
    applies = wanted in (None, format) and unwanted != format
    if applies != ("content-visible" in names):
        return []
    return content(node) if is_node(node, "Div", "Span") else None


def raw_content(node: Node, format: str):
    """Raw pieces for the format stay, for another go; bare TeX displays are formulas."""
    if not is_node(node, "RawBlock", "RawInline"):
        return None
    own, string = raw(node)
    if own in ("tex", "latex") and MATH_ENVIRONMENT.fullmatch(string.strip()):
        formula = display(string.strip())
        return formula if is_node(node, "RawInline") else para([formula])
    if format != "html" and own == "html" and "<table" in string:
        return rewrite(pandoc.read(string, "html")["blocks"], without_raw)
    return None if own == format else []


def without_raw(node: Node) -> list | None:
    """No raw pieces, such as a table's own style sheet."""
    return [] if is_node(node, "RawBlock", "RawInline") else None


def shown_cells(node: Node) -> Node | None:
    """In code, `{{python}}` stands for a `{python}` that is shown and not run."""
    if is_node(node, "Code", "CodeBlock"):
        return with_content(node, ESCAPED_CELL.sub(r"\1\2", content(node)))
    return None


# ----------------------------------------------------------------------------- formulas

def equations(items: list) -> list:
    """`$$...$$ {#eq-x}` becomes an Equation."""
    built: list[Node] = []
    for item in items:
        mark = EQUATION_LABEL.match(content(item)) if is_node(item, "Str") else None
        before = next((n for n, old in enumerate(reversed(built), 1)
                       if not is_node(old, "Space", "SoftBreak")), 0) if mark else 0
        if mark and before and is_display(formula := built[-before]):
            built[-before:] = [Equation(mark[1], tex(formula).strip()),
                               *words(content(item)[mark.end():])]
        else:
            built.append(item)
    return built if len(built) < len(items) else items


# ------------------------------------------------------------------------------- floats

def images(node: Node) -> Node | None:
    """`fig-alt` becomes the picture's alternative text."""
    if not is_node(node, "Image") or "fig-alt" not in pairs(node):
        return None
    return with_content(with_pairs(node, "fig-alt", alt=pairs(node)["fig-alt"]), [])


def figures(node: Node) -> Node | None:
    """A picture that stands alone is a float; its caption is no alternative text."""
    key = identifier(node)
    if is_node(node, "Figure"):
        body = rewrite(content(node), without_words)
        names = [name for picture in nodes(body, "Image") for name in classes(picture)]
        return Float("fig", key, names if key else [], caption(node) or None, body)
    alone = content(node)[0] if is_node(node, "Para") and len(content(node)) == 1 else None
    linked = is_node(alone, "Link") and len(content(alone)) == 1
    picture = content(alone)[0] if linked else alone
    if not is_node(picture, "Image"):
        return None
    key, shown = identifier(picture), content(picture)
    if not key.startswith("fig-") and not (linked and shown):
        return None
    bare = with_content(with_attributes(picture, identifier=""), [])
    return Float("fig", key, classes(picture), shown or None,
                 [plain([with_content(alone, [bare]) if linked else bare])])


def without_words(node: Node) -> Node | None:
    return with_content(node, []) if is_node(node, "Image") else None


def tables(node: Node) -> Node | None:
    """A table with a `tbl-` label is a float; its caption moves out of the table."""
    key = identifier(node)
    if not is_node(node, "Table") or prefix(key) != "tbl":
        return None
    bare = with_caption(with_attributes(node, identifier=""), [])
    return Float("tbl", key, classes(node), caption(node) or None, [bare])


def table_captions(node: Node) -> list | None:
    """`tbl-cap` on a div without a label is the caption of the table in it; of any other
    number of tables, a paragraph behind them."""
    if not is_node(node, "Div") or "tbl-cap" not in pairs(node):
        return None
    shown = pandoc.inlines(pairs(node)["tbl-cap"])
    found = [each for each in nodes(node, "Table", "RawBlock")
             if is_node(each, "Table") or "<table" in content(each)]
    if len(found) != 1:
        return [*content(node), para(shown)]
    if is_node(found[0], "Table"):
        captioned = with_caption(found[0], shown)
    else:
        html = pandoc.write([plain(shown)], "--to", "html5", "--mathml").strip()
        captioned = with_content(found[0], re.sub(
            r"<table\b[^>]*>", rf"\g<0><caption>{html}</caption>", content(found[0]), count=1))
    return exchange(content(node), {id(found[0]): captioned})


def listings(node: Node) -> Node | None:
    """A code block with a `lst-` label and a caption is a float, and never folded."""
    key = identifier(node)
    if not is_node(node, "CodeBlock") or prefix(key) != "lst" or "lst-cap" not in pairs(node):
        return None
    block = with_pairs(with_attributes(node, identifier=""), "lst-cap", "code-fold",
                       "code-summary")
    names = [name for name in classes(node) if name != "cell-code"]
    return Float("lst", key, names, pandoc.inlines(pairs(node)["lst-cap"]) or None, [block])


def floats(node: Node) -> Node | None:
    """A div with a label of a float: its last paragraph is the caption, floats in it are parts."""
    if not is_node(node, "Div") or prefix(identifier(node)) not in FLOAT_KINDS:
        return None
    body, names, shown = content(node), classes(node), None
    if len(body) > 1 and is_node(body[-1], "Para"):
        *body, last = body
        shown = content(last)
    elif table := next(filter(caption, nodes(body, "Table")), None):
        shown = caption(table)
        body = exchange(body, {id(table): with_caption(table, [])})
    body = exchange(body, {id(part): replace(part, mark=chr(ord("a") + place))
                           for place, part in enumerate(outermost(body, is_labelled_float))})
    if "layout-ncol" in pairs(node):
        body, names = layout(body, columns(node)), []
    return Float(prefix(identifier(node)), identifier(node), names, shown or None, body)


def is_labelled_float(node: Node) -> bool:
    return isinstance(node, Float) and bool(node.id)


def layouts(node: Node) -> Node | list | None:
    """`layout-ncol` on a div without a label puts its blocks side by side."""
    if not is_node(node, "Div") or "layout-ncol" not in pairs(node):
        return None
    blocks = layout(content(node), columns(node))
    if not identifier(node) and not classes(node):
        return blocks
    return with_content(with_pairs(node, "layout-ncol"), blocks)


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
            code += filter(is_cell_code, content(block))
            block = with_content(block, [each for each in content(block) if not is_cell_code(each)])
        if "cell-output-display" in classes(block) and not any(outermost(block, is_labelled_float)):
            cells += [[each] for each in content(block)]
        else:
            cells.append([*heading, block])
            heading = []
    joined = [with_content(group[0], "\n".join(map(content, group)))
              for _, each in groupby(code, attributes) for group in [list(each)]]
    return [*joined, Layout(columns, cells), *heading]


def is_cell_code(node: Node) -> bool:
    return is_node(node, "CodeBlock") and "cell-code" in classes(node)


# ------------------------------------------------------------------------ titled blocks

def titled(node: Node, name: str) -> tuple[list | None, list]:
    """The title of a div, from an attribute or a heading at its top, and the other blocks."""
    body = content(node)
    if name in pairs(node):
        return pandoc.inlines(pairs(node)[name]), body
    if body and is_node(body[0], "Header"):
        return content(body[0]), body[1:]
    return None, body


def callouts(node: Node) -> Node | None:
    kind = is_node(node, "Div") and next(
        (kind for kind in CALLOUT_KINDS if f"callout-{kind}" in classes(node)), None)
    if not kind:
        return None
    given = pairs(node)
    return Callout(kind, identifier(node), classes(node), *titled(node, "title"),
                   folded={"true": True, "false": False}.get(given.get("collapse", "")),
                   look=given.get("appearance", "default"), icon=given.get("icon") != "false")


def theorems(node: Node) -> Node | None:
    if not is_node(node, "Div"):
        return None
    key = identifier(node)
    kind = prefix(key) if prefix(key) in THEOREM_KINDS else next(
        (kind for kind in UNNUMBERED_KINDS if kind in classes(node)), None)
    return Theorem(kind, key, classes(node), *titled(node, "name")) if kind else None


def tabsets(node: Node) -> list | None:
    if not is_node(node, "Div") or "panel-tabset" not in classes(node):
        return None
    body = content(node)
    starts = [place for place, block in enumerate(body) if is_node(block, "Header")]
    starts = [place for place in starts if level(body[place]) == level(body[starts[0]])]
    tabs = [Tab(content(body[start]), body[start + 1:end])
            for start, end in zip(starts, [*starts[1:], len(body)], strict=True)]
    made = Tabset(tabs, [name for name in classes(node) if name != "panel-tabset"])
    before = body[:starts[0]] if starts else body
    return [*before, div([made], identifier(node)) if identifier(node) else made]
