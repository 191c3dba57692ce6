"""Citations, set by pandoc's citeproc in one run over the whole book."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from bookbuild.document import pandoc
from bookbuild.document.memory import Memory
from bookbuild.document.model import Node, div, identifier, is_node, nodes, para, rewrite
from bookbuild.document.numbers import Chapter
from bookbuild.document.references import is_cross_reference
from bookbuild.files import decode_utf8
from bookbuild.say import BookError, Problem
from bookbuild.source import Project


def cited_keys(tree) -> list[str]:
    """The keys of all sources that a tree cites, in order."""
    return [each["citationId"] for cite in nodes(tree, "Cite") for each in cite["c"][0]
            if not is_cross_reference(each["citationId"])]


def known_keys(project: Project) -> set[str]:
    """The keys that the bibliography holds.

    Raises
    ------
    BookError
        For a file that cannot be read, with the line of the entry.
    """
    return {entry["id"] for path in project.bibliographies for entry in read_sources(path)}


def read_sources(path: Path) -> list[dict]:
    """The entries of a bibliography, as CSL has them."""
    source = decode_utf8(path.read_bytes(), path.name).removeprefix("\ufeff")
    try:
        format = "biblatex" if path.suffix == ".bib" else "csljson"
        return json.loads(pandoc.run(source, "--from", format, "--to", "csljson"))
    except BookError as error:
        said = " ".join(error.problems[0].message.split())
    found = re.search(r"line (\d+), column \d+\):? (unexpected (?:'.'|[\w ]+))", said)
    line, reason = (int(found[1]), found[2]) if found else (1, said)
    # An unclosed entry is noticed where the next one begins.
    above = "\n".join(source.split("\n")[:line - reason.startswith("unexpected '@'")])
    entries = list(re.finditer(r"@\w+\s*[{(]\s*([^\s,]*)", above))
    if not entries:
        raise BookError([Problem(path.name, line, f"does not parse: {reason}")])
    begin = above.count("\n", 0, entries[-1].start()) + 1
    raise BookError([Problem(path.name, begin, f"the entry `{entries[-1][1]}` does not parse (line "
                             f"{line}: {reason}): look at its braces, commas and quotes")])


def cite(project: Project, chapters: list[Chapter], memory: Memory) -> list[Chapter]:
    """The chapters with every citation worded, and the div `#refs` with what was cited.

    The citations of all chapters are handed to citeproc in one document, so that names are
    told apart over the whole book.
    """
    if not project.bibliographies:
        return chapters
    found = [memory.step(("cites", chapter.page.source), (chapter,),
                         lambda: list(nodes(chapter.blocks, "Cite"))) for chapter in chapters]
    worded, bibliography = memory.step(("citeproc",), (found, project.bibliographies),
                                       lambda: _worded(project, found))
    cited = []
    for chapter, own, words in zip(chapters, found, worded):
        lists = memory.step(("lists sources", chapter.page.source), (chapter,),
                            lambda: _lists_sources(chapter))
        listed = bibliography if lists else None
        cited.append(memory.step(("cited", chapter.page.source), (chapter, words, listed),
                                 lambda: _cited(chapter, own, words, listed)))
    return cited


def _lists_sources(chapter: Chapter) -> bool:
    return any(identifier(node) == "refs" for node in nodes(chapter.blocks, "Div"))


def _cited(chapter: Chapter, own: list[Node], words: list[list], listed: Node | None) -> Chapter:
    replacement = {id(node): inlines for node, inlines in zip(own, words)}
    return replace(chapter, blocks=_put_back(chapter.blocks, replacement, listed))


def _worded(project: Project, found: Sequence[list[Node]]) -> tuple[list[list], Node]:
    """For the citations of each chapter what they say, and the list of sources."""
    options = [f"--bibliography={path}" for path in project.bibliographies]
    if "csl" in project.config:
        options.append(f"--csl={project.root / project.config['csl']}")
    written = pandoc.write([*(para([node]) for node in chain(*found)), div([], "refs")],
                           "--to", "json", "--citeproc", *options,
                           meta={"link-citations": {"t": "MetaBool", "c": True},
                                 "lang": {"t": "MetaString", "c": project.lang}})
    *worded, bibliography = json.loads(written)["blocks"]
    waiting = iter(worded)
    return [[block["c"] for _, block in zip(own, waiting)] for own in found], bibliography


def _put_back(tree, replacement: dict[int, list], bibliography: Node | None):
    """The tree with its citations worded; identity tells them apart, so nothing is copied."""
    if isinstance(tree, list):
        built = []
        for item in tree:
            if is_node(item, "Cite") and id(item) in replacement:
                built.extend(replacement[id(item)])
            else:
                built.append(_put_back(item, replacement, bibliography))
        return built
    if isinstance(tree, dict):
        if is_node(tree, "Div") and identifier(tree) == "refs":
            return bibliography
        return {field: _put_back(value, replacement, bibliography)
                for field, value in tree.items()}
    return tree


def link_to_bibliography(blocks: list, target_page: str) -> list:
    """Point the links of citations to the page that holds the bibliography."""
    def convert(node: Node):
        if is_node(node, "Link") and node["c"][2][0].startswith("#ref-"):
            attribute, text, [address, title] = node["c"]
            return {"t": "Link", "c": [attribute, text, [target_page + address, title]]}
        return None
    return rewrite(blocks, convert)
