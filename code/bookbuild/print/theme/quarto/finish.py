"""Quarto's last step for its pages: nothing from another host, no nameless column, valid EPUB.

For every page with an HTML table among its outputs Quarto loads jQuery and RequireJS from another
host, in case the table were a widget. They are taken out where nothing on the page asks for them.
An EPUB, whose pages are XML, may also have no attribute without a value, no `alt` on a box, and
no id twice, as Quarto's callouts have theirs.
"""

import os
import re
import zipfile
from pathlib import Path

LOADERS = re.compile(
    r'<script src="https://cdn\.jsdelivr\.net/npm/(?:jquery|requirejs)@[^>]*></script>\s*'
    r"|<script type=\"application/javascript\">define\('jquery'.*?</script>\s*", re.DOTALL)
USERS = re.compile(r"\brequire(?:js)?\s*[.(]|\bjQuery\s*\(|vnd\.jupyter\.widget")
OWN_STYLE = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)
BOX_WITH_ALT = re.compile(r'(<div [^>]*class="[^"]*quarto-float[^"]*"[^>]*?) alt="[^"]*"')
ID = re.compile(r' id="([^"]*)"')
EMPTY_HEADING = re.compile(r"<th(?: [^>]*)?></th>")


def finished(page: str) -> str:
    """The page without the scripts that it does not use, and without empty headings."""
    offline = LOADERS.sub("", page)
    return EMPTY_HEADING.sub("<td></td>", page if USERS.search(offline) else offline)


def bound(page: str) -> str:
    """A page of an EPUB, as its checker wants it."""
    seen = set()

    def once(found: re.Match) -> str:
        first = found[1] not in seen
        seen.add(found[1])
        return found[0] if first else ""
    return ID.sub(once, BOX_WITH_ALT.sub(r"\1", OWN_STYLE.sub("", LOADERS.sub("", page))))


def rebind(path: Path) -> None:
    """Write an EPUB anew, its pages mended, everything in its place."""
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(part, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(".xhtml"):
                content = bound(content.decode("utf-8")).encode("utf-8")
            new.writestr(entry, content)
    part.replace(path)


def main() -> None:
    for name in os.environ.get("QUARTO_PROJECT_OUTPUT_FILES", "").splitlines():
        path = Path(name)
        if path.suffix == ".epub" and path.is_file():
            rebind(path)
        if path.suffix == ".html" and path.is_file():
            page = path.read_text(encoding="utf-8")
            if (better := finished(page)) != page:
                path.write_text(better, encoding="utf-8")


if __name__ == "__main__":
    main()
