"""Citations, set by pandoc's citeproc in one run over the whole book."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from bookbuild.document import pandoc
from bookbuild.document.model import (Node, cited, content, div, exchange, identifier, metadata,
                                      nodes, para, target, translate, with_target)
from bookbuild.document.numbers import Chapter
from bookbuild.document.references import is_cross_reference


def cited_keys(tree) -> list[str]:
    """The keys of all sources that a tree cites, in order."""
    return [each.key for cite in nodes(tree, "Cite") for each in cited(cite)
            if not is_cross_reference(each.key)]


def word_sources(lang: str, files: Sequence[Path], style: Path | None,
                 found: Sequence[list[Node]], contents: Sequence[bytes]
                 ) -> tuple[list[list], Node]:
    """For the citations of each chapter what they say, and the list of sources.

    All are handed to citeproc in one document, so that names are told apart over the whole book.
    `contents` are those of the files that citeproc reads.
    """
    options = [*(f"--bibliography={path}" for path in files), *[f"--csl={style}"] * bool(style)]
    written = pandoc.write([*(para([node]) for node in chain(*found)), div([], "refs")],
                           "--to", "json", "--citeproc", *options,
                           meta=content(metadata({"link-citations": True, "lang": lang})))
    *worded, bibliography = json.loads(written)["blocks"]
    waiting = map(content, worded)
    return [[words for _, words in zip(own, waiting)] for own in found], bibliography


def citing(chapter: Chapter) -> tuple[list[Node], list[Node]]:
    """The citations of a chapter, and the divs that the list of sources belongs into."""
    return list(nodes(chapter.blocks, "Cite")), [node for node in nodes(chapter.blocks, "Div")
                                                 if identifier(node) == "refs"]


def cite(chapter: Chapter, own: Sequence[Node], worded: Sequence[list]) -> Chapter:
    """The chapter with what is `worded` in the place of its nodes `own`."""
    new = {id(node): words for node, words in zip(own, worded, strict=True)}
    return replace(chapter, blocks=exchange(chapter.blocks, new))


def link_to_bibliography(blocks: list, page: str) -> list:
    """Point the links of citations to the page that holds the bibliography."""
    def point(node: Node) -> Node | None:
        return with_target(node, page + target(node)) if target(node).startswith("#ref-") else None
    return translate(blocks, {"Link": point})
