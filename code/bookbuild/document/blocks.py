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
                                      line_break, nodes, outermost, pairs, para, plain, raw,
                                      rewrite, rewrite_lists, tex, translate, with_attributes,
                                      with_caption, with_content, with_pairs, words)
from bookbuild.source import layout_rows

FLOAT_KINDS = {"fig": "Figure", "tbl": "Table", "lst": "Listing"}
CALLOUT_KINDS = {"note": "nte", "tip": "tip", "warning": "wrn", "important": "imp",
                 "caution": "cau"}
THEOREM_KINDS = {"thm": "Theorem", "lem": "Lemma", "cor": "Corollary", "prp": "Proposition",
                 "cnj": "Conjecture", "def": "Definition", "exm": "Example", "exr": "Exercise",
                 "sol": "Solution", "rem": "Remark", "alg": "Algorithm"}
UNNUMBERED_KINDS = {"proof": "Proof", "remark": "Remark", "solution": "Solution"}
MATH_ENVIRONMENT = re.compile(
    r"\\begin\{((?:align|alignat|eqnarray|equation|flalign|gather|multline)\*?)\}.*\\end\{\1\}",
    re.DOTALL)
MACROS = re.compile(r"(?:\\(?:(?:re)?newcommand|providecommand|DeclareMathOperator|def|let)\*?"
                    r"(?![a-zA-Z])[^\n]*(?:\n(?!\\)[^\n]*)*\n?)+")
# At the beginning of code, or behind the backticks of code that is shown.
ESCAPED_CELL = re.compile(r"(\A|`)\{(\{[^`<}\n]++\}+)\}")
# The names by which content is meant for a format: an EPUB is HTML, but for scripts.
MEANT = {"html": ("html", "html:js"), "epub": ("epub", "html"), "typst": ("typst",)}
ARRANGED = {"layout", "layout-ncol", "layout-nrow"}
MARGIN = "column-margin"
NOTAG = re.compile(r"\\notag(?![A-Za-z])")
CENTRED = ["quarto-figure", "quarto-figure-center"]
HTML_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
EQUATION_LABEL = re.compile(r"\{#(eq-[\w.:-]+)\}")


def meant_for(blocks: list, format: str) -> list:
    """What is meant for one format, ``"html"``, ``"typst"`` or ``"epub"``."""
    blocks = rewrite(blocks, lambda node: conditional(node, format))
    return translate(blocks, {"RawBlock": raw_block_content, "RawInline": raw_content,
                              "Math": readable_display}, format)


def structure(blocks: list) -> list:
    """Run all passes, which are the same for all formats, also in footnotes."""
    return translate(recognise(blocks), {"Note": note})


def recognise(blocks: list) -> list:
    """Run all passes outside of footnotes."""
    blocks = translate(rewrite_lists(blocks, equations), {
        "Code": shown_cell, "CodeBlock": shown_cell})
    blocks = translate(blocks, {"Figure": figure, "Para": picture, "Table": table}, closed=TEXT)
    blocks = translate(blocks, {"Image": image})
    blocks = translate(blocks, {"Div": as_is})
    blocks = translate(blocks, {"Div": table_caption})
    for changes in ({"CodeBlock": listing}, {"Div": floating}, {"Div": side_by_side},
                    {"Div": callout}, {"Div": theorem}, {"Div": tabset}):
        blocks = translate(blocks, changes, closed=TEXT)
    return blocks


def as_is(node: Node) -> Node | None:
    """Pictures in a block for photographs are told apart also where they are shown without it."""
    def photograph(picture: Node) -> Node:
        return with_attributes(picture, classes=list(dict.fromkeys([*classes(picture), "as-is"])))
    if "as-is" not in classes(node):
        return None
    return with_content(node, translate(content(node), {"Image": photograph}))


def note(node: Node) -> Node:
    """The blocks of a footnote, which stand within a line, where the passes do not look."""
    return with_content(node, recognise(content(node)))


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
    applies = wanted in (None, *MEANT[format]) and unwanted not in MEANT[format]
    if applies != ("content-visible" in names):
        return []
    bare = with_pairs(with_attributes(
        node, classes=[name for name in classes(node) if name not in names]),
        "when-format", "unless-format")
    if identifier(bare) or classes(bare) or pairs(bare) or not is_node(node, "Div", "Span"):
        return bare
    return content(node)


def readable(formula: str) -> Node:
    """A display in the words of pandoc, which knows one of two for a line without a number."""
    return display(NOTAG.sub(r"\\nonumber", formula))


def readable_display(node: Node, format: str) -> Node | None:
    return readable(tex(node)) if is_display(node) and NOTAG.search(tex(node)) else None


def raw_content(node: Node, format: str):
    """Raw pieces for the format stay, for another go; bare TeX displays are formulas.

    What defines macros was read by pandoc, and prints nothing.
    """
    own, string = raw(node)
    if own in ("tex", "latex") and MATH_ENVIRONMENT.fullmatch(string.strip()):
        return readable(string.strip())
    if format != "html" and own == "html" and HTML_BREAK.fullmatch(string):
        return line_break()
    if format != "html" and own == "html" and "<table" in string:
        # without what a table may hold besides, such as a style sheet of its own
        return translate(pandoc.read(string, "html")["blocks"],
                         dict.fromkeys(("RawBlock", "RawInline"), lambda node: []))
    return None if own == format else []


def raw_block_content(node: Node, format: str):
    made = raw_content(node, format)
    return para([made]) if is_node(made) else made


def shown_cell(node: Node) -> Node:
    """In code, `{{python}}` stands for a `{python}` that is shown and not run."""
    return with_content(with_pairs(node, "shortcodes"),
                        ESCAPED_CELL.sub(r"\1\2", content(node)))


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

def image(node: Node) -> Node | None:
    """`fig-alt` becomes the picture's alternative text."""
    if "fig-align" in pairs(node):
        node = with_pairs(node, "fig-align")        # a figure is centred, others are by `picture`
    if "fig-alt" not in pairs(node):
        return node
    return with_content(with_pairs(node, "fig-alt", alt=pairs(node)["fig-alt"]), [])


def figure(node: Node) -> Node:
    """A picture that stands alone is a float; its caption is no alternative text."""
    key = identifier(node)
    body = translate(content(node), {"Image": lambda shown: with_content(shown, [])})
    names = [name for shown in nodes(body, "Image") for name in classes(shown)]
    return for_margin(Float("fig", key, names if key else [], caption(node) or None, body), names)


def picture(node: Node) -> Node | list | None:
    """So is one in a link, or with a label, that pandoc calls no figure."""
    alone = content(node)[0] if len(content(node)) == 1 else None
    linked = is_node(alone, "Link") and len(content(alone)) == 1
    shown = content(alone)[0] if linked else alone
    if not is_node(shown, "Image"):
        return None
    names = classes(shown)
    if not (identifier(shown).startswith("fig-") or linked and content(shown)):
        centred = [div([node], classes=CENTRED)] if "fig-align" in pairs(shown) else None
        return for_margin(node, names) if MARGIN in names else centred
    bare = with_content(with_attributes(shown, identifier=""), [])
    return for_margin(Float("fig", identifier(shown), names, content(shown) or None,
                            [plain([with_content(alone, [bare]) if linked else bare])]), names)


def for_margin(shown: Node, names: list[str]) -> Node:
    """A picture alone in its paragraph, in a block for the margin if it has that class."""
    if MARGIN not in names:
        return shown

    def bare(image: Node) -> Node:
        return with_attributes(image, classes=[name for name in classes(image) if name != MARGIN])
    return div([translate(shown, {"Image": bare, Float: lambda made: replace(
        made, classes=[name for name in made.classes if name != MARGIN])})], classes=[MARGIN])


def table(node: Node) -> Float | None:
    """A table with a `tbl-` label is a float; its caption moves out of the table."""
    key = identifier(node)
    if prefix(key) != "tbl":
        return None
    bare = with_caption(with_attributes(node, identifier=""), [])
    return Float("tbl", key, classes(node), caption(node) or None, [bare])


def table_caption(node: Node) -> list | None:
    """`tbl-cap` on a div without a label is the caption of the table in it; of any other
    number of tables, a paragraph behind them."""
    if "tbl-cap" not in pairs(node):
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
            r"<table\b[^>]*+(?:>|\Z)", rf"\g<0><caption>{html}</caption>", content(found[0]),
            count=1))
    return exchange(content(node), {id(found[0]): captioned})


def listing(node: Node) -> Float | None:
    """A code block with a `lst-` label and a caption is a float, and never folded."""
    key = identifier(node)
    if prefix(key) != "lst" or "lst-cap" not in pairs(node):
        return None
    block = with_pairs(with_attributes(node, identifier=""), "lst-cap", "code-fold",
                       "code-summary")
    names = [name for name in classes(node) if name != "cell-code"]
    return Float("lst", key, names, pandoc.inlines(pairs(node)["lst-cap"]) or None, [block])


def floating(node: Node) -> Float | None:
    """A div with a label of a float: its last paragraph is the caption, floats in it are parts."""
    if prefix(identifier(node)) not in FLOAT_KINDS:
        return None
    body, names, shown = content(node), classes(node), None
    if len(body) > 1 and is_node(body[-1], "Para"):
        *body, last = body
        shown = content(last)
    elif inner := next(filter(caption, nodes(body, "Table")), None):
        shown = caption(inner)
        body = exchange(body, {id(inner): with_caption(inner, [])})
    body = exchange(body, {id(part): replace(part, mark=chr(ord("a") + place))
                           for place, part in enumerate(outermost(body, is_labelled_float))})
    if ARRANGED & pairs(node).keys():
        body, names = layout(body, node), []
    return Float(prefix(identifier(node)), identifier(node), names, shown or None, body)


def is_labelled_float(node: Node) -> bool:
    return isinstance(node, Float) and bool(node.id)


def side_by_side(node: Node) -> Node | list | None:
    """`layout-ncol` and the like on a div without a label put its blocks side by side."""
    if not ARRANGED & pairs(node).keys():
        return None
    blocks = layout(content(node), node)
    if not identifier(node) and not classes(node):
        return blocks
    return with_content(with_pairs(node, *ARRANGED), blocks)


def widths(node: Node, count: int) -> list[list[float]]:
    """The shares of so many blocks in the width of their rows; the last row comes again.

    What is no number, or a large one, is told by the checks.
    """
    given = pairs(node)
    columns, lines = (int(given[name]) if re.fullmatch(r"\d{1,2}", given.get(name, "")) else 0
                      for name in ("layout-ncol", "layout-nrow"))
    columns = columns or -(-count // lines if lines else 0)
    rows = None if columns else layout_rows(given.get("layout"))
    rows = rows or [[1] * max(columns, 1)]
    shares = [[100 * share / sum(map(abs, row)) for share in row] for row in rows if row]
    places = sum(share > 0 for row in shares for share in row)
    while places < count:
        shares.append(shares[-1])
        places += sum(share > 0 for share in shares[-1])
    return shares


def layout(blocks: list, asked: Node) -> list:
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
    return [*joined, Layout(widths(asked, len(cells)), cells), *heading]


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


def callout(node: Node) -> Callout | None:
    names, given = classes(node), pairs(node)
    kind = next((kind for kind in CALLOUT_KINDS if f"callout-{kind}" in names), None)
    if not kind and "callout" not in names:
        return None
    if not kind:        # a box without a word and a sign of its own
        names = ["callout-none", *(name for name in names if name != "callout")]
    return Callout(kind or "none", identifier(node), names, *titled(node, "title"),
                   folded={"true": True, "false": False}.get(given.get("collapse", "")),
                   look=given.get("appearance", "default" if kind else "simple"),
                   icon=bool(kind) and given.get("icon") != "false")


def theorem(node: Node) -> Theorem | None:
    key = identifier(node)
    kind = prefix(key) if prefix(key) in THEOREM_KINDS else next(
        (kind for kind in UNNUMBERED_KINDS if kind in classes(node)), None)
    return Theorem(kind, key, classes(node), *titled(node, "name")) if kind else None


def tabset(node: Node) -> list | None:
    if "panel-tabset" not in classes(node):
        return None
    body = content(node)
    starts = [place for place, block in enumerate(body) if is_node(block, "Header")]
    starts = [place for place in starts if level(body[place]) == level(body[starts[0]])]
    tabs = [Tab(content(body[start]), body[start + 1:end])
            for start, end in zip(starts, [*starts[1:], len(body)])]
    made = Tabset(tabs, [name for name in classes(node) if name != "panel-tabset"],
                  pairs(node).get("group", ""))
    before = body[:starts[0]] if starts else body
    return [*before, div([made], identifier(node)) if identifier(node) else made]
