"""The Typst writer: our nodes become calls of the book's template, pandoc writes the rest."""

import json
import posixpath
import re
from itertools import groupby, pairwise
from pathlib import Path
from urllib.parse import unquote

from bookbuild.document import (CALLOUT_KINDS, FLOAT_KINDS, THEOREM_KINDS, UNNUMBERED_KINDS,
                                Chapter, Node, attributes, classes, identifier,
                                inlines as formatted, is_node, nodes, page_links, pandoc, part_of,
                                plain, prefix, raw_inline, rewrite, text, words)
from bookbuild.source import Project

THEME = Path(__file__).parent / "theme" / "typst"
# \, \; \! and \bigl( say nothing about the mathematics
SPACING = re.compile(r"\\[,;:!]|\\q?quad\b|\\[bB]igg?[lrm]?(?![A-Za-z])|\\displaystyle\b")


def string(value: str) -> str:
    """A Typst string literal."""
    return json.dumps(value, ensure_ascii=False)


def code(source: str) -> Node:
    return raw_inline("typst", source)


def call(before: str, inlines: list, after: str) -> Node:
    """Inlines between two pieces of Typst, with no paragraph break around them."""
    return plain([code(before), *inlines, code(after)])


def mark(key: str) -> str:
    """The label that makes the element before it a target of links."""
    return f" #label({string(key)})" if key else ""


def write_book(project: Project, chapters: list[Chapter]) -> str:
    """The whole book as one Typst file."""
    by_source = {chapter.page.source: chapter for chapter in chapters}
    blocks: list[Node] = []
    front = True
    for name, group in groupby(chapters, part_of):
        blocks += [part_opening(name, chapters)] if name else []
        for chapter in group:
            if front and chapter.number:
                blocks.insert(len(blocks) - bool(name), call("#show: main-matter", [], ""))
                front = False
            chapter = page_links(chapter, lambda node, source, fragment: link_to(
                node, label_in(by_source[source], fragment)))
            if chapter.page.kind != "part":
                blocks.append(opening(chapter))
            blocks += lower(without_title(chapter), chapter)
        blocks += [call("]", [], "")] if name else []
    body = pandoc.write(blocks, "--to", "typst-citations", "--wrap=none")
    return preamble(project) + linked(body)


def linked(body: str) -> str:
    """The book's text without links to what has no place in print."""
    labels = set(re.findall(r'#(?:label\(|part\(key: )("(?:[^"\\]|\\.)*")\)', body))
    return re.sub(r'#link\(label\(("(?:[^"\\]|\\.)*")\)\)\[',
                  lambda link: link[0] if link[1] in labels else "#[", body)


def without_title(chapter: Chapter) -> list:
    """The blocks below the title, which on the book's first page stands among them."""
    return [block for block in chapter.blocks
            if not (is_node(block, "Header") and block["c"][0] == 1)]


def markup(markdown) -> str:
    """A line of Markdown as Typst."""
    return pandoc.write([plain(formatted(str(markdown)))], "--to", "typst", "--wrap=none").strip()


def preamble(project: Project) -> str:
    """The call that sets up the book."""
    book = project.book
    depth = project.format_options("typst").get("toc-depth", 2)
    title, subtitle = (f"[{markup(book[key])}]" if book.get(key) else "none"
                       for key in ("title", "subtitle"))
    authors = "".join(f"{string(name)}, " for name in project.authors)
    return (f'#import "book.typ": *\n#show: book.with(title: {title}, '
            f"subtitle: {subtitle}, authors: ({authors}), lang: {string(project.lang)}, "
            f"contents-depth: {depth})\n\n")


def part_opening(name: str, chapters: list[Chapter]) -> Node:
    """A part's heading; its title is that of its page, where it has one."""
    page = next((each for each in chapters if str(each.page.source) == name), None)
    title = lower(page.title, page) if page else formatted(name)
    label = string(chapter_label(page)) if page else "none"
    return call(f"#part(key: {label})[", title, "][")


def opening(chapter: Chapter) -> Node:
    """A chapter's heading."""
    number = string(chapter.number) if chapter.number else "none"
    kind = ", appendix: true" if chapter.page.kind == "appendix" else ""
    return call(f"#chapter({number}{kind})[", lower(chapter.title, chapter),
                f"]{mark(chapter_label(chapter))}")


# ----------------------------------------------------------------------------- labels

def chapter_label(chapter: Chapter) -> str:
    return chapter.id if chapter.id.startswith("sec-") else str(chapter.page.source)


def label_in(chapter: Chapter, key: str) -> str:
    """The label, unique in the whole book, of an id on a page."""
    if not key or key == chapter.id:
        return chapter_label(chapter)
    known = {"sec", "eq", *FLOAT_KINDS, *THEOREM_KINDS, *CALLOUT_KINDS.values(), "ref"}
    return key if prefix(key) in known else f"{chapter.page.source}:{key}"


def anchor(key: str, here: Chapter) -> list[Node]:
    """Nothing to see, but a target of links."""
    return [code(f"#metadata(none){mark(label_in(here, key))}")] if key else []


def link_to(node: Node, label: str) -> Node:
    """A link within the book."""
    return {"t": "Span", "c": [["", [], []], [code(f"#link(label({string(label)}))["),
                                              *node["c"][1], code("]")]]}


# ------------------------------------------------------------------------- our own nodes

def lower(tree, here: Chapter):
    """Turn our nodes, and what pandoc's Typst writer does poorly, into calls of the template."""
    writers = {"Header": heading, "Float": floating, "Callout": callout, "Theorem": theorem,
               "Equation": equation, "Tabset": tabset, "Layout": layout, "Xref": xref,
               "Div": division, "Span": inline_span, "Image": image, "Link": link,
               "CodeBlock": code_block, "Math": formula, "Para": paragraph, "Plain": paragraph}

    for cell in nodes(tree, "Div"):
        keep_together(cell)

    def convert(node: Node):
        writer = writers.get(node["t"])
        return writer(node, here) if writer else None
    return rewrite(tree, convert)


def paragraph(node: Node, here: Chapter) -> Node | None:
    """Without a line break at its end, whose backslash would take what follows with it."""
    if node["c"] and is_node(node["c"][-1], "LineBreak"):
        return {"t": node["t"], "c": node["c"][:-1]}
    return None


def heading(node: Node, here: Chapter) -> Node:
    level, [key, _, given], inlines = node["c"]
    number = dict(given).get("number")
    shown = string(number) if number else "none"
    label = mark(label_in(here, key)) if key and key != here.id else ""
    return call(f"#section({shown}, level: {level})[", inlines, f"]{label}")


def xref(node: Node, here: Chapter) -> list[Node]:
    entry = node["entry"]
    label = chapter_label(entry.chapter) if entry.is_chapter else entry.key
    return [code(f"#link(label({string(label)}))["), *node["text"], code("]")]


def equation(node: Node, here: Chapter) -> list[Node]:
    """A formula with a number."""
    number, alt = string(f"({node['number']})"), string(spoken(node["tex"]))
    displayed = {"t": "Math", "c": [{"t": "DisplayMath"}, node["tex"]]}
    return [code(f"#equation({number}, alt: {alt})["), displayed,
            code(f"]{mark(node['id'])}")]


def formula(node: Node, here: Chapter) -> list[Node]:
    """A formula, with its TeX for those who listen to it."""
    return [code(f"#formula(alt: {string(spoken(node['c'][1]))})["), node, code("]")]


def spoken(tex: str) -> str:
    """TeX as an alternative text: in one line, without what only sets the spacing."""
    return " ".join(SPACING.sub(" ", tex).split())


def floating(node: Node, here: Chapter) -> list[Node]:
    """A figure, table or listing, or a part of one."""
    label = mark(node["id"])
    if node["mark"]:
        head = f"#subfloat({string('(' + node['mark'] + ')')}"
    else:
        number = string(node["number"]) if node["number"] else "none"
        head = f"#float({string(node['kind'])}, {number}"
    if node["caption"]:
        opened = call(f"{head}, caption: [", node["caption"], "])[")
    else:
        opened = call(f"{head})[", [], "")
    return [opened, *node["body"], call(f"]{label}", [], "")]


def layout(node: Node, here: Chapter) -> list[Node]:
    """Blocks side by side."""
    cells = [part for blocks in node["cells"] for part in
             (call("[", [], ""), *blocks, call("],", [], ""))]
    return [call(f"#side-by-side(columns: {node['columns']},", [], ""), *cells,
            call(")", [], "")]


def callout(node: Node, here: Chapter) -> list[Node]:
    kind = node["kind"]
    title = node["title"] or words(kind.capitalize())
    if node["number"]:
        label = words(f"{kind.capitalize()} {node['number']}")
        title = [*label, *words(": "), *node["title"]] if node["title"] else label
    options = f"icon: {str(node['icon']).lower()}, appearance: {string(node['look'])}"
    return [call(f"#callout({string(kind)}, {options}, title: [", title, "])["), *node["body"],
            call(f"]{mark(node['id'])}", [], "")]


def theorem(node: Node, here: Chapter) -> list[Node]:
    kind = node["kind"]
    word = THEOREM_KINDS.get(kind) or UNNUMBERED_KINDS[kind]
    if kind == "proof":
        head = "#proof([Proof]"
    else:
        head = f"#theorem({string(word)}, {string(node['number']) if node['number'] else 'none'}"
    opened = (call(f"{head}, name: [", node["name"], "])[") if node["name"]
              else call(f"{head})[", [], ""))
    return [opened, *node["body"], call(f"]{mark(node['id'])}", [], "")]


def tabset(node: Node, here: Chapter) -> list[Node]:
    return [piece for tab in node["tabs"] for piece in
            (call("#tab[", tab["title"], "]["), *tab["body"], call("]", [], ""))]


# ---------------------------------------------------------------------- pandoc's own nodes

def division(node: Node, here: Chapter) -> list[Node] | None:
    """Divs of cells, outputs, margins, the bibliography and the author's own classes."""
    names, body = classes(node), node["c"][1]
    if identifier(node) == "refs":
        return [call("#references[", [], ""), *body, call("]", [], "")]
    if "csl-entry" in names:
        return [call("#block[", [], ""), *body, call(f"]{mark(identifier(node))}", [], "")]
    if "column-margin" in names or "aside" in names:
        return [call("#aside[", [], ""), *body, call("]", [], "")]
    kind = next((name.removeprefix("cell-output-") for name in names
                 if name.startswith("cell-output-")), None)
    if kind:
        return [call(f"#cell-output({string(kind)})[", [], ""), *body, call("]", [], "")]
    if "cell" in names or not names:
        place = anchor(identifier(node), here)
        return [plain(place), *body] if place else body
    return [call(f"#key-block({string(names[0])})[", [], ""), *body,
            call(f"]{mark(label_in(here, identifier(node)) if identifier(node) else '')}", [], "")]


def inline_span(node: Node, here: Chapter) -> list[Node] | None:
    place = anchor(identifier(node), here)
    if "aside" in classes(node):
        return [*place, code("#aside["), *node["c"][1], code("]")]
    attributes(node)[0] = ""
    return [*place, node] if place else None


def keep_together(cell: Node) -> None:
    """Mark the code of a cell that is followed by what it prints."""
    for block, following in pairwise(cell["c"][1]):
        if "cell-code" in classes(block) and any(nodes(following, "CodeBlock")):
            classes(block).append("prints")


def code_block(node: Node, here: Chapter) -> list[Node] | None:
    if "cell-code" not in classes(node):
        return None
    [_, names, _], source = node["c"]
    language = [name for name in names if name not in ("cell-code", "prints")]
    options = "(output: true)" if "prints" in names else ""
    return [call(f"#code-cell{options}[", [], ""), {"t": "CodeBlock", "c": [["", language, []], source]},
            call("]", [], "")]


def image(node: Node, here: Chapter) -> Node:
    """A picture with its alternative text, which pandoc's writer would leave out."""
    [_, _, given], inlines, [path, _] = node["c"]
    place = posixpath.normpath(posixpath.join(str(here.page.source.parent), unquote(path)))
    alt = dict(given).get("alt") or text(inlines)
    options = f", alt: {string(alt)}" if alt else ""
    width = dict(given).get("width", "")
    if re.fullmatch(r"[\d.]+(%|cm|mm|in|pt|em)", width):
        options += f", width: {width}"
    elif match := re.fullmatch(r"([\d.]+)(px)?", width):
        options += f", width: {float(match[1]) * 0.75:g}pt"
    return code(f"#box(image({string('/' + place)}{options}))")


def link(node: Node, here: Chapter) -> Node | None:
    address = node["c"][2][0]
    if address.startswith("#"):
        return link_to(node, label_in(here, address[1:]))
    return None
