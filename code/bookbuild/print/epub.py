"""The EPUB writer: the numbered book in one tree, which pandoc binds as EPUB 3."""

import posixpath
import re
import uuid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bookbuild.document import (Chapter, Node, attributes, chapter_name, classes, div, identifier,
                                inlines as formatted, is_node, link, page_links, pandoc, para,
                                rewrite, span)
from bookbuild.print import html
from bookbuild.print.typst import label_in, without_title
from bookbuild.source import Project

THEME = Path(__file__).parent / "theme" / "epub"
SUMMARY = ("Formulas are MathML, pictures have alternative texts, and headings, lists and tables "
           "are marked as such.")
DOCTYPE = re.compile(r"<!DOCTYPE[^>]*>\s*")
EMPTY_PATH = re.compile(r"<path(?![^>]*\sd=)")
DONE = "in-book"        # the class of links that lead to an id of the whole book
UNFIT = re.compile(r"[^\w.-]")


def write_book(project: Project, chapters: list[Chapter], pictures: Path, target: Path) -> None:
    """Write the whole book to a file.

    Parameters
    ----------
    project : Project
        The book.
    chapters : list of Chapter
        Its numbered chapters, references and citations resolved.
    pictures : Path
        A folder with the pictures, each where it lies beside its chapter.
    target : Path
        The file.
    """
    for picture in pictures.rglob("*.svg"):
        picture.write_text(strict_svg(picture.read_text()))
    by_source = {chapter.page.source: chapter for chapter in chapters}
    blocks: list[Node] = []
    for chapter in chapters:
        chapter = page_links(chapter, lambda node, source, mark: link_to(
            node, mark_in(by_source[source], mark)))
        title = [chapter_mark(chapter), ["unnumbered"], []], chapter_name(chapter)
        body = lower(without_title(chapter), chapter)
        blocks += [{"t": "Header", "c": [1, title[0], html.lower(title[1])]}, *body]
    depth = project.format_options("epub").get("toc-depth", 2)
    pandoc.write(blocks, "--to", "epub3", "--output", str(target), "--mathml", "--split-level=1",
                 "--toc", f"--toc-depth={depth}", f"--css={THEME / 'book.css'}",
                 f"--lua-filter={html.THEME / 'mathml.lua'}", f"--resource-path={pictures}",
                 meta=metadata(project))


def strict_svg(content: str) -> str:
    """An SVG as EPUB wants it: without a document type, and each path with its `d`."""
    return EMPTY_PATH.sub(r'<path d=""', DOCTYPE.sub("", content))


def metadata(project: Project) -> dict:
    """What libraries and readers are told of the book."""
    title = str(project.book["title"])
    name = "/".join([title, *project.authors])
    told = {"title": title, "author": project.authors, "lang": project.lang,
            "identifier": uuid.uuid5(uuid.NAMESPACE_URL, name).urn,
            "accessibilitySummary": SUMMARY,
            "accessModes": ["textual", "visual"], "accessibilityHazards": ["none"],
            "accessibilityFeatures": ["alternativeText", "MathML", "structuralNavigation",
                                      "tableOfContents", "readingOrder"]}
    for key in ("subtitle", "description", "date"):
        if value := project.book.get(key):
            told[key] = str(value)
    return {key: html.meta_value(value) for key, value in told.items()}


# ------------------------------------------------------------------------------ ids and links

def chapter_mark(chapter: Chapter) -> str:
    """The id of a chapter's heading, unique in the whole book."""
    return chapter.id if chapter.id.startswith("sec-") else fit(str(chapter.page.source))


def mark_in(chapter: Chapter, key: str) -> str:
    """The id, unique in the whole book, of an id on a page."""
    return fit(label_in(chapter, key)) if key and key != chapter.id else chapter_mark(chapter)


def fit(key: str) -> str:
    """An id without the signs that readers of EPUB stumble over."""
    return UNFIT.sub("-", key)


def link_to(node: Node, mark: str) -> Node:
    return link(node["c"][1], f"#{mark}", [DONE])


# ------------------------------------------------------------------------------------- nodes

def lower(blocks: list, here: Chapter) -> list:
    """Turn our nodes into pandoc's: first those that a book without scripts shows otherwise."""
    writers = {"Callout": callout, "Tabset": tabset, "CodeBlock": code_block,
               "Xref": lambda node: link(node["text"], f"#{target_of(node['entry'])}", [DONE])}

    def convert(node: Node):
        writer = writers.get(node["t"])
        return writer(node) if writer else None

    def finish(node: Node):
        if is_node(node, "Image"):
            return picture(node, here)
        if is_node(node, "Link"):
            return linked(node, here)
        if identifier(node):
            attributes(node)[0] = mark_in(here, identifier(node))
        return None
    return rewrite(html.lower(rewrite(blocks, convert)), finish)


def target_of(entry) -> str:
    return chapter_mark(entry.chapter) if entry.is_chapter else mark_in(entry.chapter, entry.key)


def callout(node: Node) -> Node:
    """A box with its title; nothing is folded."""
    headed = bool(node["title"] or node["number"]) or node["look"] == "default"
    title = [para([{"t": "Strong", "c": html.callout_title(node)}])] if headed else []
    return div([*title, *node["body"]], node["id"], ["callout", f"callout-{node['kind']}"])


def tabset(node: Node) -> list[Node]:
    """Tabs one below the other."""
    return [div([para([{"t": "Strong", "c": tab["title"]}]), *tab["body"]], "", ["tab"])
            for tab in node["tabs"]]


def code_block(node: Node) -> Node | None:
    """Code, below its summary where the page folds it."""
    [key, kinds, given], source = node["c"]
    if "cell-code" not in kinds:
        return None
    language = [kind for kind in kinds if kind != "cell-code"]
    summary = dict(given).get("code-summary") if "code-fold" in dict(given) else None
    head = [para(formatted(summary))] if summary else []
    return div([*head, {"t": "CodeBlock", "c": [[key, language, []], source]}], "", ["cell-code"])


def picture(node: Node, here: Chapter) -> Node:
    """A picture at its place among the book's pictures."""
    attribute, inlines, [address, title] = node["c"]
    if not urlsplit(address).scheme:
        address = posixpath.normpath(posixpath.join(str(here.page.source.parent), address))
    return {"t": "Image", "c": [attribute, inlines, [address, title]]}


def linked(node: Node, here: Chapter) -> Node:
    """A link within the book or to another host; what links to a file beside it is no link."""
    address = node["c"][2][0]
    if urlsplit(address).scheme or address.startswith("//"):
        return node
    if not address.startswith("#"):
        return span(node["c"][1])
    if DONE in classes(node) or address.startswith("#ref-"):
        return node
    return link_to(node, mark_in(here, unquote(address[1:])))
