"""The EPUB writer: the numbered book in one tree, which pandoc binds as EPUB 3."""

import posixpath
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bookbuild.document import (Callout, Chapter, Head, Node, Tabset, Xref, chapter_name, classes,
                                content, div, header, identifier, is_node, link, metadata,
                                page_links, pairs, pandoc, para, rewrite, span, strong, target,
                                translate, with_attributes, with_target)
from bookbuild.files import writing
from bookbuild.print import html
from bookbuild.say import Say
from bookbuild.source import Project

THEME = Path(__file__).parent / "theme" / "epub"
SUMMARY = ("Formulas are MathML, pictures have alternative texts, and headings, lists and tables "
           "are marked as such.")
DOCTYPE = re.compile(r"<!DOCTYPE[^<>]*>\s*")
EMPTY_PATH = re.compile(r"<path(?![^<>]*\sd=)")
DONE = "in-book"        # the class of links that lead to an id of the whole book
UNFIT = re.compile(r"[^\w.-]")


def bind(project: Project, chapters: Sequence[Chapter], work: Path,
         say: Say) -> bytes:
    """The book, bound in the folder `work`, where its pictures are, each beside its chapter."""
    with writing(work):
        work.mkdir(exist_ok=True)
    for image in work.rglob("*.svg"):
        image.write_text(strict_svg(image.read_text()))
    by_source = {chapter.page.source: chapter for chapter in chapters}
    blocks: list[Node] = []
    for chapter in chapters:
        chapter = page_links(chapter, by_source, lambda node, source, mark: link_to(
            node, mark_in(by_source[source], mark)))
        title = header(1, html.lower(chapter_name(chapter)), chapter_mark(chapter), ["unnumbered"])
        blocks += [title, *lower(chapter.untitled, chapter)]
    depth = project.format_options("epub").get("toc-depth", 2)
    bound = work / project.epub_name
    pandoc.write(blocks, "--to", "epub3", "--output", str(bound), "--mathml", "--split-level=1",
                 "--toc", f"--toc-depth={depth}", f"--css={THEME / 'book.css'}",
                 f"--lua-filter={html.THEME / 'mathml.lua'}", f"--resource-path={work}",
                 meta=content(metadata(about(project))))
    return bound.read_bytes()


def strict_svg(content: str) -> str:
    """An SVG as EPUB wants it: without a document type, and each path with its `d`."""
    return EMPTY_PATH.sub(r'<path d=""', DOCTYPE.sub("", content))


def about(project: Project) -> dict:
    """What libraries and readers are told of the book."""
    title = str(project.book["title"])
    name = "/".join([title, *project.authors])
    told = {"title": title, "author": project.authors, "lang": project.lang,
            "identifier": uuid.uuid5(uuid.NAMESPACE_URL, name).urn,
            "accessibilitySummary": SUMMARY,
            "accessModes": ["textual", "visual"], "accessibilityHazards": ["none"],
            "accessibilityFeatures": ["alternativeText", "MathML", "structuralNavigation",
                                      "tableOfContents", "readingOrder"]}
    more = {**project.book, "date": project.day}
    return told | {key: str(more[key]) for key in ("subtitle", "description", "date")
                   if more.get(key)}


# ------------------------------------------------------------------------------ ids and links

def chapter_mark(head: Head) -> str:
    """The id of a chapter's heading, unique in the whole book."""
    return head.id if head.id.startswith("sec-") else fit(head.label)


def mark_in(head: Head, key: str) -> str:
    """The id, unique in the whole book, of an id on a page."""
    return fit(head.label_in(key)) if key and key != head.id else chapter_mark(head)


def fit(key: str) -> str:
    """An id without the signs that readers of EPUB stumble over."""
    return UNFIT.sub("-", key)


def link_to(node: Node, mark: str) -> Node:
    return link(content(node), f"#{mark}", [DONE])


# ------------------------------------------------------------------------------------- nodes

def lower(blocks: list, here: Head) -> list:
    """Turn our nodes into pandoc's: first those that a book without scripts shows otherwise."""
    def finish(node: Node):
        if is_node(node, "Image"):
            return picture(node, here)
        if is_node(node, "Link"):
            return linked(node, here)
        key = identifier(node)
        return with_attributes(node, identifier=mark_in(here, key)) if key else None
    return rewrite(html.lower(translate(blocks, {
        Callout: callout, Tabset: tabset, Xref: xref, "CodeBlock": code_block})), finish)


def xref(node: Xref) -> Node:
    there = node.entry.chapter
    mark = chapter_mark(there) if node.entry.is_chapter else mark_in(there, node.entry.key)
    return link(node.text, f"#{mark}", [DONE])


def callout(node: Callout) -> Node:
    """A box with its title; nothing is folded."""
    headed = bool(node.title or node.number) or node.look == "default"
    title = [para([strong(html.callout_title(node))])] if headed else []
    return div([*title, *node.body], node.id, ["callout", f"callout-{node.kind}"])


def tabset(node: Tabset) -> list[Node]:
    """Tabs one below the other."""
    return [div([para([strong(tab.title)]), *tab.body], "", ["tab"]) for tab in node.tabs]


def code_block(node: Node) -> Node | None:
    """Code, below its summary where the page folds it."""
    if "cell-code" not in classes(node):
        return None
    language = [kind for kind in classes(node) if kind != "cell-code"]
    summary = pairs(node).get("code-summary") if "code-fold" in pairs(node) else None
    head = [para(pandoc.inlines(summary))] if summary else []
    return div([*head, with_attributes(node, classes=language, pairs=[])], "", ["cell-code"])


def picture(node: Node, here: Head) -> Node | None:
    """A picture at its place among the book's pictures."""
    if urlsplit(target(node)).scheme:
        return None
    folder = str(here.page.source.parent)
    return with_target(node, posixpath.normpath(posixpath.join(folder, target(node))))


def linked(node: Node, here: Head) -> Node | None:
    """A link within the book or to another host; what links to a file beside it is no link."""
    address = target(node)
    if urlsplit(address).scheme or address.startswith("//"):
        return None
    if not address.startswith("#"):
        return span(content(node))
    if DONE in classes(node) or address.startswith("#ref-"):
        return None
    return link_to(node, mark_in(here, unquote(address[1:])))
