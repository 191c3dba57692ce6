"""What a link to another page leads to, kept on this page for its preview.

A page that is opened from disk cannot read another one, so that each page carries the equations,
theorems, figures and sources of other pages that it refers to, in ``<template>`` elements.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import replace
from html import escape
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from bookbuild.document import (Callout, Chapter, Equation, Float, Node, Theorem, Xref, content,
                                identifier, is_node, nodes, para, rewrite, strong, target,
                                with_attributes, with_target)
from bookbuild.source import Page

SOURCE = "ref-"         # how the ids of entries in the bibliography begin


def listed(chapter: Chapter) -> list[str]:
    """The entries of the bibliography that stand on a page."""
    return [identifier(node) for node in nodes(chapter.blocks, "Div")
            if identifier(node).startswith(SOURCE)]


def leads(chapter: Chapter) -> list[tuple[PurePosixPath | None, str]]:
    """What a page refers to: a page's source, None for that of the bibliography, and an id."""
    entries = [(node.entry.chapter.page.source, "" if node.entry.is_chapter else node.entry.key)
               for node in nodes(chapter.blocks, Xref)]
    sources = [(None, target(node)[1:]) for node in nodes(chapter.blocks, "Link")
               if target(node).startswith(f"#{SOURCE}")]
    return list(dict.fromkeys([*entries, *sources]))


def targets(chapter: Chapter, keys: Iterable[str]) -> dict[str, list]:
    """The blocks that ids of a page stand for; of a heading, its text and the first paragraph.

    An empty id stands for the page.
    """
    found: dict[str, list] = {key: [] for key in keys}
    inside = list(nodes(chapter.blocks))
    if "" in found:
        found[""] = headed(chapter.title, inside)
    for place, node in enumerate(inside):
        key = identifier(node)
        if not key or found.get(key) != []:
            continue
        if is_node(node, "Header"):
            found[key] = headed(content(node), inside[place:])
        else:
            found[key] = [para([node]) if is_node(node, Equation) else node]
    return found


def headed(title: list, below: Iterable[Node]) -> list:
    first = next((node for node in below if is_node(node, "Para")), None)
    return [para([strong(title)]), *([first] if first else [])]


def detached(blocks: list, page: Page, root: str) -> list:
    """Blocks without what ties them to their page: ids, notes, its own links.

    Pictures are named as from a page that is `root` below the top.
    """
    folder = posixpath.dirname(str(page.output))

    def change(node: Node):
        if is_node(node, "Note"):
            return []
        if is_node(node, "Link") and not urlsplit(target(node)).scheme:
            return content(node)
        if is_node(node, "Image") and not urlsplit(address := target(node)).scheme:
            node = with_target(node, root + posixpath.normpath(posixpath.join(folder, address)))
        if is_node(node, Float, Theorem, Equation, Callout):
            return replace(node, id="")
        return with_attributes(node, identifier="") if identifier(node) else node
    return rewrite(blocks, change)


def template(source: PurePosixPath, key: str, root: str, shown: str) -> str:
    """The element that keeps a place of another page, for a page that is `root` below the top."""
    address = f"{root}{source.with_suffix('.html')}" + (f"#{key}" if key else "")
    return f'<template data-preview="{escape(address)}">\n{shown}</template>\n'
