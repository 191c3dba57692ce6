"""Labels and what leads to them: references, citations and links, in the whole book."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from bookbuild.check.pictures import file_problem
from bookbuild.document import (Chapter, Entry, cited_keys, content, cross_references, identifier,
                                is_cross_reference, linked_page, nodes, target, text)
from bookbuild.source import Manuscript, Project


@dataclass(frozen=True)
class Survey:
    """The book around a chapter.

    Attributes
    ----------
    project, entries
        The project, and all labels of the book.
    sources : set of str or None
        The keys of the bibliography; None if it can't be read.
    ids : dict
        All ids of each page.
    code : str
        The code of the book's cells, where they did not run: it may write labels and files.
    unseen : bool
        Does the book hold anything else that only Quarto reads?
    left_out : set of str
        Ids that are written, and stand in blocks that are for other formats.
    """

    project: Project
    entries: dict[str, Entry]
    sources: set[str] | None
    ids: dict[PurePosixPath, set[str]]
    code: str
    unseen: bool
    left_out: frozenset[str] = frozenset()

    def stops(self, name: str) -> str | None:
        """Which press stops where a name leads nowhere; None if a cell may make it, or a
        chapter that is not read."""
        if self.project.unread or name and name in self.code:
            return None
        if name and "{#" in self.code:
            return "neither"
        return "builtin" if self.unseen else "both"


def label_pattern(key: str) -> str:
    """Where an author gives a label: in braces, or as a cell's option."""
    return rf"#{re.escape(key)}(?![\w-])|\|\s*(?:lst-)?label:\s*[\"']?{re.escape(key)}(?![\w-])"


def reference_pattern(key: str) -> str:
    return rf"@\{{?(?i:{re.escape(key)})(?![\w-])"


def own_ids(chapter: Chapter) -> Iterator[str]:
    """The ids on a page, its title's included."""
    yield from filter(None, (chapter.id, *map(identifier, nodes(chapter.blocks))))


def duplicate_labels(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    for key, count in Counter(own_ids(chapter)).items():
        first = survey.entries.get(key)
        if count > 1:
            yield manuscript.problem(label_pattern(key), f"the id `{key}` is used twice: "
                                     "give one of them another name", nth=2)
        elif is_cross_reference(key) and first and first.chapter.page != chapter.page:
            yield manuscript.problem(
                label_pattern(key), f"the id `{key}` is used in {first.chapter.page.source} too: "
                "give one of them another name")


def unresolved_references(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    for key, mixed in dict.fromkeys(cross_references([chapter.title, chapter.blocks])):
        if key in survey.left_out:
            yield manuscript.problem(reference_pattern(key), f"`{key}` stands in a block that is "
                                     "left out of one of the book's formats: put the reference "
                                     "into such a block too")
        elif key not in survey.entries and (stops := survey.stops(key)):
            yield manuscript.problem(reference_pattern(key), "nothing in the book has the label "
                                     f"`{key}`", stops)
        elif mixed:
            yield manuscript.problem(reference_pattern(key), f"`@{key}` and a source share one "
                                     "citation, and Quarto would lose the source: write "
                                     f"`@{key}; [@source]`")


def unknown_sources(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    for key in dict.fromkeys(cited_keys([chapter.title, chapter.blocks])):
        if survey.sources is not None and key not in survey.sources:
            yield manuscript.problem(reference_pattern(key),
                                     f"no source `{key}` in the bibliography",
                                     "builtin" if survey.unseen else "both")


def unlisted_sources(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    cited = cited_keys(chapter.blocks)
    lists = [source for source, ids in survey.ids.items() if "refs" in ids]
    if chapter.page.source in lists[1:]:
        yield manuscript.problem(label_pattern("refs"), "the list of sources is that of the whole "
                                 f"book, and stands in {lists[0]}: leave this one out, or render "
                                 "with Quarto", "builtin")
    if cited and not lists and not survey.project.unread:
        yield manuscript.problem(reference_pattern(cited[0]), "no page of the book lists the "
                                 "sources: add one with the lines `::: {#refs}` and `:::`",
                                 "builtin")


def broken_links(survey: Survey, chapter: Chapter, manuscript: Manuscript):
    seen: Counter = Counter()
    for node in nodes(chapter.blocks, "Link"):
        address = target(node)
        seen[address] += 1
        path, _, fragment = map(unquote, address.partition("#"))
        if urlsplit(address).scheme or address.startswith("//"):
            continue
        if not address:
            spoken = r"\W+".join(map(re.escape, re.findall(r"\w+", text(content(node)))[:6]))
            yield manuscript.problem(rf"{spoken}[^\w\n]*\]\(\s*\)|{spoken}", "a link without an "
                                     "address leads nowhere, and stops the PDF: give it one, or "
                                     "take it out")
            continue
        linked = linked_page(chapter.page, address)
        source = linked[0] if linked else None if path else chapter.page.source
        if source is None or path.endswith(".md") and source not in survey.ids:
            if problem := file_problem(survey.project, chapter.page.source, path):
                message = f"the link leads to {path}, which " + (
                    problem if "outside" in problem else "is no file of the book")
                near = PurePosixPath(posixpath.normpath(chapter.page.source.parent / path))
                if path and (meant := next((each for each in survey.ids
                                            if each.with_suffix("") == near), None)):
                    message += f": did you mean {meant.name}?"
            else:
                continue
        elif source not in survey.ids:
            message = f"the link leads to {source}, which is not in the book"
        elif fragment and fragment not in survey.ids[source]:
            message = f"the link leads to `#{fragment}`, which is not in {source}"
        else:
            continue
        if stops := survey.stops(fragment or posixpath.basename(path)):
            written = PurePosixPath("/", path).name + address[len(address.partition("#")[0]):]
            yield manuscript.problem(rf"(?<![^\s(<\"'/=]){re.escape(written)}(?![\w-])", message,
                                     stops, seen[address])
