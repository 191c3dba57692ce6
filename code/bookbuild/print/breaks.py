"""Where pages of the PDF break: what stays together, and where a page may be spread."""

from collections.abc import Set

from bookbuild.document import (Equation, Float, Layout, Node, classes, content, is_display,
                                is_node, nodes, plain, text, with_content)
from bookbuild.print.calls import bare, code, enclosed, unmarked

UNSPLIT = 12            # lines of a cell, with what it prints, that stay on one page
ONE_LINE, FEW_LINES = 90, 280      # characters
PARAGRAPHS = "#gap(weight: 0.3, less: -0.66em)"        # the gap between two of them
KEPT = [code("#kept(indent: false)["), code("#kept(indent: true)[")]
LISTS = ("BulletList", "OrderedList", "DefinitionList")
# Close to each other, or as close as the author says, who wrote it for Typst.
LINES = ("Para", "Plain", "LineBlock", "RawBlock", *LISTS)


def with_breaks(blocks: list) -> list:
    """A chapter's blocks, with what Typst needs to know to break its pages well."""
    kept = kept_together(blocks)
    held = {id(block) for before, block, after in zip([None, *blocks], blocks, [*blocks[1:], None])
            if is_signature(before, block, after)}
    spaced = spread([let_go(block, after) for block, after in zip(kept, [*kept[1:], None])], held)
    return [piece for block in spaced for piece in (
        enclosed("#held[", [block]) if id(block) in held else
        enclosed("#items[", [block]) if is_node(block, "BulletList") else [block])]


# ------------------------------------------------------------------------- what stays together

def kept_together(blocks: list) -> list:
    """Blocks, in which few words stay on the page of what they lead to.

    One line under a heading, or in front of a list, stays with what follows it; a few lines in
    front of a formula stay with the formula.
    """
    around = zip([None, *blocks], blocks, [*blocks[1:], None])
    return [piece for before, block, after in around for piece in (
        leading(before, block, after) if is_node(block, "Para") else [block])]


def is_signature(before: Node, block: Node, after: Node) -> bool:
    """Is this code what a heading is about, so that it stays with what is said of it?"""
    return is_node(block, "CodeBlock") and is_node(before, "Header") \
        and is_node(after, "Para", "BulletList") and length(block) <= UNSPLIT


def leading(before: Node, block: Node, after: Node) -> list:
    """A paragraph between two blocks, its words kept with what they lead to."""
    inlines = content(block)
    formula = next((at for at, each in enumerate(inlines) if shows_formula(each)), None)
    said = len(text(inlines[:formula]))
    leads = formula is not None or is_node(after, "Para") and any(
        map(shows_formula, content(after)[:1]))
    short = is_node(before, "Header") or is_node(after, *LISTS)
    if not said or said > (FEW_LINES if leads else ONE_LINE if short else 0):
        return [block]
    indented = is_node(before, "Para") and not any(
        map(shows_formula, content(before)[-1:]))
    words = plain([KEPT[indented], *unmarked(inlines[:formula]), code("]")])
    return [words] if formula is None else [words, with_content(block, inlines[formula:])]


def shows_formula(inline: Node) -> bool:
    return isinstance(inline, Equation) or is_node(inline, "Math") and is_display(inline)


def let_go(block: Node, after: Node) -> Node:
    """A paragraph, whose formulas stay with what follows only where it goes on with a sentence."""
    if not is_node(block, "Para") or not any(map(shows_formula, content(block))):
        return block
    then = text(content(after)) if is_node(after, "Para", "Plain") else \
        "" if is_node(after, *LISTS) else "A"
    built: list[Node] = []
    for inline in reversed(content(block)):
        ends = shows_formula(inline) and then.lstrip()[:1].isupper()
        built += [code("]"), inline, code("#let-go[")] if ends else [inline]
        then = text([inline]) + then
    return with_content(block, built[::-1])


# ------------------------------------------------------------------------ where pages are spread

def spread(blocks: list, held: Set = frozenset()) -> list:
    """Blocks with gaps between them, over which a page spreads a large blank at its foot.

    None stands behind blocks that are `held`, by their `id()`.
    """
    built: list[Node] = []
    last = None
    for block in blocks:
        if "cell" in classes(block):
            block = with_content(block, spread(content(block)))
        if last is not None and built[-1] is last and meet(last, block):
            built += [] if is_kept(last) else [bare(PARAGRAPHS)]
            block = indented(block)
        elif last is not None and id(last) not in held and not stands_aside(block) \
                and (gap := gap_between(last, block)):
            built.append(bare(gap))
        built.append(block)
        last = last if stands_aside(block) else block
    return built


def meet(before: Node, after: Node) -> bool:
    """Are these two paragraphs, with words where they meet?"""
    if not (is_node(before, "Para") or is_kept(before)) or not is_node(after, "Para"):
        return False
    last, first = content(before)[-1:], content(after)[:1]
    return bool(last and first) and not any(
        shows_formula(inline) or is_let_go(inline)
        for inline in (*(last if not is_kept(before) else []), *first))


def is_kept(block: Node) -> bool:
    """Is this a paragraph that `leading` keeps with the next block?"""
    return is_node(block, "Plain") and any(first in KEPT for first in content(block)[:1])


def is_let_go(inline: Node) -> bool:
    return inline in (code("#let-go["), code("]"))


def indented(paragraph: Node) -> Node:
    """A paragraph behind a gap, as Typst sets one behind another paragraph."""
    return with_content(paragraph, [code("#h(indentation)"), *content(paragraph)])


def gap_between(before: Node, after: Node) -> str:
    """The gap between two blocks, if the first may stand at the foot of a page."""
    if is_node(before, "Header", "Plain") or ends_in_formula(before) or stays_whole(before, after):
        return ""
    if "cell-code" in classes(before):
        return "#gap(weight: 0.3, less: 8pt)"
    lines = [in_lines(before, -1), in_lines(after, 0)]
    if all(lines):
        return "#gap(weight: 0.3)" if is_node(after, "Plain") else ""
    return "#gap()" if any(lines) else "#gap(less: 15pt)"


def in_lines(block: Node, at: int) -> bool:
    """Does a block begin, `at` 0, or end, `at` -1, with lines of text, whose spacing is small?"""
    if is_node(block, "Div") and all(name.startswith("cell") for name in classes(block)):
        inside = [each for each in content(block) if not stands_aside(each)]
        return not inside or in_lines(inside[at], at)
    return isinstance(block, Layout) or is_node(block, *LINES)


def ends_in_formula(block: Node) -> bool:
    return is_node(block, "Para") and any(map(shows_formula, content(block)[-1:]))


def stays_whole(code: Node, output: Node) -> bool:
    """Does the code of a cell stay on one page with what it prints?"""
    return "cell-code" in classes(code) and 0 < sum(
        map(length, nodes(output, "CodeBlock"))) <= UNSPLIT - length(code)


def length(block: Node) -> int:
    """Lines of code."""
    return content(block).count("\n") + 1


def stands_aside(block: Node) -> bool:
    """Is this out of the text's flow: a figure, which floats, a note in the margin, or nothing?"""
    if isinstance(block, Float):
        return block.kind == "fig"
    return is_node(block, "Div") and (
        not {"column-margin", "aside"}.isdisjoint(classes(block))
        or all(map(stands_aside, content(block))))
