"""What an author's own HTML names: files, such as pictures and downloads, and ids."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from bookbuild.document.model import nodes, raw

NAMING = {"src", "href", "poster", "srcset"}


class _Names(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        naming = NAMING | {"data"} if tag == "object" else NAMING
        for name, value in attrs:
            if name in naming and value:
                given = [each.split()[0] for each in value.split(",") if each.strip()
                         ] if name == "srcset" else [value]
                self.found += [(tag, address) for address in given]
            elif value and (name == "id" or tag == "a" and name == "name"):
                self.ids.append(value)


def ids_in_html(tree) -> set[str]:
    """The ids to which links may lead."""
    parser = _Names()
    for node in nodes(tree, "RawBlock", "RawInline"):
        format, source = raw(node)
        if format == "html" and ("id" in source or "name" in source):
            parser.feed(source)
            parser.reset()
    return {*parser.ids}


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
