"""Citations, set by pandoc's citeproc in one run over the whole book."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from bookbuild.document import pandoc
from bookbuild.document.model import (Node, cited, content, div, exchange, identifier, metadata,
                                      nodes, para, target, translate, with_target)
from bookbuild.document.numbers import Chapter
from bookbuild.document.references import is_cross_reference
from bookbuild.files import decode_utf8
from bookbuild.say import BookError, Problem
from bookbuild.source import load_yaml


FORMATS = {".bib": "biblatex", ".bibtex": "bibtex", ".json": "csljson", ".ris": "ris"}


def cited_keys(tree) -> list[str]:
    """The keys of all sources that a tree cites, in order."""
    return [each.key for cite in nodes(tree, "Cite") for each in cited(cite)
            if not is_cross_reference(each.key)]


def source_keys(path: Path, data: bytes) -> list[str]:
    """The keys of the entries in a bibliography.

    Raises
    ------
    BookError
        For a file that cannot be read, with the line of the entry.
    """
    source = decode_utf8(data, path.name).removeprefix("\ufeff")
    if path.suffix in (".yaml", ".yml"):
        return yaml_keys(path, source)
    if path.suffix not in FORMATS:
        raise BookError([Problem(path.name, 1, f"sources are kept in {', '.join(FORMATS)} or .yaml "
                                 f"files, not in {path.suffix or 'one without a suffix'}")])
    try:
        format = FORMATS[path.suffix]
        found = json.loads(pandoc.run(source, "--from", format, "--to", "csljson"))
        return [entry["id"] for entry in found]
    except BookError as error:
        said = " ".join(error.problems[0].message.split())
    place = re.search(r"line (\d+), column \d+\):? (unexpected (?:'.'|[\w ]+))", said)
    line, reason = (int(place[1]), place[2]) if place else (1, said)
    # An unclosed entry is noticed where the next one begins.
    above = "\n".join(source.split("\n")[:line - reason.startswith("unexpected '@'")])
    entries = list(re.finditer(r"@\w+\s*[{(]\s*([^\s,]*)", above))
    if not entries:
        raise BookError([Problem(path.name, line, f"does not parse: {reason}")])
    begin = above.count("\n", 0, entries[-1].start()) + 1
    raise BookError([Problem(path.name, begin, f"the entry `{entries[-1][1]}` does not parse (line "
                             f"{line}: {reason}): look at its braces, commas and quotes")])


def yaml_keys(path: Path, source: str) -> list[str]:
    """The keys of sources in CSL's YAML."""
    data, lines = load_yaml(re.sub(r"(?m)^(?:---|\.\.\.)[ \t]*$", "", source), path.name)
    entries = data.get("references")
    if not isinstance(entries, list) or not all(
            isinstance(each, dict) and isinstance(each.get("id"), (str, int)) for each in entries):
        raise BookError([Problem(path.name, lines.get(("references",), 1), "sources in YAML stand "
                                 "in a list `references`, each with an `id`")])
    return [str(each["id"]) for each in entries]


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
