"""The files that an author's own HTML names: pictures, frames, downloads."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from bookbuild.document.model import nodes, raw

NAMING = {"src", "href", "poster", "srcset"}


class _Names(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        naming = NAMING | {"data"} if tag == "object" else NAMING
        for name, value in attrs:
            if name in naming and value:
                given = value.split(",") if name == "srcset" else [value]
                self.found += [(tag, address.split()[0] if name == "srcset" else address)
                               for address in given if address.strip()]


def files_in_html(tree) -> Iterator[tuple[str, str]]:
    """The tags and addresses, without what follows a path, of files beside the book."""
    for node in nodes(tree, "RawBlock", "RawInline"):
        format, source = raw(node)
        if format != "html" or not any(name in source for name in (*NAMING, "<object")):
            continue
        parser = _Names()
        parser.feed(source)
        for tag, address in parser.found:
            parts = urlsplit(address.strip())
            if parts.path and not parts.scheme and not parts.netloc:
                yield tag, unquote(parts.path)
