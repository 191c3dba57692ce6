"""What the page's search looks through: the text of every section of every page.

It is read from the printed pages, so that it holds what a reader sees, and written as a script,
since a page that is opened from disk can load a script but read no file.
"""

import json
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
        self.sections: list[list[str]] = []
        self.open: list[tuple[str, list[str] | None]] = []
        self.unseen = 0
        self.titling = False

    @property
    def section(self) -> list[str] | None:
        return next((opened for _, opened in reversed(self.open) if opened), None)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "img" and self.section and not self.unseen:
            self.section[2] += f" {given.get('alt') or ''} "
        if tag in VOID:
            return
        begins = tag == "main" or (tag == "section" and self.section)
        opened = ["" if tag == "main" else given.get("id", ""), "", ""] if begins else None
        if opened:
            self.sections.append(opened)
        self.open.append((tag, opened))
        self.unseen += tag in UNSEEN
        self.titling |= bool(tag in HEADINGS and self.section and not self.section[1])
        self._part(tag)

    def handle_endtag(self, tag):
        if tag not in (name for name, _ in self.open):
            return
        self._part(tag)
        while True:
            name, _ = self.open.pop()
            self.unseen -= name in UNSEEN
            self.titling &= name not in HEADINGS
            if name == tag:
                return

    def handle_data(self, data):
        if self.section and not self.unseen:
            self.section[1 if self.titling else 2] += data

    def _part(self, tag: str) -> None:
        if self.section and tag not in INLINE:
            self.section[2] += " "


def sections_of(page: str) -> list[tuple[str, str, str]]:
    """The id, title and text of each section of a page."""
    reader = Reader()
    reader.feed(page)
    return [(key, " ".join(title.split()), " ".join(text.split()))
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
