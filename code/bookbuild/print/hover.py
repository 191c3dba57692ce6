"""What a link to another page leads to, kept on this page for its preview.

A page that is opened from disk cannot read another one, so that each page carries the equations,
theorems, figures and sources of other pages that it refers to, in ``<template>`` elements.
"""

import posixpath
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from bookbuild.document import (ATTRIBUTE_PLACE, Chapter, Memory, Node, identifier, is_node, nodes,
                                para, rewrite)

LABELLED = ("Float", "Theorem", "Equation", "Callout")
SOURCE = "ref-"         # how the ids of entries in the bibliography begin

Place = tuple[PurePosixPath, str]       # a page's source, and an id on it or ""


def listed(chapters: list[Chapter], memory: Memory) -> dict[str, PurePosixPath]:
    """The entries of the bibliography, each with the source of the page that lists it."""
    return {key: chapter.page.source for chapter in chapters for key in memory.step(
        ("listed", chapter.page.source), (chapter,), lambda: _listed(chapter))}


def foreign(here: Chapter, listed: dict[str, PurePosixPath], memory: Memory) -> list[Place]:
    """The places on other pages that a page's links lead to, in their order."""
    source = here.page.source
    found = memory.step(("links", source), (here,), lambda: list(dict.fromkeys(_links(here))))
    places = [(page or listed.get(key, source), key) for page, key in found]
    return [place for place in places if place[0] != source]


def _links(chapter: Chapter) -> Iterator[tuple[PurePosixPath | None, str]]:
    """What a page refers to; the page of a source is still to be found."""
    for node in nodes(chapter.blocks, "Xref"):
        entry = node["entry"]
        yield entry.chapter.page.source, "" if entry.is_chapter else entry.key
    for node in nodes(chapter.blocks, "Link"):
        if (address := node["c"][2][0]).startswith(f"#{SOURCE}"):
            yield None, address[1:]


def _listed(chapter: Chapter) -> list[str]:
    """The entries of the bibliography that stand on a page."""
    return [identifier(node) for node in nodes(chapter.blocks, "Div")
            if identifier(node).startswith(SOURCE)]


def targets(chapter: Chapter, keys: Iterable[str]) -> dict[str, list]:
    """The blocks that ids of a page stand for; of a heading, its text and the first paragraph.

    An empty id stands for the page.
    """
    found = {key: [] for key in keys}
    inside = list(nodes(chapter.blocks))
    if "" in found:
        found[""] = headed(chapter.title, inside)
    for place, node in enumerate(inside):
        key = node.get("id") or identifier(node)
        if not key or found.get(key) != []:
            continue
        if is_node(node, "Header"):
            found[key] = headed(node["c"][2], inside[place:])
        elif is_node(node, "Equation"):
            found[key] = [para([node])]
        else:
            found[key] = [node]
    return found


def headed(title: list, below: Iterable[Node]) -> list:
    first = next((node for node in below if is_node(node, "Para")), None)
    return [para([{"t": "Strong", "c": title}]), *([first] if first else [])]


def detached(blocks: list, chapter: Chapter, root: str) -> list:
    """Blocks without what ties them to their page: ids, notes, its own links.

    Pictures are named as from a page that is `root` below the top.
    """
    folder = posixpath.dirname(str(chapter.page.output))

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
            node["c"][2][0] = root + posixpath.normpath(posixpath.join(folder, address))
        return None
    return rewrite(blocks, change)


def template(source: PurePosixPath, key: str, root: str, content: str) -> str:
    """The element that keeps a place of another page, for a page that is `root` below the top."""
    address = f"{root}{source.with_suffix('.html')}" + (f"#{key}" if key else "")
    return f'<template data-preview="{escape(address)}">\n{content}</template>\n'
