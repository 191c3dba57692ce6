"""What a link to another page leads to, kept on this page for its preview.

A page that is opened from disk cannot read another one, so that each page carries the equations,
theorems, figures and sources of other pages that it refers to, in ``<template>`` elements.
"""

import posixpath
from collections.abc import Iterator
from html import escape
from itertools import islice
from urllib.parse import urlsplit

from bookbuild.index import Chapter
from bookbuild.tree import (ATTRIBUTE_PLACE, Node, identifier, is_node, nodes, para, raw_block,
                            rewrite)

LABELLED = ("Float", "Theorem", "Equation", "Callout")


Sources = dict[str, tuple[Chapter, Node]]


def sources(chapters: list[Chapter]) -> Sources:
    """The entries of the bibliography by their ids, each with the chapter that lists it."""
    return {identifier(node): (chapter, node) for chapter in chapters
            for node in nodes(chapter.blocks, "Div") if identifier(node).startswith("ref-")}


def templates(listed: Sources, here: Chapter) -> Iterator[Node]:
    """A page's templates, as blocks that the HTML writer lowers like any others."""
    for chapter, key, blocks in foreign_targets(listed, here):
        address = here.page.root + str(chapter.page.output) + (f"#{key}" if key else "")
        yield raw_block("html", f'<template data-preview="{escape(address)}">')
        yield from detached(blocks, chapter, here)
        yield raw_block("html", "</template>")


def foreign_targets(listed: Sources, here: Chapter) -> Iterator[tuple[Chapter, str, list]]:
    """What the links of a page point to on other pages: chapter, id and blocks."""
    seen = set()
    for node in nodes(here.blocks, "Xref"):
        entry = node["entry"]
        if entry.chapter is not here and entry.key not in seen:
            seen.add(entry.key)
            yield entry.chapter, "" if entry.is_chapter else entry.key, target(entry)
    for node in nodes(here.blocks, "Link"):
        key = node["c"][2][0].removeprefix("#")
        chapter, source = listed.get(key, (here, None))
        if chapter is not here and key not in seen:
            seen.add(key)
            yield chapter, key, [source]


def target(entry) -> list:
    """The blocks that a label stands for; of a heading, its text and the first paragraph."""
    blocks = entry.chapter.blocks
    if entry.is_chapter:
        return headed(entry.chapter.title, nodes(blocks, "Para"))
    for node in (found := nodes(blocks)):
        if is_node(node, "Header") and identifier(node) == entry.key:
            return headed(node["c"][2], (each for each in found if is_node(each, "Para")))
        if is_node(node, *LABELLED) and node["id"] == entry.key:
            return [para([node])] if is_node(node, "Equation") else [node]
    return []


def headed(title: list, paragraphs: Iterator[Node]) -> list:
    return [para([{"t": "Strong", "c": title}]), *islice(paragraphs, 1)]


def detached(blocks: list, chapter: Chapter, here: Chapter) -> list:
    """Blocks of another page without what ties them to it: ids, notes, its own links."""
    folder = posixpath.dirname(str(chapter.page.output))
    home = posixpath.dirname(str(here.page.output)) or "."

    def change(node: Node):
        if is_node(node, "Note"):
            return []
        if is_node(node, "Link") and not urlsplit(node["c"][2][0]).scheme:
            return node["c"][1]
        if is_node(node, *LABELLED):
            node["id"] = ""
        elif node["t"] in ATTRIBUTE_PLACE:
            node["c"][ATTRIBUTE_PLACE[node["t"]]][0] = ""
        if is_node(node, "Image") and not urlsplit(address := node["c"][2][0]).scheme:
            node["c"][2][0] = posixpath.relpath(posixpath.join(folder, address), home)
        return None
    return rewrite(blocks, change)
