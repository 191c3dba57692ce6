"""The Typst writer: our nodes become calls of the book's template, pandoc writes the rest."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path
from urllib.parse import unquote

from bookbuild.document import (THEOREM_KINDS, UNNUMBERED_KINDS, Callout, Chapter, Equation, Float,
                                Head, Layout, Node, Tabset, Theorem, Titled, Xref, classes,
                                column_shares, columns, content, display, exchange, identifier,
                                is_node, labelled, level, nodes, page_links, pairs, pandoc, plain,
                                rewrite_lists, span, target, tex, text, translate, with_attributes,
                                with_column_shares, with_content, words)
from bookbuild.print.breaks import ONE_LINE, stays_whole, with_breaks
from bookbuild.print.calls import bare, call, code, enclosed, mark, string, unmarked
from bookbuild.source import Project

THEME = Path(__file__).parent / "theme" / "typst"
PAGE = "// page: "       # a comment, for those who look for the page of an error
LONG_LINE = re.compile(r"(?m)^[^\n]{1001,}+")
LONG_WORD = re.compile(r"(?<!\S)\S{72,}+")       # as in book.typ, for all other lines
TABLE_LINE = 76          # letters of a table's line
MARGIN = {"column-margin", "aside"}
PIECE = 1000             # letters of a word
WITHIN = re.compile(r"(?<=[^\u200d])(?=[^\u0300-\u036f\u200d\u20d0-\u20ff\ufe00-\ufe0f])")
# \, \; \! and \bigl( say nothing about the mathematics
SPACING = re.compile(r"\\[,;:!]|\\q?quad\b|\\[bB]igg?[lrm]?(?![A-Za-z])|\\displaystyle\b")


def write_book(project: Project, heads: Sequence[Head], written: Sequence[str]) -> str:
    """The whole book as one Typst file, from its chapters as `write_chapter` gives them."""
    parts: list[str] = []
    front = True
    texts = iter(written)
    for name, group in groupby(heads, lambda head: head.part):
        parts += [part_opening(name, heads)] if name else []
        for head in group:
            if front and head.number:
                parts.insert(len(parts) - bool(name), "#show: main-matter")
                front = False
            parts.append(f"{PAGE}{head.page.source}\n{next(texts)}")
        parts += ["]"] if name else []
    return preamble(project) + linked("\n\n".join(parts))


def write_chapter(heads: Sequence[Head], chapter: Chapter) -> str:
    """A chapter as Typst; `heads` are those of the book, to which it may have links."""
    by_source = {head.page.source: head for head in heads}
    chapter = page_links(chapter, by_source, lambda node, source, fragment: link_to(
        node, by_source[source].label_in(fragment)))
    blocks = [opening(chapter)] if chapter.page.kind != "part" else []
    below = lower(with_breaks(chapter.untitled), chapter)
    if any(MARGIN & set(classes(node)) for node in nodes(chapter.blocks, "Div", "Span")):
        below = enclosed("#within[", below)     # or code would stand over notes in the margin
    blocks += [*below, bare("#gap(weight: 1000)")]
    return pandoc.write(blocks, "--to", "typst-citations", "--wrap=none").strip("\n")


def linked(body: str) -> str:
    """The book's text without links to what has no place in print."""
    labels = set(re.findall(r'#(?:label\(|part\(key: )("(?:[^"\\]|\\.)*")\)', body))
    return re.sub(r'#link\(label\(("(?:[^"\\]|\\.)*")\)\)\[',
                  lambda link: link[0] if link[1] in labels else "#[", body)


def markup(markdown: object) -> str:
    """A line of Markdown as Typst."""
    line = plain(pandoc.inlines(str(markdown)))
    return pandoc.write([line], "--to", "typst", "--wrap=none").strip()


def preamble(project: Project) -> str:
    """The call that sets up the book."""
    book = project.book
    depth = project.format_options("typst").get("toc-depth", 2)
    title, subtitle = (f"[{markup(book[key])}]" if book.get(key) else "none"
                       for key in ("title", "subtitle"))
    authors = "".join(f"{string(name)}, " for name in project.authors)
    date = f"date: [{project.date}], " if project.date else ""
    return (f'#import "book.typ": *\n#show: book.with(title: {title}, '
            f"subtitle: {subtitle}, authors: ({authors}), lang: {string(project.lang)}, "
            f"{date}contents-depth: {depth})\n\n")


def part_opening(name: str, heads: Sequence[Head]) -> str:
    """A part's heading; its title is that of its page, where it has one."""
    page = next((each for each in heads if str(each.page.source) == name), None)
    title = lower(page.title, page) if page else pandoc.inlines(name)
    label = string(page.label) if page else "none"
    opened = call(f"#part(key: {label})[", title, "][")
    return pandoc.write([opened], "--to", "typst-citations", "--wrap=none").strip("\n")


def opening(chapter: Chapter) -> Node:
    """A chapter's heading."""
    number = string(chapter.number) if chapter.number else "none"
    kind = ", appendix: true" if chapter.page.kind == "appendix" else ""
    return call(f"#chapter({number}{kind})[", lower(chapter.title, chapter),
                f"]{mark(chapter.label)}")


def anchor(key: str, here: Head) -> list[Node]:
    """Nothing to see, but a target of links."""
    return [code(f"#metadata(none){mark(here.label_in(key))}")] if key else []


def link_to(node: Node, label: str) -> Node:
    """A link within the book."""
    return span([code(f"#link(label({string(label)}))["), *unmarked(content(node)), code("]")])


# ------------------------------------------------------------------------- our own nodes

def lower(tree, here: Head):
    """Turn our nodes, and what pandoc's Typst writer does poorly, into calls of the template."""
    printing = {id(block): with_attributes(block, classes=[*classes(block), "prints"])
                for cell in nodes(tree, "Div") for block, following in pairwise(content(cell))
                if stays_whole(block, following)}
    return translate(rewrite_lists(exchange(tree, printing), writable), {
        "Header": heading, "Div": division, "Span": inline_span, "Image": image, "Link": link,
        "CodeBlock": code_block, "Code": breakable, "Math": formula, "Para": paragraph,
        "Plain": paragraph, "Table": roomy,
        Float: floating, Callout: callout, Theorem: theorem, Equation: equation, Tabset: tabset,
        Layout: layout, Xref: xref}, here)


def writable(items: list) -> list:
    """Text as pandoc writes it well: a long word in pieces, since its time is the square of the
    letters; and `.py` directly behind an element, which Typst would take for a field of it."""
    built: list[Node] = []
    for item in items:
        if is_node(item, "Str") and len(content(item)) > PIECE:
            built += [piece for start in range(0, len(content(item)), PIECE)
                      for piece in words(content(item)[start:start + PIECE])]
        elif built and is_node(item, "Str") \
                and not is_node(built[-1], "Str", "Space", "SoftBreak") \
                and re.match(r"\.[^\W\d]", content(item)):
            built += [code("\\."), *words(content(item)[1:])]
        else:
            built.append(item)
    return built if len(built) > len(items) else items


def paragraph(node: Node, here: Head) -> Node | None:
    """Without a line break at its end, whose backslash would take what follows with it."""
    line = unmarked(content(node))
    if line and is_node(line[-1], "LineBreak"):
        line = line[:-1]
    return None if line is content(node) else with_content(node, line)


def heading(node: Node, here: Head) -> Node:
    key, number = identifier(node), pairs(node).get("number")
    shown = string(number) if number else "none"
    label = mark(here.label_in(key)) if key and key != here.id else ""
    return call(f"#section({shown}, level: {level(node)})[", content(node), f"]{label}")


def xref(node: Xref, here: Head) -> list[Node]:
    entry = node.entry
    label = entry.chapter.label if entry.is_chapter else entry.key
    return [code(f"#link(label({string(label)}))["), *node.text, code("]")]


def equation(node: Equation, here: Head) -> list[Node]:
    """A formula with a number."""
    number, alt = string(f"({node.number})"), string(spoken(node.tex))
    return [code(f"#equation({number}, alt: {alt})["), display(node.tex),
            code(f"]{mark(node.id)}")]


def formula(node: Node, here: Head) -> list[Node]:
    """A formula, with its TeX for those who listen to it."""
    return [code(f"#formula(alt: {string(spoken(tex(node)))})["), node, code("]")]


def spoken(tex: str) -> str:
    """TeX as an alternative text: in one line, without what only sets the spacing."""
    return " ".join(SPACING.sub(" ", tex).split())


def floating(node: Float, here: Head) -> list[Node]:
    """A figure, table or listing, or a part of one."""
    if node.mark:
        head = f"#subfloat({string('(' + node.mark + ')')}"
    else:
        head = f"#float({string(node.kind)}, {string(node.number) if node.number else 'none'}"
    return framed(head, "caption", node.title, node)


def framed(head: str, name: str, title: list | None, node: Titled) -> list[Node]:
    """A call, with a title under a name if there is one, and a block's body."""
    opened = call(f"{head}, {name}: [", title, "])[") if title else bare(f"{head})[")
    return [opened, *node.body, bare(f"]{mark(node.id)}")]


def layout(node: Layout, here: Head) -> list[Node]:
    """Blocks side by side; rows of the same shares in one grid."""
    built: list[Node] = []
    for shares, rows in groupby(zip(node.widths, node.rows(), strict=False), lambda row: row[0]):
        cells = [part for _, row in rows for _, blocks in row
                 for part in enclosed("[", blocks, "],")]
        same = len(set(shares)) == 1
        columns = str(len(shares)) if same else f"({''.join(f'{abs(w):g}fr, ' for w in shares)})"
        built += enclosed(f"#side-by-side(columns: {columns},", cells, ")")
    return built


def callout(node: Callout, here: Head) -> list[Node]:
    kind = node.kind.capitalize()
    title = node.title or (None if node.kind == "none" else words(kind))
    if node.number:
        title = labelled(f"{kind} {node.number}", node.title)
    options = f"icon: {str(node.icon).lower()}, appearance: {string(node.look)}"
    body = [call("#kept[", content(block), "]") if is_node(block, "Para")
            and is_node(following, "BulletList", "OrderedList")
            and len(text(content(block))) <= 2 * ONE_LINE else block
            for block, following in pairwise([*node.body, None])]
    return framed(f"#callout({string(node.kind)}, {options}", "title", title,
                  replace(node, body=body))


def theorem(node: Theorem, here: Head) -> list[Node]:
    word = THEOREM_KINDS.get(node.kind) or UNNUMBERED_KINDS[node.kind]
    number = string(node.number) if node.number else "none"
    head = "#proof([Proof]" if node.kind == "proof" else f"#theorem({string(word)}, {number}"
    return framed(head, "name", node.title, node)


def tabset(node: Tabset, here: Head) -> list[Node]:
    return [piece for tab in node.tabs for piece in
            (call("#tab[", tab.title, "]["), *tab.body, bare("]"))]


# ---------------------------------------------------------------------- pandoc's own nodes

def division(node: Node, here: Head) -> list[Node] | None:
    """Divs of cells, outputs, margins, the bibliography and the author's own classes."""
    key, names, body = identifier(node), classes(node), content(node)
    if key == "refs":
        return enclosed("#references[", body)
    if "csl-entry" in names:
        return enclosed("#block[", body, f"]{mark(key)}")
    if MARGIN & set(names):
        return enclosed("#aside[", body)
    if "quarto-figure-center" in names:
        return enclosed("#align(center)[", body)
    for name in names:
        if name.startswith("cell-output-"):
            return enclosed(f"#cell-output({string(name.removeprefix('cell-output-'))})[", body)
    if "cell" in names or {*names} <= {"as-is"}:    # on paper every picture is as it is
        place = anchor(key, here)
        return [plain(place), *body] if place else body
    return enclosed(f"#key-block({string(names[0])})[", body,
                    f"]{mark(here.label_in(key) if key else '')}")


def roomy(node: Node, here: Head) -> Node | list[Node] | None:
    """A table whose columns have shares of the width: none is narrower than its longest word, or
    all are set smaller."""
    shares = column_shares(node)
    line = TABLE_LINE * sum(shares)
    longest = [2 + max((len(word) for block in cells for word in
                        text(translate([block], {"Math": lambda formula: []})).split()), default=0)
               for cells in columns(node)]
    given = [max(share * TABLE_LINE, least) for share, least in zip(shares, longest)]
    if not all(shares) or sum(given) <= line + 0.5:
        return None
    spare, wanted = sum(given) - sum(longest), line - sum(longest)
    kept = [least + (size - least) * max(wanted, 0) / (spare or 1)
            for size, least in zip(given, longest)]
    table = with_column_shares(node, [sum(shares) * size / sum(kept) for size in kept])
    return table if wanted >= 0 else enclosed(f"#text({line / sum(longest):.2f}em)[", [table])


def inline_span(node: Node, here: Head) -> list[Node] | None:
    place = anchor(identifier(node), here)
    if "aside" in classes(node):
        return [*place, code("#aside(inline: true)["), *content(node), code("]")]
    return [*place, with_attributes(node, identifier="")] if place else None


def breakable(node: Node, here: Head) -> Node | None:
    """Code, in whose longest lines a word that no line can hold may break anywhere."""
    written = LONG_LINE.sub(lambda line: LONG_WORD.sub(
        lambda word: WITHIN.sub("\u200b", word[0]), line[0]), content(node))
    return None if written == content(node) else with_content(node, written)


def code_block(node: Node, here: Head) -> Node | list[Node] | None:
    if "cell-code" not in classes(node):
        return breakable(node, here)
    node = breakable(node, here) or node
    language = [name for name in classes(node) if name not in ("cell-code", "prints")]
    options = "(output: true)" if "prints" in classes(node) else ""
    return enclosed(f"#code-cell{options}[", [with_attributes(
        node, identifier="", classes=language, pairs=[])])


def image(node: Node, here: Head) -> Node:
    """A picture with its alternative text, which pandoc's writer would leave out."""
    place = posixpath.normpath(posixpath.join(str(here.page.source.parent), unquote(target(node))))
    alt = pairs(node).get("alt") or text(content(node))
    options = f", alt: {string(alt)}" if alt else ""
    for name in ("width", "height"):
        given = pairs(node).get(name, "")
        if re.fullmatch(r"[\d.]+(%|cm|mm|in|pt|em)", given):
            options += f", {name}: {given}"
        elif match := re.fullmatch(r"([\d.]+)(px)?", given):
            options += f", {name}: {float(match[1]) * 0.75:g}pt"
    return code(f"#box(image({string('/' + place)}{options}))")


def link(node: Node, here: Head) -> Node | None:
    address = target(node)
    if address.startswith("#"):
        return link_to(node, here.label_in(address[1:]))
    return with_content(node, unmarked(content(node)))
