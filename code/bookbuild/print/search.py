"""What the page's search looks through: the text of every section of every page.

It is read from the printed pages, so that it holds what a reader sees, and written as a script,
since a page that is opened from disk can load a script but read no file.
"""

import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import PurePosixPath

HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
UNSEEN = {"nav", "script", "style", "template", "annotation", "button", "svg"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr"}
INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "math", "mi", "mn", "mo", "mrow", "mstyle",
          "mtext", "q", "s", "semantics", "small", "span", "strong", "sub", "sup", "u"}


class Reader(HTMLParser):
    """Takes a page apart into sections, each an id, a title, and its own text without that of
    the sections in it; what stands before the first has an empty id."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[tuple[str, list[str], list[str]]] = []
        self.open: list[str] = []                   # elements, by their names
        self.count: Counter[str] = Counter()
        self.within: list[int] = []         # the sections around, by how deep they begin
        self.around: list[tuple] = []
        self.unseen = 0
        self.titling = False

    @property
    def section(self) -> tuple[str, list[str], list[str]] | None:
        return self.around[-1] if self.around else None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "img" and self.section and not self.unseen:
            self.section[2].append(f" {given.get('alt') or ''} ")
        if tag in VOID:
            return
        begins = tag == "main" or (tag == "section" and self.section)
        if begins:
            self.sections.append(("" if tag == "main" else given.get("id", ""), [], []))
            self.around.append(self.sections[-1])
            self.within.append(len(self.open))
        self.open.append(tag)
        self.count[tag] += 1
        self.unseen += tag in UNSEEN
        self.titling |= bool(tag in HEADINGS and self.section and not self.section[1])
        self._part(tag)

    def handle_endtag(self, tag):
        if not self.count[tag]:
            return
        self._part(tag)
        while True:
            name = self.open.pop()
            self.count[name] -= 1
            if self.within and self.within[-1] == len(self.open):
                self.within.pop()
                self.around.pop()
            self.unseen -= name in UNSEEN
            self.titling &= name not in HEADINGS
            if name == tag:
                return

    def handle_data(self, data):
        if self.section and not self.unseen:
            _, title, text = self.section
            (title if self.titling else text).append(data)

    def _part(self, tag: str) -> None:
        if self.section and tag not in INLINE:
            self.section[2].append(" ")


def sections_of(page: str) -> list[tuple[str, str, str]]:
    """The id, title and text of each section of a page."""
    reader = Reader()
    reader.feed(page)
    return [(key, " ".join("".join(title).split()), " ".join("".join(text).split()))
            for key, title, text in reader.sections]


def search_index(pages: dict[PurePosixPath, list[tuple[str, str, str]]]) -> str:
    """The script that tells the page's search what the book holds: the sections of its pages."""
    entries: list[dict] = []
    for page, sections in pages.items():
        chapter = sections[0][1] if sections else str(page)
        for key, title, text in sections:
            if text or not key:
                entries.append({"id": len(entries), "href": f"{page}#{key}" if key else str(page),
                                "title": title or chapter, "chapter": chapter, "text": text})
    return f"bookSections = {json.dumps(entries, ensure_ascii=False, separators=(',', ':'))};\n"
